"""Records of a later version on every road: kept and passed on byte for byte, told as not understood, read after an update."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from central_hub.judge.service import judge_pending
from central_hub.store.engine import reading
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.record_log import HubLogStore
from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked, snapshot_on
from edge_node import create_app
from edge_node.casework.history import Event, events_of
from edge_node.journal import Draft, write
from edge_node.projection.service import digest_total, ensure_current, view
from edge_node.store import SqliteLogStore, alerts
from edge_node.sync.parcels import export_parcel, export_snapshot, import_parcels
from edge_node.sync.service import list_refusals
from edge_node.sync.status import read_status
from sync_protocol.record import Record
from tests.support.cable import met
from tests.support.later import reading_later, writing_later
from tests.support.pair import Commune, Pc


@pytest.fixture
def commune(commune: Commune) -> Commune:
    commune.add()
    return commune


def foretell(pc: Pc, dossier: str, **said: object) -> Record:
    """A note of a later version, by an officer of this PC."""
    with writing_later(**said):
        return write(
            pc.db,
            pc.services,
            pc.lan,
            [Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": "Hẹn lại"})],
        )[0]


def by_round(commune: Commune, old: Pc, tmp_path: Path) -> Pc:
    assert old.sync().is_done
    return commune.add()


def by_stick(commune: Commune, old: Pc, tmp_path: Path) -> Pc:
    new = commune.add()
    stick = tmp_path / "stick"
    export_parcel(old.db, old.services, stick)
    take_parcels(commune.hub, files_on(stick))
    judge_pending(commune.hub)
    export_parcel(new.db, new.services, stick)
    for asked in newest_asked(take_parcels(commune.hub, files_on(stick))):
        answer_on(commune.hub, stick, asked)
    import_parcels(new.db, new.services, stick)
    return new


def by_colleague(commune: Commune, old: Pc, tmp_path: Path) -> Pc:
    new = commune.add()
    assert old.sync().is_done
    met(new, old)
    return new


def by_snapshot_of_the_hub(commune: Commune, old: Pc, tmp_path: Path) -> Pc:
    assert old.sync().is_done
    box = commune.unpack()
    snapshot_on(commune.hub, tmp_path, box.device)
    import_parcels(box.db, box.services, tmp_path)
    return commune.staff(box)


def by_snapshot_of_a_colleague(commune: Commune, old: Pc, tmp_path: Path) -> Pc:
    box = commune.unpack()
    for _ in range(2):
        assert old.sync().is_done
    export_snapshot(old.db, old.services, tmp_path, box.device)
    import_parcels(box.db, box.services, tmp_path)
    return commune.staff(box)


ROADS = [by_round, by_stick, by_colleague, by_snapshot_of_the_hub, by_snapshot_of_a_colleague]


@pytest.mark.parametrize("road", ROADS)
def test_it_comes_through_byte_for_byte_and_is_told_as_not_understood(
    commune: Commune, tmp_path: Path, road: Callable[[Commune, Pc, Path], Pc]
) -> None:
    old = commune.pcs[0]
    dossier = old.receive()
    record = foretell(old, dossier, facts={"code": ["not a code"], "action": {"a": 1}})
    old.note(dossier)
    new = road(commune, old, tmp_path / "road")
    for pc in (old, new):
        kept = SqliteLogStore(pc.db).record(record.id)
        assert kept is not None
        assert (kept.header_bytes, kept.signature, kept.body) == (
            record.header_bytes,
            record.signature,
            record.body,
        )
        told = view(pc.db, dossier)
        assert told is not None
        assert [entry.standing.value for entry in told.timeline] == ["applied", "unread", "applied"]
        assert len(told.notes) == 1, "what is not understood has no effect"
        title = {event.record: event.title for event in _history(pc, dossier)}[record.id]
        assert "phiên bản mới hơn" in title
    assert [alert.code for alert in alerts.list_alerts(new.db)] == [alerts.NEWER]


def _history(pc: Pc, dossier: str) -> list[Event]:
    found = view(pc.db, dossier)
    assert found is not None
    with create_app(pc.services.config, pc.services).test_request_context():
        return events_of(pc.db, pc.services, found, None)


def test_the_hub_keeps_it_says_so_and_judges_it_after_an_update(commune: Commune) -> None:
    pc = commune.pcs[0]
    dossier = pc.receive()
    record = foretell(pc, dossier, members={})
    for _ in range(3):
        assert pc.sync().is_done
    (refusal,) = list_refusals(pc.db)
    assert (refusal.record, refusal.outcome, refusal.code) == (record.id, "pending", "RECORD_VERSION")
    assert refusal.is_retryable and refusal.reason is not None and "cập nhật" in refusal.reason.next_vi
    status = read_status(pc.db, now=commune.clock())
    assert (status.waiting, status.undecided, status.is_full) == (0, 1, False)
    assert alerts.DIGEST not in [alert.code for alert in alerts.list_alerts(pc.db)]
    with reading_later():
        pc.line.hub = commune.hub = replace(commune.hub, opened=OpenedRuns())
        judge_pending(commune.hub)
        assert ensure_current(pc.db) and not ensure_current(pc.db), "a program that can read it, once"
        for _ in range(2):
            assert pc.sync().is_done
        assert list_refusals(pc.db) == [] and alerts.list_alerts(pc.db) == []
        told = view(pc.db, dossier)
        assert told is not None and [note.record for note in told.notes] == [record.id]
        assert read_status(pc.db, now=commune.clock()).is_full
        with reading(commune.hub.engine) as connection:
            held = HubLogStore(connection, commune.hub.opened).record(record.id)
        assert held is not None and held.header_bytes == record.header_bytes
        assert digest_total(pc.db)
