"""Verify a proof or an exported record: the one function behind the command line, the hub's portal and the offline page.

Order (signing.md 2.0): read the file; believe key statements from the bundle's keys downwards; believe checkpoints; choose the
newest status; then for each record: its key, signature, authority and interval, its place in the log, what status says of its key
and of the document, body and attachments; at last forks, freshness, and the answer. It stops early only where there is
nothing left to look at, and always answers with a report, never with an exception.

No socket, file or clock: `now` (ms) only tells ages and serves the staleness policy. The signer's clock changes nothing. `PROOF.md`
states every rule; evidence left out never turns a worse finding into PASSED.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from signing import canonical, evidence_findings, findings, paper_findings
from signing.bundles import TrustBundle
from signing.errors import NotCanonical, TrustInvalid
from signing.exported import FORMAT as EXPORT_FORMAT
from signing.exported import read_export
from signing.key_chain import KeyChain
from signing.log_evidence import LogEvidence
from signing.paper_verification import is_paper_code, verify_paper
from signing.proof_file import FORMAT as PROOF_FORMAT
from signing.proof_file import PROOF_BYTES_MAX, ProofFile, ProvenRecord, read_proof
from signing.record_verification import RecordOutcome, RecordVerification
from signing.report import (
    Check,
    Exit,
    Force,
    Indication,
    InForce,
    NotChecked,
    RecordFinding,
    Report,
    StatusSource,
    StatusUsed,
    TrustUsed,
    compose,
    force_of,
)
from signing.signed_header import ITEMS_MAX
from signing.snapshot import Snapshot, open_snapshot
from signing.unused import unused_parts
from signing.version import __version__

DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyPolicy:
    """What whoever verifies demands beyond the rules. Days count from the status's own time."""

    require_log: bool = False
    status_old_days: int = 7
    status_days_max: int = 90


DEFAULT_POLICY: Final = VerifyPolicy()

_EXITS: Final = {
    Indication.PASSED: Exit.PASSED,
    Indication.FAILED: Exit.FAILED,
    Indication.INDETERMINATE: Exit.INDETERMINATE,
}
_OUT_OF_FORCE: Final = frozenset({InForce.WITHDRAWN, InForce.SUPERSEDED})


def verify(
    data: bytes,
    trust_bundle: TrustBundle,
    now: int | None = None,
    *,
    status: Snapshot | None = None,
    policy: VerifyPolicy = DEFAULT_POLICY,
    root_is_pinned: bool = True,
) -> Report:
    """What can be said about this file under this bundle.

    Args:
        now: milliseconds since 1970, for ages and the staleness policy only.
        status: the newest status snapshot that the caller has, opened under the same bundle.
        root_is_pinned: whether the bundle was opened against something believed before; if not, the report asks the reader
            to compare the fingerprint.
    """
    try:
        if is_paper_code(data):
            return _paper_report(data, trust_bundle, now, status, policy, root_is_pinned)
        proof = read_input(data)
    except NotCanonical as error:
        return _unreadable(data, trust_bundle, now, error.detail, root_is_pinned)
    verification = _Verification.of(proof, trust_bundle, status, policy)
    return verification.report(data, now, policy, root_is_pinned)


def read_input(data: bytes) -> ProofFile:
    """A proof file, or an exported record as the proof it is without its surroundings; NotCanonical for anything else."""
    value = canonical.decode(data, size_bytes_max=PROOF_BYTES_MAX, items_max=ITEMS_MAX)
    if isinstance(value, dict) and value.get("format") == EXPORT_FORMAT:
        export = read_export(value)
        return ProofFile(
            records=(ProvenRecord(record=export.record),),
            statements=tuple(ProvenRecord(record=each) for each in export.statements),
        )
    if not isinstance(value, dict) or value.get("format") != PROOF_FORMAT:
        raise NotCanonical("neither a proof nor an exported record")
    return read_proof(value)


