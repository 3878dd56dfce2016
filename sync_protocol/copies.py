"""A suspected copy of a PC's disk: what is said of it, and whose word counts (design §6, ADR 0024 and 0038).

The hub states the suspicion in the log of the commune. The province and the administrator of the copied PC's own unit may answer; each
answer is a signed record. Both sides read the same answers in whatever order they arrive and come to the same standing.
"""

from dataclasses import dataclass
from typing import Final

from sync_protocol.record import Header

SUSPECTED: Final = "copy.suspected"
REVIEWED: Final = "copy.reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyWord:
    """One answer to a suspicion.

    Attributes:
        life: the log that the copy writes, or the branch by which it came off.
        stands: this is our PC; False: it is not (a stolen disk).
        is_provinces: said by the province; else by the administrator of the unit.
    """

    life: str
    stands: bool
    is_provinces: bool
    record: str
    by: str
    at_ms: int

    @classmethod
    def of(cls, record: str, header: Header) -> "CopyWord":
        """The word of a `copy.reviewed` record whose facts were checked; a unit speaks in its own log."""
        facts = header.facts
        return cls(
            life=str(facts["life"]),
            stands=facts["stands"] is True,
            is_provinces=header.commune != facts["unit"],
            record=record,
            by=header.by,
            at_ms=header.corrected_ms,
        )

    def prevails_over(self, other: "CopyWord | None") -> bool:
        """Whether this word counts from now on: the province has the last one, and of a unit's the refusal stays."""
        if other is None or self.is_provinces:
            return True
        return not other.is_provinces and other.stands and not self.stands
