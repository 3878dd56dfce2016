"""Pure decisions of syncing: status, pace, plan."""

from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.sync import pace
from edge_node.sync.pace import Pace
from edge_node.sync.plan import SOON_S, Plan
from edge_node.sync.status import SyncStatus, UnitLog, status_of
from sync_protocol.limits import ROUND_SIZE_BYTES_MIN

NOW = 1_795_000_000_000
DAY = 86_400_000


def status(
    *logs: UnitLog, refused: int = 0, undecided: int = 0, last: int | None = NOW, now: int = NOW
) -> SyncStatus:
    return status_of(logs, refused=refused, undecided=undecided, last=last, now=now)


def log(length: int, held: int, judged: int, oldest_at: int | None = None) -> UnitLog:
    return UnitLog(log="0" * 32, length=length, held=held, judged=judged, oldest_at=oldest_at)


def test_waiting_and_age_come_from_what_the_province_lacks() -> None:
    found = status(log(10, 4, 4, NOW - 3 * DAY), log(5, 5, 2))
    assert (found.waiting, found.oldest_days, found.unjudged) == (6, 3, 3)
    assert not found.is_full


@pytest.mark.parametrize("skew", [-10 * 365 * DAY, -DAY, 0, DAY, 10 * 365 * DAY])
def test_ages_are_never_negative_and_the_last_sync_never_tomorrow(skew: int) -> None:
    found = status(log(2, 1, 1, NOW), last=NOW, now=NOW + skew)
    assert found.oldest_ms >= 0
    assert found.last is not None and found.last <= found.now


logs = st.builds(
    lambda length, held, judged: log(
        length, min(held, length), min(judged, held, length), NOW if held < length else None
    ),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 50),
)


@given(st.lists(logs, max_size=4), st.integers(0, 2), st.integers(0, 2), st.none() | st.just(NOW))
def test_full_exactly_when_nothing_is_left(
    own: list[UnitLog], refused: int, undecided: int, last: int | None
) -> None:
    found = status(*own, refused=refused, undecided=undecided, last=last)
    everything = all(each.length == each.held == each.judged for each in own)
    assert found.is_full == (everything and refused == 0 and undecided == 0 and last is not None)


def passed(found: Pace, *, seconds: float, size: int | None = None, before: int = 0) -> Pace:
    """After a round of that size (as much as allowed), over a connection that carried `before` bytes until then."""
    size = found.budget if size is None else size
    return found.after_success(moved_bytes=size, seconds=seconds, carried_bytes=before + size)


