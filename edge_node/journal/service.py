"""Writing: drafts become signed records at the end of this PC's log, in one transaction, durable when it returns.

Inside one IMMEDIATE transaction: the caller's decision on the present state, parents from the dossier's heads, the
hybrid clock, the chain, the signature, the record, a seal every 64 records, and the derived tables. A crash before the
commit leaves nothing; a crash after it leaves everything. The watermark outside the database is written after the
commit: it may be older than the database, never newer (lessons 1, 2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from dossiers.genealogy import receiving_log
from dossiers.kinds import check_body, check_facts, roles_for
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.reasons import ROUTE
from dossiers.routes import may_write
from dossiers.views import DossierView
from edge_node import reasons
from edge_node.journal.stamp import next_instant, offset_now
from edge_node.journal.watermark import write_watermark
from edge_node.keyring import Actor, TrustMissing
from edge_node.keyring.units import read_genealogy
from edge_node.projection.service import Projector, is_told_whole
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull, write_transaction
from edge_node.store.bases import has_bases
from edge_node.store.bodies import is_wholly_erased
from edge_node.store.local import Office, read_office
from edge_node.witness.state import anchor_of
from signing.errors import NotEntitled
from signing.keys import SigningKey
from signing.reasons import Reason
from sync_protocol.errors import LocalFault
from sync_protocol.frontier import FrontierEntry
from sync_protocol.limits import SALT_SIZE_BYTES, SEAL_EVERY_RECORDS
from sync_protocol.log import OPENING_KIND, Run, make_seal
from sync_protocol.record import Body, Header, Record, compose, unverified

CONTENT_ALONE: Final = frozenset({"dossier.amended", "dossier.file_added", "dossier.noted"})
"""Kinds that say nothing without their body; the others' facts (a step, a settlement, a payment) stand without it."""
DOSSIER_PREFIX: Final = "dossier."
OPENING_OF_A_DOSSIER: Final = "dossier.received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to state.

    A draft of a dossier kind without a dossier opens a new one; several such drafts of one writing share it.
    """

    kind: str
    dossier: str | None = None
    facts: dict[str, Any]
    content: dict[str, Any] | None = None


class WriteRefused(Exception):
    """The signer may not state this, or it does not follow its kind."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.code}: {detail}" if detail else reason.code)
        self.reason = reason
        self.detail = detail


class JournalReadOnly(WriteRefused):
    """The disk is full: the node reads and syncs, but records nothing until there is room again."""


class NotEnrolled(WriteRefused):
    """This PC belongs to no unit yet."""


Decision = Callable[[Database], Sequence[Draft]]


def new_dossier_id(services: Services) -> str:
    """A fresh random id, for several drafts about one new dossier."""
    return services.random_bytes(16).hex()


def write(db: Database, services: Services, actor: Actor | None, drafts: Sequence[Draft]) -> list[Record]:
    """Sign and keep these drafts; `actor` None lets the device itself sign.

    Raises WriteRefused (of which JournalReadOnly and NotEnrolled are kinds); nothing was kept then.
    """
    return write_with(db, services, actor, lambda _: drafts)


def write_with(db: Database, services: Services, actor: Actor | None, decide: Decision) -> list[Record]:
    """As `write`, with drafts that `decide` makes inside the transaction, on a state nobody else can change.

    What `decide` raises passes through and leaves nothing behind. Inside a caller's own transaction it joins in.
    """
    is_outermost = not db.conn.in_transaction
    try:
        services.space.check()
        with write_transaction(db):
            writer = _Writer(db, services, actor)
            records = writer.write(decide(db))
    except StorageFull as error:
        services.space.release()
        raise JournalReadOnly(reasons.DISK_FULL, str(error)) from error
    if is_outermost and records:
        write_watermark(services.config.keys, records[-1])
    return records


def write_opening(db: Database, services: Services, draft: Draft) -> Record:
    """Keep record 0 of a new log, inside the caller's transaction, even while the node is read-only.

    It is one small record, for which there is room in what the reserve gave up, and without it the node could not write
    again safely.
    """
    return _Writer(db, services, None).write([draft])[0]


