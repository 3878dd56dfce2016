"""When an algorithm breaks: nothing lets a message choose another, and what was logged before the cut stands.

There is one suite, Ed25519 with SHA-256. The roots declare it broken in their bundle, with the tree head up to which it counted:
what that tree holds was there before, by its hash alone; all else stays undecided, whatever is signed about it. The cases are in the corpus
(`tests/support/corpus/broken.py`). A break in one office's hands only is answered as a stolen key is, with a cut.
"""

import base64
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from signing import canonical, cbor
from signing.bundles import Broken, open_unpinned_bundle
from signing.cose import PROTECTED, Sign1
from signing.cuts import Cause, Cut, Position
from signing.errors import LogInvalid, NotCanonical, TrustInvalid
from signing.exported import ExportedRecord
from signing.next_steps import NextStep, next_step
from signing.proof_file import encode_proof
from signing.report import Indication
from signing.statements import KeyStatement
from signing.status import Revoked
from signing.tlog.note import VerifierKey
from signing.verification import verify
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.paper import paper_broken_bundle, paper_code
from tests.support.proof_world import ORIGIN, ProofWorld, hex_of, key_of

WORLD = ProofWorld()
OTHERS = ("none", "HS256", "es256", "ml-dsa-44", "")


def everything_cut_at(size: int) -> bytes:
    """A status in which every key of the suite was broken since the tree had this size."""
    frontiers = (
        Position(log=hex_of("log of PC1"), length=8, head=hex_of("head", 64)),
        Position(log=hex_of("province log"), length=8, head=hex_of("h", 64)),
    )
    return WORLD.snapshot(
        *(
            Revoked(
                index=60,
                record=hex_of("the key authority's word", 64),
                by=key_of("next registry").public.id,
                key=key_of(name).public.id,
                cause=Cause.COMPROMISED,
                cut=Cut.of(size, *frontiers),
            )
            for name in ("Lan", "registry")
        )
    )


@pytest.mark.parametrize(
    ("index", "indication", "reasons"),
    [(40, Indication.PASSED, ()), (55, Indication.INDETERMINATE, ("REVOKED_NO_POE",))],
    ids=["logged before", "logged after"],
)
def test_what_was_logged_before_an_algorithm_broke_stands(
    index: int, indication: Indication, reasons: tuple[str, ...]
) -> None:
    record = WORLD.put(WORLD.record("Lan", content=CONTENT, facts=FACTS), index)
    statement = WORLD.put(WORLD.lan(), 10)
    data = encode_proof(WORLD.proof(record, statements=[statement], status=everything_cut_at(50)))
    report = verify(data, WORLD.bundle())
    assert (report.indication, report.sub_indications) == (indication, reasons)


def test_without_proof_of_its_place_nothing_signed_so_stands_any_more() -> None:
    record = WORLD.record("Lan", content=CONTENT, facts=FACTS)
    proof = WORLD.proof_of(record, WORLD.lan())
    report = verify(encode_proof(replace(proof, status=everything_cut_at(50))), WORLD.bundle())
    assert report.indication is Indication.INDETERMINATE


@pytest.mark.parametrize("index", range(64))
def test_what_the_log_held_before_the_algorithm_broke_stands_and_nothing_else(index: int) -> None:
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), index)
    statement = world.put(world.lan(), 10 if index != 10 else 11)
    broken = Broken(suite="ed25519", origin=ORIGIN, size=32, root=world.root(32).hex())
    bundle = world.bundle(broken=broken)
    report = verify(encode_proof(world.proof(record, statements=[statement], sizes=(64, 32))), bundle)
    if index < 32:
        assert report.indication is Indication.PASSED
        assert report.subject.not_after is not None and report.subject.not_after.size == 32
        # A witness's word on the time is a signature, too.
        assert (report.subject.not_after.time_ms, report.subject.not_after.witnesses) == (None, ())
    else:
        assert report.indication is Indication.INDETERMINATE
        assert report.sub_indications == ("CRYPTO_CONSTRAINTS_FAILURE_NO_POE",)
    assert next_step(report) is (NextStep.FORCE_UNKNOWN if index < 32 else NextStep.ASK)


def test_no_paper_shows_that_it_was_printed_before_the_algorithm_broke() -> None:
    code = paper_code().encode()
    report = verify(code, open_unpinned_bundle(paper_broken_bundle()))
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indications == ("CRYPTO_CONSTRAINTS_FAILURE_NO_POE",)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("member", ["alg", "suite", "algorithm"])
def test_no_record_names_the_algorithm_that_checks_it(member: str, name: str) -> None:
    """A header may say what it likes: it is checked with the key that was stated, or not at all."""
    record = WORLD.record("Lan", content=CONTENT, facts=FACTS)
    header = json.loads(record.header)
    header[member] = name
    changed = replace(record, header=canonical.encode(header))
    for signature in (
        record.signature,
        b"",
        bytes(64),
        key_of("stranger").sign("motcua.record", changed.header),
    ):
        sent: ExportedRecord = replace(changed, signature=signature)
        report = verify(encode_proof(WORLD.proof_of(sent, WORLD.lan())), WORLD.bundle())
        assert report.indication is Indication.FAILED
        assert "SIG_CRYPTO_FAILURE" in report.sub_indications


@pytest.mark.parametrize("name", OTHERS)
def test_no_statement_names_a_suite_of_its_own(name: str) -> None:
    facts = {**WORLD.statement("Lan").facts(), "suite": name}
    with pytest.raises(TrustInvalid):
        KeyStatement.from_facts(facts, issuer=key_of("registry").public.id)


@pytest.mark.parametrize("algorithm", [-7, -37, -257, -48, 0, 5])
def test_no_code_on_paper_names_another_algorithm(algorithm: int) -> None:
    signed = Sign1(b"payload", bytes(64)).encode()
    assert PROTECTED in signed
    other = cbor.encode({1: algorithm})
    head = bytes([0x40 | len(PROTECTED)]) + PROTECTED
    assert head in signed
    assert Sign1.decode(signed, size_bytes_max=200).payload == b"payload"
    with pytest.raises(NotCanonical):
        Sign1.decode(signed.replace(head, bytes([0x40 | len(other)]) + other), size_bytes_max=200)


@pytest.mark.parametrize("kind", [0x02, 0x05, 0x06, 0xFF])
def test_no_note_is_believed_under_another_kind_of_key(kind: int) -> None:
    key = bytes([kind]) + key_of("log").public.raw
    name_hash = sha256(ORIGIN.encode() + b"\n" + key).digest()[:4].hex()
    with pytest.raises(LogInvalid):
        VerifierKey.parse(f"{ORIGIN}+{name_hash}+{base64.b64encode(key).decode()}")
