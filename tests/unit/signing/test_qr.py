"""The code on paper: small enough, strict, and believed from the root keys alone."""

from __future__ import annotations

from typing import Any

import pytest
import segno

from signing import base45, cbor, cose, qr, reasons
from signing.compact import CompactChain, SignedDeviceKey, SignedRegistryKey
from signing.cose import Sign1
from signing.errors import NotCanonical, NotEntitled, SignatureInvalid, TrustInvalid
from signing.keys import SigningKey
from signing.qr import Level, PaperKind
from tests.support.paper import (
    DEVICE,
    REGISTRY,
    ROOTS,
    SLIP,
    device_statement,
    paper_code,
    registry_statement,
)

ROOT = frozenset({ROOTS[0].public})
THIEF = SigningKey.from_seed(b"thief".ljust(32, b"."))


def test_a_paper_verifies_with_the_root_key_alone() -> None:
    code = qr.read(paper_code())
    assert code.verify(roots=ROOT, threshold=1) == SLIP
    assert code.chain.device.stated.unit_name == "Phường Hải Châu"


def test_two_roots_of_three() -> None:
    roots = frozenset(root.public for root in ROOTS)
    code = qr.read(paper_code(roots=2))
    assert code.verify(roots=roots, threshold=2) == SLIP
    with pytest.raises(TrustInvalid) as raised:
        code.verify(roots=roots, threshold=3)
    assert raised.value.reason is reasons.TRUST_THRESHOLD


def test_one_root_listed_twice_counts_once() -> None:
    with pytest.raises(TrustInvalid):
        qr.read(paper_code()).verify(roots=[ROOTS[0].public, ROOTS[0].public], threshold=2)


def test_another_root_vouches_for_nothing() -> None:
    with pytest.raises(TrustInvalid):
        qr.read(paper_code()).verify(roots={THIEF.public}, threshold=1)


def forged(
    registry: SignedRegistryKey, device: SignedDeviceKey, signer: SigningKey, purpose: bytes = qr.PURPOSE
) -> str:
    """A code with parts that do not belong together, which `make` refuses."""
    payload = cbor.encode([registry.value(), device.value(), SLIP.value()])
    return qr.PREFIX + base45.encode(Sign1(payload, cose.sign(signer, purpose, payload)).encode())


FORGERIES = {
    "a device stated by a thief": forged(registry_statement(), device_statement(by=THIEF), DEVICE),
    "a code signed by a thief": forged(registry_statement(), device_statement(), THIEF),
    "a code signed for another purpose": forged(
        registry_statement(), device_statement(), DEVICE, purpose=b"motcua/device/1"
    ),
    "a code signed by the registry itself": forged(registry_statement(), device_statement(), REGISTRY),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_code_is_read_but_not_believed(name: str) -> None:
    code = qr.read(FORGERIES[name])
    with pytest.raises(SignatureInvalid):
        code.verify(roots=ROOT, threshold=1)


def test_a_registry_key_signs_no_papers() -> None:
    code = qr.read(forged(registry_statement(), device_statement(key=REGISTRY), REGISTRY))
    with pytest.raises(NotEntitled):
        code.verify(roots=ROOT, threshold=1)


def test_a_thiefs_registry_is_not_believed() -> None:
    code = qr.read(forged(registry_statement(roots=1, key=THIEF), device_statement(by=REGISTRY), DEVICE))
    with pytest.raises(SignatureInvalid):
        code.verify(roots=ROOT, threshold=1)


def test_no_changed_byte_passes() -> None:
    whole = base45.decode(paper_code()[len(qr.PREFIX) :])
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        with pytest.raises((NotCanonical, SignatureInvalid, TrustInvalid)):
            qr.read(qr.PREFIX + base45.encode(bytes(changed))).verify(roots=ROOT, threshold=1)


def test_a_signer_makes_no_code_over_another_devices_statement() -> None:
    with pytest.raises(SignatureInvalid):
        qr.make(SLIP, chain=CompactChain(registry_statement(), device_statement()), signer=THIEF)


@pytest.mark.parametrize(
    ("characters", "level", "version"),
    [(qr.CHARACTERS_AT_Q_MAX, Level.Q, 20), (qr.CHARACTERS_MAX, Level.M, 22)],
)
def test_limits_are_those_of_the_qr_standard(characters: int, level: Level, version: int) -> None:
    text = qr.PREFIX + "0A" * (characters // 2)
    assert qr.level(text[:characters]) is level
    fits = segno.make(text[:characters], error=level.value, micro=False, boost_error=False)
    grows = segno.make("A" * (characters + 1), error=level.value, micro=False, boost_error=False)
    assert (fits.version, grows.version) == (version, version + 1)


def test_a_slip_fits_the_more_robust_level() -> None:
    assert qr.level(paper_code()) is Level.Q
    assert len(paper_code(roots=3)) <= qr.CHARACTERS_MAX


def test_the_longest_fields_still_make_a_code() -> None:
    text = paper_code(
        code="H" * qr.CODE_BYTES_MAX,
        procedure="1" * qr.PROCEDURE_BYTES_MAX,
        holder="N" * qr.HOLDER_BYTES_MAX,
        result="K" * qr.RESULT_BYTES_MAX,
    )
    assert qr.level(text) is Level.M


@pytest.mark.parametrize(
    "changes",
    [
        {"record": bytes(31)},
        {"code": ""},
        {"code": "x" * (qr.CODE_BYTES_MAX + 1)},
        {"procedure": "1.0\n04222"},
        {"holder": "Minh\u202eNguyệt"},
        {"holder": "Nguye\u0302n"},
        {"holder": "ễ" * qr.HOLDER_BYTES_MAX},
        {"issued": 20261},
        {"due": 99999999},
        {"birth_year": 87},
        {"kind": 7},
    ],
    ids=str,
)
def test_fields_out_of_bounds_are_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(NotCanonical):
        paper_code(**changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H17.20242-261120-0001",
        "HC1:" + paper_code()[4:],
        paper_code().lower(),
        paper_code()[:-3],
        paper_code() + "000",
        qr.PREFIX,
        qr.PREFIX + "0" * 2000,
        "https://example.gov.vn/" + paper_code(),
    ],
    ids=lambda text: text[:24],
)
def test_another_text_is_no_code(text: str) -> None:
    with pytest.raises(NotCanonical):
        qr.read(text)


def test_a_member_that_is_not_known_is_refused() -> None:
    value = SLIP.value()
    assert isinstance(value, dict)
    with pytest.raises(NotCanonical):
        qr.Paper.from_value(value | {10: "x"})


def test_results_carry_their_own_words() -> None:
    text = paper_code(kind=PaperKind.RESULT, result="Giấy chứng nhận kết hôn số 12/2026", due=None)
    paper = qr.read(text).verify(roots=ROOT, threshold=1)
    assert (paper.kind, paper.due, paper.result) == (
        PaperKind.RESULT,
        None,
        "Giấy chứng nhận kết hôn số 12/2026",
    )
