"""The hub's receipt: "I hold your log up to here, and have judged it up to there".

A receipt is signed but is not a record: the newest replaces the older, and a change of the hub's epoch voids it until
the hub has confirmed it anew (design §6). It covers all logs of one commune, so that every PC of the office can show
what the others' records have reached.
"""

from collections.abc import Mapping

import msgspec
import orjson

from signing.errors import SignatureInvalid
from signing.signatures import PublicKey, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault

RECEIPT_PURPOSE = "motcua.receipt"
PLACES_OF_A_LOG_MAX = 4
_SIGNATURE_BYTES = 64
_RECEIPT_SIZE_BYTES_MAX = 1024 * 1024


class ReceiptEntry(msgspec.Struct, frozen=True, array_like=True):
    """One log: how long the hub holds it, the head link there, and how far it is judged."""

    held: int
    head: str
    judged: int


class LeafSpan(msgspec.Struct, frozen=True, array_like=True):
    """`count` records of a log from `first` on, whose leaves stand side by side in the province's tree from `position` on."""

    first: int
    count: int
    position: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub held of a commune's logs at `at` (milliseconds, the hub's clock).

    `places` says per log where its newest records stand in the tree, as far as they had a leaf then; older hubs say nothing.
    """

    at: int
    commune: str
    epoch: str
    hub: str
    logs: dict[str, ReceiptEntry]
    v: int = 1
    places: dict[str, tuple[LeafSpan, ...]] = {}


def sign_receipt(receipt: Receipt, hub: Signer) -> bytes:
    """Signature, then canonical JSON."""
    fields = msgspec.to_builtins(receipt)
    if not receipt.places:
        del fields["places"]  # the bytes that receipts had before they could say so
    payload = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return hub.sign(RECEIPT_PURPOSE, payload) + payload


def open_receipt(data: bytes, hub: PublicKey) -> Receipt:
    """Check the hub's signature and read a receipt; raises RemoteFault."""
    if not _SIGNATURE_BYTES < len(data) <= _RECEIPT_SIZE_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_FORMAT, "receipt")
    payload = data[_SIGNATURE_BYTES:]
    try:
        verify(hub, RECEIPT_PURPOSE, payload, data[:_SIGNATURE_BYTES])
        return _decoder.decode(payload)
    except SignatureInvalid as error:
        raise RemoteFault(reasons.ROUND_SIGNATURE, "receipt") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ROUND_FORMAT, "receipt") from error


def newer(one: Receipt, other: Receipt | None) -> Receipt:
    """The receipt to keep: that of another epoch, or the one issued later; of two of one moment the one that says more, so
    that everybody who has seen both keeps the same, whatever came first."""
    if other is None or one.epoch != other.epoch:
        return one
    return one if _rank(one) >= _rank(other) else other


def _rank(receipt: Receipt) -> tuple[int, int, int, bytes]:
    logs = receipt.logs.values()
    held, judged = sum(entry.held for entry in logs), sum(entry.judged for entry in logs)
    return receipt.at, held, judged, orjson.dumps(msgspec.to_builtins(receipt), option=orjson.OPT_SORT_KEYS)


def held_of(receipt: Receipt | None, log: str) -> int:
    """How many records of `log` the hub holds, by this receipt."""
    entry = receipt.logs.get(log) if receipt else None
    return entry.held if entry else 0


def judged_of(receipt: Receipt | None, log: str) -> int:
    """How many records of `log` the hub has judged, by this receipt."""
    entry = receipt.logs.get(log) if receipt else None
    return entry.judged if entry else 0


def same_standing(receipt: Receipt | None, logs: Mapping[str, ReceiptEntry], epoch: str) -> bool:
    """Whether a receipt already says all this, so that the hub need not sign another.

    Places alone are no reason for another: they go along with the next that is signed, and an idle round stays small.
    """
    return receipt is not None and receipt.epoch == epoch and dict(receipt.logs) == dict(logs)


_decoder = msgspec.json.Decoder(Receipt)
