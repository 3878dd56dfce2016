"""What the province's status says of forks and documents: from real records, over hub, snapshot and proof."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select

from central_hub.ingest.service import acknowledge
from central_hub.projection.rebuild import rebuild
from central_hub.registry.forks import contested_records
from central_hub.registry.revocation import Act, RevocationInvalid, review_records, revoke_keys
from central_hub.registry.snapshot import _rows_of, take_snapshot
from central_hub.registry.status import REVIEWED, REVOKED, read_events
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOCUMENT, KEY_EVENT
from central_hub.tlog.places import place_of
from central_hub.tlog.sequencer import advance
from central_hub.verify.export import export_proof
from signing.cuts import Cause
from signing.next_steps import NextStep, next_step
from signing.proof_file import decode_proof, encode_proof
from signing.report import Exit, Indication, InForce, Report
from signing.snapshot import Snapshot, open_snapshot
from signing.status import DocumentState, Status
from signing.verification import VerifyPolicy, verify
from sync_protocol.frame import encode_run
from sync_protocol.record import Record
from tests.support.device_log import DeviceLog, key_of
from tests.support.hub import MINUTE_MS, NOW_MS, PASSWORD, Desk, ProvinceHub, found_province, receive

UNIT = "20242"
ACT = Act(actor="khoa", ground="So với sổ giấy của đơn vị")


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol(UNIT)


def send(hub: ProvinceHub, desk: Desk) -> None:
    hub.deliver(desk)
    hub.judge()
    advance(hub.services, at_once=True)


def status(hub: ProvinceHub) -> Status:
    """As an agency gets it."""
    with reading(hub.services.engine) as connection:
        data = take_snapshot(connection, hub.services)
    assert data is not None
    return open_snapshot(data, hub.services.keys.bundle).status


def told(hub: ProvinceHub, dossier: str, record: Record) -> Report:
    """What an agency finds of one record, whose body was disclosed; it demands the log."""
    with reading(hub.services.engine) as connection:
        proof = export_proof(
            hub.services,
            connection,
            dossier,
            records=[record.id],
            disclosed=[record.id] if record.body else [],
        )
    return verify(proof, hub.services.keys.bundle, policy=VerifyPolicy(require_log=True))


# --- documents ---


def moved(desk: Desk, dossier: str, source: int, target: int, action: str, **content: Any) -> Record:
    facts = {"from": source, "to": target, "action": action}
    if action == "return_result":
        facts["method"] = 1
    written = desk.write_at(
        desk.log.wall_ms + MINUTE_MS, "dossier.moved", dossier, facts, content=content or None
    )
    assert isinstance(written, Record)
    return written


def issued(desk: Desk, dossier: str) -> Record:
    return moved(desk, dossier, 4, 9, "finish", result={"number": "12/QĐ-UBND", "signer": "Nguyễn Văn Anh"})


@pytest.fixture
def result(hub: ProvinceHub, desk: Desk) -> tuple[str, Record]:
    """A dossier whose result was issued, at the province and in its log."""
    dossier = receive(desk, NOW_MS - 60 * MINUTE_MS, 1)
    moved(desk, dossier, 2, 4, "forward")
    record = issued(desk, dossier)
    send(hub, desk)
    return dossier, record


def test_a_result_is_in_force_until_it_is_corrected_and_the_next_one_takes_its_place(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    dossier, first = result
    report = told(hub, dossier, first)
    assert report.document is not None
    assert (report.indication, report.document.in_force) == (Indication.PASSED, InForce.YES)
    corrected = moved(desk, dossier, 9, 4, "correct", ground="Sai năm sinh")
    send(hub, desk)
    report = told(hub, dossier, first)
    assert report.document is not None and report.document.in_force is InForce.CORRECTED
    assert report.indication is Indication.PASSED
    assert status(hub).documents[first.id].record == corrected.id
    second = issued(desk, dossier)
    send(hub, desk)
    states = {r.id: told(hub, dossier, r).subject.document for r in (first, second)}
    assert {key: each.in_force for key, each in states.items() if each} == {
        first.id: InForce.SUPERSEDED, second.id: InForce.YES,
    }  # fmt: skip
    assert status(hub).documents[first.id].record == second.id
    # The signature is as good as ever; the paper is nothing to act on.
    report = told(hub, dossier, first)
    assert (report.indication, report.exit_code) == (Indication.PASSED, Exit.FAILED)


def test_a_result_under_correction_is_withdrawn_when_the_dossier_ends_without_another(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    dossier, first = result
    moved(desk, dossier, 9, 4, "correct", ground="Cấp sai đối tượng")
    moved(desk, dossier, 4, 7, "withdraw", ground="Thu hồi kết quả")
    send(hub, desk)
    report = told(hub, dossier, first)
    assert report.document is not None and report.document.in_force is InForce.WITHDRAWN


def test_a_withdrawn_result_is_found_out_of_force_wherever_it_stands_in_the_file_of_its_dossier(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    """As both export pages write it: every record with its body, the one that opened the dossier first."""
    dossier, first = result
    moved(desk, dossier, 9, 4, "correct", ground="Cấp sai đối tượng")
    moved(desk, dossier, 4, 7, "withdraw", ground="Thu hồi kết quả")
    send(hub, desk)
    with reading(hub.services.engine) as connection:
        records = HubLogStore(connection, hub.services.opened).dossier_records(dossier)
        bodies = [record.id for record in records if record.body]
        proof = decode_proof(export_proof(hub.services, connection, dossier, disclosed=bodies))
    for ordered in (proof.records, proof.records[::-1]):
        data = encode_proof(replace(proof, records=ordered, attachments=()))
        report = verify(data, hub.services.keys.bundle, policy=VerifyPolicy(require_log=True))
        assert (report.indication, report.exit_code) == (Indication.PASSED, Exit.FAILED)
        assert next_step(report) is NextStep.OUT_OF_FORCE
        assert report.force.in_force is InForce.WITHDRAWN
        documents = [report.records[position].document for position in report.force.records]
        assert [each.id for each in documents if each] == [first.id]
        assert f"(bản ghi {report.force.numbers})" in report.vi


def test_a_change_counts_once_its_record_stands_in_the_log(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    dossier, first = result
    record = moved(desk, dossier, 9, 4, "correct", ground="Sai năm sinh")
    hub.deliver(desk)
    hub.judge()
    assert status(hub).documents == {}
    advance(hub.services, at_once=True)
    change = status(hub).documents[first.id]
    with reading(hub.services.engine) as connection:
        assert change.index == place_of(connection, record.header.log, record.header.seq)
    assert change.state is DocumentState.CORRECTED


def test_rebuilding_finds_the_same_documents(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    moved(desk, result[0], 9, 4, "correct", ground="Sai năm sinh")
    issued(desk, result[0])
    send(hub, desk)
    before = rows(hub)
    rebuild(hub.services)
    assert before and rows(hub) == before


def rows(hub: ProvinceHub) -> list[tuple[Any, ...]]:
    with reading(hub.services.engine) as connection:
        return sorted(tuple(row) for row in connection.execute(select(DOCUMENT)))


# --- slices ---


def slice_of(hub: ProvinceHub, *units: str) -> Snapshot:
    with reading(hub.services.engine) as connection:
        data = take_snapshot(connection, hub.services, units)
    assert data is not None
    return open_snapshot(data, hub.services.keys.bundle)


def test_a_slice_says_of_its_units_what_the_whole_says_and_of_no_other(
    hub: ProvinceHub, desk: Desk, result: tuple[str, Record]
) -> None:
    other = hub.enrol("20195")
    theirs = receive(other, NOW_MS - 50 * MINUTE_MS, 2)
    moved(other, theirs, 2, 4, "forward")
    made = issued(other, theirs)
    send(hub, other)
    moved(other, theirs, 9, 4, "correct", ground="Sai năm sinh")
    moved(desk, result[0], 9, 4, "correct", ground="Sai năm sinh")
    send(hub, desk)
    send(hub, other)
    officers = {UNIT: result[1].header.by, "20195": made.header.by}
    with writing(hub.services.engine) as connection:
        for key in officers.values():
            revoke_keys(connection, hub.services, [key], cause=Cause.LOST, act=ACT)
    late = {unit: receive(each, NOW_MS - MINUTE_MS, 3) for unit, each in ((UNIT, desk), ("20195", other))}
    assert late
    send(hub, desk)
    send(hub, other)
    with writing(hub.services.engine) as connection:
        waiting = [record.id for each in (desk, other) for record in each.log.records[-1:]]
        review_records(connection, hub.services, waiting, stands=True, act=ACT)
    hub.judge()
    advance(hub.services, at_once=True)
    whole = status(hub)
    assert len(whole.documents) == 2 and len(whole.revoked) == 2 and len(whole.reviews) == 2
    for unit, document, records in ((UNIT, result[1], desk.log.records), ("20195", made, other.log.records)):
        part = slice_of(hub, unit, "48")
        assert part.units == {unit, "48"} and part.status.size == whole.size
        assert dict(part.status.documents) == {document.id: whole.documents[document.id]}
        assert dict(part.status.revoked) == {officers[unit]: whole.revoked[officers[unit]]}
        ids = {record.id for record in records}
        assert dict(part.status.reviews) == {id_: each for id_, each in whole.reviews.items() if id_ in ids}
    nobody = slice_of(hub, "20200", "48").status
    assert not nobody.documents and not nobody.revoked and not nobody.reviews
    both = slice_of(hub, UNIT, "20195", "48").status
    assert (both.documents, both.revoked, both.reviews) == (whole.documents, whole.revoked, whole.reviews)


def test_a_slice_knows_that_a_reviewer_of_another_unit_was_cut_off(hub: ProvinceHub, desk: Desk) -> None:
    """Or a review would count in the slice that the whole status sets aside."""
    receive(desk, NOW_MS - MINUTE_MS, 1)
    send(hub, desk)
    reviewer = "ab" * 16
    with writing(hub.services.engine) as connection:
        facts = {"records": ["cd" * 32], "stands": True, "unit": UNIT}
        cut = {"key": reviewer, "reason": "lost", "size": 0, "cut": [], "unit": "20195"}
        for no, (kind, subject, said) in enumerate(
            ((REVIEWED, UNIT, facts), (REVOKED, reviewer, cut), (REVOKED, "ef" * 16, cut)), start=1
        ):
            connection.execute(
                insert(KEY_EVENT).values(
                    no=no, record=desk.log.records[0].id[:-1] + str(no), kind=kind, subject=subject, by=reviewer,
                    facts=orjson.dumps(said).decode(), ground="", leaf=0, at_ms=0,
                )
            )  # fmt: skip
        found = {(row.kind, row.subject) for row in _rows_of(connection, [UNIT, "48"])}
    assert found == {(REVIEWED, UNIT), (REVOKED, reviewer)}


# --- forks ---


def branch(desk: Desk, length: int) -> DeviceLog:
    """A clone of the PC that goes on from an earlier state."""
    other = DeviceLog(device=f"{UNIT} PC quầy 1", officer=f"{UNIT} Nguyễn Thị Lan", commune=UNIT)
    other.records = list(desk.log.records[:length])
    other.clock, other.wall_ms = desk.log.clock, desk.log.wall_ms + MINUTE_MS
    return other


def clone_delivers(hub: ProvinceHub, desk: Desk, other: DeviceLog, *, first: int = 0) -> None:
    told = acknowledge(hub.services, desk.device, [encode_run(other.run(first))])
    assert told.forks or told.refusals
    hub.judge()
    advance(hub.services, at_once=True)


@pytest.fixture
def cloned(hub: ProvinceHub, desk: Desk) -> tuple[Record, DeviceLog]:
    """A record at the province, and a clone that signed another one at its place."""
    dossier = receive(desk, NOW_MS - 60 * MINUTE_MS, 1)
    mine = desk.log.records[-1]
    send(hub, desk)
    other = branch(desk, mine.header.seq)
    other.heads.pop(dossier, None)
    other.a_dossier(2)
    return mine, other


def test_a_fork_is_stated_in_the_log_and_leaves_both_records_undecided_until_a_review(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog]
) -> None:
    mine, other = cloned
    dossier = mine.header.dossier
    assert dossier and told(hub, dossier, mine).indication is Indication.PASSED
    clone_delivers(hub, desk, other)
    (fork,) = status(hub).forks
    assert (fork.log, fork.first, fork.stop) == (desk.log.log, mine.header.seq, mine.header.seq + 1)
    report = told(hub, dossier, mine)
    assert report.indication is Indication.INDETERMINATE
    assert [each.value for each in report.sub_indications] == ["MC_CHAIN_FORKED"]
    # Neither the key nor any other record suffers.
    assert status(hub).is_silent(desk.device)
    later = receive(desk, NOW_MS - 50 * MINUTE_MS, 2)
    send(hub, desk)
    assert told(hub, later, desk.log.records[-1]).indication is Indication.PASSED
    with writing(hub.services.engine) as connection:
        review_records(connection, hub.services, [mine.id], stands=True, act=ACT)
    advance(hub.services, at_once=True)
    assert told(hub, dossier, mine).indication is Indication.PASSED
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        contested = contested_records(store, hub.services.status.current(connection))
    # The other one is here, too, and waits for its own review.
    assert [record.id for record in contested] == [other.records[mine.header.seq].id]


def test_the_same_branch_again_says_nothing_new_and_a_longer_one_does(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog]
) -> None:
    mine, other = cloned
    receive(desk, NOW_MS - 50 * MINUTE_MS, 2)
    send(hub, desk)
    clone_delivers(hub, desk, other, first=mine.header.seq)
    clone_delivers(hub, desk, other)
    assert [(each.first, each.stop) for each in status(hub).forks] == [(mine.header.seq, mine.header.seq + 2)]


def test_a_branch_that_begins_after_what_is_held_contests_the_record_before_it(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog]
) -> None:
    mine, other = cloned
    clone_delivers(hub, desk, other, first=mine.header.seq + 1)
    assert [(each.first, each.stop) for each in status(hub).forks] == [(mine.header.seq, mine.header.seq + 1)]


@pytest.mark.parametrize("forger", ["a stranger", "an officer of another office"])
def test_nobody_else_contests_a_log(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog], forger: str
) -> None:
    mine, _ = cloned
    if forger != "a stranger":
        hub.enrol("20257", officer=forger)
    other = branch(desk, mine.header.seq)
    other.officer = key_of(f"20257 {forger}")
    other.a_dossier(2)
    clone_delivers(hub, desk, other)
    assert status(hub).forks == ()


def test_only_contested_records_are_reviewed(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog]
) -> None:
    mine, other = cloned
    review: Callable[..., Any] = review_records
    with writing(hub.services.engine) as connection, pytest.raises(RevocationInvalid):
        review(connection, hub.services, [mine.id], stands=True, act=ACT)
    clone_delivers(hub, desk, other)
    with writing(hub.services.engine) as connection, pytest.raises(RevocationInvalid):
        review(connection, hub.services, [other.records[-1].id], stands=True, act=ACT)


def test_contested_records_wait_at_the_screen_for_a_signature(
    hub: ProvinceHub, desk: Desk, cloned: tuple[Record, DeviceLog]
) -> None:
    mine, other = cloned
    keeper = hub.browser("khoa")
    assert "Hai nhánh nhật ký" not in keeper.page("/quarantine?show=review")
    clone_delivers(hub, desk, other)
    page = keeper.page("/quarantine?show=review")
    assert "hai nhánh nhật ký" in page and f'name="records" value="{mine.id}"' in page
    for record in re.findall(r'name="records" value="([0-9a-f]{64})"', page):
        stands = "stands" if record == mine.id else "refused"
        given = {"ground": "Đối chiếu sổ giấy", "password": PASSWORD}
        keeper.post("/quarantine/review", decision=stands, records=record, **given)
    assert "hai nhánh nhật ký" not in keeper.page("/quarantine?show=review")
    advance(hub.services, at_once=True)
    assert told(hub, str(mine.header.dossier), mine).indication is Indication.PASSED


# --- places ---


def test_events_count_with_their_place_in_the_tree(hub: ProvinceHub, desk: Desk) -> None:
    receive(desk, NOW_MS - 60 * MINUTE_MS, 1)
    hub.deliver(desk)  # held, not judged: its leaves come first, and it is not counted twice
    with writing(hub.services.engine) as connection:
        (record,) = revoke_keys(
            connection, hub.services, [desk.log.officer.public.id], cause=Cause.LOST, act=ACT
        )
    hub.judge()
    advance(hub.services, at_once=True)
    receive(desk, NOW_MS - 50 * MINUTE_MS, 2)
    send(hub, desk)
    with reading(hub.services.engine) as connection:
        (event,) = read_events(connection)
        assert event.index == place_of(connection, record.header.log, record.header.seq)
