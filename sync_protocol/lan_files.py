"""Messages about files between two PCs of one commune: the pieces and bitmaps of `file_wire`, in the envelope of the office network.

Each says which files it holds that the province is not known to hold, and asks for what it lacks of the other's; words of
the hub (`files_held`) say what has arrived there. Nothing is remembered between two requests. Who may have which file is for
whoever holds the records (`edge_node.lan`).
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from signing.keys import BoxKey
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated
from sync_protocol.lan_envelope import Sent, open_reply, seal_reply, seal_said, unseal
from sync_protocol.signed_message import SignedMessage
from sync_protocol.unpacking import decode_message
from sync_protocol.versions import SPOKEN, Versions
from sync_protocol.wire import Entry

WORDS_MAX: Final = 16
_ID_BYTES: Final = 16
_FILE_BYTES: Final = 32


class LanFilesRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a PC says to a colleague's about files.

    Attributes:
        device, to, challenge, reply_box: as in `LanRequest`.
        offered: files here that the province is not known to hold; of each the other says how it stands.
        wanted: files that the asker would have, with the bitmap of what it holds of each.
        pieces: of offered files.
        words: the hub's, of files that the other offered.
        own: where the asker stands in its own logs, so that another copy of its disk is known by it.
        voucher: as in `Hello`.
    """

    protocol: int
    device: bytes
    to: bytes
    challenge: bytes
    reply_box: bytes
    offered: list[FileAsked]
    wanted: list[FileAsked]
    bytes_max: int
    pieces: list[bytes]
    words: list[bytes]
    own: list[Entry]
    voucher: list[bytes]


class LanFilesAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the other PC says back; `stated` of every offered file, `offered` its own, `pieces` of wanted ones."""

    protocol: int
    challenge: bytes
    problem: str
    stated: list[FileStated]
    offered: list[FileAsked]
    pieces: list[bytes]
    words: list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFilesRequest(SignedMessage[LanFilesRequest]):
    """A request out of its seal."""

    def verify_for(self, to: str, device: PublicKey) -> LanFilesRequest:
        """The request, once it is this device's and meant for us; raises RemoteFault."""
        if self.verify(device).to.hex() != to:
            raise RemoteFault(reasons.ROUND_DEVICE, "a request for another PC")
        return self.said


def seal_files_request(request: LanFilesRequest, device: Signer, box: str) -> Sent:
    """Sign a request and seal it for the X25519 key (hex) of the PC that is asked."""
    return seal_said(msgspec.msgpack.encode(request), Purpose.LAN_FILES, device, box)


def open_files_request(sealed: bytes, box: BoxKey, versions: Versions = SPOKEN) -> OpenedFilesRequest:
    """Take a request out of its seal; raises RemoteFault."""
    plain = unseal(sealed, box)
    request = _decode(_request_decoder, plain[SIGNATURE_BYTES:], versions)
    if (len(request.device), len(request.to), len(request.reply_box)) != (_ID_BYTES, _ID_BYTES, 32):
        raise RemoteFault(reasons.FILE_FORMAT, "ids")
    if len(request.own) > limits.ROUND_LOGS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many logs")
    _check([*request.offered, *request.wanted], request.pieces, request.words)
    return OpenedFilesRequest.of(request, plain, Purpose.LAN_FILES)


def seal_files_answer(answer: LanFilesAnswer, device: Signer, *, asked: OpenedFilesRequest) -> bytes:
    """Sign an answer to a request, and seal it for the key that came with it."""
    packed = msgspec.msgpack.encode(answer)
    return seal_reply(
        packed, Purpose.LAN_FILES_ANSWER, device, asked=asked.packed, reply_box=asked.said.reply_box
    )


def open_files_answer(
    sealed: bytes, box: BoxKey, *, sent: Sent, device: PublicKey, versions: Versions = SPOKEN
) -> LanFilesAnswer:
    """The answer of this device to this request; raises RemoteFault."""
    packed = open_reply(sealed, Purpose.LAN_FILES_ANSWER, box, sent=sent, device=device)
    answer = _decode(_answer_decoder, packed, versions)
    _check(answer.offered, answer.pieces, answer.words)
    if len(answer.stated) > limits.FILES_ROUND_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many files")
    return answer


def _check(asked: list[FileAsked], pieces: list[bytes], words: list[bytes]) -> None:
    if len(asked) > limits.FILES_ROUND_MAX or len(pieces) > limits.FILE_PIECES_MAX or len(words) > WORDS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many files, pieces or words")
    if any(len(each.file) != _FILE_BYTES for each in asked):
        raise RemoteFault(reasons.FILE_FORMAT, "file id")


_Message = TypeVar("_Message", LanFilesRequest, LanFilesAnswer)
_request_decoder = msgspec.msgpack.Decoder(LanFilesRequest)
_answer_decoder = msgspec.msgpack.Decoder(LanFilesAnswer)


def _decode(decoder: "msgspec.msgpack.Decoder[_Message]", packed: bytes, versions: Versions) -> _Message:
    return decode_message(
        decoder,
        packed,
        size_bytes_max=limits.LAN_MESSAGE_BYTES_MAX,
        versions=versions,
        malformed=reasons.FILE_FORMAT,
    )
