"""The hub's own diary: who did what here. Append-only; shown to auditors."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from central_hub.store.tables import EVENT


def note_event(connection: Connection, *, at_ms: int, actor: str, action: str, subject: str) -> None:
    """Write one line."""
    no = 1 + (connection.scalar(select(func.max(EVENT.c.no))) or 0)
    row = {"no": no, "at_ms": at_ms, "actor": actor, "action": action, "subject": subject}
    connection.execute(insert(EVENT).values(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the diary."""

    at_ms: int
    actor: str
    action: str
    subject: str


def list_events(connection: Connection, *, limit: int = 200) -> list[Event]:
    """The newest first."""
    query = select(EVENT).order_by(EVENT.c.no.desc()).limit(limit)
    return [
        Event(at_ms=row.at_ms, actor=row.actor, action=row.action, subject=row.subject)
        for row in connection.execute(query)
    ]
