"""Attach, replace, remove and read files of a dossier.

Order of effects: a file is sealed and durable on the disk first, then the record that states it is signed. A crash between
the two leaves ciphertext whose key nobody has; `sweep` removes it. One file that cannot be kept keeps back nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from dossiers.kinds import FILES_MAX
from dossiers.reasons import MOVE
from dossiers.views import DossierView, FileHeld
from edge_node import reasons
from edge_node.files.capture import Captured
from edge_node.files.copies import note_here, want
from edge_node.files.disk import put_back_s
from edge_node.journal import Draft, WriteRefused, write_with
from edge_node.keyring import Actor
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from signing.sealed_file import KEY_BYTES, FileDamaged, open_file, seal_file
from sync_protocol.record import Record
from vault import Vault

ORPHAN_AGE_S: Final = 24 * 60 * 60
PUT_BACK_AGE_S: Final = 90 * 24 * 60 * 60
"""After a restore, records that state files here may come back from the province, a colleague's PC or the database that was
set aside; an office may be cut off for weeks before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where the captured files belong: the paper that they show, or the result; and the file that one replaces."""

    paper: str | None = None
    is_result: bool = False
    replaces: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A captured file on the disk."""

    file: str
    size: int
    key: str
    captured: Captured


def vault_of(services: Services) -> Vault:
    """The encrypted files of this PC."""
    return Vault(services.config.files)


def attach(
    db: Database, services: Services, actor: Actor, dossier: str, files: Sequence[Captured], placed: Placed
) -> Record | None:
    """Keep these files and state them in one record; None where each of them is in the dossier already.

    Raises WriteRefused as every writing does; nothing of the files is kept then. OSError where the disk is full.
    """
    if not 0 < len(files) <= FILES_MAX:
        raise WriteRefused(reasons.INPUT, f"{len(files)} files")
    services.space.check()
    vault, view = vault_of(services), view_of(db, dossier)
    known = {held.sha256: held for held in view.files if held.key} if view else {}
    kept = [_keep(vault, services, each, known) for each in _unique(files)]
    new = {each.file for each in kept} - {held.file for held in known.values()}

    def decide(db: Database) -> Sequence[Draft]:
        now = view_of(db, dossier)
        if now is None or (placed.replaces and not _stands(now, *placed.replaces)):
            raise WriteRefused(MOVE)
        added = [each for each in kept if not _is_there(now, each, placed)]
        for each in added:
            note_here(db, each.file)
        return [_draft(dossier, added, placed)] if added else []

    try:
        records = write_with(db, services, actor, decide)
    except BaseException:
        for file in new:
            vault.remove(file)
        raise
    return records[-1] if records else None


def remove(
    db: Database, services: Services, actor: Actor, dossier: str, *, record: str, file: str, ground: str = ""
) -> Record:
    """Take a file out of the dossier; that it was there stays in the history."""

    def decide(db: Database) -> Sequence[Draft]:
        view = view_of(db, dossier)
        if view is None or not _stands(view, record, file):
            raise WriteRefused(MOVE)
        facts = {"record": record, "file": file}
        content = {"ground": ground} if ground else None
        return [Draft(kind="dossier.file_removed", dossier=dossier, facts=facts, content=content)]

    return write_with(db, services, actor, decide)[-1]


def read(services: Services, held: FileHeld) -> bytes:
    """The file itself; raises WriteRefused(FILE_ABSENT) where it or its key is not here, FileDamaged."""
    if held.key is None:
        raise WriteRefused(reasons.ERASED)
    try:
        sealed = vault_of(services).read(held.file)
    except OSError as error:
        raise WriteRefused(reasons.FILE_ABSENT, str(error)) from error
    return open_file(sealed, bytes.fromhex(held.key))


def find_file(view: DossierView, file: str) -> FileHeld | None:
    """A file of the dossier, a removed one among them."""
    return next((held for held in (*view.files, *view.files_removed) if held.file == file), None)


def ask_for(db: Database, services: Services, held: FileHeld) -> None:
    """Somebody here wants to see a file that is not on this disk, whatever was noted of it: it comes with the next sync."""
    if not vault_of(services).has(held.file, held.size):
        note_here(db, held.file, is_here=False)
    want(db, held.file)


def check_file(db: Database, services: Services, held: FileHeld) -> bool:
    """Whether the file here opens; one that does not is taken away, so that it can be fetched again."""
    try:
        read(services, held)
    except FileDamaged:
        vault_of(services).remove(held.file)
        note_here(db, held.file, is_here=False)
        return False
    except WriteRefused:
        return False
    return True


def sweep(db: Database, services: Services) -> int:
    """Remove ciphertext that nobody can read any more: its keys were erased, or its record was never signed."""
    # One question: of a scan that is attached between two, the second would say "stated" and the first not "open".
    rows = db.conn.execute("SELECT file, max(is_open) FROM file GROUP BY file").fetchall()
    stated = {file.hex(): bool(is_open) for file, is_open in rows}
    vault, now_s, removed = vault_of(services), services.clock() / 1000, 0
    put_back = put_back_s(db)
    is_awaited = put_back > 0 and now_s - put_back < PUT_BACK_AGE_S
    for file, written_s in list(vault.listed()):
        age_s = now_s - written_s
        is_orphan = file not in stated and age_s > ORPHAN_AGE_S and not (is_awaited and written_s < put_back)
        if is_orphan or not stated.get(file, True):
            vault.remove(file)
            note_here(db, file, is_here=False)
            removed += 1
    return removed


def _keep(vault: Vault, services: Services, captured: Captured, known: dict[str | None, FileHeld]) -> _Kept:
    """The same scan within a dossier is stored once, under the key that it has."""
    held = known.get(captured.sha256)
    if held is not None and held.key is not None:
        return _Kept(held.file, held.size, held.key, captured)
    key = services.random_bytes(KEY_BYTES)
    tree = vault.keep(seal_file(captured.content, key))
    return _Kept(tree.id, tree.size, key.hex(), captured)


def _unique(files: Iterable[Captured]) -> list[Captured]:
    """Each content once, should the same file have been chosen twice."""
    return list({each.sha256: each for each in reversed(list(files))}.values())[::-1]


def _stands(view: DossierView, record: str, file: str) -> bool:
    return any(held.record == record and held.file == file for held in view.files)


def _is_there(view: DossierView, kept: _Kept, placed: Placed) -> bool:
    return placed.replaces is None and any(
        held.file == kept.file and held.paper == placed.paper and held.is_result == placed.is_result
        for held in view.files
    )


def _draft(dossier: str, kept: Sequence[_Kept], placed: Placed) -> Draft:
    files: list[dict[str, Any]] = [
        {
            "file": each.file,
            "size": each.size,
            "type": each.captured.type,
            "pages": each.captured.pages,
            "paper": placed.paper,
            "is_result": placed.is_result,
        }
        for each in kept
    ]
    if placed.replaces:
        record, file = placed.replaces
        files[0]["replaces"] = {"record": record, "file": file}
    secrets = {
        each.file: {"name": each.captured.name, "key": each.key, "sha256": each.captured.sha256}
        for each in kept
    }
    return Draft(
        kind="dossier.file_added", dossier=dossier, facts={"files": files}, content={"files": secrets}
    )
