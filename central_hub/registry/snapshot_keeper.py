"""The newest status snapshot as rounds hand it out: made anew when the log has grown, at most once a minute, and once a day.

Making one reads every key event and every changed document, too much for each of a province's rounds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from signing.snapshot import outline_of
from sync_protocol.status_mark import StatusMark

AGE_MS_MIN: Final = 60 * 1000
AGE_MS_MAX: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot, its mark, and when and at which size of the log it was made."""

    data: bytes
    mark: StatusMark
    at_ms: int
    size: int


class SnapshotKeeper:
    """Shared by the threads of one process; while one makes a snapshot, the others go on with the last."""

    def __init__(self) -> None:
        self._taken: Taken | None = None
        self._lock = Lock()

    def current(self, take: Callable[[], bytes | None], *, size: int, now_ms: int) -> Taken | None:
        """The newest; None where this hub makes none.

        Args:
            take: makes one now.
            size: how many leaves there are now.
        """
        taken = self._taken
        if taken is not None and self._is_good(taken, size, now_ms):
            return taken
        if not self._lock.acquire(blocking=taken is None):
            return taken
        try:
            data = take()
            if data is not None:
                self._taken = Taken(data, StatusMark.of(outline_of(data)), now_ms, size)
            return self._taken
        finally:
            self._lock.release()

    @staticmethod
    def _is_good(taken: Taken, size: int, now_ms: int) -> bool:
        age_ms = now_ms - taken.at_ms
        return 0 <= age_ms < (AGE_MS_MAX if taken.size == size else AGE_MS_MIN)
