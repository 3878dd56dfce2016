"""PROTOCOL.md is true: its examples are what this code makes, every MUST names a test that exists, its tables are the code's."""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from sync_protocol import (
    carried,
    columns,
    direct_beacon,
    file_wire,
    files_held,
    frame,
    lan,
    lan_files,
    lan_relay,
    relay,
    snapshot,
    versions,
    wire,
)
from sync_protocol.frame import _Frame
from sync_protocol.parcel import Label
from sync_protocol.receipts import LeafSpan, ReceiptEntry
from sync_protocol.record import decode_header
from sync_protocol.wire import RoundAnswer, RoundRequest
from tests.support.device_log import DeviceLog
from tools.protocol_tables import MESSAGES, said_of, with_tables

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "sync_protocol" / "PROTOCOL.md").read_text(encoding="utf-8")


def test_the_example_is_what_this_code_signs() -> None:
    log = DeviceLog()
    log.write("dossier.noted", "5f" * 16, {}, {"note": "Đã gọi điện cho người nộp"})
    note = log.records[1]
    assert note.body is not None
    for part in (log.records[0].header_bytes.decode(), note.header_bytes.decode(), note.id, note.link):
        assert part in TEXT
    assert note.body.salt.hex() in TEXT
    assert json.loads(note.body.content)["note"] in TEXT


def test_the_tests_it_names_exist() -> None:
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", TEXT))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in tests} == set()


