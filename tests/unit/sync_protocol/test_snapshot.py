"""Snapshots: messages that come out as they went in, history that joins at a base, and nothing believed before it is shown."""

import msgspec
import pytest

from sync_protocol.errors import RemoteFault, RunInvalid
from sync_protocol.frame import decode_run
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import Run
from sync_protocol.log_store import MemoryLogStore
from sync_protocol.rounds import check_run_below, choose_history, choose_runs, differences, meant_for
from sync_protocol.snapshot import (
    SnapshotHead,
    SnapshotMessage,
    batches,
    decode_message,
    encode_message,
    make_base,
    open_head,
    pack_loose,
    runs_up_to,
    sign_head,
    snapshot_messages,
    unpack_loose,
)
from tests.support.device_log import HAI_CHAU, HOA_CUONG, DeviceLog, key_of

HUB = key_of("hub")


@pytest.fixture
def log() -> DeviceLog:
    made = DeviceLog()
    for _ in range(30):
        made.a_dossier()
    return made


@pytest.fixture
def store(log: DeviceLog) -> MemoryLogStore:
    made = MemoryLogStore()
    made.append(log.run(0, 40))
    made.append(log.run(40, 80))
    made.append(log.run(80, sealed=False))
    return made


def a_head(store: MemoryLogStore, log: DeviceLog, **changes: object) -> SnapshotHead:
    base = make_base(store, log.log, stop=len(log.records))
    assert base is not None
    head = SnapshotHead(
        version=1,
        snapshot=bytes(16),
        unit=HAI_CHAU,
        maker=bytes.fromhex(HUB.public.id),
        at_ms=1,
        bases=[base],
        dossiers=[],
        records=0,
        fold=1,
        digest=bytes(32),
    )
    return msgspec.structs.replace(head, **changes)


def history(store: MemoryLogStore, log: DeviceLog, base: int, *, bytes_max: int) -> list[Run]:
    """Rounds of history until nothing is left."""
    runs = []
    while base:
        entry = FrontierEntry(log=log.log, base=base, length=len(log.records), head=log.records[-1].link)
        chosen = choose_history(store, [entry], bytes_max=bytes_max)
        for frame in chosen.frames:
            run = decode_run(frame)
            check_run_below(run, base=base, link=log.records[base - 1].link)
            runs.append(run)
            base = run.first
    return runs


@pytest.mark.parametrize("bytes_max", [1, 900, 5_000, 1 << 20])
def test_history_comes_from_the_newest_down_within_any_budget(
    store: MemoryLogStore, log: DeviceLog, bytes_max: int
) -> None:
    runs = history(store, log, 80, bytes_max=bytes_max)
    assert runs[0].stop == 80
    assert sorted(r.header.seq for run in runs for r in run.records) == list(range(80))


def test_history_must_lead_to_the_base(store: MemoryLogStore, log: DeviceLog) -> None:
    other = DeviceLog(seed=2)
    for _ in range(30):
        other.a_dossier()
    run = log.run(40, 80, sealed=False)
    assert check_run_below(run, base=80, link=log.records[79].link).records == run.records
    with pytest.raises(RunInvalid):
        check_run_below(run, base=80, link=other.records[79].link)
    swapped = Run(log=run.log, first=40, records=(*run.records[:-2], run.records[-1], run.records[-2]))
    with pytest.raises(RunInvalid):
        check_run_below(swapped, base=80, link=log.records[79].link)


@pytest.mark.parametrize(("first", "stop"), [(10, 79), (80, 85), (85, 90)])
def test_a_run_that_does_not_reach_the_base_is_refused(log: DeviceLog, first: int, stop: int) -> None:
    with pytest.raises(RunInvalid):
        check_run_below(log.run(first, stop, sealed=False), base=80, link=log.records[79].link)


def test_what_lies_above_the_base_is_cut_off(log: DeviceLog) -> None:
    part = check_run_below(log.run(70, 85, sealed=False), base=80, link=log.records[79].link)
    assert part.stop == 80


def test_nobody_sends_what_it_does_not_hold(store: MemoryLogStore, log: DeviceLog) -> None:
    mine = Frontier([FrontierEntry(log=log.log, base=60, length=91, head=log.records[-1].link)])
    theirs = Frontier([FrontierEntry(log=log.log, length=50, head=log.records[49].link)])
    ahead = differences(store, mine, theirs, [log.log])
    assert choose_runs(store, ahead, bytes_max=1 << 20).frames == []


