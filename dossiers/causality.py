"""Which record of a dossier had seen which: one order for the whole set, cause before effect, and sets of ancestors.

Causality comes from `parents` alone; the hybrid clock only places what is concurrent, then the log, then the id
(design §5). A parent that is not here is skipped: its descendants are still ordered, by their clocks. Sets of records
are bit masks over positions in that order, which keeps "had seen" one machine operation per question.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from sync_protocol.record import Record

Key = tuple[tuple[int, int], str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Records in their one order. `ancestors[i]` is the mask of what record i had seen; unused where `is_linear`."""

    records: tuple[Record, ...]
    ancestors: tuple[int, ...]
    is_linear: bool
    missing: tuple[str, ...]

    def maximal(self, mask: int) -> int:
        """Those of `mask` that no other record of `mask` had seen."""
        if self.is_linear:
            return 1 << (mask.bit_length() - 1) if mask else 0
        seen = 0
        for index in bits(mask):
            seen |= self.ancestors[index]
        return mask & ~seen

    def before(self, index: int) -> int:
        """What record `index` had seen."""
        return (1 << index) - 1 if self.is_linear else self.ancestors[index]


def clock_key(record: Record) -> Key:
    """Hybrid clock, then device's log, then id: a total order that needs no causality."""
    return (record.header.at, record.header.log, record.id)


def bits(mask: int) -> Iterator[int]:
    """Positions in a mask, rising."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def arrange(records: Iterable[Record]) -> Order:
    """Order distinct records of one dossier."""
    by_clock = sorted(records, key=clock_key)
    missing = _linear_missing(by_clock)
    if missing is not None:
        return Order(records=tuple(by_clock), ancestors=(), is_linear=True, missing=missing)
    return arrange_branched(by_clock)


def arrange_branched(by_clock: list[Record]) -> Order:
    """Order records, given by clock, that may have been written without knowledge of each other."""
    positions = {record.id: position for position, record in enumerate(by_clock)}
    children: list[list[int]] = [[] for _ in by_clock]
    waiting = [0] * len(by_clock)
    missing = set()
    for position, record in enumerate(by_clock):
        for parent in set(record.header.parents):
            above = positions.get(parent)
            if above is None:
                missing.add(parent)
            else:
                children[above].append(position)
                waiting[position] += 1
    sequence = _topological(children, waiting)
    ordered = tuple(by_clock[position] for position in sequence)
    return Order(
        records=ordered, ancestors=_ancestors(ordered), is_linear=False, missing=tuple(sorted(missing))
    )


def _linear_missing(by_clock: list[Record]) -> tuple[str, ...] | None:
    """The missing parents of an unbranched history; None when it branches."""
    previous: tuple[str, ...] | None = None
    for record in by_clock:
        if previous is not None and record.header.parents != previous:
            return None
        previous = (record.id,)
    first = by_clock[0].header.parents if by_clock else ()
    if not first:
        return ()
    here = {record.id for record in by_clock}
    return None if here & set(first) else tuple(sorted(set(first)))


def _topological(children: list[list[int]], waiting: list[int]) -> list[int]:
    ready = [position for position, count in enumerate(waiting) if count == 0]
    heapify(ready)
    sequence = []
    while ready:
        position = heappop(ready)
        sequence.append(position)
        for child in children[position]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heappush(ready, child)
    if len(sequence) < len(
        waiting
    ):  # ids are hashes, so a circle cannot be made; if one were, the clock decides
        sequence.extend(sorted(set(range(len(waiting))) - set(sequence)))
    return sequence


def _ancestors(ordered: tuple[Record, ...]) -> tuple[int, ...]:
    masks: list[int] = []
    positions: dict[str, int] = {}
    for position, record in enumerate(ordered):
        mask = 0
        for parent in record.header.parents:
            above = positions.get(parent)
            if above is not None:
                mask |= masks[above] | 1 << above
        masks.append(mask)
        positions[record.id] = position
    return tuple(masks)
