"""The judge: everything that is stored and not judged yet, in order, one batch at a time.

Theory of operation. A batch is read and its signatures are verified in threads, while the batch before it is still being
judged. Its records are judged in order of arrival together with those that waited for them, and the dossiers they touch
are folded. Nothing has been written so far, so a crash costs only the work. Then one transaction writes everything that follows: places, standings,
verdicts, keys, leases, dossier rows, counters, and how far each log is judged. There is one judge per hub, and what others may change
meanwhile either is looked at again by itself or is asked once more in that transaction (`batch.Grounds`).

A fault of the judge itself must not stop the others' records. When a batch fails unexpectedly, its runs are tried one by
one in transactions that are undone, until the records are found without which the rest goes through; those wait, with a
reason that is tried again when the judge starts anew (after an update).

`judge_pending` runs in the judge's own process (`serve`), in the simulation and in tests alike.
"""

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from central_hub.copies.suspicion import is_unconfirmed_life, reviews_of_copies, suspected_logs
from central_hub.journal.service import Draft, write
from central_hub.judge.batch import (
    Ahead,
    Batch,
    Case,
    Grounds,
    StoredRun,
    in_order_of_belief,
    keys_since,
    retried,
    spoiled_tails,
    still_holds,
    stored_runs,
)
from central_hub.judge.cuts import read_cuts, records_after_new_cuts
from central_hub.judge.deciding import KEY_STATED, decide
from central_hub.judge.listing import list_foreign
from central_hub.judge.refolding import Refolder
from central_hub.judge.signatures import Verification, Verifiers
from central_hub.judge.standings import (
    COLUMNS,
    Standing,
    standings_after_cuts,
    standings_for_another_program,
    standings_of_copies,
    standings_of_dossiers,
    standings_of_keys,
)
from central_hub.judge.verdicts import VERDICT, verdicts_on, verdicts_to_correct
from central_hub.projection.projector import Projector
from central_hub.projection.protocol import apply_protocol
from central_hub.projection.twins import PURPOSE as TWINS
from central_hub.projection.twins import note_twins
from central_hub.registry.leases import grant_lease, has_lease
from central_hub.registry.status import FORKED, REINSTATED, REVIEWED, REVOKED, newest_event
from central_hub.services import Services
from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.engine import reading, writing
from central_hub.store.erasures import mark_folded, scrub, unfolded
from central_hub.store.record_log import PLACE_COLUMNS, HubLogStore, place_rows
from central_hub.store.tables import DEVICE, KEY, LOG, PLACE, REHOMING, STANDING
from dossiers import genealogy
from signing.reasons import Reason
from signing.trust import Trust
from sync_protocol import copies
from sync_protocol.admission import APPLIED, Judgement, Outcome
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.log import OPENING_KIND
from sync_protocol.record import Record, UnverifiedRecord, unverified

_LOG = logging.getLogger(__name__)
_NEWEST_KEY = select(func.max(KEY.c.no))
_TO_REHOME = select(REHOMING.c.id).limit(bindparam("most"))
_PROTOCOL_KINDS = frozenset(
    {
        KEY_STATED,
        REVOKED,
        REINSTATED,
        REVIEWED,
        FORKED,
        ERASURE_KIND,
        copies.SUSPECTED,
        copies.REVIEWED,
        "key.requested",
        "lease.granted",
        "foreign.listed",
        "catalogue.published",
        "calendar.published",
        *genealogy.KINDS,
    }
)
_FIRST_RECORDS = 256


class _Undo(Exception):
    """A trial has come to its end; nothing of it is kept."""


