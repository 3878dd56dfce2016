"""A run ⇄ one compact byte string: the frame that HTTP, LAN and USB carry alike.

A field travels only where the receiver cannot rebuild the identical header bytes (design §6). Left out are `log`,
`seq`, `prev` and `commune` (given once), an unchanged `anchor` and `offset`, and the body hash when the body travels
along; key ids and dossier ids stand in tables; a parent that is the previous record of the same dossier in this run
is one bit. Facts and bodies travel as columns. The encoder decodes its own frame and compares; a record that does not
come out byte for byte is sent raw.

`decode_run` refuses with RunInvalid; it checks sizes before it unpacks, and never trusts a count.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import orjson
import zstandard

from sync_protocol import dictionaries, limits, reasons
from sync_protocol.columns import Columns, pack, unpack
from sync_protocol.errors import LocalFault, RecordInvalid, RunInvalid
from sync_protocol.log import Run, Seal
from sync_protocol.record import (
    JSON_INT_MAX,
    Anchor,
    Body,
    BodyState,
    Count,
    Header,
    Kind,
    Ms,
    Origin,
    Unit,
    UnverifiedRecord,
    anchor_json,
    header_json,
    id_and_link,
    offset_json,
    open_record,
)
from sync_protocol.unpacking import check_containers, unpack_zstd

FRAME_VERSION = 1
_RECORD_VERSION = 1
"""Of the records that a frame of this version rebuilds; those of another version travel raw in it."""
_STATES = (BodyState.ABSENT, BodyState.PRESENT, BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST)
_NO_PARENT, _PREVIOUS, _LISTED = 0, 1, 2
_SMALL_BYTES, _LARGE_BYTES = 16 * 1024, 128 * 1024
"""Tables between these, a request's worth on a bad line, are packed with more patience: the line is slower than that."""
_NULL = b"null"
_BETWEEN = b"\n"
"""JSON text written without spaces has no line feed anywhere, not even within a string."""
_MARK = orjson.Fragment(_BETWEEN)


_Id = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class _Table(msgspec.Struct, array_like=True):
    """The part of a frame that compresses. Its types are those of a header's members: what is rebuilt is well-formed."""

    kinds: list[Kind]
    kind: list[int]
    by: list[int]
    at_ms: list[int]
    at_counter: list[Count]
    dossier: list[int]
    parents: list[int]
    listed: list[Annotated[list[_Id], msgspec.Meta(max_length=limits.PARENTS_MAX)]]
    offsets: list[tuple[int, tuple[Ms, Count] | None]]
    anchors: list[tuple[int, tuple[Origin, _Id, Count] | None]]
    states: bytes
    facts: Columns
    contents: Columns
    raw: list[tuple[int, bytes]]
    raw_bodies: list[tuple[int, bytes]]


class _Frame(msgspec.Struct, array_like=True):
    """A frame: what compresses is in `table`, what does not stands beside it."""

    version: int
    log: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    first: int
    prev: bytes
    commune: Unit
    keys: bytes
    dossiers: bytes
    signatures: bytes
    salts: bytes
    hashes: bytes
    table: bytes
    seal: tuple[int, bytes] | None = None


class _BranchFrame(_Frame, array_like=True):
    """A frame of a branch: `log` is what its records name, `branch` the id under which they are kept."""

    branch: Annotated[bytes, msgspec.Meta(max_length=16)] = b""


def encode_run(run: Run) -> bytes:
    """Encode a run whose chain holds; the last record's link need not be sealed."""
    raw = [i for i, record in enumerate(run.records) if record.header.v != _RECORD_VERSION]
    raw_bodies = [i for i, record in enumerate(run.records) if record.body and record.content is None]
    data = _encode(run, raw, raw_bodies)
    for _ in range(2):
        rebuilt = decode_run(data)
        wrong = [
            i for i, (a, b) in enumerate(zip(run.records, rebuilt.records, strict=True)) if a.link != b.link
        ]
        wrong_bodies = [
            i for i, (a, b) in enumerate(zip(run.records, rebuilt.records, strict=True)) if a.body != b.body
        ]
        if not wrong and not wrong_bodies:
            return data
        raw, raw_bodies = sorted({*raw, *wrong}), sorted({*raw_bodies, *wrong_bodies})
        data = _encode(run, raw, raw_bodies)
    raise LocalFault("a frame does not rebuild its records")


