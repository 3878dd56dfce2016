from datetime import datetime

import pytest

from dossiers.calendar import VIETNAM, WorkingCalendar, load_default_calendar, local
from dossiers.data import read_json
from dossiers.deadlines import (
    Area,
    Condition,
    Frozen,
    FrozenUnit,
    RuleType,
    Timeliness,
    TimeRule,
    apology_due,
    chosen_due,
    classify,
    describe_rule,
    due,
    freeze,
    is_overdue,
    reception_due,
    resume,
)

CALENDAR = load_default_calendar()
SAME_DAY = TimeRule(type=RuleType.SAME_DAY_CUTOFF)
NONE = TimeRule(type=RuleType.NONE)
AGREED = TimeRule(type=RuleType.BY_AGREEMENT)


def at(text: str) -> int:
    return int(datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM).timestamp()) * 1000


def shown(ms: int | None) -> str | None:
    return None if ms is None else local(ms).strftime("%d/%m/%Y %H:%M")


def working_days(amount: int) -> TimeRule:
    return TimeRule(type=RuleType.N_WORKING_DAYS, amount=amount)


def calendar_days(amount: int) -> TimeRule:
    return TimeRule(type=RuleType.N_CALENDAR_DAYS, amount=amount)


def hours(amount: int) -> TimeRule:
    return TimeRule(type=RuleType.N_HOURS, amount=amount)


def conditional(base: TimeRule, extended: TimeRule, *, adds: bool = False) -> TimeRule:
    return TimeRule(type=RuleType.CONDITIONAL_EXTENSION, base=base, extended=extended, adds=adds)


def without_make_up_days() -> WorkingCalendar:
    content = read_json("calendar.json")
    assert isinstance(content, dict)
    return WorkingCalendar.from_data({**content, "working_days": []})


class TestVectors:
    """domain.md §5.2."""

    def test_a_same_day_after_the_cutoff(self) -> None:
        assert shown(due(at("20/11/2026 15:20"), SAME_DAY, CALENDAR)) == "23/11/2026 17:00"

    def test_b_three_working_days_over_the_culture_day(self) -> None:
        assert shown(due(at("20/11/2026 10:00"), working_days(3), CALENDAR)) == "26/11/2026 10:00"

    def test_c_a_make_up_saturday_counts(self) -> None:
        received = at("20/08/2026 10:00")
        assert shown(due(received, working_days(3), CALENDAR)) == "24/08/2026 10:00"
        assert shown(due(received, working_days(3), without_make_up_days())) == "25/08/2026 10:00"

    def test_d_saturday_is_the_next_working_morning_unless_made_up(self) -> None:
        assert shown(due(at("21/11/2026 09:00"), hours(2), CALENDAR)) == "23/11/2026 09:00"
        assert shown(due(at("22/08/2026 09:00"), hours(2), CALENDAR)) == "22/08/2026 11:00"

    def test_e_hours_run_over_to_the_next_morning(self) -> None:
        assert shown(due(at("20/11/2026 16:40"), hours(2), CALENDAR)) == "23/11/2026 08:40"

    def test_closing_time_wins_over_the_next_opening(self) -> None:
        assert shown(due(at("21/11/2026 10:00"), working_days(1), CALENDAR)) == "23/11/2026 17:00"


