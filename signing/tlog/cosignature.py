"""C2SP cosignatures (`cosignature/v1`, Ed25519): a witness says when it saw which checkpoint as the largest consistent one.

What is signed: the line `cosignature/v1`, the line `time <seconds>`, and the text of the checkpoint. The signed message does
not contain the witness's name, so every witness has a key of its own. The time is the witness's word; it is shown, and
no rule of ours decides by it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from signing.errors import LogInvalid
from signing.signatures import SIGNATURE_BYTES
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import COSIGNATURE, Note, NoteSignature, NoteSigner, VerifierKey, verify_message

TIME_MAX: Final = 2**53 - 1

_TIMED: Final = struct.Struct(f">Q{SIGNATURE_BYTES}s")


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: by whom, and when (seconds since 1970, by the witness's clock)."""

    witness: VerifierKey
    time: int


def cosign(checkpoint: Checkpoint, name: str, time: int, signer: NoteSigner) -> NoteSignature:
    """The line that a witness adds to a checkpoint it has found consistent with the last one it saw."""
    key = VerifierKey(name, signer.public, COSIGNATURE)
    if not 0 <= time <= TIME_MAX:
        raise ValueError("a time is a count of seconds")
    signature = signer.sign_plain(_message(time, checkpoint.text))
    return NoteSignature(name, key.hash, _TIMED.pack(time, signature))


def verify_cosignature(text: str, line: NoteSignature, witness: VerifierKey) -> Cosignature:
    """The cosignature of a checkpoint's text by this witness; LogInvalid if the line is not one."""
    if not line.is_named(witness) or witness.type != COSIGNATURE:
        raise LogInvalid("the cosignature is another key's")
    if len(line.signature) != _TIMED.size:
        raise LogInvalid("a cosignature has 72 bytes")
    time, signature = _TIMED.unpack(line.signature)
    if time > TIME_MAX:
        raise LogInvalid("the time of a cosignature is out of range")
    verify_message(witness, _message(time, text), signature)
    return Cosignature(witness, time)


def cosignatures(note: Note, witnesses: tuple[VerifierKey, ...]) -> tuple[Cosignature, ...]:
    """The cosignatures of these witnesses, each once; LogInvalid if one under a known name and hash does not hold."""
    found: dict[VerifierKey, Cosignature] = {}
    for line in note.signatures:
        for witness in witnesses:
            if line.is_named(witness) and witness not in found:
                found[witness] = verify_cosignature(note.text, line, witness)
    return tuple(found.values())


def _message(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