def test_a_base_stands_at_the_newest_seal(store: MemoryLogStore, log: DeviceLog) -> None:
    base = make_base(store, log.log, stop=91)
    assert base is not None and (base.length, base.head.hex()) == (80, log.records[79].link)
    earlier = make_base(store, log.log, stop=79)
    assert earlier is not None and earlier.length == 40
    assert make_base(store, log.log, stop=39) is None


def test_a_head_is_its_makers(store: MemoryLogStore, log: DeviceLog) -> None:
    head = a_head(store, log)
    signed = sign_head(head, HUB)
    assert open_head(signed, HUB.public) == head
    for byte in (0, 70, len(signed) - 1):
        changed = signed[:byte] + bytes([signed[byte] ^ 1]) + signed[byte + 1 :]
        with pytest.raises(RemoteFault):
            open_head(changed, HUB.public)
    with pytest.raises(RemoteFault):
        open_head(signed, key_of("PC9").public)


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"snapshot": b"x"}, {"digest": b"x"}, {"dossiers": [b"x"]}, {"maker": bytes(16)}],
)
def test_a_head_that_is_not_sound_is_refused(
    store: MemoryLogStore, log: DeviceLog, changes: dict[str, object]
) -> None:
    with pytest.raises(RemoteFault) as refused:
        open_head(sign_head(a_head(store, log, **changes), HUB), HUB.public)
    assert refused.value.reason.code == "PARCEL_FORMAT"


def test_loose_records_come_out_as_they_went_in(log: DeviceLog) -> None:
    packed = pack_loose(log.records[5:20], may_hold=meant_for(HAI_CHAU))
    found = unpack_loose(packed)
    assert [(r.header_bytes, r.signature, r.body, r.body_state) for r in found] == [
        (r.header_bytes, r.signature, r.body, r.body_state) for r in log.records[5:20]
    ]
    assert all(
        r.body is None for r in unpack_loose(pack_loose(log.records[5:20], may_hold=meant_for(HOA_CUONG)))
    )


def test_a_dossier_is_never_cut_in_two(log: DeviceLog) -> None:
    dossiers = [log.records[first : first + 3] for first in range(1, 91, 3)]
    messages = list(batches(dossiers, may_hold=meant_for(HAI_CHAU), message_bytes=2_000))
    assert len(messages) > 5 and sum(count for _, count in messages) == 90
    for packed, count in messages:
        found = [r.header.dossier for r in unpack_loose(packed)]
        assert len(found) == count
        assert all(found.count(dossier) == 3 for dossier in found)


def test_whole_logs_travel_up_to_where_they_may(store: MemoryLogStore, log: DeviceLog) -> None:
    frames = [
        frame for part in runs_up_to(store, {log.log: 40}, may_hold=meant_for(HAI_CHAU)) for frame in part
    ]
    assert sum(len(decode_run(frame).records) for frame in frames) == 40


def test_the_messages_of_a_snapshot_come_in_an_order_that_can_be_believed(
    store: MemoryLogStore, log: DeviceLog
) -> None:
    head = a_head(store, log)
    messages = [
        decode_message(data)
        for data, _ in snapshot_messages(
            store,
            head,
            HUB,
            whole={},
            about_none=[log.records[0]],
            dossiers=[log.records[88:91], log.records[76:82]],
            may_hold=meant_for(HAI_CHAU),
        )
    ]
    assert messages[0].head and not any(message.head for message in messages[1:])
    loose = [r.header.seq for message in messages for r in unpack_loose(message.loose)]
    assert loose == [0, 76, 77, 78, 79]
    tail = [r.header.seq for m in messages for frame in m.runs for r in decode_run(frame).records]
    assert tail == list(range(80, 91))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90", b"\x94\xc4\x01x", bytes(200)])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteFault):
        decode_message(data)


def test_loose_bytes_that_are_none_are_refused() -> None:
    with pytest.raises(RemoteFault):
        unpack_loose(b"not zstd at all")
    with pytest.raises(RemoteFault):
        unpack_loose(pack_loose([], may_hold=meant_for(HAI_CHAU))[:-1])


def test_a_message_may_say_more_later(log: DeviceLog) -> None:
    message = SnapshotMessage(snapshot=bytes(16), runs=[b"x"])
    fields = msgspec.msgpack.decode(encode_message(message))
    assert decode_message(msgspec.msgpack.encode([*fields, "new"])) == message
