from datetime import date, datetime, timedelta

import pytest

from dossiers.calendar import (
    VIETNAM,
    WorkingCalendar,
    from_yyyymmdd,
    instant,
    load_default_calendar,
    local,
    local_date,
    to_yyyymmdd,
)
from dossiers.data import read_json
from dossiers.errors import CalendarInvalid

CALENDAR = load_default_calendar()


def at(text: str) -> int:
    return int(datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM).timestamp()) * 1000


def shown(ms: int) -> str:
    return local(ms).strftime("%d/%m/%Y %H:%M")


def calendar_data() -> dict[str, object]:
    content = read_json("calendar.json")
    assert isinstance(content, dict)
    return content


class TestDays:
    @pytest.mark.parametrize(
        "day",
        [
            "01/01/2025", "27/01/2025", "31/01/2025", "07/04/2025", "30/04/2025", "02/05/2025", "01/09/2025",
            "01/01/2026", "02/01/2026", "16/02/2026", "20/02/2026", "27/04/2026", "31/08/2026", "02/09/2026",
            "24/11/2026", "24/11/2027", "21/11/2026", "22/11/2026",
        ],
    )  # fmt: skip
    def test_off(self, day: str) -> None:
        assert not CALENDAR.is_working_day(local_date(at(f"{day} 08:00")))

    @pytest.mark.parametrize(
        "day",
        [
            "26/04/2025", "10/01/2026", "22/08/2026", "24/11/2025", "24/01/2025", "03/02/2025",
            "13/02/2026", "23/02/2026", "28/04/2026", "23/11/2026", "25/11/2026",
        ],
    )  # fmt: skip
    def test_working(self, day: str) -> None:
        assert CALENDAR.is_working_day(local_date(at(f"{day} 08:00")))

    def test_2026_has_twelve_paid_days_and_its_swaps_cancel_out(self) -> None:
        off = [d for d in CALENDAR.days_off if d.year == 2026 and d.isoweekday() <= 5]
        made_up = [d for d in CALENDAR.working_days if d.year == 2026]
        assert len(off) - len(made_up) == 12

    def test_every_make_up_day_is_a_weekend_day(self) -> None:
        assert all(day.isoweekday() > 5 for day in CALENDAR.working_days)

    def test_2027_and_what_lies_outside_are_unverified(self) -> None:
        assert CALENDAR.is_verified(date(2026, 11, 24))
        assert CALENDAR.is_verified(date(2025, 1, 2))
        assert not CALENDAR.is_verified(date(2027, 3, 3))
        assert not CALENDAR.is_verified(date(2028, 1, 3))

    def test_special_days_have_names(self) -> None:
        culture = CALENDAR.special_day(date(2026, 11, 24))
        make_up = CALENDAR.special_day(date(2026, 8, 22))
        assert culture is not None and culture.name_vi == "Ngày Văn hóa Việt Nam"
        assert make_up is not None and "31/08/2026" in make_up.name_vi
        assert CALENDAR.special_day(date(2026, 11, 23)) is None

    def test_opening_and_closing(self) -> None:
        assert shown(CALENDAR.opening(date(2026, 8, 22))) == "22/08/2026 07:00"
        assert shown(CALENDAR.closing(date(2026, 11, 23))) == "23/11/2026 17:00"
        with pytest.raises(ValueError, match="not a working day"):
            CALENDAR.closing(date(2026, 11, 24))

    def test_walking_over_closed_days(self) -> None:
        assert CALENDAR.next_working_day(date(2026, 2, 13)) == date(2026, 2, 23)
        assert CALENDAR.previous_working_day(date(2026, 2, 23)) == date(2026, 2, 13)
        assert CALENDAR.working_day_from(date(2026, 11, 21)) == date(2026, 11, 23)
        assert CALENDAR.working_day_from(date(2026, 8, 22)) == date(2026, 8, 22)


class TestStartOfWork:
    @pytest.mark.parametrize(
        ("received", "counts_from"),
        [
            ("20/11/2026 06:10", "20/11/2026 07:00"),
            ("20/11/2026 10:00", "20/11/2026 10:00"),
            ("20/11/2026 11:30", "20/11/2026 13:30"),
            ("20/11/2026 12:15", "20/11/2026 13:30"),
            ("20/11/2026 16:59", "20/11/2026 16:59"),
            ("20/11/2026 17:00", "23/11/2026 07:00"),
            ("21/11/2026 09:00", "23/11/2026 07:00"),
            ("23/11/2026 18:00", "25/11/2026 07:00"),
        ],
    )
    def test_moves_to_the_next_opening(self, received: str, counts_from: str) -> None:
        assert shown(CALENDAR.start_of_work(at(received))) == counts_from

    def test_seconds_do_not_count(self) -> None:
        assert CALENDAR.start_of_work(at("20/11/2026 10:00") + 59_999) == at("20/11/2026 10:00")


