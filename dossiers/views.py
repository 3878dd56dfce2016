"""What a dossier looks like once its records are folded: plain values, the same on node and hub.

Nothing here decides anything; `merge` builds these. Whatever a body held says so beside its value (present, erased,
withheld, lost), because a winner whose value is gone is still the winner. Instants are milliseconds since 1970. The
values are structs rather than dataclasses because the hub makes some forty of them for each dossier it folds.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from dossiers.axes import DeliveryState, FinanceState
from dossiers.conflicts import Conflict
from dossiers.deadlines import Frozen, Timeliness
from dossiers.legs import Leg, PapersHanded
from dossiers.states import Status
from sync_protocol.record import BodyState

FieldValue = str | int | None


class EndedAs(StrEnum):
    """How a dossier's processing ended."""

    SOLVED = "solved"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class Standing(StrEnum):
    """What became of one record."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    DISPUTED = "disputed"
    WITHOUT_EFFECT = "without_effect"
    HELD = "held"
    QUARANTINED = "quarantined"
    UNREAD = "unread"
    """Of a kind or version that this program does not know: kept, passed on, and of no effect until one that does comes."""


class DueCause(StrEnum):
    """Why there is a due date, or another one."""

    RECEIVED = "received"
    MOVED = "moved"
    EXTENDED = "extended"
    SETTLED = "settled"


class FieldWrite(msgspec.Struct, frozen=True):
    """One record's version of a field; `replaces` names the versions its author had seen."""

    record: str
    value: FieldValue
    state: BodyState
    replaces: tuple[str, ...] = ()


class FieldState(msgspec.Struct, frozen=True):
    """A field: the winning version, those that lost to it unseen, and every version in order."""

    value: FieldValue
    state: BodyState
    record: str
    losers: tuple[FieldWrite, ...]
    history: tuple[FieldWrite, ...]


class DueChange(msgspec.Struct, frozen=True, kw_only=True):
    """A due date that a record set. `ground` is the person's words, where the body is here."""

    record: str
    at_ms: int
    due: int | None
    cause: DueCause
    ordinal: int | None = None
    ground: str | None = None


class ClockSpan(msgspec.Struct, frozen=True, kw_only=True):
    """From `start_ms` on the legal clock runs towards `due` (None: no due date), or stands."""

    start_ms: int
    due: int | None
    runs: bool


class PaperHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that came with one record."""

    record: str
    paper: str
    form: int
    count: int
    digitised: bool
    reused: bool
    at_ms: int
    removed_by: str | None = None


class FileHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a record added. `name`, `key` and `sha256` (of the file itself) are None where the body is not here.

    Attributes:
        paper: the paper it shows; None for a result or anything else.
        removed_by: the record that removed or replaced it.
    """

    record: str
    file: str
    size: int
    type: str
    pages: int
    paper: str | None
    is_result: bool
    at_ms: int
    by: str
    commune: str
    state: BodyState
    name: str | None = None
    key: str | None = None
    sha256: str | None = None
    removed_by: str | None = None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment taken; one set aside by a settlement stays visible but is not counted."""

    record: str
    amount: int
    method: int
    fee: str
    at_ms: int
    by: str
    receipt_number: str | None
    payer: str | None
    state: BodyState
    set_aside_by: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    record: str
    text: str | None
    state: BodyState
    at_ms: int
    by: str


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the dossier. `others` are concurrent assignments that did not prevail."""

    record: str
    officer: str | None
    unit: str | None
    at_ms: int
    others: tuple[str, ...]


class IssuedResult(msgspec.Struct, frozen=True, kw_only=True):
    record: str
    at_ms: int
    number: str | None
    date: str | int | None
    signer: str | None
    kind: str | None
    state: BodyState


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    record: str
    at_ms: int
    method: int | None
    name: str | None
    id_number: str | None
    state: BodyState


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """A record that settles. `is_matched` is False where its author's history holds no such difference."""

    record: str
    conflict: str
    choose: str | None
    is_matched: bool


class TimelineEntry(msgspec.Struct, frozen=True):
    """One record in the dossier's history; cause stands before effect."""

    record: str
    kind: str
    standing: Standing
    at_ms: int
    by: str
    log: str
    commune: str
    action: str | None
    source: int | None
    target: int | None
    fields: tuple[str, ...]
    words: str | None
    body_state: BodyState


class DossierView(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier as its records tell it.

    Attributes:
        heads: ids that a new record must name as its parents.
        missing: parents that some record names and that are not here.
        status: None while the record that opens the dossier is not here.
        received: when it was handed in; accepted: when its clock started (None while only registered).
        original_due: the first due date; `due` the present one; every change stands in `due_history`.
        finished: when processing ended (result issued, withdrawn, refused), not when the result was collected.
        clock: when the legal clock ran, and towards which due date.
    """

    dossier: str
    commune: str
    heads: tuple[str, ...]
    missing: tuple[str, ...]
    status: Status | None
    procedure: str | None
    procedure_version: int | None
    rule: str | None
    code: str | None
    provisional: str | None
    aliases: tuple[str, ...]
    channel: int | None
    receiving: str | None
    competent: str | None
    sets: int | None
    fee_due: int
    received: int | None
    accepted: int | None
    due: int | None
    original_due: int | None
    due_history: tuple[DueChange, ...]
    clock: tuple[ClockSpan, ...]
    frozen: Frozen | None
    deadline: int | None
    finished: int | None
    ended_as: EndedAs | None
    timeliness: Timeliness | None
    fields: Mapping[str, FieldState]
    papers: tuple[PaperHeld, ...]
    papers_removed: tuple[PaperHeld, ...]
    files: tuple[FileHeld, ...]
    files_removed: tuple[FileHeld, ...]
    payments: tuple[Payment, ...]
    paid: int
    notes: tuple[Note, ...]
    assigned: Assignment | None
    result: IssuedResult | None
    handed_over: HandOver | None
    finance: FinanceState
    delivery: DeliveryState
    conflicts: tuple[Conflict, ...]
    settled_conflicts: tuple[Conflict, ...]
    settlements: tuple[Settlement, ...]
    timeline: tuple[TimelineEntry, ...]
    contested: tuple[tuple[str, ...], ...]
    """Per field written without knowledge of each other: its code, then all standing versions (for the state hash)."""
    legs: tuple[Leg, ...] = ()
    slips: tuple[PapersHanded, ...] = ()

    @property
    def open_legs(self) -> tuple[Leg, ...]:
        """The legs on which another unit still has something to do."""
        is_solved = self.finished is not None
        return tuple(leg for leg in self.legs if leg.is_open and (leg.is_referral or not is_solved))

    @property
    def display_code(self) -> str | None:
        """The official code, or the provisional one until there is an official one."""
        return self.code or self.provisional

    def text(self, field: str) -> str | None:
        """The winning value of a field where it is here."""
        state = self.fields.get(field)
        return state.value if state is not None and isinstance(state.value, str) else None
