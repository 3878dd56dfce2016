"""A cut: how far a key's word was still good, as a position and never as a date.

A cut is a frontier of all logs of the key's device, and a size of the province's tree. A record lies inside it when it
provably leads to one of the frontier's heads, or when its leaf stands below the size and its log's part of the frontier
covers it. Everything else lies after the cut, or is not shown to lie anywhere. No clock is read: whoever stole a key also
owns the clock that it signs with (signing.md 2.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from signing import reasons
from signing.canonical import INTEGER_MAX, Json
from signing.errors import TrustInvalid

LOGS_MAX: Final = 64
_LOG: Final = re.compile(r"[0-9a-f]{32}")
_LINK: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How much of one log counts: `length` records, the last of which has the link `head`."""

    log: str
    length: int
    head: str


class Cause(StrEnum):
    """Why a key counts only up to a cut."""

    RETIRED = "retired"
    LOST = "lost"
    COMPROMISED = "compromised"
    SUSPENDED = "suspended"


class Side(StrEnum):
    """Where a record stands to a cut."""

    INSIDE = "inside"
    AFTER = "after"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a signed record stands, as far as evidence shows; nothing in it comes from the signer's clock.

    Attributes:
        record: id of the record; `by` the key id of its signer; `log`, `seq` as its header says.
        links: the links of the record itself and of records that are shown to follow it in an unbroken chain.
        index: its leaf in the province's tree, proven by inclusion; None where that is not shown.
    """

    record: str
    by: str
    log: str
    seq: int
    links: frozenset[str] = field(hash=False, default=frozenset())
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The last state of a key's device that is accepted as good."""

    size: int
    frontier: Mapping[str, Position] = field(hash=False)

    @classmethod
    def of(cls, size: int, *positions: Position) -> Self:
        """A cut from its parts."""
        return cls(size=size, frontier={position.log: position for position in positions})

    def side(self, place: Place) -> Side:
        """Where a record stands to this cut."""
        position = self.frontier.get(place.log)
        if position is None or place.seq >= position.length:
            return Side.AFTER
        if position.head in place.links:
            return Side.INSIDE
        if place.index is None:
            return Side.UNPROVEN
        return Side.INSIDE if place.index < self.size else Side.AFTER

    def facts(self) -> dict[str, Json]:
        """The members `size` and `cut` of a `key.revoked` record, and of a snapshot."""
        return {
            "size": self.size,
            "cut": [
                {"head": each.head, "length": each.length, "log": each.log}
                for _, each in sorted(self.frontier.items())
            ],
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> Self:
        """Read those members; TrustInvalid if they have another form."""
        size, positions = facts.get("size"), facts.get("cut")
        if not isinstance(positions, list) or len(positions) > LOGS_MAX:
            raise _invalid(f"a cut has at most {LOGS_MAX} logs")
        read = [_position(position) for position in positions]
        if len({position.log for position in read}) < len(read):
            raise _invalid("a cut names a log twice")
        return cls.of(_count(size), *read)


def _position(value: object) -> Position:
    if not isinstance(value, Mapping) or value.keys() != {"head", "length", "log"}:
        raise _invalid("a position has a log, a length and a head")
    log, head = value["log"], value["head"]
    if not isinstance(log, str) or not _LOG.fullmatch(log):
        raise _invalid("a log is named by 32 hex digits")
    if not isinstance(head, str) or not _LINK.fullmatch(head):
        raise _invalid("a head is a link")
    return Position(log=log, length=_count(value["length"]), head=head)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= INTEGER_MAX:
        raise _invalid("a count is a whole number")
    return value


def _invalid(detail: str) -> TrustInvalid:
    return TrustInvalid(detail, reason=reasons.TRUST_STATEMENT)
