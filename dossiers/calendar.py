"""Working time in Vietnam: which minutes count, and moving along them.

The calendar is data (office hours, days off, make-up working days) published yearly by signed record; an office offline
keeps the last one. Local time is +07:00 whatever the PC says. Working time is counted in whole minutes: what a slip
prints is what is computed with.

One position in working time can have two names: the end of a period and the start of the next. Days: the closing of a
day wins over the next opening, so nothing falls due "Tuesday 07:00". The lunch break: moving by minutes names the end of
the morning; moving by working days keeps the clock hour it started from, as the rule says.
This module knows nothing of procedures: what to add is `deadlines`' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

import msgspec

from dossiers.data import read_json
from dossiers.errors import CalendarInvalid
from dossiers.local_time import MINUTE_MS as MINUTE_MS
from dossiers.local_time import VIETNAM as VIETNAM
from dossiers.local_time import from_yyyymmdd as from_yyyymmdd
from dossiers.local_time import instant as instant
from dossiers.local_time import local as local
from dossiers.local_time import local_date as local_date
from dossiers.local_time import minute_of_day as minute_of_day
from dossiers.local_time import to_yyyymmdd as to_yyyymmdd

# A walk never goes further than this: a calendar with hardly any working day is refused, not looped over for ever.
_WALK_DAYS_MAX: Final = 366 * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Office hours between two minutes of a day."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start


Hours = tuple[Period, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day off, or a make-up working day, with its name for the screens."""

    date: int
    name_vi: str
    name_en: str
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _CalendarData:
    version: int
    first: int
    last: int
    working_day_minutes: int
    hours: dict[str, list[tuple[str, str]]]
    make_up_hours: list[tuple[str, str]]
    days_off: list[SpecialDay]
    working_days: list[SpecialDay]


def _parse_clock(text: str) -> int:
    moment = time.fromisoformat(text)
    return moment.hour * 60 + moment.minute


