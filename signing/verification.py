"""Verify an exported record: the one function behind the command line, the hub's portal and the tests of the offline page.

Order: read the file; believe key statements from the bundle's keys downwards, each by its issuer's signature; find the
signer's key; check the signature over the stored bytes; check that role and unit entitle; compare the body with its hash.
It stops early only where there is nothing left to look at, and always answers with a report, never with an exception.

No socket, file or clock: `now` (ms) is only subtracted to tell how old the bundle is, and no rule reads it. Missing
evidence gives INDETERMINATE, so leaving evidence out never turns a failure into a pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from signing import canonical, findings, reasons
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.errors import NotCanonical, NotEntitled, SignatureInvalid, SigningError
from signing.exported import EXPORT_BYTES_MAX, Export, ExportedRecord, decode_export
from signing.reasons import Reason
from signing.report import Check, Document, Exit, Indication, NotChecked, Report, Signer, TrustUsed, compose
from signing.signatures import Purpose, pae
from signing.signatures import verify as verify_signature
from signing.statements import KIND as KEY_STATED
from signing.statements import KeyStatement
from signing.trust import Trust
from signing.version import __version__

HEADER_VERSION: Final = 1

_EXITS: Final = {
    Indication.PASSED: Exit.PASSED,
    Indication.FAILED: Exit.FAILED,
    Indication.INDETERMINATE: Exit.INDETERMINATE,
}


def verify(
    data: bytes, trust_bundle: TrustBundle, now: int | None = None, *, root_is_pinned: bool = True
) -> Report:
    """What can be said about this file under this bundle.

    `root_is_pinned` says whether the bundle was opened against something believed before; if not, the report asks the
    reader to compare the fingerprint.
    """
    try:
        export = decode_export(data)
    except NotCanonical as error:
        outcome = _Outcome(checks=[findings.not_readable(error.detail)])
        return _report(data, trust_bundle, now, outcome, Exit.BAD_INPUT, root_is_pinned)
    outcome = _verify_export(export, trust_bundle)
    return _report(data, trust_bundle, now, outcome, None, root_is_pinned)


@dataclass(slots=True)
class _Outcome:
    """What has been found so far; grows check by check."""

    checks: list[Check]
    document: Document | None = None
    signer: Signer | None = None
    claimed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The members of a header that this package reads; the others are covered by the signature all the same."""

    version: int
    kind: str
    unit: str
    by: str
    facts: dict[str, Json]
    body: str | None
    dossier: str | None
    claimed_ms: int | None

    @classmethod
    def read(cls, data: bytes) -> Self:
        fields = canonical.decode(data, size_bytes_max=EXPORT_BYTES_MAX)
        if not isinstance(fields, dict):
            raise NotCanonical("a header is an object")
        version, facts = fields.get("v"), fields.get("facts")
        if type(version) is not int or not isinstance(facts, dict):
            raise NotCanonical("a header has a version and facts")
        return cls(
            version=version,
            kind=_text(fields, "kind"),
            unit=_text(fields, "commune"),
            by=_text(fields, "by"),
            facts=facts,
            body=_optional_text(fields, "body"),
            dossier=_optional_text(fields, "dossier"),
            claimed_ms=_claimed_ms(fields),
        )


@dataclass(slots=True)
class _Chain:
    """The statements of a file, believed as far as they lead down from the bundle."""

    trust: Trust
    people: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    refused: list[tuple[str, Reason]] = field(default_factory=list)

    @classmethod
    def of(cls, bundle: TrustBundle, statements: tuple[ExportedRecord, ...]) -> Self:
        """Believe what can be believed, in as many passes as the order of the file needs."""
        chain = cls(Trust.of(bundle))
        waiting = list(statements)
        while waiting:
            left = [statement for statement in waiting if not chain._settle(statement)]
            if len(left) == len(waiting):
                chain.refused += [(_record_id(statement), reasons.UNKNOWN_KEY) for statement in left]
                break
            waiting = left
        return chain

    def _settle(self, exported: ExportedRecord) -> bool:
        """Believe or refuse one statement for good; False while its issuer is unknown."""
        try:
            header = _Header.read(exported.header)
            self._believe(header, exported)
        except SigningError as error:
            if error.reason is reasons.UNKNOWN_KEY:
                return False
            self.refused.append((_record_id(exported), error.reason))
        return True

    def _believe(self, header: _Header, exported: ExportedRecord) -> None:
        if header.kind != KEY_STATED or header.version != HEADER_VERSION:
            raise NotCanonical("not a key statement of this version")
        issuer = self.trust.statement(header.by)
        if issuer is None:
            raise NotEntitled("an issuer not yet known", reason=reasons.UNKNOWN_KEY)
        verify_signature(issuer.key, Purpose.RECORD, exported.header, exported.signature)
        statement = KeyStatement.from_facts(header.facts, issuer=header.by)
        self.trust = self.trust.accept(statement, issuer_key_id=header.by)
        self.people[statement.key.id] = _person(header, exported)

    def signer(self, statement: KeyStatement) -> Signer:
        person = self.people.get(statement.key.id, {})
        name, title = person.get("name"), person.get("title")
        return Signer(
            key=statement.key.id,
            roles=tuple(sorted(statement.roles)),
            unit=statement.unit,
            officer=statement.officer,
            name=name if isinstance(name, str) else None,
            title=title if isinstance(title, str) else None,
            delegated=statement.delegated,
        )


