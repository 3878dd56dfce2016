"""Runs that could not join their log, for a person to look at."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from central_hub.store.tables import SET_ASIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One run that was kept apart; `device` delivered it."""

    no: int
    arrived_ms: int
    device: str
    log: str
    first: int
    reason: str
    detail: str


def list_set_aside(connection: Connection, *, limit: int = 200) -> list[SetAside]:
    """The newest first."""
    table = SET_ASIDE.c
    names = ("no", "arrived_ms", "device", "log", "first", "reason", "detail")
    query = select(*(table[name] for name in names)).order_by(table.no.desc()).limit(limit)
    return [SetAside(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]
