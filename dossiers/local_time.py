"""Instants and Vietnamese clocks: milliseconds since 1970 in UTC on one side, dates and hours at +07:00 on the other.

The PC's own time zone is never asked. `instant` is the inverse of reading a date and a minute.
"""

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
MINUTE_MS: Final = 60_000


def local(ms: int) -> datetime:
    """The instant on Vietnamese clocks."""
    return datetime.fromtimestamp(ms // 1000, VIETNAM) + timedelta(milliseconds=ms % 1000)


def local_date(ms: int) -> date:
    return local(ms).date()


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
