"""A snapshot: what a new PC of a commune needs to begin work, before the whole history is there (PROTOCOL.md §17).

It carries the records of all open dossiers and all records about no dossier, and says of each log from where on it is
held: a *base*, at a length that the log's own device has sealed. Nobody's word is needed for what stands at a base; what
the maker of a snapshot answers for is that nothing open was left out, and for that it signs the head. State never
travels: the receiver folds the records itself.

A snapshot travels in a parcel as messages of three kinds: the head, runs of logs that are taken whole (as in a round),
and loose records, each of which proves itself. Pure: whoever calls reads and writes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
import zstandard

from signing.errors import SignatureInvalid
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer, verify
from sync_protocol import limits, reasons
from sync_protocol.digest import DIGEST_BYTES
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import decode_run
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import Seal
from sync_protocol.log_store import LogStore
from sync_protocol.record import Body, BodyState, Record, UnverifiedRecord, open_record
from sync_protocol.rounds import MayHold, choose_runs, differences, withhold
from sync_protocol.unpacking import unpack_zstd

SNAPSHOT: Final = "snapshot"
"""What the label of a parcel says of its content."""
VERSION: Final = 1
NOT_SUMMED: Final = 0
"""A fold version that nobody has: there is no sum to compare."""
MESSAGE_BYTES: Final = 512 * 1024
"""How much of loose records goes into one message, before packing."""

_STATES: Final = (BodyState.ABSENT, BodyState.PRESENT, BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST)


class Base(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """From where on a log is held: raw log id, length, head link there, and the seal of the log's device.

    `stop` is how far the runs of the same parcel bring it.
    """

    log: bytes
    length: int
    head: bytes
    seal: bytes
    stop: int

    def as_seal(self) -> Seal:
        """The seal that stands at the base."""
        return Seal(log=self.log.hex(), length=self.length, head=self.head.hex(), signature=self.seal)


class SnapshotHead(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the maker signs.

    Attributes:
        snapshot: random 128 bits; unit: the commune; maker: raw key id of the hub or of a PC of that commune.
        at_ms: when it was made, by the maker's clock; for people only.
        bases: the logs that are known by this snapshot below their base.
        dossiers: raw ids of the open dossiers inside; records: how many loose records there are.
        fold, digest: the sum of the digests of these dossiers under the maker's fold version; `NOT_SUMMED` where a log has
            branches, which are not inside.
    """

    version: int
    snapshot: bytes
    unit: str
    maker: bytes
    at_ms: int
    bases: list[Base]
    dossiers: list[bytes]
    records: int
    fold: int
    digest: bytes

    @property
    def id(self) -> str:
        """The snapshot's name in hex."""
        return self.snapshot.hex()

    @property
    def below(self) -> int:
        """Records under the bases, the loose ones among them."""
        return sum(base.length for base in self.bases)


class _Loose(msgspec.Struct, frozen=True, array_like=True):
    header: bytes
    signature: bytes
    state: int
    salt: bytes = b""
    content: bytes = b""


