"""Put a back-up in the place of the hub's database; the hub is stopped meanwhile.

Restoring begins another epoch: what nodes were told by receipts of the old one is void until confirmed anew, and they
feed the hub again by themselves. Enrolment codes that are open in it are closed. The database that was replaced is kept beside it.
"""

from pathlib import Path

from sqlalchemy import Connection, and_, delete, select, text, update

from central_hub.backup.service import BackupInvalid, check_backup
from central_hub.services import Services
from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import open_engine, sqlite_url, writing
from central_hub.store.schema import upgrade
from central_hub.store.tables import ENROLMENT, LOG, RECEIPT, SETTING


def restore_backup(services: Services, source: Path) -> Path | None:
    """Put a back-up in the place of the database (the hub is stopped); returns where the old one lies now."""
    if services.engine.dialect.name != "sqlite":
        raise BackupInvalid("use pg_restore for a PostgreSQL database")
    if not source.is_file():
        raise BackupInvalid(f"{source}: no such file")
    check_backup(source)
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
