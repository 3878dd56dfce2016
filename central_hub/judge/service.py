"""The judge: everything that is stored and not judged yet, in order, one batch at a time.

Theory of operation. A batch is read and its signatures are verified in threads, while the batch before it is still being
judged. Its records are judged in order of arrival together with those that waited for them, and the dossiers they touch
are folded. Nothing has been written so far, so a crash costs only the work. Then one transaction writes everything that follows: places, standings,
verdicts, keys, leases, dossier rows, counters, and how far each log is judged. There is one judge per hub, so what was
read still holds when it is written.

`judge_pending` runs in the judge's own process (`serve`), in the simulation and in tests alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from central_hub.journal.service import Draft, write
from central_hub.judge.signatures import Verification, Verifiers
from central_hub.judge.standings import COLUMNS, Standing, standings_of_dossiers, standings_of_keys
from central_hub.projection.projector import Projector
from central_hub.projection.protocol import apply_protocol
from central_hub.registry.leases import grant_lease, has_lease
from central_hub.services import Services
from central_hub.store.bulk import insert_rows
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import PLACE_COLUMNS, HubLogStore, place_rows
from central_hub.store.tables import KEY, LOG, PLACE, RUN, STANDING
from dossiers.rules import RULES
from signing.errors import SignatureInvalid, SigningError
from signing.reasons import Reason
from signing.statements import KeyStatement
from signing.trust import Trust
from sync_protocol import reasons
from sync_protocol.admission import APPLIED, Judgement, Outcome, judge_record
from sync_protocol.errors import RecordInvalid
from sync_protocol.log import OPENING_KIND
from sync_protocol.record import Header, UnverifiedRecord, verify_record

_KEY_STATED = "key.stated"
_RECEIVED = "dossier.received"
_PROTOCOL_KINDS = frozenset(
    {_KEY_STATED, "key.requested", "lease.granted", "catalogue.published", "calendar.published"}
)
_NOT_YET = Judgement(Outcome.PENDING)


@dataclass(slots=True)
class _Stored:
    """A stored run that waits for judgement."""

    no: int
    log_no: int
    log: str
    device: str
    commune: str
    stop: int
    acknowledged: int
    records: tuple[UnverifiedRecord, ...]


@dataclass(slots=True)
class _Ahead:
    """Runs that were read, and their signatures on the way."""

    runs: list[_Stored]
    trust: Trust
    verification: Verification


@dataclass(slots=True)
class _Case:
    """One record on trial, with what was known of it before."""

    record: UnverifiedRecord
    log_no: int
    device: str
    holds: bool | None
    before: Standing | None = None
    judgement: Judgement = _NOT_YET


@dataclass(slots=True)
class _Batch:
    """What one transaction will decide."""

    runs: list[_Stored]
    cases: list[_Case]
    trust: Trust
    standings: dict[str, Standing]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    spoiled: list[_Stored] = field(default_factory=list)

    @property
    def records(self) -> int:
        return sum(len(run.records) for run in self.runs)


class Judge:
    """Keeps between batches what the next one needs: threads, dossiers in work, which keys it has seen stated."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._verifiers = Verifiers(services.config.verify_threads)
        self._projector = Projector()
        self._keys_seen = 0
        self._ahead: _Ahead | None = None

    def judge_pending(self, *, batches_max: int | None = None) -> int:
        """Judge everything that is stored; returns how many records were judged."""
        judged = batches = 0
        while batches_max is None or batches < batches_max:
            found = self._judge_batch()
            if found is None:
                break
            judged += found
            batches += 1
        return judged

    def close(self) -> None:
        """End the threads."""
        self._verifiers.close()

    def _judge_batch(self) -> int | None:
        services = self._services
        ahead = self._ahead or self._look_ahead(())
        self._ahead = self._look_ahead([run.no for run in ahead.runs]) if ahead.runs else None
        with reading(services.engine) as connection:
            store = HubLogStore(connection, services.opened)
            keys_seen = connection.scalar(select(func.max(KEY.c.no))) or 0
            batch = self._read(connection, store, ahead)
            if not (batch.cases or batch.runs or batch.spoiled):
                self._keys_seen = keys_seen
                return None
            _decide(batch, self._projector)
            self._fold(batch, store)
        with writing(services.engine) as connection:
            if not _still_stored(connection, batch):
                # A node sent another version of its unsealed tail meanwhile: read again.
                self._projector, self._ahead = Projector(), None
                return 0
            self._write(connection, batch)
        if batch.spoiled:
            self._ahead = None
        self._keys_seen = keys_seen
        return batch.records

    # --- read ---

    def _look_ahead(self, in_hand: Sequence[int]) -> _Ahead:
        """Read the next runs and begin to verify them."""
        services = self._services
        with reading(services.engine) as connection:
            runs = _stored_runs(connection, services, services.config.judge_batch_records, in_hand)
            trust = services.trust.current(connection)
        verification = self._verifiers.start([record for run in runs for record in run.records], trust)
        return _Ahead(runs, trust, verification)

    def _read(self, connection: Connection, store: HubLogStore, ahead: _Ahead) -> _Batch:
        runs = ahead.runs
        trust = self._services.trust.current(connection)
        fresh = [(run, record) for run in runs for record in run.records]
        cases = [
            _Case(record, run.log_no, run.device, hold)
            for (run, record), hold in zip(fresh, ahead.verification.answers(), strict=True)
        ]
        spoiled = _spoiled_tails(runs, cases)
        if spoiled:
            gone = {id(record) for run in spoiled for record in run.records}
            runs = [run for run in runs if run not in spoiled]
            cases = [case for case in cases if id(case.record) not in gone]
        dossiers = dict.fromkeys(case.record.header.dossier or "" for case in cases)
        dossiers.pop("", None)
        waiting = standings_of_keys(connection, _keys_since(connection, self._keys_seen))
        dossiers.update(dict.fromkeys(s.dossier for s in waiting if s.dossier))
        known = standings_of_dossiers(connection, dossiers)
        standings = {standing.record: standing for standing in (*waiting, *known)}
        cases += _retried(store, standings.values())
        self._projector.load(connection, store, dossiers, known=[s.dossier for s in known if s.dossier])
        return _Batch(runs=runs, cases=cases, trust=trust, standings=standings, spoiled=spoiled)

    # --- fold ---

    def _fold(self, batch: _Batch, store: HubLogStore) -> None:
        arrived: dict[str, list[UnverifiedRecord]] = {}
        for case in batch.cases:
            dossier = case.record.header.dossier
            if dossier is None:
                continue
            if case.before is None:
                arrived.setdefault(dossier, []).append(case.record)
            elif case.before.outcome is not case.judgement.outcome:
                arrived.setdefault(dossier, [])
        outcomes = batch.outcomes.items()
        self._projector.fold(
            arrived,
            left_out={record for record, outcome in outcomes if outcome is Outcome.PENDING},
            quarantined={record for record, outcome in outcomes if outcome is Outcome.QUARANTINED},
            store=store,
        )

    # --- write ---

    def _write(self, connection: Connection, batch: _Batch) -> None:
        for run in batch.runs:
            insert_rows(connection, PLACE, PLACE_COLUMNS, place_rows(run.log_no, run.records))
        _mark_judged(connection, batch.runs)
        store = HubLogStore(connection, self._services.opened)
        for spoiled in batch.spoiled:
            store.drop_tail(spoiled.log)
        now_ms = self._services.clock()
        self._write_standings(connection, batch, now_ms)
        applied = [
            case.record
            for case in batch.cases
            if case.record.header.kind in _PROTOCOL_KINDS and case.judgement is APPLIED
        ]
        apply_protocol(connection, applied)
        self._grant_leases(connection, batch, now_ms)
        self._projector.write(connection)

    def _write_standings(self, connection: Connection, batch: _Batch, now_ms: int) -> None:
        changed: list[tuple[_Case, Judgement]] = []
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
        drafts: dict[str, list[Draft]] = {}
        for case, judgement in changed:
            drafts.setdefault(case.record.header.commune, []).append(_verdict(case, judgement))
        for commune, verdicts in sorted(drafts.items()):
            write(connection, self._services, commune=commune, drafts=verdicts, now_ms=now_ms)

    def _grant_leases(self, connection: Connection, batch: _Batch, now_ms: int) -> None:
        for case in batch.cases:
            header = case.record.header
            if (
                header.kind == OPENING_KIND
                and case.judgement is APPLIED
                and not has_lease(connection, header.log)
            ):
                grant_lease(connection, self._services, unit=header.commune, log=header.log, now_ms=now_ms)


