"""What the hub stores and acknowledges, and what it sets aside: sealed, unsealed, damaged, forged, forked, replayed."""

from pathlib import Path

import msgspec
import pytest

from central_hub.ingest.aside import list_set_aside
from central_hub.ingest.branches import Fork
from central_hub.ingest.service import acknowledge
from central_hub.store.engine import reading
from central_hub.store.record_log import HeldLog, HubLogStore
from sync_protocol.frame import encode_run
from sync_protocol.log import Run, branch_id, make_seal
from sync_protocol.record import compose, open_record, unverified
from tests.support.device_log import DeviceLog, key_of
from tests.support.hub import Desk, ProvinceHub, found_province

HAI_CHAU, HOA_CUONG = "20242", "20257"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    desk = hub.enrol(HAI_CHAU)
    for _ in range(3):
        desk.log.a_dossier()
    return desk


def held(hub: ProvinceHub, log: str) -> HeldLog | None:
    with reading(hub.services.engine) as connection:
        return HubLogStore(connection, hub.services.opened).held(log)


def send(hub: ProvinceHub, desk: Desk, run: Run) -> tuple[str, ...]:
    result = acknowledge(hub.services, desk.device, [encode_run(run)])
    return tuple(refusal.reason.code for refusal in result.refusals)


def test_a_sealed_run_is_acknowledged_at_once(hub: ProvinceHub, desk: Desk) -> None:
    assert send(hub, desk, desk.log.run()) == ()
    log = held(hub, desk.log.log)
    assert log is not None
    assert (log.length, log.acknowledged, log.judged) == (10, 10, 0)
    assert log.acknowledged_head == desk.log.records[-1].link


def test_an_unsealed_tail_is_acknowledged_after_judging(hub: ProvinceHub, desk: Desk) -> None:
    assert send(hub, desk, desk.log.run(sealed=False)) == ()
    before = held(hub, desk.log.log)
    assert before is not None and (before.length, before.acknowledged) == (10, 0)
    hub.judge()
    after = held(hub, desk.log.log)
    assert after is not None and (after.length, after.acknowledged, after.judged) == (10, 10, 10)


def test_a_damaged_tail_is_forgotten_and_comes_again(hub: ProvinceHub, desk: Desk) -> None:
    run = desk.log.run(sealed=False)
    last = run.records[-1]
    signature = last.signature[:-1] + bytes([last.signature[-1] ^ 1])
    damaged = open_record(last.header_bytes, signature, last.body)
    assert send(hub, desk, msgspec.structs.replace(run, records=(*run.records[:-1], damaged))) == ()
    hub.judge()
    log = held(hub, desk.log.log)
    assert log is not None and (log.length, log.acknowledged, log.judged) == (0, 0, 0)
    assert send(hub, desk, desk.log.run()) == ()
    hub.judge()
    again = held(hub, desk.log.log)
    assert again is not None and (again.length, again.judged) == (10, 10)


def test_another_tail_takes_the_place_of_one_that_nobody_acknowledged(hub: ProvinceHub, desk: Desk) -> None:
    assert send(hub, desk, desk.log.run(0, 4)) == ()
    assert send(hub, desk, desk.log.run(4, 7, sealed=False)) == ()
    other = DeviceLog(device=f"{HAI_CHAU} PC quầy 1", officer=f"{HAI_CHAU} Nguyễn Thị Lan", commune=HAI_CHAU)
    other.records = list(desk.log.records[:4])
    other.clock, other.wall_ms = desk.log.clock, desk.log.wall_ms
    other.a_dossier()
    assert send(hub, desk, other.run(4)) == ()
    log = held(hub, desk.log.log)
    assert log is not None and (log.length, log.acknowledged) == (7, 7)
    assert log.head == other.records[-1].link


def test_a_replayed_run_changes_nothing(hub: ProvinceHub, desk: Desk) -> None:
    send(hub, desk, desk.log.run())
    assert acknowledge(hub.services, desk.device, [encode_run(desk.log.run())]).records == 0
    assert acknowledge(hub.services, desk.device, [encode_run(desk.log.run(2, 6))]).records == 0


