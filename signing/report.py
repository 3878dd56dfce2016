"""The report of a verification: what was found, check by check, in the words of ETSI EN 319 102-1 and of people.

PASSED, FAILED and INDETERMINATE are three different answers and are never shown as two. A report also says what was not
looked at, so that nobody reads more into it than it holds, and keeps "the signature is good" apart from "the document is
in force". The same JSON comes from the command line, the hub's portal and the offline page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from signing.canonical import Json

REPORT_VERSION: Final = 1


class Indication(StrEnum):
    """The overall answer."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"


class Exit(IntEnum):
    """The exit codes of every command of this project."""

    PASSED = 0
    FAILED = 1
    INDETERMINATE = 2
    BAD_INPUT = 3


class SubIndication(StrEnum):
    """Why not PASSED: ETSI's names where it has one, ours (MC_…) where it has none."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NO_POE = "NO_POE"
    NOT_YET_VALID = "NOT_YET_VALID"
    TRY_LATER = "TRY_LATER"
    REVOKED = "REVOKED"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    MC_CHAIN_FORKED = "MC_CHAIN_FORKED"
    MC_NOT_LOGGED = "MC_NOT_LOGGED"
    MC_QUORUM = "MC_QUORUM"
    MC_ROLE = "MC_ROLE"
    MC_UNIT = "MC_UNIT"


class Result(StrEnum):
    """The outcome of one check."""

    PASS = "pass"  # noqa: S105 — an outcome, not a secret
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `evidence` names what was looked at, by hash or id; `sub_indication` is set where the
    check keeps the whole from passing; `record` is the position of the record it is about, None for the file as a whole."""

    id: str
    result: Result
    why_vi: str
    why_en: str
    evidence: str | None = None
    sub_indication: SubIndication | None = None
    record: int | None = None

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "record": self.record,
            "result": self.result,
            "sub_indication": self.sub_indication,
            "why_vi": self.why_vi,
            "why_en": self.why_en,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """One thing that was deliberately not looked at."""

    id: str
    vi: str
    en: str

    def json(self) -> dict[str, Json]:
        return {"id": self.id, "vi": self.vi, "en": self.en}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed, as far as the believed statement says; name and title only from a body that matches its hash."""

    key: str
    roles: tuple[str, ...]
    unit: str
    officer: str | None
    name: str | None
    title: str | None
    delegated: bool

    def json(self) -> dict[str, Json]:
        return {
            "key": self.key,
            "roles": [*self.roles],
            "unit": self.unit,
            "officer": self.officer,
            "name": self.name,
            "title": self.title,
            "delegated": self.delegated,
            "suite": "ed25519",
            "legal_class": "specialised",
        }


class InForce(StrEnum):
    """What is known of a document's force, which is another question than whether its signature is right."""

    YES = "yes"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    CORRECTED = "corrected"
    UNKNOWN = "unknown"


