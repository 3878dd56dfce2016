"""How much room files may take: the disk keeps a reserve for records, and a quota keeps files within what the province set aside.

The folder is counted anew every few minutes, since several worker processes write into it; between two counts each adds what it
wrote itself, so that the quota may be overrun by what the others took in that time.
"""

import shutil
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

from central_hub.services import Services

_MIB: Final = 1024 * 1024
COUNT_EVERY_MS: Final = 5 * 60 * 1000


class _Tally:
    """The bytes in a folder, as this process knows them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._bytes = 0
        self._counted_ms: int | None = None

    def bytes(self, now_ms: int) -> int:
        with self._lock:
            if self._counted_ms is None or abs(now_ms - self._counted_ms) > COUNT_EVERY_MS:
                self._bytes, self._counted_ms = _bytes_in(self._folder), now_ms
            return self._bytes

    def add(self, size: int) -> None:
        with self._lock:
            self._bytes += size


def has_room(services: Services, size: int, *, is_begun: bool) -> bool:
    """Whether a file of `size` bytes may be kept; raises OSError.

    The quota is asked at its first piece only: otherwise halves of files could fill it, and none would ever become whole.
    """
    config = services.config
    if shutil.disk_usage(config.data).free < config.files_free_mb * _MIB:
        return False
    if not config.files_quota_mb or is_begun:
        return True
    return _tally(config.files).bytes(services.clock()) + size <= config.files_quota_mb * _MIB


def note_taken(services: Services, size: int) -> None:
    """So many bytes were written."""
    _tally(services.config.files).add(size)


def bytes_held(services: Services) -> int:
    """What the folder of files takes now."""
    return _bytes_in(services.config.files)


@lru_cache(maxsize=16)
def _tally(folder: Path) -> _Tally:
    return _Tally(folder)


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # It has just become part of a whole file.
            continue
    return total
