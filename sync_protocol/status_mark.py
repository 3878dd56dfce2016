"""Which status snapshot a node holds, in 16 bytes, and when a newer one is worth sending. Pure.

A snapshot moves with every record of the province, since it says up to which leaf it is silent; what it says of keys and
documents moves seldom. So a change of that travels at once, the rest once a day and never alone: an idle round stays small. A small one also
goes along with the places of records in the log, so that a proof of those is whole from the first time it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from signing.snapshot import Outline

STATUS_MARK_BYTES: Final = 16
STATUS_WANTED: Final = bytes(STATUS_MARK_BYTES)
"""The mark of a node that holds none, or wants one that reaches further than what it holds."""

AGE_S_MAX: Final = 24 * 60 * 60
AT_ONCE_BYTES_MAX: Final = 32 * 1024
"""A larger snapshot travels once a day even where it says something new: a weak line has records to carry."""

WITH_PLACES_BYTES_MAX: Final = 4 * 1024
"""A larger one does not go along with every stretch of places."""

_SIZE_BYTES, _TIME_BYTES, _SAYS_BYTES = 8, 4, 4


@dataclass(frozen=True, slots=True)
class StatusMark:
    """Leaves that a snapshot covers, when it was issued (s since 1970), and the beginning of the digest of what it says."""

    size: int
    issued_s: int
    says: bytes

    @classmethod
    def of(cls, outline: Outline) -> Self:
        issued_s = min((outline.issued or 0) // 1000, (1 << 8 * _TIME_BYTES) - 1)
        return cls(outline.size, issued_s, outline.says[:_SAYS_BYTES])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From its 16 bytes."""
        time_at, says_at = _SIZE_BYTES, _SIZE_BYTES + _TIME_BYTES
        return cls(
            int.from_bytes(data[:time_at], "big"),
            int.from_bytes(data[time_at:says_at], "big"),
            data[says_at:STATUS_MARK_BYTES],
        )

    def encode(self) -> bytes:
        """Its 16 bytes."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + self.issued_s.to_bytes(_TIME_BYTES, "big") + self.says


def is_status_due(
    held: bytes, newest: StatusMark, *, size_bytes: int, is_alone: bool, has_places: bool = False
) -> bool:
    """Whether a snapshot of `size_bytes` goes to a peer that says it holds `held`.

    Args:
        held: the peer's mark; b"" from one that knows nothing of snapshots, or has just refused one.
        is_alone: whether the message would carry nothing else.
        has_places: whether it carries places of records in the log.
    """
    if len(held) != STATUS_MARK_BYTES:
        return False
    if held == STATUS_WANTED:
        return True
    has = StatusMark.decode(held)
    if (newest.size, newest.issued_s) <= (has.size, has.issued_s):
        return False
    if has_places and newest.size > has.size and size_bytes <= WITH_PLACES_BYTES_MAX:
        return True
    is_old = newest.issued_s - has.issued_s >= AGE_S_MAX
    if newest.says != has.says and (is_old or size_bytes <= AT_ONCE_BYTES_MAX):
        return True
    return is_old and not is_alone