def test_a_round_takes_about_two_seconds_and_grows_to_what_its_connection_carried() -> None:
    size = 48 * 1024
    slow = passed(Pace(), size=size, seconds=20)
    assert slow.budget == max(ROUND_SIZE_BYTES_MIN, int(size // 20 * pace.AIM_S))
    known = Pace(budget=size, speed=1)
    assert passed(known, size=size, seconds=0.01).budget == size
    assert passed(known, size=size, seconds=0.01, before=2 * size).budget == 3 * size
    assert passed(Pace(), size=100, seconds=9) == Pace()


def test_the_second_request_on_an_unknown_line_is_short_and_says_nothing_against_its_speed() -> None:
    first = passed(Pace(), seconds=0.7)
    assert first.budget == pace.START // pace.PROBE_SHARE
    second = passed(first, seconds=0.65, before=pace.START)
    assert second.budget == pace.START + first.budget and second.speed == first.speed
    assert passed(second, seconds=4.0).speed == second.budget // 4


def test_a_line_that_resets_every_connection_after_64_kib_costs_a_few_kib_until_it_is_known() -> None:
    """The third request is cut a few KiB from its beginning, and what had passed until then is what passes from then on."""
    first = passed(Pace(), seconds=0.7)
    second = passed(first, seconds=0.65, before=pace.START)
    carried = pace.START + first.budget
    assert 64 * 1024 - carried < 8 * 1024
    assert second.after_cut(carried_bytes=carried).ceiling == carried


@pytest.mark.parametrize("limit_kib", [50, 64, 100, 128, 300])
def test_a_line_that_counts_the_bytes_of_a_connection_costs_little_before_it_is_known(limit_kib: int) -> None:
    """It is known after one cut, and what that cut took is less than what had passed; half a megabyte costs a tenth more."""
    limit, found = limit_kib * 1024, Pace()
    carried = lost = sent = cuts = 0
    while sent < 500_000:
        if found.is_shaky:
            carried = 0
        if carried + found.budget > limit:
            lost, cuts, found = lost + limit - carried, cuts + 1, found.after_cut(carried_bytes=carried)
            carried = 0
        else:
            sent += found.budget
            found = passed(found, seconds=1.2, before=carried)
            carried = carried + found.budget if not found.is_shaky else 0
    assert cuts <= 2 and lost <= sent / 10


def test_a_line_that_lets_so_much_pass_is_not_tried_beyond_it_again() -> None:
    """Every connection was reset after 64 KiB: the size grew into the limit again and again."""
    limit, found, lost, sent = 64 * 1024, Pace(), 0, 0
    for _ in range(40):
        if found.budget > limit:
            lost, found = lost + limit, found.after_cut(carried_bytes=0)
        else:
            sent += found.budget
            found = passed(found, seconds=1.2)
    assert lost <= sent / 10


def test_what_never_passes_becomes_smaller_until_it_does() -> None:
    found = passed(Pace(), seconds=0.1)
    for _ in range(8):
        found = found.after_cut(carried_bytes=0)
    assert found.budget == ROUND_SIZE_BYTES_MIN and found.is_shaky


def test_on_a_slow_line_a_request_is_as_long_as_its_own_cost_is_worth() -> None:
    """At 10 kB a second requests of two seconds, and half of it after a cut, cost more in headers than cuts wasted."""
    slow = passed(Pace(budget=48 * 1024, speed=10_000), seconds=4.9)
    worth = isqrt(pace.WORTH * slow.speed)
    assert pace.AIM_S * slow.speed < slow.budget == worth < pace.LONGEST_S * slow.speed
    assert slow.after_cut(carried_bytes=0).budget == worth
    assert passed(Pace(budget=16 * 1024, speed=1), seconds=16).budget <= pace.LONGEST_S * 1024 + 1


def test_a_line_cut_now_and_then_keeps_sizes_that_pass_in_a_moment() -> None:
    found = Pace()
    for _ in range(30):
        for _ in range(8):
            found = passed(found, seconds=found.budget / 32_000, before=10**6)
        found = found.after_cut(carried_bytes=0)
    assert found.budget >= int(31_000 * pace.MOMENT_S)


def test_batches_grow_again_once_the_line_is_good() -> None:
    found = Pace().after_cut(carried_bytes=0)
    low = found.budget
    carried = 0
    for _ in range(6 * pace.CALM):
        carried += found.budget
        found = passed(found, seconds=0.05, before=0 if found.is_shaky else carried)
    assert low < pace.START and found.budget == pace.BUDGET_MAX and not found.is_shaky


@pytest.mark.parametrize("text", [None, "", "49152", "a b c d e", "1 2 3"])
def test_a_pace_that_cannot_be_read_begins_afresh(text: str | None) -> None:
    assert Pace.parse(text) == Pace()
    kept = Pace().after_cut(carried_bytes=0)
    assert Pace.parse(kept.text()) == kept


@given(st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 10**8), st.floats(0, 10_000))), max_size=40))
def test_a_budget_stays_within_its_bounds(rounds: list[tuple[int, float] | None]) -> None:
    found = Pace()
    for each in rounds:
        found = passed(found, size=each[0], seconds=each[1]) if each else found.after_cut(carried_bytes=0)
        assert ROUND_SIZE_BYTES_MIN <= found.budget <= pace.BUDGET_MAX


def test_waiting_grows_is_bounded_and_spread() -> None:
    waits = [pace.wait_after(failures, draw=0.999) for failures in range(1, 12)]
    assert waits == sorted(waits) and waits[-1] <= pace.WAIT_MAX_S
    assert pace.wait_after(3, draw=0.0) < pace.wait_after(3, draw=0.9)


def test_a_plan_syncs_at_its_time_and_soon_after_a_write() -> None:
    plan = Plan().after_success(now=100.0, every_s=300, draw=0.5)
    assert not plan.wants_sync(now=101.0, waiting=0, last_ended=100.0)
    assert plan.wants_sync(now=400.0, waiting=0, last_ended=100.0)
    assert not plan.wants_sync(now=101.0, waiting=3, last_ended=100.0)
    assert plan.wants_sync(now=100.0 + SOON_S, waiting=3, last_ended=100.0)


def test_a_plan_backs_off_and_obeys_the_hub() -> None:
    plan = Plan().after_failure(now=0.0, is_line_down=False, retry_after_s=600, draw=0.0)
    assert plan.next_at == 600.0
    assert not plan.wants_sync(now=SOON_S + 1, waiting=9, last_ended=0.0)
    down = plan.after_failure(now=0.0, is_line_down=True, retry_after_s=0, draw=0.0)
    assert down.is_line_down and down.failures == 2
    assert not down.after_success(now=1.0, every_s=300, draw=0.5).is_line_down