def judge_pending(services: Services) -> int:
    """Judge everything once, with a judge of its own."""
    judge = Judge(services)
    try:
        return judge.judge_pending()
    finally:
        judge.close()


def _still_stored(connection: Connection, batch: _Batch) -> bool:
    tails = [run for run in batch.runs if run.stop > run.acknowledged]
    return all(
        connection.execute(
            select(RUN.c.no).where(
                RUN.c.no == run.no, RUN.c.log_no == run.log_no, RUN.c.head == run.records[-1].link
            )
        ).first()
        for run in tails
    )


def _stored_runs(
    connection: Connection, services: Services, records_max: int, in_hand: Sequence[int]
) -> list[_Stored]:
    """The oldest runs that nobody judged or has in hand, as many as make a batch (at least one)."""
    query = (
        select(
            RUN.c.no, RUN.c.log_no, RUN.c.first, RUN.c.stop,
            LOG.c.id, LOG.c.device, LOG.c.commune, LOG.c.acknowledged,
        )
        .join(LOG, RUN.c.log_no == LOG.c.no)
        .where(LOG.c.judged < LOG.c.length, RUN.c.first >= LOG.c.judged)
        .order_by(RUN.c.no)
        .limit(1024 + len(in_hand))
    )  # fmt: skip
    runs: list[_Stored] = []
    taken = frozenset(in_hand)
    count = 0
    for row in connection.execute(query).all():
        if row.no in taken:
            continue
        if runs and count + row.stop - row.first > records_max:
            break
        frame = connection.execute(select(RUN.c.frame).where(RUN.c.no == row.no)).scalar_one()
        records = services.opened.open(row.no, frame)
        runs.append(
            _Stored(row.no, row.log_no, row.id, row.device, row.commune, row.stop, row.acknowledged, records)
        )
        count += len(records)
    return runs


