"""A beacon that another PC carries: how a PC is, in its own signed words, so that it gets through where its data cannot.

The province believes the words by their signature, never by who brings them. `count` grows with every beacon of one log, so
that an old one that comes again is known for what it is; no clock is asked.
"""

import msgspec

from signing.signatures import SIGNATURE_BYTES, Purpose, Signer
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.signed_message import SignedMessage, sign_message
from sync_protocol.wire import Beacon

BEACON_BYTES_MAX = 512


class CarriedBeacon(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a PC says of itself to whoever passes it on.

    Attributes:
        device, log: raw ids of the PC and of the log that it writes now.
        count: how many beacons it had made for this log.
        leases_seen: length of the hub's log of the commune as the PC holds it: which number leases it knows of.
        tree, cosignature: as in `RoundRequest`: the checkpoint that it has checked, and its line for it while it has no line of its own.
    """

    device: bytes
    log: bytes
    count: int
    leases_seen: int
    beacon: Beacon
    tree: bytes = b""
    cosignature: bytes = b""


SignedBeacon = SignedMessage[CarriedBeacon]


def sign_beacon(said: CarriedBeacon, device: Signer) -> bytes:
    """Signature, then MessagePack."""
    return sign_message(_encoder.encode(said), Purpose.BEACON, device)


def open_beacon(data: bytes) -> SignedBeacon:
    """Parse a carried beacon; raises RemoteFault."""
    if not SIGNATURE_BYTES < len(data) <= BEACON_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon size")
    try:
        said = _decoder.decode(data[SIGNATURE_BYTES:])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon") from error
    if len(said.device) != 16 or len(said.log) != 16 or said.count < 0 or said.leases_seen < 0:
        raise RemoteFault(reasons.ROUND_FORMAT, "beacon")
    return SignedMessage.of(said, data, Purpose.BEACON)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CarriedBeacon)
