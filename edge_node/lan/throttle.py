"""How often an address on the office network may ask: counted per minute in memory, refusals counted many times over."""

import threading
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 60.0
ALLOWED: Final = 600
REFUSAL_COSTS: Final = 30
ADDRESSES_MAX: Final = 1_024


class Throttle:
    """Counts what each address cost in this minute. `seconds` never jump."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._costs: dict[str, tuple[float, int]] = {}

    def allows(self, address: str) -> bool:
        """Whether the address may ask; the asking is counted."""
        return self._add(address, 1) <= ALLOWED

    def count_refusal(self, address: str) -> None:
        """It asked for what it may not have."""
        self._add(address, REFUSAL_COSTS)

    def _add(self, address: str, cost: int) -> int:
        now = self._seconds()
        with self._lock:
            began, spent = self._costs.pop(address, (now, 0))
            if now - began >= WINDOW_S:
                began, spent = now, 0
            spent += cost
            self._costs[address] = (began, spent)
            if len(self._costs) > ADDRESSES_MAX:
                self._costs.pop(next(iter(self._costs)))
            return spent
