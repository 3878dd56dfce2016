"""Backups and scans: what only a PC holds goes along, what the province holds is fetched again, nothing is lost or swept."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_hub.registry.enrolment import issue_code
from central_hub.store.engine import writing
from edge_node.backup.service import BackupFailed, make_backup, restore
from edge_node.cli import cli
from edge_node.doctor import Health, examine
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.files.disk import compare
from edge_node.files.service import PUT_BACK_AGE_S, sweep, vault_of
from edge_node.journal import WriteRefused
from edge_node.server import make_ready
from edge_node.store import open_database
from edge_node.sync.runner import sync
from signing.roles import OFFICE_ROLES
from tests.support.log_builder import COMMUNE
from tests.support.office import PIN
from tests.support.pair import BreakingLine, Commune, Pc, Unpacked, services_in
from tests.web.test_files_sync import KIB, add, content_of, scan

ROLES = tuple(sorted(OFFICE_ROLES))


def reopen(pc: Pc) -> None:
    pc.db = open_database(pc.services.config.database)


def put_on_another_pc(commune: Commune, backup: Path) -> Pc:
    """Restore on a PC of its own and enrol that one."""
    line = BreakingLine(commune.hub)
    services = services_in(commune.folder / "another", commune.clock)
    initialise(services)
    assert restore(services, backup).office is None
    db = open_database(services.config.database)
    with writing(commune.hub.engine) as connection:
        code = issue_code(connection, commune.hub, unit=COMMUNE, device_name="Máy thay", roles=ROLES).code
    wish = Wish(hub_url="http://hub", code=code, device_name="Máy thay", officer_name="Lê Văn Quý", pin=PIN)
    box = Unpacked(db, services, line, enrol(db, services, wish, lambda url, ca: line).officer)
    assert sync(db, services, line).is_done
    return commune.staff(box)


def test_another_pc_gets_scans_that_were_nowhere_else_and_fetches_the_others(commune: Commune) -> None:
    pc = commune.add()
    dossier, old, new = pc.receive(), scan(200 * KIB, 1), scan(90 * KIB, 2)
    [at_hub] = add(pc, dossier, old)
    assert pc.sync().is_done and pc.files().sent == 1
    [only_here] = add(pc, dossier, new)
    made = make_backup(pc.services)
    assert (made.files, made.files_left_out) == (1, 0)
    shutil.rmtree(pc.services.config.files)
    other = put_on_another_pc(commune, made.backup.path)
    assert content_of(other, dossier, only_here) == new.content
    assert other.sync().is_done
    done = other.files()
    assert (done.sent, done.fetched) == (1, 1)
    assert content_of(other, dossier, at_hub) == old.content
    assert other.waiting == 0


def test_scans_made_after_the_backup_stay_and_are_sent(commune: Commune) -> None:
    pc = commune.add()
    dossier = pc.receive()
    made = make_backup(pc.services)
    later = scan(80 * KIB)
    [file] = add(pc, dossier, later)
    pc.db.conn.close()
    assert restore(pc.services, made.backup.path).files_wanted == 0
    reopen(pc)
    assert pc.waiting == 1
    assert pc.sync().is_done and pc.files().sent == 1
    assert content_of(pc, dossier, file) == later.content


def test_a_scan_whose_record_has_yet_to_come_back_is_not_swept(commune: Commune) -> None:
    pc = commune.add()
    dossier = pc.receive()
    made = make_backup(pc.services)
    [file] = add(pc, dossier, scan(80 * KIB))
    path = vault_of(pc.services).path(file)
    old_s = commune.clock() / 1000 - 30 * 86_400
    os.utime(path, (old_s, old_s))
    pc.db.conn.close()
    pc.services.config.database.write_bytes(b"spoilt")
    restore(pc.services, made.backup.path)
    reopen(pc)
    assert sweep(pc.db, pc.services) == 0 and path.exists()
    commune.clock.advance((PUT_BACK_AGE_S + 1) * 1000)
    assert sweep(pc.db, pc.services) == 1 and not path.exists()


def test_a_database_copied_back_by_hand_knows_its_scans_again(commune: Commune, tmp_path: Path) -> None:
    pc = commune.add()
    dossier = pc.receive()
    copy = tmp_path / "copy.db"
    pc.db.conn.execute("VACUUM INTO ?", (str(copy),))
    [file] = add(pc, dossier, scan(80 * KIB))
    assert pc.sync().is_done
    pc.db.conn.close()
    for name in ("node.db", "node.db-wal", "node.db-shm"):
        pc.services.config.database.with_name(name).unlink(missing_ok=True)
    copy.replace(pc.services.config.database)
    make_ready(pc.services)
    reopen(pc)
    assert pc.sync().is_done and pc.waiting == 1
    assert pc.files().sent == 1
    assert compare(pc.db, vault_of(pc.services), is_deep=True).missing == ()
    assert content_of(pc, dossier, file)


@pytest.mark.parametrize(("bound_mb", "carried"), [(0, 0), (1, 1), (2, 3)])
def test_what_goes_along_is_bounded_and_the_rest_is_counted(
    commune: Commune, bound_mb: int, carried: int
) -> None:
    pc = commune.add()
    dossier = pc.receive()
    add(pc, dossier, *(scan(600 * KIB, seed) for seed in (1, 2, 3)))
    services = replace(pc.services, config=replace(pc.services.config, backup_files_mb=bound_mb))
    made = make_backup(services)
    assert (made.files, made.files_left_out) == (carried, 3 - carried)


def test_a_damaged_scan_in_a_backup_costs_only_itself(commune: Commune) -> None:
    pc = commune.add()
    dossier = pc.receive()
    first, second = add(pc, dossier, scan(80 * KIB, 1), scan(80 * KIB, 2))
    path = make_backup(pc.services).backup.path
    content = bytearray(path.read_bytes())
    content[5_000] ^= 1
    path.write_bytes(content)
    shutil.rmtree(pc.services.config.files)
    pc.db.conn.close()
    assert restore(pc.services, path).files_wanted == 1
    reopen(pc)
    vault = vault_of(pc.services)
    assert [file for file, _ in vault.listed()] in ([first], [second])


def health(pc: Pc, check: str) -> tuple[Health, str]:
    (found,) = [each for each in examine(pc.db, pc.services) if each.check == check]
    return found.health, found.vi


def test_the_doctor_finds_what_the_disk_lost_and_rebuild_fetches_it(commune: Commune) -> None:
    pc = commune.add()
    dossier, sent = pc.receive(), [scan(80 * KIB, seed) for seed in (1, 2, 3)]
    gone, spoilt, sound = add(pc, dossier, *sent)
    assert pc.sync().is_done and pc.files().sent == 3
    assert health(pc, "files")[0] is Health.OK
    vault = vault_of(pc.services)
    vault.path(gone).unlink()
    content = bytearray(vault.path(spoilt).read_bytes())
    content[100] ^= 1
    vault.path(spoilt).write_bytes(content)
    said = health(pc, "files")
    assert said[0] is Health.FAILED
    assert "1 tệp đính kèm không còn trên đĩa, 1 tệp hỏng" in said[1] and "rebuild" in said[1]
    answer = CliRunner().invoke(cli, ["rebuild", "--json", "--data", str(pc.services.config.data)])
    assert json.loads(answer.output)["files_wanted"] == 2, answer.output
    assert pc.files().fetched == 2
    assert health(pc, "files")[0] is Health.OK
    for file, each in zip((gone, spoilt, sound), sent, strict=True):
        assert content_of(pc, dossier, file) == each.content


def test_the_doctor_says_when_a_backup_cannot_hold_what_waits(commune: Commune) -> None:
    pc = commune.add()
    add(pc, pc.receive(), scan(1_200 * KIB))
    pc.services = replace(pc.services, config=replace(pc.services.config, backup_files_mb=0))
    said = health(pc, "files")
    assert said[0] is Health.UNDECIDED and "backup_files_mb" in said[1]


def test_a_backup_that_ends_within_a_scan_changes_nothing(commune: Commune) -> None:
    pc = commune.add()
    add(pc, pc.receive(), scan(80 * KIB))
    path = make_backup(pc.services).backup.path
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(WriteRefused, match="NODE_BACKUP"):
        restore(pc.services, path)
    assert pc.services.config.database.exists()


def test_a_disk_short_of_room_leaves_scans_out_before_it_leaves_the_backup_out(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc = commune.add()
    add(pc, pc.receive(), scan(80 * KIB))
    size = pc.services.config.database.stat().st_size
    usage = type("Usage", (), {"free": 2 * size + 16 * 1024 * 1024 + 10_000})()
    monkeypatch.setattr("edge_node.backup.service.shutil.disk_usage", lambda path: usage)
    made = make_backup(pc.services)
    assert (made.files, made.files_left_out) == (0, 1)
    usage.free = 2 * size
    with pytest.raises(BackupFailed):
        make_backup(pc.services)
