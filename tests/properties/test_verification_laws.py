"""Laws of verification: no changed bit goes unnoticed, less evidence never helps, and no input makes it do harm."""

import copy
import json
import random
import socket
import time
import tracemalloc
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from signing import canonical
from signing.bundles import TrustBundle, open_unpinned_bundle
from signing.exported import ExportedRecord
from signing.next_steps import next_step
from signing.proof_file import PROOF_BYTES_MAX, ProofFile, ProvenRecord, decode_proof, encode_proof
from signing.report import Indication, Report, StatusSource, compose
from signing.roles import Role
from signing.snapshot import Snapshot, open_snapshot
from signing.verification import VerifyPolicy, read_input, verify
from tests.support.corpus.cases import stored
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.pointers import is_within, pointers
from tests.support.proof_world import WITNESSES, ProofWorld, bare

CASES = [case for case in stored() if case["expected"]["exit_code"] != 3]
WORLD = ProofWorld()
BUNDLE = WORLD.bundle()
SECOND_MAX_S = 1.0
MEMORY_BYTES_MAX = 100 * 1024 * 1024


def a_proof() -> bytes:
    """About 4 KB: a bracketed record, its statement and one nobody needs, two checkpoints, a stranger's line, a status."""
    record = WORLD.put(WORLD.record("Lan", content=CONTENT, facts=FACTS, anchor=WORLD.anchor(32)), 40)
    lan = WORLD.put(WORLD.lan(), 10)
    notes = [
        WORLD.checkpoint(witnesses=(*WITNESSES, "stranger.example")),
        WORLD.checkpoint(32),
    ]
    proof = WORLD.proof(record, statements=[lan], status=WORLD.snapshot())
    unneeded = ProvenRecord(record=WORLD.stated(WORLD.statement("Hùng", Role.CLERK)))
    return encode_proof(replace(proof, checkpoints=tuple(notes), statements=(*proof.statements, unneeded)))


@pytest.fixture
def _signatures_are_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same few signatures are asked about for each of the thousands of bits; the answer depends on nothing else."""
    monkeypatch.setattr(bindings, "crypto_sign_open", cache(bindings.crypto_sign_open))


@pytest.mark.slow
@pytest.mark.usefixtures("_signatures_are_verified_once")
def test_no_bit_of_a_proof_can_change_and_still_pass() -> None:
    """Exhaustive: every bit of the file, but for the parts that the report itself lists as unused."""
    data = a_proof()
    assert 3_500 <= len(data) <= 6_500
    owners = pointers(data)
    whole = verify(data, BUNDLE)
    assert whole.indication is Indication.PASSED
    passed: set[str] = set()
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            report = verify(bytes(changed), BUNDLE)
            if report.indication is Indication.PASSED:
                assert is_within(owners[position], report.unused), (position, bit, owners[position])
                passed.add(owners[position])
    # Records, the statements under them and their bodies are never among those parts.
    assert not {
        pointer for pointer in passed if pointer.startswith("/records/0/") and "/inclusions" not in pointer
    }
    assert not {
        pointer for pointer in passed if pointer in ("/statements/0/header", "/statements/0/signature")
    }


def test_no_bit_of_an_inclusion_or_checkpoint_can_change_where_the_log_is_required() -> None:
    data = a_proof()
    owners = pointers(data)
    needed = ("/records/0/inclusions", "/checkpoints/0")
    chance = random.Random(7)
    positions = [n for n, owner in enumerate(owners) if owner.startswith(needed) and "#" not in owner]
    assert len(positions) > 300
    for position in positions:
        changed = bytearray(data)
        changed[position] ^= 1 << chance.randrange(8)
        report = verify(bytes(changed), BUNDLE, policy=VerifyPolicy(require_log=True))
        assert report.indication is not Indication.PASSED, owners[position]


# --- less evidence -----------------------------------------------------------------------------------------------------


def trust_of(case: dict[str, Any]) -> tuple[TrustBundle, Snapshot | None]:
    bundle = open_unpinned_bundle(case["trust_bytes"])
    return bundle, None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)


def told(case: dict[str, Any], data: bytes) -> Report:
    bundle, status = trust_of(case)
    return verify(
        data, bundle, case["now"], status=status, policy=VerifyPolicy(require_log=case["require_log"])
    )


@given(st.sampled_from(CASES), st.data())
def test_taking_evidence_out_never_turns_a_worse_finding_into_passed(case: dict[str, Any], draw: Any) -> None:
    """Statements, inclusions, checkpoints, cosignatures, bodies, the status and digests of files, any of them in any mix."""
    before = told(case, case["data"])
    proof = read_input(case["data"])
    less = without_evidence(proof, draw, keeps_status=_is_status_from_file(before))
    after = told(case, encode_proof(less))
    for position, (one, other) in enumerate(zip(before.records, after.records, strict=True)):
        if _apart_from_files(before, position) is not Indication.PASSED:
            assert other.indication is not Indication.PASSED, case["name"]
        if less.attachments == proof.attachments and one.indication is not Indication.PASSED:
            assert other.indication is not Indication.PASSED, case["name"]


def _apart_from_files(report: Report, position: int) -> Indication:
    """A record's indication without what is said of files: a digest is a claim, and takes its own failure with it."""
    return compose(
        check for check in report.checks if check.id != "attachment" and check.record in (None, position)
    )[0]