class TestRules:
    @pytest.mark.parametrize(
        ("received", "promised"),
        [
            ("20/11/2026 06:30", "20/11/2026 17:00"),
            ("20/11/2026 14:59", "20/11/2026 17:00"),
            ("20/11/2026 15:00", "20/11/2026 17:00"),
            ("20/11/2026 15:01", "23/11/2026 17:00"),
            ("20/11/2026 19:00", "23/11/2026 17:00"),
            ("21/11/2026 16:00", "23/11/2026 17:00"),
            ("23/11/2026 16:00", "25/11/2026 17:00"),
            ("22/08/2026 09:00", "22/08/2026 17:00"),
        ],
    )
    def test_same_day(self, received: str, promised: str) -> None:
        assert shown(due(at(received), SAME_DAY, CALENDAR)) == promised

    def test_the_cutoff_is_the_procedure_s(self) -> None:
        noon = TimeRule(type=RuleType.SAME_DAY_CUTOFF, cutoff_minutes=11 * 60)
        assert shown(due(at("20/11/2026 11:10"), noon, CALENDAR)) == "23/11/2026 17:00"

    @pytest.mark.parametrize(
        ("received", "days", "promised"),
        [
            ("20/11/2026 10:00", 5, "25/11/2026 17:00"),
            ("20/11/2026 10:00", 4, "25/11/2026 17:00"),
            ("20/11/2026 10:00", 1, "23/11/2026 17:00"),
            ("21/11/2026 10:00", 2, "25/11/2026 17:00"),
            ("20/11/2026 10:00", 25, "15/12/2026 17:00"),
        ],
    )
    def test_calendar_days_end_at_closing_and_roll_forward(
        self, received: str, days: int, promised: str
    ) -> None:
        assert shown(due(at(received), calendar_days(days), CALENDAR)) == promised

    def test_verification_replaces_or_adds(self) -> None:
        received = at("20/11/2026 10:00")
        replaced = conditional(working_days(3), calendar_days(23))
        added = conditional(working_days(3), working_days(5), adds=True)
        same_day = conditional(SAME_DAY, working_days(5), adds=True)
        assert shown(due(received, replaced, CALENDAR)) == "26/11/2026 10:00"
        assert shown(due(received, replaced, CALENDAR, verification=True)) == "14/12/2026 17:00"
        assert shown(due(received, added, CALENDAR, verification=True)) == "03/12/2026 10:00"
        assert shown(due(received, same_day, CALENDAR, verification=True)) == "30/11/2026 17:00"

    def test_an_area_may_have_a_longer_limit(self) -> None:
        rule = TimeRule(type=RuleType.N_WORKING_DAYS, amount=15, amount_difficult=25)
        received = at("02/11/2026 08:00")
        assert shown(due(received, rule, CALENDAR)) == "23/11/2026 08:00"
        assert shown(due(received, rule, CALENDAR, area=Area.DIFFICULT)) == "08/12/2026 08:00"
        assert due(received, working_days(3), CALENDAR, area=Area.DIFFICULT) == due(
            received, working_days(3), CALENDAR
        )

    def test_no_limit_no_date(self) -> None:
        assert due(at("20/11/2026 10:00"), NONE, CALENDAR) is None
        assert due(at("20/11/2026 10:00"), AGREED, CALENDAR) is None

    def test_agreement_only_where_the_rule_allows_it(self) -> None:
        agreed = at("02/12/2026 10:30")
        with_room = TimeRule(type=RuleType.SAME_DAY_CUTOFF, agreement=True)
        assert due(at("20/11/2026 10:00"), AGREED, CALENDAR, agreed_ms=agreed) == agreed
        assert due(at("20/11/2026 10:00"), with_room, CALENDAR, agreed_ms=agreed) == agreed
        with pytest.raises(ValueError, match="agreed"):
            due(at("20/11/2026 10:00"), SAME_DAY, CALENDAR, agreed_ms=agreed)

    @pytest.mark.parametrize(
        ("chosen", "promised"),
        [
            ("25/11/2026 10:30", "25/11/2026 10:30"),
            ("25/11/2026 00:00", "25/11/2026 17:00"),
            ("25/11/2026 07:00", "25/11/2026 17:00"),
            ("25/11/2026 12:00", "25/11/2026 17:00"),
            ("25/11/2026 20:00", "25/11/2026 17:00"),
            ("24/11/2026 10:00", "25/11/2026 17:00"),
        ],
    )
    def test_a_chosen_moment_becomes_office_time_of_that_day(self, chosen: str, promised: str) -> None:
        assert shown(chosen_due(at(chosen), CALENDAR)) == promised

    def test_seconds_never_count(self) -> None:
        received = at("20/11/2026 15:00")
        assert due(received + 59_000, SAME_DAY, CALENDAR) == due(received, SAME_DAY, CALENDAR)

    def test_the_two_other_timers(self) -> None:
        assert shown(reception_due(at("20/11/2026 15:20"), CALENDAR, hours=8)) == "23/11/2026 15:20"
        assert shown(apology_due(at("25/11/2026 10:00"), CALENDAR, days=1)) == "23/11/2026 10:00"

    @pytest.mark.parametrize(
        "fields",
        [
            {"type": RuleType.N_HOURS},
            {"type": RuleType.NONE, "amount": 3},
            {"type": RuleType.N_WORKING_DAYS, "amount": -1},
            {"type": RuleType.N_WORKING_DAYS, "amount": 15, "amount_difficult": 10},
            {"type": RuleType.SAME_DAY_CUTOFF, "cutoff_minutes": 1440},
            {"type": RuleType.CONDITIONAL_EXTENSION, "base": SAME_DAY},
            {"type": RuleType.NONE, "base": SAME_DAY},
            {"type": RuleType.CONDITIONAL_EXTENSION, "base": SAME_DAY, "extended": calendar_days(3), "adds": True},
            {"type": RuleType.CONDITIONAL_EXTENSION, "base": conditional(SAME_DAY, NONE), "extended": NONE},
        ],
    )  # fmt: skip
    def test_impossible_rules_cannot_be_made(self, fields: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r".+"):
            TimeRule(**fields)  # type: ignore[arg-type]


