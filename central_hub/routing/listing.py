"""The legs of routed dossiers: where each waits, the oldest first unless another order is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from central_hub.routing.wish import Stage, Wish, is_overdue, leg_conditions
from central_hub.store.bulk import chunks
from central_hub.store.tables import DOSSIER, LEG
from dossiers.legs import LegState

SORTS: Final = {
    "code": DOSSIER.c.code,
    "procedure": DOSSIER.c.procedure,
    "sender": LEG.c.sender,
    "unit": LEG.c.unit,
    "state": LEG.c.state,
    "at": LEG.c.at_ms,
    "deadline": LEG.c.deadline_ms,
    "due": DOSSIER.c.due_ms,
}
"""The columns by which the list may be ordered."""
_COLUMNS: Final = (
    LEG.c.dossier, DOSSIER.c.code, DOSSIER.c.procedure, LEG.c.sender, LEG.c.unit, LEG.c.is_referral, LEG.c.state,
    LEG.c.is_open, LEG.c.at_ms, LEG.c.deadline_ms, LEG.c.ended_ms, DOSSIER.c.due_ms, DOSSIER.c.status,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LegLine:
    """A leg with what the province knows of its dossier; instants in milliseconds."""

    dossier: str
    code: str
    procedure: str
    sender: str
    unit: str
    is_referral: bool
    state: LegState
    is_overdue: bool
    at_ms: int
    deadline_ms: int | None
    ended_ms: int | None
    due_ms: int | None


def legs(
    connection: Connection,
    wish: Wish,
    *,
    now_ms: int,
    limit: int,
    offset: int = 0,
    sort: str = "",
    is_backwards: bool = False,
) -> list[LegLine]:
    """One page; unless ordered by a column, the oldest open ones first and the newest ended ones first."""
    query = _wanted(select(*_COLUMNS), wish, now_ms).order_by(*_order(wish, sort, is_backwards), LEG.c.record)
    return [_line(row, now_ms) for row in connection.execute(query.limit(limit).offset(offset))]


def legs_of(
    connection: Connection, dossiers: Iterable[str], wish: Wish, *, now_ms: int
) -> dict[str, list[LegLine]]:
    """The legs of some dossiers that are meant, for a list to show beside each; the newest first."""
    found: dict[str, list[LegLine]] = {}
    for part in chunks(bytes.fromhex(dossier) for dossier in dossiers):
        query = _wanted(select(*_COLUMNS), wish, now_ms).where(LEG.c.dossier.in_(part))
        for row in connection.execute(query.order_by(LEG.c.at_ms.desc(), LEG.c.record)):
            found.setdefault(row.dossier.hex(), []).append(_line(row, now_ms))
    return found


def count_legs(connection: Connection, wish: Wish, *, now_ms: int) -> int:
    """How many legs the list has."""
    return int(connection.scalar(_wanted(select(func.count(LEG.c.record)), wish, now_ms)) or 0)


def _line(row: Row[Any], now_ms: int) -> LegLine:
    return LegLine(
        dossier=row.dossier.hex(),
        code=row.code,
        procedure=row.procedure,
        sender=row.sender,
        unit=row.unit,
        is_referral=bool(row.is_referral),
        state=LegState(row.state),
        is_overdue=is_overdue(
            is_open=bool(row.is_open),
            deadline_ms=row.deadline_ms,
            due_ms=row.due_ms,
            status=row.status,
            now_ms=now_ms,
        ),
        at_ms=row.at_ms,
        deadline_ms=row.deadline_ms,
        ended_ms=row.ended_ms,
        due_ms=row.due_ms,
    )


def _wanted(query: Select, wish: Wish, now_ms: int) -> Select:
    joined = LEG.join(DOSSIER, DOSSIER.c.id == LEG.c.dossier)
    return query.select_from(joined).where(*leg_conditions(wish, now_ms=now_ms))


def _order(wish: Wish, sort: str, is_backwards: bool) -> tuple[Any, ...]:
    column = SORTS.get(sort)
    if column is not None:
        # What has no date stands last, whichever way the rest is ordered.
        return column.is_(None), column.desc() if is_backwards else column
    ended = {Stage.ENDED, Stage.ANSWERED, Stage.RETURNED, Stage.RECALLED, Stage.REPLACED}
    return (LEG.c.at_ms.desc() if wish.stage in ended else LEG.c.at_ms,)
