"""A code on paper through the one verification function: believed from the roots down, and what status says of its keys."""

from __future__ import annotations

from typing import Any

import pytest

from signing import base45, cbor, cose, qr
from signing.bundles import TrustBundle
from signing.compact import CompactChain, DeviceKey, RegistryKey, sign_device_key, sign_registry_key
from signing.cose import Sign1
from signing.cuts import Cause, Cut
from signing.keys import SigningKey
from signing.paper_verification import ROOT_SIGNATURES
from signing.report import Report
from signing.snapshot import Snapshot
from signing.status import DocumentChanged, DocumentState, Event, Revoked, Status
from signing.verification import VerifyPolicy, verify
from tests.support.paper import SLIP

from .conftest import Cast, key_of

DEVICE = key_of("device")


def chain_of(cast: Cast, *, device: SigningKey = DEVICE, **changes: Any) -> CompactChain:
    registry = {"key": cast.registry.public, "province": "48", "bundle_version": 1} | changes
    by = key_of(registry.pop("by", "registry"))
    stated = DeviceKey(key=device.public, unit="20242", unit_name="Phường Hải Châu", size=0)
    root = registry.pop("root", cast.root)
    return CompactChain(sign_registry_key(RegistryKey(**registry), [root]), sign_device_key(stated, by))


def code_of(chain: CompactChain, signer: SigningKey = DEVICE) -> bytes:
    payload = cbor.encode([chain.registry.value(), chain.device.value(), SLIP.value()])
    return (
        qr.PREFIX + base45.encode(Sign1(payload, cose.sign(signer, qr.PURPOSE, payload)).encode())
    ).encode()


def snapshot(*events: Event) -> Snapshot:
    return Snapshot(province="48", status=Status.of(events, size=100), root=None, issued=None)


def revoked(key: SigningKey, cause: Cause) -> Revoked:
    return Revoked(index=5, record="ab" * 32, by="cd" * 16, key=key.public.id, cause=cause, cut=Cut.of(5))


def answer(report: Report) -> tuple[str, list[str], int]:
    return report.indication.value, [each.value for each in report.sub_indications], int(report.exit_code)


PASSED = ("PASSED", [], 0)


def test_a_code_passes_and_says_what_to_compare(cast: Cast) -> None:
    report = verify(code_of(chain_of(cast)) + b"\n", cast.bundle())
    assert answer(report) == PASSED
    assert report.not_checked[0].id == "paper"
    document = report.json()["document"]
    assert document["kind"] == "paper.slip"  # type: ignore[index,call-overload]
    assert report.document is not None
    assert report.document.facts == {
        "code": SLIP.code, "procedure": SLIP.procedure, "issued": SLIP.issued, "due": SLIP.due,
        "unit_name": "Phường Hải Châu",
    }  # fmt: skip
    assert report.document.content == {"holder": SLIP.holder, "birth_year": SLIP.birth_year, "result": None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"root": key_of("thief"), "key": key_of("thief").public, "by": "thief"},
            "NO_CERTIFICATE_CHAIN_FOUND",
        ),
        ({"by": "thief"}, "SIG_CRYPTO_FAILURE"),
    ],
)
def test_a_forged_chain_fails_and_shows_nothing(cast: Cast, changes: dict[str, Any], expected: str) -> None:
    report = verify(code_of(chain_of(cast, **changes)), cast.bundle())
    assert answer(report) == ("FAILED", [expected], 1)
    assert report.document is not None
    assert (report.document.facts, report.document.content, report.signers) == (None, None, ())


def test_a_code_signed_by_another_key_fails(cast: Cast) -> None:
    report = verify(code_of(chain_of(cast), signer=key_of("thief")), cast.bundle())
    assert answer(report) == ("FAILED", ["SIG_CRYPTO_FAILURE"], 1)


def test_a_provincial_key_prints_no_papers(cast: Cast) -> None:
    report = verify(code_of(chain_of(cast, device=cast.hub), signer=cast.hub), cast.bundle())
    assert answer(report) == ("FAILED", ["MC_ROLE"], 1)


def test_a_registry_that_a_later_bundle_dropped_leaves_it_open(cast: Cast) -> None:
    code = code_of(chain_of(cast, key=key_of("older").public, by="older"))
    assert answer(verify(code, cast.bundle())) == ("INDETERMINATE", ["REVOKED_CA_NO_POE"], 2)


def test_a_registry_of_a_later_bundle_is_believed_by_the_roots_word(cast: Cast) -> None:
    code = code_of(chain_of(cast, key=key_of("newer").public, by="newer", bundle_version=2))
    assert answer(verify(code, cast.bundle())) == PASSED


def test_a_listed_registry_needs_no_signature_of_the_present_roots(cast: Cast) -> None:
    code = code_of(chain_of(cast, root=key_of("former root")))
    assert answer(verify(code, cast.bundle())) == PASSED


@pytest.mark.parametrize("cause", Cause)
def test_a_cut_key_leaves_its_papers_open(cast: Cast, cause: Cause) -> None:
    code = code_of(chain_of(cast))
    of_device = verify(code, cast.bundle(), status=snapshot(revoked(DEVICE, cause)))
    assert answer(of_device) == ("INDETERMINATE", ["REVOKED_NO_POE"], 2)
    of_registry = verify(code, cast.bundle(), status=snapshot(revoked(cast.registry, cause)))
    assert answer(of_registry) == ("INDETERMINATE", ["REVOKED_CA_NO_POE"], 2)


def test_a_silent_status_lets_it_pass(cast: Cast) -> None:
    assert answer(verify(code_of(chain_of(cast)), cast.bundle(), status=snapshot())) == PASSED


def test_a_withdrawn_document_is_told_and_never_passes(cast: Cast) -> None:
    event = DocumentChanged(
        index=5, record="ab" * 32, document=SLIP.record.hex(), state=DocumentState.WITHDRAWN
    )
    report = verify(code_of(chain_of(cast)), cast.bundle(), status=snapshot(event))
    assert answer(report) == ("INDETERMINATE", ["MC_NOT_LOGGED"], 2)
    assert report.document is not None
    assert report.document.in_force == "withdrawn"


def test_whoever_demands_the_log_gets_no_pass(cast: Cast) -> None:
    report = verify(code_of(chain_of(cast)), cast.bundle(), policy=VerifyPolicy(require_log=True))
    assert answer(report) == ("INDETERMINATE", ["MC_NOT_LOGGED"], 2)


@pytest.mark.parametrize("data", [b"MC1:", b"MC1:ABC", "MC1:ế".encode(), b"MC1:" + b"0" * 2000, b"MC2:ABC"])
def test_a_broken_code_is_bad_input(cast: Cast, data: bytes) -> None:
    assert answer(verify(data, cast.bundle())) == ("FAILED", ["FORMAT_FAILURE"], 3)


def test_no_flipped_bit_passes_but_in_signatures_that_do_not_count(cast: Cast) -> None:
    bundle: TrustBundle = cast.bundle()
    whole = base45.decode(code_of(chain_of(cast)).decode()[4:])
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << (position % 8)
        report = verify((qr.PREFIX + base45.encode(bytes(changed))).encode(), bundle)
        assert report.indication != "PASSED" or report.unused == (ROOT_SIGNATURES,)
    assert verify(code_of(chain_of(cast)), bundle).unused == ()
