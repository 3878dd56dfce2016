"""How the hub's processes look after their memory."""

import ctypes
import gc
import time
from contextlib import suppress
from threading import Lock

_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""
_YOUNG, _MIDDLE, _OLD = 50_000, 50, 100
_GIVE_BACK_EVERY_S = 1.0


def share_one_heap() -> None:
    """Call before threads start: the C library would give each thread a heap of its own, and none of them ever gives back
    what one large request took. Nothing happens where the library is another one."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def collect_seldom() -> None:
    """Call once, when all is loaded: what comes from now on are records, trees of values without cycles, which counting
    references frees. The collector would only walk them again and again: it cost a third of taking in a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


class Returns:
    """Gives memory that the C library keeps back to the system, now and then; one for each process, for all its threads."""

    def __init__(self) -> None:
        self._last = 0.0
        self._lock = Lock()

    def give_back(self) -> None:
        """Call after work that held much: frames and what was unpacked of them leave holes, which are kept for later. Nothing
        happens where it was done a moment ago, or where the library is another one."""
        with self._lock:
            now = time.monotonic()
            if now - self._last < _GIVE_BACK_EVERY_S:
                return
            self._last = now
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


RETURNS = Returns()
