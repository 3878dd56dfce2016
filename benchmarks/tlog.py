"""What the province's log costs as it grows: appending and signing, and a proof for one of ten million leaves.

Real files in the layout of the hub. The large trees are laid out without hashing ten million leaves: the same 256 leaves
repeat, so that all full tiles of a level are the same file under many names (hard links); a reader cannot tell. What is
measured is the hub's own code: `Tree.publish` with all its forced writes and checks, and `Tree.inclusion` after the
checkpoint was read and verified.
"""

import os
import random
from functools import partial
from pathlib import Path

from benchmarks.figure import Detail, Figure, at_most
from benchmarks.timing import timed
from benchmarks.workspace import Workspace
from central_hub.tlog.tree import CHECKPOINT, Tree
from signing.keys import SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import HASH_BYTES
from signing.tlog.note import VerifierKey
from signing.tlog.tiles import ENTRIES, WIDTH, Tile, encode_entries, hash_reader, tiles_of

SIZES = (10_000, 1_000_000, 10_000_000)
BATCH = 64
_BATCHES = 40
_PROOFS = 200


def measure_tlog(workspace: Workspace) -> list[Figure]:
    """One publication of 64 leaves at three sizes, and proofs in the largest tree."""
    key = SigningKey.from_seed(bytes(32))
    log = VerifierKey("motcua/48/benchmark", key.public)
    publish: dict[int, float] = {}
    cpu: dict[int, float] = {}
    trees = {size: _laid_out(workspace.make(f"tree-{size}"), log, key, size) for size in SIZES}
    for size, tree in trees.items():
        tree.publish(_leaves(0, BATCH), key)
        calls = [partial(tree.publish, _leaves(number, BATCH), key) for number in range(_BATCHES)]
        times = timed(calls)
        publish[size], cpu[size] = times.median_ms, times.cpu_ms
    chance = random.Random(1)
    largest = trees[SIZES[-1]]
    size = largest.head().size
    proofs = timed([partial(_prove, largest, chance.randrange(size)) for _ in range(_PROOFS)])
    steps = timed([partial(largest.consistency, chance.randrange(1, size), size) for _ in range(_PROOFS)])
    detail: Detail = {f"publish 64 leaves at {size:,}, ms": publish[size] for size in SIZES}
    detail |= {f"of it this process, ms at {size:,}": cpu[size] for size in SIZES}
    return [
        Figure(
            name="tlog_append_growth",
            title="log: append and sign 64 leaves at 10 M leaves ÷ at 10,000 (processor time)",
            value=cpu[SIZES[-1]] / cpu[SIZES[0]],
            unit="×",
            target=at_most(2.0),
            detail=detail,
        ),
        Figure(
            name="tlog_proof",
            title="log: checkpoint and inclusion proof for one of 10 M leaves",
            value=proofs.median_ms,
            unit="ms",
            target=at_most(10.0),
            detail={"p95, ms": proofs.p95_ms, "consistency proof, ms": steps.median_ms},
        ),
    ]


def _prove(tree: Tree, index: int) -> None:
    head = tree.head()
    tree.inclusion(index, head.size)


def _leaves(number: int, count: int) -> list[bytes]:
    return [
        Leaf(
            by="ab" * 16, kind="dossier.moved", link=f"{number:032x}{at:032x}", log="cd" * 16, seq=at
        ).encode()
        for at in range(count)
    ]


def _laid_out(folder: Path, log: VerifierKey, key: SigningKey, size: int) -> Tree:
    leaves = _leaves(0, WIDTH)
    full: list[bytes] = [b"".join(map(merkle.leaf_hash, leaves))]
    while WIDTH ** len(full) <= size:
        below = [full[-1][at : at + HASH_BYTES] for at in range(0, WIDTH * HASH_BYTES, HASH_BYTES)]
        edge, _ = merkle.Edge().append(below)
        full.append(edge.root * WIDTH)
    one: dict[tuple[int, int], Path] = {}
    for tile in tiles_of(size):
        _lay(folder, one, tile, full[tile.level][: tile.width * HASH_BYTES])
        if tile.level == 0:
            bundle = Tile(ENTRIES, tile.index, tile.width)
            _lay(folder, one, bundle, encode_entries(leaves[: tile.width]))
    root = merkle.read_edge(size, hash_reader(size, lambda tile: (folder / tile.path).read_bytes())).root
    (folder / CHECKPOINT).write_bytes(sign_checkpoint(Checkpoint(log.name, size, root), key).encode())
    return Tree(folder, log)


def _lay(folder: Path, one: dict[tuple[int, int], Path], tile: Tile, data: bytes) -> None:
    path = folder / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    first = one.setdefault((tile.level, tile.width), path)
    if first is path:
        path.write_bytes(data)
    else:
        os.link(first, path)
