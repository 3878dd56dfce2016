"""Pieces prove themselves: whatever is cut, changed or swapped is refused, and the rest makes the file again."""

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.sealed_file import CHUNK_BYTES, seal_file
from sync_protocol import limits, reasons
from sync_protocol.chunks import (
    PIECE_OVERHEAD_BYTES_MAX,
    SLICE_BYTES,
    FileTree,
    Piece,
    cuts,
    is_whole,
    open_piece,
    pack_held,
    slice_count,
    unpack_held,
)
from sync_protocol.errors import LocalFault, RemoteFault

GOLDEN = Path(__file__).parents[2] / "golden" / "files" / "pieces.json"
SIZES = st.one_of(
    st.integers(1, 3 * CHUNK_BYTES),
    st.sampled_from([SLICE_BYTES, SLICE_BYTES + 1, CHUNK_BYTES, CHUNK_BYTES + 1, 9 * CHUNK_BYTES]),
)


def _content(size: int) -> bytes:
    return Random(size).randbytes(size)


def _piece(tree: FileTree, content: bytes, start: int, length: int) -> bytes:
    at = start * SLICE_BYTES
    return tree.encode(Piece(file=tree.id, size=tree.size, start=start, data=content[at : at + length]))


@given(
    size=SIZES,
    bytes_max=st.sampled_from([1, SLICE_BYTES, CHUNK_BYTES + PIECE_OVERHEAD_BYTES_MAX]),
    seed=st.integers(),
)
def test_pieces_of_any_cut_and_order_make_the_file_again(size: int, bytes_max: int, seed: int) -> None:
    content = _content(size)
    tree = FileTree.of([content])
    chance = Random(seed)
    held = sum(1 << number for number in range(slice_count(size)) if chance.random() < 0.3)
    made = bytearray(size)
    for number in range(slice_count(size)):
        if held >> number & 1:
            at = number * SLICE_BYTES
            made[at : at + SLICE_BYTES] = content[at : at + SLICE_BYTES]
    pieces = [_piece(tree, content, *cut) for cut in cuts(size, held, bytes_max=bytes_max)]
    chance.shuffle(pieces)
    for frame in pieces:
        piece = open_piece(frame)
        assert not any(held >> number & 1 for number in piece.slices)
        made[piece.offset : piece.offset + len(piece.data)] = piece.data
        for number in piece.slices:
            held |= 1 << number
        assert len(frame) - len(piece.data) <= PIECE_OVERHEAD_BYTES_MAX
    assert bytes(made) == content
    assert is_whole(size, held)


@given(size=SIZES, seed=st.integers(0, 2**32))
def test_a_changed_piece_is_refused(size: int, seed: int) -> None:
    content, chance = _content(size), Random(seed)
    tree = FileTree.of([content])
    start, length = chance.choice(list(cuts(size, 0, bytes_max=chance.choice([1, 2**20]))))
    frame = bytearray(_piece(tree, content, start, length))
    frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
    try:
        piece = open_piece(bytes(frame))
    except RemoteFault:
        return
    # A length prefix may be written in a longer form; what comes out is then still the very same part.
    assert (piece.file, piece.data) == (tree.id, content[piece.offset : piece.offset + length])


def test_the_id_depends_on_every_byte_and_the_length() -> None:
    base = FileTree.of([b"a" * 40_000]).id
    assert FileTree.of([b"a" * 39_999]).id != base
    assert FileTree.of([b"a" * 39_999 + b"b"]).id != base
    assert FileTree.of([b"a" * 7] * 5714 + [b"aa"]).id == base


