"""RFC 6962 hash trees: appending, proving and checking.

A tree of n leaves is written as its *complete* subtrees: the node (level, position) covers the leaves from position·2^level to
(position+1)·2^level. Those never change once they exist, so they are what is stored; whatever lies at the ragged right edge is
computed from them. `Edge` is all that appending needs: at most 63 hashes. Proofs are made by asking a reader for a few stored
nodes, and checked by functions that raise `LogInvalid` and return nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from signing import reasons
from signing.errors import LogInvalid

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**53 - 1
PROOF_HASHES_MAX: Final = 63

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """The place of a complete subtree: it covers 2^level leaves, the first of them position·2^level."""

    level: int
    position: int


HashReader = Callable[[Sequence[Node]], Sequence[bytes]]
"""Gives the hashes of complete subtrees, in the order asked."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree reduced to what appending needs: its size and its complete subtrees from left (largest) to right.

    ValueError if the number of hashes does not fit the size.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes are no edge of a tree of {self.size}")

    @property
    def root(self) -> bytes:
        return _joined(self.hashes)

    def append(self, leaves: Sequence[bytes]) -> tuple[Edge, list[tuple[Node, bytes]]]:
        """The edge after these leaf hashes, and every complete subtree that came into being, in order of completion."""
        size, edge = self.size, list(self.hashes)
        complete: list[tuple[Node, bytes]] = []
        for leaf in leaves:
            node, value = Node(0, size), leaf
            complete.append((node, value))
            while node.position & 1:
                value = node_hash(edge.pop(), value)
                node = Node(node.level + 1, node.position >> 1)
                complete.append((node, value))
            edge.append(value)
            size += 1
        return Edge(size, tuple(edge)), complete


def edge_nodes(size: int) -> list[Node]:
    """The places of the hashes of the edge of a tree of this size."""
    return list(_cover(0, size))


def read_edge(size: int, read: HashReader) -> Edge:
    """The edge of the tree of this size, from its stored nodes."""
    return Edge(size, tuple(read(edge_nodes(size))))


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """The audit path of a leaf, from its sibling up (RFC 6962 §2.1.1); ValueError for a leaf outside the tree."""
    if not 0 <= index < size <= SIZE_MAX:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    return _read_ranges(_audit_path(index, 0, size), read)


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """Proof that the tree of size `new` begins with the tree of size `old` (RFC 6962 §2.1.2); empty for equal sizes."""
    if not 0 <= old <= new <= SIZE_MAX:
        raise ValueError(f"no tree of {old} before {new}")
    if old in (0, new):
        return []
    return _read_ranges(_sub_proof(old, 0, new, whole=True), read)


def range_proof(first: int, stop: int, size: int, read: HashReader) -> list[bytes]:
    """The hashes that make the leaves from `first` to `stop` a whole tree: complete subtrees left and right of them.

    One proof for all records of a run: about as long as two audit paths. ValueError for leaves outside the tree.
    """
    if not 0 <= first < stop <= size <= SIZE_MAX:
        raise ValueError(f"no leaves {first} to {stop} in a tree of {size}")
    return list(read([*_cover(0, first), *_aligned_cover(stop, size)]))


