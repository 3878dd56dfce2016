"""Which officer lets which program sign, kept in memory: it ends with the officer's session, never later.

A grant names the officer's own session. Locking the screen, logging out, idleness and a restart close that session, and
a program's requests never keep it open.
"""

import threading

from sqlite_utils import Database

from edge_node.accounts.service import current_actor
from edge_node.keyring import Actor
from edge_node.services import Services


class Grants:
    """Token id → session token of the officer who allowed it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, str] = {}

    def allow(self, token: str, session: str) -> None:
        with self._lock:
            self._sessions[token] = session

    def withdraw(self, token: str) -> None:
        with self._lock:
            self._sessions.pop(token, None)

    def actor(self, db: Database, services: Services, token: str) -> Actor | None:
        """The officer in whose name the program may sign now."""
        with self._lock:
            session = self._sessions.get(token)
        if session is None:
            return None
        found = current_actor(db, services, session, is_activity=False)
        if found is None:
            self.withdraw(token)
        return found


GRANTS = Grants()
