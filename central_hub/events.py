"""The hub's own diary: who did what here. Append-only; shown to auditors."""

from sqlalchemy import Connection, func, insert, select

from central_hub.store.tables import EVENT


def note_event(connection: Connection, *, at_ms: int, actor: str, action: str, subject: str) -> None:
    """Write one line."""
    no = 1 + (connection.scalar(select(func.max(EVENT.c.no))) or 0)
    row = {"no": no, "at_ms": at_ms, "actor": actor, "action": action, "subject": subject}
    connection.execute(insert(EVENT).values(row))
