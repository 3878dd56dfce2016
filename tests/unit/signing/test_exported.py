"""The exported-record file: one form, read strictly."""

import hashlib
from typing import Any

import orjson
import pytest

from signing import canonical
from signing.errors import NotCanonical
from signing.exported import ExportedRecord, body_hash, decode_export, encode_export

BARE = ExportedRecord(header=b"{}", signature=b"s" * 64)
WHOLE = ExportedRecord(header=b'{"v":1}', signature=b"t" * 64, salt=bytes(16), content=b'{"name":"Lan"}')
FILE = encode_export(WHOLE, [BARE, WHOLE])


def changed(**fields: Any) -> bytes:
    return canonical.encode(orjson.loads(FILE) | fields)


def test_a_file_there_and_back() -> None:
    export = decode_export(FILE)
    assert export.record == WHOLE
    assert export.statements == (BARE, WHOLE)
    assert encode_export(export.record, export.statements) == FILE


def test_the_form_is_fixed() -> None:
    assert encode_export(BARE, []) == (
        b'{"format":"motcua-record/1","record":{"header":"e30=","signature":"'
        b"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw=="
        b'"},"statements":[]}'
    )


def test_a_body_is_named_by_its_salted_hash() -> None:
    assert body_hash(b"s" * 16, b"{}") == hashlib.sha256(b"motcua.body\0" + b"s" * 16 + b"{}").hexdigest()
    assert WHOLE.body_hash == body_hash(bytes(16), b'{"name":"Lan"}')
    assert BARE.body_hash is None


RECORD = orjson.loads(FILE)["record"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a record",
        b"[]",
        FILE + b"\n",
        canonical.encode({"format": "motcua-record/1"}),
        changed(format="motcua-record/2"),
        changed(more=1),
        changed(statements={}),
        changed(statements=[RECORD] * 65),
        changed(statements=[1]),
        changed(record=[]),
        changed(record={"header": "e30="}),
        changed(record=RECORD | {"more": ""}),
        changed(record={"header": "e30=", "signature": "", "salt": "AAAA"}),
        changed(record=RECORD | {"salt": "AAAA"}),
        changed(record=RECORD | {"header": "e3"}),
        changed(record=RECORD | {"header": "e31="}),
        changed(record=RECORD | {"header": "?"}),
        changed(record=RECORD | {"header": "đ"}),
        changed(record=RECORD | {"header": 1}),
        changed(record=RECORD | {"header": None}),
        b" " * (1 << 21),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode_export(data)
