"""When to meet which colleague. Pure: times in, a decision out; the schedule asks every few seconds.

Meetings on the office network are cheap, so they are frequent; sooner when something new is here. A PC that is switched off
is asked less and less often, but never less than every other minute: it may be the only one with a line.
"""

from dataclasses import dataclass, replace
from typing import Final

SOON_S: Final = 2.0
"""How long after a meeting news may make the next one."""
WAIT_MAX_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is remembered of one address between ticks; all of it may be forgotten.

    Attributes:
        ended: when the last meeting ended (seconds that never jump); `failures` in a row; `told`: what was here then.
    """

    ended: float = -1e9
    failures: int = 0
    told: bytes = b""

    def is_due(self, *, now: float, every_s: float, here: bytes) -> bool:
        """Whether to meet now; `here` is a digest of what this PC holds."""
        since = now - self.ended
        if self.failures:
            return since >= min(every_s * 2 ** min(self.failures - 1, 6), max(WAIT_MAX_S, every_s))
        return since >= every_s or (here != self.told and since >= SOON_S)

    def after(self, *, now: float, is_done: bool, here: bytes) -> "Rhythm":
        """After a meeting."""
        return replace(self, ended=now, failures=0 if is_done else self.failures + 1, told=here)
