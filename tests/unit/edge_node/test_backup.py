"""Backups are whole, checked and without keys; a restore goes on in a new epoch, here or on another PC."""

import sqlite3
from pathlib import Path

import pytest
import zstandard

from edge_node.backup.service import BackupFailed, backup_if_due, list_backups, make_backup, restore
from edge_node.config import EdgeConfig
from edge_node.enrolment.epochs import was_put_back
from edge_node.enrolment.service import initialise
from edge_node.journal import WriteRefused, require_office
from edge_node.journal.service import NotEnrolled
from edge_node.projection.lists import dossier_row
from edge_node.services import build_services
from edge_node.store import SqliteLogStore, open_database
from edge_node.store.local import ADOPTED_DEVICE, read_local
from signing.keys import LockCost
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path / "node")


def test_a_backup_holds_everything_but_keys(office: TestOffice, tmp_path: Path) -> None:
    dossier = office.receive()
    made = make_backup(office.services)
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
    made = make_backup(office.services)
    lost = office.receive("Sau")
    office.db.conn.close()
    restored = restore(office.services, made.path)
    assert restored.office is not None and restored.office.log != office.office.log
    assert restored.dossiers == 1
    assert restored.set_aside is not None
    db = open_database(office.services.config.database)
    assert dossier_row(db, kept) is not None and dossier_row(db, lost) is None
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
    made = make_backup(office.services)
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
