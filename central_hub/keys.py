"""The hub's own keys on disk: who it is, apart from the database and never in a back-up.

`keys/secret` locks the others; `hub.key` owns the hub's logs and signs seals, receipts, verdicts and leases;
`registry.key` states other keys; `log.key` signs checkpoints of the province's log, `status.key` status snapshots, and nothing else; `trust.json` is the bundle
that the roots signed last, `trust-N.json` are all versions so far. Root keys are not here: they lie apart and go offline.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from signing.bundles import open_unpinned_bundle
from signing.keys import (
    BoxKey,
    LockCost,
    SigningKey,
    lock_seed,
    lock_with_device,
    unlock_seed,
    unlock_with_device,
)
from signing.signatures import PublicKey
from signing.tlog.note import VerifierKey
from signing.trust import TrustBundle

SECRET_FILE = "secret"  # noqa: S105 — the name of a file
SECRET_BYTES = 32
_ROOT_FILE_LABEL = b"motcua root key file"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubKeys:
    """The keys of a running hub."""

    secret: bytes = field(repr=False)
    hub: SigningKey
    box: BoxKey
    registry: SigningKey
    bundle: TrustBundle
    envelope: bytes = field(repr=False)
    log: SigningKey | None = None
    status: SigningKey | None = None
    versions: tuple[bytes, ...] = field(default=(), repr=False)

    def derived(self, purpose: str) -> bytes:
        """A secret of its own for one purpose (challenges, passwords), from the hub's one secret."""
        return hmac.new(self.secret, f"motcua.hub\0{purpose}".encode(), hashlib.sha256).digest()

    @property
    def session_secret(self) -> bytes:
        """What signs the cookies of sessions: another one with each registry key, so that whoever had the keys before a ceremony
        that replaced it can be nobody at the screen afterwards. The hub's one secret itself is never replaced."""
        return hmac.new(self.derived("session"), self.registry.seed, hashlib.sha256).digest()


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    partial.chmod(0o600)
    partial.write_bytes(data)
    partial.replace(path)


def save_keys(
    folder: Path,
    *,
    secret: bytes,
    hub: SigningKey,
    box: BoxKey,
    registry: SigningKey,
    log: SigningKey,
    status: SigningKey,
    envelope: bytes,
) -> None:
    """Write the hub's keys, locked by its secret."""
    own: dict[str, SigningKey | BoxKey] = {
        "hub": hub,
        "box": box,
        "registry": registry,
        "log": log,
        "status": status,
    }
    for name, key in own.items():
        save_key(folder / f"{name}.key", key, secret=secret)
    keep_envelope(folder, envelope)
    # Last: a folder with a secret is a folder with all keys.
    write_private(folder / SECRET_FILE, secret)


def log_verifier(province: str, log: PublicKey) -> VerifierKey:
    """The name under which a log key signs: its origin, another one for every key."""
    return VerifierKey(f"motcua/{province}/{log.id[:8]}", log)


def save_key(path: Path, key: SigningKey | BoxKey, *, secret: bytes) -> None:
    """Write one of the hub's keys, locked by its secret."""
    write_private(path, lock_with_device(key.seed, device_secret=secret))


def load_key(path: Path, *, secret: bytes) -> SigningKey:
    """Read one of the hub's signing keys."""
    return SigningKey.from_seed(unlock_with_device(path.read_bytes(), device_secret=secret))


def keep_envelope(folder: Path, envelope: bytes) -> None:
    """Keep a version of the bundle, and make it the one in use: the version first, so that none is ever missing."""
    version = open_unpinned_bundle(envelope).version
    write_private(folder / f"trust-{version}.json", envelope)
    write_private(folder / "trust.json", envelope)


def _versions(folder: Path) -> tuple[bytes, ...]:
    """Every version of the bundle, the oldest first."""
    paths = {int(path.stem.partition("-")[2]): path for path in folder.glob("trust-*.json")}
    return tuple(path.read_bytes() for _, path in sorted(paths.items()))


def load_keys(folder: Path) -> HubKeys:
    """Read the hub's keys; FileNotFoundError where `init` has not been run."""
    secret = (folder / SECRET_FILE).read_bytes()

    def seed(name: str) -> bytes:
        return unlock_with_device((folder / f"{name}.key").read_bytes(), device_secret=secret)

    envelope = (folder / "trust.json").read_bytes()
    return HubKeys(
        secret=secret,
        hub=SigningKey.from_seed(seed("hub")),
        box=BoxKey.from_seed(seed("box")),
        registry=SigningKey.from_seed(seed("registry")),
        bundle=open_unpinned_bundle(envelope),
        envelope=envelope,
        # A hub founded before there was a log, or a status, has no such key.
        log=SigningKey.from_seed(seed("log")) if (folder / "log.key").exists() else None,
        status=SigningKey.from_seed(seed("status")) if (folder / "status.key").exists() else None,
        versions=_versions(folder) or (envelope,),
    )


def save_root(path: Path, root: SigningKey, *, passphrase: str, cost: LockCost = LockCost.OFFICE) -> None:
    """Write a root key file, locked by a passphrase (an empty one is allowed for a demonstration)."""
    locked = lock_seed(root.seed, pin=passphrase, device_secret=_ROOT_FILE_LABEL, cost=cost)
    write_private(path, locked)


def load_root(path: Path, *, passphrase: str) -> SigningKey:
    """Read a root key file; KeyLocked for a wrong passphrase."""
    return SigningKey.from_seed(
        unlock_seed(path.read_bytes(), pin=passphrase, device_secret=_ROOT_FILE_LABEL)
    )
