"""Keep the derived tables true: project one dossier after its records changed, or rebuild everything.

Incremental and rebuild run the same code per dossier: read its records, fold them, replace its row. What the row counted
before is taken back first, so sums never drift. Everything joins the transaction that stored the records.

A fault in one dossier must not keep the others from people: where the records are not this PC's own new ones (what the
province sends, a rebuild), a dossier that cannot be projected is left as it was, and an alert says so.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from sqlite_utils import Database

from dossiers.genealogy import Genealogy, receiving_log
from dossiers.kinds import KINDS, check_facts
from dossiers.merge import compared, fold, has_unread
from dossiers.views import DossierView
from edge_node.keyring.trust import hub_keys, office_log_ids
from edge_node.keyring.units import read_genealogy
from edge_node.projection import counters, schema
from edge_node.projection.foreign import note_foreign
from edge_node.projection.rows import digest_of, row_of
from edge_node.projection.units import UNIT_KINDS, keep_event
from edge_node.projection.unread import can_read_more, forget_readable, note_unread
from edge_node.projection.ways import keep_way
from edge_node.store import SqliteLogStore, StorageFull, alerts, write_transaction
from edge_node.store.bases import has_bases
from edge_node.store.local import Office, newest_instant_ms, read_local, read_office
from signing.signatures import PublicKey
from sync_protocol import digest
from sync_protocol.record import JSON_INT_MAX, Record

_LOG: Final = logging.getLogger(__name__)
VERDICT: Final = "verdict.given"
KEY_STATED: Final = "key.stated"
KEY_REQUESTED: Final = "key.requested"
FOREIGN_LISTED: Final = "foreign.listed"
_COLUMNS: Final = (
    "id", "commune", "keeper", "code", "provisional", "status", "procedure", "procedure_version", "applicant", "owner",
    "id_number", "summary", "channel", "receiving", "competent", "received", "due", "due_order", "original_due", "deadline",
    "is_paused", "finished", "ended_as", "timeliness", "handed_over", "finance", "delivery", "assigned", "conflicts",
    "refused", "records", "changed", "own_log", "own_seq", "search", "digest", "counted",
)  # fmt: skip
_INSERT: Final = f"INSERT INTO dossier (number, {', '.join(_COLUMNS)}) VALUES (:number, {', '.join(f':{c}' for c in _COLUMNS)})"  # noqa: S608
_UPDATE: Final = f"UPDATE dossier SET {', '.join(f'{c} = :{c}' for c in _COLUMNS)} WHERE number = :number"  # noqa: S608


class Projector:
    """Projects dossiers within one transaction."""

    def __init__(self, db: Database, office: Office | None) -> None:
        self._db = db
        self._office = office
        self._store = SqliteLogStore(db)
        self._own_logs = frozenset(self._store.logs_of(device=office.device)) if office else frozenset[str]()
        self._genealogy = read_genealogy(db)

    @cached_property
    def _office_logs(self) -> frozenset[str]:
        return frozenset(office_log_ids(self._db))

    @cached_property
    def _hubs(self) -> frozenset[str]:
        return hub_keys(self._db)

    def project(self, dossier: str) -> DossierView:
        """Fold the dossier's records and replace its row."""
        quarantined = quarantined_of(self._db, dossier)
        records = _concerning(self._db, self._store.dossier_records(dossier), quarantined, self._genealogy)
        quarantined &= {record.id for record in records}
        view = fold(records, quarantined=quarantined)
        self._replace(view, records, quarantined)
        return view

    def take_verdict(self, record: Record) -> str | None:
        """Keep what a verdict says; returns the dossier that it changes, if its record is here.

        The hub's clock says which of two is the later, not which came first: they may lie in several logs of the hub, of its
        lives before and after a restore, or of units that became one, and those come in any order.
        """
        facts = record.header.facts
        self._db.conn.execute(
            "INSERT INTO verdict (record, outcome, code, retryable, at, rank, log, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (record) DO UPDATE SET outcome = excluded.outcome, code = excluded.code, "
            "retryable = excluded.retryable, at = excluded.at, rank = excluded.rank WHERE excluded.rank > verdict.rank",
            (
                bytes.fromhex(facts["record"]),
                facts["outcome"],
                facts["code"],
                int(facts["retryable"]),
                record.header.corrected_ms,
                _rank(record),
                facts["log"],
                facts["seq"],
            ),
        )
        row = self._db.conn.execute(
            "SELECT dossier FROM record WHERE id = ?1 UNION ALL SELECT dossier FROM foreign_record WHERE id = ?1",
            (bytes.fromhex(facts["record"]),),
        ).fetchone()
        return row[0].hex() if row and row[0] else None

    def take_listing(self, record: Record) -> None:
        """Keep which records of other communes the province lists; they follow by themselves, or are asked for."""
        facts = record.header.facts
        if self._office is None or facts.get("unit") not in self._genealogy.scope(self._office.unit):
            return
        dossier = bytes.fromhex(facts["dossier"]) if facts.get("dossier") else None
        (number,) = self._db.conn.execute(
            "SELECT number FROM record WHERE id = ?", (bytes.fromhex(record.id),)
        ).fetchone()
        for listed in facts.get("records", ()):
            self._db.conn.execute(
                "INSERT INTO foreign_listed (record, dossier, number, is_closed, is_wanted) VALUES (?, ?, ?, ?, 1) "
                "ON CONFLICT (record) DO UPDATE SET is_closed = min(is_closed, excluded.is_closed)",
                (bytes.fromhex(listed), dossier, number, int(bool(facts.get("closed")))),
            )
            note_foreign(self._db, listed)

    def take_key(self, record: Record) -> None:
        """Keep who holds a key of this unit; a later statement about the same key replaces the earlier."""
        facts, content = record.header.facts, record.content or {}
        if self._office is None or facts["unit"] not in self._genealogy.scope(self._office.unit):
            return
        key = PublicKey.from_hex(facts["key"]).id
        self._db.conn.execute(
            "INSERT INTO key_holder (key, is_stated, officer, name, title, device, roles, is_delegated, number) "
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?, number FROM record WHERE id = ? "
            "ON CONFLICT (key, is_stated) DO UPDATE SET officer = excluded.officer, name = excluded.name, "
            "title = excluded.title, device = excluded.device, roles = excluded.roles, "
            "is_delegated = excluded.is_delegated, number = excluded.number "
            "WHERE excluded.number >= key_holder.number",  # the name in an earlier one may come later
            (
                key,
                int(record.header.kind == KEY_STATED),
                facts["officer"],
                content.get("name"),
                content.get("title"),
                facts["device"],
                " ".join(facts["roles"]),
                int(facts["delegated"]),
                bytes.fromhex(record.id),
            ),
        )

    @cached_property
    def _is_seeded(self) -> bool:
        return has_bases(self._db)

    def project_if_possible(self, dossier: str) -> None:
        """Project; a fault leaves the row as it was and raises an alert.

        While history is missing here, a dossier of which only the end has arrived stays out of the lists.
        """
        if self._is_seeded and not self._has_row(dossier) and not is_told_whole(self._db, dossier):
            return
        try:
            with write_transaction(self._db):
                self.project(dossier)
        except (StorageFull, sqlite3.Error):
            raise
        except Exception:  # noqa: BLE001 — whatever it was, the other dossiers must stay in people's hands
            _LOG.exception("dossier %s could not be projected", dossier)
            now = newest_instant_ms(self._db)
            alerts.raise_alert(self._db, alerts.PROJECTION, now=now, detail=f"dossier {dossier}")

    def project_left_out(self) -> None:
        """Project what stayed out of the lists while history was missing; nothing is missing any more."""
        rows = self._db.conn.execute(
            "SELECT DISTINCT dossier FROM record WHERE dossier IS NOT NULL "
            "AND dossier NOT IN (SELECT id FROM dossier)"
        ).fetchall()
        for (dossier,) in rows:
            self.project_if_possible(dossier.hex())

    def _has_row(self, dossier: str) -> bool:
        found = self._db.conn.execute("SELECT 1 FROM dossier WHERE id = ?", (bytes.fromhex(dossier),))
        return found.fetchone() is not None

    def take(self, records: Iterable[Record]) -> None:
        """Project whatever these records, just written here, change."""
        for dossier in self.note(records):
            self.project(dossier)

    def take_over(self, records: Iterable[Record]) -> None:
        """Project whatever these newly stored records of others change."""
        for dossier in self.note(records):
            self.project_if_possible(dossier)

    def note(self, records: Iterable[Record]) -> list[str]:
        """Keep what verdicts and statements say; returns the dossiers that change."""
        dossiers: dict[str, None] = {}
        for record in records:
            changed = self._take_one(record)
            if changed:
                dossiers[changed] = None
        return list(dossiers)

    def _take_one(self, record: Record) -> str | None:
        header = record.header
        if header.kind not in KINDS:
            note_unread(self._db, header.kind, now=newest_instant_ms(self._db))
        if header.dossier:
            return header.dossier
        if check_facts(header.kind, header.facts) is None:
            if header.kind == VERDICT:
                # Another PC of the unit may have written one: it is kept as part of its chain, and decides nothing.
                return self.take_verdict(record) if header.by in self._hubs else None
            if header.kind in (KEY_STATED, KEY_REQUESTED):
                self.take_key(record)
            if header.kind == FOREIGN_LISTED and header.by in self._hubs:
                self.take_listing(record)
            if header.kind in UNIT_KINDS and keep_event(self._db, record):
                self._genealogy = read_genealogy(self._db)
        return None

    def _replace(self, view: DossierView, records: Sequence[Record], quarantined: frozenset[str]) -> None:
        device = None if self._genealogy.is_empty else self._store.device_of(receiving_log(view))
        keeper = self._genealogy.last_unit(view.commune, device=device, dossier=view.dossier)
        row = row_of(view, records, own_logs=self._own_logs, keeper=keeper, log_of=self._store.log_of)
        number = digest_of(view, records, quarantined) if keeper == self._seat else 0
        row["digest"] = digest.to_bytes(number)
        row["counted"] = counters.summary_text(view, self._genealogy, device)
        old = self._db.conn.execute(
            "SELECT number, search, digest, counted FROM dossier WHERE id = ?", (row["id"],)
        ).fetchone()
        row["number"] = old[0] if old else self._first_number(row["id"])
        self._db.conn.execute(_UPDATE if old else _INSERT, row)
        self._index(row, old[1] if old else None)
        self._keep_codes(row["id"], records)
        self._keep_files(row["id"], view)
        self._keep_reach(row["number"], records)
        keep_way(self._db, row["id"], view)
        counters.replace(self._db, old=old[3] if old else "", new=row["counted"])
        self._sum(old=digest.from_bytes(old[2]) if old else 0, new=number)

    def _keep_codes(self, dossier: bytes, records: Sequence[Record]) -> None:
        """Every code that any record gave it, whatever the fold made of that record: paper may carry it."""
        facts = (record.header.facts for record in records)
        given = (each.get(name) for each in facts for name in ("code", "provisional"))
        codes = {code for code in given if code and isinstance(code, str)}
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO given_code (code, dossier) VALUES (?, ?)",
            [(code, dossier) for code in codes],
        )

    def _keep_files(self, dossier: bytes, view: DossierView) -> None:
        self._db.conn.execute("DELETE FROM file WHERE dossier = ?", (dossier,))
        held = [(each, 1) for each in view.files] + [(each, 0) for each in view.files_removed]
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO file (file, record, dossier, size, at, is_result, is_standing, is_open) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    bytes.fromhex(each.file),
                    bytes.fromhex(each.record),
                    dossier,
                    each.size,
                    each.at_ms,
                    int(each.is_result),
                    is_standing,
                    int(each.key is not None),
                )
                for each, is_standing in held
            ],
        )

    def _keep_reach(self, number: int, records: Sequence[Record]) -> None:
        """The newest record of each of the office's logs: the receipt says how far each log has travelled."""
        reach: dict[str, int] = {}
        for header in (record.header for record in records):
            if header.log in self._office_logs:
                reach[header.log] = max(header.seq, reach.get(header.log, 0))
        self._db.conn.executemany(
            "INSERT INTO dossier_reach (dossier, log, seq) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (dossier, log) DO UPDATE SET seq = ?3",
            [(number, log, seq) for log, seq in reach.items()],
        )

    @property
    def _seat(self) -> str | None:
        """The unit for which this PC works once everything said so far is in effect."""
        office = self._office
        return None if office is None else self._genealogy.last_unit(office.unit, device=office.device)

    def _first_number(self, dossier: bytes) -> int:
        """The number of its first record here; of a dossier from elsewhere, that of the first list that named it."""
        row = self._db.conn.execute(
            "SELECT min(number) FROM (SELECT min(number) AS number FROM record WHERE dossier = ?1 "
            "UNION ALL SELECT min(number) FROM foreign_listed WHERE dossier = ?1)",
            (dossier,),
        ).fetchone()
        return int(row[0])

    def _index(self, row: dict[str, Any], old_text: str | None) -> None:
        if old_text == row["search"]:
            return
        if old_text is not None:
            self._db.conn.execute(
                "INSERT INTO dossier_search (dossier_search, rowid, search) VALUES ('delete', ?, ?)",
                (row["number"], old_text),
            )
        self._db.conn.execute(
            "INSERT INTO dossier_search (rowid, search) VALUES (?, ?)", (row["number"], row["search"])
        )

    def _sum(self, *, old: int, new: int) -> None:
        if old == new:
            return
        total = digest.from_bytes(self._db.conn.execute("SELECT total FROM digest_total").fetchone()[0])
        total = digest.replace(total, old=old, new=new)
        self._db.conn.execute("UPDATE digest_total SET total = ?", (digest.to_bytes(total),))


