"""PROTOCOL.md is true: its examples are what this code makes, every MUST names a test that exists, its tables are the code's."""

import hashlib
import inspect
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

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
    limits,
    relay,
    snapshot,
    wire,
)
from sync_protocol.carried import CarriedBeacon
from sync_protocol.columns import Columns
from sync_protocol.direct_beacon import DirectAnswer, DirectBeacon
from sync_protocol.file_wire import FileAsked, FilesAnswer, FilesRequest, FileStated
from sync_protocol.files_held import FilesHeld
from sync_protocol.frame import _BranchFrame, _Frame, _Table
from sync_protocol.lan import Hello, LanAnswer, LanRequest, PlacesTold, SealEntry, TreeStep
from sync_protocol.lan_files import LanFilesAnswer, LanFilesRequest
from sync_protocol.lan_relay import LanRelayRequest
from sync_protocol.parcel import Label
from sync_protocol.reasons import REASONS
from sync_protocol.receipts import LeafSpan, ReceiptEntry
from sync_protocol.record import decode_header
from sync_protocol.relay import AnswerTold, RelayAnswer, RelayRequest
from sync_protocol.snapshot import Base, SnapshotHead, SnapshotMessage, _Loose
from sync_protocol.wire import Beacon, Entry, ForkTold, Inclusion, RoundAnswer, RoundRequest, Unproven
from tests.support.device_log import DeviceLog

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


def names_a_test(statement: str) -> bool:
    return re.search(r"\btest_[a-z0-9_]+\b(?!\.py)", statement) is not None


def test_every_must_names_its_test() -> None:
    demanding = [each for each in statements(TEXT) if "MUST" in each]
    assert len(demanding) > 25
    assert [each for each in demanding if not names_a_test(each)] == []


def test_a_must_without_a_test_would_be_noticed() -> None:
    text = "## 1. One\n\n1. It MUST hold. *(test_x.py: test_it_holds)*\n2. It MUST not.\n"
    assert [names_a_test(each) for each in statements(text) if "MUST" in each] == [True, False]


_UNITS = {"BYTES": "bytes", "RECORDS": "records", "MS": "milliseconds", "S": "seconds"}


def unit_of(name: str) -> str:
    """Units stand last in a limit's name, before MAX, MIN or START; what has none is a count."""
    words = [word for word in name.split("_") if word not in ("MAX", "MIN", "START")]
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "a count")


def limits_table() -> str:
    rows = [
        f"| `limits.{name}` | {value} | {unit_of(name)} |"
        for name, value in sorted(vars(limits).items())
        if name.isupper()
    ]
    return "\n".join(("| limit | value | unit |", "|---|---|---|", *rows))


def reasons_table() -> str:
    rows = [
        f"| `{reason.code}` | {reason.status} | {'yes' if reason.retryable else 'no'} | {reason.en} |"
        for reason in REASONS
    ]
    return "\n".join(("| code | status | try again | meaning |", "|---|---|---|---|", *rows))


def between(mark: str) -> str:
    return TEXT.partition(f"<!-- {mark}:begin -->\n")[2].partition(f"\n<!-- {mark}:end -->")[0]


def test_its_limits_are_the_codes() -> None:
    assert between("limits") == limits_table()


def test_its_reasons_are_the_codes() -> None:
    assert between("reasons") == reasons_table()


def test_the_recorded_round_it_describes_is_there() -> None:
    rounds = ROOT / "tests" / "golden" / "rounds" / "1"
    section = TEXT.partition("## 12.")[2].partition("## 13.")[0]
    for name in ("00-request.bin", "00-answer.bin", "07-request.bin", "07-answer.bin"):
        assert f"{(rounds / name).stat().st_size} bytes" in section.replace("\n", " "), name


def said_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Member by member what its docstring says (its `Attributes:`)."""
    attributes = inspect.cleandoc(struct.__doc__ or "").partition("Attributes:")[2]
    joined = " ".join(line.strip() for line in attributes.splitlines())
    names = "|".join(field.name for field in msgspec.structs.fields(struct))
    parts = re.split(rf"(?:^|(?<=[.;])) ?\b({names}): ", joined)
    return {name: text.strip().rstrip(";.") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


_WORDS = {bytes: "bin", str: "str", int: "int", bool: "bool", Any: "any", type(None): "nil"}


def written(kind: Any) -> str:
    """A type as MessagePack writes it."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if kind in _WORDS:
        return _WORDS[kind]
    inner = [written(each) for each in get_args(kind) if each is not Ellipsis]
    if get_origin(kind) in (list, dict):
        return f"array of {inner[0]}" if get_origin(kind) is list else f"map of {inner[0]} to {inner[1]}"
    if get_origin(kind) is tuple:
        return f"[{', '.join(inner)}]"
    if inner:
        return " or ".join(inner)
    return str(kind.__name__).lstrip("_")


def messages_table() -> str:
    """Every message that is an array, member by member, in order."""
    parts = []
    for section, struct in MESSAGES:
        said, hints = said_of(struct), get_type_hints(struct, include_extras=True)
        rows = [
            f"**{struct.__name__.lstrip('_')}** (§{section})",
            "",
            "| # | member | type | since | meaning |",
            "|---|---|---|---|---|",
        ]
        for number, field in enumerate(msgspec.structs.fields(struct)):
            since = "later" if not field.required and struct is not _BranchFrame else "1"
            meaning = said.get(field.name, "").replace("|", "\\|")
            rows.append(f"| {number} | `{field.name}` | {written(hints[field.name])} | {since} | {meaning} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


MESSAGES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("4", _BranchFrame), ("4", _Table), ("4", Columns),
    ("5", RoundRequest), ("5", RoundAnswer), ("5", Entry), ("5", Beacon), ("5", Unproven), ("5", Inclusion), ("5", ForkTold),
    ("11", FilesRequest), ("11", FilesAnswer), ("11", FileAsked), ("11", FileStated),
    ("16", Hello), ("16", LanRequest), ("16", LanAnswer), ("16", SealEntry), ("16", TreeStep), ("16", PlacesTold),
    ("16", CarriedBeacon), ("16", LanFilesRequest), ("16", LanFilesAnswer), ("16", FilesHeld),
    ("17", SnapshotMessage), ("17", SnapshotHead), ("17", Base), ("17", _Loose),
    ("18", DirectBeacon), ("18", DirectAnswer),
    ("21", RelayRequest), ("21", RelayAnswer), ("21", AnswerTold), ("22", LanRelayRequest),
)  # fmt: skip


def test_its_messages_are_those_of_the_code() -> None:
    assert between("messages") == messages_table()
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
