"""What a replica holds: per log a base, a length and a head link.

A position is a count *and* a head: two replicas whose counts agree and whose heads differ do not hold the same log,
which is how a restored backup and a cloned disk show at the first byte (lessons 1, 2, 9; design §6). An entry always
means a contiguous stretch from `base`; there are no cursors.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

HEAD_PREFIX_BYTES = 16
"""On the wire a head travels by its first 16 bytes: enough to tell two heads apart, half the size."""


class FrontierEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Records `base` … `length - 1` of `log` are held; `head` is the link of the last one."""

    log: str
    base: int = 0
    length: int
    head: str


class Relation(StrEnum):
    """How a log here stands to the same log there."""

    EQUAL = "equal"
    AHEAD = "ahead"
    BEHIND = "behind"
    FORKED = "forked"
    UNKNOWN = "unknown"


class Frontier(Mapping[str, FrontierEntry]):
    """An immutable map from log id to what is held of it."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Iterable[FrontierEntry] = ()) -> None:
        self._entries = {entry.log: entry for entry in entries}

    def __getitem__(self, log: str) -> FrontierEntry:
        return self._entries[log]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self) -> bytes:
        """SHA-256 over all entries in order of log id: equal frontiers have equal digests."""
        lines = (f"{e.log} {e.base} {e.length} {e.head}\n" for _, e in sorted(self._entries.items()))
        return hashlib.sha256("".join(lines).encode("ascii")).digest()


def length_of(frontier: Frontier, log: str) -> int:
    """How long `log` is there; 0 where it is not held at all."""
    entry = frontier.get(log)
    return entry.length if entry else 0


def relate(
    mine: FrontierEntry | None, theirs: FrontierEntry | None, *, link_at: Mapping[int, str]
) -> Relation:
    """Compare two positions of one log.

    Args:
        link_at: head links of *my* log at the lengths in question (at least `theirs.length` where I am ahead).
    """
    if mine is None or mine.length == 0:
        return Relation.EQUAL if theirs is None or theirs.length == 0 else Relation.BEHIND
    if theirs is None or theirs.length == 0:
        return (
            Relation.UNKNOWN if mine.base else Relation.AHEAD
        )  # what lies below a base cannot be sent from here
    if mine.length < theirs.length:
        return Relation.BEHIND
    link = mine.head if mine.length == theirs.length else link_at.get(theirs.length)
    if link is None:
        return Relation.UNKNOWN
    if not same_head(link, theirs.head):
        return Relation.FORKED
    return Relation.EQUAL if mine.length == theirs.length else Relation.AHEAD


def same_head(one: str, other: str) -> bool:
    """Whether two head links agree, where either may be the short form of the wire."""
    size = min(len(one), len(other))
    return size >= 2 * HEAD_PREFIX_BYTES and one[:size] == other[:size]
