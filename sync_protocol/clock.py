"""A hybrid clock: time that never runs backwards on one replica and never trusts a far-off one.

Only display order and ties between concurrent records read it; causality comes from `parents` and no security rule
reads it at all (design §5). The wall clock is an argument.
"""

from typing import NamedTuple

from sync_protocol.limits import CLOCK_AHEAD_MS_MAX


class Instant(NamedTuple):
    """Milliseconds since the epoch and a counter that separates events of one millisecond."""

    ms: int
    counter: int


def tick(last: Instant | None, *, wall_ms: int) -> Instant:
    """The instant of the next local event; `last` is None at the first record of an epoch, which may lower it."""
    if last is None or wall_ms > last.ms:
        return Instant(wall_ms, 0)
    return Instant(last.ms, last.counter + 1)


def observe(last: Instant | None, seen: Instant, *, wall_ms: int) -> Instant:
    """The local clock after a record from elsewhere arrived.

    A remote time more than 24 h ahead of the corrected local time (`wall_ms`) never advances the physical part.
    """
    if seen.ms > wall_ms + CLOCK_AHEAD_MS_MAX:
        return last or Instant(wall_ms, 0)
    return max(last or Instant(0, 0), seen)
