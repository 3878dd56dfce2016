"""Records: one byte string per header, ids and links, bodies that only fit their own header."""

import json
from typing import Any

import msgspec
import orjson
import pytest

from sync_protocol import limits
from sync_protocol.errors import RecordInvalid
from sync_protocol.record import (
    Body,
    BodyState,
    Header,
    compose,
    decode_header,
    encode_header,
    open_record,
    record_id,
    record_link,
    verify_record,
)
from tests.support.device_log import DeviceLog, key_of

SALT = bytes(range(16))


@pytest.fixture
def log() -> DeviceLog:
    found = DeviceLog()
    found.a_dossier()
    return found


def test_header_bytes_are_the_canonical_form(log: DeviceLog) -> None:
    for record in log.records:
        value = json.loads(record.header_bytes)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert again == record.header_bytes
        assert decode_header(record.header_bytes) == record.header


def test_id_covers_the_header_and_link_covers_the_signature(log: DeviceLog) -> None:
    record = log.records[1]
    assert record.id == record_id(record.header_bytes)
    assert record.link == record_link(record.id, record.signature)
    damaged = bytes([record.signature[0] ^ 1]) + record.signature[1:]
    assert record_link(record.id, damaged) != record.link


def test_opened_and_verified_equals_composed(log: DeviceLog) -> None:
    record = log.records[1]
    opened = open_record(record.header_bytes, record.signature, record.body)
    assert verify_record(opened, log.officer.public) == record


def test_another_key_does_not_verify(log: DeviceLog) -> None:
    record = log.records[1]
    opened = open_record(record.header_bytes, record.signature, record.body)
    with pytest.raises(RecordInvalid, match="RECORD_SIGNATURE"):
        verify_record(opened, key_of("Hùng").public)


def test_the_stored_bytes_are_verified_not_what_was_read_in_them(log: DeviceLog) -> None:
    record = log.records[1]
    opened = open_record(record.header_bytes, record.signature, record.body)
    verify_record(opened, log.officer.public)
    changed = record.header_bytes.replace(b'"seq":1,', b'"seq":2,')
    assert changed != record.header_bytes
    with pytest.raises(RecordInvalid, match="RECORD_SIGNATURE"):
        verify_record(msgspec.structs.replace(opened, header_bytes=changed), log.officer.public)


def test_a_damaged_signature_does_not_verify(log: DeviceLog) -> None:
    record = log.records[1]
    opened = open_record(record.header_bytes, bytes(64), record.body)
    with pytest.raises(RecordInvalid, match="RECORD_SIGNATURE"):
        verify_record(opened, log.officer.public)


def _mutations() -> dict[str, Any]:
    return {
        "space": lambda text: text.replace(b'"seq":', b'"seq": '),
        "unknown member": lambda text: text.replace(b'"v":1}', b'"v":1,"x":1}'),
        "duplicate member": lambda text: text.replace(b'"v":1}', b'"v":1,"v":1}'),
        "members out of order": lambda text: b'{"v":1,' + text[1:-7] + b"}",
        "float": lambda text: text.replace(b'"v":1}', b'"v":1.0}'),
        "exponent": lambda text: text.replace(b'"v":1}', b'"v":1e0}'),
        "upper-case id": lambda text: text.replace(b'"log":"', b'"log":"A'),
        "trailing bytes": lambda text: text + b" ",
        "truncated": lambda text: text[:-1],
        "not utf-8": lambda text: text.replace(b'"v":1}', b'"v":"\xff"}'),
        "negative seq": lambda text: text.replace(b'"seq":', b'"seq":-'),
        "escaped kind": lambda text: text.replace(b'"kind":"d', b'"kind":"\\u0064'),
        "empty": lambda text: b"",
        "array": lambda text: b"[]",
    }


@pytest.mark.parametrize("name", _mutations())
def test_header_that_is_not_canonical_is_refused(log: DeviceLog, name: str) -> None:
    text = log.records[1].header_bytes
    changed = _mutations()[name](text)
    assert changed != text
    with pytest.raises(RecordInvalid):
        decode_header(changed)


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": 1.5},
        {"amount": 2**53},
        {"tên": 1},
        {"note": "e\u0302"},
        {"note": "\ud800"},
        {"deep": [[[[[[[1]]]]]]]},
        {"value": b"bytes"},
    ],
    ids=["float", "large integer", "key", "not NFC", "surrogate", "depth", "type"],
)
def test_facts_outside_the_profile_are_refused(log: DeviceLog, facts: dict[str, Any]) -> None:
    header = msgspec.structs.replace(log.records[1].header, facts=facts)
    with pytest.raises(RecordInvalid):
        encode_header(header)


def test_header_over_the_limit_is_refused(log: DeviceLog) -> None:
    facts = {f"k{i}": "x" * 1000 for i in range(20)}
    with pytest.raises(RecordInvalid, match="RECORD_SIZE"):
        encode_header(msgspec.structs.replace(log.records[1].header, facts=facts))
    with pytest.raises(RecordInvalid, match="RECORD_SIZE"):
        decode_header(b" " * (limits.HEADER_SIZE_BYTES_MAX + 1))


