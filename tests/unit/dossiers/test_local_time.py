"""Instants that no calendar holds still read as a date: somebody's broken clock must not stop the judge."""

from datetime import date, timedelta

import pytest

from dossiers.local_time import instant, local, local_date, minute_of_day


@pytest.mark.parametrize("ms", [2**53 - 1, 2**54, 253_402_300_800_000, -(2**53) + 1, -(2**54)])
def test_an_instant_beyond_every_calendar_reads_as_the_nearest_there_is(ms: int) -> None:
    found = local_date(ms)
    assert found == (date(2200, 1, 1) if ms > 0 else date(1900, 1, 1))
    assert found + timedelta(days=365) and minute_of_day(ms) >= 0


def test_an_instant_within_reads_as_it_is() -> None:
    assert instant(date(2026, 11, 20), 605) == instant(date(2026, 11, 20)) + 605 * 60_000
    assert local(instant(date(2026, 11, 20), 605)).isoformat() == "2026-11-20T10:05:00+07:00"