def test_a_run_beyond_the_end_is_asked_for_from_the_end(hub: ProvinceHub, desk: Desk) -> None:
    assert send(hub, desk, desk.log.run(4)) == ("LOG_CHAIN",)
    assert held(hub, desk.log.log) is None


def twin_of(desk: Desk, common: int, *, dossiers: int = 3) -> DeviceLog:
    """A copy of the PC's disk, taken after `common` records, that goes on by itself."""
    other = DeviceLog(device=f"{HAI_CHAU} PC quầy 1", officer=f"{HAI_CHAU} Nguyễn Thị Lan", commune=HAI_CHAU)
    other.records = list(desk.log.records[:common])
    other.clock, other.wall_ms = desk.log.clock, desk.log.wall_ms
    for _ in range(dossiers):
        other.a_dossier()
    return other


def test_another_branch_is_kept_beside_the_first(hub: ProvinceHub, desk: Desk) -> None:
    """Lesson 1: what was seen first stays the log, the other continuation gets an id of its own, nothing is lost."""
    send(hub, desk, desk.log.run())
    other = twin_of(desk, 5)
    name = branch_id(desk.log.log, other.records[5].link)
    for _ in range(2):
        told = acknowledge(hub.services, desk.device, [encode_run(other.run())])
        assert told.refusals == () and told.forks == (Fork(desk.log.log, 5, name),)
    log, branch = held(hub, desk.log.log), held(hub, name)
    assert log is not None and log.head == desk.log.records[-1].link
    assert branch is not None and (branch.base, branch.length, branch.acknowledged) == (5, 14, 14)
    with reading(hub.services.engine) as connection:
        assert list_set_aside(connection) == []
        assert HubLogStore(connection, hub.services.opened).span(name, 0) == other.records[5:]


def test_a_branch_goes_on_under_either_name(hub: ProvinceHub, desk: Desk) -> None:
    """Before the copy has heard of its fork it goes on sending the log; afterwards it sends the branch."""
    send(hub, desk, desk.log.run())
    other = twin_of(desk, 5)
    send(hub, desk, other.run(0, 8))
    name = branch_id(desk.log.log, other.records[5].link)
    assert acknowledge(hub.services, desk.device, [encode_run(other.run(8, 11))]).forks
    tail = other.run(9)
    assert tail.seal is not None
    renamed = msgspec.structs.replace(tail, log=name, seal=msgspec.structs.replace(tail.seal, log=name))
    assert send(hub, desk, renamed) == ()
    branch = held(hub, name)
    assert branch is not None and branch.length == len(other.records)


def test_a_copy_of_a_copy_is_a_branch_of_the_branch(hub: ProvinceHub, desk: Desk) -> None:
    send(hub, desk, desk.log.run())
    other = twin_of(desk, 5)
    send(hub, desk, other.run())
    third = twin_of(desk, 5, dossiers=0)
    third.records = list(other.records[:9])
    third.a_dossier()
    told = acknowledge(hub.services, desk.device, [encode_run(third.run())])
    first, second = (
        branch_id(desk.log.log, other.records[5].link),
        branch_id(desk.log.log, third.records[9].link),
    )
    assert told.forks == (Fork(desk.log.log, 5, first), Fork(first, 9, second))
    branch = held(hub, second)
    assert branch is not None and (branch.base, branch.length) == (9, 12)


def test_a_run_that_differs_from_further_back_is_asked_for_from_there(hub: ProvinceHub, desk: Desk) -> None:
    send(hub, desk, desk.log.run())
    assert send(hub, desk, twin_of(desk, 5).run(7)) == ("LOG_CHAIN",)
    assert send(hub, desk, twin_of(desk, 5).run(4)) == ()


def test_a_branch_that_follows_nothing_held_is_not_kept(hub: ProvinceHub, desk: Desk) -> None:
    send(hub, desk, desk.log.run(0, 3))
    tail = twin_of(desk, 5).run(5)
    assert tail.seal is not None
    name = branch_id(desk.log.log, tail.records[0].link)
    branch = msgspec.structs.replace(tail, log=name, seal=msgspec.structs.replace(tail.seal, log=name))
    assert send(hub, desk, branch) == ("LOG_CHAIN",)
    log = held(hub, desk.log.log)
    assert held(hub, name) is None and log is not None and log.length == 3


