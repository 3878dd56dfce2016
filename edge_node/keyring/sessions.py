"""Unlocked keys in memory: who is logged in, for how long, and one unlock at a time.

Unlocking costs argon2id memory (64 MiB by default), so two at once would double the node's peak on a 4 GB PC. A key
that was not used for the idle time is dropped; the officer types the PIN again and goes on. Nothing here is written
to the disk: after a restart everybody logs in again.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_node.keyring.files import KeyFiles
from signing.keys import BoxKey, SigningKey
from signing.roles import Role

UNLOCK_WAIT_S: Final = 20.0
SESSIONS_MAX: Final = 64


class UnlockBusy(Exception):
    """Other officers are logging in at this very moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An officer whose key is unlocked, as the province's statements describe the officer now."""

    officer: str
    key: str
    name: str
    title: str
    roles: frozenset[Role]
    signer: SigningKey


@dataclass(slots=True)
class _Unlocked:
    officer: str
    signer: SigningKey
    last_used_ms: int


class Keyring:
    """The keys that are open in this process."""

    def __init__(
        self,
        files: KeyFiles,
        *,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        idle_ms: int,
    ) -> None:
        self.files = files
        self._clock = clock
        self._random_bytes = random_bytes
        self._idle_ms = idle_ms
        self._lock = threading.Lock()
        self._unlocking = threading.Lock()
        self._unlocked: dict[str, _Unlocked] = {}
        self._device: SigningKey | None = None

    @property
    def device(self) -> SigningKey:
        """This PC's own key; raises KeysMissing before `init`."""
        if self._device is None:
            self._device = self.files.device()
        return self._device

    def unlock(self, officer: str, *, pin: str) -> str:
        """Open the officer's key and return the session token; raises KeyLocked, KeyError or UnlockBusy."""
        if not self._unlocking.acquire(timeout=UNLOCK_WAIT_S):
            raise UnlockBusy
        try:
            signer = self.files.unlock_officer(officer, pin=pin)
        finally:
            self._unlocking.release()
        return self.admit(officer, signer)

    def admit(self, officer: str, signer: SigningKey) -> str:
        """Hold a key that is open already (after a change of PIN); returns the session token."""
        token = self._random_bytes(16).hex()
        now = self._clock()
        with self._lock:
            self._drop_idle(now)
            if len(self._unlocked) >= SESSIONS_MAX:
                oldest = min(self._unlocked, key=lambda each: self._unlocked[each].last_used_ms)
                del self._unlocked[oldest]
            self._unlocked[token] = _Unlocked(officer, signer, now)
        return token

    def use(self, token: str, *, is_activity: bool = True) -> tuple[str, SigningKey] | None:
        """Officer and key of a session, or None when it is locked; a real request keeps it open."""
        now = self._clock()
        with self._lock:
            self._drop_idle(now)
            found = self._unlocked.get(token)
            if found is None:
                return None
            if is_activity:
                found.last_used_ms = now
            return found.officer, found.signer

    def lock(self, token: str) -> None:
        """Forget the key of a session."""
        with self._lock:
            self._unlocked.pop(token, None)

    def lock_officer(self, officer: str) -> None:
        """Forget every open key of an officer (a reset PIN, a removed officer)."""
        with self._lock:
            for token in [t for t, held in self._unlocked.items() if held.officer == officer]:
                del self._unlocked[token]

    def open_count(self) -> int:
        with self._lock:
            self._drop_idle(self._clock())
            return len(self._unlocked)

    def _drop_idle(self, now: int) -> None:
        # A clock set back must not keep a key open for ever: what lies in the future counts as idle too.
        for token in [
            t for t, held in self._unlocked.items() if not 0 <= now - held.last_used_ms <= self._idle_ms
        ]:
            del self._unlocked[token]


def box_of(signer: SigningKey, *, purpose: bytes) -> BoxKey:
    """A key of the officer for keeping private things, derived from the signing key that only the officer opens."""
    return BoxKey.from_seed(derive_secret(signer.seed, purpose=purpose))


def derive_secret(seed: bytes, *, purpose: bytes) -> bytes:
    """32 bytes that only the holder of `seed` can make; another purpose gives unrelated ones."""
    return hashlib.blake2b(b"", key=seed, person=purpose[:16], digest_size=32).digest()
