"""When to sync next. Pure: times in, a decision out; the schedule asks every few seconds.

While the line is up: at the regular interval, sooner when something waits to be sent or to be judged. While it is down:
a cheap look at the hub's door at every tick, and a sync at once when it opens; a hub that answers but refuses is left in
peace for a growing while.
"""

from dataclasses import dataclass, replace
from typing import Final

from edge_node.sync import pace

SOON_S: Final = 20.0
"""How long after a write a sync may come: several actions of one errand travel together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the schedule remembers between ticks; all of it may be forgotten."""

    next_at: float = 0.0
    failures: int = 0
    is_line_down: bool = False

    def wants_sync(self, *, now: float, waiting: int, last_ended: float) -> bool:
        """Whether a sync is due now (with the line taken to be up)."""
        if now >= self.next_at:
            return True
        return waiting > 0 and self.failures == 0 and now - last_ended >= SOON_S

    def after_success(self, *, now: float, every_s: float, draw: float) -> "Plan":
        return replace(self, next_at=now + pace.varied(every_s, draw=draw), failures=0, is_line_down=False)

    def after_failure(self, *, now: float, is_line_down: bool, retry_after_s: int, draw: float) -> "Plan":
        failures = self.failures + 1
        wait = max(float(retry_after_s), pace.wait_after(failures, draw=draw))
        return replace(self, next_at=now + wait, failures=failures, is_line_down=is_line_down)
