"""What holds for every receipt, rule and pause, not only for the vectors."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dossiers.calendar import MINUTE_MS, instant, load_default_calendar, local_date, minute_of_day
from dossiers.deadlines import (
    Area,
    RuleType,
    Timeliness,
    TimeRule,
    chosen_due,
    classify,
    due,
    freeze,
    is_overdue,
    resume,
)
from dossiers.procedures import Procedure, load_default_catalogue

CALENDAR = load_default_calendar()
CATALOGUE = load_default_catalogue()
_FIRST, _LAST = instant(CALENDAR.first), instant(CALENDAR.last)

# Half of all instants lie on the edges of office hours, where the names of one position differ.
edges = st.builds(
    instant,
    st.dates(CALENDAR.first, CALENDAR.last),
    st.sampled_from([0, 7 * 60, 11 * 60 + 30, 12 * 60, 13 * 60 + 30, 15 * 60, 17 * 60, 1439]),
)
instants = edges | st.integers(min_value=_FIRST, max_value=_LAST)
counted = st.builds(
    TimeRule,
    type=st.sampled_from([RuleType.N_WORKING_DAYS, RuleType.N_CALENDAR_DAYS, RuleType.N_HOURS]),
    amount=st.integers(min_value=1, max_value=40),
    amount_difficult=st.none() | st.integers(min_value=40, max_value=60),
)
same_day = st.builds(
    TimeRule, type=st.just(RuleType.SAME_DAY_CUTOFF), cutoff_minutes=st.integers(min_value=1, max_value=1439)
)
plain = counted | same_day
working_time = st.builds(
    TimeRule, type=st.sampled_from([RuleType.N_WORKING_DAYS, RuleType.N_HOURS]), amount=st.integers(1, 30)
)
replacing = st.builds(
    TimeRule, type=st.just(RuleType.CONDITIONAL_EXTENSION), base=plain, extended=plain, adds=st.just(False)
)
adding = st.builds(
    TimeRule,
    type=st.just(RuleType.CONDITIONAL_EXTENSION),
    base=plain,
    extended=working_time,
    adds=st.just(True),
)
rules = plain | replacing | adding


def due_of(received: int, rule: TimeRule, *, verification: bool = False, area: Area = Area.ORDINARY) -> int:
    promised = due(received, rule, CALENDAR, verification=verification, area=area)
    assert promised is not None
    return promised


@given(instants, rules, st.booleans(), st.sampled_from(Area))
def test_a_due_date_lies_in_working_time_after_receipt(
    received: int, rule: TimeRule, verification: bool, area: Area
) -> None:
    promised = due_of(received, rule, verification=verification, area=area)
    assert CALENDAR.is_working_time(promised)
    assert promised > received - MINUTE_MS
    assert promised != CALENDAR.opening(local_date(promised))


@given(instants, rules, st.booleans())
def test_the_same_minute_of_receipt_gives_the_same_due_date(
    received: int, rule: TimeRule, verification: bool
) -> None:
    whole = received - received % MINUTE_MS
    assert due_of(received, rule, verification=verification) == due_of(whole, rule, verification=verification)


@given(instants, instants, rules)
def test_received_later_is_never_due_earlier(one: int, other: int, rule: TimeRule) -> None:
    assert due_of(min(one, other), rule) <= due_of(max(one, other), rule)


@given(instants, st.integers(min_value=1, max_value=60))
def test_n_working_days_are_n_times_eight_hours_at_the_same_clock_hour(received: int, days: int) -> None:
    start = CALENDAR.start_of_work(received)
    end = due_of(received, TimeRule(type=RuleType.N_WORKING_DAYS, amount=days))
    assert CALENDAR.minutes_between(start, end) == days * 480
    opened = start == CALENDAR.opening(local_date(start))
    assert minute_of_day(end) == (17 * 60 if opened else minute_of_day(start))


@given(instants, st.integers(min_value=-5_000, max_value=20_000))
def test_moving_and_measuring_agree(start: int, minutes: int) -> None:
    assert CALENDAR.minutes_between(start, CALENDAR.add_minutes(start, minutes)) == minutes


@given(
    instants,
    rules,
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 40 * 1440), st.integers(0, 40 * 1440)), min_size=1, max_size=4),
)
def test_pausing_and_resuming_never_shortens(
    received: int, rule: TimeRule, verification: bool, pauses: list[tuple[int, int]]
) -> None:
    """Any number of pauses, also of dossiers already overdue; an overdue one is never made punctual by a pause."""
    now, promised = received, due_of(received, rule, verification=verification)
    for until_pause, pause in pauses:
        now += until_pause * MINUTE_MS
        overdue = is_overdue(now, promised)
        frozen = freeze(now, promised, rule, CALENDAR, verification=verification)
        assert resume(now, frozen, CALENDAR) >= promised
        now += pause * MINUTE_MS
        resumed = resume(now, frozen, CALENDAR)
        assert resumed >= promised
        assert CALENDAR.is_working_time(resumed)
        promised = resumed
        assert not overdue or CALENDAR.minutes_between(promised, now) >= 0


@given(instants, working_time, st.integers(0, 40 * 1440))
def test_a_pause_leaves_the_working_time_as_it_was(received: int, rule: TimeRule, pause: int) -> None:
    promised = due_of(received, rule)
    resumed_at = received + pause * MINUTE_MS
    resumed = resume(resumed_at, freeze(received, promised, rule, CALENDAR), CALENDAR)
    assert CALENDAR.minutes_between(resumed_at, resumed) == CALENDAR.minutes_between(received, promised)


@given(instants)
def test_a_chosen_moment_stays_on_its_day_or_moves_to_the_next_working_day(chosen: int) -> None:
    promised = chosen_due(chosen, CALENDAR)
    assert CALENDAR.is_working_time(promised)
    assert local_date(promised) == CALENDAR.working_day_from(local_date(chosen))
    assert chosen_due(promised, CALENDAR) == promised


@given(instants, instants)
def test_late_means_overdue_the_moment_before(finished: int, promised: int) -> None:
    assert (classify(finished, promised) is Timeliness.LATE) == is_overdue(finished, promised)


catalogue_changes = st.lists(
    st.tuples(
        st.sampled_from(CATALOGUE.procedures), st.integers(1, 4), rules, st.integers(20250701, 20250730)
    ),
    max_size=6,
)


@given(instants, st.sampled_from(CATALOGUE.procedures), catalogue_changes, st.booleans())
def test_a_catalogue_change_never_moves_an_existing_due_date(
    received: int, pinned: Procedure, changes: list[tuple[Procedure, int, TimeRule, int]], verification: bool
) -> None:
    """Whatever is published later, even the pinned version with another rule: the pin still finds its own rule."""
    before = due(received, pinned.rule, CALENDAR, verification=verification)
    known = CATALOGUE
    for number, (changed, version, rule, effective) in enumerate(changes, start=2):
        altered = replace(changed, version=version, rule=rule, effective_from=effective)
        known = known.with_published(replace(CATALOGUE, version=number, procedures=(altered,)))
    still = known.find(*pinned.key)
    assert still is not None
    assert due(received, still.rule, CALENDAR, verification=verification) == before
