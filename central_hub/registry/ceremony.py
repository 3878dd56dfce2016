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

from central_hub.keys import keep_envelope, load_key, log_verifier, save_key, write_private
from central_hub.registry.compact import REGISTRY_FILE
from central_hub.registry.revocation import device_cut
from central_hub.services import Services
from central_hub.tlog.origin import kept_leaves, last_signed, may_open, switch
from dossiers.kinds import AUTHORITY
from signing.bundles import (
    Broken,
    Continued,
    TrustBundle,
    add_signature,
    broken_members,
    continued_entries,
    next_payload,
    open_bundle,
    open_unpinned_bundle,
    policy_text,
    read_unsigned_bundle,
    sign_bundle,
)
from signing.canonical import Json
from signing.compact import RegistryKey, SignedRegistryKey, sign_registry_key
from signing.cuts import Cause
from signing.errors import SigningError, TrustInvalid
from signing.keys import SigningKey, new_signing_key
from signing.signatures import PublicKey
from signing.tlog.merkle import EMPTY_ROOT
from signing.tlog.note import VerifierKey

DRAFT_BYTES_MAX: Final = 1 << 20
_FORMAT: Final = "motcua-ceremony/1"
_NEXT: Final = "next"
_STATUS_KEYS_MAX: Final = 12
"""With a new one every month, snapshots in files of the last year are believed."""


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
    new_log: bool = False,
    is_log_stolen: bool = False,
    last_checkpoint: bytes | None = None,
    broken_from: int | None = None,
    status_cause: Cause | None = None,
) -> CeremonyDraft:
    """The next version: other roots or another threshold, a new registry key with the old one cut off, or a new log.

    With `status_cause` it names a new status key; the former ones go on vouching for the snapshots in older files only if they were
    merely retired. With `broken_from`, a size of the log's tree, it declares the signature algorithm broken: what stands below counts, nothing else.

    Which roles may sign which kinds is brought up to this version of the program. A new registry key waits under
    `keys/next` until the draft is adopted, and so do the key of a new log and a new status key. A new log is refused (TrustInvalid) while the present
    one may still go on, unless its key was stolen (`is_log_stolen`); `last_checkpoint` is the newest note of it that a node or a witness holds.
    """
    present = services.keys.bundle
    chosen = tuple(roots) if roots is not None else present.roots
    changes: dict[str, Json] = {
        "roots": [root.hex for root in chosen],
        "threshold": threshold if threshold is not None else min(present.threshold, len(chosen)),
        "authority": {kind: [*sorted(kind_roles)] for kind, kind_roles in AUTHORITY.items()},
        "issued": services.clock(),
    }
    if status_cause is not None:
        changes["status"] = _new_status(services, status_cause)
    elif services.keys.status is not None and services.keys.status.public not in present.status:
        changes["status"] = [services.keys.status.public.hex]
    if registry_cause is not None:
        changes |= _new_registry(connection, services, registry_cause, since_ms)
    if policy is not None:
        changes["policy"] = policy
    if new_log:
        changes |= _new_log(connection, services, last_checkpoint, policy, is_stolen=is_log_stolen)
    if broken_from is not None:
        changes |= _broken(services, broken_from)
    payload = next_payload(services.keys.envelope, changes)
    return CeremonyDraft(envelope=sign_bundle(payload, []), paper=b"")


def adopt(services: Services, draft: CeremonyDraft) -> TrustBundle:
    """Make a fully signed draft the bundle in use; TrustInvalid while signatures are missing. The hub must not run."""
    bundle = open_bundle(draft.envelope, roots=services.keys.bundle)
    folder, secret = services.config.keys, services.keys.secret
    waiting_log = folder / _NEXT / "log.key"
    new_log = _waiting_log(services, bundle)
    if draft.paper:
        SignedRegistryKey.decode(draft.paper).verify(bundle.roots, bundle.threshold)
        write_private(folder / REGISTRY_FILE, draft.paper)
    waiting = folder / _NEXT / "registry.key"
    if services.keys.registry.public not in bundle.registry:
        if load_key(waiting, secret=secret).public not in bundle.registry:
            raise TrustInvalid("the registry key of this draft is not here")
        save_key(folder / "registry.key", load_key(waiting, secret=secret), secret=secret)
    if new_log is not None:
        save_key(folder / "log.key", new_log[0], secret=secret)
    waiting_status = folder / _NEXT / "status.key"
    if waiting_status.exists() and load_key(waiting_status, secret=secret).public in bundle.status:
        save_key(folder / "status.key", load_key(waiting_status, secret=secret), secret=secret)
    keep_envelope(folder, draft.envelope)
    waiting_status.unlink(missing_ok=True)
    if new_log is not None:
        switch(services, *new_log)
        waiting_log.unlink()
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


def _new_log(
    connection: Connection, services: Services, shown: bytes | None, policy: str | None, *, is_stolen: bool
) -> Mapping[str, Json]:
    """The members of a version that opens another origin, which names the last signed checkpoint of the present one.

    After a theft of its key that is the one of the tree at hand, while there is one: a greater one that somebody shows may be the thief's.
    """
    present, tree = services.keys.bundle, services.tree
    is_broken = may_open(connection, services)
    last = last_signed(connection, services, None if is_stolen and not is_broken else shown)
    if tree is None or last is None:
        raise TrustInvalid("nothing is known of the log that would be continued")
    if not is_broken and not is_stolen:
        raise TrustInvalid("the log in use can go on, or its records may still come back")
    key = new_signing_key()
    save_key(services.config.keys / _NEXT / "log.key", key, secret=services.keys.secret)
    log = log_verifier(services.province, key.public)
    text = policy if policy is not None else policy_text(services.keys.envelope) or ""
    ended = Continued(
        origin=tree.origin,
        size=last.size,
        root=last.root.hex(),
        by=log.name,
        kept=kept_leaves(connection, last),
        is_stolen=is_stolen,
    )
    return {"policy": f"log {log}\n{text}", "continued": continued_entries([*present.continued, ended])}


def _broken(services: Services, size: int) -> Mapping[str, Json]:
    """The members that name the tree as it was at this size: hashes still hold where signatures do not."""
    tree = services.tree
    if tree is None or size > tree.head().size:
        raise TrustInvalid("the log has fewer leaves, or there is none")
    root = tree.root_at(size) if size else EMPTY_ROOT
    return broken_members(Broken(suite="ed25519", origin=tree.origin, size=size, root=root.hex()))


def _waiting_log(services: Services, bundle: TrustBundle) -> tuple[SigningKey, VerifierKey, Continued] | None:
    """The new log's key, its name and what it continues, if this bundle opens the log that waits here."""
    path = services.config.keys / _NEXT / "log.key"
    if not path.exists():
        return None
    key = load_key(path, secret=services.keys.secret)
    log = log_verifier(bundle.province, key.public)
    ended = next((each for each in bundle.continued if each.by == log.name), None)
    return None if ended is None else (key, log, ended)


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


def _new_status(services: Services, cause: Cause) -> Json:
    """The member `status` with a new key, which waits under `keys/next`; the newest first."""
    key = new_signing_key()
    save_key(services.config.keys / _NEXT / "status.key", key, secret=services.keys.secret)
    kept = services.keys.bundle.status if cause is Cause.RETIRED else ()
    named: list[Json] = [each.hex for each in (key.public, *kept)]
    return named[:_STATUS_KEYS_MAX]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
