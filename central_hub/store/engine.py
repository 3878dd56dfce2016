"""One way to open the database: SQLite with WAL and full synchronisation, or PostgreSQL by URL.

Whoever writes uses `writing`, which on SQLite takes the write lock at once (a deferred transaction that reads first and
writes later fails with "database is locked", whatever the time-out). Reading uses `reading`: one snapshot, no lock. SQLite
overwrites what is deleted (`secure_delete`), so that nothing erased stays behind in free pages.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_TIMEOUT_MS = 30_000
_CACHE_KIB = 24 * 1024


def sqlite_url(path: Path) -> str:
    """The database URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str) -> Engine:
    """An engine for this process; make a new one after a fork."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed when the block ends, rolled back when it raises."""
    with engine.connect().execution_options(motcua_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        f"cache_size=-{_CACHE_KIB}",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes: Any = connection.get_execution_options().get("motcua_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
