"""A difference as a page shows it: every signed version beside the others, field by field, who, when, on which PC.

Differences in several fields between the same records are one question to the officer. A row that was changed on one
side only is shown as its author left it and is no difference: both changes hold. To know what an author had before
their eyes, the records that the author had seen are folded again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.conflicts import (
    Conflict,
    ConflictKind,
    Side,
    as_questions,
    settle_by_ms,
    settlers,
    takes_third_value,
    what_happened,
)
from dossiers.kinds import FACT_FIELDS
from dossiers.merge import field_changes, fold
from dossiers.presentation import fmt_datetime, fmt_money
from dossiers.procedures import Procedure
from dossiers.units import Units
from dossiers.views import DossierView
from edge_node.accounts.service import signer_names
from edge_node.casework import labels
from edge_node.keyring.units import units_at
from edge_node.projection.lists import DossierFilter, find_dossiers
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from signing.roles import Role
from sync_protocol.record import BodyState, Record

_LISTED_MAX: Final = 500
_CONTEXT: Final = ("applicant.name", "owner.name", "summary")
_OTHER: Final = "other"
_NO_THIRD: Final = frozenset({"channel", "competent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One side: who said it, when, on which PC."""

    record: str
    name: str
    title: str
    at_ms: int
    device: str
    is_provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field in all versions; `texts` None: left empty there."""

    code: str
    label: str
    texts: tuple[str | None, ...]
    is_different: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Third:
    """A field for which another value may be typed."""

    code: str
    label: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How it was settled: which side was kept, or (`kept` None) which other values were given; none: all sides stand."""

    name: str
    at_ms: int
    ground: str
    kept: str | None
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an officer is asked: one or more differences between the same records of one dossier."""

    dossier: str
    view: DossierView
    procedure: Procedure | None
    conflicts: tuple[Conflict, ...]
    versions: tuple[Version, ...]
    rows: tuple[Row, ...]
    third: tuple[Third, ...]
    settlers: frozenset[Role]
    decision: Decision | None = None

    @property
    def id(self) -> str:
        return self.conflicts[0].id

    @property
    def kind(self) -> ConflictKind:
        return self.conflicts[0].kind

    @property
    def is_review(self) -> bool:
        return self.conflicts[0].is_review

    @property
    def since_ms(self) -> int:
        return max(conflict.since_ms for conflict in self.conflicts)

    @property
    def settle_by_ms(self) -> int:
        return min(settle_by_ms(conflict) for conflict in self.conflicts)

    @property
    def sentence(self) -> str:
        words = what_happened(self.conflicts[0])
        return words.en if str(get_locale()).startswith("en") else words.vi

    @property
    def subjects(self) -> str:
        """What differs, in a few words: for lists."""
        return ", ".join(row.label for row in self.rows if row.is_different)

    def may_settle(self, roles: Collection[Role]) -> bool:
        return not self.settlers.isdisjoint(roles)


def open_questions(db: Database, services: Services) -> list[Question]:
    """Every open question of this PC, the oldest first."""
    found = []
    for row in find_dossiers(db, DossierFilter(needs_attention=True), limit=_LISTED_MAX):
        if row.conflicts:
            found += questions_of(db, services, row.id)
    return sorted(found, key=lambda question: (question.since_ms, question.conflicts[0].id))


def questions_of(db: Database, services: Services, dossier: str) -> list[Question]:
    """The open questions of one dossier."""
    view = view_of(db, dossier)
    return (
        []
        if view is None
        else [_question(db, services, view, group) for group in as_questions(view.conflicts)]
    )


def find_question(db: Database, services: Services, conflict: str, dossier: str | None) -> Question | None:
    """The question that holds a conflict: open, or settled in the dossier named."""
    for each in [dossier] if dossier else _candidates(db):
        view = view_of(db, each)
        if view is None:
            continue
        groups = [*as_questions(view.conflicts), *_settled_together(view)]
        for group in groups:
            if any(one.id == conflict for one in group):
                return _question(db, services, view, group)
    return None


def _settled_together(view: DossierView) -> list[tuple[Conflict, ...]]:
    """What was asked as one question has one settlement for each field: told together where they chose alike."""
    chosen = {said.record: said.choose for said in view.settlements}
    alike = [
        replace(one, settled_by=chosen.get(one.settled_by or "") or _OTHER) for one in view.settled_conflicts
    ]
    known = {one.id: one for one in view.settled_conflicts}
    return [tuple(known[one.id] for one in group) for group in as_questions(alike)]


def _candidates(db: Database) -> list[str]:
    rows = find_dossiers(db, DossierFilter(needs_attention=True), limit=_LISTED_MAX)
    return [row.id for row in rows if row.conflicts]


def _question(
    db: Database, services: Services, view: DossierView, conflicts: tuple[Conflict, ...]
) -> Question:
    catalogue = services.references.catalogue(db)
    procedure = catalogue.find(view.procedure or "", view.procedure_version or 0)
    records = {record.id: record for record in SqliteLogStore(db).dossier_records(view.dossier)}
    first = conflicts[0]
    is_field = first.kind is ConflictKind.FIELD
    units = units_at(db, services.clock())
    rows = _field_rows(conflicts, records, procedure, units) if is_field else _step_rows(first, records, view)
    order = [row.code for row in rows]
    return Question(
        dossier=view.dossier,
        view=view,
        procedure=procedure,
        conflicts=conflicts,
        versions=_versions(db, first),
        rows=rows,
        third=tuple(sorted(_third(conflicts, procedure), key=lambda third: order.index(third.code))),
        settlers=settlers(first),
        decision=_decision(db, conflicts, records, procedure, units),
    )


def _decision(
    db: Database,
    conflicts: tuple[Conflict, ...],
    records: Mapping[str, Record],
    procedure: Procedure | None,
    units: Units,
) -> Decision | None:
    settled = [records[one.settled_by] for one in conflicts if one.settled_by and one.settled_by in records]
    if not settled:
        return None
    header, content = settled[0].header, settled[0].content or {}
    given: dict[str, str | int] = {}
    for record in settled:
        given |= {**record.header.facts.get("set", {}), **(record.content or {}).get("fields", {})}
    return Decision(
        name=signer_names(db).get(header.by, ("", ""))[0] or _("Không rõ"),
        at_ms=header.corrected_ms,
        ground=str(content.get("ground") or ""),
        kept=header.facts.get("choose"),
        given=tuple(
            (
                labels.field_label(code, procedure),
                value_text(code, value, procedure, units) or _("(để trống)"),
            )
            for code, value in given.items()
        ),
    )


def _versions(db: Database, conflict: Conflict) -> tuple[Version, ...]:
    names, store = signer_names(db), SqliteLogStore(db)
    versions = []
    for side in conflict.sides:
        name, title = names.get(side.by, ("", ""))
        device = names.get(store.device_of(side.log) or "", ("", ""))[0]
        versions.append(
            Version(
                record=side.record,
                name=name or _("Không rõ"),
                title=title,
                at_ms=side.at_ms,
                device=device,
                is_provisional=side.record == conflict.provisional,
            )
        )
    return tuple(versions)


def _third(conflicts: tuple[Conflict, ...], procedure: Procedure | None) -> tuple[Third, ...]:
    codes = [c.field for c in conflicts if c.field and takes_third_value(c)]
    if len(codes) < len(conflicts) or not _NO_THIRD.isdisjoint(codes):
        return ()
    return tuple(
        Third(code=code, label=labels.field_label(code, procedure), is_number=code in FACT_FIELDS)
        for code in codes
    )


def _field_rows(
    conflicts: tuple[Conflict, ...],
    records: Mapping[str, Record],
    procedure: Procedure | None,
    units: Units,
) -> tuple[Row, ...]:
    """The fields in dispute, and around them those that one of the authors wrote, as each of them left them."""
    disputed = {conflict.field or "": conflict for conflict in conflicts}
    seen = [_as_left_by(side.record, records) for side in conflicts[0].sides]
    changed = {
        code
        for view, side in zip(seen, conflicts[0].sides, strict=True)
        for code, _before, _after in field_changes(view, side.record)
    }
    plain = {None, "", procedure.name.vi if procedure else None}
    around = [code for code in _CONTEXT if not {view.text(code) for view in seen} <= plain]
    first_write = "dossier.received" in {records[side.record].header.kind for side in conflicts[0].sides}
    codes = dict.fromkeys((*around, *(() if first_write else sorted(changed)), *disputed))
    return tuple(_field_row(code, disputed.get(code), seen, procedure, units) for code in codes)


def _field_row(
    code: str,
    conflict: Conflict | None,
    seen: list[DossierView],
    procedure: Procedure | None,
    units: Units,
) -> Row:
    if conflict is None:
        texts = tuple(labels.field_text(code, view.text(code), procedure) for view in seen)
    else:
        texts = tuple(_side_text(code, side, procedure, units) for side in conflict.sides)
    return Row(
        code=code, label=labels.field_label(code, procedure), texts=texts, is_different=conflict is not None
    )


def _side_text(code: str, side: Side, procedure: Procedure | None, units: Units) -> str | None:
    if side.state is BodyState.ERASED:
        return _("(đã xóa theo quy định)")
    if side.state is not BodyState.PRESENT:
        return _("(nội dung không có ở máy này)")
    return value_text(code, side.value, procedure, units)


def value_text(code: str, value: str | int | None, procedure: Procedure | None, units: Units) -> str | None:
    """A field's value, coded ones and due dates included."""
    if isinstance(value, int) and code == "due":
        return fmt_datetime(value)
    if isinstance(value, int) and code == "fee_due":
        return fmt_money(value, str(get_locale()))
    if code == "competent":
        return units.name(str(value))
    return labels.field_text(code, value, procedure)


