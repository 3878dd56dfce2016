"""One record of a proof: from its key to its body, each check resting on the ones before it.

Values in, checks out. What the whole file says (statements, checkpoints, status) was found before; the composition of the answer
comes after. A record whose header cannot be read, or whose signature is wrong, shows nothing of what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from signing import evidence_findings, findings
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.cuts import Place
from signing.errors import NotCanonical, NotEntitled, SignatureInvalid
from signing.key_chain import KeyChain, content_object, id_of
from signing.log_evidence import LogEvidence, Logged, record_link
from signing.proof_file import ProofFile, ProvenRecord
from signing.report import (
    Check,
    Document,
    InForce,
    LogPosition,
    RecordFinding,
    Result,
    Signer,
    SubIndication,
    TimeBound,
    compose,
)
from signing.signatures import Purpose
from signing.signatures import verify as verify_signature
from signing.signed_header import HEADER_VERSION, SignedHeader
from signing.snapshot import Snapshot, status_under
from signing.statements import KeyStatement
from signing.status import finding

ERASURE_KIND: Final = "erasure.ordered"


@dataclass(slots=True)
class RecordOutcome:
    """What has been found about one record; grows check by check."""

    position: int
    proven: ProvenRecord
    id: str
    link: str
    header: SignedHeader | None = None
    is_signed: bool = False
    checks: list[Check] = field(default_factory=list)
    signer: Signer | None = None
    content: dict[str, Json] | None = None
    logged: Logged | None = None
    not_before: TimeBound | None = None
    anchor_position: int | None = None
    in_force: InForce = InForce.UNKNOWN
    files: tuple[str, ...] = ()
    snapshot: Snapshot | None = None

    def add(self, check: Check) -> None:
        self.checks.append(replace(check, record=self.position))

    def finding(self, of_file: Iterable[Check]) -> RecordFinding:
        """The answer about this record, over the checks of the whole file and its own."""
        indication, sub_indications = compose([*of_file, *self.checks])
        return RecordFinding(
            indication=indication,
            sub_indications=sub_indications,
            document=self._document(),
            signer=self.signer,
            claimed_ms=None if self.header is None else self.header.claimed_ms,
            not_before=self.not_before,
            not_after=None if self.logged is None else self.logged.checkpoint.bound,
            log=None if self.logged is None else log_position(self.logged),
        )

    def _document(self) -> Document | None:
        if self.header is None:
            return None
        return Document(
            id=self.id,
            kind=self.header.kind,
            unit=self.header.unit,
            dossier=self.header.dossier,
            facts=self.header.facts if self.is_signed else None,
            content=self.content if self.is_signed else None,
            in_force=self.in_force,
            files=self.files if self.is_signed else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVerification:
    """What every record of one file is verified against."""

    bundle: TrustBundle
    proof: ProofFile
    chain: KeyChain
    log: LogEvidence
    snapshots: tuple[Snapshot, ...]
    require_log: bool

    def all(self) -> list[RecordOutcome]:
        """Every record of the file, in its order."""
        outcomes = [self._begun(position, proven) for position, proven in enumerate(self.proof.records)]
        links = _links_after(outcomes)
        for outcome in outcomes:
            outcome.snapshot = self._snapshot_for(outcome.header)
            if outcome.header is not None:
                self._verify(outcome, outcome.header, links)
        _find_forks(outcomes)
        _find_erasures(outcomes)
        return outcomes

    def _begun(self, position: int, proven: ProvenRecord) -> RecordOutcome:
        record = proven.record
        record_id = id_of(record)
        outcome = RecordOutcome(position, proven, record_id, record_link(record_id, record.signature))
        try:
            outcome.header = SignedHeader.read(record.header)
        except NotCanonical as error:
            outcome.add(findings.header_malformed(error.detail))
        return outcome

    def _verify(self, outcome: RecordOutcome, header: SignedHeader, links: dict[str, frozenset[str]]) -> None:
        outcome.add(findings.header(header.version, is_known=header.version == HEADER_VERSION))
        statement = self._check_signer(outcome, header)
        self._check_content(outcome, header)
        self._check_files(outcome)
        self._check_log(outcome, header)
        if statement is not None:
            self._check_algorithm(outcome, header)
            self._check_interval(outcome, header, statement)
            self._check_status(outcome, header, links)

    def _check_signer(self, outcome: RecordOutcome, header: SignedHeader) -> KeyStatement | None:
        """Key, signature and authority, each resting on the one before; the signer's statement if the signature holds."""
        record = outcome.proven.record
        statement = self.chain.trust.statement(header.by)
        if statement is None:
            outcome.add(findings.key_unknown(header.by, some_refused=bool(self.chain.refused)))
            return None
        outcome.add(findings.key_known(header.by))
        try:
            verify_signature(statement.key, Purpose.RECORD, record.header, record.signature)
        except SignatureInvalid:
            outcome.add(findings.signature_wrong(header.by))
            return None
        outcome.add(findings.signature_right(outcome.id))
        outcome.is_signed = True
        outcome.signer = self.chain.signer(statement)
        try:
            self.chain.trust.require(header.by, kind=header.kind, unit=header.unit)
        except NotEntitled as error:
            is_newer = header.version > HEADER_VERSION or header.kind not in self.bundle.authority
            outcome.add(
                findings.authority_open(header.by)
                if is_newer
                else findings.not_entitled(error.reason, header.by)
            )
            return statement
        outcome.add(findings.entitled(header.by))
        outcome.add(findings.delegation(header.by, is_delegated=statement.delegated))
        return statement

    def _check_content(self, outcome: RecordOutcome, header: SignedHeader) -> None:
        """The body's content, if it is the one that the header commits to."""
        record = outcome.proven.record
        if record.body_hash != header.body:
            if record.body_hash is None:
                outcome.add(findings.content_missing(header.body))
            else:
                outcome.add(findings.content_altered(record.body_hash))
        elif record.content is None:
            outcome.add(findings.content_none())
        else:
            outcome.content = content_object(record.content)
            if outcome.content is None:
                outcome.add(findings.content_malformed(header.body))
            else:
                outcome.add(findings.content_right(header.body))

    def _check_files(self, outcome: RecordOutcome) -> None:
        files = [each for each in self.proof.attachments if each.record == outcome.position]
        texts = frozenset(_texts(outcome.content))
        for each in files:
            if outcome.content is None:
                outcome.add(evidence_findings.file_unproven(each.sha256))
            elif each.sha256 in texts:
                outcome.add(evidence_findings.file_named(each.sha256))
            else:
                outcome.add(evidence_findings.file_not_named(each.sha256))
        outcome.files = tuple(each.sha256 for each in files if each.sha256 in texts)

    def _check_log(self, outcome: RecordOutcome, header: SignedHeader) -> None:
        """Where the record is shown to lie, and after which checkpoint it was signed."""
        inclusions = outcome.proven.inclusions
        outcome.logged = self.log.logged(header, outcome.link, inclusions)
        anchored = self.log.anchored(header.anchor)
        if anchored is not None:
            outcome.not_before, outcome.anchor_position = anchored.bound, anchored.position
        if outcome.logged is not None:
            outcome.add(evidence_findings.logged(log_position(outcome.logged)))
            return
        is_short = any(
            self.log.is_short(each.checkpoint)
            for each in inclusions
            if each.checkpoint not in self.log.believed
        )
        outcome.add(
            evidence_findings.not_logged(
                has_evidence=bool(inclusions), is_short=is_short, is_required=self.require_log
            )
        )

    def _check_algorithm(self, outcome: RecordOutcome, header: SignedHeader) -> None:
        """Under a broken algorithm: the record and every statement it rests on must have been in the log before."""
        broken = self.bundle.broken
        if broken is None:
            return
        places = [None if outcome.logged is None else outcome.logged.index]
        places += [each.index for each in self._issuers(header.by)]
        evidence = f"{broken.suite}: {broken.origin} {broken.size}"
        is_shown = all(index is not None for index in places)
        outcome.add(
            evidence_findings.algorithm_stood(evidence)
            if is_shown
            else evidence_findings.algorithm_broken(evidence)
        )

    def _check_interval(self, outcome: RecordOutcome, header: SignedHeader, statement: KeyStatement) -> None:
        """The stretch of the log in which the statement counts."""
        first, stop = statement.from_size, statement.until_size
        if first == 0 and stop is None:
            return
        index = None if outcome.logged is None else outcome.logged.index
        signed_after = 0 if outcome.not_before is None else outcome.not_before.size
        evidence = f"{first}…{'' if stop is None else stop}"
        if stop is not None and header.anchor is not None and header.anchor.size >= stop:
            outcome.add(evidence_findings.too_late(evidence))
        elif index is not None and index < first:
            outcome.add(evidence_findings.too_early(evidence))
        elif (index is None and (signed_after < first or stop is not None)) or (
            index is not None and stop is not None and index >= stop
        ):
            outcome.add(evidence_findings.interval_unproven(evidence))

    def _check_status(
        self, outcome: RecordOutcome, header: SignedHeader, links: dict[str, frozenset[str]]
    ) -> None:
        """What became of the key, of the keys above it, and of the document."""
        status = status_under(self.bundle, outcome.snapshot)
        if status is None:
            return
        index = None if outcome.logged is None else outcome.logged.index
        document = document_id(header, outcome.id)
        found = finding(
            status,
            Place(
                record=outcome.id,
                by=header.by,
                log=header.log,
                seq=header.seq,
                links=links[outcome.link],
                index=index,
            ),
            self._issuers(header.by),
            document=document,
        )
        outcome.add(evidence_findings.status(found))
        changed = status.documents.get(document)
        if changed is not None:
            outcome.in_force = InForce(changed.state.value)
        elif index is not None and outcome.snapshot is not None and index < status.size:
            outcome.in_force = InForce.YES
        outcome.add(evidence_findings.in_force(outcome.in_force, None if changed is None else changed.record))

    def _snapshot_for(self, header: SignedHeader | None) -> Snapshot | None:
        """The newest status that speaks of this record's unit, and of the units of its key and of the keys above it."""
        units = set() if header is None else self._units_behind(header)
        return next((each for each in self.snapshots if each.covers(units)), None)

    def _units_behind(self, header: SignedHeader) -> set[str]:
        """Units of the record, of its key, and of the statements and keys on which belief in that rests."""
        units = {header.unit}
        key = self.chain.trust.statement(header.by)
        if key is not None:
            units.add(key.unit)
        for position in self.chain.positions_behind(header.by):
            statement = SignedHeader.read(self.proof.statements[position].record.header)
            units.add(statement.unit)
            issuer = self.chain.trust.statement(statement.by)
            if issuer is not None:
                units.add(issuer.unit)
        return units

    def _issuers(self, key_id: str) -> Sequence[Place]:
        """Where the statements stand on which belief in this key rests."""
        return [
            self._place_of_statement(self.proof.statements[position])
            for position in self.chain.positions_behind(key_id)
        ]

    def _place_of_statement(self, proven: ProvenRecord) -> Place:
        header = SignedHeader.read(proven.record.header)
        record_id = id_of(proven.record)
        logged = self.chain.logged(self.log, proven)
        return Place(
            record=record_id,
            by=header.by,
            log=header.log,
            seq=header.seq,
            links=frozenset({record_link(record_id, proven.record.signature)}),
            index=None if logged is None else logged.index,
        )


