"""Instants to Vietnamese days, remembered: thousands of records share a few days."""

from functools import lru_cache

from dossiers.local_time import local_date, to_yyyymmdd

_OFFSET_MS = 7 * 60 * 60 * 1000
_DAY_MS = 24 * 60 * 60 * 1000


def day_of(ms: int) -> int:
    """The day of an instant, as yyyymmdd."""
    return _day((ms + _OFFSET_MS) // _DAY_MS)


def day_after(ms: int) -> int:
    """The day after that of an instant."""
    return _day((ms + _OFFSET_MS) // _DAY_MS + 1)


@lru_cache(maxsize=8_192)
def _day(number: int) -> int:
    return to_yyyymmdd(local_date(number * _DAY_MS))
