"""Writing: chain, parents, signatures, seals, authority, and what a refusal leaves behind (nothing)."""

import shutil
from pathlib import Path

import pytest
from sqlite_utils import Database

from dossiers.lifecycle import Status
from dossiers.views import Standing
from edge_node.enrolment.epochs import open_log, open_log_if_due, was_put_back
from edge_node.journal import Draft, JournalReadOnly, WriteRefused, write, write_with
from edge_node.journal.service import seal_tail
from edge_node.journal.stamp import keep_offset
from edge_node.journal.watermark import read_watermark
from edge_node.projection.service import view
from edge_node.store import SqliteLogStore, open_database
from edge_node.store.local import read_office
from signing.roles import Role
from sync_protocol.log import OpeningReason, Run, check_chain, verify_seal
from sync_protocol.record import open_record, verify_record
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


def note(text: str, dossier: str) -> Draft:
    return Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})


def test_records_form_a_chain_that_verifies(office: TestOffice) -> None:
    dossier = office.receive()
    write(office.db, office.services, office.lan, [note("một", dossier), note("hai", dossier)])
    records = SqliteLogStore(office.db).span(office.office.log, 0)
    assert [r.header.kind for r in records] == [
        "log.opened",
        "dossier.received",
        "dossier.noted",
        "dossier.noted",
    ]
    check_chain(Run(log=office.office.log, first=0, records=tuple(records)), None)  # type: ignore[arg-type]
    for record in records[1:]:
        opened = open_record(record.header_bytes, record.signature, record.body)
        assert verify_record(opened, office.lan.signer.public) == record


def test_parents_are_the_heads_that_the_author_saw(office: TestOffice) -> None:
    dossier = office.receive()
    first, second = write(
        office.db, office.services, office.lan, [note("một", dossier), note("hai", dossier)]
    )
    third = write(office.db, office.services, office.lan, [note("ba", dossier)])[0]
    assert second.header.parents == (first.id,)
    assert third.header.parents == (second.id,)


def test_several_drafts_without_a_dossier_share_a_new_one(office: TestOffice) -> None:
    old = office.receive()
    facts = SqliteLogStore(office.db).dossier_records(old)[0].header.facts
    content = {"fields": {"applicant.name": "Trần Văn Bình", "applicant.id_number": "048200005678"}}
    drafts = [
        Draft(kind="dossier.received", facts=facts, content=content),
        Draft(kind="dossier.noted", facts={}, content={"note": "kèm"}),
    ]
    records = write(office.db, office.services, office.lan, drafts)
    assert records[0].header.dossier == records[1].header.dossier != old


def test_the_clock_never_runs_back_within_an_epoch(office: TestOffice) -> None:
    dossier = office.receive()
    office.clock.advance(-3_600_000)
    write(office.db, office.services, office.lan, [note("một", dossier)])
    records = SqliteLogStore(office.db).span(office.office.log, 0)
    assert [r.header.at for r in records] == sorted(r.header.at for r in records)
    assert len({r.header.at for r in records}) == len(records)


def test_the_measured_offset_stands_in_the_header(office: TestOffice) -> None:
    keep_offset(office.db, offset_ms=-90_000, measured_ms=office.clock() - 5_000)
    dossier = office.receive()
    header = SqliteLogStore(office.db).dossier_records(dossier)[0].header
    assert header.offset == (-90_000, 5)


def test_a_seal_comes_every_64_records_and_at_a_hand_over(office: TestOffice) -> None:
    dossier = office.receive()
    write(office.db, office.services, office.lan, [note(str(n), dossier) for n in range(70)])
    store = SqliteLogStore(office.db)
    seal = store.seal(office.office.log)
    assert seal is not None and seal.length == 64
    seal_tail(office.db, office.services, office.office)
    seal = store.seal(office.office.log)
    assert seal is not None and seal.length == 72
    verify_seal(seal, office.services.keyring.device.public)


def test_the_role_decides_what_may_be_signed(office: TestOffice) -> None:
    dossier = office.receive()
    before = SqliteLogStore(office.db).frontier()
    extension = Draft(
        kind="dossier.extended",
        dossier=dossier,
        facts={"due": office.clock() + 1, "previous": office.clock(), "ordinal": 1},
        content={"ground": "chờ xác minh"},
    )
    with pytest.raises(WriteRefused) as refused:
        write(office.db, office.services, office.lan, [note("trước", dossier), extension])
    assert refused.value.reason.code == "MC_ROLE"
    assert dict(SqliteLogStore(office.db).frontier()) == dict(before)
    leader = office.actor("Hùng", Role.LEADER)
    write(office.db, office.services, leader, [extension])


