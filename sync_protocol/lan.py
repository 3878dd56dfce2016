"""Rounds between two PCs of one commune: the same frontiers and runs as with the hub, on a network that nobody trusts.

A request is signed by the device that asks and sealed for the device that is asked (libsodium's sealed box, for the X25519
key of its key statement); the answer is signed over the request and sealed for a key that the asker drew for it alone. So
whoever listens reads nothing, whoever answers in another's name is not believed, and nothing can be replayed to anybody's
harm: rounds are idempotent, and a challenge of the serving PC keeps old requests from making it work.

Not here: who is a colleague, and what may be sent to one; that is for whoever holds the logs (`edge_node.lan`).
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from signing.keys import BoxKey
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.lan_envelope import Sent, open_reply, seal_reply, seal_said, unseal
from sync_protocol.log import Seal
from sync_protocol.signed_message import SignedMessage
from sync_protocol.status_mark import STATUS_MARK_BYTES
from sync_protocol.versions import SPOKEN, Versions, is_well_formed
from sync_protocol.wire import RECEIPT_MARK_BYTES, TREE_MARK_BYTES, Entry, Inclusion, Unproven, pack, unpack

BUNDLES_A_ROUND: Final = 4
SEALS_MAX: Final = 16
STEPS_MAX: Final = 16
PLACES_MAX: Final = 4
_BOX_BYTES: Final = 32
HELLO_VERSION: Final = 1
_HELLO: Final = Versions(lowest=HELLO_VERSION, highest=HELLO_VERSION)
_ID_BYTES: Final = 16


class Hello(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Who a PC on the LAN says it is, in clear; worth nothing before its key has answered for it.

    Attributes:
        protocol: of the hello itself, 1 for ever.
        voucher: header and signature of the registry's key statement about it, for a PC that has not met it yet.
        versions: which versions it speaks and what it can do; nil from a PC of before this was said.
    """

    protocol: int
    device: bytes
    unit: str
    voucher: list[bytes]
    versions: Versions | None = None


class SealEntry(msgspec.Struct, frozen=True, array_like=True):
    """A log's position under its device's seal: raw id, length, head link and signature."""

    log: bytes
    length: int
    head: bytes
    signature: bytes

    def opened(self) -> Seal:
        """As the rest of the protocol has it."""
        return Seal(log=self.log.hex(), length=self.length, head=self.head.hex(), signature=self.signature)