def test_an_unsealed_run_begins_no_branch(hub: ProvinceHub, desk: Desk) -> None:
    """A seal is the device's word on the chain; without it the run may be damaged, so it is set aside whole."""
    send(hub, desk, desk.log.run())
    run = twin_of(desk, 5).run(sealed=False)
    assert send(hub, desk, run) == ("LOG_FORK",)
    assert send(hub, desk, run) == ("LOG_FORK",)
    with reading(hub.services.engine) as connection:
        assert [(line.log, line.reason) for line in list_set_aside(connection)] == [
            (desk.log.log, "LOG_FORK")
        ]


def test_a_seal_by_another_key_is_refused(hub: ProvinceHub, desk: Desk) -> None:
    records = desk.log.records
    forged = make_seal(desk.log.log, 10, records[-1].link, key_of("somebody else"))
    assert send(hub, desk, msgspec.structs.replace(desk.log.run(), seal=forged)) == ("LOG_SEAL",)
    assert held(hub, desk.log.log) is None


def test_a_log_of_a_device_that_nobody_enrolled_is_refused(hub: ProvinceHub, desk: Desk) -> None:
    stranger = DeviceLog(device="a stranger's PC", commune=HAI_CHAU)
    assert send(hub, desk, stranger.run()) == ("ROUND_DEVICE",)


def test_a_device_opens_no_log_of_another_commune(hub: ProvinceHub, desk: Desk) -> None:
    elsewhere = DeviceLog(device=f"{HAI_CHAU} PC quầy 1", commune=HOA_CUONG)
    assert send(hub, desk, elsewhere.run()) == ("RECORD_UNIT",)


def test_one_bad_run_stops_no_other(hub: ProvinceHub, desk: Desk) -> None:
    good, bad = encode_run(desk.log.run()), b"\x93\x01not a frame"
    result = acknowledge(hub.services, desk.device, [bad, good, bad[:5]])
    assert result.records == 10
    assert [refusal.reason.code for refusal in result.refusals] == ["ROUND_FORMAT", "ROUND_FORMAT"]


def test_bytes_that_were_damaged_on_the_way_are_refused(hub: ProvinceHub, desk: Desk) -> None:
    frame = bytearray(encode_run(desk.log.run()))
    for position in range(40, len(frame), max(1, len(frame) // 60)):
        damaged = bytes(frame[:position]) + bytes([frame[position] ^ 0x5A]) + bytes(frame[position + 1 :])
        acknowledge(hub.services, desk.device, [damaged])
    log = held(hub, desk.log.log)
    assert log is None or log.acknowledged in (0, 10)
    assert send(hub, desk, desk.log.run()) == ()


def test_only_the_hub_writes_the_logs_that_it_is_writing(hub: ProvinceHub, desk: Desk) -> None:
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        province = store.held_logs(commune=hub.services.province)[0]
        last = store.span(province.id, province.length - 1)[0]
    for name in ("first", "length"):
        seq = province.length - (name == "first")
        header = msgspec.structs.replace(
            last.header, seq=seq, prev=last.link, by=desk.log.officer.public.id, body=None
        )
        records = (unverified(compose(header, None, desk.log.officer)),)
        seal = make_seal(province.id, seq + 1, records[0].link, desk.log.device)
        run = Run(log=province.id, first=seq, records=records, seal=seal)
        assert send(hub, desk, run) == ("ROUND_DEVICE",)
    assert held(hub, province.id) == province


def test_what_the_hub_wrote_itself_is_nothing_new_to_it(hub: ProvinceHub, desk: Desk) -> None:
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        province = store.held_logs(commune=hub.services.province)[0]
        records = tuple(unverified(record) for record in store.span(province.id, 0))
        seal = store.seal(province.id)
    assert send(hub, desk, Run(log=province.id, first=0, records=records, seal=seal)) == ()
    assert held(hub, province.id) == province
    with reading(hub.services.engine) as connection:
        assert list_set_aside(connection) == []
