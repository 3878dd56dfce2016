"""What people read: every format once in each language, and the edges where a digit or a day could slip."""

from datetime import date
from fractions import Fraction

import pytest

from dossiers import presentation
from dossiers.presentation import DueTone

HOUR = 3_600_000
DAY = 24 * HOUR
# 10:42 on Sunday 22 November 2026 in Da Nang.
NOW = 1_795_318_920_000


def test_dates_are_written_day_first_from_dates_and_from_instants() -> None:
    assert presentation.fmt_date(20261122) == "22/11/2026"
    assert presentation.fmt_date(NOW) == "22/11/2026"
    assert presentation.fmt_date(date(2026, 11, 2)) == "02/11/2026"
    assert presentation.fmt_date(None) == "–"


def test_an_instant_is_shown_in_vietnam_time_even_across_midnight_utc() -> None:
    half_past_midnight = NOW - 10 * HOUR - 12 * 60_000
    assert presentation.fmt_datetime(half_past_midnight) == "00:30 22/11/2026"
    assert presentation.fmt_date(half_past_midnight) == "22/11/2026"


@pytest.mark.parametrize(
    ("value", "digits", "vi", "en"),
    [
        (32548, 0, "32.548", "32,548"),
        (0, 0, "0", "0"),
        (-1234567, 0, "−1.234.567", "−1,234,567"),
        (Fraction(5, 2), 0, "3", "3"),
        (Fraction(-1, 1000), 1, "0,0", "0.0"),
        (1234.5, 1, "1.234,5", "1,234.5"),
    ],
)
def test_numbers(value: float, digits: int, vi: str, en: str) -> None:
    assert presentation.fmt_number(value, "vi", digits) == vi
    assert presentation.fmt_number(value, "en", digits) == en


def test_percentages_round_half_up_and_never_divide_by_nothing() -> None:
    assert presentation.fmt_percent(Fraction(31747, 32548)) == "97,54\u00a0%"
    assert presentation.fmt_percent(Fraction(31747, 32548), "en") == "97.54\u00a0%"
    assert presentation.fmt_percent(0.12345) == "12,35\u00a0%"
    assert presentation.fmt_percent(Fraction(1), digits=0) == "100\u00a0%"
    assert presentation.fmt_percent(None) == "–"


def test_money_and_sizes() -> None:
    assert presentation.fmt_money(8000) == "8.000\u00a0đ"
    assert presentation.fmt_money(8000, "en") == "8,000\u00a0đ"
    assert presentation.fmt_bytes(999) == "999\u00a0B"
    assert presentation.fmt_bytes(1_440_000) == "1,4\u00a0MB"


def test_recent_moments_have_words() -> None:
    assert presentation.fmt_when(NOW, NOW) == "10:42 hôm nay"
    assert presentation.fmt_when(NOW - DAY, NOW, "en") == "10:42 yesterday"
    assert presentation.fmt_when(NOW - 3 * DAY, NOW) == "10:42 19/11/2026"
    assert presentation.fmt_when(None, NOW) == "–"


@pytest.mark.parametrize(
    ("span", "vi", "en"),
    [
        (2 * DAY + 5 * HOUR, "2 ngày", "2 days"),
        (HOUR, "1 giờ", "1 hour"),
        (59_999, "59 giây", "59 seconds"),
        (-5, "0 giây", "0 seconds"),
    ],
)
def test_spans_use_the_largest_whole_unit(span: int, vi: str, en: str) -> None:
    assert presentation.fmt_span(span, "vi") == vi
    assert presentation.fmt_span(span, "en") == en


def test_identity_numbers_are_masked_and_short_ones_more_so() -> None:
    assert presentation.mask_id("048201001234") == "0482••••1234"
    assert presentation.mask_id("201512345") == "••••45"
    assert presentation.mask_id("") == "–"


@pytest.mark.parametrize(
    ("due", "tone", "text"),
    [
        (None, DueTone.NONE, "Không hẹn ngày"),
        (NOW - 3 * DAY, DueTone.OVERDUE, "Quá hạn 3 ngày"),
        (NOW, DueTone.SOON, "Hôm nay 10:42"),
        (NOW + DAY, DueTone.SOON, "Ngày mai 10:42"),
        (NOW + DAY + HOUR, DueTone.LATER, "Ngày mai 11:42"),
        (NOW + 4 * DAY, DueTone.LATER, "Còn 4 ngày"),
    ],
)
def test_a_due_date_seen_from_now(due: int | None, tone: DueTone, text: str) -> None:
    seen = presentation.relative_due(due, NOW)
    assert (seen.tone, seen.text) == (tone, text)


def test_filters_ask_for_the_language_at_each_use() -> None:
    language = ["vi"]
    filters = presentation.jinja_filters(lambda: language[0])
    assert filters["fmt_number"](1000) == "1.000"
    language[0] = "en"
    assert filters["fmt_number"](1000) == "1,000"
    assert filters["mask_id"]("048201001234") == "0482••••1234"
