"""Take and restore back-ups of the SQLite database; on PostgreSQL this is the server's own tool's work.

A back-up is a consistent copy made while the hub runs, finished under its final name only when it is whole and checked.
Restoring begins another epoch: what nodes were told by receipts of the old one is void until confirmed anew, and they
feed the hub again by themselves. Enrolment codes that are open in it are closed. The database that was replaced is kept beside it.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, and_, delete, select, text, update

from central_hub.config import HubConfig
from central_hub.services import Services
from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import open_engine, sqlite_url, writing
from central_hub.store.schema import upgrade
from central_hub.store.tables import ENROLMENT, LOG, RECEIPT, SETTING
from dossiers.local_time import local

_NAME = "hub-%Y%m%d-%H%M%S.db"


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
    connection = services.engine.raw_connection()
    try:
        copy = sqlite3.connect(partial)
        try:
            connection.driver_connection.backup(copy, pages=2_000, sleep=0.005)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode=DELETE").close()
        finally:
            copy.close()
    finally:
        connection.close()
    partial.chmod(0o600)
    _check(partial)
    partial.replace(target)
    return BackupFile(path=target, size_bytes=target.stat().st_size)


def prune_backups(config: HubConfig) -> None:
    """Keep as many as the settings say."""
    for old in list_backups(config)[config.backup_daily_keep :]:
        old.path.unlink(missing_ok=True)


def restore_backup(services: Services, source: Path) -> Path | None:
    """Put a back-up in the place of the database (the hub is stopped); returns where the old one lies now."""
    if services.engine.dialect.name != "sqlite":
        raise BackupInvalid("use pg_restore for a PostgreSQL database")
    if not source.is_file():
        raise BackupInvalid(f"{source}: no such file")
    _check(source)
    database = services.config.data / "hub.db"
    partial = database.with_suffix(".restoring")
    partial.write_bytes(source.read_bytes())
    partial.chmod(0o600)
    _begin_epoch(services, partial)
    services.engine.dispose()
    # A crash between the two renames leaves no database under its name: `serve` refuses, `restore` again completes.
    kept = database.with_name(f"hub-before-restore-{services.clock()}.db") if database.exists() else None
    if kept is not None:
        for suffix in ("-wal", "-shm"):
            beside = database.with_name(database.name + suffix)
            if beside.exists():
                beside.replace(kept.with_name(kept.name + suffix))
        database.replace(kept)
    partial.replace(database)
    return kept


def _begin_epoch(services: Services, path: Path) -> None:
    engine = open_engine(sqlite_url(path))
    try:
        upgrade(engine)
        with writing(engine) as connection:
            hub = services.keys.hub.public.id
            own = connection.execute(select(LOG.c.no).where(LOG.c.device == hub).limit(1)).first()
            if own is None or connection.execute(select(SETTING.c.value)).first() is None:
                raise BackupInvalid("this back-up is of another hub")
            connection.execute(delete(RECEIPT))
            _close_codes(connection, services.clock())
            put_setting(connection, EPOCH, services.random_bytes(16).hex())
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    finally:
        engine.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _close_codes(connection: Connection, now_ms: int) -> None:
    """A code that is open in a back-up may have been used since: whoever finds it must not enrol a second PC with it."""
    is_open = and_(ENROLMENT.c.used_ms.is_(None), ENROLMENT.c.expires_ms >= now_ms)
    connection.execute(update(ENROLMENT).where(is_open).values(expires_ms=now_ms - 1))


def _check(path: Path) -> None:
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
