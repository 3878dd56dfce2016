"""Where a PC works, and therefore what it may hold: after communes were re-organised its key may still name an old unit.

A PC works for the unit of the log that it says it writes, else of the newest one that its key opened (two PCs may go on
from one copied disk), as far as that unit follows from the one its key was stated for;
so the hub hands out what concerns a successor when the PC has shown that it knows of it, and reads no clock. It holds the
logs of its unit and of every unit this one took over from, but bodies of those dossiers only that its unit keeps now.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, case, select

from central_hub.store.tables import DOSSIER, LOG
from dossiers.genealogy import Genealogy
from sync_protocol.record import Record
from sync_protocol.rounds import audience_of, is_for_everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A PC's place.

    Attributes:
        unit: for which it works now.
        scope: units whose logs it holds.
        keeps: units whose dossiers' bodies it may hold: its own, and the successor that it will work for.
        is_plain: whether nothing of its unit was ever re-organised.
        is_settled: whether it works where everything said so far puts it.
    """

    unit: str
    scope: frozenset[str]
    keeps: frozenset[str]
    is_plain: bool
    is_settled: bool


def workplace_of(
    connection: Connection, genealogy: Genealogy, *, device: str, stated: str, writing: str = ""
) -> Workplace:
    """The place of a PC whose key is stated for the unit `stated`; `writing` is the log that it says it writes, if known."""
    unit = stated
    if not genealogy.is_empty:
        chain = {tenure.unit for tenure in genealogy.tenures(stated, device=device)}
        allowed = chain | genealogy.forebears(stated)
        is_written = case((LOG.c.id == writing, 0), else_=1)
        opened = select(LOG.c.commune).where(LOG.c.device == device).order_by(is_written, LOG.c.no.desc())
        unit = next((commune for commune in connection.scalars(opened) if commune in allowed), stated)
    last = genealogy.last_unit(unit, device=device)
    scope = genealogy.scope(unit)
    return Workplace(
        unit=unit,
        scope=scope,
        keeps=frozenset({unit, last}),
        is_plain=len(scope) == 1 and not genealogy.heirs(unit),
        is_settled=unit == last,
    )


def may_hold(connection: Connection, place: Workplace) -> Callable[[Record], bool]:
    """Whether a PC may have the body of a record: of its unit, or of a dossier that its unit keeps now."""
    keepers: dict[str, str | None] = {}

    def keeper(dossier: str) -> str | None:
        if dossier not in keepers:
            query = select(DOSSIER.c.keeper).where(DOSSIER.c.id == bytes.fromhex(dossier))
            keepers[dossier] = connection.scalar(query)
        return keepers[dossier]

    def answer(record: Record) -> bool:
        audience = audience_of(record)
        if is_for_everyone(audience):
            return True
        if place.is_plain or record.header.dossier is None:
            return audience in place.scope
        if audience not in place.scope:
            return False
        kept_by = keeper(record.header.dossier)
        return kept_by in place.keeps if kept_by is not None else audience == place.unit

    return answer
