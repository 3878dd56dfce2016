"""What people type at the door of every form."""

import pytest
from flask import Flask
from flask_babel import Babel

from dossiers.local_time import instant
from edge_node.entry import Entry, read_day


@pytest.fixture(autouse=True)
def _language() -> object:
    app = Flask(__name__)
    Babel(app, default_locale="vi")
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("05/02/1992", 19920205),
        ("5/2/1992", 19920205),
        ("05021992", 19920205),
        ("5-2-1992", 19920205),
        ("", None),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, day: int | None) -> None:
    entry = Entry({"d": typed})
    assert entry.day("d") == day and not entry.errors


@pytest.mark.parametrize(
    "typed", ["31/02/2026", "1992-02-05", "hôm qua", "05/02/92", "00/00/0000", "05/02/1899", "31/12/9999"]
)
def test_what_is_no_day_is_named(typed: str) -> None:
    entry = Entry({"d": typed})
    assert entry.day("d") is None and "d" in entry.errors
    assert read_day(typed) is None


def test_a_moment_has_a_day_and_perhaps_an_hour() -> None:
    assert Entry({"m": "23/11/2026"}).moment("m", default_minutes=17 * 60) == instant(
        read_day("23/11/2026"), 1020
    )  # type: ignore[arg-type]
    assert Entry({"m": "23/11/2026", "m.time": "8h30"}).moment("m", default_minutes=0) == instant(
        read_day("23/11/2026"), 510
    )  # type: ignore[arg-type]
    entry = Entry({"m": "23/11/2026", "m.time": "25:00"})
    entry.moment("m", default_minutes=0)
    assert "m.time" in entry.errors


def test_limits_are_said_with_dots_between_thousands() -> None:
    entry = Entry({"n": "20000", "t": "á" * 4_001})
    entry.whole("n", most=10_000)
    entry.text("t", most=4_000)
    assert "10.000" in entry.errors["n"]
    assert "4.000" in entry.errors["t"] and "4.001" in entry.errors["t"]


@pytest.mark.parametrize(("typed", "amount"), [("8.000", 8000), ("8,000 đ", 8000), ("8 000", 8000), ("", 0)])
def test_money_is_read_with_its_dots(typed: str, amount: int) -> None:
    entry = Entry({"a": typed})
    assert entry.money("a") == amount and not entry.errors


@pytest.mark.parametrize("typed", ["-5", "1e9", "mười", "9" * 14, "٣"])
def test_what_is_no_amount_is_named(typed: str) -> None:
    entry = Entry({"a": typed})
    assert entry.money("a") == 0 and "a" in entry.errors


@pytest.mark.parametrize("typed", ["048192007735", "0481 9200 7735", "b1234567", "201234567"])
def test_identity_numbers_old_and_new(typed: str) -> None:
    entry = Entry({"i": typed})
    assert entry.id_number("i") == typed.replace(" ", "").upper() and not entry.errors


@pytest.mark.parametrize("typed", ["123", "0481920077351", "abc", "048192OO7735"])
def test_what_is_no_identity_number_is_named(typed: str) -> None:
    entry = Entry({"i": typed})
    entry.id_number("i")
    assert "i" in entry.errors


def test_text_is_composed_and_free_of_invisible_characters() -> None:
    entry = Entry({"t": "  Hu\u0065\u0302\u0301\u202e  \x00 Đà\tNẵng ", "l": "một \r\n hai\u200b\n"})
    assert entry.line("t") == "Huế Đà Nẵng"
    assert entry.text("l") == "một\n hai"


def test_the_first_mistake_of_a_field_stays_and_lengths_are_bounded() -> None:
    entry = Entry({"n": "x" * 501, "c": "9"})
    entry.line("n")
    entry.fail("n", "another")
    assert "501" in entry.errors["n"]
    assert entry.choice("c", ("1", "2")) == "" and "c" in entry.errors
    assert entry.rejected is not None and list(entry.rejected.errors) == ["n", "c"]


@pytest.mark.parametrize(
    "typed", ["0" * 15 + "9" * 30, "0" * 15 + "9" * 5_000, "1" * 5_000, "1000", "²", "٣", "-1"]
)
def test_a_number_behind_many_zeros_is_no_way_around_its_bound(typed: str) -> None:
    """Only the first fifteen digits were compared, and five thousand of them were a fault."""
    entry = Entry({"n": typed})
    assert entry.whole("n", most=999) == 0 and "n" in entry.errors


def test_zeros_in_front_count_for_nothing() -> None:
    assert Entry({"n": "0" * 40 + "12"}).whole("n", most=999) == 12
    assert Entry({"n": "000"}).whole("n", most=999) == 0