def document_id(header: SignedHeader, record_id: str) -> str:
    """The id under which a status speaks of what a record makes: the one in its facts, else the record's own."""
    named = header.facts.get("document")
    return named if isinstance(named, str) else record_id


def log_position(logged: Logged) -> LogPosition:
    """How a report tells where a record lies."""
    bound = logged.checkpoint.bound
    return LogPosition(
        origin=logged.checkpoint.witnessed.checkpoint.origin,
        index=logged.index,
        size=logged.checkpoint.size,
        witnesses=bound.witnesses,
        quorum=logged.checkpoint.quorum,
    )


def _links_after(outcomes: Sequence[RecordOutcome]) -> dict[str, frozenset[str]]:
    """For each record's link, the links of itself and of those of the file that follow it in an unbroken chain: on every branch,
    so that the order of two records with one predecessor decides nothing."""
    after: dict[str, set[str]] = {}
    for outcome in outcomes:
        if outcome.header is not None and outcome.header.prev is not None:
            after.setdefault(outcome.header.prev, set()).add(outcome.link)
    found: dict[str, frozenset[str]] = {}
    for outcome in outcomes:
        chain, waiting = {outcome.link}, [outcome.link]
        while waiting:
            following = after.get(waiting.pop(), set()) - chain
            chain |= following
            waiting += following
        found[outcome.link] = frozenset(chain)
    return found


