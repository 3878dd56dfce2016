"""What is left of erased content in real files: words in every encoding that the program uses, salts, pieces of old frames.

A file is searched as it lies on the disk, free pages and all. What is packed is looked into as well: a node's backup is
unpacked, and of every SQLite database the stored frames are opened and their bodies read.
"""

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from dossiers.text import fold_text
from sync_protocol.errors import RunInvalid
from sync_protocol.frame import decode_run

_ZSTD = b"\x28\xb5\x2f\xfd"
_SQLITE = b"SQLite format 3\x00"
_PIECE = 24


@dataclass(frozen=True, slots=True)
class Trace:
    """Something found: in which file, and what."""

    file: str
    what: str


def spellings(word: str) -> dict[str, bytes]:
    """A word in every form in which it could lie in a file."""
    forms = {
        "NFC": word.encode(),
        "NFD": unicodedata.normalize("NFD", word).encode(),
        "without marks": fold_text(word).encode(),
        "JSON escapes": json.dumps(word)[1:-1].encode(),
        "UTF-16": word.encode("utf-16-le"),
    }
    return {f"{word} ({name})": form for name, form in forms.items()}


def pieces(old: bytes, new: bytes = b"") -> dict[str, bytes]:
    """Pieces of a frame as it lay before; those that the new frame has as well are no trace."""
    cut = (old[i : i + _PIECE] for i in range(0, len(old) - _PIECE, _PIECE))
    return {f"frame {piece.hex()}": piece for piece in cut if piece not in new}


def halves(secret: bytes) -> dict[str, bytes]:
    """Both halves of a salt: a page boundary may run through it."""
    middle = len(secret) // 2
    return {f"salt {half.hex()}": half for half in (secret[:middle], secret[middle:])}


def find_traces(folder: Path, needles: dict[str, bytes]) -> list[Trace]:
    """Everything under `folder` that still holds one of the needles."""
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = str(path.relative_to(folder))
        found += [
            Trace(name, what)
            for data in _layers(path, folder)
            for what, needle in needles.items()
            if needle in data
        ]
    return found


def _layers(path: Path, folder: Path) -> Iterator[bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return  # SQLite takes its index of the log away with its last reader
    yield data
    if data.startswith(_ZSTD):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        yield data
    if data.startswith(_SQLITE):
        yield from _bodies(data, beside=path if path.suffix == ".db" else None, scratch=folder.parent)


def _bodies(data: bytes, *, beside: Path | None, scratch: Path) -> Iterator[bytes]:
    """Everything that the frames stored in a hub's database say of people."""
    copy = scratch / "looked-into.db"
    copy.write_bytes(data)
    wal = beside.with_name(beside.name + "-wal") if beside else None
    if wal is not None and wal.exists():
        copy.with_name("looked-into.db-wal").write_bytes(wal.read_bytes())
    database = sqlite3.connect(copy)
    try:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        for table in {"run", "set_aside"} & tables:
            for (frame,) in database.execute(f"SELECT frame FROM {table}"):
                yield from _said(frame)
    finally:
        database.close()
        for each in scratch.glob("looked-into.db*"):
            each.unlink()


def _said(frame: bytes) -> Iterable[bytes]:
    try:
        records = decode_run(frame).records
    except RunInvalid:
        return []
    return [record.body.salt + record.body.content for record in records if record.body]