@dataclass(slots=True)
class _Verification:
    """Everything found about one file."""

    proof: ProofFile
    bundle: TrustBundle
    chain: KeyChain
    log: LogEvidence
    sent: Snapshot | None
    checks: list[Check]
    outcomes: list[RecordOutcome]

    @classmethod
    def of(
        cls, proof: ProofFile, bundle: TrustBundle, status: Snapshot | None, policy: VerifyPolicy
    ) -> _Verification:
        chain = KeyChain.of(bundle, [each.record for each in proof.statements])
        log = LogEvidence.of(proof.checkpoints, bundle.policy, bundle.broken)
        checks = [findings.readable(len(proof.statements))]
        checks += [
            findings.statement_refused(f"/statements/{position}", reason)
            for position, reason in chain.refused
        ]
        checks += [
            evidence_findings.checkpoint_refused(position, detail, is_short=is_short)
            for position, detail, is_short in log.refused
        ]
        sent, snapshot_checks = _sent_status(proof.status, bundle)
        one = RecordVerification(
            bundle=bundle,
            proof=proof,
            chain=chain,
            log=log,
            snapshots=_newest_first(status, sent),
            require_log=policy.require_log,
        )
        return cls(
            proof=proof,
            bundle=bundle,
            chain=chain,
            log=log,
            sent=sent,
            checks=checks + snapshot_checks,
            outcomes=one.all(),
        )

    def report(self, data: bytes, now: int | None, policy: VerifyPolicy, root_is_pinned: bool) -> Report:
        used = self._oldest_used(now)
        of_file = self.checks + _freshness(used, policy)
        records = tuple(outcome.finding(of_file) for outcome in self.outcomes)
        checks = [*of_file, *(check for outcome in self.outcomes for check in outcome.checks)]
        indication, sub_indications = compose(checks)
        force = force_of(records)
        vi, en = findings.summary(indication, checks, force.in_force, _numbers(force, records))
        return Report(
            indication=indication,
            sub_indications=sub_indications,
            exit_code=_exit_code(indication, force.in_force),
            vi=vi,
            en=en,
            records=records,
            checks=tuple(checks),
            not_checked=_not_checked(
                records,
                used,
                root_is_pinned,
                is_open=any(outcome.snapshot is None for outcome in self.outcomes),
            ),
            unused=unused_parts(
                self.proof,
                self.chain,
                self.log,
                self.outcomes,
                is_status_used=any(
                    outcome.snapshot is not None and outcome.snapshot is self.sent
                    for outcome in self.outcomes
                ),
            ),
            status=used,
            trust=_trust_used(self.bundle, now),
            verifier_version=__version__,
            input_sha256=hashlib.sha256(data).hexdigest(),
            input_bytes=len(data),
        )

    def _status_used(self, snapshot: Snapshot | None, now: int | None) -> StatusUsed | None:
        source = StatusSource.FILE if snapshot is self.sent else StatusSource.TRUST
        return _status_used(snapshot, source, now)

    def _oldest_used(self, now: int | None) -> StatusUsed | None:
        """Of the snapshots that records were held against, the one whose age counts, whatever the order of records."""
        used = [self._status_used(outcome.snapshot, now) for outcome in self.outcomes]
        return max(
            (each for each in used if each is not None),
            key=lambda each: (each.age_ms or 0, -each.as_of_size, each.source),
            default=None,
        )


def _paper_report(
    data: bytes,
    bundle: TrustBundle,
    now: int | None,
    status: Snapshot | None,
    policy: VerifyPolicy,
    root_is_pinned: bool,
) -> Report:
    """The finding about a code on paper; it has no file around it."""
    outcome = verify_paper(data, bundle, snapshot=status, require_log=policy.require_log)
    used = _status_used(outcome.snapshot, StatusSource.TRUST, now)
    outcome.checks[1:1] = _freshness(used, policy)
    record = outcome.finding()
    vi, en = findings.summary(record.indication, outcome.checks, outcome.in_force)
    return Report(
        indication=record.indication,
        sub_indications=record.sub_indications,
        exit_code=_exit_code(record.indication, outcome.in_force),
        vi=vi,
        en=en,
        records=(record,),
        checks=tuple(outcome.checks),
        not_checked=(paper_findings.COMPARE, *_not_checked((record,), used, root_is_pinned)),
        unused=outcome.unused,
        status=used,
        trust=_trust_used(bundle, now),
        verifier_version=__version__,
        input_sha256=hashlib.sha256(data).hexdigest(),
        input_bytes=len(data),
    )