def _spoiled_tails(runs: Sequence[_Stored], cases: Sequence[_Case]) -> list[_Stored]:
    """Unsealed tails with a signature that does not hold: damaged on the way, so they are asked for again."""
    wrong = {(case.log_no, case.record.header.seq) for case in cases if case.holds is False}
    spoiled: list[_Stored] = []
    logs: set[str] = set()
    for run in runs:
        is_tail = run.stop > run.acknowledged
        if run.log in logs or (is_tail and any((run.log_no, r.header.seq) in wrong for r in run.records)):
            logs.add(run.log)
            spoiled.append(run)
    return spoiled


def _keys_since(connection: Connection, seen: int) -> list[str]:
    return list(connection.scalars(select(KEY.c.id).where(KEY.c.no > seen).distinct()))


def _retried(store: HubLogStore, standings: Iterable[Standing]) -> list[_Case]:
    """Records that waited, on trial again; those whose refusal is final keep it."""
    cases = []
    for standing in standings:
        if standing.retryable:
            record = store.span(standing.log, standing.seq, stop=standing.seq + 1)[0]
            held = store.held(standing.log)
            unverified = UnverifiedRecord(
                record.header,
                record.header_bytes,
                record.signature,
                record.id,
                record.link,
                record.body,
                record.body_state,
            )
            device = held.device if held else ""
            cases.append(_Case(unverified, standing.log_no, device, None, before=standing))
    return cases


def _decide(batch: _Batch, projector: Projector) -> None:
    """Judge all cases; those that depend on others again, until nothing changes."""
    for standing in batch.standings.values():
        batch.outcomes[standing.record] = standing.outcome
    earlier = _Earlier(batch, projector)
    for case in batch.cases:
        _judge(case, batch, earlier)
    for _ in batch.cases:
        if not _judge_dependants(batch, earlier):
            break


