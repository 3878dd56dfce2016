"""Rows of the legs on which dossiers travel between units: what the overview of routed dossiers is read from."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete

from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.tables import LEG
from dossiers.views import DossierView


class LegRow(NamedTuple):
    """The columns of `leg`, in their order."""

    record: str
    dossier: bytes
    sender: str
    unit: str
    is_referral: int
    state: str
    is_open: int
    at_ms: int
    deadline_ms: int | None
    ended_ms: int | None


def leg_rows(view: DossierView) -> list[LegRow]:
    """The rows of one dossier."""
    still_open = {leg.record for leg in view.open_legs}
    return [
        LegRow(
            leg.record,
            bytes.fromhex(view.dossier),
            leg.sender,
            leg.unit,
            int(leg.is_referral),
            leg.state.value,
            int(leg.record in still_open),
            leg.at_ms,
            leg.deadline,
            leg.ended_ms,
        )
        for leg in view.legs
    ]


def write_leg_rows(connection: Connection, legs: Mapping[str, Iterable[LegRow]]) -> None:
    """Replace the rows of these dossiers."""
    for part in chunks(bytes.fromhex(dossier) for dossier in legs):
        connection.execute(delete(LEG).where(LEG.c.dossier.in_(part)))
    insert_rows(connection, LEG, LegRow._fields, [row for rows in legs.values() for row in rows])
