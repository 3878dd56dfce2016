"""The row of a dossier: what of a folded view the province's lists and figures need, as one flat tuple."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from central_hub.projection.days import day_after, day_of
from central_hub.store.bulk import chunks
from central_hub.store.tables import DOSSIER
from dossiers.states import STATES, Clock
from dossiers.views import DossierView

_RUNNING = frozenset(status for status, state in STATES.items() if state.clock is Clock.RUNS)


class DossierRow(NamedTuple):
    """The columns of `dossier`, in their order."""

    id: bytes
    commune: str
    home: str
    procedure: str
    code: str
    status: int
    channel: int
    received_ms: int | None
    accepted_day: int | None
    due_ms: int | None
    overdue_day: int | None
    finished_ms: int | None
    finished_day: int | None
    ended_as: str
    timeliness: str
    conflicts: int
    records: int
    digest: bytes


COLUMNS = DossierRow._fields


def row_of(view: DossierView, *, records: int, digest: bytes) -> DossierRow:
    """The row of a folded dossier."""
    accepted, finished, due = view.accepted, view.finished, view.due
    is_running = view.status in _RUNNING or finished is not None
    return DossierRow(
        bytes.fromhex(view.dossier),
        view.competent or view.receiving or view.commune,
        view.commune,
        view.procedure or "",
        view.code or view.provisional or "",
        int(view.status or 0),
        view.channel or 0,
        view.received,
        None if accepted is None else day_of(accepted),
        due,
        None if due is None or not is_running else day_after(due),
        finished,
        None if finished is None else day_of(finished),
        view.ended_as.value if view.ended_as else "",
        view.timeliness.value if view.timeliness else "",
        len(view.conflicts),
        records,
        digest,
    )


def load_rows(connection: Connection, dossiers: Iterable[str]) -> dict[str, DossierRow]:
    """The rows of those dossiers that have one."""
    found: dict[str, DossierRow] = {}
    for part in chunks(bytes.fromhex(dossier) for dossier in dossiers):
        for row in connection.execute(select(DOSSIER).where(DOSSIER.c.id.in_(part))):
            found[row.id.hex()] = DossierRow._make(row)
    return found
