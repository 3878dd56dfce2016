"""Our own Ed25519 vectors through Python's engine; the same file goes through the offline page's engines in the browsers.

`tests/golden/signatures/ed25519.json`: what is expected comes from plain integers (`tests/support/ed25519_reference.py`).
"""

import pytest

from signing.errors import SignatureInvalid
from signing.signatures import PublicKey, verify_batch, verify_plain
from tests.support.ed25519_vectors import FILE, stored, text

CASES = stored()


def test_the_committed_file_is_what_the_program_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == text()


def test_every_kind_of_case_is_there() -> None:
    names = {case["name"] for case in CASES}
    assert len(names) == len(CASES) >= 300
    for part in (
        "S + L",
        "R = ",
        "key = ",
        "in R",
        "in the key",
        "the cofactor's equation alone",
        "both equations",
    ):
        assert any(part in name for name in names), part
    # What only some libraries tell apart: good under the equation, and not a key that anybody may enrol.
    assert {case["holds"] and not case["holds_enrolled"] for case in CASES} == {True, False}
    assert all(not case["holds_enrolled"] for case in CASES if "torsion" in case["name"])


def test_the_batch_judges_every_case_by_the_rule() -> None:
    found = verify_batch(
        (bytes.fromhex(case["key"]), bytes.fromhex(case["message"]), bytes.fromhex(case["signature"]))
        for case in CASES
    )
    assert [
        case["name"] for case, holds in zip(CASES, found, strict=True) if holds is not case["holds"]
    ] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_one_signature_under_a_key_that_was_read_first(case: dict[str, str]) -> None:
    try:
        key = PublicKey(bytes.fromhex(case["key"]))
        verify_plain(key, bytes.fromhex(case["message"]), bytes.fromhex(case["signature"]))
        holds = True
    except SignatureInvalid:
        holds = False
    assert holds is case["holds_enrolled"]
