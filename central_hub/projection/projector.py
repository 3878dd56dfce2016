"""Fold touched dossiers once per batch and write what follows from them: rows, counters, digests.

The judge and `rebuild` use this one class, which is why their tables are the same. It reads what it needs first
(`load`), folds without touching the database (`fold`), and writes in the caller's transaction (`write`).
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from central_hub.projection.conflicts import ConflictRow, conflict_rows, write_conflict_rows
from central_hub.projection.documents import DocumentRow, document_rows, write_document_rows
from central_hub.projection.files import FileRow, file_rows, states_files, write_file_rows
from central_hub.projection.foreign import Audience, audience, names_others
from central_hub.projection.histories import Histories, History, without_body
from central_hub.projection.legs import LegRow, leg_rows, write_leg_rows
from central_hub.projection.rows import (
    COLUMNS,
    DossierRow,
    earlier_stretches,
    load_rows,
    row_of,
    tenures_of,
)
from central_hub.projection.tallies import TallyChanges
from central_hub.store.bulk import chunks, insert_rows, update_rows
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, OVERDUE_BEFORE, SCOPE, TENURE
from dossiers.causality import arrange
from dossiers.documents import makes_documents
from dossiers.genealogy import NOTHING, Genealogy, receiving_log
from dossiers.merge import FOLD_VERSION, compared, fold_in_order, has_unread, ill_formed, state_hash
from dossiers.views import DossierView
from sync_protocol.digest import DIGEST_BYTES, dossier_digest, from_bytes, record_set_hash, replace, to_bytes
from sync_protocol.record import Record, UnverifiedRecord

_KEPT_COLUMNS = COLUMNS[1:]
_DIGEST = select(SCOPE.c.digest).where(SCOPE.c.commune == bindparam("of"))


class Projector:
    """Folds for one process; remembers dossiers in work between batches."""

    def __init__(self) -> None:
        self.histories = Histories()
        self._old: dict[str, DossierRow] = {}
        self._new: list[DossierRow] = []
        self._gone: list[DossierRow] = []
        self._tallies = TallyChanges()
        self._scopes: dict[str, int] = {}
        self._files: dict[str, list[FileRow]] = {}
        self._documents: dict[str, list[DocumentRow]] = {}
        self._legs: dict[str, list[LegRow]] = {}
        self._conflicts: dict[str, list[ConflictRow]] = {}
        self.audiences: dict[str, Audience] = {}
        """Per dossier folded last that has to do with several units: who is to hold which of its records."""
        self._genealogy = NOTHING
        self._devices: dict[str, str] = {}
        self._ill: set[str] = set()
        """Records that an older program let in and whose facts this one knows to be wrong."""
        self._unread: set[str] = set()
        """Dossiers in which a later version wrote something that this program cannot read."""

    def load(
        self,
        connection: Connection,
        store: HubLogStore,
        dossiers: Iterable[str],
        *,
        known: Iterable[str],
        genealogy: Genealogy = NOTHING,
    ) -> None:
        """Read rows and earlier records of the dossiers that a batch touches.

        Args:
            known: dossiers without a row of which records are held nevertheless.
            genealogy: how units were re-organised, as far as this batch knows.
        """
        self._genealogy = genealogy
        wanted = list(dossiers)
        self._old = load_rows(connection, wanted)
        known = set(known)
        lacking = [d for d in wanted if self.histories.get(d) is None and (d in self._old or d in known)]
        for dossier, records in store.records_of_dossiers(lacking).items():
            bare = [without_body(record) for record in records]
            self.histories.put(dossier, bare)
            self._ill |= ill_formed(bare)
            if has_unread(bare):
                self._unread.add(dossier)

    def distrust(self, arrived: Mapping[str, list[UnverifiedRecord]]) -> None:
        """Look at the facts of records that this program has not judged (`rebuild`), before they are folded."""
        for records in arrived.values():
            self._ill |= ill_formed(records)

    def history(self, dossier: str) -> History:
        """The earlier records of a dossier; empty for a new one."""
        return self.histories.get(dossier) or []

    def fold(
        self,
        arrived: Mapping[str, list[UnverifiedRecord]],
        *,
        left_out: AbstractSet[str],
        quarantined: AbstractSet[str],
        store: HubLogStore,
    ) -> None:
        """Fold dossiers after records arrived (or stand otherwise than before).

        Args:
            arrived: by dossier; their facts were checked, unless they are left out or quarantined.
            left_out: ids of records that wait for another; they take no part yet.
            quarantined: ids of refused records.
            store: where the bodies of branched dossiers are read.
        """
        self._tallies = TallyChanges()
        self._new, self._gone, self._scopes, self._files = [], [], {}, {}
        self._documents, self._conflicts = {}, {}
        self._legs, self.audiences = {}, {}
        for dossier, records in arrived.items():
            history = self.history(dossier) + [without_body(record) for record in records]
            self.histories.put(dossier, history)
            if has_unread(records):
                self._unread.add(dossier)
            if states_files(history):
                self._files[dossier] = []
            if makes_documents(history):
                self._documents[dossier] = []
            if names_others(history):
                self._legs[dossier] = []
            if dossier in self._old and self._old[dossier].conflicts:
                self._conflicts[dossier] = []
            row = self._fold_one(dossier, history, records, left_out, quarantined, store)
            if row is not None:
                self._note(self._old.get(dossier), row)
            elif dossier in self._old:
                self._note_gone(self._old[dossier])

    def write(self, connection: Connection) -> None:
        """Write what `fold` found, in the caller's transaction."""
        new = [row for row in self._new if row.id.hex() not in self._old]
        changed = [(*row[1:], row.id) for row in self._new if row.id.hex() in self._old]
        insert_rows(connection, DOSSIER, COLUMNS, new)
        update_rows(connection, DOSSIER, _KEPT_COLUMNS, ("id",), changed)
        for part in chunks([row.id for row in self._gone]):
            connection.execute(delete(DOSSIER).where(DOSSIER.c.id.in_(part)))
        self._write_stretches(connection)
        self._write_tenures(connection)
        if self._files:
            write_file_rows(connection, self._files)
        if self._documents:
            write_document_rows(connection, self._documents)
        if self._conflicts:
            write_conflict_rows(connection, self._conflicts)
        if self._legs:
            write_leg_rows(connection, self._legs)
        self._tallies.write(connection)
        for commune, change in sorted(self._scopes.items()):
            _add_to_scope(connection, commune, change)
        self.histories.trim()

    def _write_stretches(self, connection: Connection) -> None:
        """The few dossiers that were overdue more than once."""
        old = [row.id for row in self._old.values() if earlier_stretches(row)]
        new = [stretch for row in self._new for stretch in earlier_stretches(row)]
        touched = {row.id for row in (*self._new, *self._gone)}
        for part in chunks(dossier for dossier in old if dossier in touched):
            connection.execute(delete(OVERDUE_BEFORE).where(OVERDUE_BEFORE.c.id.in_(part)))
        insert_rows(connection, OVERDUE_BEFORE, ("id", "since", "until"), new)

    def _write_tenures(self, connection: Connection) -> None:
        """The dossiers that a re-organisation moved."""
        old = [row.id for row in self._old.values() if row.tenures]
        touched = {row.id for row in (*self._new, *self._gone)}
        for part in chunks(dossier for dossier in old if dossier in touched):
            connection.execute(delete(TENURE).where(TENURE.c.id.in_(part)))
        new = [
            (row.id, tenure.since, tenure.until, tenure.unit)
            for row in self._new
            if row.tenures
            for tenure in tenures_of(row)
        ]
        insert_rows(connection, TENURE, ("id", "since", "until", "commune"), new)

    def _receiving_device(self, view: DossierView, store: HubLogStore) -> str | None:
        """The PC that received a dossier; asked only where units were re-organised."""
        if self._genealogy.is_empty:
            return None
        log = receiving_log(view)
        if log not in self._devices:
            held = store.held(log)
            self._devices[log] = held.device if held else ""
        return self._devices[log] or None

    def _fold_one(
        self,
        dossier: str,
        history: History,
        arrived: list[UnverifiedRecord],
        left_out: AbstractSet[str],
        quarantined: AbstractSet[str],
        store: HubLogStore,
    ) -> DossierRow | None:
        records = [r for r in history if r.id not in left_out] if left_out else history
        refused = {r.id for r in records if r.id in quarantined} if quarantined else quarantined
        if len(records) == len(refused):
            return None
        if refused or dossier in self._unread:
            records = compared(records, refused, self._genealogy)
            refused = refused & {record.id for record in records}
        order = arrange(records)
        if not order.is_linear:
            order = arrange(_with_bodies(dossier, records, arrived, store))
        view = fold_in_order(order, refused, ill=self._ill)
        if dossier in self._files:
            self._files[dossier] = file_rows(view)
        if dossier in self._documents:
            self._documents[dossier] = document_rows(view, records)
        if view.legs or view.slips:
            self._legs[dossier] = leg_rows(view)
            self.audiences[dossier] = audience(order, refused)
        device = self._receiving_device(view, store)
        if view.conflicts:
            self._conflicts[dossier] = conflict_rows(view, genealogy=self._genealogy, device=device)
        set_hash = record_set_hash((r.id for r in records), refused)
        digest = dossier_digest(dossier, set_hash, FOLD_VERSION, state_hash(view))
        return row_of(
            view,
            records=len(records),
            digest=to_bytes(digest),
            genealogy=self._genealogy,
            device=device,
        )

    def _note(self, old: DossierRow | None, new: DossierRow) -> None:
        self._new.append(new)
        self._tallies.replace(old, new)
        if old is not None:
            self._take_from_scope(old)
        self._scopes[new.keeper] = replace(self._scopes.get(new.keeper, 0), old=0, new=from_bytes(new.digest))

    def _note_gone(self, old: DossierRow) -> None:
        """Nothing of a dossier stands any more: its records wait for a review, or were refused after all."""
        self._gone.append(old)
        self._tallies.replace(old, None)
        self._take_from_scope(old)

    def _take_from_scope(self, old: DossierRow) -> None:
        self._scopes[old.keeper] = replace(self._scopes.get(old.keeper, 0), old=from_bytes(old.digest), new=0)


def _with_bodies(
    dossier: str, records: list[Record], arrived: list[UnverifiedRecord], store: HubLogStore
) -> list[Record]:
    full = {record.id: record for record in store.records_of_dossiers([dossier])[dossier]}
    full |= {
        r.id: Record(r.header, r.header_bytes, r.signature, r.id, r.link, r.body, r.body_state)
        for r in arrived
    }
    return [full.get(record.id, record) for record in records]


def _add_to_scope(connection: Connection, commune: str, change: int) -> None:
    old = connection.scalar(_DIGEST, {"of": commune})
    if old is None:
        connection.execute(insert(SCOPE).values(commune=commune, digest=to_bytes(change)))
    else:
        total, row = replace(from_bytes(old), old=0, new=change), SCOPE.c.commune == commune
        if total:
            connection.execute(update(SCOPE).where(row).values(digest=to_bytes(total)))
        else:  # a unit that keeps nothing any more has no row, as after a rebuild
            connection.execute(delete(SCOPE).where(row))


def scope_digest(connection: Connection, commune: str) -> bytes:
    """The digest of all dossiers of a commune."""
    found: bytes | None = connection.scalar(_DIGEST, {"of": commune})
    return found if found is not None else bytes(DIGEST_BYTES)
