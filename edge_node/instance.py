"""One node per data folder: a lock that ends with the process, on Windows as on Linux.

SQLite's own file locking does it: whoever holds the write lock of a tiny database is the one. A killed process leaves
nothing to clean up.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NAME: Final = "serve.lock"


class AlreadyRunning(Exception):
    """Another process serves this data folder."""


@contextmanager
def single_instance(data: Path) -> Iterator[None]:
    """Hold the folder for as long as the block runs; raises AlreadyRunning at once."""
    connection = sqlite3.connect(data / _NAME, timeout=0, isolation_level=None)
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise AlreadyRunning(str(data)) from error
        yield
    finally:
        connection.close()