_BY_GRAVITY: Final = (
    InForce.YES,
    InForce.UNKNOWN,
    InForce.CORRECTED,
    InForce.SUPERSEDED,
    InForce.WITHDRAWN,
)
"""What a file of several records is worth in force: the gravest of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """The force of a whole file, which is that of its gravest record wherever it stands; `records` are the positions of all
    that are in this state."""

    in_force: InForce
    records: tuple[int, ...]

    @property
    def numbers(self) -> str:
        """The records as people count them: the first is 1."""
        return ", ".join(str(position + 1) for position in self.records)

    def json(self) -> dict[str, Json]:
        return {"in_force": self.in_force, "records": [*self.records]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was signed. Facts and content are given only where they are covered by a signature that was verified; `files`
    are the SHA-256 digests of attachments that the content names."""

    id: str
    kind: str
    unit: str
    dossier: str | None
    facts: Mapping[str, Json] | None
    content: Mapping[str, Json] | None
    in_force: InForce = InForce.UNKNOWN
    files: tuple[str, ...] = ()

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "kind": self.kind,
            "unit": self.unit,
            "dossier": self.dossier,
            "facts": None if self.facts is None else dict(self.facts),
            "content": None if self.content is None else dict(self.content),
            "in_force": self.in_force,
            "files": [*self.files],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustUsed:
    """By which bundle the answer was found, and how old that word is (if the caller said what time it is)."""

    version: int
    province: str
    root_fingerprint: str
    issued: int | None
    age_ms: int | None

    def json(self) -> dict[str, Json]:
        return {
            "bundle_version": self.version,
            "province": self.province,
            "root_fingerprint": self.root_fingerprint,
            "issued": self.issued,
            "age_ms": self.age_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBound:
    """One side of a time bracket: a tree size, and the earliest time (ms since 1970) that a witness puts to it."""

    size: int
    time_ms: int | None
    witnesses: tuple[str, ...]

    def json(self) -> dict[str, Json]:
        return {"size": self.size, "time": self.time_ms, "witnesses": [*self.witnesses]}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    """Where in which log a record was shown to lie, under a checkpoint of `size` leaves."""

    origin: str
    index: int
    size: int
    witnesses: tuple[str, ...]
    quorum: str

    def json(self) -> dict[str, Json]:
        return {
            "origin": self.origin,
            "index": self.index,
            "size": self.size,
            "witnesses": [*self.witnesses],
            "quorum": self.quorum,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFinding:
    """What was found about one record of a file. `claimed_ms` is the signer's clock, which changes nothing."""

    indication: Indication
    sub_indications: tuple[SubIndication, ...]
    document: Document | None = None
    signer: Signer | None = None
    claimed_ms: int | None = None
    not_before: TimeBound | None = None
    not_after: TimeBound | None = None
    log: LogPosition | None = None

    @property
    def in_force(self) -> InForce:
        """What is known of its document's force."""
        return InForce.UNKNOWN if self.document is None else self.document.in_force

    def json(self) -> dict[str, Json]:
        return {
            "indication": self.indication,
            "sub_indications": [*self.sub_indications],
            "document": None if self.document is None else self.document.json(),
            "signers": [] if self.signer is None else [self.signer.json()],
            "time": {
                "claimed": self.claimed_ms,
                "not_before": None if self.not_before is None else self.not_before.json(),
                "not_after": None if self.not_after is None else self.not_after.json(),
                "tsa": [],
            },
            "log": None if self.log is None else self.log.json(),
        }


class StatusSource(StrEnum):
    """Where the status came from that was used."""

    TRUST = "trust"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUsed:
    """By which status of keys and documents the answer was found: up to which tree size, and how old that word is."""

    as_of_size: int
    as_of_ms: int | None
    age_ms: int | None
    source: StatusSource

    def json(self) -> dict[str, Json]:
        return {
            "as_of_size": self.as_of_size,
            "as_of_time": self.as_of_ms,
            "age_ms": self.age_ms,
            "source": self.source,
        }


NOTHING_FOUND: Final = RecordFinding(indication=Indication.FAILED, sub_indications=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One answer about one file. What stands beside the answer about a single record (document, signers, time, log) is said of
    the first one; the answer itself and the force are those of all records, whatever their order."""

    indication: Indication
    sub_indications: tuple[SubIndication, ...]
    exit_code: Exit
    vi: str
    en: str
    records: tuple[RecordFinding, ...]
    checks: tuple[Check, ...]
    not_checked: tuple[NotChecked, ...]
    unused: tuple[str, ...]
    status: StatusUsed | None
    trust: TrustUsed
    verifier_version: str
    input_sha256: str
    input_bytes: int

    @property
    def subject(self) -> RecordFinding:
        """The first record, which is told once more beside the answer."""
        return self.records[0] if self.records else NOTHING_FOUND

    @property
    def force(self) -> Force:
        """The second axis, of the whole file."""
        return force_of(self.records)

    @property
    def document(self) -> Document | None:
        return self.subject.document

    @property
    def signers(self) -> tuple[Signer, ...]:
        return () if self.subject.signer is None else (self.subject.signer,)

    @property
    def claimed_ms(self) -> int | None:
        return self.subject.claimed_ms

    def json(self) -> dict[str, Json]:
        """The report for machines; every member always present."""
        return {
            **self.subject.json(),
            "report": REPORT_VERSION,
            "indication": self.indication,
            "sub_indications": [*self.sub_indications],
            "exit_code": int(self.exit_code),
            "vi": self.vi,
            "en": self.en,
            "force": self.force.json(),
            "records": [record.json() for record in self.records],
            "status": None if self.status is None else self.status.json(),
            "checks": [check.json() for check in self.checks],
            "not_checked": [item.json() for item in self.not_checked],
            "unused": [*self.unused],
            "trust": self.trust.json(),
            "verifier": {"name": "motcua-verify", "version": self.verifier_version},
            "input": {"sha256": self.input_sha256, "size": self.input_bytes},
        }


def force_of(records: Sequence[RecordFinding]) -> Force:
    """The gravest state of any record: the order of records in a file is nobody's word."""
    gravest = max((each.in_force for each in records), key=_BY_GRAVITY.index, default=InForce.UNKNOWN)
    return Force(
        in_force=gravest,
        records=tuple(position for position, each in enumerate(records) if each.in_force is gravest),
    )


def compose(checks: Sequence[Check]) -> tuple[Indication, tuple[SubIndication, ...]]:
    """The overall answer: any definite failure fails; else anything required and unknown leaves it open; else passed.

    A check without a sub-indication informs and decides nothing.
    """
    deciding = [check for check in checks if check.sub_indication is not None]
    failed = [check for check in deciding if check.result is Result.FAIL]
    unknown = [check for check in deciding if check.result is Result.UNKNOWN]
    if failed:
        return Indication.FAILED, _sub_indications(failed)
    if unknown:
        return Indication.INDETERMINATE, _sub_indications(unknown)
    return Indication.PASSED, ()


def _sub_indications(checks: Sequence[Check]) -> tuple[SubIndication, ...]:
    return tuple(dict.fromkeys(check.sub_indication for check in checks if check.sub_indication is not None))
