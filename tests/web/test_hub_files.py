"""The hub's files over time: what no record can name goes, what one might name stays, the disk's faults heal from the nodes."""

import os
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, update

from central_hub.doctor import Finding, Health, examine
from central_hub.files.room import COUNT_EVERY_MS
from central_hub.files.service import vault_of as hub_vault
from central_hub.files.sweep import GRACE_DAYS, LIFE_DAYS, drop_damaged, sweep
from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import writing
from central_hub.store.tables import FILE, LOG, SET_ASIDE, STANDING
from edge_node.files.copies import copies_of, want
from edge_node.files.service import vault_of
from edge_node.store import SqliteLogStore
from edge_node.store.local import read_office
from edge_node.sync.files import LOOK_EVERY_MS
from sync_protocol import reasons
from sync_protocol.frame import encode_run
from sync_protocol.log import Run
from sync_protocol.record import unverified
from tests.support.pair import Commune, Pc
from tests.web.test_files_sync import KIB, add, content_of, scan

DAY_MS = 86_400_000


def kept(commune: Commune, pc: Pc, *, days: float = GRACE_DAYS + 1) -> str:
    """A file that reached the hub, so many days before what is now the time, long into the hub's life."""
    [file] = add(pc, pc.receive(), scan(60 * KIB))
    assert pc.sync().is_done and pc.files().sent == 1
    sweep(commune.hub)
    commune.clock.advance((LIFE_DAYS + 1) * DAY_MS)
    written_s = commune.clock() / 1000 - days * 86_400
    os.utime(hub_vault(commune.hub).path(file), (written_s, written_s))
    return file


def forget(commune: Commune, file: str) -> None:
    """No judged record states it any more."""
    with writing(commune.hub.engine) as connection:
        connection.execute(delete(FILE).where(FILE.c.file == bytes.fromhex(file)))


def is_there(commune: Commune, file: str) -> bool:
    return hub_vault(commune.hub).path(file).exists()


def test_what_a_record_states_stays(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc)
    assert sweep(commune.hub) == 0 and is_there(commune, file)


def test_what_no_record_states_goes(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc)
    forget(commune, file)
    assert sweep(commune.hub) == 1 and not is_there(commune, file)


def test_what_is_young_stays(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc, days=GRACE_DAYS - 1)
    forget(commune, file)
    assert sweep(commune.hub) == 0 and is_there(commune, file)


def test_nothing_goes_while_a_restored_hub_is_fed_again(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc)
    forget(commune, file)
    with writing(commune.hub.engine) as connection:
        put_setting(connection, EPOCH, "ab" * 16)
    assert sweep(commune.hub) == 0
    commune.clock.advance((LIFE_DAYS - 1) * DAY_MS)
    assert sweep(commune.hub) == 0 and is_there(commune, file)
    commune.clock.advance(2 * DAY_MS)
    assert sweep(commune.hub) == 1


def test_nothing_goes_while_records_wait_for_the_judge(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc)
    forget(commune, file)
    with writing(commune.hub.engine) as connection:
        connection.execute(update(LOG).values(judged=LOG.c.judged - 1))
    assert sweep(commune.hub) == 0 and is_there(commune, file)


def own_record(pc: Pc) -> tuple[str, int]:
    """This PC's log and the place of its record that states a file."""
    office = read_office(pc.db)
    assert office is not None
    for record in SqliteLogStore(pc.db).span(office.log, 0):
        if record.header.kind == "dossier.file_added":
            return office.log, record.header.seq
    raise AssertionError


@pytest.mark.parametrize("outcome", ["pending", "quarantined"])
def test_what_a_record_held_back_names_stays(commune: Commune, pc: Pc, outcome: str) -> None:
    file = kept(commune, pc)
    forget(commune, file)
    log, seq = own_record(pc)
    record = SqliteLogStore(pc.db).span(log, seq, stop=seq + 1)[0]
    row = {
        "log_no": 1, "seq": seq, "record": record.id, "dossier": record.header.dossier,
        "commune": record.header.commune, "kind": record.header.kind, "by": record.header.by,
        "outcome": outcome, "code": "X", "detail": "", "retryable": 0, "since_ms": 0,
    }  # fmt: skip
    with writing(commune.hub.engine) as connection:
        connection.execute(insert(STANDING).values(row))
    assert sweep(commune.hub) == 0 and is_there(commune, file)