class Judge:
    """Keeps between batches what the next one needs: threads, dossiers in work, which keys it has seen stated."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._verifiers = Verifiers(services.config.verify_threads)
        self._projector = Projector()
        self._keys_seen = 0
        self._events_seen = 0
        self._reviews_seen: frozenset[str] | None = None
        self._retries_all = True
        self._ahead: Ahead | None = None
        self._refolder = Refolder(services)

    def judge_pending(self, *, batches_max: int | None = None) -> int:
        """Judge everything that is stored, and fold anew what another version folded; returns how many records were judged
        and dossiers folded."""
        worked = batches = 0
        while batches_max is None or batches < batches_max:
            found = self._judge_batch()
            folded = self._refolder.step()
            if found is None and not folded:
                break
            worked += (found or 0) + folded
            batches += 1
        return worked

    def close(self) -> None:
        """End the threads."""
        self._verifiers.close()

    def _judge_batch(self) -> int | None:
        with reading(self._services.engine) as connection:
            if unfolded(connection):
                self._ahead = None  # what was read ahead may hold bodies that were erased meanwhile
        ahead = self._ahead or self._look_ahead(())
        self._ahead = self._look_ahead(ahead.runs) if ahead.runs else None
        try:
            return self._attempt(ahead)
        except SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001 — whatever it was, it must not stop the others' records
            _LOG.exception("a batch could not be judged; its runs are tried one by one")
            return self._judge_apart(ahead)

    def _attempt(
        self, ahead: Ahead, suspended: frozenset[str] = frozenset(), *, is_trial: bool = False
    ) -> int | None:
        """Judge what was read; without the suspended records. A trial raises _Undo where it would have been kept."""
        services = self._services
        with reading(services.engine) as connection:
            store = HubLogStore(connection, services.opened)
            keys_seen = connection.scalar(_NEWEST_KEY) or 0
            events_seen, reviews_seen = newest_event(connection), reviews_of_copies(connection)
            batch = self._read(connection, store, ahead)
            batch.suspended = suspended
            work = (batch.cases, batch.runs, batch.spoiled, batch.erased, batch.rehomed)
            if not any(work):
                self._keys_seen, self._events_seen, self._retries_all = keys_seen, events_seen, False
                self._reviews_seen = reviews_seen
                return None
            decide(batch, self._projector)
            self._fold(batch, store)
        with writing(services.engine) as connection:
            if not still_holds(connection, batch):
                # A node sent another version of its unsealed tail meanwhile, or units were merged: read again.
                self._begin_anew()
                return 0
            self._write(connection, batch)
            if is_trial:
                raise _Undo
        if batch.spoiled:
            self._ahead = None
        if batch.erased:
            scrub(services.engine)
        self._keys_seen, self._events_seen, self._retries_all = keys_seen, events_seen, False
        self._reviews_seen = reviews_seen
        return batch.records

    # --- a fault of the judge ---

    def _judge_apart(self, together: Ahead) -> int:
        """Judge the runs of a batch that failed one by one, each without the records that make it fail."""
        parts = [Ahead([run], together.trust, self._verify([run], together.trust)) for run in together.runs]
        judged = 0
        for ahead in parts or [together]:
            self._begin_anew()
            suspended = frozenset() if self._holds(ahead, frozenset()) else self._culprits(ahead)
            self._begin_anew()
            judged += self._attempt(ahead, suspended) or 0
        self._begin_anew()
        return judged

    def _culprits(self, ahead: Ahead) -> frozenset[str]:
        """The records without which the rest goes through; raises the fault when no record is to blame."""
        with reading(self._services.engine) as connection:
            batch = self._read(connection, HubLogStore(connection, self._services.opened), ahead)
        records = [case.record.id for case in batch.cases]
        suspended = frozenset(records)
        if not self._holds(ahead, suspended):
            self._begin_anew()
            self._attempt(ahead, suspended, is_trial=True)
        parts = [records]
        while parts:
            part = parts.pop()
            if self._holds(ahead, suspended - frozenset(part)):
                suspended -= frozenset(part)
            elif len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        for record in sorted(suspended):
            _LOG.error("record %s waits: the judge fails on it", record)
        return suspended

    def _holds(self, ahead: Ahead, suspended: frozenset[str]) -> bool:
        self._begin_anew()
        try:
            self._attempt(ahead, suspended, is_trial=True)
        except _Undo:
            return True
        except SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001 — that is the question
            return False
        return True

    def _begin_anew(self) -> None:
        self._projector, self._ahead = Projector(), None

    # --- read ---

    def _look_ahead(self, in_hand: Sequence[StoredRun]) -> Ahead:
        """Read the next runs and begin to verify them.

        Twice as many as are in hand: who has nothing yet waits for few signatures only, and begins to judge at once.
        """
        services = self._services
        held = sum(len(run.records) for run in in_hand)
        most = min(services.config.judge_batch_records, max(_FIRST_RECORDS, 2 * held))
        with reading(services.engine) as connection:
            runs = stored_runs(connection, services, most, [run.no for run in in_hand])
            trust = services.trust.current(connection)
        return Ahead(runs, trust, self._verify(runs, trust))

    def _verify(self, runs: Sequence[StoredRun], trust: Trust) -> Verification:
        return self._verifiers.start([record for run in runs for record in run.records], trust)

    def _read(self, connection: Connection, store: HubLogStore, ahead: Ahead) -> Batch:
        runs = ahead.runs
        trust = self._services.trust.current(connection)
        fresh = [(run, record) for run in runs for record in run.records]
        cases = [
            Case(record, run.log_no, run.device, hold)
            for (run, record), hold in zip(fresh, ahead.verification.answers(), strict=True)
        ]
        spoiled = spoiled_tails(runs, cases)
        if spoiled:
            gone = {id(record) for run in spoiled for record in run.records}
            runs = [run for run in runs if run not in spoiled]
            cases = [case for case in cases if id(case.record) not in gone]
        dossiers = dict.fromkeys(case.record.header.dossier or "" for case in cases)
        dossiers.pop("", None)
        waiting = standings_of_keys(connection, keys_since(connection, self._keys_seen))
        if self._retries_all:
            waiting += standings_for_another_program(connection)
        if reviews_of_copies(connection) != self._reviews_seen:
            waiting += standings_of_copies(connection)
        status = self._services.status.current(connection)
        cut_off: list[tuple[Record, Standing, str]] = []
        if newest_event(connection) > self._events_seen:
            waiting += standings_after_cuts(connection)
            cut_off = records_after_new_cuts(connection, store, status, trust, seen=self._events_seen)
        dossiers.update(dict.fromkeys(s.dossier for s in waiting if s.dossier))
        dossiers.update(dict.fromkeys(r.header.dossier for r, _, _ in cut_off if r.header.dossier))
        erased = unfolded(connection)
        dossiers.update(dict.fromkeys(erased.values()))
        rehomed = _waiting_for_a_home(connection, self._services.config.judge_batch_records)
        dossiers.update(dict.fromkeys(rehomed))
        known = standings_of_dossiers(connection, dossiers)
        standings = {standing.record: standing for standing in (*waiting, *known)}
        cases += retried(store, standings.values())
        cases += [
            Case(unverified(record), standing.log_no, device, True, before=standing)
            for record, standing, device in cut_off
            if record.id not in standings
        ]
        cuts = read_cuts(connection, store, status, trust, [case.record for case in cases])
        self._projector.load(
            connection,
            store,
            dossiers,
            known=[s.dossier for s in known if s.dossier],
            genealogy=self._services.genealogy.current(connection),
        )
        return Batch(
            runs=runs,
            cases=cases,
            trust=trust,
            standings=standings,
            cuts=cuts,
            grounds=Grounds.of(connection),
            spoiled=spoiled,
            erased=erased,
            copies=suspected_logs(connection, self._services, {case.log_no for case in cases}),
            self_reviews=_self_reviews(connection, self._services, cases),
            rehomed=rehomed,
            genealogy=self._services.genealogy.current(connection),
        )

    # --- fold ---

    def _fold(self, batch: Batch, store: HubLogStore) -> None:
        arrived: dict[str, list[UnverifiedRecord]] = {}
        for case in batch.cases:
            dossier = case.record.header.dossier
            if dossier is None:
                continue
            if case.before is None:
                arrived.setdefault(dossier, []).append(case.record)
            elif case.before.differs(case.judgement.outcome, case.judgement.reason):
                arrived.setdefault(dossier, [])
        for dossier in (*batch.erased.values(), *batch.rehomed):
            arrived.setdefault(dossier, [])
        outcomes = batch.outcomes.items()
        self._projector.fold(
            arrived,
            left_out={record for record, outcome in outcomes if outcome is Outcome.PENDING} - batch.later,
            quarantined={record for record, outcome in outcomes if outcome is Outcome.QUARANTINED},
            store=store,
        )

    # --- write ---

    def _write(self, connection: Connection, batch: Batch) -> None:
        for run in batch.runs:
            insert_rows(connection, PLACE, PLACE_COLUMNS, place_rows(run.log_no, run.records))
        _mark_judged(connection, batch.runs)
        store = HubLogStore(connection, self._services.opened)
        for spoiled in batch.spoiled:
            store.drop_tail(spoiled.log)
        now_ms = self._services.clock()
        returned = [
            case.record
            for case in batch.cases
            if case.record.header.kind == VERDICT and case.judgement is APPLIED
        ]
        apply_protocol(connection, returned)  # of a former life of this hub, as the PCs held them
        self._write_standings(connection, batch, now_ms)
        self._say(connection, verdicts_to_correct(connection, store, returned), now_ms)
        applied = [
            case.record
            for case in batch.cases
            if case.record.header.kind in _PROTOCOL_KINDS and case.judgement is APPLIED
        ]
        apply_protocol(connection, in_order_of_belief(applied, batch))
        mark_folded(connection, batch.erased)
        for part in chunks(bytes.fromhex(dossier) for dossier in batch.rehomed):
            connection.execute(delete(REHOMING).where(REHOMING.c.id.in_(part)))
        self._grant_leases(connection, batch, now_ms)
        self._projector.write(connection)
        list_foreign(connection, self._services, self._projector.audiences, now_ms)
        fresh = [case.record for case in batch.cases if case.before is None or case.before.was_unread]
        note_twins(connection, self._services.keys.derived(TWINS), fresh)

    def _write_standings(self, connection: Connection, batch: Batch, now_ms: int) -> None:
        changed: list[tuple[Case, Judgement]] = []
        for case in batch.cases:
            judgement = case.judgement
            if case.before is None:
                if judgement is not APPLIED:
                    changed.append((case, judgement))
            elif case.before.differs(judgement.outcome, judgement.reason):
                changed.append((case, judgement))
        gone = [case.before for case, _ in changed if case.before]
        for standing in gone:
            place = and_(STANDING.c.log_no == standing.log_no, STANDING.c.seq == standing.seq)
            connection.execute(delete(STANDING).where(place))
        kept = [
            _standing(case, judgement.reason, now_ms)
            for case, judgement in changed
            if judgement.reason is not None
        ]
        insert_rows(connection, STANDING, COLUMNS, [standing.row() for standing in kept])
        drafts = verdicts_on(connection, batch.cases, [case for case, _ in changed])
        self._say(connection, drafts, now_ms)

    def _say(self, connection: Connection, drafts: Mapping[str, Sequence[Draft]], now_ms: int) -> None:
        for commune, verdicts in sorted(drafts.items()):
            write(connection, self._services, commune=commune, drafts=verdicts, now_ms=now_ms)

    def _grant_leases(self, connection: Connection, batch: Batch, now_ms: int) -> None:
        for case in batch.cases:
            header = case.record.header
            if (
                header.kind == OPENING_KIND
                and case.judgement is APPLIED
                and case.log_no not in batch.copies
                and not has_lease(connection, header.log)
            ):
                grant_lease(connection, self._services, unit=header.commune, log=header.log, now_ms=now_ms)
            if header.kind == OPENING_KIND and case.judgement is APPLIED:
                # The fleet shows where a PC works: since a re-organisation that is where it opened its newest log.
                moved = update(DEVICE).where(DEVICE.c.id == case.device, DEVICE.c.unit != header.commune)
                connection.execute(moved.values(unit=header.commune))


def judge_pending(services: Services) -> int:
    """Judge everything once, with a judge of its own."""
    judge = Judge(services)
    try:
        return judge.judge_pending()
    finally:
        judge.close()


def _self_reviews(connection: Connection, services: Services, cases: Sequence[Case]) -> frozenset[str]:
    """Reviews of copies that the copy itself wrote, by record id."""
    return frozenset(
        case.record.id
        for case in cases
        if case.record.header.kind == copies.REVIEWED
        and is_unconfirmed_life(connection, services, case.log_no, case.record.header.facts.get("life"))
    )


def _waiting_for_a_home(connection: Connection, most: int) -> list[str]:
    """The next dossiers that a re-organisation concerns."""
    return [row.id.hex() for row in connection.execute(_TO_REHOME, {"most": most})]


def _mark_judged(connection: Connection, runs: Sequence[StoredRun]) -> None:
    reached: dict[int, tuple[int, str]] = {run.log_no: (run.stop, run.records[-1].link) for run in runs}
    for log_no, (stop, head) in reached.items():
        connection.execute(update(LOG).where(LOG.c.no == log_no).values(judged=stop))
        connection.execute(
            update(LOG)
            .where(LOG.c.no == log_no, LOG.c.acknowledged < stop)
            .values(acknowledged=stop, acknowledged_head=head)
        )


def _standing(case: Case, reason: Reason, now_ms: int) -> Standing:
    header, judgement = case.record.header, case.judgement
    return Standing(
        log_no=case.log_no,
        log=header.log,
        seq=header.seq,
        record=case.record.id,
        dossier=header.dossier,
        commune=header.commune,
        kind=header.kind,
        by=header.by,
        outcome=judgement.outcome,
        code=reason.code,
        retryable=reason.retryable,
        detail=judgement.detail[:500],
        since_ms=case.before.since_ms if case.before else now_ms,
    )
