"""A new PC begins with a snapshot from a stick: at work at once, the history later, and nothing said that is not so."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central_hub.judge.service import judge_pending
from central_hub.store.record_log import HubLogStore
from central_hub.sync import snapshots
from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked, snapshot_on
from edge_node.journal import Draft, write
from edge_node.journal.service import WriteRefused, _Writer
from edge_node.projection.service import digest_total, rebuild, view
from edge_node.store import SqliteLogStore
from edge_node.store.alerts import list_alerts
from edge_node.store.bases import read_seeded
from edge_node.sync.parcels import export_parcel, export_snapshot, import_parcels
from edge_node.sync.runner import sync
from edge_node.sync.status import read_status
from signing.keys import SigningKey
from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import MAGIC, Part
from sync_protocol.record import Record
from sync_protocol.rounds import MayHold
from sync_protocol.snapshot import Base, make_base, pack_loose
from sync_protocol.wire import open_request
from tests.support.pair import Commune, Pc, Unpacked

PART_BYTES = 6_000


@pytest.fixture
def old(commune: Commune) -> Pc:
    """A PC that has worked: two open dossiers and three closed ones, all of it at the province and judged."""
    pc = commune.add()
    pc.open_ones, pc.closed_ones = [], []  # type: ignore[attr-defined]
    for _ in range(3):
        closed = pc.receive()
        open_one = pc.receive() if len(pc.open_ones) < 2 else ""  # type: ignore[attr-defined]
        pc.note(closed)
        pc.withdraw(closed)
        pc.closed_ones.append(closed)  # type: ignore[attr-defined]
        if open_one:
            pc.note(open_one)
            pc.open_ones.append(open_one)  # type: ignore[attr-defined]
    for _ in range(3):
        assert pc.sync().is_done
    return pc


def rows(pc: Pc | Unpacked) -> set[str]:
    return {row[0].hex() for row in pc.db.conn.execute("SELECT id FROM dossier")}


def seed(commune: Commune, old: Pc, stick: Path, *, by_hub: bool = True) -> Pc:
    box = commune.unpack()
    if by_hub:
        snapshot_on(commune.hub, stick, box.device)
    else:
        assert old.sync().is_done  # the new PC's key came down with it
        export_snapshot(old.db, old.services, stick, box.device)
    (taken,) = import_parcels(box.db, box.services, stick)
    assert taken.outcome == "done"
    return commune.staff(box)


def device_of(pc: Pc) -> str:
    return pc.services.keyring.device.public.id


@pytest.mark.parametrize("by_hub", [True, False], ids=["from the hub", "from a colleague's PC"])
def test_open_dossiers_are_there_at_once_and_closed_ones_are_not_shown_by_halves(
    commune: Commune, old: Pc, tmp_path: Path, by_hub: bool
) -> None:
    new = seed(commune, old, tmp_path / "stick", by_hub=by_hub)
    assert rows(new) == set(old.open_ones)  # type: ignore[attr-defined]
    for dossier in old.open_ones:  # type: ignore[attr-defined]
        assert view(new.db, dossier) == view(old.db, dossier)
    new.note(old.open_ones[0])  # type: ignore[attr-defined]
    with pytest.raises(WriteRefused):
        new.note(old.closed_ones[0])  # type: ignore[attr-defined]
    assert list_alerts(new.db) == []


def test_the_status_says_that_history_is_missing_until_it_is_here(
    commune: Commune, old: Pc, tmp_path: Path
) -> None:
    new = seed(commune, old, tmp_path / "stick")
    status = read_status(new.db, now=commune.clock())
    assert status.history > 0 and status.is_seeded_whole and not status.is_full
    for _ in range(3):
        assert new.sync().is_done
    status = read_status(new.db, now=commune.clock())
    assert (status.history, status.is_full) == (0, True)
    assert rows(new) == rows(old)
    assert SqliteLogStore(new.db).frontier().digest() == SqliteLogStore(new.db).frontier().digest()
    assert old.sync().is_done
    assert digest_total(new.db) == digest_total(old.db)
    assert new.sync().is_done and list_alerts(new.db) == []


def test_a_rebuild_while_history_is_missing_gives_the_same(commune: Commune, old: Pc, tmp_path: Path) -> None:
    new = seed(commune, old, tmp_path / "stick")
    before = rows(new)
    rebuild(new.db)
    assert rows(new) == before


def test_history_comes_by_small_rounds_from_the_newest_down(
    commune: Commune, old: Pc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = seed(commune, old, tmp_path / "stick")
    monkeypatch.setattr("edge_node.sync.runner.START", 0)
    monkeypatch.setattr("sync_protocol.limits.ROUND_SIZE_BYTES_MIN", 1)
    missing = [read_seeded(new.db).missing]
    sync(new.db, new.services, new.line, progress=lambda _: missing.append(read_seeded(new.db).missing))
    assert missing == sorted(missing, reverse=True) and missing[-1] == 0


def test_history_comes_by_further_sticks_too(commune: Commune, old: Pc, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    new = seed(commune, old, stick)
    for _ in range(2):
        export_parcel(new.db, new.services, stick)
        taken = take_parcels(commune.hub, files_on(stick))
        judge_pending(commune.hub)
        for asked in newest_asked(taken):
            answer_on(commune.hub, stick, asked)
        import_parcels(new.db, new.services, stick)
    assert read_status(new.db, now=commune.clock()).history == 0
    assert rows(new) == rows(old)


def test_taking_it_twice_or_late_changes_nothing(commune: Commune, old: Pc, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    new = seed(commune, old, stick)
    before = SqliteLogStore(new.db).frontier().digest()
    import_parcels(new.db, new.services, stick)
    assert SqliteLogStore(new.db).frontier().digest() == before
    for _ in range(3):
        new.sync()
    whole = SqliteLogStore(new.db).frontier()
    assert all(entry.base == 0 for entry in whole.values())
    import_parcels(new.db, new.services, stick)
    assert SqliteLogStore(new.db).frontier().digest() == whole.digest()
    assert read_status(new.db, now=commune.clock()).history == 0


def test_a_newer_snapshot_replaces_the_base(commune: Commune, old: Pc, tmp_path: Path) -> None:
    new = seed(commune, old, tmp_path / "first")
    log = SqliteLogStore(old.db).logs_of(device=device_of(old))[-1]
    first = SqliteLogStore(new.db).frontier()[log]
    later = old.receive()
    old.note(later)
    old.sync(), old.sync()
    snapshot_on(commune.hub, tmp_path / "second", device_of(new))
    import_parcels(new.db, new.services, tmp_path / "second")
    second = SqliteLogStore(new.db).frontier()[log]
    assert second.base >= first.base and second.length > first.length
    assert later in rows(new)
    for _ in range(3):
        assert new.sync().is_done
    assert rows(new) == rows(old) and list_alerts(new.db) == []


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_cut_snapshot_leaves_something_true_and_goes_on_with_the_next_stick(
    commune: Commune, old: Pc, tmp_path: Path, share: float
) -> None:
    stick = tmp_path / "stick"
    new = commune.unpack()
    snapshot_on(commune.hub, stick, new.device)
    (part,) = (stick / "motcua").iterdir()
    whole = part.read_bytes()
    part.write_bytes(whole[: int(len(whole) * share)])
    (taken,) = import_parcels(new.db, new.services, stick)
    assert taken.outcome == "PARCEL_CUT"
    assert not read_status(new.db, now=commune.clock()).is_full
    part.write_bytes(whole)
    assert [each.outcome for each in import_parcels(new.db, new.services, stick)] == ["done"]
    assert rows(new) == set(old.open_ones)  # type: ignore[attr-defined]
    assert read_seeded(new.db).is_whole


def test_a_snapshot_in_several_parts(commune: Commune, old: Pc, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    new = commune.unpack()
    written = snapshot_on(commune.hub, stick, new.device, part_bytes_max=PART_BYTES)
    assert written.parts > 1
    (taken,) = import_parcels(new.db, new.services, stick)
    assert taken.outcome == "done" and taken.parts == written.parts


def test_a_snapshot_for_another_pc_is_left_alone(commune: Commune, old: Pc, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    new, other = commune.unpack(), commune.unpack()
    snapshot_on(commune.hub, stick, other.device)
    (taken,) = import_parcels(new.db, new.services, stick)
    assert taken.outcome == "PARCEL_RECIPIENT"


def test_a_colleagues_snapshot_is_not_made_for_an_unknown_pc(old: Pc, tmp_path: Path) -> None:
    with pytest.raises(RemoteFault) as refused:
        export_snapshot(old.db, old.services, tmp_path / "stick", "ab" * 16)
    assert refused.value.reason.code == "PARCEL_NO_KEY"


def test_a_pc_that_has_everything_loses_nothing_by_a_snapshot(
    commune: Commune, old: Pc, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    other = commune.add()
    before = SqliteLogStore(other.db).frontier().digest()
    snapshot_on(commune.hub, stick, device_of(other))
    import_parcels(other.db, other.services, stick)
    after = SqliteLogStore(other.db).frontier()
    assert after.digest() == before and all(entry.base == 0 for entry in after.values())
    assert other.sync().is_done and list_alerts(other.db) == []


def test_no_digest_is_sent_while_history_is_missing(commune: Commune, old: Pc, tmp_path: Path) -> None:
    new = seed(commune, old, tmp_path / "stick")
    sent: list[bytes] = []
    post = new.line.post_round
    new.line.post_round = lambda payload: sent.append(payload) or post(payload)  # type: ignore[assignment,func-returns-value]
    for _ in range(3):
        assert new.sync().is_done
    digests = [open_request(payload).said.digest for payload in sent]
    assert digests[0] == b"" and len(digests[-1]) == 32


class Forger:
    """Makes a snapshot as the hub would, with something changed, for a PC that is out of its box."""

    def __init__(self, commune: Commune, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commune, self.stick, self.patch = commune, stick, monkeypatch
        self.box = commune.unpack()

    def outcome(self, name: str, change: Callable[..., object]) -> str:
        with self.patch.context() as patch:
            patch.setattr(name, change)
            snapshot_on(self.commune.hub, self.stick, self.box.device)
        (taken,) = import_parcels(self.box.db, self.box.services, self.stick)
        return taken.outcome


@pytest.fixture
def forger(commune: Commune, old: Pc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forger:
    return Forger(commune, tmp_path / "stick", monkeypatch)


def test_a_base_that_its_device_did_not_seal_is_refused(forger: Forger) -> None:
    def unsealed(store: HubLogStore, log: str, *, stop: int) -> Base | None:
        base = make_base(store, log, stop=stop)
        return base and msgspec.structs.replace(base, seal=bytes(64))

    assert forger.outcome("central_hub.sync.snapshots.make_base", unsealed) == "LOG_SEAL"
    assert not rows(forger.box) and read_seeded(forger.box.db).missing == 0


def test_a_loose_record_with_another_signature_is_not_kept(forger: Forger) -> None:
    def forged(records: Iterable[Record], *, may_hold: MayHold) -> bytes:
        last = [*records]
        wrong = msgspec.structs.replace(last[-1], signature=last[0].signature)
        forgeries.append(wrong.id)
        return pack_loose([*last[:-1], wrong], may_hold=may_hold)

    forgeries: list[str] = []
    assert forger.outcome("sync_protocol.snapshot.pack_loose", forged) == "done"
    assert forgeries and all(SqliteLogStore(forger.box.db).record(id) is None for id in forgeries)
    assert read_seeded(forger.box.db).missing > 0 and list_alerts(forger.box.db) == []


def test_one_record_that_nobody_can_verify_yet_keeps_only_itself_out(
    commune: Commune, old: Pc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken program wrote it, and the colleague's PC makes a snapshot before the province has judged it."""
    box = commune.unpack()
    assert old.sync().is_done
    spoilt, whole = old.open_ones  # type: ignore[attr-defined]
    held = SqliteLogStore(old.db).dossier_records(spoilt)
    stranger = SigningKey.from_seed(bytes(32))
    note = Draft(kind="dossier.noted", dossier=spoilt, facts={}, content={"note": "Ghi chú"})
    with monkeypatch.context() as patch:
        patch.setattr(_Writer, "_check", lambda self, draft: None)
        forger = replace(old.lan, signer=stranger, key=stranger.public.id)
        write(old.db, old.services, forger, [note])
    old.note(spoilt, "nối theo bản ghi lạ")
    old.note(whole, "việc khác vẫn đi")
    export_snapshot(old.db, old.services, tmp_path / "stick", box.device)
    (taken,) = import_parcels(box.db, box.services, tmp_path / "stick")
    assert taken.outcome == "done"
    assert view(box.db, whole) == view(old.db, whole)
    assert [r.id for r in SqliteLogStore(box.db).dossier_records(spoilt)] == [r.id for r in held]
    assert read_seeded(box.db).is_whole and list_alerts(box.db) == []
    assert import_parcels(box.db, box.services, tmp_path / "stick")[0].outcome == "done"
    new = commune.staff(box)
    for _ in range(3):
        assert old.sync().is_done and new.sync().is_done
        judge_pending(commune.hub)
    assert SqliteLogStore(new.db).frontier().digest() == SqliteLogStore(old.db).frontier().digest()
    assert view(new.db, spoilt) == view(old.db, spoilt)
    assert digest_total(new.db) == digest_total(old.db)


