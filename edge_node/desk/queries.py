"""What came back from elsewhere: other PCs' records and verdicts of the province that this officer has not looked at since."""

from typing import Final

from sqlite_utils import Database

_LOOKED_BACK: Final = 2_000
# `+record.dossier`: an index on the grouped column would otherwise lead the search, through every record there is.
_FROM_ELSEWHERE: Final = (
    "SELECT record.dossier, max(record.number) FROM record CROSS JOIN log ON log.number = record.log "
    "WHERE record.dossier IS NOT NULL AND record.number > (SELECT max(number) FROM record) - ?1 "
    "AND log.device IS NOT (SELECT value FROM local WHERE name = 'office.device') "
    "GROUP BY +record.dossier ORDER BY 2 DESC LIMIT ?2"
)
_WITH_VERDICT: Final = (
    "SELECT record.dossier, max(verdict.at) FROM verdict CROSS JOIN record ON record.id = verdict.record "
    "WHERE verdict.outcome <> 'applied' AND record.dossier IS NOT NULL GROUP BY +record.dossier ORDER BY 2 DESC LIMIT ?"
)
_LAST_OPENED: Final = "SELECT max(at) FROM opening WHERE dossier = ? AND officer = ?"


def from_elsewhere(db: Database, *, limit: int) -> list[str]:
    """Dossiers that other PCs wrote to, newest arrival first."""
    rows = db.conn.execute(_FROM_ELSEWHERE, (_LOOKED_BACK, limit)).fetchall()
    return [bytes(row[0]).hex() for row in rows]


def with_verdict(db: Database, *, limit: int) -> list[str]:
    """Dossiers of which a record is refused or undecided, newest verdict first."""
    rows = db.conn.execute(_WITH_VERDICT, (limit,)).fetchall()
    return [bytes(row[0]).hex() for row in rows]


def last_opened(db: Database, dossier: str, officer: str) -> int | None:
    """When the officer last looked at a dossier."""
    row = db.conn.execute(_LAST_OPENED, (bytes.fromhex(dossier), officer)).fetchone()
    return row[0] if row else None
