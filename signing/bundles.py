"""The trust bundle: what the root keys say. Everything else that is believed follows from it.

A bundle names the roots and their threshold, the registry keys, the hub's key, the hub's TLS authority and which roles
may sign which kinds of record. It has a version and no expiry: an office offline for months keeps working, and its age
is told, not enforced. Roots sign nothing but versions of the bundle.

Later versions of this program may add members to the payload: those that are not known here are left aside, never
refused, because the roots signed them. What a reader must understand to be safe gets another `format` instead: a bundle
that says which algorithm is broken (`broken`) is of format 2, so that a program that would pass over it refuses the whole.

The envelope is DSSE in canonical JSON. It is opened against something already believed: a fingerprint from an official
letter, a set of pinned root keys, or the previous bundle (then the new one needs the old roots' threshold *and* its own,
and may not be older). `open_unpinned_bundle` is for looking before believing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from signing import canonical, reasons
from signing.canonical import Json
from signing.cuts import Cause, Cut
from signing.errors import LogInvalid, NotCanonical, SignatureInvalid, TrustInvalid
from signing.roles import Role
from signing.signatures import PublicKey, Purpose, Signer, verify
from signing.statements import KeyStatement
from signing.tlog.policy import Policy

BUNDLE_BYTES_MAX: Final = 256 * 1024
SIGNATURES_MAX: Final = 16
KEYS_MAX: Final = 16

_FORMAT: Final = "motcua-trust-bundle/1"
_FORMAT_BROKEN: Final = "motcua-trust-bundle/2"
"""Exactly the bundles with a member `broken`."""
_NAMES: Final = frozenset(
    {
        "format",
        "version",
        "province",
        "roots",
        "threshold",
        "registry",
        "hub",
        "ca_sha256",
        "authority",
        "issued",
    }
)
_FORMER_NAMES: Final = frozenset({"key", "cause", "size", "cut"})
_CONTINUED_NAMES: Final = frozenset({"origin", "size", "root", "by", "kept"})
_BROKEN_NAMES: Final = frozenset({"suite", "origin", "size", "root"})
_SUITE: Final = "ed25519"
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_UNIT: Final = re.compile(r"[0-9]{2,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerKey:
    """A key that the roots named once and cut off: what it signed inside the cut still counts."""

    key: PublicKey
    cause: Cause
    cut: Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """An origin of the province's log that ended, and the one that goes on.

    Attributes:
        origin: the log that ended; `size` and `root` (hex) are its last signed checkpoint.
        by: the origin that continues it, beginning with the first `kept` leaves of the old one.
        is_stolen: its key was stolen, so that of its checkpoints this one counts, and what a quorum has cosigned.
    """

    origin: str
    size: int
    root: str
    by: str
    kept: int
    is_stolen: bool = False

    def json(self) -> dict[str, Json]:
        """An entry of the member `continued`."""
        entry: dict[str, Json] = {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "by": self.by,
            "kept": self.kept,
        }
        return {**entry, "cause": Cause.COMPROMISED.value} if self.is_stolen else entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A signature algorithm that proves nothing by itself any more: it counts only for what was in the log before.

    Attributes:
        suite: the algorithm; every key of this version is "ed25519".
        origin: a log of the policy; what its first `size` leaves hold, under the root hash `root` (hex), was there in time.
    """

    suite: str
    origin: str
    size: int
    root: str

    def json(self) -> dict[str, Json]:
        """The member `broken` of a payload."""
        return {"suite": self.suite, "origin": self.origin, "size": self.size, "root": self.root}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBundle:
    """One version of what the roots say.

    Attributes:
        issued: milliseconds since 1970; told to people, no rule reads it.
        status: the keys that sign status snapshots, and nothing else.
        former: registry keys of earlier versions, each with its cut.
        policy: which logs are believed and which witnesses make the quorum; None while the province keeps no log.
        continued: logs of the policy that ended, each with the one that goes on from it.
        broken: where the algorithm of all keys is declared broken, up to where it counts.
        digest: SHA-256 of the signed payload: two bundles of one version must be the same bytes.
    """

    version: int
    province: str
    roots: tuple[PublicKey, ...]
    threshold: int
    registry: tuple[PublicKey, ...]
    hub: KeyStatement
    ca_sha256: str | None
    authority: Mapping[str, frozenset[Role]] = field(hash=False)
    issued: int | None = None
    status: tuple[PublicKey, ...] = ()
    former: tuple[FormerKey, ...] = ()
    policy: Policy | None = None
    continued: tuple[Continued, ...] = ()
    broken: Broken | None = None
    digest: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root keys and their threshold: what an official letter prints."""
        roots: list[Json] = [*sorted(root.hex for root in self.roots)]
        return hashlib.sha256(canonical.encode({"roots": roots, "threshold": self.threshold})).hexdigest()


RootAnchor: TypeAlias = str | AbstractSet[PublicKey] | TrustBundle
"""What is believed before a bundle is opened: a fingerprint, pinned root keys, or the previous bundle."""


def make_bundle(
    *,
    version: int,
    province: str,
    roots: Sequence[PublicKey],
    threshold: int,
    registry: Sequence[PublicKey],
    hub: KeyStatement,
    ca_sha256: str | None,
    authority: Mapping[str, AbstractSet[Role]],
    issued: int | None = None,
    status: Sequence[PublicKey] = (),
    former: Sequence[FormerKey] = (),
    policy: str | None = None,
    continued: Sequence[Continued] = (),
    broken: Broken | None = None,
) -> bytes:
    """The payload that the roots sign; refused here already if no verifier would accept it. `policy` is a C2SP text."""
    fields: dict[str, Json] = {
        "format": _FORMAT,
        "version": version,
        "province": province,
        "roots": [root.hex for root in roots],
        "threshold": threshold,
        "registry": [key.hex for key in registry],
        "hub": hub.facts(),
        "ca_sha256": ca_sha256,
        "authority": {kind: [*sorted(roles)] for kind, roles in authority.items()},
        "issued": issued,
    }
    if status:
        fields["status"] = [key.hex for key in status]
    if former:
        fields["former"] = [{"key": each.key.hex, "cause": each.cause, **each.cut.facts()} for each in former]
    if policy is not None:
        fields["policy"] = policy
    if continued:
        fields["continued"] = continued_entries(continued)
    if broken is not None:
        fields |= broken_members(broken)
    payload = canonical.encode(fields)
    _read_payload(payload)
    return payload


def sign_bundle(payload: bytes, signers: Iterable[Signer]) -> bytes:
    """The envelope of a payload with one signature from each root given."""
    return canonical.encode(
        {
            "payload": _base64(payload),
            "payloadType": Purpose.TRUST_BUNDLE,
            "signatures": [
                {"keyid": signer.public.id, "sig": _base64(signer.sign(Purpose.TRUST_BUNDLE, payload))}
                for signer in signers
            ],
        }
    )


def next_payload(envelope: bytes, changes: Mapping[str, Json]) -> bytes:
    """The payload of the next version: the present one with some members changed, the others as they stand.

    Members that this version of the program does not know are kept. TrustInvalid if no verifier would accept it.
    """
    fields = _decoded(_read_envelope(envelope).payload)
    if not isinstance(fields, dict):
        raise TrustInvalid("a payload is an object")
    version = _count(fields.get("version"), least=1)
    payload = canonical.encode({**fields, **changes, "version": version + 1})
    _read_payload(payload)
    return payload


def policy_text(envelope: bytes) -> str | None:
    """The policy of an envelope as its roots wrote it; None where there is none."""
    fields = _decoded(_read_envelope(envelope).payload)
    text = fields.get("policy") if isinstance(fields, dict) else None
    return text if isinstance(text, str) else None


def continued_entries(continued: Iterable[Continued]) -> list[Json]:
    """The member `continued` of a payload."""
    return [each.json() for each in continued]


def broken_members(broken: Broken) -> dict[str, Json]:
    """The members of a payload that declare an algorithm broken, its format among them."""
    return {"format": _FORMAT_BROKEN, "broken": broken.json()}


def read_unsigned_bundle(envelope: bytes) -> TrustBundle:
    """What a draft says; its signatures may still be missing, so it is good for reading only."""
    return _read_payload(_read_envelope(envelope).payload)


def add_signature(envelope: bytes, signer: Signer) -> bytes:
    """The envelope with one signature more; signing twice with one key changes nothing."""
    signed = _read_envelope(envelope)
    signatures = {**signed.signatures, signer.public.id: signer.sign(Purpose.TRUST_BUNDLE, signed.payload)}
    return canonical.encode(
        {
            "payload": _base64(signed.payload),
            "payloadType": Purpose.TRUST_BUNDLE,
            "signatures": [
                {"keyid": key, "sig": _base64(signature)} for key, signature in sorted(signatures.items())
            ],
        }
    )


def open_bundle(envelope: bytes, *, roots: RootAnchor) -> TrustBundle:
    """The bundle, believed because of what was believed before; TrustInvalid otherwise."""
    signed = _read_envelope(envelope)
    bundle = _read_own_signatures(signed)
    if isinstance(roots, TrustBundle):
        _check_succession(roots, bundle, signed)
    elif isinstance(roots, str):
        if bundle.fingerprint != roots.strip().lower():
            raise TrustInvalid("the root fingerprint is another", reason=reasons.TRUST_PIN)
    else:
        _check_pinned(roots, bundle, signed)
    return bundle


def follow_bundles(envelopes: Iterable[bytes], *, roots: RootAnchor) -> TrustBundle | None:
    """The newest bundle that a chain of versions leads to; None for an empty chain, TrustInvalid where a link is missing.

    Each version is opened against the one before it, so that somebody who missed a change of roots gets across it. What
    is older than the anchor is passed over: a chain usually begins before it.
    """
    newest: TrustBundle | None = None
    for envelope in envelopes:
        anchor: RootAnchor = roots if newest is None else newest
        if isinstance(anchor, TrustBundle) and open_unpinned_bundle(envelope).version < anchor.version:
            continue
        newest = open_bundle(envelope, roots=anchor)
    return newest


def open_unpinned_bundle(envelope: bytes) -> TrustBundle:
    """The bundle, consistent in itself and no more: its fingerprint must still be compared by a person."""
    return _read_own_signatures(_read_envelope(envelope))


@dataclass(frozen=True, slots=True)
class _Signed:
    payload: bytes
    signatures: Mapping[str, bytes]

    def require(self, roots: Collection[PublicKey], threshold: int) -> None:
        """Refuse unless so many different ones of these roots signed; signatures of others count for nothing."""
        found = sum(self._is_signed_by(root) for root in roots)
        if found < threshold:
            raise TrustInvalid(f"{found} root signatures, {threshold} needed", reason=reasons.TRUST_THRESHOLD)

    def _is_signed_by(self, root: PublicKey) -> bool:
        try:
            verify(root, Purpose.TRUST_BUNDLE, self.payload, self.signatures.get(root.id, b""))
        except SignatureInvalid:
            return False
        return True


def _read_own_signatures(signed: _Signed) -> TrustBundle:
    bundle = _read_payload(signed.payload)
    signed.require(bundle.roots, bundle.threshold)
    return bundle


def _check_pinned(pinned: AbstractSet[PublicKey], bundle: TrustBundle, signed: _Signed) -> None:
    """A bare set of keys says nothing of a threshold, so that a bundle cannot lower it, a majority has to have signed."""
    if frozenset(bundle.roots) != pinned:
        raise TrustInvalid("the roots are not the pinned ones", reason=reasons.TRUST_PIN)
    signed.require(pinned, len(pinned) // 2 + 1)


def _check_succession(previous: TrustBundle, bundle: TrustBundle, signed: _Signed) -> None:
    if bundle.province != previous.province:
        raise TrustInvalid("the bundle is another province's", reason=reasons.TRUST_PIN)
    if bundle.version < previous.version:
        raise TrustInvalid(
            f"version {bundle.version} after {previous.version}", reason=reasons.TRUST_ROLLBACK
        )
    if bundle.version == previous.version and bundle.digest != previous.digest:
        raise TrustInvalid(f"two versions {bundle.version}", reason=reasons.TRUST_ROLLBACK)
    signed.require(previous.roots, previous.threshold)


def _read_envelope(envelope: bytes) -> _Signed:
    fields = _object(_decoded(envelope), frozenset({"payload", "payloadType", "signatures"}))
    if fields["payloadType"] != Purpose.TRUST_BUNDLE:
        raise TrustInvalid("the envelope holds something else")
    entries = [
        _object(entry, frozenset({"keyid", "sig"})) for entry in _list(fields["signatures"], SIGNATURES_MAX)
    ]
    return _Signed(
        _bytes(fields["payload"]), {str(entry["keyid"]): _bytes(entry["sig"]) for entry in entries}
    )


def _read_payload(payload: bytes) -> TrustBundle:
    fields = _decoded(payload)
    if not isinstance(fields, dict) or not fields.keys() >= _NAMES:
        raise TrustInvalid("an object lacks members")
    if fields["format"] != (_FORMAT_BROKEN if "broken" in fields else _FORMAT):
        raise TrustInvalid("another format of bundle")
    roots = _keys(fields["roots"])
    issued = fields["issued"]
    province = _text(fields["province"], _UNIT)
    registry = _apart(_keys(fields["registry"]), roots)
    hub = _hub(fields["hub"], province, roots, registry)
    present = (*roots, *registry, hub.key)
    policy = _policy(fields["policy"], present) if "policy" in fields else None
    continued = _continued(fields.get("continued", []), policy)
    if policy is not None and continued:
        policy = replace(
            policy,
            ends=MappingProxyType({each.origin: each.size for each in continued}),
            stolen=MappingProxyType(
                {each.origin: bytes.fromhex(each.root) for each in continued if each.is_stolen}
            ),
        )
    return TrustBundle(
        version=_count(fields["version"], least=1),
        province=province,
        roots=roots,
        threshold=_count(fields["threshold"], least=1, most=len(roots)),
        registry=registry,
        hub=hub,
        ca_sha256=None if fields["ca_sha256"] is None else _text(fields["ca_sha256"], _HEX64),
        authority=_authority(fields["authority"]),
        issued=None if issued is None else _count(issued, least=0),
        status=_apart(_keys(fields["status"]), present) if "status" in fields else (),
        former=_former(fields.get("former", []), present),
        policy=policy,
        continued=continued,
        broken=_broken(fields["broken"], policy) if "broken" in fields else None,
        digest=hashlib.sha256(payload).hexdigest(),
    )


def _apart(keys: tuple[PublicKey, ...], others: tuple[PublicKey, ...]) -> tuple[PublicKey, ...]:
    """Keys are roles: none of these may also hold another one."""
    if not set(keys).isdisjoint(others):
        raise TrustInvalid("a key holds one role and no other")
    return keys


def _policy(value: Json, present: tuple[PublicKey, ...]) -> Policy:
    if not isinstance(value, str):
        raise TrustInvalid("a policy is a text")
    try:
        policy = Policy.parse(value)
    except LogInvalid as error:
        raise TrustInvalid(error.detail) from error
    _apart(tuple(each.key for each in (*policy.logs, *policy.witnesses.values())), present)
    return policy


def _continued(value: Json, policy: Policy | None) -> tuple[Continued, ...]:
    entries = [_ended(entry) for entry in _list(value, KEYS_MAX)]
    names = frozenset[str]() if policy is None else frozenset(log.name for log in policy.logs)
    found: list[Continued] = []
    for entry in entries:
        size = _count(entry["size"], least=0)
        each = Continued(
            origin=str(entry["origin"]),
            size=size,
            root=_text(entry["root"], _HEX64),
            by=str(entry["by"]),
            kept=_count(entry["kept"], least=0, most=size),
            is_stolen="cause" in entry,
        )
        ended = {earlier.origin for earlier in (*found, each)}
        if not {each.origin, each.by} <= names or each.by in ended or len(ended) <= len(found):
            raise TrustInvalid(
                "a log ends once, and another log of the policy that has not ended continues it"
            )
        found.append(each)
    return tuple(found)


def _ended(value: Json) -> dict[str, Json]:
    """An entry with or without its cause; a program that does not know the member refuses the bundle, which is safe."""
    if not isinstance(value, dict) or "cause" not in value:
        return _object(value, _CONTINUED_NAMES)
    if value["cause"] != Cause.COMPROMISED.value:
        raise TrustInvalid("the one cause that is stated of a log that ended is a stolen key")
    return _object(value, _CONTINUED_NAMES | {"cause"})


def _broken(value: Json, policy: Policy | None) -> Broken:
    entry = _object(value, _BROKEN_NAMES)
    if entry["suite"] != _SUITE:
        raise TrustInvalid("an unknown algorithm is declared broken")
    if policy is None or entry["origin"] not in {log.name for log in policy.logs}:
        raise TrustInvalid("what stands is told by a log of the policy")
    return Broken(
        suite=_SUITE,
        origin=str(entry["origin"]),
        size=_count(entry["size"], least=0),
        root=_text(entry["root"], _HEX64),
    )


def _former(value: Json, present: tuple[PublicKey, ...]) -> tuple[FormerKey, ...]:
    entries = [_object(entry, _FORMER_NAMES) for entry in _list(value, KEYS_MAX)]
    if not entries:
        return ()
    keys = _apart(_keys([entry["key"] for entry in entries]), present)
    if any(entry["cause"] not in {cause.value for cause in Cause} for entry in entries):
        raise TrustInvalid("an unknown cause")
    return tuple(
        FormerKey(key=key, cause=Cause(str(entry["cause"])), cut=Cut.from_facts(entry))
        for key, entry in zip(keys, entries, strict=True)
    )


def _hub(
    value: Json, province: str, roots: tuple[PublicKey, ...], registry: tuple[PublicKey, ...]
) -> KeyStatement:
    if not isinstance(value, dict):
        raise TrustInvalid("the hub's statement has another form")
    hub = KeyStatement.from_facts(value, issuer=roots[0].id)
    hub.check(province=province)
    if hub.roles != {Role.HUB} or hub.key in (*roots, *registry):
        raise TrustInvalid("the hub's key is nothing but the hub's key")
    return hub


def _authority(value: Json) -> Mapping[str, frozenset[Role]]:
    if not isinstance(value, dict):
        raise TrustInvalid("the authority table has another form")
    known = frozenset(role.value for role in Role)
    table: dict[str, frozenset[Role]] = {}
    for kind, names in value.items():
        roles = [str(name) for name in _list(names, len(Role))]
        # A role of a later version is left out: this program knows no key that could hold it.
        table[kind] = frozenset(Role(name) for name in roles if name in known)
    return MappingProxyType(table)


def _keys(value: Json) -> tuple[PublicKey, ...]:
    try:
        keys = tuple(PublicKey.from_hex(str(text)) for text in _list(value, KEYS_MAX))
    except SignatureInvalid as error:
        raise TrustInvalid(error.detail, reason=error.reason) from error
    if not keys or len(set(keys)) < len(keys):
        raise TrustInvalid("keys are missing or named twice")
    return keys


def _decoded(data: bytes) -> Json:
    try:
        return canonical.decode(data, size_bytes_max=BUNDLE_BYTES_MAX)
    except NotCanonical as error:
        raise TrustInvalid(error.detail) from error


def _object(value: Json, names: frozenset[str]) -> dict[str, Json]:
    if not isinstance(value, dict) or value.keys() != names:
        raise TrustInvalid("an object has other members")
    return value


def _list(value: Json, length_max: int) -> list[Json]:
    if not isinstance(value, list) or len(value) > length_max:
        raise TrustInvalid(f"expected a list of at most {length_max}")
    return value


def _text(value: Json, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise TrustInvalid("a text has another form")
    return value


def _count(value: Json | None, *, least: int, most: int = canonical.INTEGER_MAX) -> int:
    if type(value) is not int or not least <= value <= most:
        raise TrustInvalid(f"expected a number from {least} to {most}")
    return value


def _bytes(value: Json) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except ValueError as error:
        raise TrustInvalid("not base64") from error


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
