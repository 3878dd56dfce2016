"""The access log: who opened which dossier, when and what for (protection of personal data, domain.md 10).

Reading must not depend on it: on a full disk the dossier is shown all the same, and the fault goes to the system log.
"""

import logging
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.keyring import Actor
from edge_node.store import StorageFull, write_transaction

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One look at a dossier."""

    at: int
    officer: str
    purpose: str


def note_opening(db: Database, actor: Actor, dossier: str, *, purpose: str, now: int) -> None:
    """Note that the officer opened a dossier (`page`, `id_number`, `print`, `api`, `export`)."""
    try:
        with write_transaction(db):
            db.conn.execute(
                "INSERT INTO opening (at, officer, dossier, purpose) VALUES (?, ?, ?, ?)",
                (now, actor.officer, bytes.fromhex(dossier), purpose),
            )
    except StorageFull:
        _LOG.error("the disk is full: an opening by officer %s could not be noted", actor.officer)


def openings_of(db: Database, dossier: str, *, limit: int = 100) -> list[Opening]:
    """Who looked at a dossier, newest first."""
    rows = db.conn.execute(
        "SELECT at, officer, purpose FROM opening WHERE dossier = ? ORDER BY number DESC LIMIT ?",
        (bytes.fromhex(dossier), limit),
    )
    return [Opening(at=row[0], officer=row[1], purpose=row[2]) for row in rows]
