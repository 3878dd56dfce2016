"""Compact key statements: strict to read, signed for one purpose each."""

from __future__ import annotations

import pytest

from signing import cbor
from signing.cbor import Cbor
from signing.compact import DeviceKey, RegistryKey, SignedDeviceKey, SignedRegistryKey
from signing.errors import NotCanonical, SignatureInvalid, TrustInvalid
from tests.support.paper import DEVICE, REGISTRY, ROOTS, device_statement, registry_statement

SIGNATURE = bytes(64)


def test_statements_survive_storage() -> None:
    registry, device = registry_statement(roots=3), device_statement()
    assert SignedRegistryKey.decode(registry.encode()) == registry
    assert SignedDeviceKey.decode(device.encode()) == device
    assert registry.verify({root.public for root in ROOTS}, 3).key == REGISTRY.public
    assert device.verify(REGISTRY.public).key == DEVICE.public


def test_a_registrys_word_is_no_roots_word() -> None:
    """The same bytes signed as a device statement are no registry statement, even by a root."""
    registry = registry_statement()
    as_device = SignedRegistryKey(
        registry.payload, ((registry.signatures[0][0], device_statement().signature),), registry.stated
    )
    with pytest.raises(TrustInvalid):
        as_device.verify({ROOTS[0].public}, 1)


def test_another_registry_did_not_sign() -> None:
    with pytest.raises(SignatureInvalid):
        device_statement().verify(ROOTS[0].public)


def registry_payload(**changes: Cbor) -> bytes:
    fields: dict[int, Cbor] = {1: REGISTRY.public.raw, 2: "48", 3: 1}
    return cbor.encode(fields | {int(name[1:]): value for name, value in changes.items()})


@pytest.mark.parametrize(
    "payload",
    [
        registry_payload(_1=bytes(32)),
        registry_payload(_1=b""),
        registry_payload(_2="4"),
        registry_payload(_2="١٢"),
        registry_payload(_3=-1),
        registry_payload(_4=0),
        cbor.encode({1: REGISTRY.public.raw, 2: "48"}),
        cbor.encode([1]),
        b"",
    ],
    ids=bytes.hex,
)
def test_a_registry_payload_is_read_strictly(payload: bytes) -> None:
    with pytest.raises(NotCanonical):
        RegistryKey.read(payload)


@pytest.mark.parametrize("name", ["", "x" * 49, "Phường\nHải Châu", "Phường Hải Châu\u200b"])
def test_a_units_name_is_one_visible_line(name: str) -> None:
    payload = cbor.encode({1: DEVICE.public.raw, 2: "20242", 3: name, 4: 0})
    with pytest.raises(NotCanonical):
        DeviceKey.read(payload)


def test_roots_stand_in_order_each_once() -> None:
    payload, entries = registry_statement(roots=2).value()  # type: ignore[misc]
    for wrong in ([], entries[::-1], [entries[0], entries[0]], [[b"123", SIGNATURE]], [[b"1234"]]):
        with pytest.raises(NotCanonical):
            SignedRegistryKey.from_value([payload, wrong])


@pytest.mark.parametrize(
    "value", [0, [b"", b""], [device_statement().payload, b"x"], [b"", SIGNATURE]], ids=repr
)
def test_another_value_is_no_device_statement(value: Cbor) -> None:
    with pytest.raises(NotCanonical):
        SignedDeviceKey.from_value(value)
