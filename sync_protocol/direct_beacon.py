"""A beacon on its own path: how a node is, said to the hub in one small request even when its data does not get through.

`POST /sync/v1/beacon` (PROTOCOL.md §18). It needs nothing of a round: no frontier, no frame, no write on the node. The hub's
challenge makes it fresh; a stale one costs one more request, as in rounds.
"""

import msgspec

from signing.signatures import SIGNATURE_BYTES, Purpose, Signer
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.signed_message import SignedMessage, sign_message
from sync_protocol.wire import Beacon

DIRECT_BEACON_BYTES_MAX = 1024


class DirectBeacon(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a node says: raw device id, the hub's newest challenge (b"" for none), and how it is."""

    version: int = 1
    device: bytes
    challenge: bytes
    beacon: Beacon


class DirectAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the hub says back: whether it took note, and the challenge to be used next."""

    is_taken: bool
    challenge: bytes
    now_ms: int


def sign_direct(said: DirectBeacon, device: Signer) -> bytes:
    """Signature, then MessagePack."""
    return sign_message(_encoder.encode(said), Purpose.DIRECT_BEACON, device)


def open_direct(data: bytes) -> SignedMessage[DirectBeacon]:
    """Parse a direct beacon; raises RemoteFault."""
    if not SIGNATURE_BYTES < len(data) <= DIRECT_BEACON_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon size")
    try:
        said = _decoder.decode(data[SIGNATURE_BYTES:])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon") from error
    if len(said.device) != 16 or said.version != 1:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon")
    return SignedMessage.of(said, data, Purpose.DIRECT_BEACON)


def encode_direct_answer(answer: DirectAnswer) -> bytes:
    """Pack the hub's answer."""
    return _encoder.encode(answer)


def decode_direct_answer(data: bytes) -> DirectAnswer:
    """Parse the hub's answer; raises RemoteFault."""
    try:
        return _answer_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon answer") from error


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(DirectBeacon)
_answer_decoder = msgspec.msgpack.Decoder(DirectAnswer)
