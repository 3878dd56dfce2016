"""Which unit holds what, after communes were merged, split, moved and renamed."""

from itertools import permutations

import pytest

from dossiers.genealogy import (
    ALWAYS,
    NEVER,
    NOTHING,
    Allotment,
    Change,
    Event,
    Genealogy,
    Reorganisation,
    Tenure,
)
from dossiers.kinds import check_body, check_facts, roles_for
from signing.roles import Role

A, B, N, S, T = "20194", "20195", "20900", "20901", "20902"
PC, OTHER_PC = "1" * 32, "2" * 32
DOSSIER = "d" * 32


def reorganised(
    number: int, day: int, *changes: tuple[str, str], devices: dict[str, str] | None = None, **names: str
) -> Reorganisation:
    return Reorganisation(
        record=f"{number:064x}",
        form="merge",
        effective=day,
        at=(number, 0),
        changes=tuple(Change(old=old, new=new, devices=devices or {}) for old, new in changes),
        names={code.removeprefix("u"): name for code, name in names.items()},
    )


def allotted(number: int, day: int, old: str, new: str, *dossiers: str) -> Allotment:
    return Allotment(
        record=f"{number:064x}", effective=day, at=(number, 0), old=old, new=new, dossiers=frozenset(dossiers)
    )


def test_where_nothing_was_reorganised_everything_stays() -> None:
    assert NOTHING.is_empty
    assert NOTHING.tenures(A) == (Tenure(A, ALWAYS, NEVER),)
    assert NOTHING.scope(A) == {A}
    assert NOTHING.succession == {}


def test_merged_units_serve_the_new_one_from_the_day_on() -> None:
    genealogy = Genealogy([reorganised(1, 20260701, (A, N), (B, N))])
    assert genealogy.tenures(A) == (Tenure(A, ALWAYS, 20260701), Tenure(N, 20260701, NEVER))
    assert [genealogy.unit_at(B, day) for day in (20260630, 20260701)] == [B, N]
    assert genealogy.scope(N) == {A, B, N}
    assert genealogy.scope(A) == {A}
    assert genealogy.ended_at(20260701) == {A, B}
    assert genealogy.ended_at(20260630) == frozenset()
    assert genealogy.succession[A] == {N}
    assert genealogy.is_of_one_line(A, N)
    assert not genealogy.is_of_one_line(A, B)


def test_a_split_follows_the_pc_that_received_the_dossier_else_the_general_successor() -> None:
    genealogy = Genealogy([reorganised(1, 20260701, (A, S), devices={PC: T})])
    assert genealogy.last_unit(A, device=PC) == T
    assert genealogy.last_unit(A, device=OTHER_PC) == S
    assert genealogy.last_unit(A) == S
    assert genealogy.heirs(A) == {S, T}


def test_an_allotment_is_stronger_than_the_rule_and_the_later_one_counts() -> None:
    split = reorganised(1, 20260701, (A, S), devices={PC: T})
    first, second = allotted(2, 20260701, A, T, DOSSIER), allotted(3, 20260715, A, S, DOSSIER)
    assert Genealogy([split, first]).tenures(A, dossier=DOSSIER) == (
        Tenure(A, ALWAYS, 20260701),
        Tenure(T, 20260701, NEVER),
    )
    again = Genealogy([second, split, first]).tenures(A, device=PC, dossier=DOSSIER)
    assert [tenure.unit for tenure in again] == [A, T, S]


def test_a_part_moves_and_the_rest_stays() -> None:
    genealogy = Genealogy([reorganised(1, 20260701, (A, A)), allotted(2, 20260701, A, B, DOSSIER)])
    assert genealogy.last_unit(A) == A
    assert genealogy.last_unit(A, dossier=DOSSIER) == B
    assert genealogy.ended_at(20261231) == frozenset()
    assert genealogy.scope(B) == {A, B}
    assert genealogy.scope(A) == {A}


def test_units_follow_each_other_over_several_reorganisations() -> None:
    genealogy = Genealogy([reorganised(2, 20270101, (N, S)), reorganised(1, 20260701, (A, N), (B, N))])
    assert [tenure.unit for tenure in genealogy.tenures(A)] == [A, N, S]
    assert genealogy.scope(S) == {A, B, N, S}
    assert genealogy.succession[B] == {N, S}
    assert genealogy.succession[S] == {A, B, N}


def test_names_change_with_the_day_and_a_new_unit_has_its_name_at_once() -> None:
    events = [
        reorganised(1, 20260701, (A, A), u20194="Phường Mới"),
        reorganised(2, 20260701, (B, N), u20900="Xã Hợp"),
    ]
    genealogy = Genealogy(events)
    assert genealogy.name_at(A, 20260630) is None
    assert genealogy.name_at(A, 20260701) == "Phường Mới"
    assert genealogy.name_at(N, 20260101) == "Xã Hợp"
    assert genealogy.name_at(B, 20260701) is None


def test_any_order_and_any_repetition_of_the_records_say_the_same() -> None:
    events: list[Event] = [
        reorganised(1, 20260701, (A, N), (B, N)),
        allotted(2, 20260701, N, T, DOSSIER),
        reorganised(3, 20260701, (T, S)),
        reorganised(4, 20270101, (N, S), devices={PC: T}),
    ]
    wanted = Genealogy(events).tenures(A, device=PC, dossier=DOSSIER)
    for order in permutations(events):
        genealogy = NOTHING
        for event in (*order, order[0]):
            genealogy = genealogy.with_event(event)
        assert genealogy.tenures(A, device=PC, dossier=DOSSIER) == wanted
        assert genealogy.succession == Genealogy(events).succession


@pytest.mark.parametrize("kind", ["unit.reorganised", "unit.allotted"])
def test_only_an_administrator_of_the_province_says_it(kind: str) -> None:
    assert roles_for(kind, {}) == {Role.ADMINISTRATOR}


def test_the_number_of_the_resolution_is_in_the_body_and_no_text_in_the_facts() -> None:
    facts = {"form": "merge", "effective": 20260701, "changes": [{"from": A, "to": N, "devices": []}]}
    body = {"number": "1659/NQ-UBTVQH15", "date": 20260616, "units": {N: "Phường Hợp Nhất"}}
    assert check_facts("unit.reorganised", facts) is None
    assert check_body("unit.reorganised", facts, body) is None
    assert check_facts("unit.reorganised", {**facts, "number": "1659"}) is not None
    assert check_body("unit.reorganised", facts, None) is not None
    assert check_body("unit.reorganised", facts, {**body, "number": ""}) is not None
