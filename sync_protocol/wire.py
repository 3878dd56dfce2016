"""The messages of a round ⇄ bytes; the only place that knows their format.

A request is the device's signature (64 bytes), then the packed message; an answer is the packed message alone (its
records, seals and receipt carry their own signatures, and the channel is the hub's TLS). A packed message is one byte
(0 plain, 1 zstd) and MessagePack. Structs travel as arrays: a newer peer may append members, an older one ignores
them. Ids travel as raw bytes. Everything is bounded before it is unpacked (`limits`).
"""

import hashlib

import msgspec
import zstandard

from signing.signatures import Signer
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import HEAD_PREFIX_BYTES, Frontier, FrontierEntry
from sync_protocol.signed_message import SignedMessage, sign_message
from sync_protocol.status_mark import STATUS_MARK_BYTES
from sync_protocol.unpacking import Message, decode_message, unpack_zstd
from sync_protocol.versions import SPOKEN, VERSIONS_MARK_BYTES, Versions
from sync_protocol.voucher import is_well_formed

ROUND_PURPOSE = "motcua.round"
_PLAIN, _ZSTD = b"\0", b"\1"
_SIGNATURE_BYTES = 64
TREE_MARK_BYTES = 16
RECEIPT_MARK_BYTES = 8


class DigestState:
    """What the hub found when it compared derived state (design §6)."""

    NOT_COMPARABLE = 0
    EQUAL = 1
    DIFFERENT = 2


class CopyState:
    """What the hub thinks of the database that asks (design §6): a suspected copy delivers and reads nothing."""

    NONE = 0
    WAITING = 1
    CONFIRMED = 2
    REFUSED = 3


class ForkTold(msgspec.Struct, frozen=True, array_like=True):
    """The hub holds other records of `log` (raw id) than the node.

    Those of the node, from `first` on, are kept there as `branch` (raw id); while that is b"" they have not been delivered
    from far enough back.
    """

    log: bytes
    first: int
    branch: bytes


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One log's position: raw id, base, length, and the first 16 bytes of the head link."""

    log: bytes
    base: int
    length: int
    head: bytes


