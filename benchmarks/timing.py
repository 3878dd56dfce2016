"""Take times: medians over many calls, and rates."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in seconds; `cpu` is what this process used of them, which others on the machine hardly change."""

    seconds: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def cpu_ms(self) -> float:
        return statistics.median(self.cpu) * 1000

    @property
    def p95_ms(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)] * 1000

    @property
    def max_ms(self) -> float:
        return max(self.seconds) * 1000


def timed(calls: Iterable[Callable[[], object]]) -> Times:
    """How long each call took."""
    seconds, cpu = [], []
    for call in calls:
        began, used = time.perf_counter(), time.process_time()
        call()
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return Times(tuple(seconds), tuple(cpu))


def microseconds_each(call: Callable[[], object], count: int, *, repeats: int = 5) -> float:
    """Median over some repeats of the time of one of `count` things that `call` does."""
    return timed([call] * repeats).median_ms * 1000 / count
