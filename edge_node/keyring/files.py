"""Locked keys as files: the device's own, the session secret, and one per officer.

Each file is written whole beside its place and moved there, so a power cut leaves the old one or the new one. An
officer has at most one current key here; a reset retires the old file (`.retired`), it is never deleted, because what
it signed stays.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_node.keyring.machine_secret import bind, unbind
from signing.keys import (
    BoxKey,
    LockCost,
    SigningKey,
    lock_seed,
    lock_with_device,
    unlock_seed,
    unlock_with_device,
)

_BINDING: Final = "device.secret"
_DEVICE: Final = "device.key"
_BOX: Final = "device.box"
_SESSIONS: Final = "session.secret"
SECRET_BYTES: Final = 32


class KeysMissing(Exception):
    """This data folder has no device key yet (`motcua-node init` makes it)."""


@dataclass(frozen=True, slots=True)
class OfficerKeyFile:
    """The current key of an officer on this PC."""

    officer: str
    key: str
    path: Path


class KeyFiles:
    """The folder `keys`, which no backup contains."""

    def __init__(self, folder: Path, cost: LockCost) -> None:
        self._folder = folder
        self._officers = folder / "officers"
        self._cost = cost

    @property
    def is_complete(self) -> bool:
        return all((self._folder / name).exists() for name in (_BINDING, _DEVICE, _BOX, _SESSIONS))

    def create(self, device: SigningKey, box: BoxKey, *, secret: bytes, session_secret: bytes) -> None:
        """Keep the keys of a new device. The secret goes first: without it the others could not be read back."""
        self._officers.mkdir(parents=True, exist_ok=True)
        write_private(self._folder / _BINDING, bind(secret))
        write_private(self._folder / _SESSIONS, bind(session_secret))
        write_private(self._folder / _BOX, lock_with_device(box.seed, device_secret=secret))
        write_private(self._folder / _DEVICE, lock_with_device(device.seed, device_secret=secret))

    def device(self) -> SigningKey:
        return SigningKey.from_seed(unlock_with_device(self._read(_DEVICE), device_secret=self._secret()))

    def box(self) -> BoxKey:
        return BoxKey.from_seed(unlock_with_device(self._read(_BOX), device_secret=self._secret()))

    def session_secret(self) -> bytes:
        return unbind(self._read(_SESSIONS))

    def officers(self) -> dict[str, OfficerKeyFile]:
        """Current keys by officer id."""
        found = {}
        for path in sorted(self._officers.glob("*.key")):
            officer, _, key = path.stem.partition("-")
            found[officer] = OfficerKeyFile(officer, key, path)
        return found

    def keep_officer(self, officer: str, key: SigningKey, *, pin: str) -> None:
        """Make `key` the officer's current key here, locked by `pin` and this PC."""
        before = self.officers().get(officer)
        self._officers.mkdir(parents=True, exist_ok=True)
        locked = lock_seed(key.seed, pin=pin, device_secret=self._secret(), cost=self._cost)
        write_private(self._officers / f"{officer}-{key.public.id}.key", locked)
        if before and before.key != key.public.id:
            before.path.replace(before.path.with_suffix(".retired"))

    def unlock_officer(self, officer: str, *, pin: str) -> SigningKey:
        """The officer's key; raises KeyLocked for a wrong PIN and KeyError for an officer who has no key here."""
        locked = self.officers()[officer].path.read_bytes()
        return SigningKey.from_seed(unlock_seed(locked, pin=pin, device_secret=self._secret()))

    def _secret(self) -> bytes:
        return unbind(self._read(_BINDING))

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise KeysMissing(str(self._folder / name)) from error


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only the node's own account may read, durably and all at once."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
