"""May this record stand? Form, signature, authority, dependency: a verdict on admissibility and nothing else.

The hub's judge asks for every record it has stored; a node asks for records that reach it from elsewhere. What a
dossier may do next is not asked here: contradictions between honest records are the merge's business and become
conflicts that people see (design §§6, 7). A record of a kind or version that is not known here is kept and forwarded byte
for byte, and waits with a reason until a program that knows it judges it; nothing waits for it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from signing import reasons as signing_reasons
from signing.errors import NotEntitled
from signing.reasons import Reason
from signing.roles import Role
from signing.trust import Trust
from sync_protocol import limits, reasons
from sync_protocol.errors import RecordInvalid
from sync_protocol.record import Header, UnverifiedRecord, check_plain


class Outcome(StrEnum):
    """What the hub decided; applied without a word is the normal case."""

    APPLIED = "applied"
    PENDING = "pending"
    QUARANTINED = "quarantined"


class Judgement(msgspec.Struct, frozen=True):
    """An outcome with the reason for anything but applied."""

    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""


class KindRules(Protocol):
    """What the floor above knows of kinds."""

    def knows(self, kind: str) -> bool:
        """Whether this version understands the kind."""

    def check(self, header: Header, content: dict[str, Any] | None) -> Reason | None:
        """Facts against their closed schema, and the body against its own where it is here."""

    def roles(self, header: Header) -> frozenset[Role]:
        """The roles that may sign this very record (a transition may narrow what the kind allows)."""


APPLIED = Judgement(Outcome.APPLIED)


def judge_record(
    record: UnverifiedRecord,
    *,
    signature_holds: bool,
    trust: Trust,
    rules: KindRules,
    parents: Iterable[Outcome | None],
    log_device: str,
) -> Judgement:
    """Judge one record.

    Args:
        signature_holds: whether the signature verifies under the key that `trust` knows for `header.by`; False where
            that key is unknown.
        parents: the outcome of each parent, None for one that is not held.
        log_device: key id of the device whose log this is.
    """
    header = record.header
    is_known = rules.knows(header.kind)  # never of a later version: its kind carries the version
    try:
        if (
            not is_known and not header.is_later
        ):  # the closed schema of a known kind admits nothing that is not plain
            check_plain(header.facts, limits.FACTS_DEPTH_MAX)
        content = record.body.parse() if record.body and is_known else None
    except RecordInvalid as error:
        return Judgement(Outcome.QUARANTINED, error.reason, error.detail)
    statement = trust.statement(header.by)
    if statement is None:
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_KEY_UNKNOWN, header.by)
    if not signature_holds:
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_SIGNATURE)
    if header.by != log_device and statement.device not in (None, log_device):
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_ROLE, "this key lives on another device")
    if not is_known:
        return Judgement(Outcome.PENDING, reasons.RECORD_VERSION, header.kind)
    refusal = _authority(header, trust, rules) or rules.check(header, content)
    if refusal:
        return Judgement(Outcome.QUARANTINED, refusal)
    return _dependency(parents)


def too_far_ahead(header: Header, *, now_ms: int) -> bool:
    """Whether the record's corrected time lies beyond what the hub's clock allows; it is flagged, never refused."""
    return header.corrected_ms > now_ms + limits.CLOCK_AHEAD_MS_MAX


def _authority(header: Header, trust: Trust, rules: KindRules) -> Reason | None:
    try:
        statement = trust.require(header.by, kind=header.kind, unit=header.commune)
    except NotEntitled as error:
        return reasons.RECORD_UNIT if error.reason.code == signing_reasons.UNIT.code else reasons.RECORD_ROLE
    if not statement.roles & rules.roles(header):
        return reasons.RECORD_ROLE
    return None


def _dependency(parents: Iterable[Outcome | None]) -> Judgement:
    outcomes = list(parents)
    if Outcome.QUARANTINED in outcomes:
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_PARENT_REFUSED)
    if None in outcomes or Outcome.PENDING in outcomes:
        return Judgement(Outcome.PENDING, reasons.RECORD_PARENT_PENDING)
    return APPLIED
