"""Two dossiers that look like one: what is asked about, and what nobody has to be asked about."""

from dataclasses import replace
from typing import Any

import pytest

from dossiers.conflicts import ConflictKind, settle_by_ms
from dossiers.duplicates import (
    CodeUse,
    DossierKey,
    as_settled,
    duplicate_codes,
    duplicate_dossiers,
    person_number,
)


def dossier(
    number: int, *, person: str = "048", procedure: str = "1.004873", day: int = 20261120, log: int = 0
) -> DossierKey:
    return DossierKey(
        dossier=f"{number:032x}", record=f"{number:064x}", person=person, procedure=procedure, day=day,
        by="0" * 32, at_ms=100 - number, log=f"{log or number:032x}", unit="20242",
    )  # fmt: skip


def test_the_same_person_procedure_and_day_is_asked_about() -> None:
    first, second = dossier(1), dossier(2)
    (found,) = duplicate_dossiers([first, second, dossier(3, person="049"), dossier(4, day=20261121)])
    assert (found.kind, found.side_ids) == (ConflictKind.DUPLICATE_DOSSIER, (first.record, second.record))
    assert found.provisional == second.record
    assert [side.value for side in found.sides] == [first.dossier, second.dossier]
    assert duplicate_dossiers([second, first, second]) == duplicate_dossiers([first, second])
    assert duplicate_dossiers([first, first]) == ()


def test_one_number_on_two_dossiers_is_asked_about() -> None:
    uses = [
        CodeUse(
            dossier=f"{number:032x}", record=f"{number:064x}", code=code, by="0" * 32, at_ms=number, log="0" * 32,
            unit="20242",
        )
        for number, code in ((1, "A"), (2, "A"), (3, "B"))
    ]  # fmt: skip
    (found,) = duplicate_codes(uses)
    assert (found.kind, found.provisional) == (ConflictKind.DUPLICATE_CODE, uses[0].record)
    assert duplicate_codes([uses[0], uses[2]]) == ()


def test_two_from_one_log_were_asked_about_at_the_desk() -> None:
    assert duplicate_dossiers([dossier(1, log=9), dossier(2, log=9)]) == ()
    (found,) = duplicate_dossiers([dossier(1, log=9), dossier(2, log=9), dossier(3)])
    assert len(found.sides) == 3


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [
        ({"seq": 9}, {"seq": 5, "branch": "b", "base": 5}, True),  # after the disk was copied
        ({"seq": 4}, {"seq": 7, "branch": "b", "base": 5}, False),  # what the copy holds, too: its desk asked
        ({"seq": 5}, {"seq": 5, "branch": "b", "base": 5}, True),
        ({"seq": 6, "branch": "b", "base": 5}, {"seq": 7, "branch": "b", "base": 5}, False),
        ({"seq": 6, "branch": "b", "base": 5}, {"seq": 9, "branch": "c", "base": 8}, True),
    ],
)
def test_two_pcs_from_one_disk_did_not_know_of_each_other(
    one: dict[str, Any], other: dict[str, Any], is_found: bool
) -> None:
    keys = [replace(dossier(1, log=9), **one), replace(dossier(2, log=9), **other)]
    assert bool(duplicate_dossiers(keys)) == bool(duplicate_dossiers(keys[::-1])) == is_found


def test_a_third_dossier_is_another_question() -> None:
    (two,), (three,) = (duplicate_dossiers([dossier(n) for n in numbers]) for numbers in ((1, 2), (1, 2, 3)))
    assert as_settled(two, {two.id: "f" * 64}).settled_by == "f" * 64
    assert as_settled(three, {two.id: "f" * 64}).settled_by is None


def test_it_has_an_owner_and_a_day_by_which_to_settle_it() -> None:
    (found,) = duplicate_dossiers([dossier(1), dossier(2)])
    assert (found.unit, settle_by_ms(found) - found.since_ms) == ("20242", 3 * 86_400_000)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("048099001234", "048099001234"),
        ("201234567", None),
        ("04809900123a", None),
        ("\u0660" * 12, None),
        (None, None),
    ],
)
def test_only_twelve_digits_name_a_person(text: str | None, person: str | None) -> None:
    assert person_number(text) == person