def statements(text: str) -> list[str]:
    """Paragraphs and numbered points, each with its tests; code blocks and the introduction's sentence about MUST left out."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).partition("## 1.")[2]
    return [point for part in re.split(r"\n\s*\n", plain) for point in re.split(r"\n(?=\d+\. )", part)]


def unnamed(statement: str) -> int:
    """How many of its MUSTs no test can stand for: each names one of its own, though one test may hold what several points say."""
    demands = re.findall(r"\bMUST\b", statement)
    return max(0, len(demands) - len(set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", statement))))


def test_every_must_names_its_test() -> None:
    demanding = [each for each in statements(TEXT) if "MUST" in each]
    assert len(demanding) > 25
    assert [each for each in demanding if unnamed(each)] == []


def test_a_must_without_a_test_would_be_noticed() -> None:
    text = (
        "## 1. One\n\n1. It MUST hold. *(test_x.py: test_it_holds)*\n2. It MUST not.\n"
        "3. It MUST hold and MUST not break. *(test_x.py: test_it_holds, test_x.py: test_it_holds)*\n"
    )
    assert [unnamed(each) for each in statements(text) if "MUST" in each] == [0, 1, 1]


def test_its_tables_are_what_the_code_says() -> None:
    assert with_tables(TEXT) == TEXT, "run `make reference`"
    assert TEXT.count(":begin -->") == TEXT.count(":end -->") == 3


def test_the_recorded_round_it_describes_is_there() -> None:
    rounds = ROOT / "tests" / "golden" / "rounds" / "1"
    section = TEXT.partition("## 12.")[2].partition("## 13.")[0]
    for name in ("00-request.bin", "00-answer.bin", "07-request.bin", "07-answer.bin"):
        assert f"{(rounds / name).stat().st_size} bytes" in section.replace("\n", " "), name


def test_every_member_of_a_round_has_a_meaning() -> None:
    for struct in (RoundRequest, RoundAnswer):
        assert set(said_of(struct)) == {field.name for field in msgspec.structs.fields(struct)}


def test_every_message_that_travels_is_told_member_by_member() -> None:
    told = {struct for _, struct in MESSAGES} | {_Frame}
    found = {
        value
        for room in (
            wire,
            file_wire,
            frame,
            columns,
            lan,
            lan_files,
            lan_relay,
            carried,
            direct_beacon,
            files_held,
            snapshot,
            relay,
            versions,
        )
        for value in vars(room).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__struct_config__.array_like
    }
    assert found <= told | {ReceiptEntry, LeafSpan}


def test_its_examples_are_json_and_the_headers_among_them_are_canonical() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) >= 4
    for line in lines:
        value = json.loads(line)
        if "kind" in value:
            assert decode_header(line.encode()).v == 1
        if "parcel" in value:
            label = msgspec.convert(value, Label, strict=True)
            assert (
                label.content == "requests"
                and json.dumps(value, separators=(",", ":"), sort_keys=True) == line
            )


def test_a_frame_can_be_read_by_what_the_document_says_alone() -> None:
    """§4 with nothing of `frame.py`: MessagePack, zstd with the numbered dictionary, columns."""
    log = DeviceLog()
    first, second = log.a_dossier(3), log.a_dossier(2)
    log.write("dossier.noted", first, {}, {"note": "Xin chào"})
    assert second
    packed = msgspec.msgpack.decode(frame.encode_run(log.run()))
    _, log_id, at, prev, commune, keys, dossiers, signatures, salts, _hashes, table = packed[:11]
    number = zstandard.get_frame_parameters(table).dict_id
    known = zstandard.ZstdCompressionDict(
        (ROOT / f"sync_protocol/dictionaries/frame-{number}.zdict").read_bytes()
    )
    columns_ = msgspec.msgpack.decode(zstandard.ZstdDecompressor(dict_data=known).decompress(table))
    (
        kinds,
        kind,
        by,
        at_ms,
        counter,
        dossier,
        parents,
        listed,
        offsets,
        anchors,
        states,
        facts,
        contents,
        raw,
        _,
    ) = columns_
    prev_hex, ms, offset, anchor, latest, salt_at, lists = (
        prev.hex() or None,
        0,
        None,
        None,
        {},
        0,
        iter(listed),
    )
    facts_of, contents_of = _objects(facts), _objects(contents)
    for i, record in enumerate(log.run().records):
        ms += at_ms[i]
        offset = dict(offsets).get(i, offset)
        anchor = dict(anchors).get(i, anchor)
        body = None
        if states[i] == 1:
            salt = salts[salt_at : salt_at + 16]
            salt_at += 16
            body = hashlib.sha256(b"motcua.body\0" + salt + _canonical(contents_of[i])).hexdigest()
        name = dossiers[16 * (dossier[i] - 1) : 16 * dossier[i]].hex() if dossier[i] else None
        seen = [[], [latest.get(name)], None][parents[i]]
        header = {
            "anchor": anchor, "at": [ms, counter[i]], "body": body, "by": keys[16 * by[i] : 16 * by[i] + 16].hex(),
            "commune": commune, "dossier": name, "facts": facts_of[i] or {}, "kind": kinds[kind[i]], "log": log_id.hex(),
            "offset": offset, "parents": [each.hex() for each in next(lists)] if seen is None else seen,
            "prev": prev_hex, "seq": at + i, "v": 1,
        }  # fmt: skip
        data = _canonical(header)
        assert data == record.header_bytes and not raw
        pae = b"DSSEv1 13 motcua.record %d " % len(data) + data
        identity = hashlib.sha256(pae)
        if name:
            latest[name] = identity.hexdigest()
        prev_hex = hashlib.sha256(identity.digest() + signatures[64 * i : 64 * i + 64]).hexdigest()
        assert (identity.hexdigest(), prev_hex) == (record.id, record.link)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _objects(packed: list[Any]) -> list[dict[str, Any] | None]:
    """§4: shapes, picks and leaves made objects again."""
    shapes, picks, leaves = packed
    plain = [[_undone(column) for column in shape] for shape in leaves]
    used = [0] * len(shapes)
    found: list[dict[str, Any] | None] = []
    for pick in picks:
        if pick == 0:
            found.append(None)
            continue
        values = iter([column[used[pick - 1]] for column in plain[pick - 1]])
        used[pick - 1] += 1
        found.append(_filled(shapes[pick - 1], values))
    return found


def _undone(column: Any) -> list[Any]:
    return list(itertools.accumulate(column["d"])) if isinstance(column, dict) else column


def _filled(shape: Any, values: Iterator[Any]) -> dict[str, Any]:
    return {name: next(values) if inner is None else _filled(inner, values) for name, inner in shape}