def _status_used(status: Snapshot | None, source: StatusSource, now: int | None) -> StatusUsed | None:
    if status is None:
        return None
    issued = status.issued
    return StatusUsed(
        as_of_size=status.status.size,
        as_of_ms=issued,
        age_ms=None if now is None or issued is None else max(0, now - issued),
        source=source,
    )


def _sent_status(data: bytes | None, bundle: TrustBundle) -> tuple[Snapshot | None, list[Check]]:
    """The file's snapshot, if it is signed under the bundle."""
    if data is None:
        return None, []
    try:
        return open_snapshot(data, bundle), []
    except TrustInvalid as error:
        return None, [evidence_findings.status_left_aside(error.detail)]


def _newest_first(own: Snapshot | None, sent: Snapshot | None) -> tuple[Snapshot, ...]:
    """The verifier's own snapshot and the file's, the one that reaches further first."""
    found = [each for each in (own, sent) if each is not None]
    return tuple(sorted(found, key=lambda each: -each.status.size))


def _freshness(used: StatusUsed | None, policy: VerifyPolicy) -> list[Check]:
    if used is None or used.age_ms is None:
        return []
    days = used.age_ms // DAY_MS
    if used.age_ms > policy.status_days_max * DAY_MS:
        return [evidence_findings.status_stale(days)]
    return [evidence_findings.status_fresh(is_old=used.age_ms > policy.status_old_days * DAY_MS, days=days)]


def _numbers(force: Force, records: tuple[RecordFinding, ...]) -> str:
    """Which records a sentence about force must name: none where there is only one."""
    return force.numbers if len(records) > 1 else ""


def _exit_code(indication: Indication, in_force: InForce) -> Exit:
    """A right signature under a document that is known to be out of force is nothing to act on: never 0."""
    if indication is Indication.PASSED and in_force in _OUT_OF_FORCE:
        return Exit.FAILED
    return _EXITS[indication]


def _unreadable(
    data: bytes, bundle: TrustBundle, now: int | None, detail: str, root_is_pinned: bool
) -> Report:
    checks = (findings.not_readable(detail),)
    indication, sub_indications = compose(checks)
    vi, en = findings.summary(indication, checks, InForce.UNKNOWN)
    return Report(
        indication=indication,
        sub_indications=sub_indications,
        exit_code=Exit.BAD_INPUT,
        vi=vi,
        en=en,
        records=(),
        checks=checks,
        not_checked=_not_checked((), None, root_is_pinned),
        unused=(),
        status=None,
        trust=_trust_used(bundle, now),
        verifier_version=__version__,
        input_sha256=hashlib.sha256(data).hexdigest(),
        input_bytes=len(data),
    )


def _not_checked(
    records: tuple[RecordFinding, ...],
    used: StatusUsed | None,
    root_is_pinned: bool,
    *,
    is_open: bool = False,
) -> tuple[NotChecked, ...]:
    """What a reader must not read into the finding; an item stays as long as it holds for any record."""
    words = evidence_findings
    items = [
        (not root_is_pinned, findings.ROOT_NOT_PINNED),
        (not records or any(each.log is None for each in records), words.NOT_LOGGED),
        (used is None or is_open, words.NO_STATUS),
        (used is not None, words.AFTER_STATUS),
        (not records or any(each.not_after is None for each in records), words.NO_TIME),
        (not records or any(each.in_force is InForce.UNKNOWN for each in records), words.NO_FORCE),
        (any(each.document is not None and each.document.files for each in records), words.FILES),
        (True, findings.LEGAL_SIGNATURE),
    ]
    return tuple(item for holds, item in items if holds)


def _trust_used(bundle: TrustBundle, now: int | None) -> TrustUsed:
    return TrustUsed(
        version=bundle.version,
        province=bundle.province,
        root_fingerprint=bundle.fingerprint,
        issued=bundle.issued,
        age_ms=None if now is None or bundle.issued is None else now - bundle.issued,
    )
