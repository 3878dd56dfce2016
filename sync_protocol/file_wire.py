"""The messages about files ⇄ bytes: asking what the other side holds, offering pieces, wanting pieces.

A request is the device's signature (64 bytes), then MessagePack; an answer is MessagePack alone (pieces prove themselves,
the channel is the hub's TLS). Nothing is remembered between two requests: each is durable by itself, and a repeated one
changes nothing. Files travel beside rounds, never inside one, so that no file keeps a record waiting.
"""

from enum import IntEnum
from typing import Final, TypeVar

import msgspec

from signing.signatures import Signer
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.signed_message import SignedMessage, sign_message
from sync_protocol.unpacking import decode_message
from sync_protocol.versions import PROTOCOL_VERSION, SPOKEN, Versions

FILES_PURPOSE: Final = "motcua.files"
FILES_MESSAGE_BYTES_MAX: Final = limits.ROUND_SIZE_BYTES_MAX
_SIGNATURE_BYTES: Final = 64


class Standing(IntEnum):
    """How a file stands at the hub. UNKNOWN: no judged record there names it yet, so that it takes none of it."""

    UNKNOWN = 0
    PARTIAL = 1
    WHOLE = 2
    REFUSED = 3


class FileAsked(msgspec.Struct, frozen=True, array_like=True):
    """A file by its raw id and length; `held` is the asker's own bitmap where it wants the rest."""

    file: bytes
    size: int
    held: bytes = b""


class FileStated(msgspec.Struct, frozen=True, array_like=True):
    """What the hub says of a file: its standing, the bitmap of what it holds, and a reason code where it refuses."""

    file: bytes
    standing: int
    held: bytes = b""
    problem: str = ""


class FilesRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """`offered` files the sender holds whole; `wanted` it would have; `pieces` of offered ones; `writing` as in a round."""

    protocol: int
    device: bytes
    challenge: bytes
    offered: list[FileAsked]
    wanted: list[FileAsked]
    bytes_max: int
    pieces: list[bytes]
    writing: bytes = b""


class FilesAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """`stated` speaks of every offered and wanted file; `problem` is a reason code where nothing was taken.

    `word` is the hub's signed word of those that it holds whole (`files_held`), b"" for none: a PC passes it on.
    """

    protocol: int
    challenge: bytes
    hub_epoch: bytes
    problem: str
    stated: list[FileStated]
    pieces: list[bytes]
    word: bytes = b""


def encode_files_request(request: FilesRequest, device: Signer) -> bytes:
    """Pack and sign a request."""
    return sign_message(_encoder.encode(request), FILES_PURPOSE, device)


def open_files_request(data: bytes, versions: Versions = SPOKEN) -> SignedMessage[FilesRequest]:
    """Parse a request; raises RemoteFault (ROUND_SIZE, FILE_FORMAT, ROUND_VERSION)."""
    if len(data) <= _SIGNATURE_BYTES:
        raise RemoteFault(reasons.FILE_FORMAT, "too short")
    request = _decode(_request_decoder, data[_SIGNATURE_BYTES:], versions)
    if len(request.device) != 16:
        raise RemoteFault(reasons.FILE_FORMAT, "device")
    if len(request.offered) + len(request.wanted) > limits.FILES_ROUND_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many files")
    if any(len(asked.file) != 32 for asked in (*request.offered, *request.wanted)):
        raise RemoteFault(reasons.FILE_FORMAT, "file id")
    _check_pieces(request.pieces)
    return SignedMessage.of(request, data, FILES_PURPOSE)


def encode_files_answer(answer: FilesAnswer) -> bytes:
    """Pack an answer."""
    return _encoder.encode(answer)


def decode_files_answer(data: bytes, versions: Versions = SPOKEN) -> FilesAnswer:
    """Parse an answer; raises RemoteFault."""
    answer = _decode(_answer_decoder, data, versions)
    if len(answer.stated) > limits.FILES_ROUND_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many files")
    _check_pieces(answer.pieces)
    return answer


def first_request(device: bytes, challenge: bytes, *, protocol: int = PROTOCOL_VERSION) -> FilesRequest:
    """A request that asks for nothing yet; fill in with `msgspec.structs.replace`."""
    return FilesRequest(
        protocol=protocol,
        device=device,
        challenge=challenge,
        offered=[],
        wanted=[],
        bytes_max=limits.ROUND_SIZE_BYTES_START,
        pieces=[],
    )


def _check_pieces(pieces: list[bytes]) -> None:
    if len(pieces) > limits.FILE_PIECES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many pieces")


_Message = TypeVar("_Message", FilesRequest, FilesAnswer)
_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(FilesRequest)
_answer_decoder = msgspec.msgpack.Decoder(FilesAnswer)


def _decode(decoder: "msgspec.msgpack.Decoder[_Message]", packed: bytes, versions: Versions) -> _Message:
    return decode_message(
        decoder,
        packed,
        size_bytes_max=FILES_MESSAGE_BYTES_MAX,
        versions=versions,
        malformed=reasons.FILE_FORMAT,
    )
