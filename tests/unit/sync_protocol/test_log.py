"""Logs: derived ids, chains that hold, seals that vouch."""

import msgspec
import pytest

from sync_protocol.errors import RunInvalid
from sync_protocol.log import LogOpening, Run, check_chain, log_id, verify_seal
from sync_protocol.record import UnverifiedRecord
from tests.support.device_log import DeviceLog, key_of


@pytest.fixture
def log() -> DeviceLog:
    found = DeviceLog()
    found.a_dossier()
    return found


def test_log_id_depends_on_device_commune_and_epoch() -> None:
    ids = {
        log_id(d, c, e)
        for d in ("a" * 32, "b" * 32)
        for c in ("20242", "20257")
        for e in ("0" * 32, "1" * 32)
    }
    assert len(ids) == 8
    assert all(len(i) == 32 for i in ids)


def test_a_whole_log_checks_to_its_head(log: DeviceLog) -> None:
    assert check_chain(log.run(), None) == log.records[-1].link
    assert check_chain(log.run(2), log.records[1].link) == log.records[-1].link


def test_record_0_must_open_its_own_log(log: DeviceLog) -> None:
    other = DeviceLog("PC2")
    stolen = Run(log=log.log, first=0, records=other.run().records)
    with pytest.raises(RunInvalid, match="LOG_CHAIN"):
        check_chain(stolen, None)
    with pytest.raises(RunInvalid):
        LogOpening.from_header(log.records[1].header)


def test_record_0_must_derive_its_logs_id(log: DeviceLog) -> None:
    opening = LogOpening.from_header(log.records[0].header)
    assert opening.device == log.device.public.id
    forged = msgspec.structs.replace(log.records[0].header, facts={**opening.to_facts(), "epoch": "f" * 32})
    with pytest.raises(RunInvalid):
        LogOpening.from_header(forged)


@pytest.mark.parametrize("change", ["skipped", "swapped", "wrong prev", "empty"])
def test_a_broken_chain_is_refused(log: DeviceLog, change: str) -> None:
    records = list(log.run().records)
    if change == "skipped":
        del records[1]
    elif change == "swapped":
        records[1], records[2] = records[2], records[1]
    elif change == "wrong prev":
        records = records[1:]
    else:
        records = []
    first = 1 if change == "wrong prev" else 0
    with pytest.raises(RunInvalid, match="LOG_CHAIN"):
        check_chain(Run(log=log.log, first=first, records=tuple(records)), "0" * 64 if first else None)


def test_a_log_does_not_span_communes(log: DeviceLog) -> None:
    wrong = log.write("dossier.noted", log.new_dossier(), commune="20257")
    records = [
        *log.run(0, len(log.records) - 1).records,
        msgspec.convert(msgspec.structs.asdict(wrong), UnverifiedRecord),
    ]
    with pytest.raises(RunInvalid, match="LOG_CHAIN"):
        check_chain(Run(log=log.log, first=0, records=tuple(records)), None)


def test_the_seal_stands_at_the_end(log: DeviceLog) -> None:
    early = Run(log=log.log, first=0, records=log.run().records, seal=log.seal(2))
    with pytest.raises(RunInvalid, match="LOG_SEAL"):
        check_chain(early, None)


def test_only_the_device_seals(log: DeviceLog) -> None:
    verify_seal(log.seal(), log.device.public)
    with pytest.raises(RunInvalid, match="LOG_SEAL"):
        verify_seal(log.seal(), key_of("PC2").public)
    with pytest.raises(RunInvalid, match="LOG_SEAL"):
        verify_seal(msgspec.structs.replace(log.seal(), length=1), log.device.public)
