"""Which version two programs speak with each other, and what one says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.versions import (
    BEFORE_RANGES,
    CAPABILITIES_MAX,
    NO_VERSIONS_MARK,
    SPOKEN,
    Versions,
    as_members,
    from_members,
    is_well_formed,
    pack_versions,
    unpack_versions,
    versions_mark,
    versions_to_tell,
)

ranges = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(
    lambda pair: Versions(lowest=min(pair), highest=max(pair))
)


@given(ranges, ranges)
def test_two_programs_use_the_highest_version_that_both_speak(ours: Versions, theirs: Versions) -> None:
    both = [each for each in range(1, 10) if ours.speaks(each) and theirs.speaks(each)]
    assert ours.common(theirs) == theirs.common(ours) == (max(both) if both else None)


@pytest.mark.parametrize(
    ("ours", "theirs", "by_line", "by_stick"),
    [
        ((1, 3), None, 3, 1),
        ((1, 3), (1, 2), 2, 2),
        ((2, 3), (1, 1), 2, 2),
        ((1, 3), (5, 6), 3, 3),
        ((1, 1), (1, 4), 1, 1),
    ],
)
def test_whoever_is_not_known_is_asked_in_the_highest_by_line_and_in_the_oldest_by_stick(
    ours: tuple[int, int], theirs: tuple[int, int] | None, by_line: int, by_stick: int
) -> None:
    speaks = Versions(lowest=ours[0], highest=ours[1])
    other = Versions(lowest=theirs[0], highest=theirs[1]) if theirs else None
    assert speaks.to_ask_in(other) == by_line
    assert speaks.to_ask_in(other, is_answered=False) == by_stick


def test_what_a_program_says_of_itself_comes_through() -> None:
    said = Versions(lowest=2, highest=7, capabilities=["files", "word-of-later"])
    assert from_members(as_members(said)) == unpack_versions(pack_versions(said)) == said
    assert said.can("files") and not said.can("relay")
    assert from_members({"versions": [1, 1]}) == Versions(lowest=1, highest=1)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"versions": 1},
        {"versions": [1]},
        {"versions": [2, 1]},
        {"versions": [0, 1]},
        {"versions": ["1", 2]},
        {"versions": [1, 2**40]},
        {"versions": [1, 1], "capabilities": "files"},
        {"versions": [1, 1], "capabilities": ["Files"]},
        {"versions": [1, 1], "capabilities": ["a" * 33]},
        {"versions": [1, 1], "capabilities": ["w"] * (CAPABILITIES_MAX + 1)},
    ],
)
def test_what_is_no_range_says_nothing(members: dict[str, object]) -> None:
    assert from_members(members) is None


def test_bytes_that_are_no_range_say_nothing() -> None:
    assert unpack_versions(b"") is unpack_versions(b"\xff") is None
    assert unpack_versions(pack_versions(Versions(lowest=3, highest=2))) is None


def test_an_answer_says_it_only_to_whoever_asks_and_holds_something_else() -> None:
    assert versions_to_tell(SPOKEN, b"") is None
    assert versions_to_tell(SPOKEN, NO_VERSIONS_MARK) == SPOKEN
    assert versions_to_tell(SPOKEN, versions_mark(SPOKEN)) is None
    assert versions_to_tell(SPOKEN, versions_mark(BEFORE_RANGES)) in (None, SPOKEN)
    assert versions_mark(None) == NO_VERSIONS_MARK


def test_what_this_program_speaks_is_a_range() -> None:
    assert is_well_formed(SPOKEN) and is_well_formed(BEFORE_RANGES)
    assert SPOKEN.capabilities == sorted(SPOKEN.capabilities)