class SnapshotMessage(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One message; `snapshot` names the head that it belongs to. `head` is the signed head in the first one, else b"".

    `foreign`, in the last ones, are records of other units that the province lists for this one, as in an answer.
    """

    snapshot: bytes
    head: bytes = b""
    runs: list[bytes] = msgspec.field(default_factory=list)
    loose: bytes = b""
    foreign: list[bytes] = msgspec.field(default_factory=list)


def sign_head(head: SnapshotHead, maker: Signer) -> bytes:
    """The head with the maker's signature before it."""
    packed = _encoder.encode(head)
    return maker.sign(Purpose.SNAPSHOT, packed) + packed


def open_head(signed: bytes, maker: PublicKey) -> SnapshotHead:
    """The head, once its signature is the maker's; raises RemoteFault."""
    signature, packed = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        verify(maker, Purpose.SNAPSHOT, packed, signature)
    except SignatureInvalid as error:
        raise RemoteFault(reasons.PARCEL_SENDER, "snapshot") from error
    head = _decoded(_head_decoder, packed)
    is_sound = (
        (len(head.snapshot), len(head.digest)) == (16, DIGEST_BYTES)
        and all(len(dossier) == 16 for dossier in head.dossiers)
        and head.maker.hex() == maker.id
        and len(head.bases) <= limits.ROUND_LOGS_MAX
        and all(
            (len(b.log), len(b.head), len(b.seal)) == (16, 32, SIGNATURE_BYTES)
            and 0 < b.length <= b.stop <= limits.LOG_LENGTH_MAX
            for b in head.bases
        )
    )
    if head.version != VERSION or not is_sound:
        raise RemoteFault(reasons.PARCEL_FORMAT, "snapshot head")
    return head


def encode_message(message: SnapshotMessage) -> bytes:
    """A message of a parcel."""
    return _encoder.encode(message)


def decode_message(data: bytes) -> SnapshotMessage:
    """Parse a message; raises RemoteFault."""
    return _decoded(_message_decoder, data)


def pack_loose(records: Iterable[Record], *, may_hold: MayHold) -> bytes:
    """Loose records as bytes; bodies that the receiver may not hold are withheld."""
    rows = [_loose(withhold(each, may_hold)) for each in records]
    return zstandard.ZstdCompressor(level=6).compress(_encoder.encode(rows))


def unpack_loose(data: bytes) -> list[UnverifiedRecord]:
    """The loose records of a message; raises RemoteFault. Their signatures are the receiver's to check."""
    if not data:
        return []
    try:
        rows = _decoded(_rows_decoder, unpack_zstd(data, size_bytes_max=limits.RUN_UNPACKED_BYTES_MAX))
    except zstandard.ZstdError as error:
        raise RemoteFault(reasons.PARCEL_FORMAT, "loose records") from error
    return [_unpacked(row) for row in rows]


def batches(
    dossiers: Iterable[Iterable[Record]], *, may_hold: MayHold, message_bytes: int = MESSAGE_BYTES
) -> Iterator[tuple[bytes, int]]:
    """Loose records in messages, a dossier never cut in two: (packed, records) each."""
    held: list[Record] = []
    size = 0
    for dossier in dossiers:
        records = list(dossier)
        room = sum(
            len(r.header_bytes) + SIGNATURE_BYTES + (len(r.body.content) if r.body else 0) for r in records
        )
        if held and size + room > message_bytes:
            yield pack_loose(held, may_hold=may_hold), len(held)
            held, size = [], 0
        held += records
        size += room
    if held:
        yield pack_loose(held, may_hold=may_hold), len(held)


def make_base(store: LogStore, log: str, *, stop: int) -> Base | None:
    """The newest sealed length of a log up to `stop`; None for a log that its device has not sealed yet."""
    seal = store.seal(log, at_most=stop)
    if seal is None:
        return None
    return Base(
        log=bytes.fromhex(log),
        length=seal.length,
        head=bytes.fromhex(seal.head),
        seal=seal.signature,
        stop=stop,
    )


def snapshot_messages(
    store: LogStore,
    head: SnapshotHead,
    maker: Signer,
    *,
    whole: Mapping[str, int],
    about_none: Iterable[Record],
    dossiers: Iterable[Iterable[Record]],
    may_hold: MayHold,
) -> Iterator[tuple[bytes, int]]:
    """The messages of a snapshot, each with its number of loose records, in the order in which they can be believed.

    First the head, keys and catalogue; then what is about no dossier (log openings among it), then what people work on;
    last what follows the bases.

    Args:
        whole: logs that are taken whole, and up to which length.
        about_none, dossiers: what may lie below the bases; what lies above is left out here.
        may_hold: whose bodies the receiver may have.
    """
    bases = {base.log.hex(): base.length for base in head.bases}

    def below(records: Iterable[Record]) -> list[Record]:
        return [r for r in records if r.header.seq < bases.get(r.header.log, 0)]

    def message(**content: Any) -> bytes:
        return encode_message(SnapshotMessage(snapshot=head.snapshot, **content))

    yield message(head=sign_head(head, maker)), 0
    for frames in runs_up_to(store, whole, may_hold=may_hold):
        yield message(runs=frames), 0
    openings = below(about_none)
    if openings:
        yield message(loose=pack_loose(openings, may_hold=may_hold)), len(openings)
    for packed, records in batches(map(below, dossiers), may_hold=may_hold):
        yield message(loose=packed), records
    tails = {base.log.hex(): base.stop for base in head.bases}
    for frames in runs_up_to(store, tails, held=head.bases, may_hold=may_hold):
        yield message(runs=frames), 0


def runs_up_to(
    store: LogStore,
    stop: Mapping[str, int],
    *,
    held: Iterable[Base] = (),
    may_hold: MayHold,
    bytes_max: int = limits.ROUND_SIZE_BYTES_MAX // 2,
) -> Iterator[list[bytes]]:
    """Frames of the logs named by `stop` from `held` up to there, as many messages as it takes."""
    mine = store.frontier(stop)
    theirs = {
        base.log.hex(): FrontierEntry(log=base.log.hex(), length=base.length, head=base.head.hex())
        for base in held
    }
    while True:
        ahead = differences(store, mine, Frontier(theirs.values()), stop)
        ahead = [each for each in ahead if each.theirs is None or each.theirs.length < stop[each.log]]
        chosen = choose_runs(store, ahead, bytes_max=bytes_max, stop=stop, may_hold=may_hold)
        if not chosen.frames:
            return
        yield chosen.frames
        for frame in chosen.frames:
            run = decode_run(frame)
            theirs[run.log] = FrontierEntry(log=run.log, length=run.stop, head=run.records[-1].link)


_Message = TypeVar("_Message", SnapshotHead, SnapshotMessage, list[_Loose])


def _loose(record: UnverifiedRecord) -> _Loose:
    salt, content = (record.body.salt, record.body.content) if record.body else (b"", b"")
    return _Loose(record.header_bytes, record.signature, _STATES.index(record.body_state), salt, content)


def _unpacked(row: _Loose) -> UnverifiedRecord:
    if not 0 <= row.state < len(_STATES):
        raise RemoteFault(reasons.PARCEL_FORMAT, "body state")
    state = _STATES[row.state]
    body = Body(row.salt, row.content) if state is BodyState.PRESENT else None
    return open_record(row.header, row.signature, body, state)


def _decoded(decoder: "msgspec.msgpack.Decoder[_Message]", data: bytes) -> _Message:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteFault(reasons.PARCEL_FORMAT, type(error).__name__) from error


_encoder = msgspec.msgpack.Encoder()
_head_decoder = msgspec.msgpack.Decoder(SnapshotHead)
_message_decoder = msgspec.msgpack.Decoder(SnapshotMessage)
_rows_decoder = msgspec.msgpack.Decoder(list[_Loose])
