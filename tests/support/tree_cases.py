"""Places in trees, right and wrong, for every checker of inclusion: made here, and held against Go's tlog by the oracle's test."""

from __future__ import annotations

from random import Random

from signing.tlog import merkle
from signing.tlog.merkle import Edge

Case = tuple[bytes, int, int, list[bytes], bytes, bool]
"""Leaf hash, index, size, proof, root, and whether the leaf stands there."""


def tree_cases(*, seed: int = 5, size_max: int = 40) -> list[Case]:
    """Every leaf of every small tree, and each with one thing changed."""
    chance = Random(seed)
    hashes = [merkle.leaf_hash(b"leaf %d" % number) for number in range(size_max)]
    nodes = dict(Edge().append(hashes)[1])
    found: list[Case] = []
    for size in range(1, size_max + 1):
        root = Edge().append(hashes[:size])[0].root
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, lambda asked: [nodes[node] for node in asked])
            found.append((hashes[index], index, size, proof, root, True))
            found.append((*_spoiled(chance, hashes[index], index, size, proof, root), False))
    return found


def _spoiled(
    chance: Random, leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes
) -> tuple[bytes, int, int, list[bytes], bytes]:
    other = merkle.leaf_hash(b"another leaf")
    place = chance.randrange(len(proof) + 1)
    return chance.choice(
        [
            (other, index, size, proof, root),
            (leaf, index, size, [*proof[:place], other, *proof[place:]], root),
            (leaf, index, size, [*proof, *[other] * 64], root),
            (leaf, size, size, proof, root),
            (leaf, -1, size, proof, root),
            (leaf, index, 0, proof, root),
            (leaf, index, size, proof, other),
            (leaf, index, size, [other, *proof[1:]] if proof else [other], root),
        ]
    )
