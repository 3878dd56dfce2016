"""The acceptance rule, shown on what other libraries let through."""

import hashlib

import pytest
from nacl import bindings

from signing import reasons
from signing.errors import SignatureInvalid
from signing.keys import SigningKey
from signing.signatures import PublicKey, Purpose, pae, verify, verify_batch
from tests.support.ed25519_cases import (
    NON_CANONICAL,
    ORDER_2,
    ORDER_8,
    SMALL_ORDER,
    L,
    mixed_order_cases,
    scalar,
    signed_with_torsion,
)

LAN = SigningKey.from_seed(bytes(range(32)))
MINH = SigningKey.from_seed(bytes(range(1, 33)))
PAYLOAD = b'{"v":1}'


def test_of_all_that_libraries_disagree_on_only_the_good_one_holds() -> None:
    """The same cases go through both engines of the offline page."""
    cases = list(mixed_order_cases(LAN))
    answers = verify_batch((case.key, case.message, case.signature) for case in cases)
    assert len(cases) > 70
    assert [case.name for case, holds in zip(cases, answers, strict=True) if holds] == ["good"]


def test_signing_round_trip() -> None:
    signature = LAN.sign(Purpose.RECORD, PAYLOAD)
    verify(LAN.public, Purpose.RECORD, PAYLOAD, signature)
    assert len(signature) == 64


def test_pae_is_dsse_version_1() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("đ", b"") == b"DSSEv1 2 \xc4\x91 0 "


@pytest.mark.parametrize(
    ("key", "purpose", "payload"),
    [
        (MINH, Purpose.RECORD, PAYLOAD),
        (LAN, Purpose.SEAL, PAYLOAD),
        (LAN, Purpose.RECORD, PAYLOAD + b" "),
    ],
    ids=["other key", "other purpose", "other payload"],
)
def test_a_signature_is_worth_nothing_elsewhere(key: SigningKey, purpose: str, payload: bytes) -> None:
    signature = LAN.sign(Purpose.RECORD, PAYLOAD)
    with pytest.raises(SignatureInvalid) as caught:
        verify(key.public, purpose, payload, signature)
    assert caught.value.reason is reasons.SIGNATURE


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_a_flipped_bit_is_refused(position: int) -> None:
    signature = bytearray(LAN.sign(Purpose.RECORD, PAYLOAD))
    signature[position] ^= 1
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, bytes(signature))


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_signature_has_64_bytes(length: int) -> None:
    signature = (LAN.sign(Purpose.RECORD, PAYLOAD) * 2)[:length]
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, signature)


def test_a_signature_cannot_bring_a_piece_of_its_message_along() -> None:
    """A payload signed for one purpose may end with the PAE of another; the front of it must not count as signature."""
    inner = pae(Purpose.RECORD, PAYLOAD)
    outer = pae(Purpose.ROUND, inner)
    long = LAN.sign(Purpose.ROUND, inner) + outer.removesuffix(inner)
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, long)
    assert verify_batch([(LAN.public.raw, inner, long)]) == [False]


def test_s_must_be_below_the_group_order() -> None:
    signature = LAN.sign(Purpose.RECORD, PAYLOAD)
    malleable = signature[:32] + (scalar(signature[32:]) + L).to_bytes(32, "little")
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, malleable)


def test_torsion_in_r_is_refused() -> None:
    message = pae(Purpose.RECORD, PAYLOAD)
    verify(LAN.public, Purpose.RECORD, PAYLOAD, signed_with_torsion(LAN, message, b""))
    for torsion in (ORDER_2, ORDER_8):
        with pytest.raises(SignatureInvalid):
            verify(LAN.public, Purpose.RECORD, PAYLOAD, signed_with_torsion(LAN, message, torsion))


@pytest.mark.parametrize("point", SMALL_ORDER + NON_CANONICAL, ids=bytes.hex)
def test_r_of_small_order_or_odd_form_is_refused(point: bytes) -> None:
    signature = LAN.sign(Purpose.RECORD, PAYLOAD)
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, point + signature[32:])
    with pytest.raises(SignatureInvalid):
        verify(LAN.public, Purpose.RECORD, PAYLOAD, point + bytes(32))


@pytest.mark.parametrize("point", SMALL_ORDER + NON_CANONICAL, ids=bytes.hex)
def test_a_key_of_small_order_or_odd_form_is_no_key(point: bytes) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        PublicKey(point)
    assert caught.value.reason is reasons.KEY_FORM


def test_a_key_with_torsion_is_no_key() -> None:
    mixed = bindings.crypto_core_ed25519_add(LAN.public.raw, ORDER_8)
    with pytest.raises(SignatureInvalid):
        PublicKey(mixed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        LAN.public.hex.upper(),
        LAN.public.hex + " ",
        " " + LAN.public.hex,
        LAN.public.hex[:-2],
        "zz" * 32,
    ],
)
def test_a_key_is_written_in_one_way(text: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        PublicKey.from_hex(text)
    assert caught.value.reason is reasons.KEY_FORM


def test_a_key_is_known_by_its_id() -> None:
    assert PublicKey.from_hex(LAN.public.hex) == LAN.public
    assert LAN.public.id == hashlib.sha256(b"ed25519\0" + LAN.public.raw).hexdigest()[:32]
    assert {LAN.public, MINH.public} == {MINH.public, LAN.public}
    assert LAN.public != MINH.public


def test_a_batch_answers_for_each_item() -> None:
    message = pae(Purpose.RECORD, PAYLOAD)
    signature = LAN.sign(Purpose.RECORD, PAYLOAD)
    items = [
        (LAN.public.raw, message, signature),
        (MINH.public.raw, message, signature),
        (LAN.public.raw, message, signature + b"\0"),
        (LAN.public.raw + b"\0", message, signature),
        (LAN.public.raw, message + b"\0", signature),
        (LAN.public.raw, message, signature),
    ]
    assert verify_batch(items) == [True, False, False, False, False, True]
