"""The newest checkpoint that this PC has checked, kept beside the watermark, outside the database.

It is what makes a rewritten history visible, so no restore may take it back. It is on the disk before anybody is told that
this PC has seen it. Evidence of two histories is kept in files of its own, which the program never deletes.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from signing import canonical
from signing.errors import LogInvalid
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from sync_protocol.record import Anchor

_NAME: Final = "checkpoint"
_EVIDENCE: Final = "log-conflict"
_STATUS_EVIDENCE: Final = "status-conflict"


def read_seen(folder: Path) -> tuple[Checkpoint, bytes] | None:
    """The checkpoint and its note, or None before the first. What is here was verified when it was written."""
    try:
        note = (folder / _NAME).read_bytes()
        return _said(note), note
    except (OSError, LogInvalid):
        return None


@lru_cache(maxsize=16)
def _said(note: bytes) -> Checkpoint:
    """What a note says: each record, round and page asks for the newest one again."""
    return Checkpoint.parse(Note.parse(note).text)


def seen_note(folder: Path) -> bytes | None:
    """The note of the newest checkpoint this PC has checked."""
    seen = read_seen(folder)
    return None if seen is None else seen[1]


def anchor_of(folder: Path) -> Anchor | None:
    """The checkpoint as headers name it."""
    seen = read_seen(folder)
    if seen is None:
        return None
    head, _ = seen
    return Anchor(origin=head.origin, root=head.root.hex(), size=head.size)


def write_seen(folder: Path, note: bytes) -> None:
    """Replace the checkpoint; raises OSError where the disk does not take it, and then nothing may be cosigned."""
    _write_durably(folder / _NAME, note)


def keep_evidence(folder: Path, *, held: bytes, shown: bytes, consistency: list[bytes], now: int) -> Path:
    """Write down two signed checkpoints that contradict each other; the file convinces whoever has the log's key."""
    return _keep(folder, _EVIDENCE, {"held": held, "shown": shown}, consistency, now=now)


def keep_status_evidence(
    folder: Path, *, checkpoint: bytes, status: bytes, proof: Sequence[bytes], now: int
) -> Path:
    """Write down a checkpoint and a status snapshot of another tree, both signed by the province."""
    return _keep(folder, _STATUS_EVIDENCE, {"checkpoint": checkpoint, "status": status}, proof, now=now)


def _keep(
    folder: Path, name: str, signed: Mapping[str, bytes], consistency: Sequence[bytes], *, now: int
) -> Path:
    """A file of its own for what two signatures say, and the proof that does not lead from one to the other."""
    evidence = canonical.encode(
        {
            "format": f"motcua-{name}/1",
            **{part: base64.b64encode(data).decode() for part, data in signed.items()},
            "consistency": [base64.b64encode(each).decode() for each in consistency],
            "at": now,
        }
    )
    path = folder / f"{name}-{now}.json"
    _write_durably(path, evidence)
    return path


def _write_durably(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
