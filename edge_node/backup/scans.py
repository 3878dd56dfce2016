"""Encrypted files inside a backup: those that only this PC holds, so that a backup put back elsewhere loses no scan.

A backup is a chain of zstd frames: one skippable frame (RFC 8878, 3.1.2) per file, then the database. A decompressor that
knows nothing of files passes over them, so older programs read newer backups, and a backup without files is what it was
before. What the province holds is not copied: after a restore it is fetched again by the ordinary queue. Keys are in the
database's bodies only, as everywhere.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sqlite_utils import Database

from edge_node.files.copies import Queued, hub_epoch_of, to_send
from sync_protocol.chunks import FileTree
from sync_protocol.limits import FILE_SIZE_BYTES_MAX
from vault import Vault

_LOG: Final = logging.getLogger(__name__)
_MAGIC: Final = (0x184D2A5F).to_bytes(4, "little")
"""The last of the sixteen numbers that RFC 8878 keeps for skippable frames."""
_HEAD_BYTES: Final = 8
_ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What of the files that only this PC holds goes along; `left_out` counts those that the bound left no room for."""

    files: tuple[Queued, ...] = ()
    left_out: int = 0


def choose(copy: Path, *, bytes_max: int) -> Carried:
    """The files of a copied database that the province does not hold, in the order in which they would travel."""
    with closing(sqlite3.connect(copy)) as connection:
        db = Database(connection, execute_plugins=False)
        waiting = to_send(db, hub_epoch=hub_epoch_of(db) or "")
    chosen: list[Queued] = []
    for queued in waiting:
        if queued.size <= bytes_max:
            chosen.append(queued)
            bytes_max -= queued.size
    return Carried(files=tuple(chosen), left_out=len(waiting) - len(chosen))


def write_scans(target: BinaryIO, vault: Vault, files: Sequence[Queued]) -> int:
    """Put files in front of the database; returns how many. One that cannot be read keeps the others back no more than a
    sync would: it is left to the doctor."""
    written = 0
    for queued in files:
        try:
            sealed = vault.read(queued.file)
        except OSError as error:
            _LOG.warning("file %s is not in the backup: %s", queued.file[:16], error)
            continue
        target.write(_MAGIC + (_ID_BYTES + len(sealed)).to_bytes(4, "little"))
        target.write(bytes.fromhex(queued.file) + sealed)
        written += 1
    return written


def read_scans(source: BinaryIO) -> Iterator[bytes]:
    """Every file that a backup carries and that is what it is called; leaves `source` where the database begins.

    Raises ValueError for a length that no file has.
    """
    while True:
        head = source.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or head[:4] != _MAGIC:
            source.seek(-len(head), 1)
            return
        length = int.from_bytes(head[4:], "little")
        if not _ID_BYTES < length <= _ID_BYTES + FILE_SIZE_BYTES_MAX:
            raise ValueError(f"a file of {length} bytes in the backup")
        content = source.read(length)
        file, sealed = content[:_ID_BYTES].hex(), content[_ID_BYTES:]
        if FileTree.of([sealed]).id == file:
            yield sealed
        else:
            _LOG.warning("file %s is damaged in the backup", file[:16])
