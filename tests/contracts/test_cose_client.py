"""An independent COSE library (PyPI `cwt`) reads what we sign, and refuses what we refuse."""

from __future__ import annotations

import pytest
from cwt import COSE, COSEHeaders, COSEKey
from cwt.cose_key_interface import COSEKeyInterface
from cwt.exceptions import CWTError

from signing import base45, cose, qr
from signing.compact import DEVICE_PURPOSE, REGISTRY_PURPOSE
from signing.cose import Sign1
from signing.keys import SigningKey
from tests.support.paper import DEVICE, REGISTRY, ROOTS, device_statement, paper_code, registry_statement

LIBRARY = COSE.new(alg_auto_inclusion=False)


def theirs(key: SigningKey, *, private: bool = False) -> COSEKeyInterface:
    """The key as a COSE_Key: an octet key pair on Ed25519 for EdDSA."""
    return COSEKey.new({1: 1, 3: -8, -1: 6, -2: key.public.raw} | ({-4: key.seed} if private else {}))


def chain() -> dict[str, tuple[Sign1, SigningKey, bytes]]:
    """Every signature that stands in a code, as a COSE_Sign1 of its own, with its key and purpose."""
    registry, device = registry_statement(), device_statement()
    code = Sign1.decode(base45.decode(paper_code()[len(qr.PREFIX) :]), size_bytes_max=1000)
    return {
        "registry": (Sign1(registry.payload, registry.signatures[0][1]), ROOTS[0], REGISTRY_PURPOSE),
        "device": (Sign1(device.payload, device.signature), REGISTRY, DEVICE_PURPOSE),
        "paper": (code, DEVICE, qr.PURPOSE),
    }


@pytest.mark.parametrize("name", ["registry", "device", "paper"])
def test_the_library_verifies_every_signature_of_a_code(name: str) -> None:
    signed, key, purpose = chain()[name]
    assert LIBRARY.decode(signed.encode(), theirs(key), external_aad=purpose) == signed.payload


@pytest.mark.parametrize("name", ["registry", "device", "paper"])
def test_the_library_refuses_another_purpose_key_or_payload(name: str) -> None:
    signed, key, purpose = chain()[name]
    other = Sign1(signed.payload[:-1] + b"\0", signed.signature)
    for data, by, aad in (
        (signed, key, b"motcua/other/1"),
        (signed, SigningKey.from_seed(bytes(32)), purpose),
        (other, key, purpose),
    ):
        with pytest.raises(CWTError):
            LIBRARY.decode(data.encode(), theirs(by), external_aad=aad)


def test_we_read_and_verify_what_the_library_signs() -> None:
    data = LIBRARY.encode(
        b"payload", theirs(DEVICE, private=True), protected={COSEHeaders.ALG: -8}, external_aad=qr.PURPOSE
    )
    signed = Sign1.decode(data, size_bytes_max=200)
    cose.verify(DEVICE.public, qr.PURPOSE, signed.payload, signed.signature)
