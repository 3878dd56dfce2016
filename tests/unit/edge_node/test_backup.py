"""Backups are whole, checked and without keys; a restore goes on in a new epoch, here or on another PC."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import zstandard

from edge_node.backup import service
from edge_node.backup.salvage import go_on_salvaging
from edge_node.backup.service import BackupFailed, backup_if_due, list_backups, make_backup, newest, restore
from edge_node.config import EdgeConfig
from edge_node.doctor import Health, examine
from edge_node.enrolment.epochs import was_put_back
from edge_node.enrolment.service import initialise
from edge_node.journal import WriteRefused, require_office
from edge_node.journal.service import NotEnrolled
from edge_node.projection.lists import dossier_row
from edge_node.services import build_services
from edge_node.store import SqliteLogStore, open_database
from edge_node.store.local import ADOPTED_DEVICE, read_local, write_local
from edge_node.sync.absorb import absorb
from signing.keys import LockCost
from sync_protocol.frame import encode_run
from sync_protocol.log import Run
from sync_protocol.record import Record, unverified
from tests.support.node import browse
from tests.support.office import TestOffice, make_office

PAGE_BYTES = 4096


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path / "node")


def test_a_backup_holds_everything_but_keys(office: TestOffice, tmp_path: Path) -> None:
    dossier = office.receive()
    made = make_backup(office.services).backup
    plain = tmp_path / "plain.db"
    with made.path.open("rb") as packed, plain.open("wb") as file:
        zstandard.ZstdDecompressor().copy_stream(packed, file)
    copy = open_database(plain)
    assert dossier_row(copy, dossier) is not None
    content = plain.read_bytes()
    for path in (tmp_path / "node" / "keys").rglob("*"):
        if path.is_file() and path.name != "watermark":
            assert path.read_bytes() not in content
    for seed in (office.lan.signer.seed, office.services.keyring.device.seed):
        assert seed not in content


def test_a_backup_is_not_begun_anew_by_every_write(
    office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who types keeps a draft twice a second: while anybody did, the day's backup never came to its end."""
    dossier = office.receive()
    steps: list[int] = []

    class Watched(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **more: Any) -> None:
            def keep_a_draft(_status: int, left: int, _total: int) -> None:
                steps.append(left)
                assert len(steps) < 100, "it begins anew with every step"
                write_local(office.db, "a draft", str(len(steps)))

            super().backup(target, **more | {"pages": 20, "progress": keep_a_draft})

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Watched, **more))
    make_backup(office.services)
    assert len(steps) > 2 and sorted(steps, reverse=True) == steps
    assert dossier_row(office.db, dossier) is not None


