"""The code on a paper: what it says, believed from the root keys down, and what status says of the keys above it.

A code has no place in the log: nothing shows when it was printed. So a key that was cut off, for whatever cause, leaves it
undecided, and a document that is not in force any more is told from the record that the paper names. Values in, checks out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from signing import evidence_findings, paper_findings, qr
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.cuts import Place
from signing.errors import NotCanonical, SignatureInvalid, TrustInvalid
from signing.qr import Paper, PaperCode
from signing.report import Check, Document, Indication, InForce, RecordFinding, Signer, SubIndication, compose
from signing.roles import Role
from signing.snapshot import Snapshot, status_under
from signing.status import Row, Status, StatusFinding

ROOT_SIGNATURES: Final = "/registry/signatures"
"""How a report names root signatures of a code of which not all count: the bundle itself may list the registry."""

_PREFIX: Final = qr.PREFIX.encode()


def is_paper_code(data: bytes) -> bool:
    """Whether this input is the text of a code on paper, well-formed or not."""
    return data.startswith(_PREFIX)


@dataclass(slots=True)
class PaperOutcome:
    """What has been found about one code; grows check by check."""

    code: PaperCode
    checks: list[Check] = field(default_factory=list)
    is_believed: bool = False
    unused: tuple[str, ...] = ()
    in_force: InForce = InForce.UNKNOWN
    snapshot: Snapshot | None = None

    def finding(self) -> RecordFinding:
        """The answer about the paper as the one record of a report."""
        indication, sub_indications = compose(self.checks)
        return RecordFinding(
            indication=indication,
            sub_indications=sub_indications,
            document=self._document(),
            signer=self._signer() if self.is_believed else None,
        )

    def _document(self) -> Document:
        paper = self.code.paper
        return Document(
            id=paper.record.hex(),
            kind=f"paper.{paper.kind.name.lower()}",
            unit=self.code.chain.device.stated.unit,
            dossier=None,
            facts=self._facts(paper) if self.is_believed else None,
            content=_content(paper) if self.is_believed else None,
            in_force=self.in_force,
        )

    def _facts(self, paper: Paper) -> dict[str, Json]:
        return {
            "code": paper.code,
            "procedure": paper.procedure,
            "issued": paper.issued,
            "due": paper.due,
            "unit_name": self.code.chain.device.stated.unit_name,
        }

    def _signer(self) -> Signer:
        device = self.code.chain.device.stated
        return Signer(
            key=device.key.id,
            roles=(Role.DEVICE.value,),
            unit=device.unit,
            officer=None,
            name=None,
            title=None,
            delegated=False,
        )


def verify_paper(
    data: bytes, bundle: TrustBundle, *, snapshot: Snapshot | None, require_log: bool
) -> PaperOutcome:
    """Everything found about a code; NotCanonical if it is none."""
    outcome = PaperOutcome(_read(data))
    outcome.checks.append(paper_findings.paper_readable())
    _check_chain(outcome, bundle)
    outcome.checks.append(
        evidence_findings.not_logged(has_evidence=False, is_short=False, is_required=require_log)
    )
    if bundle.broken is not None and outcome.is_believed:
        # Nothing shows when a code was printed, so nothing shows that it was before.
        evidence = f"{bundle.broken.suite}: {bundle.broken.origin} {bundle.broken.size}"
        outcome.checks.append(evidence_findings.algorithm_broken(evidence))
    units = {bundle.province, outcome.code.chain.device.stated.unit}
    outcome.snapshot = snapshot if snapshot is not None and snapshot.covers(units) else None
    status = status_under(bundle, outcome.snapshot)
    if status is not None and outcome.is_believed:
        _check_status(outcome, status)
    return outcome


def _read(data: bytes) -> PaperCode:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotCanonical("a code is ASCII") from error
    return qr.read(text.rstrip("\r\n"))


def _check_chain(outcome: PaperOutcome, bundle: TrustBundle) -> None:
    """Registry, device and code, each resting on the one before."""
    chain, checks = outcome.code.chain, outcome.checks
    if chain.registry.count_signed(bundle.roots) < len(chain.registry.signatures):
        outcome.unused = (ROOT_SIGNATURES,)
    checks.append(_registry(outcome.code, bundle))
    if checks[-1].sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND:
        return
    registry, device = chain.registry.stated.key, chain.device.stated.key
    try:
        chain.device.verify(registry)
    except SignatureInvalid:
        checks.append(paper_findings.device_unsigned(device.id))
        return
    checks.append(paper_findings.device_believed(device.id))
    try:
        outcome.code.verify_signature()
    except SignatureInvalid:
        checks.append(paper_findings.paper_forged(device.id))
        return
    outcome.is_believed = True
    checks.append(paper_findings.paper_signed(outcome.code.paper.record.hex()))
    if device in (*bundle.roots, *bundle.registry, bundle.hub.key):
        checks.append(paper_findings.device_provincial(device.id))


def _registry(code: PaperCode, bundle: TrustBundle) -> Check:
    """A registry key counts if the bundle lists it, or if the roots signed it and no bundle since then has dropped it."""
    stated = code.chain.registry.stated
    if stated.key in bundle.registry:
        return paper_findings.registry_believed(stated.key.id)
    try:
        code.chain.registry.verify(bundle.roots, bundle.threshold)
    except TrustInvalid:
        return paper_findings.registry_unsigned(stated.key.id)
    if stated.province != bundle.province:
        return paper_findings.registry_unsigned(stated.key.id)
    if stated.bundle_version <= bundle.version:
        return paper_findings.registry_replaced(stated.key.id)
    return paper_findings.registry_believed(stated.key.id)


def _check_status(outcome: PaperOutcome, status: Status) -> None:
    chain = outcome.code.chain
    record = outcome.code.paper.record.hex()
    place = Place(record=record, by=chain.device.stated.key.id, log="", seq=0)
    changed = status.documents.get(record)
    if not status.is_silent(chain.registry.stated.key.id):
        found = _open(SubIndication.REVOKED_CA_NO_POE, Row.ISSUER_AFTER, place)
    elif not status.is_silent(place.by):
        found = _open(SubIndication.REVOKED_NO_POE, Row.UNPROVEN, place)
    elif changed is not None:
        found = _open(SubIndication.MC_NOT_LOGGED, Row.DOCUMENT_UNLOGGED, place)
    else:
        found = StatusFinding(
            indication=Indication.PASSED, sub_indication=None, row=Row.UNLOGGED, place=place
        )
    outcome.checks.append(evidence_findings.status(found))
    if changed is not None:
        outcome.in_force = InForce(changed.state.value)
    outcome.checks.append(
        evidence_findings.in_force(outcome.in_force, None if changed is None else changed.record)
    )


def _open(sub_indication: SubIndication, row: Row, place: Place) -> StatusFinding:
    return StatusFinding(
        indication=Indication.INDETERMINATE, sub_indication=sub_indication, row=row, place=place
    )


def _content(paper: Paper) -> dict[str, Json]:
    return {"holder": paper.holder, "birth_year": paper.birth_year, "result": paper.result}