def decode_run(data: bytes) -> Run:
    """Rebuild a run from its frame; the caller still checks the chain. Raises RunInvalid."""
    if len(data) > limits.RUN_SIZE_BYTES_MAX:
        raise RunInvalid(reasons.ROUND_SIZE, "run")
    try:
        frame = _frame_decoder.decode(data)
        if frame.version != FRAME_VERSION:
            raise RunInvalid(reasons.ROUND_VERSION, f"frame version {frame.version}")
        count = len(frame.signatures) // 64
        if not 0 < count <= limits.RUN_RECORDS_MAX or len(frame.signatures) != 64 * count:
            raise RunInvalid(reasons.ROUND_FORMAT, "number of records")
        if not 0 <= frame.first <= limits.LOG_LENGTH_MAX:
            raise RunInvalid(reasons.ROUND_FORMAT, "position")
        table = _table_decoder.decode(_unpack(frame.table))
        return _rebuild(frame, table, count)
    except RecordInvalid as error:
        raise RunInvalid(error.reason, error.detail) from error
    except (
        msgspec.DecodeError,
        zstandard.ZstdError,
        ValueError,
        IndexError,
        TypeError,
        KeyError,
        StopIteration,
        OverflowError,
        RecursionError,
        orjson.JSONEncodeError,
    ) as error:
        raise RunInvalid(reasons.ROUND_FORMAT, f"{type(error).__name__}: {error}") from error


_frame_decoder = msgspec.msgpack.Decoder(_BranchFrame)
_table_decoder = msgspec.msgpack.Decoder(_Table)
_encoder = msgspec.msgpack.Encoder()


def frame_table(data: bytes) -> bytes:
    """The unpacked table of a frame: what a dictionary is trained on."""
    return _unpack(_frame_decoder.decode(data).table)


def _pack(table: bytes) -> bytes:
    level = dictionaries.THOROUGH if _SMALL_BYTES <= len(table) < _LARGE_BYTES else dictionaries.LEVEL
    known = dictionaries.dictionary(dictionaries.NEWEST, level)
    return zstandard.ZstdCompressor(level=level, dict_data=known).compress(table)


def _unpack(data: bytes) -> bytes:
    unpacked = unpack_zstd(data, size_bytes_max=limits.RUN_UNPACKED_BYTES_MAX)
    check_containers(unpacked, most=limits.RUN_CONTAINERS_MAX)
    return unpacked


def _encode(run: Run, raw: list[int], raw_bodies: list[int]) -> bytes:
    records, apart = run.records, frozenset(raw_bodies)
    keys = _Index()
    dossiers = _Index()
    kinds = _Index()
    parents: list[int] = []
    listed: list[list[bytes]] = []
    latest: dict[str, str] = {}
    for record in records:
        header = record.header
        expected = latest.get(header.dossier) if header.dossier else None
        if not header.parents:
            parents.append(_NO_PARENT)
        elif expected is not None and header.parents == (expected,):
            parents.append(_PREVIOUS)
        else:
            parents.append(_LISTED)
            listed.append([bytes.fromhex(parent) for parent in header.parents])
        if header.dossier:
            latest[header.dossier] = record.id
    first = records[0].header
    table = _Table(
        kind=[kinds.of(r.header.name) for r in records],
        kinds=kinds.values,
        by=[keys.of(r.header.by) for r in records],
        at_ms=_differences([r.header.at[0] for r in records]),
        at_counter=[r.header.at[1] for r in records],
        dossier=[0 if r.header.dossier is None else 1 + dossiers.of(r.header.dossier) for r in records],
        parents=parents,
        listed=listed,
        offsets=_changes([r.header.offset for r in records]),
        anchors=[(i, _packed_anchor(a)) for i, a in _changes([r.header.anchor for r in records])],
        states=bytes(_STATES.index(r.body_state) for r in records),
        facts=pack([r.header.facts for r in records]),
        contents=pack([None if i in apart else r.content for i, r in enumerate(records)]),
        raw=[(i, records[i].header_bytes) for i in raw],
        raw_bodies=[(i, body.content) for i in raw_bodies if (body := records[i].body)],
    )
    members: dict[str, Any] = {"branch": bytes.fromhex(run.log)} if run.is_branch else {}
    frame = (_BranchFrame if run.is_branch else _Frame)(
        version=FRAME_VERSION,
        log=bytes.fromhex(run.origin),
        first=run.first,
        prev=bytes.fromhex(first.prev or ""),
        commune=first.commune,
        keys=bytes.fromhex("".join(keys.values)),
        dossiers=bytes.fromhex("".join(dossiers.values)),
        signatures=b"".join(r.signature for r in records),
        salts=b"".join(r.body.salt for r in records if r.body),
        hashes=b"".join(bytes.fromhex(r.header.body) for r in records if r.header.body and not r.body),
        table=_pack(_encoder.encode(table)),
        seal=(run.seal.length, run.seal.signature) if run.seal else None,
        **members,
    )
    return _encoder.encode(frame)


