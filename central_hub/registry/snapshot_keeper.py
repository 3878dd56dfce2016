"""The newest status snapshots as they are handed out, per slice: made anew when the log has grown, at most once a minute, and once a
day.

Making one reads the key events and changed documents of its units, too much for each of a province's rounds. Where a proof waits for
one that reaches further, it is made at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from signing.snapshot import outline_of
from sync_protocol.status_mark import StatusMark

AGE_MS_MIN: Final = 60 * 1000
AGE_MS_MAX: Final = 24 * 60 * 60 * 1000
SLICES_MAX: Final = 256
SLICES_BYTES_MAX: Final = 32 * 1024 * 1024

Scope = tuple[str, ...]
"""The units of a slice, sorted; none for the whole."""


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
        self._taken: dict[Scope, Taken] = {}
        self._lock = Lock()

    def current(
        self,
        take: Callable[[], bytes | None],
        *,
        size: int,
        now_ms: int,
        scope: Scope = (),
        at_once: bool = False,
    ) -> Taken | None:
        """The newest of this scope; None where this hub makes none.

        Args:
            take: makes one now.
            size: how many leaves there are now.
            at_once: one that covers all those leaves is wanted, however young the last one is.
        """
        taken = self._taken.get(scope)
        if taken is not None and self._is_good(taken, size, now_ms, at_once=at_once):
            return taken
        if not self._lock.acquire(blocking=taken is None or at_once):
            return taken
        try:
            data = take()
            if data is not None:
                self._keep(scope, Taken(data, StatusMark.of(outline_of(data)), now_ms, size))
            return self._taken.get(scope)
        finally:
            self._lock.release()

    def _keep(self, scope: Scope, taken: Taken) -> None:
        """In place of the last one of this scope; those that were made longest ago make room."""
        self._taken.pop(scope, None)
        self._taken[scope] = taken
        held = sum(len(each.data) for each in self._taken.values())
        while len(self._taken) > 1 and (len(self._taken) > SLICES_MAX or held > SLICES_BYTES_MAX):
            held -= len(self._taken.pop(next(iter(self._taken))).data)

    @staticmethod
    def _is_good(taken: Taken, size: int, now_ms: int, *, at_once: bool) -> bool:
        if at_once and taken.size < size:
            return False
        age_ms = now_ms - taken.at_ms
        return 0 <= age_ms < (AGE_MS_MAX if taken.size == size else AGE_MS_MIN)