def _as_left_by(record: str, records: Mapping[str, Record]) -> DossierView:
    """The dossier as the author of `record` left it: that record and all it descends from."""
    wanted, found = [record], set[str]()
    while wanted:
        one = wanted.pop()
        if one in records and one not in found:
            found.add(one)
            wanted += records[one].header.parents
    return fold(records[one] for one in found)


def _step_rows(conflict: Conflict, records: Mapping[str, Record], view: DossierView) -> tuple[Row, ...]:
    """Steps and payments: what the records themselves say."""
    telling = _payment_facts if conflict.kind is ConflictKind.DUPLICATE_PAYMENT else _step_facts
    told = [telling(records[side.record]) for side in conflict.sides if side.record in records]
    rows = []
    for label in dict.fromkeys(label for one in told for label in one):
        texts = tuple(one.get(label) for one in told)
        rows.append(Row(code="", label=label, texts=texts, is_different=len(set(texts)) > 1))
    return tuple(row for row in rows if any(row.texts))


def _step_facts(record: Record) -> dict[str, str | None]:
    facts, content = record.header.facts, record.content or {}
    target = facts.get("to")
    due, deadline = facts.get("due"), facts.get("deadline")
    result = content.get("result") or {}
    return {
        _("Việc đã làm"): labels.action_word(facts.get("action")) or labels.kind_word(record.header.kind),
        _("Trạng thái sau đó"): labels.status_word(target) if isinstance(target, int) else None,
        _("Lý do"): content.get("ground") or content.get("note"),
        _("Hẹn trả"): fmt_datetime(due) if due else None,
        _("Hạn bổ sung"): fmt_datetime(deadline) if deadline else None,
        _("Số văn bản kết quả"): result.get("number"),
    }


def _payment_facts(record: Record) -> dict[str, str | None]:
    facts, content = record.header.facts, record.content or {}
    return {
        _("Số tiền"): fmt_money(facts.get("amount"), str(get_locale())),
        _("Hình thức thu"): labels.payment_word(int(facts.get("method", 1))),
        _("Số biên lai"): content.get("receipt_number"),
        _("Người nộp tiền"): content.get("payer"),
    }
