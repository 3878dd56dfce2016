"""A log: the append-only chain of records by one device, for one commune, in one epoch; its seals and its runs.

A log's id is derived from device, commune and epoch, so nobody can append to a log of another device by naming it.
Record 0 (`log.opened`) says which logs it follows and why. A seal is the device's signature over length and head: it
vouches for the whole chain below it, whoever signed the single records. Nothing here stores anything.

Two copies of one disk may continue one log differently. What was seen first stays the log; the other continuation is a
*branch*: the same signed bytes under an id of its own, made of the log's id and the first link that differs, so that
everybody who meets the fork gives it the same name. Headers and seals of a branch go on naming the log.
"""

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from signing.errors import SignatureInvalid
from signing.signatures import PublicKey, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RunInvalid
from sync_protocol.record import Header, UnverifiedRecord

SEAL_PURPOSE = "motcua.seal"
OPENING_KIND = "log.opened"


class OpeningReason(StrEnum):
    """Why a log was opened."""

    NEW = "new"
    RESTORE = "restore"
    CLONE = "clone"
    REKEY = "rekey"
    REORGANISATION = "reorganisation"


class Predecessor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log stood that the new one follows."""

    log: str
    length: int
    head: str


class LogOpening(msgspec.Struct, frozen=True, kw_only=True):
    """What record 0 of a log says."""

    device: str
    epoch: str
    reason: OpeningReason
    predecessors: tuple[Predecessor, ...] = ()

    def to_facts(self) -> dict[str, Any]:
        """The facts of the `log.opened` record."""
        return {
            "device": self.device,
            "epoch": self.epoch,
            "reason": self.reason.value,
            "predecessors": [{"head": p.head, "length": p.length, "log": p.log} for p in self.predecessors],
        }

    @classmethod
    def from_header(cls, header: Header) -> "LogOpening":
        """Read record 0 and check that it derives its own log's id; raises RunInvalid."""
        try:
            opening = msgspec.convert(header.facts, cls)
        except msgspec.ValidationError as error:
            raise RunInvalid(reasons.LOG_CHAIN, str(error)) from error
        derived = log_id(opening.device, header.commune, opening.epoch)
        if header.name != OPENING_KIND or header.seq != 0 or header.prev is not None or header.log != derived:
            raise RunInvalid(reasons.LOG_CHAIN, "record 0 does not open this log")
        return opening


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The device's signature over a log's length and head link.

    `log` is where it is kept; what was signed names the log of the records, which differs for a branch.
    """

    log: str
    length: int
    head: str
    signature: bytes


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A contiguous stretch of one log or branch: records `first` … `first + len(records) - 1`.

    `seal` stands at the end of the run, or is None for a tail that its device has not sealed yet.
    """

    log: str
    first: int
    records: tuple[UnverifiedRecord, ...]
    seal: Seal | None = None

    @property
    def stop(self) -> int:
        """The length of the log after this run."""
        return self.first + len(self.records)

    @property
    def origin(self) -> str:
        """The log that the records name: `log` itself, or the one of which it is a branch."""
        return self.records[0].header.log

    @property
    def is_branch(self) -> bool:
        return self.origin != self.log

    @property
    def begins_branch(self) -> bool:
        """Whether the first record is the first that differs: a branch is held from there on."""
        return self.is_branch and self.first > 0 and branch_id(self.origin, self.records[0].link) == self.log


def log_id(device: str, commune: str, epoch: str) -> str:
    """The id of the log of `device` (key id) for `commune` in `epoch`: 32 hex digits."""
    text = f"{device}|{commune}|{epoch}".encode("ascii")
    return hashlib.sha256(b"motcua.log\0" + text).hexdigest()[:32]


def branch_id(log: str, first_link: str) -> str:
    """The id of the branch of `log` that begins with the record of this link: 32 hex digits."""
    return hashlib.sha256(b"motcua.branch\0" + bytes.fromhex(log) + bytes.fromhex(first_link)).hexdigest()[
        :32
    ]


def seal_bytes(log: str, length: int, head: str) -> bytes:
    """What a seal signs, in canonical JSON."""
    return f'{{"head":"{head}","length":{length},"log":"{log}","v":1}}'.encode("ascii")


def make_seal(log: str, length: int, head: str, device: Signer, *, origin: str | None = None) -> Seal:
    """Seal a log at its present length with the device's key; `origin` is the log that a branch's records name."""
    signature = device.sign(SEAL_PURPOSE, seal_bytes(origin or log, length, head))
    return Seal(log=log, length=length, head=head, signature=signature)


def verify_seal(seal: Seal, device: PublicKey, *, origin: str | None = None) -> None:
    """Check a seal under the key of the log's device; raises RunInvalid."""
    try:
        signed = seal_bytes(origin or seal.log, seal.length, seal.head)
        verify(device, SEAL_PURPOSE, signed, seal.signature)
    except SignatureInvalid as error:
        raise RunInvalid(reasons.LOG_SEAL) from error


def check_chain(run: Run, prev: str | None) -> str:
    """Check that `run` continues a log whose head link is `prev`; returns the new head link. Raises RunInvalid.

    Looks at positions and links only: signatures of single records are the judge's business.
    """
    if not run.records:
        raise RunInvalid(reasons.LOG_CHAIN, "an empty run")
    if run.is_branch and run.first == 0:
        raise RunInvalid(reasons.LOG_CHAIN, "record 0 opens a log, it begins no branch")
    origin, commune = run.origin, run.records[0].header.commune
    head = prev or ""
    for seq, record in enumerate(run.records, run.first):
        header = record.header
        if (
            header.log != origin
            or header.seq != seq
            or (header.prev or "") != head
            or header.commune != commune
        ):
            raise RunInvalid(reasons.LOG_CHAIN, f"position {seq}")
        head = record.link
    if run.first == 0:
        LogOpening.from_header(run.records[0].header)
    if run.seal and (run.seal.log != run.log or run.seal.length != run.stop or run.seal.head != head):
        raise RunInvalid(reasons.LOG_SEAL, "the seal does not stand at the end of the run")
    return head
