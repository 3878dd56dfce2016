"""How often somebody may guess: wrong enrolment codes and passwords, counted per subject and window of time."""

from sqlalchemy import Connection, delete, func, select

from central_hub.store.bulk import add_to_rows
from central_hub.store.tables import ATTEMPT

WINDOW_MS = 15 * 60 * 1000


def is_throttled(connection: Connection, subject: str, *, allowed: int, now_ms: int) -> bool:
    """Whether `subject` failed too often in this window and the one before."""
    counted = select(func.sum(ATTEMPT.c["count"])).where(
        ATTEMPT.c.subject == subject, ATTEMPT.c.window >= now_ms // WINDOW_MS - 1
    )
    return (connection.scalar(counted) or 0) >= allowed


def count_failure(connection: Connection, subject: str, *, now_ms: int) -> None:
    """Remember one failure, and forget old ones."""
    connection.execute(delete(ATTEMPT).where(ATTEMPT.c.window < now_ms // WINDOW_MS - 8))
    add_to_rows(connection, ATTEMPT, ("subject", "window"), ("count",), [(subject, now_ms // WINDOW_MS, 1)])


def forget_failures(connection: Connection, subject: str) -> None:
    """Start again from nothing: the right word was given."""
    connection.execute(delete(ATTEMPT).where(ATTEMPT.c.subject == subject))
