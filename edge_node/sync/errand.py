"""«Đồng bộ ngay»: the sync that an officer asked for, how far it is, and stopping it.

It runs in the thread of the request that asked; other requests read how far it is. What was exchanged when it is
stopped, or when the process ends, is stored: the next sync goes on from there. Automatic syncs are not errands.
"""

import threading
from dataclasses import dataclass, replace

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.sync.runner import SyncResult
from edge_node.sync.service import sync_now
from edge_node.sync.status import read_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """How far a sync is. `total`: the records that waited when it began; times in seconds that never jump."""

    began: float
    total: int
    sent: int = 0
    received: int = 0
    rounds: int = 0

    def seconds_left(self, now: float) -> int | None:
        """By the pace so far; None while nothing can be said."""
        if not self.sent or self.sent >= self.total:
            return None
        return round((now - self.began) * (self.total - self.sent) / self.sent)


class Stopped(Exception):
    """The officer stopped it."""


class Desk:
    """The one errand of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errand: Errand | None = None
        self._is_stopping = False

    @property
    def errand(self) -> Errand | None:
        return self._errand

    def stop(self) -> None:
        """Let the errand end after the round that is under way."""
        self._is_stopping = True

    def run(self, db: Database, services: Services) -> SyncResult | None:
        """Sync now; None where it was stopped or a sync is running already."""
        with self._lock:
            if self._errand is not None:
                return None
            waiting = read_status(db, now=services.clock()).waiting
            self._errand, self._is_stopping = Errand(began=services.monotonic(), total=waiting), False
        try:
            result = sync_now(db, services, progress=self._note)
        except Stopped:
            return None
        finally:
            self._errand = None
        return result if result.rounds or result.problem else None

    def _note(self, result: SyncResult) -> None:
        if self._errand is not None:
            self._errand = replace(
                self._errand, sent=result.sent, received=result.received, rounds=result.rounds
            )
        if self._is_stopping:
            raise Stopped


DESK = Desk()
