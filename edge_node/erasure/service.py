"""Erasure orders: written by the head of the unit, carried out on this PC, and the traces removed from its files.

Theory of operation. An order is one more signed record; it travels like any other. Carrying it out is a step of its own,
because it may come from here, from another PC of the unit or from the province: whatever order is held and stands (form,
signature, role and unit checked here again, not refused by the province) takes effect, once, in one transaction: bodies,
derived rows and drafts about the dossier go, and the store keeps what the order covers, so that nothing comes back. Then
`scrub` rewrites the file: the search index anew, the pages compacted, the write-ahead log emptied. A crash at any point
leaves the rest to the next start, sync or tick. Not here: backups and exports made before the order (docs/operations.md).
"""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from dossiers.kinds import check_facts, roles_for
from edge_node import reasons
from edge_node.journal import Draft, WriteRefused, require_office, write_with
from edge_node.keyring import Actor, TrustMissing
from edge_node.projection.service import Projector
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull, write_transaction
from edge_node.store.connection import is_full
from edge_node.store.local import forget_local, read_local, write_local
from signing.errors import NotEntitled
from signing.trust import Trust
from sync_protocol.erasure import ERASURE_KIND, Erasure
from sync_protocol.record import BodyState, Record

_LOG: Final = logging.getLogger(__name__)
_PATIENCE_MS: Final = 2_000
_UNSCRUBBED: Final = "erasure.unscrubbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the head of the unit decided.

    Attributes:
        records: ids of the records whose content goes; empty for the whole dossier, what comes later included.
        ground: code of the legal ground; number, date (yyyymmdd), signer: of the written decision.
    """

    dossier: str
    records: tuple[str, ...] = ()
    ground: str
    number: str
    date: int
    signer: str = ""
    note: str = ""


def order_erasure(db: Database, services: Services, actor: Actor, wish: Wish) -> Record:
    """Sign an order and carry it out; raises WriteRefused, and nothing was signed then."""

    def decide(db: Database) -> Sequence[Draft]:
        held = {
            record.id: record
            for record in SqliteLogStore(db).dossier_records(wish.dossier)
            if record.header.commune == require_office(db).unit
        }
        chosen = [held.get(record) for record in wish.records] if wish.records else list(held.values())
        if not chosen or any(
            record is None or record.header.body is None for record in chosen if wish.records
        ):
            raise WriteRefused(reasons.NOT_FOUND, "nothing to erase")
        return [_draft(wish)]

    record = write_with(db, services, actor, decide)[0]
    carry_out(db, services)
    scrub(db)
    return record


def carry_out(db: Database, services: Services) -> int:
    """Carry out every order held here that stands and was not carried out yet; returns how many."""
    orders = _waiting(db)
    if not orders:
        return 0
    try:
        trust = services.trust.trust(db)
    except TrustMissing:
        return 0
    done = 0
    for record in orders:
        if _stands(db, trust, record):
            _erase(db, record)
            done += 1
    return done


def scrub(db: Database) -> bool:
    """Remove what erased words left in the file; False where it has to be tried again (somebody reads, or no room)."""
    order = read_local(db, _UNSCRUBBED)
    if order is None:
        return True
    try:
        with write_transaction(db):
            db.conn.execute("INSERT INTO dossier_search (dossier_search) VALUES ('rebuild')")
        is_busy = _compact(db)
    except StorageFull:
        return False
    except sqlite3.OperationalError as error:
        _LOG.warning("the file could not be cleaned yet: %s", error)
        if not is_full(error) and error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        return False
    if is_busy:
        return False
    with write_transaction(db):
        if (
            read_local(db, _UNSCRUBBED) == order
        ):  # else another one was carried out while the file was rewritten
            forget_local(db, _UNSCRUBBED)
    return is_scrubbed(db)


def _compact(db: Database) -> bool:
    """Rewrite the file and empty the write-ahead log; whether somebody who reads just now kept that from happening."""
    patience_ms = db.conn.execute("PRAGMA busy_timeout").fetchone()[0]
    db.conn.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
    try:
        db.conn.execute("VACUUM")
        return bool(db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
    finally:
        db.conn.execute(f"PRAGMA busy_timeout={patience_ms}")


def is_scrubbed(db: Database) -> bool:
    """Whether no erased words are left in free space of the file, as far as this program knows."""
    return read_local(db, _UNSCRUBBED) is None


def old_copies(db: Database, services: Services) -> list[Path]:
    """Copies of the database in the data folder from before the newest order: they still hold what was erased."""
    row = db.conn.execute(
        "SELECT record.id FROM erasure JOIN record ON record.id = erasure.order_id ORDER BY record.number DESC"
    ).fetchone()
    newest = SqliteLogStore(db).record(row[0].hex()) if row else None
    if newest is None:
        return []
    config = services.config
    copies = [*config.backups.glob("*"), *config.database.parent.glob("node-before-restore-*")]
    ordered_ns = newest.header.at[0] * 1_000_000
    return sorted(path for path in copies if path.is_file() and path.stat().st_mtime_ns < ordered_ns)


def orders_of(db: Database, dossier: str) -> list[Record]:
    """The orders about a dossier that were carried out here, oldest first."""
    rows = db.conn.execute(
        "SELECT record.id FROM erasure JOIN record ON record.id = erasure.order_id WHERE erasure.dossier = ? "
        "ORDER BY record.number",
        (bytes.fromhex(dossier),),
    ).fetchall()
    found = (SqliteLogStore(db).record(row[0].hex()) for row in rows)
    return [record for record in found if record]


def erasable_records(db: Database, dossier: str) -> list[Record]:
    """The records of a dossier whose content is here and could be erased by this unit, oldest first."""
    unit = require_office(db).unit
    return [
        record
        for record in SqliteLogStore(db).dossier_records(dossier)
        if record.header.commune == unit and record.body_state is BodyState.PRESENT
    ]


def _draft(wish: Wish) -> Draft:
    content = {"number": wish.number, "date": wish.date}
    content |= {name: text for name, text in (("signer", wish.signer), ("note", wish.note)) if text}
    facts = {"dossier": wish.dossier, "records": sorted(set(wish.records)), "ground": wish.ground}
    return Draft(kind=ERASURE_KIND, facts=facts, content=content)


def _waiting(db: Database) -> list[Record]:
    """Orders held here that are not in force."""
    rows = db.conn.execute(
        "SELECT id FROM record WHERE kind = ?1 AND dossier IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM erasure WHERE erasure.order_id = record.id) UNION ALL "
        "SELECT id FROM foreign_record WHERE kind = ?1 AND dossier IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM erasure WHERE erasure.order_id = foreign_record.id)",
        (ERASURE_KIND,),
    ).fetchall()
    found = (SqliteLogStore(db).record(row[0].hex()) for row in rows)
    return [record for record in found if record]


def _stands(db: Database, trust: Trust, record: Record) -> bool:
    header = record.header
    if check_facts(header.kind, header.facts) is not None or _is_refused(db, record):
        return False
    try:
        statement = trust.require(header.by, kind=header.kind, unit=header.commune)
    except NotEntitled:
        return False
    return bool(statement.roles & roles_for(header.kind, header.facts))


def _is_refused(db: Database, record: Record) -> bool:
    row = db.conn.execute(
        "SELECT 1 FROM verdict WHERE record = ? AND outcome <> 'applied'", (bytes.fromhex(record.id),)
    ).fetchone()
    return row is not None


def _erase(db: Database, record: Record) -> None:
    erasure = Erasure.of(record.id, record.header)
    with write_transaction(db):
        SqliteLogStore(db).erase(erasure)
        if SqliteLogStore(db).dossier_records(erasure.dossier):
            Projector(db, require_office(db)).project_if_possible(erasure.dossier)
        prefix = f"dossier.{erasure.dossier}."
        db.conn.execute("DELETE FROM draft WHERE substr(form, 1, length(?1)) = ?1", (prefix,))
        write_local(db, _UNSCRUBBED, erasure.order)
