"""The hash tree against RFC 6962's own definition, written here as recursion over a list of leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from signing import reasons
from signing.errors import LogInvalid
from signing.tlog import merkle
from signing.tlog.merkle import Edge, Node

LEAVES = [merkle.leaf_hash(b"leaf %d" % number) for number in range(70)]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def stored(leaves: Sequence[bytes]) -> dict[Node, bytes]:
    return dict(Edge().append(leaves)[1])


def proof_for(index: int, size: int) -> list[bytes]:
    nodes = stored(LEAVES[:size])
    return merkle.inclusion_proof(index, size, lambda asked: [nodes[node] for node in asked])


def step(old: int, new: int) -> list[bytes]:
    nodes = stored(LEAVES[:new])
    return merkle.consistency_proof(old, new, lambda asked: [nodes[node] for node in asked])


def test_the_root_is_the_one_of_the_rfc_however_the_leaves_came() -> None:
    edge = Edge()
    for size in range(len(LEAVES)):
        assert edge.root == root_of(LEAVES[:size])
        assert Edge().append(LEAVES[:size])[0] == edge
        edge = edge.append(LEAVES[size : size + 1])[0]


def test_the_edge_can_be_read_back_from_stored_nodes() -> None:
    nodes = stored(LEAVES)
    for size in range(len(LEAVES) + 1):
        assert (
            merkle.read_edge(size, lambda asked: [nodes[node] for node in asked])
            == Edge().append(LEAVES[:size])[0]
        )


def test_every_leaf_of_every_size_is_proven() -> None:
    for size in range(1, len(LEAVES)):
        root = root_of(LEAVES[:size])
        for index in range(size):
            merkle.verify_inclusion(LEAVES[index], index, size, proof_for(index, size), root)


def test_every_size_is_proven_to_begin_every_larger_one() -> None:
    for new in range(1, 40):
        for old in range(1, new + 1):
            proof = step(old, new)
            merkle.verify_consistency(old, root_of(LEAVES[:old]), new, root_of(LEAVES[:new]), proof)


def test_a_changed_proof_leaf_place_or_root_is_refused() -> None:
    proof, root = proof_for(11, 23), root_of(LEAVES[:23])
    spoiled = [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]
    for leaf, index, size, path, against in [
        (LEAVES[11], 11, 23, spoiled, root),
        (LEAVES[12], 11, 23, proof, root),
        (LEAVES[11], 12, 23, proof, root),
        (LEAVES[11], 11, 12, proof, root),
        (LEAVES[11], 11, 23, proof[:-1], root),
        (LEAVES[11], 11, 23, [*proof, proof[0]], root),
        (LEAVES[11], 11, 23, proof, LEAVES[0]),
        (LEAVES[11], -1, 23, proof, root),
        (LEAVES[11], 11, 2**60, proof, root),
        (LEAVES[11][:31], 11, 23, proof, root),
        (LEAVES[11], 11, 23, [proof[0] * 2, *proof[1:]], root),
        (LEAVES[11], 11, 23, proof * 20, root),
    ]:
        with pytest.raises(LogInvalid) as refused:
            merkle.verify_inclusion(leaf, index, size, path, against)
        assert refused.value.reason is reasons.LOG_PROOF


def test_a_rewritten_history_has_no_consistency_proof() -> None:
    other = [*LEAVES[:5], merkle.leaf_hash(b"another"), *LEAVES[6:30]]
    nodes = stored(other)
    proof = merkle.consistency_proof(20, 30, lambda asked: [nodes[node] for node in asked])
    with pytest.raises(LogInvalid):
        merkle.verify_consistency(20, root_of(LEAVES[:20]), 30, root_of(other), proof)
    merkle.verify_consistency(20, root_of(other[:20]), 30, root_of(other), proof)


def test_nothing_is_proven_from_an_empty_tree() -> None:
    assert step(0, 5) == []
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 0, merkle.EMPTY_ROOT, [])
    with pytest.raises(LogInvalid):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, root_of(LEAVES[:5]), [])
    with pytest.raises(LogInvalid):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 0, LEAVES[0], [])


@pytest.mark.parametrize(("old", "new"), [(5, 4), (-1, 4), (0, 2**60)])
def test_sizes_out_of_order_or_out_of_range_are_refused(old: int, new: int) -> None:
    with pytest.raises(LogInvalid):
        merkle.verify_consistency(old, LEAVES[0], new, LEAVES[0], [])
    with pytest.raises(ValueError, match="no tree"):
        merkle.consistency_proof(old, new, lambda asked: [])


def test_our_own_mistakes_are_value_errors() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(3, 3, lambda asked: [])
    with pytest.raises(ValueError, match="no edge"):
        Edge(3, (LEAVES[0],))


def test_a_subtree_that_is_none_is_refused() -> None:
    with pytest.raises(LogInvalid):
        merkle.verify_subtree(3, 5, LEAVES[0], 9, LEAVES[1], [])
    with pytest.raises(LogInvalid):
        merkle.verify_subtree(0, 3, LEAVES[0], 9, LEAVES[1], [])
    merkle.verify_subtree(4, 4, merkle.EMPTY_ROOT, 9, LEAVES[1], [])


def test_consecutive_leaves_are_proven_together() -> None:
    nodes = stored(LEAVES[:45])
    root = root_of(LEAVES[:45])
    for first in range(45):
        for stop in range(first + 1, 46):
            proof = merkle.range_proof(first, stop, 45, lambda asked: [nodes[node] for node in asked])
            merkle.verify_range(LEAVES[first:stop], first, 45, proof, root)


def test_other_leaves_places_sizes_or_hashes_are_no_range() -> None:
    nodes = stored(LEAVES[:45])
    root = root_of(LEAVES[:45])
    proof = merkle.range_proof(10, 20, 45, lambda asked: [nodes[node] for node in asked])
    for leaves, first, size, hashes in [
        ([*LEAVES[10:19], LEAVES[21]], 10, 45, proof),
        (LEAVES[10:19], 10, 45, proof),
        (LEAVES[10:20], 11, 45, proof),
        (LEAVES[10:20], 10, 44, proof),
        (LEAVES[10:20], 10, 45, proof[:-1]),
        (LEAVES[10:20], 10, 45, [*proof[:-1], proof[0]]),
        (LEAVES[10:20], 10, 45, [*proof[:-1], b"short"]),
        (LEAVES[10:20], 10, 45, proof * 30),
        ([], 10, 45, proof),
        (LEAVES[10:20], 40, 45, proof),
        ([b"short", *LEAVES[11:20]], 10, 45, proof),
    ]:
        with pytest.raises(LogInvalid):
            merkle.verify_range(leaves, first, size, hashes, root)
    with pytest.raises(ValueError, match="no leaves"):
        merkle.range_proof(5, 5, 45, lambda asked: [])