def test_a_sum_that_does_not_come_out_is_an_alert(forger: Forger) -> None:
    def without_one(store: HubLogStore, plan: Any) -> dict[str | None, list[Record]]:
        found = loose_of(store, plan)
        return {dossier: found[dossier] for dossier in [*found][:-1]}

    loose_of = snapshots._loose
    assert forger.outcome("central_hub.sync.snapshots._loose", without_one) == "done"
    assert [alert.code for alert in list_alerts(forger.box.db)] == ["digest"]


def test_a_snapshot_by_a_stranger_is_refused(commune: Commune, old: Pc, tmp_path: Path) -> None:
    box = commune.unpack()
    assert old.sync().is_done
    export_snapshot(old.db, old.services, tmp_path / "stick", box.device)
    (part,) = (tmp_path / "stick" / "motcua").iterdir()
    data = part.read_bytes()
    # The label's signature is somebody else's: nothing loose is believed, whatever the stream says.
    with part.open("rb") as file:
        size = len(Part(file)._text)
    at = len(MAGIC) + 4 + size
    spoilt = data[:at] + bytes(64) + data[at + 64 : -32]
    part.write_bytes(spoilt + hashlib.sha256(spoilt).digest())
    (taken,) = import_parcels(box.db, box.services, tmp_path / "stick")
    assert taken.outcome == "PARCEL_SENDER"
    assert not rows(box) and read_seeded(box.db).missing == 0
