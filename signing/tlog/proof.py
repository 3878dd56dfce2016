"""C2SP tlog-proof: one text that proves offline that a leaf stands in the log.

    c2sp.org/tlog-proof@v1
    [extra <base64>]
    index <n>
    <base64 of each hash of the inclusion proof, nearest first>
    <empty line>
    <checkpoint, verbatim>

The leaf is not in it: whoever verifies computes it from the record in hand. `extra` is nobody's word and is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from signing.errors import LogInvalid
from signing.tlog.merkle import HASH_BYTES, PROOF_HASHES_MAX, SIZE_MAX, leaf_hash, verify_inclusion
from signing.tlog.note import NOTE_BYTES_MAX, Note, decode_base64, decode_count, encode_base64
from signing.tlog.policy import Policy, Witnessed

EXTRA_BYTES_MAX: Final = 64 * 1024

_FORMAT: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Where a leaf stands, the path from it to the root, and the signed checkpoint of that root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The text of the proof, in UTF-8."""
        extra = "" if self.extra is None else f"extra {encode_base64(self.extra)}\n"
        path = "".join(f"{encode_base64(value)}\n" for value in self.hashes)
        return f"{_FORMAT}\n{extra}index {self.index}\n{path}\n".encode() + self.checkpoint.encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a proof; LogInvalid for anything else. Nothing is verified yet."""
        if len(data) > NOTE_BYTES_MAX:
            raise LogInvalid(f"a proof has at most {NOTE_BYTES_MAX} bytes")
        head, found, note = data.partition(b"\n\n")
        if not found or not head.isascii():
            raise LogInvalid("a proof has an empty line before its checkpoint")
        lines = head.decode("ascii").split("\n")
        if lines.pop(0) != _FORMAT:
            raise LogInvalid("the text is no tlog-proof of version 1")
        extra = _read_extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index ") or len(lines) > PROOF_HASHES_MAX + 1:
            raise LogInvalid("a proof has an index and at most 63 hashes")
        index = decode_count(lines[0].removeprefix("index "), most=SIZE_MAX)
        hashes = tuple(decode_base64(line) for line in lines[1:])
        if any(len(value) != HASH_BYTES for value in hashes):
            raise LogInvalid("a hash has 32 bytes")
        return cls(index, hashes, Note.parse(note), extra)

    def verify(self, leaf: bytes, policy: Policy) -> Witnessed:
        """The checkpoint that holds these leaf bytes, if the policy believes it; LogInvalid otherwise."""
        witnessed = policy.open(self.checkpoint)
        head = witnessed.checkpoint
        verify_inclusion(leaf_hash(leaf), self.index, head.size, self.hashes, head.root)
        return witnessed


def _read_extra(line: str) -> bytes:
    extra = decode_base64(line.removeprefix("extra "))
    if len(extra) > EXTRA_BYTES_MAX:
        raise LogInvalid("the extra data is longer than 64 KiB")
    return extra
