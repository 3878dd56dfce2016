"""Compiled shapes: what a check says of values that a record from outside may hold."""

from typing import Any

import pytest

from dossiers.schemas import (
    Choice,
    Code,
    Flag,
    Hex,
    ListOf,
    Members,
    Shape,
    Text,
    Whole,
    compile_check,
    members,
)

CODE = Code(pattern="[a-z]{1,3}")
OBJECT = members(
    {"code": CODE, "count": Whole(least=0, most=9), "due": Whole(least=1, most=5)},
    {"flag": Flag(), "word": Choice(words=frozenset({"a", "b"})), "id": Hex(digits=4)},
    nullable=("due", "id"),
)
GOOD: dict[str, Any] = {"code": "ab", "count": 0, "due": None}
NESTED = members({"inner": OBJECT, "list": ListOf(item=OBJECT, most=2), "words": Text(most=5)})


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"due": 5},
        {"flag": False},
        {"word": "b", "flag": True},
        {"id": None},
        {"id": "00ff", "word": "a", "flag": True},
    ],
)
def test_an_object_of_the_shape_passes(more: dict[str, Any]) -> None:
    assert compile_check(OBJECT)(GOOD | more)


@pytest.mark.parametrize(
    "more",
    [
        {"code": None},
        {"code": "ABC"},
        {"code": "abcd"},
        {"code": 1},
        {"code": ["a"]},
        {"count": True},
        {"count": 1.0},
        {"count": -1},
        {"count": 10},
        {"count": None},
        {"due": 0},
        {"flag": 1},
        {"flag": None},
        {"word": "c"},
        {"word": {"a": 1}},
        {"id": "00FF"},
        {"id": "00ff\n"},
        {"other": 1},
        {"flag": True, "other": None},
    ],
)
def test_an_object_with_one_wrong_member_does_not(more: dict[str, Any]) -> None:
    assert not compile_check(OBJECT)(GOOD | more)


@pytest.mark.parametrize("name", list(GOOD))
def test_no_member_of_an_object_may_be_missing(name: str) -> None:
    """One that may be null has to say so."""
    rest = {key: value for key, value in GOOD.items() if key != name}
    assert not compile_check(OBJECT)(rest)
    assert not compile_check(OBJECT)(rest | {"flag": True})


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, [GOOD]])
def test_only_an_object_is_one(value: object) -> None:
    assert not compile_check(OBJECT)(value)


def test_objects_lie_in_objects() -> None:
    check = compile_check(NESTED)
    assert check({"inner": GOOD, "list": [GOOD, GOOD], "words": "Ạ"})
    assert not check({"inner": GOOD, "list": [GOOD, {**GOOD, "count": 11}], "words": ""})
    assert not check({"inner": {**GOOD, "more": 1}, "list": [], "words": ""})
    assert not check({"inner": GOOD, "list": [GOOD] * 3, "words": ""})


@pytest.mark.parametrize("shape", [members(), members(perhaps={"a b": CODE, "'\"": Flag()})])
def test_whatever_the_members_are_called(shape: Members) -> None:
    check = compile_check(shape)
    assert check({})
    assert check({"a b": "x", "'\"": True}) == bool(shape.perhaps)
    assert not check({"'\"": 1})


@pytest.mark.parametrize("shape", [CODE, Hex(digits=4), OBJECT])
def test_a_check_answers_yes_or_no(shape: Shape) -> None:
    assert compile_check(shape)("zz") in (True, False)