def test_what_a_run_set_aside_names_stays(commune: Commune, pc: Pc) -> None:
    file = kept(commune, pc)
    forget(commune, file)
    log, seq = own_record(pc)
    record = SqliteLogStore(pc.db).span(log, seq, stop=seq + 1)[0]
    frame = encode_run(Run(log=log, first=seq, records=(unverified(record),), seal=None))
    row = {
        "no": 1, "arrived_ms": 0, "device": "d", "log": log, "first": seq, "reason": "LOG_FORK",
        "detail": "", "digest": "x", "frame": frame,
    }  # fmt: skip
    with writing(commune.hub.engine) as connection:
        connection.execute(insert(SET_ASIDE).values(row))
    assert sweep(commune.hub) == 0 and is_there(commune, file)


def test_a_quota_makes_files_wait_and_lets_records_through(commune: Commune, pc: Pc) -> None:
    commune.hub = pc.line.hub = replace(commune.hub, config=replace(commune.hub.config, files_quota_mb=1))
    dossier = pc.receive()
    files = add(pc, dossier, scan(1_000 * KIB, 1), scan(1_000 * KIB, 2))
    assert pc.sync().is_done
    assert pc.files().sent == 1
    office = read_office(pc.db)
    assert office is not None
    problems = [copies_of(pc.db, dossier, hub_epoch=office.hub_epoch)[file].problem for file in files]
    assert sorted(problems) == ["", reasons.FILE_ROOM.code]
    pc.note(dossier)
    assert pc.sync().is_done
    assert said(commune, "files").health is Health.UNDECIDED
    commune.clock.advance(COUNT_EVERY_MS + 1)
    pc.line.hub = replace(commune.hub, config=replace(commune.hub.config, files_quota_mb=2))
    assert pc.files().sent == 1 and pc.waiting == 0


def said(commune: Commune, check: str, *, is_deep: bool = False) -> Finding:
    (found,) = [each for each in examine(commune.hub, is_deep=is_deep) if each.check == check]
    return found


@pytest.mark.parametrize("fault", ["gone", "short", "spoilt"])
def test_a_file_that_the_hub_lost_comes_again_by_itself(commune: Commune, pc: Pc, fault: str) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(60 * KIB))
    assert pc.sync().is_done and pc.files().sent == 1
    path = hub_vault(commune.hub).path(file)
    content = path.read_bytes()
    if fault == "gone":
        path.unlink()
        assert "1 tệp chưa về" in said(commune, "files").vi
    else:
        path.write_bytes(content[:-5] if fault == "short" else bytes([content[0] ^ 1]) + content[1:])
        check = "files" if fault == "short" else "files_bytes"
        found = said(commune, check, is_deep=True)
        assert found.health is Health.FAILED and "rebuild" in found.vi
        assert drop_damaged(commune.hub) == 1
    assert pc.files().requests == 0
    commune.clock.advance(LOOK_EVERY_MS)
    assert pc.files().sent == 1
    assert path.read_bytes() == content
    assert said(commune, "files_bytes", is_deep=True).health is Health.OK
    commune.clock.advance(LOOK_EVERY_MS)
    done = pc.files()
    assert (done.requests, done.sent) == (1, 0)


def test_a_damaged_file_is_not_handed_out(commune: Commune, pc: Pc) -> None:
    other = commune.add()
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(60 * KIB))
    assert pc.sync().is_done and pc.files().sent == 1 and other.sync().is_done
    path = hub_vault(commune.hub).path(file)
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    want(other.db, file)
    assert other.files().fetched == 0
    commune.clock.advance(LOOK_EVERY_MS)
    assert pc.files().sent == 1
    assert other.files().fetched == 1
    assert content_of(other, dossier, file) and vault_of(other.services).path(file).exists()
