"""The fold: the set of a dossier's records becomes one view, the same whatever the order or repetition.

Theory of operation. Records are put in one order, cause before effect (`causality`), and gathered into registers,
steps and collections (`gathering`, `lifeline`). Of a register's versions those stand that nobody replaced knowingly: if
several stand, the latest by clock wins provisionally and, when the values differ, the difference is a conflict that
keeps every signed value; for due dates the earliest wins, which favours the citizen; for numbers and assignments the
first, which may be on paper already. An erased or withheld value stays the winner and says so. Quarantined records and
whatever descends from them have no effect but are shown. The history that nobody branched — nearly every one — takes
the same road with every question of "had it seen" answered at once.

The result depends on records, verdicts and bodies only; what depends on bodies is left out of `state_hash`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from dossiers.axes import DeliveryState
from dossiers.causality import Order, arrange, bits
from dossiers.clockwork import follow
from dossiers.conflicts import Conflict
from dossiers.deadlines import classify
from dossiers.differences import find_conflicts
from dossiers.gathering import ASSIGNED, CODE, DUE, OF_STEPS, PAYMENT, Gathering, Version, words
from dossiers.genealogy import NOTHING, Genealogy
from dossiers.kinds import FACT_FIELDS, KINDS, check_facts
from dossiers.lifecycle import delivery_state, finance_state
from dossiers.routes import Route, is_routed
from dossiers.state_hash import FOLD_VERSION as FOLD_VERSION
from dossiers.state_hash import state_hash as state_hash
from dossiers.views import (
    Assignment,
    DossierView,
    DueChange,
    EndedAs,
    FieldState,
    FieldWrite,
    FileHeld,
    PaperHeld,
    Payment,
    Standing,
    TimelineEntry,
)
from sync_protocol.digest import record_set_hash as record_set_hash
from sync_protocol.record import BodyState, Record, UnverifiedRecord

_BODY_RANK: Final = {
    state: rank
    for rank, state in enumerate(
        (BodyState.ABSENT, BodyState.LOST, BodyState.WITHHELD, BodyState.PRESENT, BodyState.ERASED)
    )
}
_OPENING: Final = "dossier.received"
_WRITING: Final = frozenset({"dossier.received", "dossier.amended"})
_UNCHECKED: Final = frozenset({Standing.QUARANTINED, Standing.HELD, Standing.WITHOUT_EFFECT, Standing.UNREAD})
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_NOBODY: Final = frozenset[str]()


def fold(records: Iterable[Record], *, quarantined: AbstractSet[str] = _NOBODY) -> DossierView:
    """The dossier that these records make, in any order and with any repetition.

    Args:
        quarantined: ids of records whose standing verdict is a refusal; they and their descendants take no effect.

    Raises:
        ValueError: no records, or records of several dossiers.
    """
    return fold_in_order(arrange(_distinct(records)), quarantined)


def fold_in_order(
    order: Order, quarantined: AbstractSet[str] = _NOBODY, *, ill: AbstractSet[str] | None = None
) -> DossierView:
    """The fold over records already in their one order (the tests compare the short road with the general one).

    Args:
        ill: ids of the records with facts that are none of their kind; None where nobody has looked yet.
    """
    gathering, refused, held = gather(order, quarantined, ill=ill)
    return _view(gathering, refused, held)


def gather(
    order: Order, quarantined: AbstractSet[str] = _NOBODY, *, ill: AbstractSet[str] | None = None
) -> tuple[Gathering, int, int]:
    """What the records say, gathered; with the masks of the refused ones and of those held behind them."""
    refused, held = _left_out(order, quarantined) if quarantined else (0, 0)
    if ill is None:
        ill = ill_formed(order.records)
    out = refused | held
    gathering = Gathering(order)
    for index, record in enumerate(order.records):
        if out >> index & 1:
            gathering.skip()
        elif record.header.kind not in KINDS:
            gathering.unread |= 1 << index
            gathering.skip()
        elif record.id not in ill:
            gathering.take(index, record)
        else:  # a judge refuses such a record; should one be here all the same, it must not stop the fold
            gathering.idle |= 1 << index
            gathering.skip()
    return gathering, refused, held


def ill_formed(records: Iterable[Record | UnverifiedRecord]) -> AbstractSet[str]:
    """The ids of the records whose facts do not follow the schema of their kind."""
    return {r.id for r in records if check_facts(r.header.kind, r.header.facts) is not None}


def compared(
    records: Iterable[Record], refused: AbstractSet[str], genealogy: Genealogy = NOTHING
) -> list[Record]:
    """The records that node and hub compare: without refused ones, and such as this program cannot read, of another commune
    than the dossier's own, or one before or after it in a re-organisation.

    The home commune's nodes may never have been shown those, so they are no part of what both sides hold.
    """
    held = list(records)
    standing = [record.header for record in held if record.id not in refused]
    read = [header for header in standing if header.kind in KINDS]
    openings = [header for headers in (read, standing) for header in headers if header.name == _OPENING]
    home = next((header.commune for header in (*openings, *read, *standing)), None)
    return [
        record
        for record in held
        if (record.id not in refused and record.header.kind in KINDS)
        or (home is not None and genealogy.is_of_one_line(home, record.header.commune))
    ]


def has_unread(records: Iterable[Record | UnverifiedRecord]) -> bool:
    """Whether this program cannot read one of them."""
    for record in records:  # noqa: SIM110 — asked of every record that comes
        if record.header.kind not in KINDS:
            return True
    return False


def field_changes(view: DossierView, record: str) -> tuple[tuple[str, FieldWrite | None, FieldWrite], ...]:
    """(field, what its author saw, what it became) for every field that a record wrote.

    Of a difference that it settled, its author saw both sides: the one that was given up is told.
    """
    changes = []
    for code, state in view.fields.items():
        by_record = {write.record: write for write in state.history}
        after = by_record.get(record)
        if after is not None:
            seen = [by_record[before] for before in after.replaces if before in by_record]
            given_up = [write for write in seen if write.value != after.value] or seen
            changes.append((code, given_up[-1] if given_up else None, after))
    return tuple(sorted(changes, key=lambda change: change[0]))


def _distinct(records: Iterable[Record]) -> Iterable[Record]:
    kept: dict[str, Record] = {}
    dossier = None
    for record in records:
        if dossier is None:
            dossier = record.header.dossier
        if dossier is None or record.header.dossier != dossier:
            raise ValueError("a fold takes the records of one dossier")
        other = kept.get(record.id)
        if other is None or _BODY_RANK[record.body_state] > _BODY_RANK[other.body_state]:
            kept[record.id] = record
    if not kept:
        raise ValueError("a dossier has at least one record")
    return kept.values()


def _left_out(order: Order, quarantined: AbstractSet[str]) -> tuple[int, int]:
    """Masks of the refused records and of those that descend from them."""
    refused = held = 0
    for index, record in enumerate(order.records):
        if record.id in quarantined:
            refused |= 1 << index
        elif order.before(index) & (refused | held) or not quarantined.isdisjoint(record.header.parents):
            held |= 1 << index
    return refused, held


def _view(gathering: Gathering, refused: int, held: int) -> DossierView:
    order, opening = gathering.order, gathering.opening
    effective, superseded = gathering.lifeline.close() if gathering.lifeline is not None else (-1, 0)
    if superseded:
        _drop_superseded(gathering, superseded)
    course = follow(gathering, effective)
    removed, removed_files = gathering.removed_papers(), gathering.removed_files()
    route = Route(gathering) if is_routed(gathering) else None
    if route is None:
        gathering.idle |= _mask(index for index, _ in gathering.leg_marks)
    values = {code: _fact_value(gathering, code) for code in FACT_FIELDS}
    conflicts, settled = find_conflicts(gathering, values["competent"])
    payments = _payments(gathering)
    fee_due, paid = values["fee_due"] or 0, sum(p.amount for p in payments if p.set_aside_by is None)
    facts: Mapping[str, Any] = opening.header.facts if opening is not None else {}
    code = _first_value(gathering, CODE)
    shown = code or gathering.provisional
    is_solved = course.ended_as is EndedAs.SOLVED and course.finished is not None
    applied = (1 << len(order.records)) - 1 & ~(refused | held)
    return DossierView(
        dossier=order.records[0].header.dossier or "",
        commune=(opening or order.records[0]).header.commune,
        heads=tuple(sorted(order.records[index].id for index in bits(order.maximal(applied)))),
        missing=order.missing,
        status=course.status,
        procedure=facts.get("procedure"),
        procedure_version=facts.get("procedure_version"),
        rule=facts.get("rule"),
        code=code,
        provisional=gathering.provisional,
        aliases=tuple(sorted({alias for alias in gathering.aliases if alias != shown})),
        channel=values["channel"],
        receiving=facts.get("receiving"),
        competent=values["competent"],
        sets=values["sets"],
        fee_due=fee_due,
        received=facts.get("received"),
        accepted=course.accepted,
        due=course.due,
        original_due=course.original_due,
        due_history=_due_history(gathering),
        clock=course.clock,
        frozen=course.frozen,
        deadline=course.deadline,
        finished=course.finished,
        ended_as=course.ended_as,
        timeliness=classify(course.finished, course.due)
        if is_solved and course.finished is not None
        else None,
        fields=_fields(gathering),
        papers=tuple(paper for _, paper in gathering.papers if (paper.record, paper.paper) not in removed),
        papers_removed=_papers_removed(gathering, removed) if removed else (),
        files=_files_held(gathering, removed_files),
        files_removed=_files_removed(gathering, removed_files),
        payments=payments,
        paid=paid,
        notes=tuple(gathering.notes),
        assigned=_assignment(gathering),
        result=gathering.issued(course.issued) if course.issued is not None else None,
        handed_over=gathering.handed_over(course.handed_over) if course.handed_over is not None else None,
        finance=finance_state(fee_due, paid),
        delivery=DeliveryState.NOT_READY if course.status is None else delivery_state(course.status),
        conflicts=conflicts,
        settled_conflicts=settled,
        settlements=tuple(gathering.settlements),
        timeline=_timeline(gathering, refused, held, superseded, conflicts),
        contested=() if order.is_linear else _contested(gathering),
        legs=route.legs() if route is not None else (),
        slips=route.slips() if route is not None else (),
    )


def _mask(indexes: Iterable[int]) -> int:
    return sum(1 << index for index in indexes)


def _drop_superseded(gathering: Gathering, superseded: int) -> None:
    """Due dates and assignments of steps that did not prevail are history, not versions."""
    for register in OF_STEPS:
        versions = gathering.registers.get(register)
        if versions:
            gathering.registers[register] = [v for v in versions if not superseded >> v.index & 1]


def _fact_value(gathering: Gathering, code: str) -> Any:
    standing = gathering.standing(code)
    return gathering.last(standing).value if standing else None


def _first_value(gathering: Gathering, register: str) -> Any:
    standing = gathering.standing(register)
    return gathering.first(standing).value if standing else None


def _fields(gathering: Gathering) -> Mapping[str, FieldState]:
    records = gathering.order.records
    fields = {}
    for code, versions in gathering.registers.items():
        if code[0] == ":" or code in FACT_FIELDS:
            continue
        if len(versions) == 1:
            only = versions[0]
            record = records[only.index].id
            write = FieldWrite(record, only.value, only.state)
            fields[code] = FieldState(only.value, only.state, record, (), (write,))
        else:
            fields[code] = _rewritten(gathering, code, versions)
    return fields


def _rewritten(gathering: Gathering, code: str, versions: list[Version]) -> FieldState:
    """A field that more than one record wrote."""
    records, is_linear = gathering.order.records, gathering.order.is_linear
    writes: dict[int, FieldWrite] = {}
    before: tuple[str, ...] = ()
    for version in versions:
        record = records[version.index].id
        replaces = before if is_linear else gathering.replaced_by(code, version)
        writes[version.index] = FieldWrite(record, version.value, version.state, replaces)
        before = (record,)
    standing = gathering.standing(code)
    winner = gathering.last(standing)
    losers = () if is_linear else _losers(gathering, code, standing, winner, writes)
    return FieldState(winner.value, winner.state, records[winner.index].id, losers, tuple(writes.values()))


def _losers(
    gathering: Gathering,
    code: str,
    standing: list[Version],
    winner: Version,
    writes: Mapping[int, FieldWrite],
) -> tuple[FieldWrite, ...]:
    """Versions that stand beside the winner, and those that a settlement decided against."""
    lost = {version.index for version in standing if version is not winner}
    for settled in gathering.settled:
        if settled.register == code:
            lost |= {side.index for side in settled.versions if side.value != winner.value}
    return tuple(writes[index] for index in sorted(lost - {winner.index}))


def _contested(gathering: Gathering) -> tuple[tuple[str, ...], ...]:
    records = gathering.order.records
    found = []
    for register in sorted(gathering.registers):
        standing = gathering.standing(register)
        if len(standing) > 1:
            found.append((register, *sorted(records[version.index].id for version in standing)))
    return tuple(found)


def _due_history(gathering: Gathering) -> tuple[DueChange, ...]:
    records = gathering.order.records
    changes = []
    for version in gathering.registers.get(DUE, ()):
        cause, ordinal = gathering.due_causes[version.index]
        record = records[version.index]
        change = DueChange(
            record=record.id,
            at_ms=record.header.corrected_ms,
            due=version.value,
            cause=cause,
            ordinal=ordinal,
            ground=words(gathering.contents[version.index], "ground"),
        )
        changes.append(change)
    return tuple(changes)


def _papers_removed(gathering: Gathering, removed: Mapping[tuple[str, str], str]) -> tuple[PaperHeld, ...]:
    return tuple(
        replace(paper, removed_by=removed[paper.record, paper.paper])
        for _, paper in gathering.papers
        if (paper.record, paper.paper) in removed
    )


def _files_held(gathering: Gathering, removed: Mapping[tuple[str, str], str]) -> tuple[FileHeld, ...]:
    return tuple(held for _, held in gathering.files if (held.record, held.file) not in removed)


def _files_removed(gathering: Gathering, removed: Mapping[tuple[str, str], str]) -> tuple[FileHeld, ...]:
    return tuple(
        replace(held, removed_by=removed[held.record, held.file])
        for _, held in gathering.files
        if (held.record, held.file) in removed
    )


def _payments(gathering: Gathering) -> tuple[Payment, ...]:
    """All payments; of a pair that was settled for one, the other is set aside."""
    set_aside = {}
    for conflict, pair in gathering.payment_pairs.items():
        standing = gathering.standing(PAYMENT + conflict)
        if not standing:
            continue
        decided = gathering.last(standing)
        for side in pair:
            if decided.value is not None and gathering.order.records[side].id != decided.value:
                set_aside[side] = gathering.order.records[decided.index].id
    return tuple(
        replace(payment, set_aside_by=set_aside[index]) if index in set_aside else payment
        for index, payment in gathering.payments
    )


def _assignment(gathering: Gathering) -> Assignment | None:
    standing = gathering.standing(ASSIGNED)
    if not standing:
        return None
    records = gathering.order.records
    holder = gathering.first(standing)
    officer, unit = holder.value
    return Assignment(
        record=records[holder.index].id,
        officer=officer,
        unit=unit,
        at_ms=records[holder.index].header.corrected_ms,
        others=tuple(sorted(records[version.index].id for version in standing if version is not holder)),
    )


def _timeline(
    gathering: Gathering, refused: int, held: int, superseded: int, conflicts: tuple[Conflict, ...]
) -> tuple[TimelineEntry, ...]:
    disputed = {record for conflict in conflicts for record in conflict.side_ids}
    marks = (
        (refused, Standing.QUARANTINED),
        (held, Standing.HELD),
        (gathering.idle, Standing.WITHOUT_EFFECT),
        (gathering.unread, Standing.UNREAD),
        (superseded, Standing.SUPERSEDED),
    )
    is_plain = not (refused or held or superseded or gathering.idle or gathering.unread or disputed)
    entries = []
    for index, record in enumerate(gathering.order.records):
        header, standing = record.header, Standing.APPLIED
        facts: Mapping[str, Any] = header.facts
        if not is_plain:
            marked = next((mark for mask, mark in marks if mask >> index & 1), Standing.APPLIED)
            is_disputed = record.id in disputed and marked in (Standing.APPLIED, Standing.SUPERSEDED)
            standing = Standing.DISPUTED if is_disputed else marked
            if standing in _UNCHECKED and (header.kind not in KINDS or check_facts(header.kind, facts)):
                facts = _NOTHING  # whatever stands there under a known name, nobody can say what it means
        content = gathering.contents[index]
        entries.append(
            TimelineEntry(
                record.id,
                header.kind,
                standing,
                header.corrected_ms,
                header.by,
                header.log,
                header.commune,
                facts.get("action"),
                facts.get("from"),
                facts.get("to"),
                tuple(facts.get("fields", ())) if header.kind in _WRITING else (),
                words(content, "ground") or words(content, "note") if content else None,
                record.body_state,
            )
        )
    return tuple(entries)