def _verify_export(export: Export, bundle: TrustBundle) -> _Outcome:
    outcome = _Outcome(checks=[findings.readable(len(export.statements))])
    try:
        header = _Header.read(export.record.header)
    except NotCanonical as error:
        outcome.checks.append(findings.header_malformed(error.detail))
        return outcome
    outcome.checks.append(findings.header(header.version, is_known=header.version == HEADER_VERSION))
    chain = _Chain.of(bundle, export.statements)
    outcome.checks += [findings.statement_refused(record_id, reason) for record_id, reason in chain.refused]
    is_signed = _check_signer(outcome, export.record, header, chain)
    content = _check_content(outcome, export.record, header)
    outcome.claimed_ms = header.claimed_ms
    outcome.document = Document(
        id=_record_id(export.record),
        kind=header.kind,
        unit=header.unit,
        dossier=header.dossier,
        facts=header.facts if is_signed else None,
        content=content if is_signed else None,
    )
    return outcome


def _check_signer(outcome: _Outcome, record: ExportedRecord, header: _Header, chain: _Chain) -> bool:
    """Key, signature and authority, each resting on the one before; whether the signature holds."""
    statement = chain.trust.statement(header.by)
    if statement is None:
        outcome.checks.append(findings.key_unknown(header.by, some_refused=bool(chain.refused)))
        return False
    outcome.checks.append(findings.key_known(header.by))
    try:
        verify_signature(statement.key, Purpose.RECORD, record.header, record.signature)
    except SignatureInvalid:
        outcome.checks.append(findings.signature_wrong(header.by))
        return False
    outcome.checks.append(findings.signature_right(_record_id(record)))
    outcome.signer = chain.signer(statement)
    try:
        chain.trust.require(header.by, kind=header.kind, unit=header.unit)
    except NotEntitled as error:
        outcome.checks.append(findings.not_entitled(error.reason, header.by))
        return True
    outcome.checks.append(findings.entitled(header.by))
    outcome.checks.append(findings.delegation(header.by, is_delegated=statement.delegated))
    return True


def _check_content(outcome: _Outcome, record: ExportedRecord, header: _Header) -> Mapping[str, Json] | None:
    """The body's content, if it is the one that the header commits to."""
    if record.body_hash != header.body:
        if record.body_hash is None:
            outcome.checks.append(findings.content_missing(header.body))
        else:
            outcome.checks.append(findings.content_altered(record.body_hash))
        return None
    if record.content is None:
        outcome.checks.append(findings.content_none())
        return None
    content = _object(record.content)
    if content is None:
        outcome.checks.append(findings.content_malformed(header.body))
    else:
        outcome.checks.append(findings.content_right(header.body))
    return content


def _report(
    data: bytes,
    bundle: TrustBundle,
    now: int | None,
    outcome: _Outcome,
    exit_code: Exit | None,
    root_is_pinned: bool,
) -> Report:
    indication, sub_indications = compose(outcome.checks)
    vi, en = findings.summary(indication, outcome.checks)
    return Report(
        indication=indication,
        sub_indications=sub_indications,
        exit_code=_EXITS[indication] if exit_code is None else exit_code,
        vi=vi,
        en=en,
        document=outcome.document,
        signers=() if outcome.signer is None else (outcome.signer,),
        claimed_ms=outcome.claimed_ms,
        checks=tuple(outcome.checks),
        not_checked=_not_checked(root_is_pinned),
        trust=_trust_used(bundle, now),
        verifier_version=__version__,
        input_sha256=hashlib.sha256(data).hexdigest(),
        input_bytes=len(data),
    )


def _not_checked(root_is_pinned: bool) -> tuple[NotChecked, ...]:
    return findings.NOT_CHECKED if root_is_pinned else (findings.ROOT_NOT_PINNED, *findings.NOT_CHECKED)


def _trust_used(bundle: TrustBundle, now: int | None) -> TrustUsed:
    return TrustUsed(
        version=bundle.version,
        province=bundle.province,
        root_fingerprint=bundle.fingerprint,
        issued=bundle.issued,
        age_ms=None if now is None or bundle.issued is None else now - bundle.issued,
    )


def _person(header: _Header, exported: ExportedRecord) -> Mapping[str, Json]:
    """Name and title of a key's holder, from a body that the believed statement commits to."""
    if exported.content is None or exported.body_hash != header.body:
        return {}
    return _object(exported.content) or {}


def _object(content: bytes) -> dict[str, Json] | None:
    try:
        value = canonical.decode(content, size_bytes_max=EXPORT_BYTES_MAX)
    except NotCanonical:
        return None
    return value if isinstance(value, dict) else None


def _record_id(exported: ExportedRecord) -> str:
    return hashlib.sha256(pae(Purpose.RECORD, exported.header)).hexdigest()


def _text(fields: Mapping[str, Json], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise NotCanonical(f"a header names its {name}")
    return value


def _optional_text(fields: Mapping[str, Json], name: str) -> str | None:
    return None if fields.get(name) is None else _text(fields, name)


def _claimed_ms(fields: Mapping[str, Json]) -> int | None:
    """The signer's clock plus the clock offset it had last measured; for display, never for a rule."""
    at = _first_integer(fields.get("at"))
    return None if at is None else at + (_first_integer(fields.get("offset")) or 0)


def _first_integer(value: Json) -> int | None:
    first = value[0] if isinstance(value, list) and value else None
    return first if type(first) is int else None
