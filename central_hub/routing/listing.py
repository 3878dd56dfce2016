"""The legs of routed dossiers: where each waits, the oldest first."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from central_hub.store.tables import DOSSIER, LEG
from dossiers.legs import LegState


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the list shows. `unit` matches either end; `show`: waiting (nobody has accepted), open, or ended."""

    unit: str = ""
    show: str = "open"


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
    at_ms: int
    deadline_ms: int | None
    ended_ms: int | None
    due_ms: int | None


def legs(connection: Connection, wish: Wish, *, limit: int, offset: int = 0) -> list[LegLine]:
    """One page; the oldest open ones first, the newest ended ones first."""
    query = _wanted(
        select(
            LEG.c.dossier, DOSSIER.c.code, DOSSIER.c.procedure, LEG.c.sender, LEG.c.unit, LEG.c.is_referral,
            LEG.c.state, LEG.c.at_ms, LEG.c.deadline_ms, LEG.c.ended_ms, DOSSIER.c.due_ms,
        ).join(DOSSIER, DOSSIER.c.id == LEG.c.dossier),
        wish,
    )  # fmt: skip
    order = LEG.c.at_ms.desc() if wish.show == "ended" else LEG.c.at_ms
    return [
        LegLine(
            dossier=row.dossier.hex(),
            code=row.code,
            procedure=row.procedure,
            sender=row.sender,
            unit=row.unit,
            is_referral=bool(row.is_referral),
            state=LegState(row.state),
            at_ms=row.at_ms,
            deadline_ms=row.deadline_ms,
            ended_ms=row.ended_ms,
            due_ms=row.due_ms,
        )
        for row in connection.execute(query.order_by(order, LEG.c.record).limit(limit).offset(offset))
    ]


def count_legs(connection: Connection, wish: Wish) -> int:
    """How many legs the list has."""
    return int(connection.scalar(_wanted(select(func.count()).select_from(LEG), wish)) or 0)


def _wanted(query: Select, wish: Wish) -> Select:
    query = query.where(LEG.c.is_open == (0 if wish.show == "ended" else 1))
    if wish.show == "waiting":
        query = query.where(LEG.c.state == LegState.WAITING.value)
    if wish.unit:
        query = query.where((LEG.c.unit == wish.unit) | (LEG.c.sender == wish.unit))
    return query
