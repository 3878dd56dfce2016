"""The table of copies against the disk: what is said to be here and is not, and what is here and nobody said so.

The two part ways when a database is put back (the folder of files is not), when a backup is opened on another PC, and when
a disk spoils something. The disk is right: what is missing is asked for again, what is here is here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.store import write_transaction
from edge_node.store.local import read_local, write_local
from sync_protocol import reasons
from sync_protocol.errors import LocalFault
from vault import Vault

PUT_BACK_MS: Final = "files.put_back_ms"
"""When a database was last put back here: records that state newer files may still be on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Files by id: said to be here and absent, here and not whole, here and not said to be."""

    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


def compare(db: Database, vault: Vault, *, is_deep: bool) -> Difference:
    """How table and disk differ. `is_deep` reads every file and checks it against its id. Changes nothing."""
    said, sizes = _said(db)
    missing, damaged, unsaid = [], [], []
    for file in sorted(said):
        if not vault.path(file).exists():
            missing.append(file)
        elif (file in sizes and not vault.has(file, sizes[file])) or (is_deep and not _is_sound(vault, file)):
            damaged.append(file)
    for file in _whole(vault):
        if file not in said and (file not in sizes or vault.has(file, sizes[file])):
            unsaid.append(file)
    return Difference(missing=tuple(missing), damaged=tuple(damaged), unsaid=tuple(sorted(unsaid)))


def settle(
    db: Database, vault: Vault, *, is_deep: bool = False, put_back_ms: int | None = None
) -> Difference:
    """Make the table say what is on the disk: absent and damaged files are asked for, with the next sync.

    `put_back_ms`: a database was put back at this moment; what its records do not state yet is not swept for a while.
    """
    found = compare(db, vault, is_deep=is_deep)
    for file in found.damaged:
        vault.remove(file)
    with write_transaction(db):
        for file in found.missing:
            _note_gone(db, file, "")
        for file in found.damaged:
            _note_gone(db, file, reasons.FILE_PIECE.code)
        for file in found.unsaid:
            db.conn.execute(
                "INSERT INTO file_copy (file, is_here) VALUES (?, 1) "
                "ON CONFLICT (file) DO UPDATE SET is_here = 1, is_wanted = 0",
                (bytes.fromhex(file),),
            )
        if put_back_ms is not None:
            write_local(db, PUT_BACK_MS, str(put_back_ms))
    return found


def put_back_s(db: Database) -> float:
    """When a database was last put back here, in seconds since 1970; 0 for never."""
    return int(read_local(db, PUT_BACK_MS) or 0) / 1000


def _note_gone(db: Database, file: str, problem: str) -> None:
    db.conn.execute(
        "UPDATE file_copy SET is_here = 0, is_wanted = 1, problem = ? WHERE file = ?",
        (problem, bytes.fromhex(file)),
    )


def _said(db: Database) -> tuple[set[str], dict[str, int]]:
    """Files said to be here, and the lengths that records state."""
    said = {row[0].hex() for row in db.conn.execute("SELECT file FROM file_copy WHERE is_here")}
    sizes = db.conn.execute("SELECT file, max(size) FROM file GROUP BY file")
    return said, {row[0].hex(): row[1] for row in sizes}


def _whole(vault: Vault) -> Iterator[str]:
    """Files, not pieces, of the folder."""
    return (file for file, _ in vault.listed() if vault.path(file).exists())


def _is_sound(vault: Vault, file: str) -> bool:
    try:
        return vault.hash_of(file) == file
    except (OSError, LocalFault):
        return False