def _frame(**changed: Any) -> bytes:
    content = _content(3 * SLICE_BYTES)
    tree = FileTree.of([content])
    values = msgspec.msgpack.decode(_piece(tree, content, 0, 3 * SLICE_BYTES))
    names = ("version", "file", "size", "start", "root", "path", "data")
    return msgspec.msgpack.encode(
        [changed.get(name, value) for name, value in zip(names, values, strict=True)]
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"version": 2}, reasons.FILE_FORMAT),
        ({"file": b"x"}, reasons.FILE_FORMAT),
        ({"root": b"x"}, reasons.FILE_FORMAT),
        ({"path": b"x"}, reasons.FILE_FORMAT),
        ({"path": bytes(32 * 13)}, reasons.FILE_FORMAT),
        ({"path": bytes(32)}, reasons.FILE_PIECE),
        ({"size": limits.FILE_SIZE_BYTES_MAX + 1}, reasons.FILE_SIZE),
        ({"size": 0}, reasons.FILE_SIZE),
        ({"size": 3 * SLICE_BYTES - 1}, reasons.FILE_PIECE),
        ({"start": 1}, reasons.FILE_FORMAT),
        ({"start": 3}, reasons.FILE_FORMAT),
        ({"start": -1}, reasons.FILE_FORMAT),
        ({"data": b""}, reasons.FILE_FORMAT),
        ({"data": bytes(3 * SLICE_BYTES)}, reasons.FILE_PIECE),
        ({"data": "text"}, reasons.FILE_FORMAT),
    ],
)
def test_what_is_no_piece_is_named(changed: dict[str, Any], reason: object) -> None:
    if reason is None:
        assert open_piece(_frame()).start == 0
        return
    with pytest.raises(RemoteFault) as fault:
        open_piece(_frame(**changed))
    assert fault.value.reason is reason


def test_a_piece_larger_than_any_is_refused_unread() -> None:
    with pytest.raises(RemoteFault) as fault:
        open_piece(bytes(CHUNK_BYTES + PIECE_OVERHEAD_BYTES_MAX + 1))
    assert fault.value.reason is reasons.FILE_FORMAT


def test_the_largest_file_has_short_paths_and_a_small_bitmap() -> None:
    size = limits.FILE_SIZE_BYTES_MAX
    tree = FileTree(size, [bytes([number % 256]) * 32 for number in range(slice_count(size))])
    data = bytes(SLICE_BYTES)
    frame = tree.encode(Piece(file=tree.id, size=size, start=4095, data=data))
    assert len(frame) - len(data) <= PIECE_OVERHEAD_BYTES_MAX
    assert len(pack_held(size, (1 << slice_count(size)) - 1)) == 512


def test_a_slice_travels_alone() -> None:
    content = _content(2 * CHUNK_BYTES + 5)
    tree, held = FileTree.of([content]), 0
    for _ in range(slice_count(len(content))):
        start, length = next(iter(cuts(len(content), held, bytes_max=SLICE_BYTES + PIECE_OVERHEAD_BYTES_MAX)))
        frame = _piece(tree, content, start, length)
        assert len(frame) <= SLICE_BYTES + PIECE_OVERHEAD_BYTES_MAX
        piece = open_piece(frame)
        (number,) = piece.slices
        held |= 1 << number
    assert is_whole(len(content), held)


@given(size=SIZES, seed=st.integers(0, 2**64))
def test_bitmaps_come_back(size: int, seed: int) -> None:
    held = Random(seed).getrandbits(slice_count(size))
    assert unpack_held(size, pack_held(size, held)) == held


@pytest.mark.parametrize("bitmap", [b"\x08", b"\x01\x00"])
def test_a_bitmap_of_another_file_is_refused(bitmap: bytes) -> None:
    with pytest.raises(RemoteFault):
        unpack_held(3 * SLICE_BYTES, bitmap)


@pytest.mark.parametrize(("size", "hashes"), [(0, 0), (1, 2), (limits.FILE_SIZE_BYTES_MAX + 1, 4097)])
def test_a_tree_of_no_file_is_our_own_mistake(size: int, hashes: int) -> None:
    with pytest.raises(LocalFault):
        FileTree(size, [bytes(32)] * hashes)


def test_a_part_that_is_neither_chunk_nor_slice_is_our_own_mistake() -> None:
    tree = FileTree.of([bytes(CHUNK_BYTES)])
    with pytest.raises(LocalFault):
        tree.encode(Piece(file=tree.id, size=tree.size, start=0, data=bytes(100)))


def test_the_golden_pieces_stay_readable() -> None:
    """A file sealed once for ever: its ciphertext, its id and a piece of either kind (see PROTOCOL.md, Files)."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    plain = b"".join(number.to_bytes(4, "big") for number in range(golden["plain_words"]))
    sealed = seal_file(plain, bytes.fromhex(golden["key"]))
    tree = FileTree.of([sealed])
    assert (len(sealed), tree.root.hex(), tree.id) == (golden["size"], golden["root"], golden["file"])
    for each in golden["pieces"]:
        at = each["start"] * SLICE_BYTES
        data = sealed[at : at + each["length"]]
        head = bytes.fromhex(each["head"])
        assert _piece(tree, sealed, each["start"], each["length"]) == head + data
        assert open_piece(head + data).data == data