def _find_forks(outcomes: Sequence[RecordOutcome]) -> None:
    """Records of one log that cannot both stand where they say they do; both stay open."""
    signed = [outcome for outcome in outcomes if outcome.is_signed]
    for outcome in signed:
        other = next((each for each in signed if _contradict(outcome, each)), None)
        if other is not None:
            outcome.add(evidence_findings.forked(other.id))


def _contradict(one: RecordOutcome, other: RecordOutcome) -> bool:
    a, b = one.header, other.header
    if a is None or b is None or a.log != b.log or one is other:
        return False
    if a.seq == b.seq:
        return one.id != other.id
    if b.seq < a.seq:
        a, b, one, other = b, a, other, one
    return b.seq == a.seq + 1 and b.prev != one.link


def _find_erasures(outcomes: Sequence[RecordOutcome]) -> None:
    """Where a body is not here, say so if an order of the file, rightly signed and entitled, had it erased."""
    orders = [each for each in outcomes if _is_order(each)]
    for outcome in outcomes:
        order = next((each for each in orders if _covers(each, outcome)), None)
        if order is not None:
            outcome.checks = [
                replace(findings.content_erased(order.id), record=outcome.position)
                if check.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND and check.id == "content"
                else check
                for check in outcome.checks
            ]


def _is_order(outcome: RecordOutcome) -> bool:
    return (
        outcome.header is not None
        and outcome.header.kind == ERASURE_KIND
        and any(check.id == "authority" and check.result is Result.PASS for check in outcome.checks)
    )


def _covers(order: RecordOutcome, outcome: RecordOutcome) -> bool:
    if order.header is None or outcome.header is None or outcome.header.unit != order.header.unit:
        return False
    named = order.header.facts.get("records")
    return (
        outcome.header.dossier is not None
        and order.header.facts.get("dossier") == outcome.header.dossier
        and isinstance(named, list)
        and (not named or outcome.id in named)
    )


def _texts(value: Json) -> Iterable[str]:
    """Every text in a content."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