class _Writer:
    """One writing: where the log stands now, and who signs."""

    def __init__(self, db: Database, services: Services, actor: Actor | None) -> None:
        office = require_office(db)
        self._db, self._services, self._office = db, services, office
        self._signer: SigningKey = actor.signer if actor else services.keyring.device
        self._store = SqliteLogStore(db)
        self._position = self._store.frontier([office.log]).get(office.log)
        self._anchor = anchor_of(services.config.keys)
        self._new_dossier: str | None = None
        self._heads: dict[str, tuple[str, ...]] = {}
        self._is_seeded = has_bases(db)
        self._views: dict[str, DossierView] = {}

    def write(self, drafts: Sequence[Draft]) -> list[Record]:
        records = [self._append(draft) for draft in drafts]
        Projector(self._db, self._office).take(records)
        return records

    def _append(self, draft: Draft) -> Record:
        self._check(draft)
        dossier = self._dossier_of(draft)
        if (
            draft.kind in CONTENT_ALONE
            and dossier
            and is_wholly_erased(self._db, dossier, unit=self._office.unit)
        ):
            raise WriteRefused(reasons.ERASED, draft.kind)
        parents = self._heads_of(dossier) if dossier else ()
        if dossier and self._is_seeded and not self._is_told_whole(draft, dossier):
            raise WriteRefused(reasons.HISTORY_MISSING, dossier)
        view = self._views.get(dossier or "")
        if view is not None and not self._may_write(view, draft.kind):
            raise WriteRefused(ROUTE, draft.kind)
        now = self._services.clock()
        content = draft.content
        body = (
            Body.of(content, salt=self._services.random_bytes(SALT_SIZE_BYTES))
            if content is not None
            else None
        )
        header = Header(
            anchor=self._anchor,
            at=next_instant(self._db, wall_ms=now),
            body=body.hash if body else None,
            by=self._signer.public.id,
            commune=self._office.unit,
            dossier=dossier,
            facts=draft.facts,
            kind=draft.kind,
            log=self._office.log,
            offset=offset_now(self._db, now),
            parents=parents,
            prev=self._position.head if self._position else None,
            seq=self._position.length if self._position else 0,
        )
        record = compose(header, body, self._signer)
        self._keep(record)
        if dossier:
            self._heads[dossier] = (record.id,)
        return record

    def _may_write(self, view: DossierView, kind: str) -> bool:
        """Whether this unit may state this; where units were re-organised, whether it keeps the dossier now."""
        unit, genealogy = self._office.unit, read_genealogy(self._db)
        if genealogy.is_empty:
            return may_write(view, unit, kind)
        device = self._store.device_of(receiving_log(view))
        now = self._services.clock()
        offset = offset_now(self._db, now)
        today = to_yyyymmdd(local_date(now + (offset[0] if offset else 0)))
        if genealogy.unit_at(unit, today, device=self._office.device) == unit:
            is_kept = unit == genealogy.unit_at(view.commune, today, device=device, dossier=view.dossier)
        else:  # the day has come, and this PC is about to follow
            tenures = genealogy.tenures(view.commune, device=device, dossier=view.dossier)
            is_kept = any(tenure.unit == unit for tenure in tenures)
        others = genealogy.scope(unit) - {view.commune}
        return is_kept or any(may_write(view, each, kind) for each in sorted(others))

    def _keep(self, record: Record) -> None:
        length = record.header.seq + 1
        seal = None
        if length % SEAL_EVERY_RECORDS == 0:
            seal = make_seal(record.header.log, length, record.link, self._services.keyring.device)
        run = Run(log=record.header.log, first=length - 1, records=(unverified(record),), seal=seal)
        self._store.append(run)
        self._position = FrontierEntry(log=record.header.log, length=length, head=record.link)

    def _dossier_of(self, draft: Draft) -> str | None:
        if draft.dossier or not draft.kind.startswith(DOSSIER_PREFIX):
            return draft.dossier
        if self._new_dossier is None:
            self._new_dossier = new_dossier_id(self._services)
        return self._new_dossier

    def _is_told_whole(self, draft: Draft, dossier: str) -> bool:
        """Whether all that went before is here: closed dossiers are not written on until their history arrives."""
        if self._heads[dossier]:
            return is_told_whole(self._db, dossier)
        return draft.dossier is None or draft.kind == OPENING_OF_A_DOSSIER

    def _heads_of(self, dossier: str) -> tuple[str, ...]:
        if dossier not in self._heads:
            view = view_of(self._db, dossier)
            if view is not None:
                self._views[dossier] = view
            self._heads[dossier] = view.heads if view is not None else ()
        return self._heads[dossier]

    def _check(self, draft: Draft) -> None:
        refusal = check_facts(draft.kind, draft.facts) or check_body(draft.kind, draft.facts, draft.content)
        if refusal:
            raise WriteRefused(refusal, draft.kind)
        self._check_authority(draft)

    def _check_authority(self, draft: Draft) -> None:
        try:
            trust = self._services.trust.trust(self._db)
            statement = trust.require(self._signer.public.id, kind=draft.kind, unit=self._office.unit)
        except TrustMissing as error:
            raise NotEnrolled(reasons.NOT_ENROLLED) from error
        except NotEntitled as error:
            if self._signs_own_log(draft):
                return
            raise WriteRefused(error.reason, error.detail) from error
        if not statement.roles & roles_for(draft.kind, draft.facts):
            raise WriteRefused(reasons.ROLE, draft.kind)
        key = self._signer.public.id
        refusal = self._services.status.refusal(self._db, key, device=self._office.device)
        # A new epoch opens all the same: what stands behind it must still reach the province.
        if refusal and draft.kind != OPENING_KIND:
            raise WriteRefused(refusal, draft.kind)

    def _signs_own_log(self, draft: Draft) -> bool:
        """A device opens its log before the province's statement about it has come down with the first round."""
        return draft.kind == "log.opened" and self._signer.public.id == self._office.device


def require_office(db: Database) -> Office:
    """The office of this PC; raises NotEnrolled before enrolment."""
    office = read_office(db)
    if office is None:
        raise NotEnrolled(reasons.NOT_ENROLLED)
    return office


def seal_tail(db: Database, services: Services, office: Office) -> None:
    """Seal the own log where it ends (before anything is handed over), unless it is sealed there.

    Raises LocalFault where the disk spoilt the newest record: nothing follows that would not fit it, and a seal would make
    the damage what this PC says.
    """
    store = SqliteLogStore(db)
    with write_transaction(db):
        for log in store.logs_of(device=office.device):
            entry = store.frontier([log]).get(log)
            newest = store.seal(log)
            if entry and (newest is None or newest.length < entry.length):
                if not store.is_as_written(log, entry.length - 1):
                    raise LocalFault(f"log {log}: the disk spoilt record {entry.length - 1}")
                origin = store.origin_of(log)
                store.add_seal(
                    make_seal(log, entry.length, entry.head, services.keyring.device, origin=origin)
                )


def may_sign(actor: Actor, kind: str, facts: dict[str, Any]) -> bool:
    """Whether one of the officer's roles entitles to state this (what a screen offers)."""
    return bool(actor.roles & roles_for(kind, facts))
