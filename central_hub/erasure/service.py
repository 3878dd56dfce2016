"""An erasure order of the province: one record in the hub's log of the commune, carried out here at once.

The commune's nodes carry it out when it reaches them; nothing else is needed, even where a PC sleeps for a year. What
is asked for is a whole dossier: the province does not read content, so it cannot choose between records; choosing is the
unit's business (`edge_node.erasure`). Carrying out is in `store.erasures`, folding anew is the judge's work.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from central_hub import reasons
from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.services import Services
from central_hub.store.erasures import erasures_of
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER
from dossiers.kinds import check_body, check_facts
from signing.reasons import Reason
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.record import BodyState, Record

ORDERED = "erasure.ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was decided: the ground by its code; number, date (yyyymmdd) and signer of the written decision."""

    dossier: str
    ground: str
    number: str
    date: int
    signer: str = ""
    note: str = ""


class ErasureRefused(ValueError):
    """An order that cannot be given."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.code)
        self.reason = reason


def order_erasure(connection: Connection, services: Services, wish: Wish, *, actor: str) -> Record:
    """Sign and carry out an order, in the caller's transaction; raises ErasureRefused."""
    commune = connection.scalar(select(DOSSIER.c.home).where(DOSSIER.c.id == _raw(wish.dossier)))
    if commune is None:
        raise ErasureRefused(reasons.NOT_FOUND, wish.dossier)
    content: dict[str, Any] = {"number": wish.number, "date": wish.date}
    content |= {name: text for name, text in (("signer", wish.signer), ("note", wish.note)) if text}
    facts = {"dossier": wish.dossier, "records": [], "ground": wish.ground}
    if refusal := check_facts(ERASURE_KIND, facts) or check_body(ERASURE_KIND, facts, content):
        raise ErasureRefused(reasons.INPUT, refusal.code)
    draft = Draft(kind=ERASURE_KIND, facts=facts, content=content)
    record = write(connection, services, commune=commune, drafts=[draft])[-1]
    # An order reaches records of its own unit alone; units that took the dossier over have written in it since.
    records = HubLogStore(connection, services.opened).dossier_records(wish.dossier)
    line = services.genealogy.current(connection).heirs(commune)
    for unit in sorted({each.header.commune for each in records} & line):
        write(connection, services, commune=unit, drafts=[draft])
    subject = f"{commune} {wish.dossier[:12]} {wish.number}"
    note_event(connection, at_ms=services.clock(), actor=actor, action=ORDERED, subject=subject)
    return record


def dossiers_named(connection: Connection, name: str) -> list[str]:
    """Ids of the dossiers with this id or this code."""
    is_id = len(name) == 32 and set(name) <= set("0123456789abcdef")
    asked = DOSSIER.c.id == bytes.fromhex(name) if is_id else DOSSIER.c.code == name
    return [row.id.hex() for row in connection.execute(select(DOSSIER.c.id).where(asked))]


def orders_of(connection: Connection, services: Services, dossier: str) -> list[Record]:
    """The orders in force about a dossier, oldest first."""
    store = HubLogStore(connection, services.opened)
    found = [store.record(erasure.order) for erasure in erasures_of(connection, [dossier])]
    return sorted((record for record in found if record), key=lambda record: (record.header.at, record.id))


def has_content(connection: Connection, services: Services, dossier: str) -> bool:
    """Whether anything of the dossier is left to erase."""
    records = HubLogStore(connection, services.opened).dossier_records(dossier)
    return any(record.body_state is BodyState.PRESENT for record in records)


def _raw(dossier: str) -> bytes:
    try:
        return bytes.fromhex(dossier)
    except ValueError as error:
        raise ErasureRefused(reasons.NOT_FOUND, dossier) from error