def test_body_of_another_record_is_refused(log: DeviceLog) -> None:
    record = log.records[1]
    with pytest.raises(RecordInvalid, match="RECORD_BODY"):
        open_record(record.header_bytes, record.signature, Body.of({"fields": {}}, salt=SALT))


def test_body_nobody_signed_for_is_refused() -> None:
    opening = DeviceLog().records[0]
    with pytest.raises(RecordInvalid, match="RECORD_BODY"):
        open_record(opening.header_bytes, opening.signature, Body.of({}, salt=SALT))


def test_salt_separates_equal_bodies() -> None:
    same = {"fields": {"applicant.id_number": "048200001234"}}
    assert Body.of(same, salt=SALT).hash != Body.of(same, salt=bytes(16)).hash


def test_a_missing_body_says_why(log: DeviceLog) -> None:
    record = log.records[1]
    states = [open_record(record.header_bytes, record.signature, None, s).body_state for s in BodyState]
    assert states == [BodyState.LOST, BodyState.LOST, BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST]


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"b":1,"a":2}', b'{"a":1.5}', '{"a":"e\u0302"}'.encode()])
def test_body_that_is_not_canonical_is_refused(content: bytes) -> None:
    with pytest.raises(RecordInvalid):
        Body(SALT, content).parse()


def test_body_limits() -> None:
    with pytest.raises(RecordInvalid, match="RECORD_SIZE"):
        Body.of({"note": "x" * limits.BODY_SIZE_BYTES_MAX}, salt=SALT)
    with pytest.raises(RecordInvalid, match="salt"):
        Body.of({}, salt=b"short")
    with pytest.raises(RecordInvalid, match="RECORD_SIZE"):
        Body(SALT, b" " * (limits.BODY_SIZE_BYTES_MAX + 1)).parse()


def test_composing_for_another_key_or_body_is_our_own_mistake(log: DeviceLog) -> None:
    header: Header = log.records[1].header
    with pytest.raises(ValueError, match="key"):
        compose(header, log.records[1].body, key_of("Hùng"))
    with pytest.raises(ValueError, match="body"):
        compose(header, None, log.officer)


def test_corrected_time_is_a_function_of_the_header(log: DeviceLog) -> None:
    header = log.records[1].header
    assert header.corrected_ms == header.at[0] + 120
    assert msgspec.structs.replace(header, offset=None).corrected_ms == header.at[0]


def test_a_body_may_nest_deeper_than_facts_but_not_for_ever() -> None:
    """A published catalogue nests procedures, form fields, options and words."""
    value: Any = 1
    for _ in range(limits.BODY_DEPTH_MAX - 1):
        value = [value]
    assert Body.of({"deep": value}, salt=SALT).parse() == {"deep": value}
    with pytest.raises(RecordInvalid, match="deep"):
        Body.of({"deep": [value]}, salt=SALT)


@pytest.mark.parametrize(
    "change",
    [
        {"offset": (2**60, 0)},
        {"at": (2**53, 0)},
        {"at": (0, -1)},
        {"seq": -1},
        {"commune": "x"},
        {"by": "A" * 32},
    ],
    ids=str,
)
def test_a_header_that_could_not_be_read_again_is_never_signed(
    log: DeviceLog, change: dict[str, Any]
) -> None:
    """An absurd clock offset was signed and stored, and every later read of that log failed."""
    with pytest.raises(RecordInvalid):
        encode_header(msgspec.structs.replace(log.records[1].header, **change))


@pytest.mark.parametrize(
    "change",
    [
        *({"without": name} for name in ("anchor", "at", "by", "commune", "kind", "log", "parents", "seq")),
        {"seq": "7"},
        {"kind": "dossier.noted@2"},
        {"place": 1.5},
        {"place": "e\u0301"},
        {"facts": []},
        {"v": 0},
        {"v": 1_000_001},
        {"v": 1, "place": 3},
    ],
    ids=str,
)
def test_a_later_version_keeps_every_member_of_the_first(log: DeviceLog, change: dict[str, Any]) -> None:
    members = {**orjson.loads(log.records[1].header_bytes), "v": 2, **change}
    members.pop(members.pop("without", ""), None)
    with pytest.raises(RecordInvalid):
        decode_header(orjson.dumps(members, option=orjson.OPT_SORT_KEYS))


def test_a_later_version_is_canonical_too(log: DeviceLog) -> None:
    data = orjson.dumps({**orjson.loads(log.records[1].header_bytes), "v": 2}, option=orjson.OPT_SORT_KEYS)
    assert decode_header(data).kind == "dossier.received@2"
    for bent in (
        data.replace(b",", b", ", 1),
        data[:-1] + b',"v":2}',
        b"{" + data[1:].replace(b"{", b'{"v":2,', 1),
    ):
        with pytest.raises(RecordInvalid):
            decode_header(bent)
