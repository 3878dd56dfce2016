"""The transparency log: proofs always hold where they should, and hostile bytes are refused, never a crash."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from signing.errors import LogInvalid
from signing.tlog import merkle
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import Edge
from signing.tlog.note import Note, VerifierKey
from signing.tlog.policy import Policy
from signing.tlog.proof import TlogProof
from signing.tlog.tiles import Tile, decode_entries

HASHES = [merkle.leaf_hash(b"%d" % number) for number in range(600)]
NODES = dict(Edge().append(HASHES)[1])
BYTES = st.binary(max_size=32)


def read(asked: object) -> list[bytes]:
    return [NODES[node] for node in asked]  # type: ignore[attr-defined]


@given(st.lists(st.integers(0, 40), max_size=12))
def test_appending_in_parts_is_appending_at_once(parts: list[int]) -> None:
    edge, at = Edge(), 0
    for part in parts:
        edge = edge.append(HASHES[at : at + part])[0]
        at += part
    assert edge == Edge().append(HASHES[:at])[0]


@given(st.integers(1, 600), st.data())
def test_every_proof_holds_for_its_leaf_and_no_other_place(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    root = Edge().append(HASHES[:size])[0].root
    proof = merkle.inclusion_proof(index, size, read)
    merkle.verify_inclusion(HASHES[index], index, size, proof, root)
    if other != index:
        with contextlib.suppress(LogInvalid):
            merkle.verify_inclusion(HASHES[index], other, size, proof, root)
            raise AssertionError("one leaf in two places")


@given(st.integers(1, 600), st.data())
def test_a_range_and_its_proof_give_every_leaf_its_own_path(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(first + 1, size))
    proof = merkle.range_proof(first, stop, size, read)
    path = merkle.inclusions_in_range(HASHES[first:stop], first, size, proof)
    index = data.draw(st.integers(first, stop - 1))
    assert path(index) == merkle.inclusion_proof(index, size, read)
    for outside in (first - 1, stop):
        with contextlib.suppress(ValueError):
            path(outside)
            raise AssertionError("a path for a leaf that is not there")


@given(st.integers(1, 600), st.data())
def test_every_two_sizes_of_one_history_are_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, read)
    roots = [Edge().append(HASHES[:size])[0].root for size in (old, new)]
    merkle.verify_consistency(old, roots[0], new, roots[1], proof)
    if proof:
        place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        spoiled = (int.from_bytes(proof[place], "big") ^ 1 << bit).to_bytes(32, "big")
        with contextlib.suppress(LogInvalid):
            merkle.verify_consistency(
                old, roots[0], new, roots[1], [*proof[:place], spoiled, *proof[place + 1 :]]
            )
            raise AssertionError("a changed proof was believed")


@given(
    st.integers(-5, 70),
    st.integers(-5, 70),
    st.integers(-5, 70),
    st.lists(st.sampled_from(HASHES[:3]), max_size=70),
)
def test_no_bounds_break_the_verification(start: int, end: int, size: int, proof: list[bytes]) -> None:
    with contextlib.suppress(LogInvalid):
        merkle.verify_subtree(start, end, HASHES[0], size, HASHES[1], proof)
    with contextlib.suppress(LogInvalid):
        merkle.verify_inclusion(HASHES[0], start, size, proof, HASHES[1])


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"{text}\n\n— a {text}\n".encode()))
def test_hostile_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    for parse in (Note.parse, TlogProof.parse, Leaf.parse, decode_entries):
        with contextlib.suppress(LogInvalid):
            parse(data)
    text = data.decode("utf-8", "replace")
    for parse_text in (VerifierKey.parse, Policy.parse, Tile.parse):
        with contextlib.suppress(LogInvalid):
            parse_text(text)


@given(st.integers(0, 6), st.integers(0, 2**53 - 1), st.integers(1, 256))
def test_the_path_of_a_tile_names_that_tile(level: int, index: int, width: int) -> None:
    assert Tile.parse(Tile(level, index, width).path) == Tile(level, index, width)
