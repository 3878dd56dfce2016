"""One way to open the database: SQLite with WAL and full synchronisation, or PostgreSQL by URL.

Whoever writes uses `writing`, which on SQLite takes the write lock at once (a deferred transaction that reads first and
writes later fails with "database is locked", whatever the time-out), and on PostgreSQL a lock that all writers of the hub
share: there is one writer at a time on both. Reading uses `reading`: one snapshot, no lock. SQLite overwrites what is
deleted (`secure_delete`), so that nothing erased stays behind in free pages.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

_BUSY_TIMEOUT_MS = 30_000
_SQLITE_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_POSTGRES_FULL = "53100"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
CACHE_KIB = 8 * 1024
JUDGE_CACHE_KIB = 2 * 1024
WORKER_CACHE_KIB = 1024
"""Of each connection: a web worker has one for each of its threads, the judge three, and the system caches the file anyway."""
_CHECKPOINT_PAGES = 8_192
"""32 MiB: a batch of the judge touches nearly every page of the indexes on random ids, and at SQLite's own 4 MiB all of them were
written back after each batch, a quarter of what the database costs with half a million records."""

_TURN = int.from_bytes(b"motcua", "big")
"""The number under which the writers of one PostgreSQL database take turns."""


def sqlite_url(path: Path) -> str:
    """The database URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str, *, cache_kib: int = CACHE_KIB) -> Engine:
    """An engine for this process; make a new one after a fork. `cache_kib` of pages for each connection (SQLite)."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        engine = create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        event.listen(engine, "connect", lambda connection, _record: _prepare_postgres(connection))
        return engine
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, cache_kib))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine, *, is_lazy: bool = False) -> Iterator[Connection]:
    """A write transaction: committed when the block ends, rolled back when it raises.

    Args:
        is_lazy: a power cut may take it back (the database stays whole); it costs no wait for the disk.
    """
    options = {"motcua_writes": True, "motcua_is_lazy": is_lazy}
    with (
        _turn(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            _take_turn(connection, is_lazy=is_lazy)
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view of the database."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # As on SQLite: all questions of a transaction are answered of one moment.
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


class Writes:
    """Tells whether anybody has written to the database, for the price of one small question; for one thread.

    SQLite counts what other connections commit. Of any other database it is not known, and not said.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection() if engine.dialect.name == "sqlite" else None
        self._known = self._count()

    def happened(self) -> bool:
        """Whether anything was committed since this was asked last."""
        before, self._known = self._known, self._count()
        return self._known != before

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def _count(self) -> int:
        if self._connection is None:
            return 0
        cursor = self._connection.cursor()
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
        cursor.close()
        return int(row[0]) if row else 0


def is_full(error: Exception) -> bool:
    """Whether something could not be kept because there is no room (of the database or of a file); nothing of it was kept."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) in _SQLITE_FULL
    return getattr(cause, "sqlstate", None) == _POSTGRES_FULL


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Wait for one's turn to write, among all threads of all processes of this hub.

    SQLite itself would look again and again whether the lock is free, after ever longer pauses: in a storm its writers slept
    most of the time while nobody wrote. The turn ends with the process that has it.
    """
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    if not path or not Path(path).is_absolute():  # in memory, or a name that only a test gives a meaning
        yield
        return
    handle = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _take_turn(connection: Connection, *, is_lazy: bool) -> None:
    """Wait until no other transaction of this hub writes: what is decided on what was read stays true until it is written."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
    if is_lazy:
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _prepare_sqlite(connection: sqlite3.Connection, cache_kib: int) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        f"cache_size=-{cache_kib}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _prepare_postgres(connection: Any) -> None:
    """Sums of whole numbers are whole numbers, as on SQLite; the server calls them numeric, and the driver decimal."""
    connection.adapters.register_loader("numeric", import_module("psycopg.types.numeric").IntLoader)


def _begin_sqlite(connection: Connection) -> None:
    options: Any = connection.get_execution_options()
    if options.get("motcua_writes"):
        # Set before each one: a connection goes back to the pool as it is.
        connection.exec_driver_sql(
            f"PRAGMA synchronous={'NORMAL' if options.get('motcua_is_lazy') else 'FULL'}"
        )
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("motcua_writes") else "BEGIN")
