"""A parcel: the messages of rounds as files, for a USB stick (PROTOCOL.md §10). Not the trust bundle of `signing.bundles`.

A parcel holds the very requests that a node would post, or the very answers that the hub would give, enclosed for its
recipients under one fresh key. It is cut into parts that FAT32 can hold. Each part stands by itself: a clear label signed
by the sender, a stream of sealed messages that ends with a mark, and a digest that anybody can check. Of a damaged or
cut part everything before the damage counts, and the other parts count as well.

Bytes come from and go to whatever the caller opened; fresh keys and ids are arguments. Which messages go into a parcel,
and what is believed of one that came, is decided by node and hub as for any round.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import msgspec
import orjson

from signing.errors import SigningError
from signing.keys import BoxKey, seal
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer, verify
from signing.streams import STREAM_HEADER_BYTES, STREAM_OVERHEAD_BYTES, OpeningStream, SealingStream
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.wire import RoundAnswer, decode_answer, encode_answer

MAGIC: Final = b"motcua parcel 1\n"
REQUESTS: Final = "requests"
ANSWERS: Final = "answers"
DIGEST_BYTES: Final = 32
FOLDER: Final = "motcua"
"""Where parcels lie on a stick."""
SUFFIX: Final = ".motcua"

_SIZE: Final = struct.Struct(">I")
_CHUNK: Final = struct.Struct(">BI")
_MORE, _END_OF_PART, _END_OF_PARCEL = 0, 1, 2
_END_BYTES: Final = _CHUNK.size + STREAM_OVERHEAD_BYTES + DIGEST_BYTES
_MESSAGE_BYTES_MAX: Final = limits.ROUND_SIZE_BYTES_MAX + SIGNATURE_BYTES + STREAM_OVERHEAD_BYTES


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who may open it: a key id, and the parcel's key (hex) sealed for that holder's X25519 key."""

    id: str
    enclosed: str


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Records `first` … `length - 1` of a log are inside; `head` and `seal` (hex, or "") stand at `length`."""

    log: str
    first: int
    length: int
    head: str
    seal: str = ""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in clear on every part.

    Attributes:
        parcel: random 128 bits in hex; part: 1, 2, …
        content: REQUESTS (from a node) or ANSWERS (from the hub).
        sender, unit: key id of the signer, and the unit it speaks for.
        answers: the parcel that this one answers, if any.
        at: when it was made, in milliseconds by the sender's clock; for people only.
    """

    parcel: str
    part: int
    content: str
    sender: str
    unit: str
    recipients: list[Recipient]
    logs: list[Stretch]
    answers: str | None = None
    at: int
    v: int = 1

    def enclosed_for(self, recipient: str) -> bytes | None:
        """The sealed key for this key id; None where the parcel is for somebody else."""
        return next((bytes.fromhex(r.enclosed) for r in self.recipients if r.id == recipient), None)

    @property
    def records(self) -> int:
        """How many records the whole parcel brings."""
        return sum(stretch.length - stretch.first for stretch in self.logs)


def part_name(label: Label, part: int) -> str:
    """A file name that every file system takes and that sorts by parcel; what counts is the label."""
    return f"{label.unit}-{label.sender[:8]}-{label.parcel[:8]}-{part:03}{SUFFIX}"


class Source(Protocol):
    """What is read from: an open file."""

    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    """What is written to: an open file."""

    def write(self, data: bytes, /) -> object: ...

    def close(self) -> None: ...


def enclose(key: bytes, recipient: str, box: str) -> Recipient:
    """Enclose the parcel's key for the holder of the X25519 key `box` (hex)."""
    return Recipient(id=recipient, enclosed=seal(key, bytes.fromhex(box)).hex())


class ParcelWriter:
    """Writes messages one after the other and begins a new part where the next message would not fit."""

    def __init__(
        self,
        label: Label,
        *,
        key: bytes,
        sender: Signer,
        open_part: Callable[[int], Sink],
        part_bytes_max: int = limits.PART_SIZE_BYTES_MAX,
    ) -> None:
        self._label, self._key, self._sender = label, key, sender
        self._open_part, self._part_bytes_max = open_part, part_bytes_max
        self.parts = 0
        self.bytes_written = 0
        self._begin()

    def add(self, message: bytes) -> None:
        """Write one message; LocalFault is not possible: a message that fits no part gets one of its own."""
        needed = _CHUNK.size + len(message) + STREAM_OVERHEAD_BYTES + _END_BYTES
        if self._messages and self._size + needed > self._part_bytes_max:
            self._end(_END_OF_PART)
            self._begin()
        self._put(_MORE, message)
        self._messages += 1

    def close(self) -> None:
        """End the parcel; one that was never closed is read as cut."""
        self._end(_END_OF_PARCEL)

    def _begin(self) -> None:
        self.parts += 1
        self._sink = self._open_part(self.parts)
        self._size = self._messages = 0
        self._hash = hashlib.sha256()
        text = orjson.dumps(
            msgspec.to_builtins(msgspec.structs.replace(self._label, part=self.parts)),
            option=orjson.OPT_SORT_KEYS,
        )
        self._stream = SealingStream(self._key)
        self._context = hashlib.sha256(text).digest()
        signature = self._sender.sign(Purpose.PARCEL, text)
        self._write(MAGIC + _SIZE.pack(len(text)) + text + signature + self._stream.header)

    def _put(self, mark: int, message: bytes) -> None:
        context = self._context + bytes([mark])
        sealed = self._stream.seal(message, context=context, is_last=mark != _MORE)
        self._write(_CHUNK.pack(mark, len(sealed)) + sealed)

    def _end(self, mark: int) -> None:
        self._put(mark, b"")
        self._write(self._hash.digest())
        self._sink.close()

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._sink.write(data)
        self._size += len(data)
        self.bytes_written += len(data)


