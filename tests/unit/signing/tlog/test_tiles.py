"""Tiles and leaves: paths, widths, proofs made from files alone, and leaf bytes."""

from __future__ import annotations

import dataclasses

import pytest

from signing.errors import LogInvalid
from signing.tlog import merkle, tiles
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import Edge, Node
from signing.tlog.tiles import ENTRIES, Tile

LEAF = Leaf(by="ab" * 16, kind="dossier.received", link="ef" * 32, log="cd" * 16, seq=12)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(1, 1000, 1), "tile/1/x001/000.p/1"),
        (Tile(6, 0, 255), "tile/6/000.p/255"),
        (Tile(ENTRIES, 12, 8), "tile/entries/012.p/8"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/1000",
        "tile/0/x000/001",
        "tile/7/000",
        "tile/-1/000",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 5 + "999",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/entries/x001",
    ],
)
def test_other_paths_name_nothing(path: str) -> None:
    with pytest.raises(LogInvalid):
        Tile.parse(path)


def test_a_tree_made_of_tiles_gives_the_same_proofs() -> None:
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(70_000)]
    edge, complete = Edge().append(leaves)
    nodes = dict(complete)
    files = {
        tile: b"".join(nodes[Node(8 * tile.level, tile.index * 256 + place)] for place in range(tile.width))
        for tile in tiles.tiles_of(70_000)
    }
    read = tiles.hash_reader(70_000, files.__getitem__)
    assert merkle.read_edge(70_000, read) == edge
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        proof = merkle.inclusion_proof(index, 70_000, read)
        assert proof == merkle.inclusion_proof(index, 70_000, lambda asked: [nodes[node] for node in asked])
        merkle.verify_inclusion(leaves[index], index, 70_000, proof, edge.root)
    proof = merkle.consistency_proof(300, 70_000, read)
    merkle.verify_consistency(300, Edge().append(leaves[:300])[0].root, 70_000, edge.root, proof)


def test_a_larger_tree_adds_tiles_and_touches_no_full_one() -> None:
    for old, new in [(0, 5), (5, 5), (5, 256), (256, 257), (200, 70_000), (65_536, 65_537)]:
        before, after = set(tiles.tiles_of(old)), set(tiles.tiles_of(new))
        assert set(tiles.tiles_of(new, since=old)) == after - before
        assert {tile for tile in before - after if tile.width == 256} == set()


def test_a_node_outside_the_tree_and_a_short_tile_are_noticed() -> None:
    with pytest.raises(ValueError, match="not complete"):
        tiles.tile_of(Node(1, 2), 5)
    with pytest.raises(LogInvalid):
        tiles.read_node(Node(1, 0), bytes(63), 0)


def test_entry_bundles_there_and_back() -> None:
    leaves = [LEAF.encode(), b"", b"x" * 65_535]
    data = tiles.encode_entries(leaves)
    assert tiles.decode_entries(data, width=3) == leaves
    for bad, width in [(data, 2), (data, 4), (data[:-1], 3), (data + b"\0", 3), (b"", 1)]:
        with pytest.raises(LogInvalid):
            tiles.decode_entries(bad, width=width)
    for many in ([b""] * 257, [b"x" * 65_536]):
        with pytest.raises(ValueError, match="at most"):
            tiles.encode_entries(many)


def test_a_leaf_has_one_form_and_nothing_but_ids() -> None:
    assert LEAF.encode() == (
        b'{"by":"abababababababababababababababab","kind":"dossier.received",'
        b'"link":"efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",'
        b'"log":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","seq":12,"v":1}'
    )
    assert Leaf.parse(LEAF.encode()) == LEAF
    assert {each.name for each in dataclasses.fields(Leaf)} == {"by", "kind", "link", "log", "seq"}


@pytest.mark.parametrize(
    "change",
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"seq":12', b'"seq":-1'),
        (b'"seq":12', b'"seq":true'),
        (b'"seq":12', b'"seq":"12"'),
        (b'"kind":"dossier.received"', b'"kind":"Dossier"'),
        (b'"by":"ab', b'"by":"AB'),
        (b'"link":"ef', b'"link":"'),
        (b'"v":1', b'"v":1,"x":1'),
        (b'"v":1}', b'"v":1} '),
        (b"{", b"["),
    ],
)
def test_another_leaf_is_refused(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(LogInvalid):
        Leaf.parse(LEAF.encode().replace(*change))