def _parse_hours(pairs: list[tuple[str, str]]) -> Hours:
    periods = tuple(Period(start=_parse_clock(start), end=_parse_clock(end)) for start, end in pairs)
    edges = [edge for period in periods for edge in (period.start, period.end)]
    if not edges or any(later <= earlier for earlier, later in pairwise(edges)):
        raise ValueError("office hours must be given and must follow each other")
    return periods


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """Which minutes are working time. Days outside `first`…`last` follow the week alone and count as unverified."""

    version: int
    first: date
    last: date
    working_day_minutes: int
    week: Mapping[int, Hours]
    make_up_hours: Hours
    days_off: Mapping[date, SpecialDay] = field(repr=False)
    working_days: Mapping[date, SpecialDay] = field(repr=False)

    @classmethod
    def from_data(cls, content: object) -> "WorkingCalendar":
        """Read published calendar data; raises `CalendarInvalid`."""
        try:
            raw = msgspec.convert(content, _CalendarData)
            calendar = cls(
                version=raw.version,
                first=from_yyyymmdd(raw.first),
                last=from_yyyymmdd(raw.last),
                working_day_minutes=raw.working_day_minutes,
                week={int(weekday): _parse_hours(pairs) for weekday, pairs in raw.hours.items()},
                make_up_hours=_parse_hours(raw.make_up_hours),
                days_off={from_yyyymmdd(day.date): day for day in raw.days_off},
                working_days={from_yyyymmdd(day.date): day for day in raw.working_days},
            )
        except ValueError as error:  # msgspec.ValidationError is one
            raise CalendarInvalid(str(error)) from error
        calendar._check()
        return calendar

    def _check(self) -> None:
        if not self.week or not set(self.week) <= set(range(1, 8)):
            raise CalendarInvalid("the week needs at least one working weekday, numbered 1 (Monday) to 7")
        if self.first > self.last or not 1 <= self.working_day_minutes <= 24 * 60:
            raise CalendarInvalid("the calendar's range or the length of its working day is impossible")
        if self.days_off.keys() & self.working_days.keys():
            raise CalendarInvalid("a day is both off and a make-up working day")
        if len(self.days_off) > 366 + (self.last - self.first).days:
            raise CalendarInvalid("more days off than days")

    # What kind of day

    def hours(self, day: date) -> Hours:
        """The office hours of a day; empty when the office is closed."""
        if day in self.working_days:
            return self.make_up_hours
        return () if day in self.days_off else self.week.get(day.isoweekday(), ())

    def is_working_day(self, day: date) -> bool:
        return bool(self.hours(day))

    def is_verified(self, day: date) -> bool:
        """Whether the calendar's word on the year around this day comes from a published decision."""
        if not self.first <= day <= self.last:
            return False
        special = (*self.days_off.items(), *self.working_days.items())
        return all(known.verified for other, known in special if other.year == day.year)

    def special_day(self, day: date) -> SpecialDay | None:
        return self.working_days.get(day) or self.days_off.get(day)

    def opening(self, day: date) -> int:
        """When the office opens on a working day."""
        return instant(day, self._hours_or_fail(day)[0].start)

    def closing(self, day: date) -> int:
        """When the office closes on a working day."""
        return instant(day, self._hours_or_fail(day)[-1].end)

    def _hours_or_fail(self, day: date) -> Hours:
        hours = self.hours(day)
        if not hours:
            raise ValueError(f"{day} is not a working day")
        return hours

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self._walk(day, 1)

    def previous_working_day(self, day: date) -> date:
        """The last working day before `day`."""
        return self._walk(day, -1)

    def working_day_from(self, day: date) -> date:
        """`day` itself, or the first working day after it."""
        return day if self.hours(day) else self.next_working_day(day)

    def _walk(self, day: date, step: int) -> date:
        for _ in range(_WALK_DAYS_MAX):
            day += timedelta(days=step)
            if self.hours(day):
                return day
        raise CalendarInvalid("no working day within reach")

    # Where in working time

    def is_working_time(self, ms: int) -> bool:
        """Whether the instant lies in office hours; both edges of a period belong to it."""
        day = local_date(ms)
        return any(instant(day, p.start) <= ms <= instant(day, p.end) for p in self.hours(day))

    def start_of_work(self, ms: int) -> int:
        """The instant itself in office hours, else the next opening: what is received then is received at that time."""
        ms -= ms % MINUTE_MS
        today = local_date(ms)
        for period in self.hours(today):
            if ms < instant(today, period.end):
                return max(ms, instant(today, period.start))
        return self.opening(self.next_working_day(today))

    def after_break(self, ms: int) -> int:
        """The other name of a lunch-time edge: the end of a period that is not the day's last becomes the next start."""
        day = local_date(ms)
        hours = self.hours(day)
        for period, following in pairwise(hours):
            if ms == instant(day, period.end):
                return instant(day, following.start)
        return ms

    # Moving along working time

    def minutes_between(self, start_ms: int, end_ms: int) -> int:
        """Whole working minutes from one instant to another; negative when the second is earlier."""
        if end_ms < start_ms:
            return -self.minutes_between(end_ms, start_ms)
        first, last = local_date(start_ms), local_date(end_ms)
        if first == last:
            return self._minutes_before(end_ms) - self._minutes_before(start_ms)
        whole = sum(self._length(first + timedelta(days=count)) for count in range(1, (last - first).days))
        return self._length(first) - self._minutes_before(start_ms) + whole + self._minutes_before(end_ms)

    def _length(self, day: date) -> int:
        return sum(period.minutes for period in self.hours(day))

    def _minutes_before(self, ms: int) -> int:
        """Working minutes of the instant's own day that lie before it."""
        now = minute_of_day(ms)
        return sum(max(0, min(now, p.end) - p.start) for p in self.hours(local_date(ms)))

    def add_minutes(self, ms: int, minutes: int) -> int:
        """The instant that many working minutes later (or earlier); closing time wins over the next opening."""
        day = local_date(ms)
        wanted = self._minutes_before(ms) + minutes
        while wanted <= 0:
            day = self.previous_working_day(day)
            wanted += self._length(day)
        while wanted > self._length(day):
            wanted -= self._length(day)
            day = self.next_working_day(day)
        return self._within(day, wanted)

    def _within(self, day: date, wanted: int) -> int:
        """The instant of a working day by which `wanted` (at least one) of its minutes have passed."""
        *earlier, last = self.hours(day)
        for period in earlier:
            if wanted <= period.minutes:
                return instant(day, period.start + wanted)
            wanted -= period.minutes
        return instant(day, last.start + wanted)

    def add_working_days(self, ms: int, days: int) -> int:
        """The same clock hour that many working days after the start of work at `ms`."""
        start = self.start_of_work(ms)
        end = self.add_minutes(start, days * self.working_day_minutes)
        resumed = self.after_break(end)
        return resumed if minute_of_day(resumed) == minute_of_day(start) else end


@cache
def load_default_calendar() -> WorkingCalendar:
    """The calendar shipped with the package, until the province publishes a newer one."""
    return WorkingCalendar.from_data(read_json("calendar.json"))
