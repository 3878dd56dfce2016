"""A disk that can lose its power between any two statements: SQLite as it is, with a fuse before every statement.

When the fuse burns, `PowerCut` leaves through all production code (it is no `Exception`, so nothing swallows it), and no
further statement reaches the database. `Disk.cut` then puts the files back as they lay at that moment and forgets the
process, so that the next opening recovers as after a real power cut. The file that production does not force to the disk
(the node's watermark) may fall back to what it was before.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class PowerCut(BaseException):
    """The machine went dark."""


class Fuse:
    """Burns after a number of statements, when it is set."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.is_burnt = False
        self._is_resting = False

    def set(self, statements: int | None) -> None:
        """Let so many more statements pass; None: all."""
        self._left = statements

    def replace(self) -> None:
        """A new fuse after the power is back."""
        self._left, self.is_burnt = None, False

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Statements inside do not count: the world looks, the machine does nothing."""
        self._is_resting = True
        try:
            yield
        finally:
            self._is_resting = False

    def spend(self) -> None:
        if self._left is not None and not self._is_resting:
            self._left -= 1
            self.is_burnt = self.is_burnt or self._left < 0
        if self.is_burnt:
            raise PowerCut


class FusedCursor(sqlite3.Cursor):
    """A cursor of a connection whose power may fail."""

    def execute(self, *values: Any) -> "FusedCursor":
        self.connection.fuse.spend()  # type: ignore[attr-defined]
        super().execute(*values)
        return self

    def executemany(self, *values: Any) -> "FusedCursor":
        self.connection.fuse.spend()  # type: ignore[attr-defined]
        super().executemany(*values)
        return self


_execute = sqlite3.Connection.execute


class FusedConnection(sqlite3.Connection):
    """A connection that asks its fuse first."""

    fuse: Fuse

    def cursor(self, factory: Any = FusedCursor) -> Any:
        return super().cursor(factory)

    def execute(self, *values: Any) -> sqlite3.Cursor:
        self.fuse.spend()
        return _execute(self, *values)

    def executemany(self, *values: Any) -> sqlite3.Cursor:
        self.fuse.spend()
        return super().executemany(*values)

    def commit(self) -> None:
        self.fuse.spend()
        super().commit()

    def rollback(self) -> None:
        if not self.fuse.is_burnt:
            super().rollback()


def fused(fuse: Fuse) -> type[FusedConnection]:
    """The connection class of one machine."""
    return type("Connection", (FusedConnection,), {"fuse": fuse})


@contextmanager
def connections_through(fuse: Fuse) -> Iterator[None]:
    """Whatever opens SQLite inside gets connections of this machine."""
    opened = sqlite3.connect

    def connect(*values: Any, **options: Any) -> sqlite3.Connection:
        return opened(*values, **{**options, "factory": fused(fuse)})

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite3.connect = opened


class Disk:
    """The files of one machine that matter after a power cut."""

    def __init__(self, database: Path, *, unforced: Path | None = None) -> None:
        self._files = [database, database.with_name(database.name + "-wal")]
        self._shared = database.with_name(database.name + "-shm")
        self._unforced = unforced
        self._unforced_before: bytes | None = None

    def note_unforced(self) -> None:
        """Remember what the file that nobody forces to the disk says now."""
        self._unforced_before = self._read(self._unforced)

    def lies(self) -> dict[Path, bytes | None]:
        """The files as they lie; taken before the dying process may tidy up."""
        return {path: self._read(path) for path in self._files}

    def put_back(self, lying: dict[Path, bytes | None], *, drops_unforced: bool) -> None:
        """Make the files what they were; a write that was not forced may be gone."""
        self._shared.unlink(missing_ok=True)
        for path, content in lying.items():
            # A new file of that name: a question that the dead process had not read to its end still holds the old one locked.
            path.unlink(missing_ok=True)
            self._write(path, content)
        if drops_unforced and self._unforced is not None and self._unforced_before is not None:
            self._write(self._unforced, self._unforced_before)

    def watermark(self) -> bytes | None:
        """The file that is not forced to the disk, as it is."""
        return self._read(self._unforced)

    def put_watermark(self, content: bytes | None) -> None:
        assert self._unforced is not None
        self._write(self._unforced, content)

    @staticmethod
    def _read(path: Path | None) -> bytes | None:
        return path.read_bytes() if path is not None and path.exists() else None

    @staticmethod
    def _write(path: Path, content: bytes | None) -> None:
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)


def erase_folder(folder: Path) -> None:
    """Remove a machine's folder."""
    shutil.rmtree(folder, ignore_errors=True)