def verify_range(leaves: Sequence[bytes], first: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if these leaf hashes stand side by side from `first` on in the tree of this size; LogInvalid otherwise."""
    stop = first + len(leaves)
    if not 0 <= first < stop <= size <= SIZE_MAX or any(len(leaf) != HASH_BYTES for leaf in leaves):
        raise _refused("the leaves lie outside the tree")
    _check_proof(proof, most=2 * PROOF_HASHES_MAX)
    left, right = list(_cover(0, first)), list(_aligned_cover(stop, size))
    if len(proof) != len(left) + len(right):
        raise _refused("the proof of a range has another length")
    places = [*left, *(Node(0, place) for place in range(first, stop)), *right]
    hashes = [*proof[: len(left)], *leaves, *proof[len(left) :]]
    stack: list[tuple[Node, bytes]] = []
    for node, value in zip(places, hashes, strict=True):
        while stack and node.position & 1 and stack[-1][0] == Node(node.level, node.position - 1):
            value = node_hash(stack.pop()[1], value)
            node = Node(node.level + 1, node.position >> 1)
        stack.append((node, value))
    if _joined([value for _, value in stack]) != root:
        raise _refused("the proof of a range leads to another root")


def inclusions_in_range(
    leaves: Sequence[bytes], first: int, size: int, proof: Sequence[bytes]
) -> Callable[[int], list[bytes]]:
    """The audit path of any leaf of a range, out of the range's proof that `verify_range` has accepted.

    Whoever holds the leaves and the one proof for all of them needs no other hash: what stands beside a path lies wholly among
    the leaves, or wholly among the proof's subtrees. The function returned raises ValueError for a leaf outside the range.
    """
    stop = first + len(leaves)
    outside = [*_cover(0, first), *_aligned_cover(stop, size)]
    known = dict(zip(outside, proof, strict=True))
    known.update((Node(0, first + offset), leaf) for offset, leaf in enumerate(leaves))

    def hash_of(node: Node) -> bytes:
        if node not in known:
            left = Node(node.level - 1, 2 * node.position)
            known[node] = node_hash(hash_of(left), hash_of(Node(left.level, left.position + 1)))
        return known[node]

    def path(index: int) -> list[bytes]:
        if not first <= index < stop:
            raise ValueError(f"no leaf {index} among those from {first} to {stop}")
        return inclusion_proof(index, size, lambda nodes: [hash_of(node) for node in nodes])

    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf hash stands at `index` of the tree of this size and root; LogInvalid otherwise."""
    if not 0 <= index < size <= SIZE_MAX:
        raise _refused("the leaf lies outside the tree")
    _check_proof(proof)
    # Below the split the leaf's path is the full tree's, beside the right edge only left siblings are left.
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        raise _refused("the inclusion proof has another length")
    value = leaf
    for level, sibling in enumerate(proof):
        is_right = level >= inner or (index >> level) & 1
        value = node_hash(sibling, value) if is_right else node_hash(value, sibling)
    if value != root or len(leaf) != HASH_BYTES:
        raise _refused("the inclusion proof leads to another root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree of size `new` begins with the one of size `old`; LogInvalid otherwise.

    From an empty tree to a larger one there is nothing to prove, so that asking is an error: whoever has seen no
    checkpoint yet has nothing to compare.
    """
    if not 0 <= old <= new <= SIZE_MAX or (old == 0 and new > 0):
        raise _refused("these sizes have no consistency proof")
    if new == 0 and new_root != EMPTY_ROOT:
        raise _refused("an empty tree has another root")
    verify_subtree(0, old, old_root, new, new_root, proof)


def verify_subtree(
    start: int, end: int, subtree: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the leaves from `start` to `end` of the tree hash to `subtree`; LogInvalid otherwise.

    `start` must be a multiple of the smallest power of two that is not less than end − start. With start 0 this is
    consistency. An empty range says nothing about the root. The procedure is that of draft-ietf-plants-merkle-tree-certs, "Verifying a Subtree Consistency Proof".
    """
    if 0 <= start == end <= size and not proof and subtree == EMPTY_ROOT:
        return
    if not 0 <= start < end <= size <= SIZE_MAX or start % (1 << (end - start - 1).bit_length()):
        raise _refused("these bounds are no subtree")
    _check_proof(proof)
    first, last, most = start, end - 1, size - 1
    while first != last and (last == most or last & 1):
        first, last, most = first >> 1, last >> 1, most >> 1
    rest = list(proof)
    if first == last:
        small = large = subtree
    elif rest:
        small = large = rest.pop(0)
    else:
        raise _refused("the consistency proof is too short")
    for sibling in rest:
        if most == 0:
            raise _refused("the consistency proof is too long")
        if last & 1 or last == most:
            if first < last:
                small = node_hash(sibling, small)
            large = node_hash(sibling, large)
            while not last & 1:
                first, last, most = first >> 1, last >> 1, most >> 1
        else:
            large = node_hash(large, sibling)
        first, last, most = first >> 1, last >> 1, most >> 1
    if most or small != subtree or large != root:
        raise _refused("the consistency proof leads to other roots")


def _refused(detail: str) -> LogInvalid:
    return LogInvalid(detail, reason=reasons.LOG_PROOF)


def _check_proof(proof: Sequence[bytes], *, most: int = PROOF_HASHES_MAX) -> None:
    if len(proof) > most or any(len(value) != HASH_BYTES for value in proof):
        raise _refused(f"a proof has at most {most} hashes of 32 bytes")


def _joined(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that stand side by side, largest first."""
    if not hashes:
        return EMPTY_ROOT
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def _split(size: int) -> int:
    """The largest power of two below the size: where RFC 6962 divides a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def _cover(start: int, end: int) -> Iterator[Node]:
    """The complete subtrees that make up the leaves from start to end, where start is aligned to what follows."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield Node(level, start >> level)
        start += 1 << level


def _aligned_cover(start: int, end: int) -> Iterator[Node]:
    """The largest complete subtrees that make up the leaves from start to end, wherever start lies."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield Node(level, start >> level)
        start += 1 << level


def _audit_path(index: int, start: int, end: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose hashes are the path, nearest first."""
    path: list[tuple[int, int]] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def _sub_proof(old: int, start: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    path: list[tuple[int, int]] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    if not whole:
        path.append((start, end))
    return path[::-1]


def _read_ranges(ranges: Sequence[tuple[int, int]], read: HashReader) -> list[bytes]:
    """The hash of each range, with one question to the reader."""
    covers = [list(_cover(start, end)) for start, end in ranges]
    hashes = iter(read([node for cover in covers for node in cover]))
    return [_joined([next(hashes) for _ in cover]) for cover in covers]
