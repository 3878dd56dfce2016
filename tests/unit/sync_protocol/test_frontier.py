"""Frontiers: a count and a head tell apart what a count alone cannot."""

import pytest

from sync_protocol.frontier import Frontier, FrontierEntry, Relation, length_of, relate, same_head

A, B, C = "a" * 64, "b" * 64, "c" * 64
LOG = "1" * 32


def entry(length: int, head: str) -> FrontierEntry:
    return FrontierEntry(log=LOG, length=length, head=head)


@pytest.mark.parametrize(
    ("mine", "theirs", "links", "relation"),
    [
        (None, None, {}, Relation.EQUAL),
        (None, entry(3, A), {}, Relation.BEHIND),
        (entry(3, A), None, {}, Relation.AHEAD),
        (entry(3, A), entry(3, A), {}, Relation.EQUAL),
        (entry(3, A), entry(3, A[:32]), {}, Relation.EQUAL),
        (entry(3, A), entry(3, B), {}, Relation.FORKED),
        (entry(3, A), entry(5, B), {}, Relation.BEHIND),
        (entry(5, B), entry(3, A), {3: A}, Relation.AHEAD),
        (entry(5, B), entry(3, A), {3: C}, Relation.FORKED),
        (entry(5, B), entry(3, A), {}, Relation.UNKNOWN),
        (entry(0, ""), entry(0, ""), {}, Relation.EQUAL),
    ],
)
def test_relations(
    mine: FrontierEntry | None, theirs: FrontierEntry | None, links: dict[int, str], relation: Relation
) -> None:
    assert relate(mine, theirs, link_at=links) is relation


def test_equal_counts_with_different_heads_have_different_digests() -> None:
    """A PC restored from an old disk reuses its numbers: counters alone would call both sides equal."""
    assert Frontier([entry(3, A)]).digest() != Frontier([entry(3, B)]).digest()
    assert Frontier([entry(3, A)]).digest() == Frontier([entry(3, A)]).digest()


def test_lengths_and_short_heads() -> None:
    frontier = Frontier([entry(3, A)])
    assert (length_of(frontier, LOG), length_of(frontier, "2" * 32), len(frontier)) == (3, 0, 1)
    assert same_head(A, A[:32])
    assert not same_head(A, A[:30]), "a prefix too short proves nothing"
