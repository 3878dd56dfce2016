"""C2SP tlog-tiles: the tree as plain files that any web server, cache or USB stick can carry.

A hash tile of level L holds up to 256 consecutive hashes of tree level 8·L, 32 bytes each; a full one never changes. The
ragged right edge is a partial tile, named by its width. An entry bundle holds the bytes of up to 256 consecutive leaves, each
after its length (two bytes, big-endian). Paths are relative to the log's prefix:

    tile/<L>/<N>[.p/<W>]   tile/entries/<N>[.p/<W>]      N in groups of three digits: 1234067 is x001/x234/067
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from signing.errors import LogInvalid
from signing.tlog.merkle import HASH_BYTES, SIZE_MAX, HashReader, Node, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
LEVELS: Final = 7  # 8·7 = 56 bits of leaves: more than the largest size
ENTRY_BYTES_MAX: Final = 65_535
TILE_BYTES_MAX: Final = WIDTH * HASH_BYTES
ENTRIES: Final = -1

_PATH: Final = re.compile(
    r"tile/(entries|[0-6])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level (ENTRIES for an entry bundle), its index in the level, and how many of its 256 places are filled."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not (ENTRIES <= self.level < LEVELS and 0 <= self.index <= SIZE_MAX and 1 <= self.width <= WIDTH):
            raise LogInvalid("there is no such tile")

    @property
    def path(self) -> str:
        """`tile/…`, relative to the log's prefix."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @classmethod
    def parse(cls, path: str) -> Self:
        """The tile of a path; LogInvalid for anything that `path` would not write."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise LogInvalid("not the path of a tile")
        level, name, width = found.groups()
        tile = cls(
            ENTRIES if level == "entries" else int(level),
            int(name.replace("/", "").replace("x", "")),
            WIDTH if width is None else int(width),
        )
        if tile.path != path:
            raise LogInvalid("not the one path of a tile")
        return tile


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Every hash tile of a tree of this size that a tree of the size `since` did not have, as full or as wide."""
    for level in range(LEVELS):
        old, new = since >> (HEIGHT * level), size >> (HEIGHT * level)
        if new == 0:
            return
        if new == old:
            continue
        for index in range(old // WIDTH, -(-new // WIDTH)):
            yield Tile(level, index, min(WIDTH, new - index * WIDTH))


def tile_of(node: Node, size: int) -> tuple[Tile, int]:
    """The tile of a tree of this size from which a node follows, and the place of its first hash in it.

    ValueError for a node that is not complete in such a tree.
    """
    if node.level < 0 or (node.position + 1) << node.level > size:
        raise ValueError("the node is not complete in this tree")
    level, above = divmod(node.level, HEIGHT)
    first = node.position << above
    index, place = divmod(first, WIDTH)
    return Tile(level, index, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH)), place


def read_node(node: Node, tile: bytes, place: int) -> bytes:
    """The hash of a node from the bytes of the tile that `tile_of` named; LogInvalid if the tile is too short."""
    count = 1 << (node.level % HEIGHT)
    span = tile[place * HASH_BYTES : (place + count) * HASH_BYTES]
    if len(span) != count * HASH_BYTES:
        raise LogInvalid("the tile is shorter than its width")
    hashes = [span[at : at + HASH_BYTES] for at in range(0, len(span), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def hash_reader(size: int, read_tile: Callable[[Tile], bytes]) -> HashReader:
    """A reader of nodes for proofs, over whoever gives the bytes of tiles; a tile is asked for once a question."""

    def read(nodes: Sequence[Node]) -> list[bytes]:
        held: dict[Tile, bytes] = {}
        hashes = []
        for node in nodes:
            tile, place = tile_of(node, size)
            if tile not in held:
                held[tile] = read_tile(tile)
            hashes.append(read_node(node, held[tile], place))
        return hashes

    return read


def encode_entries(leaves: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle; ValueError for more than 256 leaves or one of more than 65,535 bytes."""
    if len(leaves) > WIDTH or any(len(leaf) > ENTRY_BYTES_MAX for leaf in leaves):
        raise ValueError("an entry bundle has at most 256 leaves of at most 65,535 bytes")
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def decode_entries(data: bytes, *, width: int = WIDTH) -> list[bytes]:
    """The leaves of an entry bundle of this width; LogInvalid for anything else."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data) and len(leaves) < width:
        length = int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(data) or len(leaves) != width:
        raise LogInvalid("an entry bundle has another length")
    return leaves
