"""The hybrid clock never runs backwards and never follows a clock from the far future."""

from sync_protocol.clock import Instant, observe, tick
from sync_protocol.limits import CLOCK_AHEAD_MS_MAX

NOW = 1_795_401_000_000


def test_it_never_runs_backwards() -> None:
    first = tick(None, wall_ms=NOW)
    assert tick(first, wall_ms=NOW) == Instant(NOW, 1)
    assert tick(first, wall_ms=NOW - 5_000) == Instant(NOW, 1)
    assert tick(Instant(NOW, 7), wall_ms=NOW + 1) == Instant(NOW + 1, 0)


def test_the_first_record_of_an_epoch_may_lower_it() -> None:
    assert tick(None, wall_ms=NOW - 10**10) == Instant(NOW - 10**10, 0)


def test_one_node_in_2099_moves_nobody() -> None:
    far = Instant(NOW + CLOCK_AHEAD_MS_MAX + 1, 9)
    near = Instant(NOW + CLOCK_AHEAD_MS_MAX, 9)
    assert observe(Instant(NOW, 2), far, wall_ms=NOW) == Instant(NOW, 2)
    assert observe(None, far, wall_ms=NOW) == Instant(NOW, 0)
    assert observe(Instant(NOW, 2), near, wall_ms=NOW) == near
    assert observe(near, Instant(NOW, 2), wall_ms=NOW) == near
