"""Slow down guessing: failed log-ins per officer and per address, kept across restarts.

Five failures are free (people mistype); after that every failure doubles the wait up to a quarter of an hour. An address
gets more free tries than an officer, because several officers share a PC. A clock that was set back shortens nothing and
can lengthen a wait by no more than the longest wait.
"""

from collections.abc import Iterable
from typing import Final

from sqlite_utils import Database

from edge_node.store import write_transaction

FREE_TRIES: Final = {"officer": 5, "address": 20}
WAIT_FIRST_S: Final = 30
WAIT_MAX_S: Final = 15 * 60
FORGOTTEN_AFTER_MS: Final = 24 * 60 * 60 * 1000


def wait_s(db: Database, subjects: Iterable[str], *, now: int) -> int:
    """Seconds until these subjects may try again; 0 when they may."""
    waits = []
    for subject in subjects:
        row = db.conn.execute("SELECT until FROM login_failure WHERE subject = ?", (subject,)).fetchone()
        waits.append(min(-(-(row[0] - now) // 1000), WAIT_MAX_S) if row else 0)
    return max(0, *waits)


def count_failure(db: Database, subjects: Iterable[str], *, now: int) -> int:
    """Note one failure of each; returns the wait that follows, in seconds."""
    longest = 0
    with write_transaction(db):
        db.conn.execute("DELETE FROM login_failure WHERE last < ?", (now - FORGOTTEN_AFTER_MS,))
        for subject in subjects:
            row = db.conn.execute(
                "SELECT failures FROM login_failure WHERE subject = ?", (subject,)
            ).fetchone()
            failures = 1 + (row[0] if row else 0)
            wait = _wait_after(failures, FREE_TRIES[subject.split()[0]])
            longest = max(longest, wait)
            db.conn.execute(
                "INSERT INTO login_failure (subject, failures, last, until) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (subject) DO UPDATE SET failures = ?2, last = ?3, until = ?4",
                (subject, failures, now, now + 1000 * wait),
            )
    return longest


def forget(db: Database, subjects: Iterable[str]) -> None:
    """After a success, or when the administrator gave a new PIN."""
    with write_transaction(db):
        for subject in subjects:
            db.conn.execute("DELETE FROM login_failure WHERE subject = ?", (subject,))


def _wait_after(failures: int, free: int) -> int:
    if failures < free:
        return 0
    return min(WAIT_FIRST_S << min(failures - free, 10), WAIT_MAX_S)
