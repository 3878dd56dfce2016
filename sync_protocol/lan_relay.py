"""Handing loads over on the office network: the messages of a relay (`relay`), from a PC without a line to one that has one.

The PC that asks has loads, its own or others', and would have answers; the one that is asked carries them as if they had come on a
stick. Both may be of different communes, so nothing but loads passes here: enclosed for the hub one way, for their sender the other.
In the envelope of the office network (PROTOCOL.md §22). Not here: who may hand over to whom (`edge_node.lan`).
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from signing.keys import BoxKey
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked
from sync_protocol.lan_envelope import Sent, open_reply, seal_reply, seal_said, unseal
from sync_protocol.relay import (
    RelayAnswer,
    RelayRequest,
    check_loads,
    decode_relay_answer,
    encode_relay_answer,
)
from sync_protocol.signed_message import SignedMessage
from sync_protocol.unpacking import decode_message
from sync_protocol.versions import SPOKEN, Versions

_ID_BYTES: Final = 16
_BOX_BYTES: Final = 32


class LanRelayRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a PC says that hands loads over.

    Attributes:
        device, to, challenge, reply_box, voucher: as in `LanRequest`; the two PCs may be of different communes.
        offered, pieces, senders, bytes_max: as in `RelayRequest`.
        wanted: as there; one whose bitmap is full has come, and need not be kept for this PC.
    """

    protocol: int
    device: bytes
    to: bytes
    challenge: bytes
    reply_box: bytes
    offered: list[FileAsked]
    pieces: list[bytes]
    senders: list[bytes]
    wanted: list[FileAsked]
    bytes_max: int
    voucher: list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRelayRequest(SignedMessage[LanRelayRequest]):
    """A request out of its seal."""

    def verify_for(self, to: str, device: PublicKey) -> LanRelayRequest:
        """The request, once it is this device's and meant for us; raises RemoteFault."""
        if self.verify(device).to.hex() != to:
            raise RemoteFault(reasons.ROUND_DEVICE, "a request for another PC")
        return self.said


def near_request(
    request: RelayRequest, *, to: str, challenge: bytes, reply_box: bytes, voucher: list[bytes]
) -> LanRelayRequest:
    """What would be said to the hub, said to the PC `to` (key id)."""
    return LanRelayRequest(
        protocol=request.protocol,
        device=request.device,
        to=bytes.fromhex(to),
        challenge=challenge,
        reply_box=reply_box,
        offered=request.offered,
        pieces=request.pieces,
        senders=request.senders,
        wanted=request.wanted,
        bytes_max=request.bytes_max,
        voucher=voucher,
    )


def seal_relay_request(request: LanRelayRequest, device: Signer, box: str) -> Sent:
    """Sign a request and seal it for the X25519 key (hex) of the PC that is asked."""
    return seal_said(msgspec.msgpack.encode(request), Purpose.LAN_RELAY, device, box)


def open_relay_request(sealed: bytes, box: BoxKey, versions: Versions = SPOKEN) -> OpenedRelayRequest:
    """Take a request out of its seal; raises RemoteFault (ROUND_SIGNATURE, ROUND_SIZE, RELAY_FORMAT, ROUND_VERSION)."""
    plain = unseal(sealed, box)
    request = decode_message(
        _request_decoder,
        plain[SIGNATURE_BYTES:],
        size_bytes_max=limits.LAN_MESSAGE_BYTES_MAX,
        versions=versions,
        malformed=reasons.RELAY_FORMAT,
    )
    if (len(request.to), len(request.reply_box)) != (_ID_BYTES, _BOX_BYTES):
        raise RemoteFault(reasons.RELAY_FORMAT, "ids")
    check_loads(
        [*request.offered, *request.wanted], request.pieces, devices=[request.device, *request.senders]
    )
    return OpenedRelayRequest.of(request, plain, Purpose.LAN_RELAY)


def seal_relay_answer(answer: RelayAnswer, device: Signer, *, asked: OpenedRelayRequest) -> bytes:
    """Sign an answer to a request, and seal it for the key that came with it."""
    return seal_reply(
        encode_relay_answer(answer),
        Purpose.LAN_RELAY_ANSWER,
        device,
        asked=asked.packed,
        reply_box=asked.said.reply_box,
    )


def open_relay_answer(
    sealed: bytes, box: BoxKey, *, sent: Sent, device: PublicKey, versions: Versions = SPOKEN
) -> RelayAnswer:
    """The answer of this device to this request; raises RemoteFault."""
    packed = open_reply(sealed, Purpose.LAN_RELAY_ANSWER, box, sent=sent, device=device)
    return decode_relay_answer(packed, versions)


_request_decoder = msgspec.msgpack.Decoder(LanRelayRequest)