def test_facts_outside_their_kind_are_refused(office: TestOffice) -> None:
    dossier = office.receive()
    with pytest.raises(WriteRefused, match="DOSSIER_FACTS"):
        write(
            office.db,
            office.services,
            office.lan,
            [Draft(kind="dossier.noted", dossier=dossier, facts={"x": 1})],
        )
    with pytest.raises(WriteRefused, match="DOSSIER_BODY"):
        write(
            office.db, office.services, office.lan, [Draft(kind="dossier.noted", dossier=dossier, facts={})]
        )


def test_the_device_takes_no_decision(office: TestOffice) -> None:
    dossier = office.receive()
    with pytest.raises(WriteRefused):
        write(office.db, office.services, None, [note("máy", dossier)])


def test_what_decide_raises_leaves_nothing_behind(office: TestOffice) -> None:
    def decide(db: object) -> list[Draft]:
        raise LookupError("no such dossier")

    before = SqliteLogStore(office.db).frontier()
    with pytest.raises(LookupError):
        write_with(office.db, office.services, office.lan, decide)
    assert dict(SqliteLogStore(office.db).frontier()) == dict(before)
    assert not office.db.conn.in_transaction


def test_without_the_reserve_the_journal_is_read_only_and_comes_back(
    office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = office.receive()
    office.services.space.release()
    monkeypatch.setattr("edge_node.store.space.Space.free_bytes", 1024)
    with pytest.raises(JournalReadOnly) as refused:
        write(office.db, office.services, office.lan, [note("đầy", dossier)])
    assert refused.value.reason.code == "NODE_DISK_FULL"
    monkeypatch.undo()
    write(office.db, office.services, office.lan, [note("lại được", dossier)])


def put_back(copy: Path, database: Path) -> Database:
    for name in ("node.db", "node.db-wal", "node.db-shm"):
        database.with_name(name).unlink(missing_ok=True)
    shutil.copyfile(copy, database)
    return open_database(database)


def test_the_watermark_betrays_a_database_put_back(office: TestOffice, tmp_path: Path) -> None:
    dossier = office.receive()
    copy = tmp_path / "copy.db"
    office.db.conn.execute("VACUUM INTO ?", (str(copy),))
    write(office.db, office.services, office.lan, [note("sau bản sao", dossier)])
    assert not was_put_back(office.db, office.services)
    mark = read_watermark(office.services.config.keys)
    assert mark is not None and mark.length == 3
    office.db.conn.close()
    db = put_back(copy, tmp_path / "node.db")
    assert was_put_back(db, office.services)
    fresh = open_log(db, office.services, reason=OpeningReason.RESTORE)
    assert fresh.log != office.office.log
    opening = SqliteLogStore(db).span(fresh.log, 0)[0].header.facts
    assert [(p["log"], p["length"]) for p in opening["predecessors"]] == [(office.office.log, 2)]
    assert not was_put_back(db, office.services)


def test_the_watermark_betrays_a_database_put_back_to_before_its_new_epoch(
    office: TestOffice, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    office.db.conn.execute("VACUUM INTO ?", (str(copy),))
    office.receive()
    office.db.conn.close()
    db = put_back(copy, tmp_path / "node.db")
    first = open_log(db, office.services, reason=OpeningReason.RESTORE)
    db.conn.close()
    db = put_back(copy, tmp_path / "node.db")
    assert was_put_back(db, office.services), "nothing here knows of the life in between but the note"
    second = open_log(db, office.services, reason=OpeningReason.RESTORE)
    assert len({office.office.log, first.log, second.log}) == 3
    assert not was_put_back(db, office.services)


def test_a_new_epoch_may_use_the_room_that_the_reserve_gave_up(office: TestOffice) -> None:
    office.services.space.release()
    fresh = open_log(office.db, office.services, reason=OpeningReason.RESTORE)
    assert fresh.log != office.office.log


def test_nothing_is_recorded_before_an_epoch_that_found_no_room(office: TestOffice) -> None:
    dossier = office.receive()
    pages = office.db.execute("PRAGMA page_count").fetchone()[0]
    office.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalReadOnly):
        while True:  # until the pages that were free inside the file are used up
            open_log(office.db, office.services, reason=OpeningReason.RESTORE)
    office.db.execute("PRAGMA max_page_count = 1000000")
    with pytest.raises(JournalReadOnly):
        write(office.db, office.services, office.lan, [note("vào sổ cũ", dossier)])
    before = read_office(office.db)
    assert open_log_if_due(office.db, office.services)
    after = read_office(office.db)
    assert before is not None and after is not None and before.log != after.log
    write(office.db, office.services, office.lan, [note("vào sổ mới", dossier)])
    assert not open_log_if_due(office.db, office.services)


def test_the_fold_sees_what_was_written(office: TestOffice) -> None:
    dossier = office.receive()
    found = view(office.db, dossier)
    assert found is not None and found.status is Status.RECEIVED
    assert [entry.standing for entry in found.timeline] == [Standing.APPLIED]
