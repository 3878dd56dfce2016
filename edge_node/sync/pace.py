"""How much to send at once, and how long to wait after a failure. Pure.

A request should take about two seconds on the line as it is, so that a cut costs little. On a slow line it takes longer:
what each request costs beyond its records (headers, what packs anew) would be more than what cuts waste. What was cut may have
been too large for the line: the next is smaller, and stays below that size until many large rounds went through. But a line
that is cut every so often cuts small requests as well; therefore a first cut makes nothing smaller than what passes in a
moment, and only cuts in a row do, because a payload that cannot pass never will (design §6).

Some lines let only so many bytes pass on each connection. Such a line is to show itself while little is lost: on a line of
which nothing is known the second request is a short one, and none after it is larger than what its connection has carried
before, so the first that is cut was cut near its beginning and leaves a size that is known to pass.
"""

from dataclasses import dataclass, replace
from math import isqrt
from typing import ClassVar, Final, Self

from sync_protocol.chunks import PIECE_OVERHEAD_BYTES_MAX, SLICE_BYTES
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MIN, ROUND_SIZE_BYTES_START

START: Final = ROUND_SIZE_BYTES_START
AIM_S: Final = 2.0
MOMENT_S: Final = 1.2
LONGEST_S: Final = 4.0
WORTH: Final = 112_000
"""Bytes times seconds: twice the 2.8 kB that a request costs beyond its records, and 20 s from cut to cut. At v bytes a second,
requests of the square root of WORTH · v bytes lose least to both together: half of one to each cut, and its cost to each of them."""
PROBE_SHARE: Final = 4
"""The second request is that part of the first: a limit of one and a half times the first costs little of the third."""

CALM: Final = 16
"""So many large rounds without a cut, and a ceiling is lifted by a quarter; after as many again by a half, and so on."""

BUDGET_MAX: Final = ROUND_SIZE_BYTES_MAX // 4
"""A quarter: the answer and the packing of one oversized run must fit beside it."""

WAIT_FIRST_S: Final = 15
WAIT_MAX_S: Final = 15 * 60


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of the line.

    Attributes:
        budget: bytes of the next round, both ways together; `ceiling` it grows no further.
        speed: bytes a second of the last large round, 0 while none went through.
        cuts: cuts in a row; `calm` large rounds since the last one.
    """

    budget: int = START
    ceiling: int = BUDGET_MAX
    speed: int = 0
    cuts: int = 0
    calm: int = CALM

    @property
    def is_shaky(self) -> bool:
        """Whether a connection should not be used twice: some lines let only so much pass on each."""
        return self.calm < CALM

    def text(self) -> str:
        """For keeping; `parse` reads it."""
        return f"{self.budget} {self.ceiling} {self.speed} {self.cuts} {self.calm}"

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What was kept; a fresh start where that cannot be read."""
        try:
            budget, ceiling, speed, cuts, calm = (int(part) for part in (text or "").split())
        except ValueError:
            return cls()
        return cls(_bounded(budget), _bounded(ceiling), max(0, speed), max(0, cuts), max(0, calm))

    def after_success(self, *, moved_bytes: int, seconds: float, carried_bytes: int) -> Self:
        """After a round that went through over a connection that has carried so much by now, this round among it."""
        if moved_bytes < self.budget // 2:  # too little moved to say anything about the line
            return replace(self, cuts=0)
        calm, ceiling = self.calm + 1, self.ceiling
        if calm % CALM == 0:
            ceiling = _bounded(ceiling * (4 + calm // CALM) // 4)
        speed = int(moved_bytes / max(seconds, 0.001))
        # A short round is mostly waiting, and no word against how fast the line was found.
        if seconds < AIM_S:
            speed = max(speed, self.speed)
        after = replace(self, ceiling=ceiling, speed=speed, cuts=0, calm=calm)
        if not self.speed and self.budget >= START and not self.is_shaky:
            return replace(after, budget=_bounded(min(int(speed * AIM_S), moved_bytes // PROBE_SHARE)))
        # After a cut the ceiling is what passed before it; else nobody knows yet how much a connection lets pass.
        most = ceiling if after.is_shaky else min(ceiling, max(self.budget, carried_bytes))
        return replace(after, budget=_bounded(min(_passing_in(speed, AIM_S), most)))

    def after_cut(self, *, carried_bytes: int) -> Self:
        """After a connection that broke under way; before this request it had carried so much."""
        if self.cuts:
            smaller = _bounded(self.budget // 2)
        else:
            passes = min(self.budget, max(carried_bytes, _passing_in(self.speed, MOMENT_S)))
            smaller = _bounded(max(self.budget * 3 // 4, passes))
        return replace(self, budget=smaller, ceiling=smaller, cuts=self.cuts + 1, calm=0)


class FilePace:
    """How many bytes of files one request carries: about a second's worth, a slice at least.

    A request that is cut goes again whole, so it is kept short: on a line of 1 Mbit/s that breaks every 20 seconds a
    second's worth costs two to three percent. After a cut it grows no more in this sync, and two cuts in a row at one size
    mean that it cannot pass: half of it is then the most, and
    each gets a connection of its own (`is_short`): such a line counts the bytes of a connection. Where even the least does not
    pass, pieces go one by one (`is_alone`), because some are shorter than a slice.
    """

    START: ClassVar[int] = 128 * 1024 + PIECE_OVERHEAD_BYTES_MAX
    LEAST: ClassVar[int] = SLICE_BYTES + PIECE_OVERHEAD_BYTES_MAX
    MOST: ClassVar[int] = 8 * START
    QUICK_S: ClassVar[float] = 0.15
    SLOW_S: ClassVar[float] = 1.8

    def __init__(self, budget: int) -> None:
        self.budget = max(self.LEAST, min(budget, self.MOST))
        self._ceiling = self.MOST
        self._cuts = 0
        self.is_short = self.is_alone = False

    def after_success(self, moved_bytes: int, seconds: float) -> None:
        """A request went through; a small one says nothing about whether a large one can."""
        if moved_bytes < self.budget // 2:
            return
        self._cuts = 0
        if seconds < self.QUICK_S:
            self.budget = min(2 * self.budget, self._ceiling)
        elif seconds > self.SLOW_S:
            self.budget = max(self.LEAST, self.budget // 2)

    def after_cut(self) -> None:
        """The connection broke under way."""
        self._cuts += 1
        self._ceiling = self.budget
        if self._cuts > 1:
            self.is_short = True
            self.is_alone = self.budget == self.LEAST
            self._ceiling = self.budget = max(self.LEAST, self.budget // 2)


def wait_after(failures: int, *, draw: float) -> float:
    """Seconds to wait after so many failures in a row; `draw` from [0, 1) spreads the nodes of a province."""
    longest = min(WAIT_FIRST_S * 2 ** min(failures, 10), WAIT_MAX_S)
    return longest * (0.5 + 0.5 * draw)


def varied(seconds: float, *, draw: float) -> float:
    """A regular interval, a tenth more or less."""
    return seconds * (0.9 + 0.2 * draw)


def _passing_in(speed: int, seconds: float) -> int:
    """Bytes that pass in so many seconds, or as many as are worth a request on a line as slow as this."""
    return min(int(speed * LONGEST_S), max(int(speed * seconds), isqrt(WORTH * speed)))


def _bounded(budget: int) -> int:
    return max(ROUND_SIZE_BYTES_MIN, min(budget, BUDGET_MAX))
