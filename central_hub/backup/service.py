"""Take back-ups of the SQLite database; on PostgreSQL this is the server's own tool's work.

A back-up is a consistent copy made while the hub runs, finished under its final name only when it is whole and checked.
`restoring` puts one back.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from central_hub.config import HubConfig
from central_hub.services import Services
from central_hub.store.engine import reading
from dossiers.local_time import local

_NAME = "hub-%Y%m%d-%H%M%S.db"
_PAGES_AT_ONCE = 2_000


class BackupInvalid(ValueError):
    """A back-up that cannot be taken or used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """One finished back-up."""

    path: Path
    size_bytes: int


def list_backups(config: HubConfig) -> list[BackupFile]:
    """The newest first."""
    found = sorted(config.backups.glob("hub-*.db"), reverse=True)
    return [BackupFile(path=path, size_bytes=path.stat().st_size) for path in found]


def take_backup(services: Services, folder: Path | None = None) -> BackupFile:
    """Copy the database as of now."""
    if services.engine.dialect.name != "sqlite":
        raise BackupInvalid("use pg_dump for a PostgreSQL database")
    folder = folder or services.config.backups
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / local(services.clock()).strftime(_NAME)
    partial = target.with_suffix(".part")
    partial.unlink(missing_ok=True)
    # One view for all steps: else whatever is written between two of them, a contact of any PC, begins the copy anew.
    with reading(services.engine) as connection, closing(sqlite3.connect(partial)) as copy:
        connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one()
        connection.connection.driver_connection.backup(copy, pages=_PAGES_AT_ONCE, sleep=0.005)  # type: ignore[union-attr]
        copy.execute("PRAGMA journal_mode=DELETE").close()
    partial.chmod(0o600)
    check_backup(partial)
    partial.replace(target)
    return BackupFile(path=target, size_bytes=target.stat().st_size)


def prune_backups(config: HubConfig) -> None:
    """Keep as many as the settings say."""
    for old in list_backups(config)[config.backup_daily_keep :]:
        old.path.unlink(missing_ok=True)


def check_backup(path: Path) -> None:
    """Raise BackupInvalid unless SQLite finds nothing wrong with the file."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            answer = connection.execute("PRAGMA quick_check").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise BackupInvalid(f"{path.name}: {error}") from error
    if answer != "ok":
        raise BackupInvalid(f"{path.name}: {answer}")
