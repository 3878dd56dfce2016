"""Enrolment codes survive people; offers prove possession."""

import msgspec
import pytest

from signing.errors import SignatureInvalid
from sync_protocol.enrolment import KeyOffer, check_offer, make_code, parse_code, prove, secret_text
from sync_protocol.errors import RemoteFault
from tests.support.device_log import key_of

SECRET = bytes([7, 99, 200, 31, 5])
FINGERPRINT = bytes(range(32))
CODE = make_code(SECRET, FINGERPRINT)


def test_a_code_is_five_groups_and_reads_back() -> None:
    assert [len(group) for group in CODE.split("-")] == [5] * 5
    parsed = parse_code(CODE)
    assert (parsed.secret, parsed.pin) == (secret_text(SECRET), FINGERPRINT[:10])


@pytest.mark.parametrize(
    "typed",
    [CODE.lower(), CODE.replace("-", ""), CODE.replace("-", " "), f"  {CODE} ", CODE.replace("0", "O")],
)
def test_people_type_as_they_like(typed: str) -> None:
    assert parse_code(typed) == parse_code(CODE)


def test_slips_are_caught_before_anything_is_sent() -> None:
    plain = CODE.replace("-", "")
    caught = 0
    for place in range(len(plain)):
        slip = "Z" if plain[place] != "Z" else "Y"
        try:
            parse_code(plain[:place] + slip + plain[place + 1 :])
        except RemoteFault:
            caught += 1
    assert caught >= len(plain) - 2
    for typed in ("", CODE[:-1], CODE + "0", "!" * 25):
        with pytest.raises(RemoteFault, match="ENROLMENT_CODE"):
            parse_code(typed)


def test_an_offer_proves_possession_for_this_code_only() -> None:
    key = key_of("PC1")
    offer = KeyOffer(key=key.public.hex, box="00" * 32, holder=None, name="PC1", title="", proof="")
    proved = prove("ABC", offer, key)
    assert check_offer("ABC", proved) == key.public
    with pytest.raises(SignatureInvalid):
        check_offer("ABD", proved)
    with pytest.raises(SignatureInvalid):
        check_offer("ABC", offer)
    with pytest.raises(SignatureInvalid):
        check_offer("ABC", msgspec.structs.replace(proved, proof="zz"))
    with pytest.raises(SignatureInvalid):
        check_offer("ABC", prove("ABC", offer, key_of("PC2")))


def test_secrets_and_fingerprints_have_a_size() -> None:
    with pytest.raises(ValueError, match="bytes"):
        make_code(b"1234", FINGERPRINT)
