"""Take times: medians over many calls, and rates."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in seconds."""

    seconds: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def p95_ms(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)] * 1000

    @property
    def max_ms(self) -> float:
        return max(self.seconds) * 1000


def timed(calls: Iterable[Callable[[], object]]) -> Times:
    """How long each call took."""
    seconds = []
    for call in calls:
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return Times(tuple(seconds))


def microseconds_each(call: Callable[[], object], count: int, *, repeats: int = 5) -> float:
    """Median over some repeats of the time of one of `count` things that `call` does."""
    return timed([call] * repeats).median_ms * 1000 / count
