"""How the hub's processes look after their memory."""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 50, 100


def collect_seldom() -> None:
    """Call once, when all is loaded: what comes from now on are records, trees of values without cycles, which counting
    references frees. The collector would only walk them again and again: it cost a third of taking in a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
