"""C2SP checkpoints: "the log of this origin has this size and this root", a signed note of three lines.

The origin is the name of the log's key. No extension lines: nothing but the three lines is cosigned as true by witnesses, so
a checkpoint with more is refused. A checkpoint is believed under the log's key and, where a policy is given, with the
cosignatures that its quorum demands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from signing.errors import LogInvalid
from signing.tlog.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from signing.tlog.note import (
    PLAIN,
    Note,
    NoteSigner,
    VerifierKey,
    decode_base64,
    decode_count,
    encode_base64,
    sign_text,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many leaves, which root hash."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise LogInvalid("a checkpoint has a size and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise LogInvalid("an empty tree has another root")

    @property
    def text(self) -> str:
        """The three lines that are signed and cosigned."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the three lines; LogInvalid for anything else, extension lines too."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise LogInvalid("a checkpoint has three lines")
        return cls(lines[0], decode_count(lines[1], most=SIZE_MAX), decode_base64(lines[2]))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> Note:
    """The note of a checkpoint with the log's signature; the key's name is the origin."""
    return Note(checkpoint.text, (sign_text(checkpoint.text, checkpoint.origin, signer),))


def open_checkpoint(note: Note, log: VerifierKey) -> Checkpoint:
    """The checkpoint, signed by this log and of its origin; LogInvalid otherwise. Witnesses are `policy`'s matter."""
    if log.type != PLAIN:
        raise LogInvalid("a log signs plain notes")
    note.verify(log)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise LogInvalid("the checkpoint is another log's")
    return checkpoint
