"""The root ceremony: the next version of the trust bundle, from draft over the holders' signatures to adoption.

A draft is one file that goes round: it is made at the hub, each holder of a root key signs it where the key is (any PC with
this program, offline), and the hub adopts it once enough old and new roots have signed. Nodes take the versions one
after another with their next sync, agencies with the next download.

Order of effects on adoption: the short statement for paper and a new registry key are in place before the bundle is,
so a crash leaves the old bundle in use, and adopting again completes it.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import orjson
from sqlalchemy import Connection

from central_hub.keys import keep_envelope, load_key, save_key, write_private
from central_hub.registry.compact import REGISTRY_FILE
from central_hub.registry.revocation import device_cut
from central_hub.services import Services
from dossiers.kinds import AUTHORITY
from signing.bundles import (
    TrustBundle,
    add_signature,
    next_payload,
    open_bundle,
    open_unpinned_bundle,
    read_unsigned_bundle,
    sign_bundle,
)
from signing.canonical import Json
from signing.compact import RegistryKey, SignedRegistryKey, sign_registry_key
from signing.cuts import Cause
from signing.errors import SigningError, TrustInvalid
from signing.keys import SigningKey, new_signing_key
from signing.signatures import PublicKey

DRAFT_BYTES_MAX: Final = 1 << 20
_FORMAT: Final = "motcua-ceremony/1"
_NEXT: Final = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyDraft:
    """A version of the bundle that collects signatures; `paper` is the short registry statement with its own."""

    envelope: bytes
    paper: bytes

    @property
    def bundle(self) -> TrustBundle:
        """What the draft says; not believed before adoption."""
        return read_unsigned_bundle(self.envelope)

    def encode(self) -> bytes:
        """The file that goes round."""
        parts = {"format": _FORMAT, "envelope": _text(self.envelope), "paper": _text(self.paper)}
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a draft; TrustInvalid if it is none."""
        try:
            parts = orjson.loads(data)
            if not isinstance(parts, dict) or parts.get("format") != _FORMAT:
                raise TrustInvalid("not a draft of a trust bundle")
            draft = cls(
                envelope=base64.b64decode(parts["envelope"], validate=True),
                paper=base64.b64decode(parts["paper"], validate=True),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise TrustInvalid("not a draft of a trust bundle") from error
        read_unsigned_bundle(draft.envelope)
        return draft

    def sign(self, root: SigningKey) -> Self:
        """The draft with one holder's signature more."""
        bundle = self.bundle
        stated = RegistryKey(key=bundle.registry[0], province=bundle.province, bundle_version=bundle.version)
        paper = self.paper
        if root.public in bundle.roots:
            known = SignedRegistryKey.decode(paper).signatures if paper else ()
            mine = sign_registry_key(stated, [root]).signatures
            merged = tuple(sorted({**dict(known), **dict(mine)}.items()))
            paper = SignedRegistryKey(stated.payload(), merged, stated).encode()
        return replace(self, envelope=add_signature(self.envelope, root), paper=paper)


def propose(
    connection: Connection,
    services: Services,
    *,
    roots: Sequence[PublicKey] | None = None,
    threshold: int | None = None,
    registry_cause: Cause | None = None,
    since_ms: int | None = None,
    policy: str | None = None,
) -> CeremonyDraft:
    """The next version: other roots or another threshold, or a new registry key with the old one cut off.

    Which roles may sign which kinds is brought up to this version of the program. A new registry key waits under
    `keys/next` until the draft is adopted.
    """
    present = services.keys.bundle
    chosen = tuple(roots) if roots is not None else present.roots
    changes: dict[str, Json] = {
        "roots": [root.hex for root in chosen],
        "threshold": threshold if threshold is not None else min(present.threshold, len(chosen)),
        "authority": {kind: [*sorted(kind_roles)] for kind, kind_roles in AUTHORITY.items()},
        "issued": services.clock(),
    }
    if services.keys.status is not None:
        changes["status"] = [services.keys.status.public.hex]
    if registry_cause is not None:
        changes |= _new_registry(connection, services, registry_cause, since_ms)
    if policy is not None:
        changes["policy"] = policy
    payload = next_payload(services.keys.envelope, changes)
    return CeremonyDraft(envelope=sign_bundle(payload, []), paper=b"")


def adopt(services: Services, draft: CeremonyDraft) -> TrustBundle:
    """Make a fully signed draft the bundle in use; TrustInvalid while signatures are missing. The hub must not run."""
    bundle = open_bundle(draft.envelope, roots=services.keys.bundle)
    folder, secret = services.config.keys, services.keys.secret
    if draft.paper:
        SignedRegistryKey.decode(draft.paper).verify(bundle.roots, bundle.threshold)
        write_private(folder / REGISTRY_FILE, draft.paper)
    waiting = folder / _NEXT / "registry.key"
    if services.keys.registry.public not in bundle.registry:
        if load_key(waiting, secret=secret).public not in bundle.registry:
            raise TrustInvalid("the registry key of this draft is not here")
        save_key(folder / "registry.key", load_key(waiting, secret=secret), secret=secret)
    keep_envelope(folder, draft.envelope)
    waiting.unlink(missing_ok=True)
    return bundle


def read_draft(path: Path) -> CeremonyDraft:
    """Read a draft file, bounded; TrustInvalid if it is none."""
    with path.open("rb") as file:
        data = file.read(DRAFT_BYTES_MAX + 1)
    if len(data) > DRAFT_BYTES_MAX:
        raise TrustInvalid("too large for a draft")
    return CeremonyDraft.decode(data)


def signatures_missing(draft: CeremonyDraft, present: TrustBundle) -> bool:
    """Whether adoption would still be refused for want of signatures."""
    try:
        open_unpinned_bundle(draft.envelope)
        open_bundle(draft.envelope, roots=present)
    except SigningError:
        return True
    return False


def _new_registry(
    connection: Connection, services: Services, cause: Cause, since_ms: int | None
) -> Mapping[str, Json]:
    path = services.config.keys / _NEXT / "registry.key"
    key = new_signing_key()
    save_key(path, key, secret=services.keys.secret)
    cut = device_cut(connection, services.keys.hub.public.id, since_ms=since_ms)
    old: Json = {"key": services.keys.registry.public.hex, "cause": cause.value, **cut.facts()}
    before: list[Json] = [
        {"key": each.key.hex, "cause": each.cause.value, **each.cut.facts()}
        for each in services.keys.bundle.former
    ]
    return {"registry": [key.public.hex], "former": [*before, old]}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
