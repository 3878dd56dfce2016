"""A paper code of the cast: root, registry and device from fixed seeds, and the paper they vouch for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from signing import qr
from signing.bundles import Broken, make_bundle, sign_bundle
from signing.compact import (
    CompactChain,
    DeviceKey,
    RegistryKey,
    SignedDeviceKey,
    SignedRegistryKey,
    sign_device_key,
    sign_registry_key,
)
from signing.keys import SigningKey
from signing.qr import Paper, PaperKind
from signing.roles import Role
from signing.statements import KeyStatement
from signing.tlog.note import VerifierKey

ROOTS: Final = tuple(SigningKey.from_seed(f"root {number}".encode().ljust(32, b".")) for number in range(3))
REGISTRY: Final = SigningKey.from_seed(b"registry".ljust(32, b"."))
DEVICE: Final = SigningKey.from_seed(b"device".ljust(32, b"."))

SLIP: Final = Paper(
    kind=PaperKind.SLIP,
    record=bytes(range(32)),
    code="H17.20242-261120-0001",
    procedure="1.004222",
    issued=20261120,
    due=20261125,
    holder="Nguyễn Thị Minh Nguyệt",
    birth_year=1987,
)


def registry_statement(*, roots: int = 1, key: SigningKey = REGISTRY) -> SignedRegistryKey:
    stated = RegistryKey(key=key.public, province="48", bundle_version=1)
    return sign_registry_key(stated, ROOTS[:roots])


def device_statement(*, by: SigningKey = REGISTRY, key: SigningKey = DEVICE) -> SignedDeviceKey:
    stated = DeviceKey(key=key.public, unit="20242", unit_name="Phường Hải Châu", size=4711)
    return sign_device_key(stated, by)


def paper_code(paper: Paper = SLIP, *, roots: int = 1, **changes: Any) -> str:
    """The text of the code on a paper; changes are fields of the paper."""
    return qr.make(
        replace(paper, **changes),
        chain=CompactChain(registry_statement(roots=roots), device_statement()),
        signer=DEVICE,
    )


def paper_bundle(**changes: Any) -> bytes:
    """A trust bundle, root-signed, under which the codes of this module verify."""
    hub = SigningKey.from_seed(b"hub".ljust(32, b".")).public
    statement = KeyStatement(key=hub, roles=frozenset({Role.HUB}), unit="48", issuer=ROOTS[0].public.id)
    payload = make_bundle(
        version=1,
        province="48",
        roots=[ROOTS[0].public],
        threshold=1,
        registry=[REGISTRY.public],
        hub=statement,
        ca_sha256=None,
        authority={},
        issued=1_795_000_000_000,
        **changes,
    )
    return sign_bundle(payload, [ROOTS[0]])


def paper_broken_bundle() -> bytes:
    """The same, by roots that declare the algorithm broken."""
    log = VerifierKey("motcua/48/log", SigningKey.from_seed(b"log".ljust(32, b".")).public)
    broken = Broken(suite="ed25519", origin=log.name, size=9, root="5a" * 32)
    return paper_bundle(policy=f"log {log}\nquorum none\n", broken=broken)
