"""Backup and restore: a consistent copy of the database, checked and packed; no private key is ever in it.

A backup is taken with SQLite's own backup API while the node works. Restoring never continues the old log: records may
have been written after the backup that others hold already, so a new epoch opens that names what the backup knew. On
another PC the old logs are adopted read-only and the PC is enrolled anew. What the database in place knows beyond the
backup is taken over first (`salvage`): an old backup, or a damaged file, costs nothing that can still be read.
Encrypted files that only this PC holds go along (`scans`, ADR 0033); the folder of files itself is never put back.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zstandard
from sqlite_utils import Database

from dossiers.local_time import local
from edge_node import reasons
from edge_node.backup.salvage import salvage
from edge_node.backup.scans import Carried, choose, read_scans, write_scans
from edge_node.enrolment.epochs import open_log
from edge_node.files.disk import settle
from edge_node.files.service import vault_of
from edge_node.journal import WriteRefused
from edge_node.journal.watermark import forget_watermark
from edge_node.keyring import KeysMissing
from edge_node.migrations import prepare
from edge_node.projection.service import rebuild
from edge_node.services import Services
from edge_node.store import open_database, write_transaction
from edge_node.store.local import ADOPTED_DEVICE, Office, forget_office, read_office, write_local
from edge_node.store.space import MIB
from sync_protocol.log import OpeningReason

_LOG: Final = logging.getLogger(__name__)
SUFFIX: Final = ".motcua-backup"
KEPT_MIN: Final = 2
_PAGES_AT_ONCE: Final = 2_000
_LEVEL: Final = 3
_CHUNK: Final = MIB


class BackupFailed(Exception):
    """No backup was made; the detail says why. What was there before is untouched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup file."""

    path: Path
    size_bytes: int
    taken_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """A backup just made, the files that went along, and those that did not for want of room (`backup_files_mb`, disk)."""

    backup: Backup
    files: int
    files_left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore came to. `office` is None where the PC has to be enrolled anew.

    salvaged: records that the backup did not know and the database set aside still did.
    files_wanted: encrypted files that are not here and are asked of the province with the next sync.
    """

    office: Office | None
    dossiers: int
    salvaged: int
    files_wanted: int
    set_aside: Path | None


def list_backups(services: Services) -> list[Backup]:
    """Backups in the backup folder, newest first."""
    found = []
    for path in services.config.backups.glob(f"*{SUFFIX}"):
        stat = path.stat()
        found.append(Backup(path=path, size_bytes=stat.st_size, taken_ms=stat.st_mtime_ns // 1_000_000))
    return sorted(found, key=lambda each: each.path.name, reverse=True)


def newest(services: Services) -> Path:
    """The newest backup in the backup folder; raises WriteRefused(NODE_BACKUP) where there is none."""
    for backup in list_backups(services):
        return backup.path
    raise WriteRefused(reasons.BACKUP, f"no backup in {services.config.backups.name}")


def backup_if_due(services: Services) -> Backup | None:
    """The first backup of a day (Vietnam's), unless there is one."""
    today = f"{local(services.clock()):%Y%m%d}"
    if any(each.path.name.startswith(f"motcua-{today}") for each in list_backups(services)):
        return None
    try:
        return make_backup(services).backup
    except BackupFailed as error:
        _LOG.error("no backup was made: %s", error)
        return None


def make_backup(services: Services, target: Path | None = None) -> BackupMade:
    """Copy, check and pack the database and what only this PC holds of files; raises BackupFailed.

    The unpacked copy is written beside its final place, checked, packed and moved; a crash leaves a `.part` file that
    the next backup removes.
    """
    config = services.config
    config.backups.mkdir(parents=True, exist_ok=True)
    path = target or config.backups / f"motcua-{local(services.clock()):%Y%m%d-%H%M%S}{SUFFIX}"
    copy, packed = path.with_suffix(".copy.part"), path.with_suffix(".part")
    try:
        room = _check_room(services, path.parent)
        seen_ns = _copy_database(config.database, copy)
        carried = choose(copy, bytes_max=min(room, config.backup_files_mb * MIB))
        files = _pack(copy, packed, services, carried)
        # As old as what is in it: what an order erases while it is being made is still there (`erasure.old_copies`).
        os.utime(packed, ns=(seen_ns, seen_ns))
        packed.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(error)) from error
    finally:
        copy.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)
    if target is None:
        _prune(services)
    if carried.left_out:
        _LOG.warning("%d files that only this PC holds are not in the backup", carried.left_out)
    made = Backup(path=path, size_bytes=path.stat().st_size, taken_ms=services.clock())
    return BackupMade(backup=made, files=files, files_left_out=carried.left_out)


