"""When a PC is to come again: in the slot of its commune, later while the judge is behind. Decides only.

After an outage everybody has something to send at once, and then everybody would ask every few seconds whether it is judged.
So the hub spreads them: time is cut into turns, a turn into one slot for each commune, equally long however many PCs the
commune has, and its PCs share its slot. A turn is as long as the configured interval; for a PC whose records wait to be
judged it is as long as the judge will need for everything before them. Nothing is remembered between rounds.
"""

from dataclasses import dataclass
from typing import Final

UNJUDGED_S_MIN: Final = 5
"""The judge needs a moment even when nothing else waits."""
WAIT_S_MAX: Final = 60 * 60
_JUDGED_PER_S: Final = 2_000
"""What one judge decides on a small machine, rather too low: who comes too early comes twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a PC stands among all: its commune among the communes that have PCs, and itself among those of its commune."""

    commune: int
    communes: int
    device: int
    devices: int

    @property
    def share(self) -> float:
        """The part of a turn after which it is this PC's, from [0, 1)."""
        return (self.commune + self.device / self.devices) / self.communes


def wait_to_be_judged_s(seat: Seat, *, backlog: int) -> int:
    """Seconds until a PC whose records wait may ask again, when so many records of all wait to be judged."""
    turn_s = backlog / _JUDGED_PER_S
    return min(WAIT_S_MAX, round(UNJUDGED_S_MIN + turn_s * (0.5 + seat.share)))


def wait_for_slot_s(seat: Seat, *, now_s: int, turn_s: int) -> int:
    """Seconds until the PC's next slot that is at least half a turn away (and at most one and a half)."""
    to_slot = (round(seat.share * turn_s) - now_s) % turn_s
    return to_slot if to_slot >= turn_s / 2 else to_slot + turn_s
