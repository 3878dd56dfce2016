"""Instants and Vietnamese clocks: milliseconds since 1970 in UTC on one side, dates and hours at +07:00 on the other.

The PC's own time zone is never asked. `instant` is the inverse of reading a date and a minute.
"""

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * 60 * MINUTE_MS
_AHEAD_MS: Final = 7 * 60 * MINUTE_MS
_FIRST_DATE: Final = date(1970, 1, 1)
_DATES_REMEMBERED: Final = 4096
_FIRST_MS: Final = -2_208_988_800_000
_LAST_MS: Final = 7_258_118_400_000
"""1900 and 2200. Signed records may state any instant (a broken clock did), and every one of them must be shown, counted
and judged: what lies beyond reads as the nearest of the two."""


def shown(ms: int) -> int:
    """The instant as calendars can hold it."""
    return min(max(ms, _FIRST_MS), _LAST_MS)


def local(ms: int) -> datetime:
    """The instant on Vietnamese clocks."""
    ms = shown(ms)
    return datetime.fromtimestamp(ms // 1000, VIETNAM) + timedelta(milliseconds=ms % 1000)


def local_date(ms: int) -> date:
    return _date_of((shown(ms) + _AHEAD_MS) // _DAY_MS)


@lru_cache(_DATES_REMEMBERED)
def _date_of(day: int) -> date:
    return _FIRST_DATE + timedelta(days=day)


def instant(day: date, minutes: int = 0) -> int:
    """The instant `minutes` after midnight of a Vietnamese day."""
    return int(datetime.combine(day, time(), VIETNAM).timestamp()) * 1000 + minutes * MINUTE_MS


def minute_of_day(ms: int) -> int:
    moment = local(ms)
    return moment.hour * 60 + moment.minute


def to_yyyymmdd(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def from_yyyymmdd(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)