class TreeStep(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A checkpoint of the province's log, and the proof that it continues the one before it (empty for the first)."""

    note: bytes
    proof: list[bytes]


class PlacesTold(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Where records lie in the province's log, under this checkpoint."""

    note: bytes
    inclusions: list[Inclusion]


class LanRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a PC says to a colleague's.

    Attributes:
        device, to: raw ids of the PC that asks and of the one that is asked.
        challenge: of the PC that is asked, b"" for none.
        reply_box: X25519 key, drawn for this request, for which the answer is sealed.
        held: where the asker stands in the logs of commune and province.
        receipt_mark, receipt: which receipt of the hub the asker holds; the receipt itself where the other lacks it.
        bundle, bundles: the version of the trust bundle held here; versions that the other lacks.
        seals: of logs of the other PC, where the asker holds more of them or another branch.
        beacons: what PCs of the commune said of themselves, the asker's own first.
        voucher: as in `Hello`, for a PC that said it does not know the asker.
        status_mark: as `RoundRequest.status`.
        wanted: raw ids of records of other communes that the province lists for this one and the asker lacks; and of records held
            without content that it may have by now.
        foreign: frames of such records that the other PC said it lacks.
        tree, unproven: as in `RoundRequest`: where the asker stands in the province's log, whose places in it it lacks.
        steps, places: what the other lacks of these, by the marks of its last answer; `status`: as in `RoundAnswer`.
    """

    protocol: int
    device: bytes
    to: bytes
    challenge: bytes
    reply_box: bytes
    held: list[Entry]
    receipt_mark: bytes
    receipt: bytes
    bundle: int
    bundles: list[bytes]
    seals: list[SealEntry]
    beacons: list[bytes]
    bytes_max: int
    runs: list[bytes]
    voucher: list[bytes] = msgspec.field(default_factory=list)
    status_mark: bytes = b""
    wanted: list[bytes] = msgspec.field(default_factory=list)
    foreign: list[bytes] = msgspec.field(default_factory=list)
    tree: bytes = b""
    unproven: list[Unproven] = msgspec.field(default_factory=list)
    steps: list[TreeStep] = msgspec.field(default_factory=list)
    places: list[PlacesTold] = msgspec.field(default_factory=list)
    status: bytes = b""


class LanAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the other PC says back; members as in the request, `problem`, `more` and `status` as in `RoundAnswer`.

    `held` names every log in which it stands otherwise than the asker, with length 0 for one that it lacks.
    """

    protocol: int
    challenge: bytes
    problem: str
    held: list[Entry]
    receipt_mark: bytes
    receipt: bytes
    bundle: int
    bundles: list[bytes]
    seals: list[SealEntry]
    beacons: list[bytes]
    bytes_max: int
    runs: list[bytes]
    more: bool
    status: bytes = b""
    wanted: list[bytes] = msgspec.field(default_factory=list)
    foreign: list[bytes] = msgspec.field(default_factory=list)
    tree: bytes = b""
    unproven: list[Unproven] = msgspec.field(default_factory=list)
    steps: list[TreeStep] = msgspec.field(default_factory=list)
    places: list[PlacesTold] = msgspec.field(default_factory=list)
    status_mark: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRequest(SignedMessage[LanRequest]):
    """A request out of its seal."""

    def verify_for(self, to: str, device: PublicKey) -> LanRequest:
        """The request, once it is this device's and meant for us; raises RemoteFault."""
        if self.verify(device).to.hex() != to:
            raise RemoteFault(reasons.ROUND_DEVICE, "a request for another PC")
        return self.said


def seal_request(request: LanRequest, device: Signer, box: str) -> Sent:
    """Sign a request and seal it for the X25519 key (hex) of the PC that is asked."""
    return seal_said(pack(_encoder.encode(request)), Purpose.LAN_ROUND, device, box)


def open_request(sealed: bytes, box: BoxKey, versions: Versions = SPOKEN) -> OpenedRequest:
    """Take a request out of its seal; raises RemoteFault."""
    plain = unseal(sealed, box)
    request = unpack(_request_decoder, plain[SIGNATURE_BYTES:], versions)
    if (len(request.device), len(request.to), len(request.reply_box)) != (_ID_BYTES, _ID_BYTES, _BOX_BYTES):
        raise RemoteFault(reasons.ROUND_FORMAT, "ids")
    _check(request)
    return OpenedRequest.of(request, plain, Purpose.LAN_ROUND)


def seal_answer(answer: LanAnswer, device: Signer, *, asked: OpenedRequest) -> bytes:
    """Sign an answer to a request, and seal it for the key that came with it."""
    packed = pack(_encoder.encode(answer))
    return seal_reply(packed, Purpose.LAN_ANSWER, device, asked=asked.packed, reply_box=asked.said.reply_box)


def open_answer(
    sealed: bytes, box: BoxKey, *, sent: Sent, device: PublicKey, versions: Versions = SPOKEN
) -> LanAnswer:
    """The answer of this device to this request; raises RemoteFault."""
    packed = open_reply(sealed, Purpose.LAN_ANSWER, box, sent=sent, device=device)
    answer = unpack(_answer_decoder, packed, versions)
    _check(answer)
    return answer


def encode_hello(hello: Hello) -> bytes:
    """Pack a hello."""
    return pack(_encoder.encode(hello))


def decode_hello(data: bytes) -> Hello:
    """Parse a hello; raises RemoteFault."""
    hello = unpack(_hello_decoder, data, _HELLO)
    if hello.versions is not None and not is_well_formed(hello.versions):
        raise RemoteFault(reasons.ROUND_FORMAT, "versions")
    if len(hello.device) != _ID_BYTES or len(hello.voucher) not in (0, 2):
        raise RemoteFault(reasons.ROUND_FORMAT, "hello")
    return hello


def _check(message: LanRequest | LanAnswer) -> None:
    if len(message.held) > limits.ROUND_LOGS_MAX or len(message.runs) > limits.ROUND_RUNS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many logs or runs")
    if len(message.beacons) > limits.BEACONS_MAX or len(message.bundles) > BUNDLES_A_ROUND:
        raise RemoteFault(reasons.ROUND_SIZE, "too many beacons or bundles")
    if len(message.seals) > SEALS_MAX or len(message.receipt_mark) not in (0, RECEIPT_MARK_BYTES):
        raise RemoteFault(reasons.ROUND_FORMAT, "seals or receipt")
    if len(message.wanted) > limits.ROUND_WANTED_MAX or len(message.foreign) > limits.ROUND_RUNS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many records of other communes")
    if len(message.steps) > STEPS_MAX or max(len(message.places), len(message.unproven)) > PLACES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many steps or places")
    if len(message.tree) not in (0, TREE_MARK_BYTES) or len(message.status_mark) not in (
        0,
        STATUS_MARK_BYTES,
    ):
        raise RemoteFault(reasons.ROUND_FORMAT, "tree or status")
    if any(len(each) != 32 for each in message.wanted):
        raise RemoteFault(reasons.ROUND_FORMAT, "record id")
    for entry in message.seals:
        if (len(entry.log), len(entry.head), len(entry.signature)) != (_ID_BYTES, 32, SIGNATURE_BYTES):
            raise RemoteFault(reasons.ROUND_FORMAT, "seal")


_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(LanRequest)
_answer_decoder = msgspec.msgpack.Decoder(LanAnswer)
_hello_decoder = msgspec.msgpack.Decoder(Hello)
