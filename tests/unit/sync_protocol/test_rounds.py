"""Rounds: runs fill the difference between two frontiers, whatever is lost or doubled on the way."""

import pytest

from sync_protocol import limits
from sync_protocol.errors import LogForked, LogGap, RunInvalid
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.frontier import Frontier, Relation
from sync_protocol.log import Run
from sync_protocol.log_store import MemoryLogStore
from sync_protocol.record import BodyState
from sync_protocol.rounds import audience_of, check_run, choose_runs, differences, meant_for, opening_of
from tests.support.device_log import HAI_CHAU, HOA_CUONG, DeviceLog


def store_of(log: DeviceLog) -> MemoryLogStore:
    """The log with a seal every 64 records and at its end, as a node keeps it."""
    store = MemoryLogStore()
    for first in range(0, len(log.records), limits.SEAL_EVERY_RECORDS):
        store.append(log.run(first, min(first + limits.SEAL_EVERY_RECORDS, len(log.records))))
    return store


def deliver(sender: MemoryLogStore, receiver: MemoryLogStore, log: DeviceLog, *, bytes_max: int) -> int:
    """Rounds until nothing is left; returns how many it took."""
    rounds = 0
    while True:
        rounds += 1
        ahead = differences(sender, sender.frontier(), receiver.frontier(), [log.log])
        chosen = choose_runs(sender, ahead, bytes_max=bytes_max)
        for frame in chosen.frames:
            run = decode_run(frame)
            held = receiver.frontier().get(run.log)
            check_run(
                run, held=held, link_before=receiver.link_at(run.log, run.first), device=log.device.public
            )
            receiver.append(run)
        if not chosen.more:
            return rounds


@pytest.fixture
def long_log() -> DeviceLog:
    log = DeviceLog()
    for _ in range(100):
        log.a_dossier(4)
    return log


@pytest.mark.parametrize(("bytes_max", "at_most"), [(10**6, 1), (20_000, 5), (1, 7)])
def test_everything_arrives_within_any_budget(long_log: DeviceLog, bytes_max: int, at_most: int) -> None:
    sender, receiver = store_of(long_log), MemoryLogStore()
    assert deliver(sender, receiver, long_log, bytes_max=bytes_max) <= at_most
    assert receiver.frontier().digest() == sender.frontier().digest()
    assert differences(sender, sender.frontier(), receiver.frontier(), [long_log.log]) == []


def test_a_single_sealed_record_that_does_not_fit_is_sent_all_the_same() -> None:
    log = DeviceLog(seed=3)
    log.a_dossier(3)
    sender = store_of(log)
    for length in range(1, len(log.records) + 1):
        sender.add_seal(log.seal(length))
    ahead = differences(sender, sender.frontier(), Frontier(), [log.log])
    chosen = choose_runs(sender, ahead, bytes_max=1)
    assert (len(chosen.frames), chosen.records, chosen.more) == (1, 1, True)


def test_frames_respect_the_budget(long_log: DeviceLog) -> None:
    sender = store_of(long_log)
    ahead = differences(sender, sender.frontier(), Frontier(), [long_log.log])
    chosen = choose_runs(sender, ahead, bytes_max=20_000)
    assert chosen.more
    assert sum(map(len, chosen.frames)) <= 20_000


@pytest.mark.parametrize("bytes_max", [15_000, 20_000, 25_000])
def test_a_budget_is_filled_by_one_run_up_to_the_last_seal_that_fits(
    long_log: DeviceLog, bytes_max: int
) -> None:
    sender = store_of(long_log)
    ahead = differences(sender, sender.frontier(), Frontier(), [long_log.log])
    (frame,) = choose_runs(sender, ahead, bytes_max=bytes_max).frames
    stop = decode_run(frame).stop
    longer = encode_run(long_log.run(0, stop + limits.SEAL_EVERY_RECORDS))
    assert len(frame) <= bytes_max < len(longer)


def test_runs_end_on_seals_and_stop_where_told(long_log: DeviceLog) -> None:
    sender = store_of(long_log)
    ahead = differences(sender, sender.frontier(), Frontier(), [long_log.log])
    runs = [
        decode_run(f) for f in choose_runs(sender, ahead, bytes_max=10**6, stop={long_log.log: 128}).frames
    ]
    assert runs[-1].stop == 128
    assert all(run.seal and run.seal.length == run.stop for run in runs)


def test_a_doubled_run_changes_nothing_and_a_gap_is_named(long_log: DeviceLog) -> None:
    receiver = MemoryLogStore()
    assert receiver.append(long_log.run(0, 64)) == 64
    assert receiver.append(long_log.run(0, 64)) == 0
    assert receiver.append(long_log.run(32, 128)) == 64
    with pytest.raises(LogGap) as gap:
        receiver.append(long_log.run(192, 256))
    assert gap.value.held == 128


def test_another_branch_is_told_apart_and_never_sent(long_log: DeviceLog) -> None:
    twin = DeviceLog()
    twin.a_dossier(9)
    sender, receiver = store_of(long_log), store_of(twin)
    found = differences(sender, sender.frontier(), receiver.frontier(), [long_log.log])
    assert [d.relation for d in found] == [Relation.FORKED]
    assert choose_runs(sender, found, bytes_max=10**6).frames == []
    with pytest.raises(LogForked):
        receiver.append(long_log.run(0, 64))


def test_a_seal_by_another_device_is_refused(long_log: DeviceLog) -> None:
    other = DeviceLog("PC2").device.public
    with pytest.raises(RunInvalid, match="LOG_SEAL"):
        check_run(long_log.run(), held=None, link_before=None, device=other)
    assert opening_of(long_log.run()).device == long_log.device.public.id
    with pytest.raises(RunInvalid):
        opening_of(long_log.run(64))


def test_a_run_must_continue_what_is_held(long_log: DeviceLog) -> None:
    store = store_of(long_log)
    run = long_log.run(64, 128)
    held = store.frontier()[long_log.log]
    assert check_run(run, held=held, link_before=long_log.records[63].link, device=None)
    with pytest.raises(RunInvalid, match="LOG_CHAIN"):
        check_run(run, held=held, link_before="0" * 64, device=None)


def test_bodies_meant_for_another_commune_are_withheld() -> None:
    province = DeviceLog("hub", "registry", "48")
    for unit in (HAI_CHAU, HOA_CUONG):
        province.write("key.stated", None, {"unit": unit}, {"name": "Nguyễn Thị Lan"})
    province.write("catalogue.published", None, {"version": 1}, {"procedures": []})
    store = store_of(province)
    ahead = differences(store, store.frontier(), Frontier(), [province.log])
    run = decode_run(choose_runs(store, ahead, bytes_max=10**6, may_hold=meant_for(HAI_CHAU)).frames[0])
    states = [record.body_state for record in run.records]
    assert states == [BodyState.ABSENT, BodyState.PRESENT, BodyState.WITHHELD, BodyState.PRESENT]
    assert [audience_of(record) for record in province.records] == ["48", HAI_CHAU, HOA_CUONG, "48"]
    assert "Nguyễn" not in repr(run.records[2])


def test_an_unsealed_tail_travels_without_a_seal(long_log: DeviceLog) -> None:
    store = MemoryLogStore()
    store.append(long_log.run(0, 10, sealed=False))
    ahead = differences(store, store.frontier(), Frontier(), [long_log.log])
    run: Run = decode_run(choose_runs(store, ahead, bytes_max=10**6).frames[0])
    assert (run.stop, run.seal) == (10, None)