def without_evidence(proof: ProofFile, draw: Any, *, keeps_status: bool) -> ProofFile:
    """The same records with less around them. Records are what is claimed, a status in use is trust: both stay."""

    def kept(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(item for item in items if draw.draw(st.booleans()))

    left = kept(tuple(range(len(proof.checkpoints))))

    def lighter(proven: ProvenRecord) -> ProvenRecord:
        record: ExportedRecord = bare(proven.record) if draw.draw(st.booleans()) else proven.record
        inclusions = (
            replace(each, checkpoint=left.index(each.checkpoint))
            for each in kept(proven.inclusions)
            if each.checkpoint in left
        )
        return ProvenRecord(record=record, inclusions=tuple(inclusions))

    return replace(
        proof,
        records=tuple(lighter(each) for each in proof.records),
        statements=tuple(lighter(each) for each in kept(proof.statements)),
        checkpoints=tuple(_fewer_lines(proof.checkpoints[number], draw) for number in left),
        status=proof.status if keeps_status or draw.draw(st.booleans()) else None,
        attachments=kept(proof.attachments),
    )


def _fewer_lines(note: str, draw: Any) -> str:
    head, found, lines = note.rpartition("\n\n")
    kept = [line for line in lines.splitlines(keepends=True) if draw.draw(st.booleans())]
    return head + found + "".join(kept)


def _is_status_from_file(report: Report) -> bool:
    return report.status is not None and report.status.source is StatusSource.FILE


SEVERAL = [case for case in CASES if len(read_input(case["data"]).records) > 1]


def reordered(proof: ProofFile, order: list[int]) -> ProofFile:
    """The same file with its records in another order; what names a record by its position goes along."""
    return replace(
        proof,
        records=tuple(proof.records[position] for position in order),
        attachments=tuple(replace(each, record=order.index(each.record)) for each in proof.attachments),
    )


@given(st.sampled_from(SEVERAL), st.data())
def test_the_order_of_records_changes_no_answer(case: dict[str, Any], draw: Any) -> None:
    """Nobody signs it: whoever holds the file could choose it."""
    proof = read_input(case["data"])
    order = draw.draw(st.permutations(range(len(proof.records))))
    one, other = told(case, case["data"]), told(case, encode_proof(reordered(proof, [*order])))
    assert (other.indication, other.exit_code, next_step(other)) == (
        one.indication,
        one.exit_code,
        next_step(one),
    ), case["name"]
    assert {*other.sub_indications} == {*one.sub_indications}
    assert (other.force.in_force, other.status, other.not_checked) == (
        one.force.in_force,
        one.status,
        one.not_checked,
    )
    assert {*other.force.records} == {order.index(position) for position in one.force.records}
    assert [other.records[order.index(n)] for n in range(len(order))] == [*one.records], case["name"]


@given(st.sampled_from(CASES), st.integers(-(2**53) + 1, 2**53 - 1))
def test_the_time_of_verification_only_makes_a_status_stale(case: dict[str, Any], now: int) -> None:
    bundle, status = trust_of(case)
    policy = VerifyPolicy(require_log=case["require_log"])
    without = verify(case["data"], bundle, None, status=status, policy=policy)
    report = verify(case["data"], bundle, now, status=status, policy=policy)
    stale = {"TRY_LATER"} & {*report.sub_indications}
    assert stale or report.indication == without.indication
    assert report.indication is not Indication.PASSED or without.indication is Indication.PASSED


# --- hostile input -----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@given(st.binary(max_size=4_000))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert verify(data, BUNDLE).exit_code == 3


PROOF: Any = orjson.loads(a_proof())
PLACES = sorted({pointer for pointer in pointers(a_proof()) if pointer and "#" not in pointer})


@given(st.sampled_from(PLACES), json_values)
def test_a_proof_with_anything_in_any_place_gets_an_answer(pointer: str, value: Any) -> None:
    """Any JSON value in the place of any member, however deep: an answer, never an exception."""
    fields = copy.deepcopy(PROOF)
    *above, last = [int(part) if part.isdecimal() else part for part in pointer[1:].split("/")]
    parent = fields
    for part in above:
        parent = parent[part]
    parent[last] = value
    changed = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    report = verify(changed.encode("utf-8", "surrogatepass"), BUNDLE)
    assert report.indication in Indication
    orjson.dumps(report.json())


def large_inputs() -> dict[str, bytes]:
    """The worst that fits into the limits."""
    fields = orjson.loads(a_proof())
    record = fields["records"][0]
    strangers = [
        WORLD.stated(WORLD.statement(f"s{n}", Role.CLERK, by=f"s{n + 1}"), by=f"s{n + 1}") for n in range(64)
    ]
    line = "— thanh-tra.example AAAAAAAA\n"
    head = fields["checkpoints"][0].partition("\n\n")[0]
    room = "x" * 700_000
    return {
        "brackets": b"[" * PROOF_BYTES_MAX,
        "quotes": b'"' * PROOF_BYTES_MAX,
        "a long text": canonical.encode(fields | {"checkpoints": ["y" * 32_768] * 16, "status": None}),
        "a long name": canonical.encode({"x" * 1_000_000: 1}),
        "a long list": canonical.encode([0] * 500_000),
        "many records": canonical.encode(fields | {"records": [record] * 64}),
        "statements that wait for each other": encode_proof(
            ProofFile(
                records=(ProvenRecord(record=WORLD.record("Lan")),),
                statements=tuple(ProvenRecord(record=each) for each in strangers),
            )
        ),
        "many signature lines": canonical.encode(fields | {"checkpoints": [head + "\n\n" + line * 100] * 16}),
        "many bad cosignatures": canonical.encode(
            fields | {"checkpoints": [fields["checkpoints"][0].replace("\n64\n", "\n65\n")] * 16}
        ),
        "many digests": canonical.encode(fields | {"attachments": [{"record": 0, "sha256": "ab" * 32}] * 256}),
        "63 hashes": canonical.encode(
            fields
            | {"records": [record | {"inclusions": [{"checkpoint": 0, "index": 0, "hashes": ["A" * 43 + "="] * 63}] * 4}]}
        ),
        "a long body": encode_proof(WORLD.proof(WORLD.record("Lan", content={"note": room}))),
        "a long header": encode_proof(WORLD.proof_of(WORLD.record("Lan", facts={"note": room}))),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "data"), large_inputs().items(), ids=lambda value: str(value)[:40])
def test_the_largest_inputs_cost_less_than_a_second_and_100_megabytes(name: str, data: bytes) -> None:
    """Processor time, so that a busy machine fails nobody; measured apart, because measuring memory costs time."""
    began = time.process_time()
    assert verify(data, BUNDLE).indication in Indication
    assert time.process_time() - began < SECOND_MAX_S, name
    tracemalloc.start()
    try:
        verify(data, BUNDLE)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BYTES_MAX, name
    finally:
        tracemalloc.stop()


def test_nothing_is_asked_of_any_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the verifier opened a socket")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    for case in stored():
        told(case, case["data"])


def test_the_proof_of_the_first_law_reads_as_it_was_written() -> None:
    assert encode_proof(decode_proof(a_proof())) == a_proof()
