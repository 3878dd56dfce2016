"""How the hub's processes look after their memory."""

import ctypes
import gc
from contextlib import suppress

_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""
_YOUNG, _MIDDLE, _OLD = 50_000, 50, 100


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
