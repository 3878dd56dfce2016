"""Admission: form, signature, authority, dependency, one row each; contradictions are not its business."""

from typing import Any

import msgspec
import pytest

from dossiers.rules import RULES
from sync_protocol.admission import APPLIED, Outcome, judge_record, too_far_ahead
from sync_protocol.limits import CLOCK_AHEAD_MS_MAX
from sync_protocol.record import Body, UnverifiedRecord, open_record, unverified
from tests.support.device_log import HOA_CUONG, DeviceLog, key_of
from tests.support.later import reading_later
from tests.support.trust import a_trust

TRUST = a_trust()


@pytest.fixture
def log() -> DeviceLog:
    found = DeviceLog("PC1", "Lan")
    found.write("dossier.noted", found.new_dossier(), {}, {"note": "Đã gọi điện cho người nộp"})
    return found


def judge(record: UnverifiedRecord, log: DeviceLog, **changes: Any) -> tuple[str, str | None]:
    arguments: dict[str, Any] = {
        "signature_holds": True,
        "trust": TRUST,
        "rules": RULES,
        "parents": [],
        "log_device": log.device.public.id,
    }
    found = judge_record(record, **{**arguments, **changes})
    return found.outcome.value, found.reason.code if found.reason else None


def test_an_honest_record_is_applied(log: DeviceLog) -> None:
    assert judge(unverified(log.records[1]), log) == ("applied", None)
    assert judge(unverified(log.records[0]), log) == ("applied", None), "a device opens its own log"


def test_form(log: DeviceLog) -> None:
    """The header itself is well-formed by its type (`test_frame`); facts of unknown kinds and bodies are looked at here."""
    record = log.records[1]
    for facts in ({"a": 0.5}, {"a": "e\u0301"}, {"a": 2**53}, {"é": 1}, {"a": [[[[[[[[[1]]]]]]]]]}):
        strange = msgspec.structs.replace(record.header, kind="weather.seen", facts=facts)
        bent = msgspec.structs.replace(unverified(record), header=strange)
        assert judge(bent, log) == ("quarantined", "RECORD_FORMAT"), facts
    twisted = msgspec.structs.replace(unverified(record), body=Body(bytes(16), b'{"b":1,"a":1}'))
    assert judge(twisted, log) == ("quarantined", "RECORD_FORMAT"), "sending it again would not help"


def test_signature(log: DeviceLog) -> None:
    assert judge(unverified(log.records[1]), log, signature_holds=False) == (
        "quarantined",
        "RECORD_SIGNATURE",
    )


def test_an_unknown_key_waits_for_the_province(log: DeviceLog) -> None:
    record = log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"}, signer=key_of("Ai đó"))
    assert judge(unverified(record), log, signature_holds=False) == ("quarantined", "RECORD_KEY_UNKNOWN")


def test_a_key_acts_only_on_its_own_device() -> None:
    log = DeviceLog("PC2", "Lan")
    record = log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"})
    assert judge(unverified(record), log) == ("quarantined", "RECORD_ROLE")


def test_a_key_acts_only_for_its_own_commune() -> None:
    log = DeviceLog("PC1", "Lan", HOA_CUONG)
    record = log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"})
    assert judge(unverified(record), log) == ("quarantined", "RECORD_UNIT")


def test_a_role_that_may_not_sign_this_move() -> None:
    log = DeviceLog("PC2", "Hùng")
    facts = {"from": 4, "to": 9, "action": "finish"}
    record = log.write("dossier.moved", log.new_dossier(), facts)
    assert judge(unverified(record), log) == ("quarantined", "RECORD_ROLE")


def test_a_device_takes_no_decision(log: DeviceLog) -> None:
    record = log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"}, signer=log.device)
    assert judge(unverified(record), log) == ("quarantined", "RECORD_ROLE")


def test_facts_outside_their_closed_schema(log: DeviceLog) -> None:
    record = log.write("dossier.noted", log.new_dossier(), {"name": "Nguyễn Thị Lan"}, {"note": "x"})
    outcome, code = judge(unverified(record), log)
    assert outcome == "quarantined"
    assert code is not None


def test_unknown_kinds_are_kept_and_forwarded(log: DeviceLog) -> None:
    record = log.write("future.kind", log.new_dossier(), {"anything": 1})
    assert judge(unverified(record), log) == ("pending", "RECORD_VERSION")


@pytest.mark.parametrize(
    "later",
    [
        {"members": {}},
        {},
        {"facts": {"weight": [7, {"deep": None}]}},
        {"version": 1_000_000},
    ],
)
def test_a_known_kind_of_a_later_version_is_not_judged_by_todays_rules(
    log: DeviceLog, later: dict[str, Any]
) -> None:
    facts, note = {"any": "thing"}, {"note": 3, "or": ["something else"]}
    record = log.write("dossier.noted", log.new_dossier(), facts, note, later=later)
    assert judge(unverified(record), log) == ("pending", "RECORD_VERSION")
    assert judge(unverified(record), log, signature_holds=False) == ("quarantined", "RECORD_SIGNATURE")
    assert judge(unverified(record), log, log_device="another") == ("quarantined", "RECORD_ROLE")


def test_a_later_version_is_judged_once_it_is_known(log: DeviceLog) -> None:
    record = log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"}, later={"members": {}})
    with reading_later():
        again = open_record(record.header_bytes, record.signature, record.body)
        assert judge(again, log) == ("applied", None)


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ([Outcome.APPLIED], ("applied", None)),
        ([Outcome.APPLIED, None], ("pending", "RECORD_PARENT_PENDING")),
        ([Outcome.PENDING], ("pending", "RECORD_PARENT_PENDING")),
        ([None, Outcome.QUARANTINED], ("quarantined", "RECORD_PARENT_REFUSED")),
    ],
)
def test_only_descendants_are_held_back(
    log: DeviceLog, parents: list[Outcome | None], expected: tuple[str, str | None]
) -> None:
    assert judge(unverified(log.records[1]), log, parents=parents) == expected


def test_a_far_future_clock_is_flagged_not_refused(log: DeviceLog) -> None:
    header = log.records[1].header
    assert too_far_ahead(header, now_ms=header.corrected_ms - CLOCK_AHEAD_MS_MAX - 1)
    assert not too_far_ahead(header, now_ms=header.corrected_ms - CLOCK_AHEAD_MS_MAX)
    assert APPLIED.reason is None
