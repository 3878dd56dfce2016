"""The people of the demo: believable in shape, the same for the same seed, and nobody real."""

import re
from datetime import date
from random import Random

import pytest

from demo.people import make_id_number, make_person, make_person_born
from dossiers.units import load_default_units

TODAY = date(2025, 2, 10)
COMMUNES = load_default_units().communes


def test_the_same_seed_gives_the_same_people() -> None:
    first, again = ([make_person(Random(7), unit, today=TODAY) for unit in COMMUNES] for _ in range(2))
    assert first == again


def test_a_grown_up_is_grown_up() -> None:
    rng = Random(1)
    ages = [(TODAY - make_person(rng, COMMUNES[0], today=TODAY).birth).days / 365.25 for _ in range(500)]
    assert 18 <= min(ages) < 21
    assert 75 < max(ages) <= 83


@pytest.mark.parametrize(
    ("birth", "is_woman", "digit"),
    [(date(1975, 5, 1), False, "0"), (date(1975, 5, 1), True, "1"), (date(2004, 5, 1), False, "2"), (date(2004, 5, 1), True, "3")],
)  # fmt: skip
def test_the_fourth_digit_says_century_and_sex(birth: date, is_woman: bool, digit: str) -> None:
    number = make_id_number(Random(1), birth=birth, is_woman=is_woman)
    assert number[3] == digit
    assert number[4:6] == f"{birth.year % 100:02d}"


def test_no_number_can_be_anybodys() -> None:
    rng = Random(2)
    for _ in range(300):
        person = make_person_born(rng, rng.choice(COMMUNES), birth=date(1990, 1, 1))
        assert re.fullmatch(r"0\d{5}9\d{5}", person.id_number)
        assert re.fullmatch(r"095\d{7}", person.phone)


def test_an_address_names_the_commune() -> None:
    for unit in COMMUNES:
        person = make_person(Random(3), unit, today=TODAY)
        assert person.address.endswith(f"{unit.name}, thành phố Đà Nẵng")
