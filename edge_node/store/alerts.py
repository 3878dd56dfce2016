"""What somebody has to look at because the program cannot put it right: shown on the sync page and by `doctor`."""

from dataclasses import dataclass

from sqlite_utils import Database

from edge_node.store.connection import write_transaction

DIGEST = "digest"
FORK = "fork"
RUN_REFUSED = "run_refused"
PUT_BACK = "put_back"
PROJECTION = "projection"
BUNDLE_REFUSED = "bundle_refused"
LOG_SPLIT = "log_split"
LOG_BEHIND = "log_behind"
STATUS_SPLIT = "status_split"
NOT_LOGGED = "not_logged"
COPY_WAITING = "copy_waiting"
COPY_CONFIRMED = "copy_confirmed"
COPY_REFUSED = "copy_refused"
UNIT_CHANGED = "unit_changed"
NEWER = "newer"
LOG_ALERTS = frozenset({LOG_SPLIT, LOG_BEHIND})
GRAVE = frozenset({LOG_SPLIT, LOG_BEHIND, STATUS_SPLIT, BUNDLE_REFUSED, COPY_REFUSED})
"""Somebody may be cheating this PC, or its key counts no more: said first, and as an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A standing alert; `detail` is English, for the province."""

    code: str
    at: int
    detail: str


def raise_alert(db: Database, code: str, *, now: int, detail: str) -> None:
    """Note an alert; one that stands already keeps its first time."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO alert (code, at, detail) VALUES (?1, ?2, ?3) ON CONFLICT (code) DO UPDATE SET detail = ?3",
            (code, now, detail),
        )


def clear_alert(db: Database, code: str) -> None:
    """The condition is gone."""
    if db.conn.execute("SELECT 1 FROM alert WHERE code = ?", (code,)).fetchone():
        with write_transaction(db):
            db.conn.execute("DELETE FROM alert WHERE code = ?", (code,))


def list_alerts(db: Database) -> list[Alert]:
    rows = db.conn.execute("SELECT code, at, detail FROM alert ORDER BY at, code")
    return [Alert(code=row[0], at=row[1], detail=row[2]) for row in rows]