class TestStoppedClock:
    def test_remaining_working_minutes_are_kept(self) -> None:
        promised = at("26/11/2026 10:00")
        frozen = freeze(at("23/11/2026 08:00"), promised, working_days(3), CALENDAR)
        assert frozen == Frozen(unit=FrozenUnit.MINUTES, amount=2 * 480 + 120)
        assert shown(resume(at("01/12/2026 14:00"), frozen, CALENDAR)) == "03/12/2026 16:00"

    def test_a_due_hour_after_lunch_is_kept(self) -> None:
        promised, now = at("23/11/2026 13:30"), at("20/11/2026 15:00")
        frozen = freeze(now, promised, working_days(1), CALENDAR)
        assert shown(resume(now, frozen, CALENDAR)) == "23/11/2026 13:30"

    def test_remaining_days_are_kept_for_calendar_limits(self) -> None:
        promised = at("25/11/2026 17:00")
        frozen = freeze(at("20/11/2026 16:00"), promised, calendar_days(5), CALENDAR)
        assert frozen == Frozen(unit=FrozenUnit.DAYS, amount=5)
        assert shown(resume(at("20/11/2026 16:30"), frozen, CALENDAR)) == "25/11/2026 17:00"
        assert shown(resume(at("01/12/2026 08:00"), frozen, CALENDAR)) == "07/12/2026 17:00"

    def test_the_limb_that_applies_decides_the_unit(self) -> None:
        rule = conditional(working_days(3), calendar_days(23))
        now, promised = at("20/11/2026 16:00"), at("14/12/2026 17:00")
        assert freeze(now, promised, rule, CALENDAR).unit is FrozenUnit.MINUTES
        assert freeze(now, promised, rule, CALENDAR, verification=True).unit is FrozenUnit.DAYS

    def test_an_overdue_dossier_stays_overdue(self) -> None:
        frozen = freeze(at("25/11/2026 10:00"), at("23/11/2026 10:00"), working_days(3), CALENDAR)
        resumed_at = at("01/12/2026 10:00")
        assert frozen.amount == -480
        assert shown(resume(resumed_at, frozen, CALENDAR)) == "30/11/2026 10:00"
        assert is_overdue(resumed_at, resume(resumed_at, frozen, CALENDAR))

    def test_a_calendar_changed_meanwhile_does_not_shorten(self) -> None:
        """Due on a day that has since become a holiday: without the old date the time would end a day early."""
        promised = at("24/11/2026 10:00")
        now = at("20/11/2026 10:00")
        frozen = freeze(now, promised, working_days(2), CALENDAR)
        assert resume(now, frozen, CALENDAR) < promised
        assert resume(now, frozen, CALENDAR, not_before=promised) == promised

    def test_facts_and_back(self) -> None:
        frozen = Frozen(unit=FrozenUnit.DAYS, amount=5)
        assert frozen.to_facts() == {"unit": "days", "amount": 5}
        assert Frozen.from_facts(frozen.to_facts()) == frozen


class TestTimeliness:
    @pytest.mark.parametrize(
        ("finished", "expected"),
        [
            ("25/11/2026 16:59", Timeliness.EARLY),
            ("26/11/2026 07:00", Timeliness.ON_TIME),
            ("26/11/2026 23:59", Timeliness.ON_TIME),
            ("27/11/2026 00:00", Timeliness.LATE),
        ],
    )
    def test_dates_are_compared_in_vietnam(self, finished: str, expected: Timeliness) -> None:
        promised = at("26/11/2026 10:00")
        assert classify(at(finished), promised) is expected
        assert is_overdue(at(finished), promised) is (expected is Timeliness.LATE)

    def test_without_a_due_date_nothing_is_late(self) -> None:
        assert classify(at("26/11/2026 10:00"), None) is Timeliness.ON_TIME
        assert not is_overdue(at("26/11/2026 10:00"), None)


class TestWords:
    @pytest.mark.parametrize(
        ("rule", "vi", "en"),
        [
            (SAME_DAY, "Trong ngày; tiếp nhận sau 15:00 thì trả trong ngày làm việc tiếp theo",
             "The same day; the next working day when received after 15:00"),
            (working_days(3), "3 ngày làm việc", "3 working days"),
            (hours(1), "1 giờ làm việc", "1 working hour"),
            (calendar_days(25), "25 ngày", "25 days"),
            (TimeRule(type=RuleType.N_WORKING_DAYS, amount=15, amount_difficult=25),
             "15 ngày làm việc (25 ngày làm việc ở địa bàn khó khăn)",
             "15 working days (25 working days in difficult areas)"),
            (conditional(working_days(3), calendar_days(23)),
             "3 ngày làm việc; không quá 23 ngày khi phải xác minh",
             "3 working days; 23 days when verification is needed"),
            (conditional(working_days(3), working_days(5), adds=True),
             "3 ngày làm việc; thêm 5 ngày làm việc khi phải xác minh",
             "3 working days; 5 working days more when verification is needed"),
            (NONE, "Không quy định thời hạn", "No time limit set"),
            (AGREED, "Theo thời gian thỏa thuận bằng văn bản", "As agreed in writing"),
            (TimeRule(type=RuleType.N_WORKING_DAYS, amount=2, agreement=True, condition=Condition.MANY_PAGES),
             "2 ngày làm việc, hoặc theo thời gian thỏa thuận bằng văn bản", "2 working days, or as agreed in writing"),
        ],
    )  # fmt: skip
    def test_rules_read_as_the_slip_prints_them(self, rule: TimeRule, vi: str, en: str) -> None:
        assert describe_rule(rule) == vi
        assert describe_rule(rule, english=True) == en