class Part:
    """One part being read: its label first, then either its messages or only whether it is whole."""

    def __init__(self, source: Source) -> None:
        """Read the label; RemoteFault (PARCEL_FORMAT, PARCEL_CUT) where there is none. Nothing is believed yet."""
        self._source, self._hash = source, hashlib.sha256()
        if self._source.read(len(MAGIC)) != MAGIC:
            raise RemoteFault(reasons.PARCEL_FORMAT, "not a parcel, or of another version")
        self._hash.update(MAGIC)
        (size,) = _SIZE.unpack(self._read(_SIZE.size))
        if size > limits.LABEL_SIZE_BYTES_MAX:
            raise RemoteFault(reasons.PARCEL_FORMAT, "label size")
        self._text = self._read(size)
        self._signature = self._read(SIGNATURE_BYTES)
        self._header = self._read(STREAM_HEADER_BYTES)
        self.label = _label(self._text)
        self.is_last = False
        """Whether the parcel ends here; known when the part has been read to its end."""

    def verify(self, sender: PublicKey) -> Label:
        """The label, once its signature is the sender's; raises RemoteFault(PARCEL_SENDER)."""
        try:
            verify(sender, Purpose.PARCEL, self._text, self._signature)
        except SigningError as error:
            raise RemoteFault(reasons.PARCEL_SENDER, "label") from error
        return self.label

    def messages(self, recipient: str, box: BoxKey) -> Iterator[bytes]:
        """The messages, each as soon as it is read; RemoteFault where the part is damaged, after all before it."""
        enclosed = self.label.enclosed_for(recipient)
        if enclosed is None:
            raise RemoteFault(reasons.PARCEL_RECIPIENT)
        context = hashlib.sha256(self._text).digest()
        try:
            stream = OpeningStream(box.open(enclosed), self._header)
            for mark, sealed in self._chunks():
                message, is_end = stream.open(sealed, context=context + bytes([mark]))
                if is_end != (mark != _MORE):
                    raise RemoteFault(reasons.PARCEL_DAMAGED, "end mark")
                if not is_end:
                    yield message
        except SigningError as error:
            raise RemoteFault(reasons.PARCEL_DAMAGED, error.detail) from error

    def skim(self) -> None:
        """Read to the end without a key; raises RemoteFault (PARCEL_CUT, PARCEL_DAMAGED) if it is not whole."""
        for _ in self._chunks():
            pass

    def _chunks(self) -> Iterator[tuple[int, bytes]]:
        mark = _MORE
        while mark == _MORE:
            mark, size = _CHUNK.unpack(self._read(_CHUNK.size))
            if mark > _END_OF_PARCEL or not STREAM_OVERHEAD_BYTES <= size <= _MESSAGE_BYTES_MAX:
                raise RemoteFault(reasons.PARCEL_DAMAGED, "chunk")
            yield mark, self._read(size)
        expected = self._hash.digest()
        if self._read(DIGEST_BYTES) != expected or self._source.read(1):
            raise RemoteFault(reasons.PARCEL_DAMAGED, "digest")
        self.is_last = mark == _END_OF_PARCEL

    def _read(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            raise RemoteFault(reasons.PARCEL_CUT, f"{size - len(data)} bytes are missing")
        self._hash.update(data)
        return data


def sign_answer(answer: RoundAnswer, *, device: str, hub: Signer) -> bytes:
    """An answer for a parcel: there is no channel here that says from whom it is, and for whom."""
    packed = encode_answer(answer)
    return hub.sign(Purpose.PARCEL_ANSWER, bytes.fromhex(device) + packed) + packed


def open_answer(message: bytes, *, device: str, hub: PublicKey) -> RoundAnswer:
    """The answer that the hub signed for this device; raises RemoteFault."""
    signature, packed = message[:SIGNATURE_BYTES], message[SIGNATURE_BYTES:]
    try:
        verify(hub, Purpose.PARCEL_ANSWER, bytes.fromhex(device) + packed, signature)
    except SigningError as error:
        raise RemoteFault(reasons.PARCEL_SENDER, "answer") from error
    return decode_answer(packed)


def _label(text: bytes) -> Label:
    try:
        label = _decoder.decode(text)
        ids = [label.parcel, label.sender, *(r.id for r in label.recipients), *(s.log for s in label.logs)]
        is_sound = (
            label.v == 1
            and label.part > 0
            and len(label.recipients) <= limits.PARCEL_RECIPIENTS_MAX
            and len(label.logs) <= limits.ROUND_LOGS_MAX
            and all(len(bytes.fromhex(each)) == _ID_BYTES for each in ids)
            and all(0 <= s.first <= s.length <= limits.LOG_LENGTH_MAX for s in label.logs)
        )
        for recipient in label.recipients:
            bytes.fromhex(recipient.enclosed)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise RemoteFault(reasons.PARCEL_FORMAT, "label") from error
    if not is_sound:
        raise RemoteFault(reasons.PARCEL_FORMAT, "label")
    return label


_ID_BYTES: Final = 16
_decoder = msgspec.json.Decoder(Label)
