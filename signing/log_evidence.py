"""What a proof shows of the province's log: which checkpoints are believed, and where each record lies.

Evidence that does not hold is left aside: it proves nothing, and whoever wanted to could have left it out of the file. So
nothing here fails a record; it says what is shown, and what was short of being shown.

Where the roots declare the algorithm broken, signatures on checkpoints prove nothing either: then the one tree head that the
roots name is believed, by its hash, and no word of a witness on when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from signing import reasons
from signing.bundles import Broken
from signing.errors import LogInvalid
from signing.proof_file import Inclusion
from signing.report import TimeBound
from signing.signed_header import HeaderAnchor, SignedHeader
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import leaf_hash, verify_inclusion
from signing.tlog.note import Note
from signing.tlog.policy import Policy, Witnessed

_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BelievedCheckpoint:
    """A checkpoint under the bundle's policy.

    `position` is its place in the file, `lines` the signature lines that count, `quorum` how many of how many witnesses.
    """

    position: int
    witnessed: Witnessed
    lines: frozenset[int]
    quorum: str

    @property
    def size(self) -> int:
        return self.witnessed.checkpoint.size

    @property
    def bound(self) -> TimeBound:
        """The size, and the earliest word of a witness on when it stood."""
        cosignatures = self.witnessed.cosignatures
        return TimeBound(
            size=self.size,
            time_ms=min((each.time * _MS for each in cosignatures), default=None),
            witnesses=tuple(sorted(each.witness.name for each in cosignatures)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Where a record was shown to lie; `number` is the place of the inclusion among the record's."""

    checkpoint: BelievedCheckpoint
    index: int
    number: int


@dataclass(slots=True)
class LogEvidence:
    """The checkpoints of a file; `refused` says why one is not believed, `signature_lines` how many each has."""

    believed: dict[int, BelievedCheckpoint] = field(default_factory=dict)
    refused: list[tuple[int, str, bool]] = field(default_factory=list)
    signature_lines: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, checkpoints: Sequence[str], policy: Policy | None, broken: Broken | None = None) -> Self:
        """Believe what the policy believes, or the one that the roots name; without a policy, nothing."""
        evidence = cls()
        for position, text in enumerate(checkpoints):
            try:
                if broken is None:
                    evidence._open(position, text, policy)
                else:
                    evidence._open_named(position, text, broken)
            except LogInvalid as error:
                evidence.refused.append((position, error.detail, error.reason is reasons.LOG_QUORUM))
        return evidence

    def _open(self, position: int, text: str, policy: Policy | None) -> None:
        if policy is None:
            raise LogInvalid("the trust bundle names no log")
        note = Note.parse(text.encode())
        self.signature_lines[position] = len(note.signatures)
        witnessed = policy.open(note)
        self.believed[position] = BelievedCheckpoint(
            position=position,
            witnessed=witnessed,
            lines=frozenset(_counted(note, witnessed, policy)),
            quorum=f"{len(witnessed.cosignatures)}/{len(policy.witnesses)}",
        )

    def _open_named(self, position: int, text: str, broken: Broken) -> None:
        note = Note.parse(text.encode())
        self.signature_lines[position] = len(note.signatures)
        head = Checkpoint.parse(note.text)
        if (head.origin, head.size, head.root.hex()) != (broken.origin, broken.size, broken.root):
            raise LogInvalid("its signatures are of a broken algorithm")
        self.believed[position] = BelievedCheckpoint(
            position=position, witnessed=Witnessed(head, ()), lines=frozenset(), quorum="0/0"
        )

    def is_short(self, position: int) -> bool:
        """Whether this checkpoint lacks nothing but witnesses."""
        return any(is_short for refused, _detail, is_short in self.refused if refused == position)

    def logged(self, header: SignedHeader, link: str, inclusions: Sequence[Inclusion]) -> Logged | None:
        """The earliest checkpoint that is shown to hold the record; None if none is."""
        shown = [
            Logged(checkpoint=self.believed[each.checkpoint], index=each.index, number=number)
            for number, each in enumerate(inclusions)
            if each.checkpoint in self.believed and self._holds(header, link, each)
        ]
        return min(shown, key=lambda each: (each.checkpoint.size, each.number), default=None)

    def anchored(self, anchor: HeaderAnchor | None) -> BelievedCheckpoint | None:
        """The believed checkpoint that a record's anchor names, if the file has it."""
        if anchor is None:
            return None
        for each in self.believed.values():
            head = each.witnessed.checkpoint
            if (head.origin, head.size, head.root.hex()) == (anchor.origin, anchor.size, anchor.root):
                return each
        return None

    def _holds(self, header: SignedHeader, link: str, inclusion: Inclusion) -> bool:
        head = self.believed[inclusion.checkpoint].witnessed.checkpoint
        leaf = Leaf(by=header.by, kind=header.kind, link=link, log=header.log, seq=header.seq)
        try:
            verify_inclusion(
                leaf_hash(leaf.encode()), inclusion.index, head.size, inclusion.hashes, head.root
            )
        except LogInvalid:
            return False
        return True


def record_link(record_id: str, signature: bytes) -> str:
    """SHA-256 of id and signature: what chains and leaves are made of."""
    return hashlib.sha256(bytes.fromhex(record_id) + signature).hexdigest()


def _counted(note: Note, witnessed: Witnessed, policy: Policy) -> Iterator[int]:
    """The signature lines that were verified: the first of each key."""
    keys = {each.witness for each in witnessed.cosignatures}
    log = next(log for log in policy.logs if note.signature_of(log) is not None)
    for key in (log, *keys):
        yield next(number for number, line in enumerate(note.signatures) if line.is_named(key))