def _rebuild(frame: _BranchFrame, table: _Table, count: int) -> Run:
    log, keys, dossiers = frame.log.hex(), _hexes(frame.keys, 16), _hexes(frame.dossiers, 16)
    salts = [frame.salts[i : i + 16] for i in range(0, len(frame.salts), 16)]
    salt, hash_hex, listed = iter(salts), iter(_hexes(frame.hashes, 32)), iter(table.listed)
    columns = (
        table.kind,
        table.by,
        table.at_ms,
        table.at_counter,
        table.dossier,
        table.parents,
        table.states,
    )
    if any(len(column) != count for column in columns):
        raise RunInvalid(reasons.ROUND_FORMAT, "columns differ in length")
    facts: list[dict[str, Any]] = [each or {} for each in unpack(table.facts, count)]
    contents = unpack(table.contents, count)
    offsets, anchors, raw = dict(table.offsets), dict(table.anchors), dict(table.raw)
    raw_bodies = dict(table.raw_bodies)
    offset: tuple[int, int] | None = None
    anchor: Anchor | None = None
    if len(frame.prev) not in (0, 32):
        raise RunInvalid(reasons.ROUND_FORMAT, "prev")
    prev: str | None = frame.prev.hex() or None
    ms = 0
    latest: dict[str, str] = {}
    records: list[UnverifiedRecord] = []
    commune, seq, signatures, kinds = frame.commune, frame.first - 1, frame.signatures, table.kinds
    anchor_text, offset_text = anchor_json(None), offset_json(None)
    end = 0
    rows = zip(*columns, facts, _json_texts(facts), _json_texts(contents), strict=True)
    for i, (
        kind, by, at_ms, at_counter, dossier_ref, parent_form, state_number, fact, fact_text, text,
    ) in enumerate(rows):  # fmt: skip
        ms += at_ms
        seq += 1
        begin, end = end, end + 64
        if i in offsets:
            offset = offsets[i]
            offset_text = offset_json(offset)
        if i in anchors:
            anchor = _opened_anchor(anchors[i])
            anchor_text = anchor_json(anchor)
        state = _STATES[state_number]
        body = body_hash = None
        if i in raw_bodies:
            body = Body(next(salt), raw_bodies[i])
        elif text != _NULL:
            body = Body(next(salt), text)
        if body is not None:
            body_hash = body.hash
        elif state is not BodyState.ABSENT:
            body_hash = next(hash_hex)
        dossier = dossiers[dossier_ref - 1] if dossier_ref > 0 else None
        if parent_form == _NO_PARENT:
            parents: tuple[str, ...] = ()
        elif parent_form == _PREVIOUS:
            parents = (latest[dossier or ""],)
        else:
            parents = tuple(parent.hex() for parent in next(listed))
        signature = signatures[begin:end]
        if i in raw:
            record = open_record(raw[i], signature, body, None if body or body_hash is None else state)
        else:
            header = Header(
                anchor=anchor,
                at=(ms, at_counter),
                body=body_hash,
                by=keys[by],
                commune=commune,
                dossier=dossier,
                facts=fact,
                kind=kinds[kind],
                log=log,
                offset=offset,
                parents=parents,
                prev=prev,
                seq=seq,
                v=_RECORD_VERSION,
            )
            data = header_json(header, anchor_text, fact_text, offset_text)
            if len(data) > limits.HEADER_SIZE_BYTES_MAX or not -JSON_INT_MAX <= ms <= JSON_INT_MAX:
                raise RunInvalid(reasons.ROUND_FORMAT, f"record {seq}")
            id_hex, link = id_and_link(data, signature)
            record = UnverifiedRecord(
                header, data, signature, id_hex, link, body, BodyState.PRESENT if body else state
            )
        prev = record.link
        if record.header.dossier:
            latest[record.header.dossier] = record.id
        records.append(record)
    if len(frame.branch) not in (0, 16):
        raise RunInvalid(reasons.ROUND_FORMAT, "branch")
    kept = frame.branch.hex() or log
    seal = None
    if frame.seal is not None:
        seal = Seal(log=kept, length=frame.seal[0], head=records[-1].link, signature=frame.seal[1])
    return Run(log=kept, first=frame.first, records=tuple(records), seal=seal)


def _json_texts(values: Sequence[dict[str, Any] | None]) -> list[bytes]:
    """The canonical text of each value; written in one go, because a call costs more than what it writes."""
    marked = [part for value in values for part in (value, _MARK)]
    text = orjson.dumps(marked, option=orjson.OPT_SORT_KEYS)
    return text[1:-3].split(b"," + _BETWEEN + b",") if values else []


class _Index:
    """Numbers for values in order of first appearance."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._numbers: dict[str, int] = {}

    def of(self, value: str) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number


def _differences(values: list[int]) -> list[int]:
    return [value - before for value, before in zip(values, [0, *values], strict=False)]


def _changes(values: list[Any]) -> list[tuple[int, Any]]:
    """Where a slowly changing value changes: pairs of index and new value, starting from None."""
    return [
        (i, value)
        for i, (value, before) in enumerate(zip(values, [None, *values], strict=False))
        if value != before
    ]


def _packed_anchor(anchor: Anchor | None) -> tuple[str, bytes, int] | None:
    return (anchor.origin, bytes.fromhex(anchor.root), anchor.size) if anchor else None


def _opened_anchor(packed: tuple[str, bytes, int] | None) -> Anchor | None:
    return Anchor(origin=packed[0], root=packed[1].hex(), size=packed[2]) if packed else None


def _hexes(data: bytes, size: int) -> list[str]:
    if len(data) % size:
        raise ValueError("a table of ids has an odd size")
    return [data[i : i + size].hex() for i in range(0, len(data), size)]