class _Earlier:
    """The outcome of a parent: of this batch, of what stands, or simply applied before."""

    def __init__(self, batch: _Batch, projector: Projector) -> None:
        self._outcomes = batch.outcomes
        self._projector = projector
        self._applied: dict[str, set[str]] = {}
        self._homes: dict[str, str] = {}

    def of(self, dossier: str | None, parent: str) -> Outcome | None:
        known = self._outcomes.get(parent)
        if known is not None or dossier is None:
            return known
        applied = self._applied.get(dossier)
        if applied is None:
            applied = self._applied[dossier] = {record.id for record in self._projector.history(dossier)}
        return Outcome.APPLIED if parent in applied else None

    def home(self, dossier: str) -> str | None:
        """The commune whose dossier this is: the one that received it, as far as that is known here."""
        known = self._homes.get(dossier)
        if known is None:
            applied = [r.header for r in self._projector.history(dossier) if r.id not in self._outcomes]
            received = [header for header in applied if header.kind == _RECEIVED]
            known = next((header.commune for header in (*received, *applied)), None)
            if known is not None:
                self._homes[dossier] = known
        return known

    def keep_home(self, header: Header) -> None:
        """The first record that stands says whose dossier it is."""
        if header.dossier is not None:
            self._homes.setdefault(header.dossier, header.commune)


def _judge(case: _Case, batch: _Batch, earlier: _Earlier) -> Judgement:
    record = case.record
    header = record.header
    holds = case.holds
    if holds is None:
        holds = case.holds = _holds(record, batch.trust)
    judgement = judge_record(
        record,
        signature_holds=holds is True,
        trust=batch.trust,
        rules=RULES,
        parents=[earlier.of(header.dossier, parent) for parent in header.parents],
        log_device=case.device,
    )
    if judgement is APPLIED and header.kind == _KEY_STATED:
        judgement = _accept_statement(record, batch)
    if judgement is APPLIED and header.dossier is not None:
        if (earlier.home(header.dossier) or header.commune) == header.commune:
            earlier.keep_home(header)
        else:
            # Until dossiers are referred between units, nobody acts in another commune's dossier.
            judgement = Judgement(Outcome.QUARANTINED, reasons.RECORD_UNIT, "a dossier of another commune")
    case.judgement = judgement
    batch.outcomes[record.id] = judgement.outcome
    return judgement


def _judge_dependants(batch: _Batch, earlier: _Earlier) -> bool:
    """Judge again what waits for another record or key that may stand by now; whether anything changed."""
    has_changed = False
    for case in batch.cases:
        judgement = case.judgement
        if judgement is APPLIED or not (judgement.reason and judgement.reason.retryable):
            continue
        if (
            judgement.reason is reasons.RECORD_KEY_UNKNOWN
            and batch.trust.statement(case.record.header.by) is None
        ):
            continue
        if judgement.reason is reasons.RECORD_KEY_UNKNOWN:
            case.holds = None
        before = judgement.outcome, judgement.reason
        after = _judge(case, batch, earlier)
        has_changed = has_changed or (after.outcome, after.reason) != before
    return has_changed


def _holds(record: UnverifiedRecord, trust: Trust) -> bool | None:
    statement = trust.statement(record.header.by)
    if statement is None:
        return None
    try:
        verify_record(record, statement.key)
    except (RecordInvalid, SignatureInvalid):
        return False
    return True


def _accept_statement(record: UnverifiedRecord, batch: _Batch) -> Judgement:
    try:
        statement = KeyStatement.from_facts(record.header.facts, issuer=record.header.by)
        batch.trust = batch.trust.accept(statement, issuer_key_id=record.header.by)
    except SigningError as error:
        return Judgement(Outcome.QUARANTINED, error.reason, error.detail)
    return APPLIED


def _mark_judged(connection: Connection, runs: Sequence[_Stored]) -> None:
    reached: dict[int, tuple[int, str]] = {run.log_no: (run.stop, run.records[-1].link) for run in runs}
    for log_no, (stop, head) in reached.items():
        connection.execute(update(LOG).where(LOG.c.no == log_no).values(judged=stop))
        connection.execute(
            update(LOG)
            .where(LOG.c.no == log_no, LOG.c.acknowledged < stop)
            .values(acknowledged=stop, acknowledged_head=head)
        )


def _standing(case: _Case, reason: Reason, now_ms: int) -> Standing:
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


def _verdict(case: _Case, judgement: Judgement) -> Draft:
    header, reason = case.record.header, judgement.reason
    facts: dict[str, Any] = {
        "record": case.record.id,
        "log": header.log,
        "seq": header.seq,
        "outcome": judgement.outcome.value,
        "code": reason.code if reason else None,
        "retryable": bool(reason and reason.retryable),
        "unit": header.commune,
    }
    return Draft(kind="verdict.given", facts=facts)