def restore(services: Services, source: Path) -> Restored:
    """Put a backup in the place of the database; the node must not be running. Raises WriteRefused(NODE_BACKUP).

    Order: unpack and check beside the database, put files where they belong, set the present database aside, move the
    backup in, open a new epoch. A crash before the move leaves the present database; after it, the next start sees the old
    watermark and opens the epoch. Files that nobody states yet stay where they are (`files.service.sweep`).
    """
    config = services.config
    fresh = config.database.with_suffix(".restoring")
    try:
        _unpack(source, fresh)
        _check_copy(fresh)
        _take_scans(source, services)
    except (OSError, ValueError, sqlite3.Error, zstandard.ZstdError, BackupFailed) as error:
        fresh.unlink(missing_ok=True)
        raise WriteRefused(reasons.BACKUP, str(error)) from error
    aside = _set_aside(services)
    fresh.replace(config.database)
    db = open_database(config.database)
    try:
        prepare(db)
        office, salvaged = _begin_again(db, services, aside)
        dossiers = rebuild(db)
        found = settle(db, vault_of(services), put_back_ms=services.clock())
        wanted = len(found.missing) + len(found.damaged)
        return Restored(
            office=office, dossiers=dossiers, salvaged=salvaged, files_wanted=wanted, set_aside=aside
        )
    finally:
        db.conn.close()


def _begin_again(db: Database, services: Services, aside: Path | None) -> tuple[Office | None, int]:
    office = read_office(db)
    if office is None:
        forget_watermark(services.config.keys)
        return None, 0
    try:
        is_same_pc = services.keyring.device.public.id == office.device
    except KeysMissing:
        is_same_pc = False
    if is_same_pc:
        rebuild(db)
        salvaged = salvage(db, services, office, aside) if aside else 0
        # Until this has succeeded, the old watermark says at the next start that the database was put back.
        return open_log(db, services, reason=OpeningReason.RESTORE), salvaged
    forget_watermark(services.config.keys)
    with write_transaction(db):
        write_local(db, ADOPTED_DEVICE, office.device)
        forget_office(db)
    return None, 0


def _check_room(services: Services, folder: Path) -> int:
    """How many bytes are left for files."""
    size = services.config.database.stat().st_size
    free = shutil.disk_usage(folder).free
    if free < 2 * size + 16 * MIB:
        raise BackupFailed(f"{free // MIB} MB free, {2 * size // MIB + 16} MB needed")
    return free - 2 * size - 16 * MIB


def _copy_database(database: Path, copy: Path) -> int:
    """Copy it as it is now, whatever is written meanwhile; returns when that was, by the clock of the disk (nanoseconds)."""
    copy.unlink(missing_ok=True)
    copy.touch()
    seen_ns = copy.stat().st_mtime_ns
    source, target = sqlite3.connect(database, isolation_level=None), sqlite3.connect(copy)
    try:
        # One view for all steps: else whatever is written between two of them, a draft twice a second, begins the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=_PAGES_AT_ONCE, sleep=0.01)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()
    _check_copy(copy)
    return seen_ns


def _check_copy(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    try:
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise BackupFailed("the copy does not pass SQLite's check")
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"log", "record", "body", "seal", "local"} <= names:
            raise BackupFailed("not a database of this program")
    finally:
        connection.close()


def _pack(copy: Path, packed: Path, services: Services, carried: Carried) -> int:
    with copy.open("rb") as source, packed.open("wb") as target:
        files = write_scans(target, vault_of(services), carried.files)
        zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).copy_stream(
            source, target, read_size=_CHUNK
        )
    return files


def _unpack(source: Path, target: Path) -> None:
    with source.open("rb") as packed, target.open("wb") as file:
        zstandard.ZstdDecompressor(max_window_size=2**27).copy_stream(packed, file, read_size=_CHUNK)


def _take_scans(source: Path, services: Services) -> None:
    vault = vault_of(services)
    with source.open("rb") as packed:
        for sealed in read_scans(packed):
            vault.keep(sealed)


def _set_aside(services: Services) -> Path | None:
    """Move the present database away; nothing is ever deleted by a restore."""
    database = services.config.database
    if not database.exists():
        return None
    with contextlib.suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = database.with_name(f"node-before-restore-{local(services.clock()):%Y%m%d-%H%M%S}.db")
    for extra in ("", "-wal", "-shm"):
        present = database.with_name(database.name + extra)
        if present.exists():
            present.replace(aside.with_name(aside.name + extra))
    return aside


def _prune(services: Services) -> None:
    """Keep the newest; fewer than asked for where the disk is short, but never fewer than two."""
    backups = list_backups(services)
    for old in backups[services.config.backups_kept :]:
        old.path.unlink(missing_ok=True)
    kept = backups[: services.config.backups_kept]
    while len(kept) > KEPT_MIN and services.space.free_bytes < 2 * sum(each.size_bytes for each in kept[:2]):
        kept.pop().path.unlink(missing_ok=True)