class TestMinutes:
    @pytest.mark.parametrize(
        ("start", "minutes", "end"),
        [
            ("20/11/2026 10:00", 90, "20/11/2026 11:30"),
            ("20/11/2026 10:00", 91, "20/11/2026 13:31"),
            ("20/11/2026 16:40", 20, "20/11/2026 17:00"),
            ("20/11/2026 16:40", 21, "23/11/2026 07:01"),
            ("23/11/2026 07:00", 0, "20/11/2026 17:00"),
            ("23/11/2026 07:00", 480, "23/11/2026 17:00"),
            ("21/11/2026 09:00", 480, "23/11/2026 17:00"),
            ("23/11/2026 08:00", -60, "20/11/2026 17:00"),
            ("23/11/2026 08:00", -59, "23/11/2026 07:01"),
            ("25/11/2026 08:00", -61, "23/11/2026 16:59"),
        ],
    )
    def test_add(self, start: str, minutes: int, end: str) -> None:
        assert shown(CALENDAR.add_minutes(at(start), minutes)) == end

    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("20/11/2026 10:00", "20/11/2026 14:00", 120),
            ("20/11/2026 12:00", "20/11/2026 13:00", 0),
            ("20/11/2026 16:00", "23/11/2026 08:00", 120),
            ("21/11/2026 08:00", "22/11/2026 20:00", 0),
            ("23/11/2026 07:00", "25/11/2026 17:00", 960),
            ("21/08/2026 17:00", "24/08/2026 07:00", 480),
        ],
    )
    def test_between(self, start: str, end: str, minutes: int) -> None:
        assert CALENDAR.minutes_between(at(start), at(end)) == minutes
        assert CALENDAR.minutes_between(at(end), at(start)) == -minutes

    @pytest.mark.parametrize(
        ("start", "days", "end"),
        [
            ("20/11/2026 10:00", 3, "26/11/2026 10:00"),
            ("20/11/2026 12:00", 1, "23/11/2026 13:30"),
            ("20/11/2026 13:30", 1, "23/11/2026 13:30"),
            ("21/11/2026 09:00", 1, "23/11/2026 17:00"),
            ("20/11/2026 17:00", 1, "23/11/2026 17:00"),
        ],
    )
    def test_working_days_keep_the_clock_hour(self, start: str, days: int, end: str) -> None:
        assert shown(CALENDAR.add_working_days(at(start), days)) == end


class TestData:
    def test_dates_as_numbers(self) -> None:
        assert to_yyyymmdd(date(2026, 11, 24)) == 20261124
        assert from_yyyymmdd(20261124) == date(2026, 11, 24)

    def test_the_zone_is_ours_not_the_machine_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "America/New_York")
        assert instant(date(2026, 11, 23), 7 * 60) == 1_795_392_000_000
        assert local_date(1_795_392_000_000) == date(2026, 11, 23)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("hours", {}),
            ("hours", {"8": [["07:00", "11:30"]]}),
            ("hours", {"1": [["11:30", "07:00"]]}),
            ("hours", {"1": [["07:00", "12:00"], ["11:00", "17:00"]]}),
            ("hours", {"1": [["7 giờ", "12:00"]]}),
            ("make_up_hours", []),
            ("first", 20271301),
            ("last", 20240101),
            ("working_day_minutes", 0),
            ("days_off", [{"date": 20260822, "name_vi": "a", "name_en": "a"}]),
            ("days_off", [{"date": "20260822"}]),
        ],
    )
    def test_refuses_impossible_calendars(self, key: str, value: object) -> None:
        with pytest.raises(CalendarInvalid):
            WorkingCalendar.from_data({**calendar_data(), key: value})

    def test_a_calendar_without_work_is_refused_not_walked_for_ever(self) -> None:
        mondays = [date(2025, 1, 6) + timedelta(weeks=week) for week in range(1250)]
        closed = [{"date": to_yyyymmdd(day), "name_vi": "Nghỉ", "name_en": "Off"} for day in mondays]
        content = {**calendar_data(), "hours": {"1": [["07:00", "11:30"]]}, "last": 20491231}
        calendar = WorkingCalendar.from_data({**content, "days_off": closed, "working_days": []})
        with pytest.raises(CalendarInvalid, match="within reach"):
            calendar.next_working_day(date(2025, 1, 1))

    def test_a_calendar_may_have_its_own_week(self) -> None:
        week = {"1": [["07:30", "11:30"]], "6": [["07:30", "11:30"]]}
        own = WorkingCalendar.from_data({**calendar_data(), "hours": week, "working_day_minutes": 240})
        assert shown(own.add_working_days(at("21/11/2026 08:00"), 1)) == "23/11/2026 08:00"
        assert own.hours(date(2026, 8, 22)) == own.make_up_hours
