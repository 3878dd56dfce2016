"""One of each per data folder: one `serve`, one judge. The lock is the operating system's, so a crash frees it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_LOOK_EVERY_S = 0.05


class Locked(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def held_lock(path: Path, *, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock file while the block runs; raises Locked when it is not free within `patience_s`."""
    until = time.monotonic() + patience_s
    with path.open("ab") as file:
        while not _taken(file):
            if time.monotonic() >= until:
                raise Locked(str(path))
            time.sleep(_LOOK_EVERY_S)
        yield


def _taken(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
