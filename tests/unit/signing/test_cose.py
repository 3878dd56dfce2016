"""COSE_Sign1: our profile, and everything beside it that is refused."""

from __future__ import annotations

import pytest

from signing import cbor, cose
from signing.cose import Sign1
from signing.errors import NotCanonical, SignatureInvalid
from signing.signatures import Purpose

from .conftest import key_of

KEY = key_of("device")
PURPOSE = b"motcua/test/1"


def signed(payload: bytes = b"payload") -> Sign1:
    return Sign1(payload, cose.sign(KEY, PURPOSE, payload))


def test_what_is_signed_is_read_and_verified() -> None:
    read = Sign1.decode(signed().encode(), size_bytes_max=200)
    assert read == signed()
    cose.verify(KEY.public, PURPOSE, read.payload, read.signature)


@pytest.mark.parametrize(
    ("purpose", "payload"), [(b"motcua/other/1", b"payload"), (PURPOSE, b"Payload"), (b"", b"payload")]
)
def test_purpose_and_payload_are_inside_the_signature(purpose: bytes, payload: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        cose.verify(KEY.public, purpose, payload, signed().signature)


def test_a_signature_over_a_record_is_worth_nothing_here() -> None:
    signature = KEY.sign(Purpose.RECORD, b"payload")
    with pytest.raises(SignatureInvalid):
        cose.verify(KEY.public, Purpose.RECORD.encode(), b"payload", signature)


def whole(*parts: cbor.Cbor, tag: bytes = cose.SIGN1_TAG) -> bytes:
    return tag + cbor.encode([*parts])


SIGNATURE = signed().signature
OTHERS = {
    "no tag": whole(cose.PROTECTED, {}, b"payload", SIGNATURE, tag=b""),
    "another tag": whole(cose.PROTECTED, {}, b"payload", SIGNATURE, tag=b"\xd1"),
    "another algorithm": whole(cbor.encode({1: -7}), {}, b"payload", SIGNATURE),
    "no algorithm": whole(b"", {}, b"payload", SIGNATURE),
    "an unprotected header": whole(cose.PROTECTED, {4: b"11"}, b"payload", SIGNATURE),
    "a short signature": whole(cose.PROTECTED, {}, b"payload", SIGNATURE[:63]),
    "no payload": whole(cose.PROTECTED, {}, "", SIGNATURE),
    "three parts": whole(cose.PROTECTED, {}, b"payload"),
    "five parts": whole(cose.PROTECTED, {}, b"payload", SIGNATURE, 0),
    "a byte more": signed().encode() + b"\0",
    "nothing": b"",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_form_is_refused(name: str) -> None:
    with pytest.raises(NotCanonical):
        Sign1.decode(OTHERS[name], size_bytes_max=200)