def _rank(verdict: Record) -> str:
    """Orders verdicts about one record, as text that sorts."""
    ms, counter = verdict.header.at
    return f"{ms + JSON_INT_MAX:014x}.{counter:014x}.{verdict.id}"


def rebuild(db: Database, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Drop the derived tables and make them from the records; returns how many dossiers there are."""
    with write_transaction(db):
        schema.recreate(db)
        projector = Projector(db, read_office(db))
        alerts.clear_alert(db, alerts.PROJECTION)
        forget_readable(db)
        projector.note(SqliteLogStore(db).records_of_kinds(*UNIT_KINDS))
        kinds = (VERDICT, KEY_STATED, KEY_REQUESTED, FOREIGN_LISTED)
        projector.note(SqliteLogStore(db).records_of_kinds(*kinds))
        rows = db.conn.execute(
            "SELECT dossier FROM (SELECT dossier, number FROM record WHERE dossier IS NOT NULL UNION ALL "
            "SELECT foreign_record.dossier, foreign_listed.number FROM foreign_record "
            "JOIN foreign_listed ON foreign_listed.record = foreign_record.id "
            "WHERE foreign_record.dossier IS NOT NULL) GROUP BY dossier ORDER BY min(number)"
        ).fetchall()
        for done, (dossier,) in enumerate(rows, 1):
            projector.project_if_possible(dossier.hex())
            if progress and done % 100 == 0:
                progress(done, len(rows))
    return len(rows)


def ensure_current(db: Database) -> bool:
    """Rebuild when the derived tables are of another version, or this program can read what an earlier one could not; returns
    whether that was needed."""
    if schema.is_current(db) and not can_read_more(db):
        return False
    rebuild(db)
    return True


def view(db: Database, dossier: str) -> DossierView | None:
    """The dossier as its stored records tell it, or None when it is not held (or only its end, by a snapshot)."""
    quarantined = quarantined_of(db, dossier)
    records = _concerning(db, SqliteLogStore(db).dossier_records(dossier), quarantined, read_genealogy(db))
    if has_bases(db) and not _is_whole(records):
        return None
    return fold(records, quarantined=quarantined) if records else None


def _concerning(
    db: Database, records: Sequence[Record], quarantined: frozenset[str], genealogy: Genealogy
) -> list[Record]:
    """Without what other communes wrote and the province refused, or nobody here can read: see `dossiers.merge.compared`; the own is shown."""
    is_mixed = has_unread(records)
    unit = read_local(db, "office.unit") if quarantined or is_mixed else None
    if not is_mixed and (not quarantined or genealogy.is_empty):
        return [r for r in records if r.id not in quarantined or r.header.commune == unit]
    kept = {record.id for record in compared(records, quarantined, genealogy)}
    return [r for r in records if r.id in kept or (genealogy.is_empty and r.header.commune == unit)]


def is_told_whole(db: Database, dossier: str) -> bool:
    """Whether every record is here that a held record of the dossier follows."""
    return _is_whole(SqliteLogStore(db).dossier_records(dossier))


def _is_whole(records: Sequence[Record]) -> bool:
    held = {record.id for record in records}
    return all(parent in held for record in records for parent in record.header.parents)


def quarantined_of(db: Database, dossier: str) -> frozenset[str]:
    """Ids of the dossier's records that the province refused."""
    rows = db.conn.execute(
        "SELECT verdict.record FROM record JOIN verdict ON verdict.record = record.id "
        "WHERE record.dossier = ?1 AND verdict.outcome = 'quarantined' UNION ALL "
        "SELECT verdict.record FROM foreign_record JOIN verdict ON verdict.record = foreign_record.id "
        "WHERE foreign_record.dossier = ?1 AND verdict.outcome = 'quarantined'",
        (bytes.fromhex(dossier),),
    )
    return frozenset(row[0].hex() for row in rows)


def digest_total(db: Database) -> bytes:
    """The sum over this unit's dossiers that a round carries."""
    row = db.conn.execute("SELECT total FROM digest_total").fetchone()
    return bytes(row[0])
