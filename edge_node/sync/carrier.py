"""«Mang bằng USB» while it runs: writing to a stick or taking from one, how far it is. One at a time in this process.

It runs in the thread of the request that asked; other requests read how far it is. A process that ends in between leaves a
cut parcel, which the next export replaces, or a half-taken one, which the next import goes on with.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from edge_node.sync.parcels import Progress

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """How far it is: records when writing, bytes when reading."""

    is_writing: bool
    done: int = 0
    total: int = 0


class Carrier:
    """The one stick errand of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.errand: Errand | None = None

    def run(self, work: Callable[[Progress], Outcome], *, is_writing: bool) -> Outcome | None:
        """Do the work; None where another errand is under way."""
        with self._lock:
            if self.errand is not None:
                return None
            self.errand = Errand(is_writing=is_writing)
        try:
            return work(self._note)
        finally:
            self.errand = None

    def _note(self, done: int, total: int) -> None:
        if self.errand is not None:
            self.errand = replace(self.errand, done=done, total=total)


CARRIER = Carrier()
