"""Carrying for others: parts of parcels that a PC hands to the hub, or back, without being able to read them (PROTOCOL.md §21).

A *load* is one part of a parcel exactly as it lies on a stick, named by its content (`chunks.FileTree`): a second copy is the
same load, and a piece of it proves itself, whoever brings it. A *relay* is any enrolled PC that carries loads. It sees the
label, the length and what it noted itself; it decides about nothing else. Whatever a relay does to a load, the hub takes it
for what its sender signed, or not at all.

Here are the messages between relay and hub, and what a relay may take on. Who opens files and lines is the caller's affair.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from signing.reasons import Reason
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer
from sync_protocol import limits, reasons
from sync_protocol.chunks import is_size
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated
from sync_protocol.parcel import ANSWERS, REQUESTS, Label, Part, Source
from sync_protocol.signed_message import SignedMessage, sign_message
from sync_protocol.unpacking import decode_message
from sync_protocol.versions import PROTOCOL_VERSION, SPOKEN, Versions

RELAY_MESSAGE_BYTES_MAX: Final = limits.ROUND_SIZE_BYTES_MAX


class RelayRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a relay says.

    Attributes:
        device: raw key id of the relay, which signs.
        offered: loads that it holds whole, for the hub; `pieces` are parts of them.
        senders: raw key ids of PCs for which it would carry answers.
        wanted: answers that it was told of, with the bitmap of what it holds of each.
        bytes_max: how much of pieces may come back.
    """

    protocol: int
    device: bytes
    challenge: bytes
    offered: list[FileAsked]
    pieces: list[bytes]
    senders: list[bytes]
    wanted: list[FileAsked]
    bytes_max: int


class AnswerTold(msgspec.Struct, frozen=True, array_like=True):
    """An answer that waits for a PC: one load of `parts`, and the parcel that it answers (raw ids; b"" for none)."""

    device: bytes
    load: bytes
    size: int
    parts: int
    parcel: bytes


class RelayAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """`stated` speaks of every offered load: PARTIAL, WHOLE once its content is taken, REFUSED with a reason code."""

    protocol: int
    challenge: bytes
    problem: str
    stated: list[FileStated]
    answers: list[AnswerTold]
    pieces: list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What a relay holds already, in loads and bytes: all of it, and what names the same PC."""

    loads: int
    size_bytes: int
    of_device_bytes: int


def first_relay_request(device: bytes, challenge: bytes) -> RelayRequest:
    """A request that asks for nothing yet; fill in with `msgspec.structs.replace`."""
    return RelayRequest(
        protocol=PROTOCOL_VERSION,
        device=device,
        challenge=challenge,
        offered=[],
        pieces=[],
        senders=[],
        wanted=[],
        bytes_max=limits.ROUND_SIZE_BYTES_START,
    )


def encode_relay_request(request: RelayRequest, device: Signer) -> bytes:
    """Pack and sign a request."""
    return sign_message(_encoder.encode(request), Purpose.RELAY, device)


def open_relay_request(data: bytes, versions: Versions = SPOKEN) -> SignedMessage[RelayRequest]:
    """Parse a request; raises RemoteFault (ROUND_SIZE, RELAY_FORMAT, ROUND_VERSION)."""
    if len(data) <= SIGNATURE_BYTES:
        raise RemoteFault(reasons.RELAY_FORMAT, "too short")
    request = _decode(_request_decoder, data[SIGNATURE_BYTES:], versions)
    check_loads(
        [*request.offered, *request.wanted], request.pieces, devices=[request.device, *request.senders]
    )
    return SignedMessage.of(request, data, Purpose.RELAY)


def check_loads(loads: list[FileAsked], pieces: list[bytes], *, devices: list[bytes]) -> None:
    """Refuse more than a message may speak of, and ids of other lengths; raises RemoteFault (ROUND_SIZE, RELAY_FORMAT).

    Args:
        devices: raw key ids; the one that speaks first.
    """
    if (
        max(len(loads), len(devices) - 1) > limits.RELAY_LOADS_ROUND_MAX
        or len(pieces) > limits.FILE_PIECES_MAX
    ):
        raise RemoteFault(reasons.ROUND_SIZE, "too many loads")
    if any(len(load.file) != 32 or not is_size(load.size) for load in loads):
        raise RemoteFault(reasons.RELAY_FORMAT, "load")
    if any(len(device) != 16 for device in devices):
        raise RemoteFault(reasons.RELAY_FORMAT, "device")


def encode_relay_answer(answer: RelayAnswer) -> bytes:
    """Pack an answer."""
    return _encoder.encode(answer)


def decode_relay_answer(data: bytes, versions: Versions = SPOKEN) -> RelayAnswer:
    """Parse an answer; raises RemoteFault."""
    answer = _decode(_answer_decoder, data, versions)
    if max(len(answer.stated), len(answer.pieces)) > limits.FILE_PIECES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too much in an answer")
    if len(answer.answers) > limits.RELAY_LOADS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many answers")
    if any(
        len(told.device) != 16 or len(told.load) != 32 or not is_size(told.size) for told in answer.answers
    ):
        raise RemoteFault(reasons.RELAY_FORMAT, "answer told")
    return answer


def read_load(source: Source, size: int, *, hub: PublicKey, sender: PublicKey | None = None) -> Label:
    """The label of a load of `size` bytes that a relay may carry to the hub: whole, a node's requests, enclosed for the hub.

    The sender's signature is checked where the relay happens to know its key. Raises RemoteFault (RELAY_SIZE, PARCEL_FORMAT,
    PARCEL_CUT, PARCEL_DAMAGED, PARCEL_RECIPIENT, PARCEL_SENDER).
    """
    part = _whole_part(source, size)
    if part.label.content != REQUESTS or part.label.enclosed_for(hub.id) is None:
        raise RemoteFault(reasons.PARCEL_RECIPIENT, part.label.unit)
    if sender is not None:
        part.verify(sender)
    return part.label


def read_answer_load(source: Source, size: int, *, hub: PublicKey, device: str) -> Label:
    """The label of a load that the hub wrote for this device; raises RemoteFault as `read_load`."""
    part = _whole_part(source, size)
    if part.label.content != ANSWERS or part.label.enclosed_for(device) is None:
        raise RemoteFault(reasons.PARCEL_RECIPIENT, part.label.unit)
    if part.label.sender != hub.id:
        raise RemoteFault(reasons.PARCEL_SENDER, part.label.sender)
    return part.verify(hub)


def refusal(size: int, queue: Queue, *, quota_bytes: int) -> Reason | None:
    """Why a relay takes a load of this size on no more; None where it does. One PC gets half of the room at most."""
    if not is_size(size):
        return reasons.RELAY_SIZE
    is_full = queue.loads >= limits.RELAY_LOADS_MAX or queue.size_bytes + size > quota_bytes
    return reasons.RELAY_ROOM if is_full or queue.of_device_bytes + size > quota_bytes // 2 else None


def is_expired(came_ms: int, now_ms: int) -> bool:
    """Whether a load has lain here too long, by this PC's own clock; whoever sent it still has what is in it."""
    return now_ms - came_ms > limits.RELAY_AGE_MS_MAX


def _whole_part(source: Source, size: int) -> Part:
    if not is_size(size):
        raise RemoteFault(reasons.RELAY_SIZE, f"{size} bytes")
    part = Part(source)
    part.skim()
    return part


_Message = TypeVar("_Message", RelayRequest, RelayAnswer)
_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(RelayRequest)
_answer_decoder = msgspec.msgpack.Decoder(RelayAnswer)


def _decode(decoder: "msgspec.msgpack.Decoder[_Message]", packed: bytes, versions: Versions) -> _Message:
    return decode_message(
        decoder,
        packed,
        size_bytes_max=RELAY_MESSAGE_BYTES_MAX,
        versions=versions,
        malformed=reasons.RELAY_FORMAT,
    )
