"""The trust bundle: what the root keys say. Everything else that is believed follows from it.

A bundle names the roots and their threshold, the registry keys, the hub's key, the hub's TLS authority and which roles
may sign which kinds of record. It has a version and no expiry: an office offline for months keeps working, and its age
is told, not enforced. Roots sign nothing but versions of the bundle.

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
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from signing import canonical, reasons
from signing.canonical import Json
from signing.errors import NotCanonical, SignatureInvalid, TrustInvalid
from signing.roles import Role
from signing.signatures import PublicKey, Purpose, Signer, verify
from signing.statements import KeyStatement

BUNDLE_BYTES_MAX: Final = 256 * 1024
SIGNATURES_MAX: Final = 16
KEYS_MAX: Final = 16

_FORMAT: Final = "motcua-trust-bundle/1"
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
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_UNIT: Final = re.compile(r"[0-9]{2,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBundle:
    """One version of what the roots say. `issued` (ms) is told to people; no rule reads it."""

    version: int
    province: str
    roots: tuple[PublicKey, ...]
    threshold: int
    registry: tuple[PublicKey, ...]
    hub: KeyStatement
    ca_sha256: str | None
    authority: Mapping[str, frozenset[Role]] = field(hash=False)
    issued: int | None = None

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
) -> bytes:
    """The payload that the roots sign; refused here already if no verifier would accept it."""
    payload = canonical.encode(
        {
            "format": _FORMAT,
            "version": version,
            "province": province,
            "roots": [root.hex for root in roots],
            "threshold": threshold,
            "registry": [key.hex for key in registry],
            "hub": hub.facts(),
            "ca_sha256": ca_sha256,
            "authority": {kind: sorted(roles) for kind, roles in authority.items()},
            "issued": issued,
        }
    )
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
    if bundle.version == previous.version and bundle != previous:
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
    fields = _object(_decoded(payload), _NAMES)
    if fields["format"] != _FORMAT:
        raise TrustInvalid("another format of bundle")
    roots = _keys(fields["roots"])
    issued = fields["issued"]
    return TrustBundle(
        version=_count(fields["version"], least=1),
        province=_text(fields["province"], _UNIT),
        roots=roots,
        threshold=_count(fields["threshold"], least=1, most=len(roots)),
        registry=_registry(fields["registry"], roots),
        hub=_hub(fields["hub"], str(fields["province"]), roots),
        ca_sha256=None if fields["ca_sha256"] is None else _text(fields["ca_sha256"], _HEX64),
        authority=_authority(fields["authority"]),
        issued=None if issued is None else _count(issued, least=0),
    )


def _registry(value: Json, roots: tuple[PublicKey, ...]) -> tuple[PublicKey, ...]:
    registry = _keys(value)
    if not set(registry).isdisjoint(roots):
        raise TrustInvalid("a root key is nothing but a root key")
    return registry


def _hub(value: Json, province: str, roots: tuple[PublicKey, ...]) -> KeyStatement:
    if not isinstance(value, dict):
        raise TrustInvalid("the hub's statement has another form")
    hub = KeyStatement.from_facts(value, issuer=roots[0].id)
    hub.check(province=province)
    if hub.roles != {Role.HUB} or hub.key in roots:
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


def _count(value: Json, *, least: int, most: int = canonical.INTEGER_MAX) -> int:
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
