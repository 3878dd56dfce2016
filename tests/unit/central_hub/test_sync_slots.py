"""When PCs are told to come again: by commune, and later while the judge is behind."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from central_hub.sync.slots import (
    UNJUDGED_S_MIN,
    WAIT_S_MAX,
    Seat,
    wait_for_slot_s,
    wait_to_be_judged_s,
)

TURN_S = 300

offices = st.lists(st.integers(1, 30), min_size=1, max_size=80)


def seats(devices: list[int]) -> list[Seat]:
    return [
        Seat(commune=commune, communes=len(devices), device=device, devices=count)
        for commune, count in enumerate(devices)
        for device in range(count)
    ]


@given(offices, st.integers(0, 10**10), st.integers(5, 3_600))
def test_a_slot_is_half_a_turn_to_one_and_a_half_away(devices: list[int], now_s: int, turn_s: int) -> None:
    for seat in seats(devices):
        wait_s = wait_for_slot_s(seat, now_s=now_s, turn_s=turn_s)
        assert turn_s / 2 <= wait_s <= turn_s * 1.5
        assert abs((now_s + wait_s) % turn_s - round(seat.share * turn_s)) in (0, turn_s)


def test_communes_come_one_after_the_other_however_many_pcs_they_have() -> None:
    """Thirty PCs of one ward do not stand in the way of those that have one."""
    devices = [30, 1, 1, 1, 1]
    by_slot: Counter[int] = Counter()
    for seat in seats(devices):
        wait_s = wait_for_slot_s(seat, now_s=1_795_000_123, turn_s=TURN_S)
        slot = (1_795_000_123 + wait_s) % TURN_S // (TURN_S // len(devices))
        assert slot == seat.commune
        by_slot[slot] += 1
    assert by_slot == dict(enumerate(devices))


@given(offices, st.integers(0, 10**8))
def test_who_waits_to_be_judged_waits_longer_the_more_there_is(devices: list[int], backlog: int) -> None:
    for seat in seats(devices):
        wait_s = wait_to_be_judged_s(seat, backlog=backlog)
        assert UNJUDGED_S_MIN <= wait_s <= WAIT_S_MAX
        assert wait_s <= wait_to_be_judged_s(seat, backlog=backlog + 10_000)


def test_after_an_outage_nobody_asks_every_few_seconds() -> None:
    """700 PCs with 780 records each: at five seconds each the questions alone were 140 a second."""
    waits = [wait_to_be_judged_s(seat, backlog=700 * 780) for seat in seats([1] * 700)]
    assert min(waits) > 120 and max(Counter(waits).values()) <= 5
    assert wait_to_be_judged_s(seats([1])[0], backlog=20) == UNJUDGED_S_MIN
