"""Judge the records of one batch by the protocol's rules; records that depend on each other until nothing changes.

Decides only: nothing is read from the database or written to it here.
"""

from collections.abc import Collection

from central_hub.judge.batch import Batch, Case
from central_hub.projection.histories import without_body
from central_hub.projection.projector import Projector
from central_hub.registry.status import REVOKED
from dossiers.causality import arrange
from dossiers.merge import gather
from dossiers.routes import Route
from dossiers.rules import RULES
from signing.errors import NotEntitled, SignatureInvalid, SigningError
from signing.roles import PROVINCE_ROLES, Role
from signing.statements import KeyStatement
from signing.trust import Trust
from sync_protocol import reasons
from sync_protocol.admission import APPLIED, Judgement, Outcome, judge_record
from sync_protocol.copies import REVIEWED as REVIEWED_COPY
from sync_protocol.errors import RecordInvalid
from sync_protocol.record import Header, UnverifiedRecord, verify_record

KEY_STATED = "key.stated"
_RECEIVED = "dossier.received"


def decide(batch: Batch, projector: Projector) -> None:
    """Judge all cases; those that depend on others again, until nothing changes."""
    for standing in batch.standings.values():
        batch.outcomes[standing.record] = standing.outcome
        if standing.was_unread:
            batch.later.add(standing.record)
    earlier = _Earlier(batch, projector)
    for case in batch.cases:
        _judge(case, batch, earlier)
    for _ in batch.cases:
        if not _judge_dependants(batch, earlier):
            break


class _Earlier:
    """The outcome of a parent: of this batch, of what stands, or simply applied before."""

    def __init__(self, batch: Batch, projector: Projector) -> None:
        self._outcomes = batch.outcomes
        self._later = batch.later
        self._cases = batch.cases
        self._fresh: dict[str, list[Case]] | None = None
        self._projector = projector
        self._applied: dict[str, set[str]] = {}
        self._homes: dict[str, str] = {}

    def of(self, dossier: str | None, parent: str) -> Outcome | None:
        if parent in self._later:
            return Outcome.APPLIED  # it holds under its key; what it says, nothing here can rest on
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

    def admits(self, record: UnverifiedRecord, units: Collection[str]) -> bool:
        """Whether the way of the dossier, as the record's author had seen it, lets this unit, or one whose place it took,
        act in it."""
        dossier = record.header.dossier
        if dossier is None:
            return True
        if self._fresh is None:
            self._fresh = {}
            for case in self._cases:
                if case.record.header.dossier is not None:
                    self._fresh.setdefault(case.record.header.dossier, []).append(case)
        applied = (None, Outcome.APPLIED)
        earlier = [r for r in self._projector.history(dossier) if self._outcomes.get(r.id) in applied]
        known = {each.id: each for each in earlier}
        for case in self._fresh.get(dossier, ()):
            if self._outcomes.get(case.record.id) is Outcome.APPLIED:
                known[case.record.id] = without_body(case.record)
        known[record.id] = without_body(record)
        order = arrange(known.values())
        return Route(gather(order)[0]).may_act([each.id for each in order.records].index(record.id), units)

    def keep_home(self, header: Header) -> None:
        """The first record that stands says whose dossier it is."""
        if header.dossier is not None:
            self._homes.setdefault(header.dossier, header.commune)


def _judge(case: Case, batch: Batch, earlier: _Earlier) -> Judgement:
    record = case.record
    header = record.header
    if record.id in batch.suspended:
        case.judgement = Judgement(Outcome.PENDING, reasons.RECORD_FAULT)
        batch.outcomes[record.id] = Outcome.PENDING
        return case.judgement
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
    if judgement is APPLIED or judgement.reason is reasons.RECORD_PARENT_PENDING:
        # Asked of what waits for its parents too: one review then settles a whole chain written after a cut.
        judgement = _first_refusal(batch.cuts.judge(record, case.device), judgement)
    if judgement is APPLIED and _waits_for_its_pc(case, batch):
        judgement = Judgement(Outcome.PENDING, reasons.RECORD_COPY)
    if judgement is APPLIED and header.kind == REVIEWED_COPY:
        judgement = _check_copy_review(record, batch)
    if judgement is APPLIED and header.kind == KEY_STATED:
        judgement = _accept_statement(record, batch)
    if judgement is APPLIED and header.kind == REVOKED:
        judgement = _check_revocation(record, batch)
    if judgement is APPLIED and header.dossier is not None:
        home = earlier.home(header.dossier) or header.commune
        if batch.genealogy.is_of_one_line(home, header.commune):
            # Work under a unit that is no more, before its PC knew, is work on the dossier of its successor.
            earlier.keep_home(header)
        elif not earlier.admits(record, batch.genealogy.scope(header.commune)):
            judgement = Judgement(Outcome.QUARANTINED, reasons.RECORD_UNIT, "a dossier of another commune")
    case.judgement = judgement
    batch.outcomes[record.id] = judgement.outcome
    if judgement.reason is reasons.RECORD_VERSION:
        batch.later.add(record.id)
    else:
        batch.later.discard(record.id)
    return judgement


def _judge_dependants(batch: Batch, earlier: _Earlier) -> bool:
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


def _waits_for_its_pc(case: Case, batch: Batch) -> bool:
    """A suspected copy states no key, and speaks for no copy; least of all for itself."""
    header = case.record.header
    is_suspected = case.log_no in batch.copies
    return (
        header.kind in (KEY_STATED, REVIEWED_COPY) and is_suspected
    ) or case.record.id in batch.self_reviews


def _check_copy_review(record: UnverifiedRecord, batch: Batch) -> Judgement:
    """The province speaks of every copy, a unit administrator of copies of the unit's own PCs."""
    header, trust = record.header, batch.trust
    signer, device = trust.statement(header.by), trust.statement(str(header.facts["device"]))
    if signer is not None and not signer.roles.isdisjoint(PROVINCE_ROLES):
        return APPLIED
    if header.facts["unit"] != header.commune or device is None or Role.DEVICE not in device.roles:
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_UNIT, "no PC of the unit")
    if not trust.acts_for(device, header.commune):
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_UNIT, "a PC of another unit")
    return APPLIED


def _check_revocation(record: UnverifiedRecord, batch: Batch) -> Judgement:
    facts = record.header.facts
    if batch.trust.statement(facts["key"]) is None:
        # A hub that was put back may be given the revocation before the key: it is tried again when the key is stated.
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_KEY_UNKNOWN, facts["key"])
    try:
        batch.trust.require_revoker(record.header.by, of=facts["key"])
    except NotEntitled as error:
        return Judgement(Outcome.QUARANTINED, reasons.KEY_REVOCATION, error.detail)
    return APPLIED


def _first_refusal(one: Judgement, other: Judgement) -> Judgement:
    return other if one is APPLIED else one


def _accept_statement(record: UnverifiedRecord, batch: Batch) -> Judgement:
    try:
        statement = KeyStatement.from_facts(record.header.facts, issuer=record.header.by)
        batch.trust = batch.trust.accept(statement, issuer_key_id=record.header.by)
    except SigningError as error:
        return Judgement(Outcome.QUARANTINED, error.reason, error.detail)
    batch.stated[record.id] = record
    return APPLIED
