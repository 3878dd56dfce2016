"""How much to send at once, and how long to wait after a failure. Pure.

A request should take two to three seconds on the line as it is. A payload that was cut off once is cut to a quarter,
because one that cannot pass never will; after a success it grows, at most fourfold at a time (design §6).
"""

from typing import Final

from sync_protocol.limits import ROUND_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MIN, ROUND_SIZE_BYTES_START

START: Final = ROUND_SIZE_BYTES_START
AIM_S: Final = 2.5
GROWTH_MAX: Final = 4
BUDGET_MAX: Final = ROUND_SIZE_BYTES_MAX // 4
"""A quarter: the answer and the packing of one oversized run must fit beside it."""

WAIT_FIRST_S: Final = 15
WAIT_MAX_S: Final = 15 * 60


def after_success(budget: int, *, moved_bytes: int, seconds: float) -> int:
    """The budget after a round that went through."""
    if moved_bytes < budget // 2:  # too little moved to say anything about the line
        return budget
    speed = moved_bytes / max(seconds, 0.001)
    return _bounded(min(int(speed * AIM_S), budget * GROWTH_MAX))


def after_cut(budget: int) -> int:
    """The budget after a connection broke under way."""
    return _bounded(budget // 4)


def wait_after(failures: int, *, draw: float) -> float:
    """Seconds to wait after so many failures in a row; `draw` from [0, 1) spreads the nodes of a province."""
    longest = min(WAIT_FIRST_S * 2 ** min(failures, 10), WAIT_MAX_S)
    return longest * (0.5 + 0.5 * draw)


def varied(seconds: float, *, draw: float) -> float:
    """A regular interval, a tenth more or less."""
    return seconds * (0.9 + 0.2 * draw)


def _bounded(budget: int) -> int:
    return max(ROUND_SIZE_BYTES_MIN, min(budget, BUDGET_MAX))