class Beacon(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """How the node is: what the fleet page shows; no personal data.

    Attributes:
        oldest_unsent_s: age of the oldest record that the province does not hold, in seconds; 0 when none.
        offset_ms: last measured clock offset (province − this PC).
        codes_left: dossier codes left today in this device's leases.
        files: scans and results that the province does not hold; history: records of the past that are not here yet.
        problem: reason code of what stopped the last sync, "" for nothing (or in a round, which is not stopped).
    """

    version: str
    fold: int
    unsent: int
    oldest_unsent_s: int
    conflicts: int
    refused: int
    offset_ms: int
    disk_free_mb: int
    database_mb: int
    codes_left: int
    files: int = 0
    history: int = 0
    problem: str = ""


class Unproven(msgspec.Struct, frozen=True, array_like=True):
    """A log, raw id, and the first of its records whose place in the province's tree the node wants to be shown."""

    log: bytes
    first: int


class Inclusion(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Where `count` records of a log stand in the tree of the newest checkpoint, and the proof (`merkle.range_proof`)."""

    log: bytes
    first: int
    count: int
    position: int
    proof: list[bytes]


class RoundRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a node says in a round.

    Attributes:
        protocol: the version of the protocol.
        device: raw key id of the PC.
        challenge: the hub's, from its last answer; b"" for none, which is answered with one.
        hub_epoch: raw; of the hub as the node knows it.
        sent_ms: by this PC's clock.
        frontier: what the node holds of its commune's and the province's logs.
        digest: of the dossiers that the unit keeps, b"" where they cannot be compared.
        receipt: the first 8 bytes of SHA-256 over the receipt that the node has, b"" for none.
        beacon: how this PC is.
        bytes_max: how large the answer may be.
        runs: frames of what the hub lacks.
        tree: the newest checkpoint that the node has checked (`tree_mark`), b"" for none.
        cosignature: the node's line under that checkpoint, until it has been sent once.
        unproven: own logs with receipted records whose place in the tree is not checked yet, and records of any log held here
            whose place is wanted for a proof.
        evidence: a checkpoint, signed by the hub's log, that what the hub shows now contradicts.
        bundle: the version of the trust bundle that the node holds; 0 from a node that does not say.
        unwitnessed: records whose place under a checkpoint with the policy's quorum the node wants; none where the newest
            checkpoint itself makes the quorum (no witness asked for), since `unproven` brings the same then.
        beacons: what other PCs of the commune said of themselves over the LAN, as they signed it (`carried`).
        wanted: ids of foreign records that a list names and the node does not hold; and of records that it holds without their
            content, of dossiers that its unit keeps since a re-organisation.
        writing: the log (raw id) in which the node records now: which of two copies of one disk it is.
        voucher: header and signature of the registry's key statement about the node, for a hub that does not know it (`voucher`).
        status: which status snapshot the node holds (`StatusMark`); b"" from a node that does not say.
        versions: what the node holds of the versions that its hub speaks (`versions_mark`); b"" from a node that does not say.
    """

    protocol: int
    device: bytes
    challenge: bytes
    hub_epoch: bytes
    sent_ms: int
    frontier: list[Entry]
    digest: bytes
    receipt: bytes
    beacon: Beacon
    bytes_max: int
    runs: list[bytes]
    tree: bytes = b""
    cosignature: bytes = b""
    unproven: list[Unproven] = msgspec.field(default_factory=list)
    evidence: bytes = b""
    bundle: int = 0
    unwitnessed: list[Unproven] = msgspec.field(default_factory=list)
    beacons: list[bytes] = msgspec.field(default_factory=list)
    wanted: list[bytes] = msgspec.field(default_factory=list)
    writing: bytes = b""
    voucher: list[bytes] = msgspec.field(default_factory=list)
    status: bytes = b""
    versions: bytes = b""


class RoundAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the hub says back.

    Attributes:
        protocol: the version in which the request came.
        challenge: to be signed in the next request.
        hub_epoch: raw; another than the node knows voids receipts.
        now_ms: by the hub's clock.
        problem: reason code of a refusal of the whole round, "" when it was taken.
        held: where the hub stands in logs of this commune, as far as that differs from the request's frontier.
        receipt: the newest signed receipt, b"" when the node has it already.
        runs: frames of what the node lacks.
        foreign: records of other communes that concern this one (header bytes, signature and body in a frame).
        digest: of the same dossiers as the hub has them, b"" where they cannot be compared.
        digest_state: 0 not comparable, 1 equal, 2 different.
        next_sync_after_s: how long the hub asks to wait.
        bytes_max: how large the next request may be.
        more: the hub has more for the node than fitted.
        checkpoint: the newest checkpoint of the province's log, b"" when the node has it already.
        consistency: proof that it continues the one that the node has.
        inclusions: where records that the node asked for stand in it.
        bundles: the versions of the trust bundle after the node's, the oldest first; each stands on the one before.
        witnessed: the newest checkpoint with the policy's quorum and its cosignatures, where it holds records of `unwitnessed`.
        witnessed_inclusions: where those stand in it.
        forks: logs of which the node holds another continuation, the log before its branches.
        copy: what the hub thinks of the database that asks (`CopyState`).
        status: the newest status snapshot (signing/PROOF.md §6), b"" where the node's is good enough (`is_status_due`).
        status_proof: proof that the tree of that snapshot and the checkpoint that the node has by now are one log.
        versions: which versions the hub speaks and what it can do, nil where the node holds just that or does not ask.
    """

    protocol: int
    challenge: bytes
    hub_epoch: bytes
    now_ms: int
    problem: str
    held: list[Entry]
    receipt: bytes
    runs: list[bytes]
    foreign: list[bytes]
    digest: bytes
    digest_state: int
    next_sync_after_s: int
    bytes_max: int
    more: bool
    checkpoint: bytes = b""
    consistency: list[bytes] = msgspec.field(default_factory=list)
    inclusions: list[Inclusion] = msgspec.field(default_factory=list)
    bundles: list[bytes] = msgspec.field(default_factory=list)
    witnessed: bytes = b""
    witnessed_inclusions: list[Inclusion] = msgspec.field(default_factory=list)
    forks: list[ForkTold] = msgspec.field(default_factory=list)
    copy: int = CopyState.NONE
    status: bytes = b""
    status_proof: list[bytes] = msgspec.field(default_factory=list)
    versions: Versions | None = None


SignedRequest = SignedMessage[RoundRequest]


def encode_request(request: RoundRequest, device: Signer) -> bytes:
    """Pack and sign a request."""
    return sign_message(pack(_encoder.encode(request)), ROUND_PURPOSE, device)


def open_request(data: bytes, versions: Versions = SPOKEN) -> SignedRequest:
    """Parse a request in one of these versions; raises RemoteFault (ROUND_FORMAT, ROUND_SIZE, ROUND_VERSION)."""
    if len(data) <= _SIGNATURE_BYTES:
        raise RemoteFault(reasons.ROUND_FORMAT, "too short")
    request = unpack(_request_decoder, data[_SIGNATURE_BYTES:], versions)
    if len(request.device) != 16 or len(request.digest) not in (0, 32):
        raise RemoteFault(reasons.ROUND_FORMAT, "device or digest")
    if len(request.frontier) > limits.ROUND_LOGS_MAX or len(request.runs) > limits.ROUND_RUNS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many logs or runs")
    if len(request.writing) not in (0, 16):
        raise RemoteFault(reasons.ROUND_FORMAT, "writing")
    if not is_well_formed(request.voucher):
        raise RemoteFault(reasons.ROUND_FORMAT, "voucher")
    if len(request.status) not in (0, STATUS_MARK_BYTES):
        raise RemoteFault(reasons.ROUND_FORMAT, "status")
    if len(request.versions) not in (0, VERSIONS_MARK_BYTES):
        raise RemoteFault(reasons.ROUND_FORMAT, "versions")
    if len(request.beacons) > limits.BEACONS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many beacons")
    if len(request.wanted) > limits.ROUND_WANTED_MAX or any(len(each) != 32 for each in request.wanted):
        raise RemoteFault(reasons.ROUND_FORMAT, "wanted")
    asked = max(len(request.unproven), len(request.unwitnessed))
    if len(request.tree) not in (0, TREE_MARK_BYTES) or asked > limits.ROUND_LOGS_MAX:
        raise RemoteFault(reasons.ROUND_FORMAT, "checkpoint")
    return SignedMessage.of(request, data, ROUND_PURPOSE)


def encode_answer(answer: RoundAnswer) -> bytes:
    """Pack an answer."""
    return pack(_encoder.encode(answer))


def decode_answer(data: bytes, versions: Versions = SPOKEN) -> RoundAnswer:
    """Parse an answer in one of these versions; raises RemoteFault."""
    answer = unpack(_answer_decoder, data, versions)
    if (
        len(answer.forks) > limits.ROUND_LOGS_MAX
        or len(answer.held) > limits.ROUND_LOGS_MAX
        or len(answer.runs) > limits.ROUND_RUNS_MAX
    ):
        raise RemoteFault(reasons.ROUND_SIZE, "too many logs or runs")
    if len(answer.foreign) > limits.ROUND_RUNS_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, "too many foreign runs")
    return answer


def entries_of(frontier: Frontier) -> list[Entry]:
    """A frontier in its wire form, in order of log id."""
    return [
        Entry(bytes.fromhex(e.log), e.base, e.length, bytes.fromhex(e.head)[:HEAD_PREFIX_BYTES])
        for _, e in sorted(frontier.items())
    ]


def frontier_of(entries: list[Entry]) -> Frontier:
    """A frontier from its wire form (its heads are short); raises RemoteFault."""
    for entry in entries:
        if (
            len(entry.log) != 16
            or len(entry.head) != HEAD_PREFIX_BYTES
            or not 0 <= entry.base <= entry.length
        ):
            raise RemoteFault(reasons.ROUND_FORMAT, "frontier entry")
    return Frontier(
        FrontierEntry(log=e.log.hex(), base=e.base, length=e.length, head=e.head.hex()) for e in entries
    )


def tree_mark(size: int, root: bytes) -> bytes:
    """The 16 bytes by which a node says which checkpoint it holds: size, and the beginning of the root."""
    return size.to_bytes(8, "big") + root[:8]


def receipt_prefix(receipt: bytes) -> bytes:
    """The 8 bytes by which a node says which receipt it holds; b"" for none."""
    return hashlib.sha256(receipt).digest()[:RECEIPT_MARK_BYTES] if receipt else b""


_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(RoundRequest)
_answer_decoder = msgspec.msgpack.Decoder(RoundAnswer)


def pack(data: bytes) -> bytes:
    """MessagePack as it travels: one byte (0 plain, 1 zstd), then the bytes."""
    small = zstandard.ZstdCompressor(level=3).compress(data) if len(data) > 256 else data
    return _ZSTD + small if len(small) < len(data) else _PLAIN + data


def unpack(
    decoder: "msgspec.msgpack.Decoder[Message]", packed: bytes, versions: Versions = SPOKEN
) -> Message:
    """A packed message in one of these versions, bounded before it is unpacked; raises RemoteFault."""
    if len(packed) > limits.ROUND_SIZE_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, f"{len(packed)} bytes")
    form, data = packed[:1], packed[1:]
    try:
        if form == _ZSTD:
            data = unpack_zstd(data, size_bytes_max=2 * limits.ROUND_SIZE_BYTES_MAX)
        elif form != _PLAIN:
            raise RemoteFault(reasons.ROUND_FORMAT, "form byte")
    except (zstandard.ZstdError, MemoryError) as error:
        raise RemoteFault(reasons.ROUND_FORMAT, f"{type(error).__name__}: {error}") from error
    return decode_message(
        decoder,
        data,
        size_bytes_max=2 * limits.ROUND_SIZE_BYTES_MAX,
        versions=versions,
        malformed=reasons.ROUND_FORMAT,
    )