def test_a_backup_is_as_old_as_what_it_holds(office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is erased while it is made is in it, so `doctor` has to name it as one from before the order."""
    pack = service._pack
    erased_ns: list[int] = []

    def and_erase_meanwhile(copy: Path, packed: Path, *rest: Any) -> int:
        files = pack(copy, packed, *rest)
        os.utime(copy)
        erased_ns.append(copy.stat().st_mtime_ns)
        packed.write_bytes(packed.read_bytes())
        return files

    monkeypatch.setattr(service, "_pack", and_erase_meanwhile)
    office.receive()
    assert make_backup(office.services).backup.path.stat().st_mtime_ns < erased_ns[0]


def test_one_backup_a_day_and_no_more_than_asked_for(office: TestOffice) -> None:
    for day in range(9):
        assert backup_if_due(office.services) is not None, day
        assert backup_if_due(office.services) is None
        office.clock.advance(86_400_000)
    assert len(list_backups(office.services)) == 7
    assert not list(office.services.config.backups.glob("*.part"))


def test_a_disk_without_room_gets_no_half_backup(office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1024})()
    monkeypatch.setattr("edge_node.backup.service.shutil.disk_usage", lambda path: usage)
    with pytest.raises(BackupFailed):
        make_backup(office.services)
    assert list(office.services.config.backups.iterdir()) == []


def test_restoring_on_the_same_pc_opens_a_new_epoch(office: TestOffice) -> None:
    kept = office.receive("Trước")
    made = make_backup(office.services).backup
    newer = office.receive("Sau")
    office.db.conn.close()
    restored = restore(office.services, made.path)
    assert restored.office is not None and restored.office.log != office.office.log
    assert restored.dossiers == 2 and restored.salvaged == 1
    assert restored.set_aside is not None
    db = open_database(office.services.config.database)
    assert dossier_row(db, kept) is not None and dossier_row(db, newer) is not None
    opening = SqliteLogStore(db).span(restored.office.log, 0)[0].header.facts
    assert opening["reason"] == "restore"
    assert [p["log"] for p in opening["predecessors"]] == [office.office.log]
    assert not was_put_back(db, office.services)
    aside = sqlite3.connect(restored.set_aside)
    assert aside.execute("SELECT count(*) FROM dossier").fetchone()[0] == 2
    aside.close()


def test_restoring_on_another_pc_adopts_the_logs_and_asks_for_enrolment(
    office: TestOffice, tmp_path: Path
) -> None:
    dossier = office.receive()
    made = make_backup(office.services).backup
    services = build_services(EdgeConfig(data=tmp_path / "other", reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    restored = restore(services, made.path)
    assert restored.office is None
    db = open_database(services.config.database)
    with pytest.raises(NotEnrolled):
        require_office(db)
    assert read_local(db, ADOPTED_DEVICE) == office.office.device
    assert dossier_row(db, dossier) is not None


@pytest.mark.parametrize(
    "content", [b"", b"not a backup", zstandard.ZstdCompressor().compress(b"not a database")]
)
def test_what_is_no_backup_changes_nothing(office: TestOffice, tmp_path: Path, content: bytes) -> None:
    office.receive()
    source = tmp_path / "x.motcua-backup"
    source.write_bytes(content)
    before = dict(SqliteLogStore(office.db).frontier())
    with pytest.raises(WriteRefused, match="NODE_BACKUP"):
        restore(office.services, source)
    assert dict(SqliteLogStore(office.db).frontier()) == before
    assert not office.services.config.database.with_suffix(".restoring").exists()


def spoil(database: Path, record: Record) -> None:
    """What a dying disk does to the page on which a record lies."""
    content = bytearray(database.read_bytes())
    at = content.index(record.signature) // PAGE_BYTES * PAGE_BYTES
    content[at : at + PAGE_BYTES] = b"\xa5" * PAGE_BYTES
    database.write_bytes(content)


@pytest.fixture
def spoilt(office: TestOffice) -> list[Record]:
    """An office with a backup of its first dossiers and a spoilt page behind them; returns every record of its log."""
    for number in range(5):
        office.receive(f"Trước {number}")
    make_backup(office.services)
    for number in range(30):
        office.receive(f"Sau {number}")
    records = SqliteLogStore(office.db).span(office.office.log, 0)
    office.db.conn.close()
    spoil(office.services.config.database, records[20])
    return records


def test_a_damaged_page_is_told_with_its_next_step(office: TestOffice, spoilt: list[Record]) -> None:
    browser = browse(office, office.lan)
    page = browser.get(f"/dossiers/{spoilt[20].header.dossier}", status=503)
    assert "NODE_DAMAGED" in page and "motcua-node restore" in page


def test_a_damaged_file_gives_what_can_be_read_and_the_rest_comes_back(
    office: TestOffice, spoilt: list[Record]
) -> None:
    database, log = office.services.config.database, office.office.log
    restored = restore(office.services, newest(office.services))
    assert restored.office is not None and restored.office.log != log
    db = open_database(database)
    store = SqliteLogStore(db)
    held = store.frontier([log])[log].length
    assert 6 < held <= 20 and restored.salvaged == held - 6
    assert go_on_salvaging(db, office.services) == 0, "the hub has not sent anything yet"
    missing = Run(log=log, first=held, records=tuple(map(unverified, spoilt[held:29])), seal=None)
    absorb(db, office.services, restored.office, [encode_run(missing)])
    assert go_on_salvaging(db, office.services) == len(spoilt) - 29, "what nobody but the spoilt file had"
    assert [record.id for record in store.span(log, 0)] == [record.id for record in spoilt]
    assert go_on_salvaging(db, office.services) == 0
    assert {
        finding.health for finding in examine(db, office.services) if finding.check in ("database", "chain")
    } == {Health.OK}


def test_a_file_of_which_nothing_is_readable_still_lets_the_backup_in(
    office: TestOffice, spoilt: list[Record]
) -> None:
    database = office.services.config.database
    database.write_bytes(b"\xa5" * len(database.read_bytes()))
    restored = restore(office.services, newest(office.services))
    assert restored.salvaged == 0 and restored.dossiers == 5
    assert restored.set_aside is not None and restored.set_aside.exists()
