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
    REVOKED = "REVOKED"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    MC_CHAIN_FORKED = "MC_CHAIN_FORKED"
    MC_NOT_LOGGED = "MC_NOT_LOGGED"
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
    check keeps the whole from passing."""

    id: str
    result: Result
    why_vi: str
    why_en: str
    evidence: str | None = None
    sub_indication: SubIndication | None = None

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "result": self.result,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was signed. Facts and content are given only where they are covered by a signature that was verified."""

    id: str
    kind: str
    unit: str
    dossier: str | None
    facts: Mapping[str, Json] | None
    content: Mapping[str, Json] | None

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "kind": self.kind,
            "unit": self.unit,
            "dossier": self.dossier,
            "facts": None if self.facts is None else dict(self.facts),
            "content": None if self.content is None else dict(self.content),
            "in_force": "unknown",
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
class Report:
    """One answer about one file."""

    indication: Indication
    sub_indications: tuple[SubIndication, ...]
    exit_code: Exit
    vi: str
    en: str
    document: Document | None
    signers: tuple[Signer, ...]
    claimed_ms: int | None
    checks: tuple[Check, ...]
    not_checked: tuple[NotChecked, ...]
    trust: TrustUsed
    verifier_version: str
    input_sha256: str
    input_bytes: int

    def json(self) -> dict[str, Json]:
        """The report for machines; every member always present."""
        return {
            "report": REPORT_VERSION,
            "indication": self.indication,
            "sub_indications": [*self.sub_indications],
            "exit_code": int(self.exit_code),
            "vi": self.vi,
            "en": self.en,
            "document": None if self.document is None else self.document.json(),
            "signers": [signer.json() for signer in self.signers],
            "time": {"claimed": self.claimed_ms, "not_before": None, "not_after": None},
            "checks": [check.json() for check in self.checks],
            "not_checked": [item.json() for item in self.not_checked],
            "trust": self.trust.json(),
            "verifier": {"name": "motcua-verify", "version": self.verifier_version},
            "input": {"sha256": self.input_sha256, "size": self.input_bytes},
        }


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
