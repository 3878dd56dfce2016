"""The one way to open the node's database, and the one way to write to it.

WAL with `synchronous=FULL`: what was committed is on the disk, so an action that was shown as done survives a power
cut (lessons 45). `recursive_triggers` makes the append-only guards see `INSERT OR REPLACE` as well. Writers begin
IMMEDIATE: a deferred transaction that reads first and writes later fails at once when another writer came between. What is
deleted is overwritten with zeros (`secure_delete`), so that nothing erased stays behind in free pages.

A `Database` belongs to the thread that opened it.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge_node.store.headers import as_signed
from sync_protocol.record import record_link

BUSY_TIMEOUT_S: Final = 15.0
CACHE_KIB: Final = 8 * 1024
STATEMENTS_CACHED: Final = 256
JOURNAL_KEPT_BYTES: Final = 16 * 1024 * 1024
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class StorageFull(Exception):
    """The disk is full: the transaction was rolled back and nothing of it was kept."""


def open_database(path: Path) -> Database:
    """Open (or create) the database file with every setting that the store relies on."""
    # No implicit transactions: a stray statement would open one that nobody ends, and everything after it would
    # join, be shown as done, and be lost.
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, cached_statements=STATEMENTS_CACHED, isolation_level=None
    )
    connection.create_function("record_link", 2, _record_link, deterministic=True)
    connection.create_function("signed_header", 1, _signed_header, deterministic=True)
    db = Database(connection, recursive_triggers=True, execute_plugins=False)
    for setting in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "trusted_schema=OFF",
        f"cache_size=-{CACHE_KIB}",
        f"journal_size_limit={JOURNAL_KEPT_BYTES}",
    ):
        db.execute(f"PRAGMA {setting}")
    return db


def _signed_header(kept: bytes) -> str:
    return as_signed(kept).decode()


def _record_link(record_id: bytes, signature: bytes) -> str:
    return record_link(record_id.hex(), signature)


@contextmanager
def write_transaction(db: Database) -> Iterator[Database]:
    """Everything inside is kept together or not at all; a block inside another one joins it.

    Raises StorageFull when the disk is full.
    """
    if db.conn.in_transaction:
        with _savepoint(db.conn):
            yield db
        return
    try:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.rollback()
            raise
        _commit(db)
    except sqlite3.OperationalError as error:
        if is_full(error):
            raise StorageFull(str(error)) from error
        raise


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """A part that can be undone alone. `Database.atomic` does the same under a random name each time, and three statements
    that never recur per nesting push every other statement out of the connection's cache: writing took twice as long."""
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def is_full(error: Exception) -> bool:
    """Whether SQLite (a failed write to the journal included) or a file could not be written because there is no room."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite met pages that are not what it wrote."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the family
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else kept the database for longer than SQLite waits (a rebuild, a file being compacted)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _commit(db: Database) -> None:
    try:
        db.conn.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
