"""A small province for these tests: one root, one registry, a hub, and the people and devices of two communes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from signing import canonical
from signing.exported import ExportedRecord, body_hash
from signing.keys import SigningKey
from signing.signatures import Purpose
from signing.trust import KeyStatement, Role, Trust, TrustBundle, make_bundle, open_bundle, sign_bundle

PROVINCE, HAI_CHAU, HOA_VANG = "48", "20242", "20293"
SALT = bytes(range(16))


def key_of(name: str) -> SigningKey:
    """The same key for the same name in every run."""
    return SigningKey.from_seed(name.encode().ljust(32, b"."))


def officer_id(name: str) -> str:
    return name.encode().hex().ljust(32, "0")[:32]


@dataclass
class Cast:
    """Who is there, and how each is stated."""

    root: SigningKey = field(default_factory=lambda: key_of("root"))
    registry: SigningKey = field(default_factory=lambda: key_of("registry"))
    hub: SigningKey = field(default_factory=lambda: key_of("hub"))
    authority: dict[str, frozenset[Role]] = field(
        default_factory=lambda: {
            "dossier.received": frozenset({Role.RECEPTIONIST}),
            "dossier.moved": frozenset({Role.RECEPTIONIST, Role.LEADER}),
            "log.opened": frozenset({Role.DEVICE, Role.HUB}),
            "verdict.given": frozenset({Role.HUB}),
            "key.stated": frozenset({Role.REGISTRY, Role.UNIT_ADMINISTRATOR}),
        }
    )

    def payload(self, **changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "version": 1,
            "province": PROVINCE,
            "roots": [self.root.public],
            "threshold": 1,
            "registry": [self.registry.public],
            "hub": self.statement("hub", [Role.HUB], unit=PROVINCE, issuer="root", officer=None),
            "ca_sha256": "ab" * 32,
            "authority": self.authority,
            "issued": 1_700_000_000_000,
        }
        return make_bundle(**(fields | changes))

    def bundle(self, **changes: Any) -> TrustBundle:
        envelope = sign_bundle(self.payload(**changes), [self.root])
        return open_bundle(envelope, roots=frozenset({self.root.public}))

    def trust(self, *statements: KeyStatement) -> Trust:
        return Trust.of(self.bundle(), statements)

    def statement(
        self,
        name: str,
        roles: list[Role],
        *,
        unit: str = HAI_CHAU,
        issuer: str = "registry",
        officer: str | None = "",
        **changes: Any,
    ) -> KeyStatement:
        return KeyStatement(
            key=key_of(name).public,
            roles=frozenset(roles),
            unit=unit,
            officer=officer_id(name) if officer == "" else officer,
            issuer=key_of(issuer).public.id,
            **changes,
        )

    def device(self, name: str = "device", unit: str = HAI_CHAU) -> KeyStatement:
        return self.statement(name, [Role.DEVICE], unit=unit, officer=None)

    def administrator(self, name: str = "hoa", unit: str = HAI_CHAU) -> KeyStatement:
        return self.statement(name, [Role.UNIT_ADMINISTRATOR], unit=unit)

    def delegated(
        self, name: str = "lan", roles: tuple[Role, ...] = (Role.RECEPTIONIST,), **changes: Any
    ) -> KeyStatement:
        return self.statement(name, [*roles], issuer="hoa", **({"delegated": True} | changes))

    def record(
        self,
        signer: str,
        *,
        kind: str = "dossier.received",
        commune: str = HAI_CHAU,
        content: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> ExportedRecord:
        """A signed record such as a node exports; the header has more members than `signing` reads."""
        body = None if content is None else canonical.encode(dict(content))
        header = {
            "v": 1,
            "kind": kind,
            "log": "00" * 16,
            "seq": 3,
            "prev": "22" * 32,
            "commune": commune,
            "dossier": "11" * 16,
            "parents": [],
            "at": [1_700_000_000_000, 0],
            "offset": [5_000, 60],
            "anchor": None,
            "by": key_of(signer).public.id,
            "facts": dict(facts or {}),
            "body": None if body is None else body_hash(SALT, body),
        }
        data = canonical.encode(header | changes)
        return ExportedRecord(
            header=data,
            signature=key_of(signer).sign(Purpose.RECORD, data),
            salt=None if body is None else SALT,
            content=body,
        )

    def stated(self, statement: KeyStatement, *, signer: str = "registry", **changes: Any) -> ExportedRecord:
        facts = statement.facts() | changes.pop("facts", {})
        return self.record(signer, kind="key.stated", commune=PROVINCE, facts=facts, **changes)


@pytest.fixture
def cast() -> Cast:
    return Cast()
