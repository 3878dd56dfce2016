"""One of each per data folder: one `serve`, one judge. The lock is the operating system's, so a crash frees it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Locked(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def held_lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file while the block runs; raises Locked at once unless told to wait."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Locked(str(path)) from error
        yield
