"""Encrypted files in pieces, each of which proves by itself that it belongs to its file.

A file here is ciphertext: bytes of which nothing is known but their address. It is cut into chunks of 128 KiB, and a chunk
into slices of 16 KiB, which travel alone where a line is cut before a chunk gets through. Over the slices stands a hash
tree (RFC 6962); because every chunk but the last is a complete subtree, the tree over chunks has the same root. The
*file id* is a hash of length and root. A *piece* carries one chunk or one slice with its path to the root: whoever knows
the id can check a piece with nothing else in hand, in any order, from any carrier: HTTP, LAN or a USB stick.

What is held is a set of slices, as a bitmap. This module neither encrypts (`signing.sealed_file`) nor stores.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from signing.errors import LogInvalid
from signing.sealed_file import CHUNK_BYTES
from signing.tlog import merkle
from sync_protocol import limits, reasons
from sync_protocol.errors import LocalFault, RemoteFault

SLICE_BYTES: Final = 16 * 1024
SLICES_IN_CHUNK: Final = CHUNK_BYTES // SLICE_BYTES
PIECE_VERSION: Final = 1
PIECE_OVERHEAD_BYTES_MAX: Final = 512
"""Everything in a piece beside its data: id, root, at most 12 hashes of a path, lengths."""
_LABEL: Final = b"motcua.file\0"
_PATH_HASHES_MAX: Final = 12


class _Frame(msgspec.Struct, array_like=True, frozen=True):
    version: int
    file: bytes
    size: int
    start: int
    root: bytes
    path: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file that has been checked against the file's id: slices from `start` on, `data` their bytes."""

    file: str
    size: int
    start: int
    data: bytes

    @property
    def offset(self) -> int:
        """Where the data stands in the file, in bytes."""
        return self.start * SLICE_BYTES

    @property
    def slices(self) -> range:
        """The numbers of the slices in it."""
        return range(self.start, self.start + -(-len(self.data) // SLICE_BYTES))


def slice_count(size: int) -> int:
    """How many slices a file of `size` bytes has."""
    return -(-size // SLICE_BYTES)


def is_size(size: int) -> bool:
    """Whether a file may have this length."""
    return 0 < size <= limits.FILE_SIZE_BYTES_MAX


class FileTree:
    """The hash tree of one whole file, from which its id and every piece's path are taken."""

    def __init__(self, size: int, hashes: list[bytes]) -> None:
        if not is_size(size) or len(hashes) != slice_count(size):
            raise LocalFault(f"{len(hashes)} slices do not make a file of {size} bytes")
        self.size = size
        edge, nodes = merkle.Edge().append(hashes)
        self.root = edge.root
        self._slices = dict(nodes)
        chunks = [
            merkle.Edge().append(hashes[first : first + SLICES_IN_CHUNK])[0].root
            for first in range(0, len(hashes), SLICES_IN_CHUNK)
        ]
        self._chunks = dict(merkle.Edge().append(chunks)[1])
        self.id = file_id(size, self.root)

    @classmethod
    def of(cls, blocks: Iterable[bytes]) -> "FileTree":
        """The tree of a file given as blocks of any length; raises LocalFault where it is empty or too large."""
        hashes, rest, size = [], b"", 0
        for block in blocks:
            rest += block
            size += len(block)
            full = len(rest) - len(rest) % SLICE_BYTES
            hashes += [merkle.leaf_hash(rest[at : at + SLICE_BYTES]) for at in range(0, full, SLICE_BYTES)]
            rest = rest[full:]
        if rest:
            hashes.append(merkle.leaf_hash(rest))
        return cls(size, hashes)

    def encode(self, piece: Piece) -> bytes:
        """A piece of this file as it travels. The data is not looked at again: the receiver checks it."""
        number, is_chunk = _place(piece.start, len(piece.data), self.size)
        nodes = self._chunks if is_chunk else self._slices
        count = -(-self.size // (CHUNK_BYTES if is_chunk else SLICE_BYTES))
        path = merkle.inclusion_proof(number, count, lambda asked: [nodes[node] for node in asked])
        frame = _Frame(
            PIECE_VERSION,
            bytes.fromhex(self.id),
            self.size,
            piece.start,
            self.root,
            b"".join(path),
            piece.data,
        )
        return _encoder.encode(frame)


def file_id(size: int, root: bytes) -> str:
    """The address of a file: SHA-256 over its length and the root of its tree, 64 hexadecimal digits."""
    return hashlib.sha256(_LABEL + size.to_bytes(8, "big") + root).hexdigest()


def open_piece(data: bytes) -> Piece:
    """The piece, once it is proven to belong to the file that it names.

    Raises RemoteFault: FILE_FORMAT for what is no piece, FILE_SIZE for a file that is too large, FILE_PIECE where the
    bytes are not that file's.
    """
    if len(data) > CHUNK_BYTES + PIECE_OVERHEAD_BYTES_MAX:
        raise RemoteFault(reasons.FILE_FORMAT, f"a piece of {len(data)} bytes")
    try:
        frame = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteFault(reasons.FILE_FORMAT, str(error)) from error
    if frame.version != PIECE_VERSION or len(frame.file) != 32 or len(frame.root) != 32:
        raise RemoteFault(reasons.FILE_FORMAT, "version, id or root")
    if not is_size(frame.size):
        raise RemoteFault(reasons.FILE_SIZE, f"{frame.size} bytes")
    if len(frame.path) % 32 or len(frame.path) > 32 * _PATH_HASHES_MAX:
        raise RemoteFault(reasons.FILE_FORMAT, "path")
    if file_id(frame.size, frame.root) != frame.file.hex():
        raise RemoteFault(reasons.FILE_PIECE, "length and root are another file's")
    try:
        number, is_chunk = _place(frame.start, len(frame.data), frame.size)
    except LocalFault as error:
        raise RemoteFault(reasons.FILE_FORMAT, str(error)) from error
    path = [frame.path[at : at + 32] for at in range(0, len(frame.path), 32)]
    count = -(-frame.size // (CHUNK_BYTES if is_chunk else SLICE_BYTES))
    hashes = [
        merkle.leaf_hash(frame.data[at : at + SLICE_BYTES]) for at in range(0, len(frame.data), SLICE_BYTES)
    ]
    value = merkle.Edge().append(hashes)[0].root
    try:
        merkle.verify_inclusion(value, number, count, path, frame.root)
    except LogInvalid as error:
        raise RemoteFault(reasons.FILE_PIECE, f"file {frame.file.hex()[:16]}, slice {frame.start}") from error
    return Piece(file=frame.file.hex(), size=frame.size, start=frame.start, data=frame.data)


def cuts(size: int, held: int, *, bytes_max: int) -> Iterator[tuple[int, int]]:
    """What to send of a file of which the receiver holds the slices in `held`: (first slice, bytes), in order.

    A chunk travels whole where none of it is held and the budget allows; else its missing slices travel alone.
    """
    for first in range(0, slice_count(size), SLICES_IN_CHUNK):
        at = first * SLICE_BYTES
        length = min(CHUNK_BYTES, size - at)
        inside = range(first, first + -(-length // SLICE_BYTES))
        missing = [number for number in inside if not held >> number & 1]
        if len(missing) == len(inside) and length + PIECE_OVERHEAD_BYTES_MAX <= bytes_max:
            yield first, length
        else:
            for number in missing:
                yield number, min(SLICE_BYTES, size - number * SLICE_BYTES)


def is_whole(size: int, held: int) -> bool:
    """Whether every slice is in `held`."""
    return held == (1 << slice_count(size)) - 1


def pack_held(size: int, held: int) -> bytes:
    """The bitmap of held slices, slice 0 in the lowest bit of the first byte; b"" for none."""
    return held.to_bytes(-(-slice_count(size) // 8), "little") if held else b""


def unpack_held(size: int, bitmap: bytes) -> int:
    """The set of held slices; raises RemoteFault where the bitmap is not one of a file of this length."""
    held = int.from_bytes(bitmap, "little")
    if not is_size(size) or len(bitmap) > -(-slice_count(size) // 8) or held >> slice_count(size):
        raise RemoteFault(reasons.FILE_FORMAT, "bitmap")
    return held


def _place(start: int, length: int, size: int) -> tuple[int, bool]:
    """(number of the chunk or slice, whether it is a chunk); raises LocalFault where there is no such part."""
    rest = size - start * SLICE_BYTES
    if start < 0 or rest <= 0:
        raise LocalFault("a piece beyond the end of its file")
    if start % SLICES_IN_CHUNK == 0 and length == min(CHUNK_BYTES, rest):
        return start // SLICES_IN_CHUNK, True
    if length == min(SLICE_BYTES, rest):
        return start, False
    raise LocalFault(f"{length} bytes are neither a chunk nor a slice")


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Frame)
