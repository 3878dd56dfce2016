"""What the records of one dossier say, gathered in their one order; nothing is decided here but who had seen what.

Each field, the due date, the number and the assignment is a *register*: a list of versions, of which those that no
later author had seen and replaced stand. Notes, papers and payments are added and stay. A settlement is a version too:
it replaces the versions its author had seen, if it names their difference rightly.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any, Final

import msgspec

from dossiers.causality import Order, clock_key
from dossiers.conflicts import ConflictKind, conflict_id
from dossiers.kinds import FACT_FIELDS
from dossiers.legs import LegStep
from dossiers.lifeline import Lifeline, Move
from dossiers.pairs import step_of
from dossiers.views import DueCause, FileHeld, HandOver, IssuedResult, Note, PaperHeld, Payment, Settlement
from sync_protocol.record import BodyState, Record

DUE: Final = ":due"
CODE: Final = ":code"
ASSIGNED: Final = ":assigned"
PAYMENT: Final = ":payment:"
OF_STEPS: Final = frozenset({DUE, ASSIGNED})
"""Registers that steps write: the versions of a superseded step are history only."""

Facts = Mapping[str, Any]
Content = dict[str, Any]

_PRESENT: Final = BodyState.PRESENT


class Version(msgspec.Struct, frozen=True):
    """What the record at `index` says a register's value is."""

    index: int
    value: Any
    state: BodyState = _PRESENT


class Settled(msgspec.Struct, frozen=True):
    """A difference that the record at `index` settled, as its author saw it."""

    index: int
    conflict: str
    register: str
    versions: tuple[Version, ...]


class LegMark(msgspec.Struct, frozen=True):
    """What a record says of a leg."""

    leg: str
    step: LegStep


class Gathering:
    """The registers, steps and collections of one dossier. `take` every record in order, then read."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.lifeline = None if order.is_linear else Lifeline(order)
        self.opening: Record | None = None
        self.registers: dict[str, list[Version]] = {}
        self.targets: dict[int, int] = {}
        self.due_causes: dict[int, tuple[DueCause, int | None]] = {}
        self.papers: list[tuple[int, PaperHeld]] = []
        self.paper_removals: list[tuple[int, str, str]] = []
        self.files: list[tuple[int, FileHeld]] = []
        self.file_removals: list[tuple[int, str, str]] = []
        self.payments: list[tuple[int, Payment]] = []
        self.payment_pairs: dict[str, tuple[int, int]] = {}
        self.notes: list[Note] = []
        self.aliases: list[str] = []
        self.provisional: str | None = None
        self.settlements: list[Settlement] = []
        self.settled: list[Settled] = []
        self.referrals: list[int] = []
        self.leg_marks: list[tuple[int, LegMark]] = []
        self.papers_given: list[int] = []
        self.papers_taken: list[tuple[int, str]] = []
        self.idle = 0
        self.unread = 0
        self.contents: list[Content | None] = []

    def take(self, index: int, record: Record) -> None:
        """Gather the record at `index`."""
        content = record.content if record.body is not None else None
        self.contents.append(content)
        gather = _GATHER.get(record.header.kind)
        if gather is not None:
            gather(self, index, record, record.header.facts, content if type(content) is dict else None)

    def skip(self) -> None:
        """Pass over a record that has no effect (quarantined, or held behind one that is)."""
        self.contents.append(None)

    def standing(self, register: str) -> list[Version]:
        """The versions that nobody has replaced knowingly; one, unless some were written unseen."""
        versions = self.registers.get(register)
        if not versions:
            return []
        if len(versions) == 1 or self.order.is_linear:
            return versions[-1:]
        return self._standing_of(versions)

    def replaced_by(self, register: str, version: Version) -> tuple[str, ...]:
        """The records whose versions the author of this one had before their eyes."""
        seen = self.order.before(version.index)
        known = [other for other in self.registers[register] if seen >> other.index & 1]
        return tuple(self.order.records[other.index].id for other in self._standing_of(known))

    def _standing_of(self, versions: list[Version]) -> list[Version]:
        mask = 0
        for version in versions:
            mask |= 1 << version.index
        top = self.order.maximal(mask)
        return [version for version in versions if top >> version.index & 1]

    def _write(self, register: str, version: Version) -> None:
        versions = self.registers.get(register)
        if versions is None:
            self.registers[register] = [version]
        else:
            versions.append(version)

    def _write_fields(self, index: int, record: Record, codes: list[str], content: Content | None) -> None:
        values = _mapping(content, "fields")
        for code in codes:
            value = values.get(code) if values else None
            if type(value) is str:
                self._write(code, Version(index, value))
            else:
                state = record.body_state
                self._write(code, Version(index, None, BodyState.LOST if state is _PRESENT else state))

    def _write_due(self, index: int, due: int | None, cause: DueCause, ordinal: int | None = None) -> None:
        self._write(DUE, Version(index, due))
        self.due_causes[index] = (cause, ordinal)

    def _step(self, index: int, source: int, target: int, action: str | None) -> None:
        self.targets[index] = target
        if self.lifeline is not None:
            self.lifeline.add(Move(index, step_of(source, target, action)))

    def _name(self, index: int, code: str | None, provisional: str | None) -> None:
        if code is not None:
            self._write(CODE, Version(index, code))
            self.aliases.append(code)
        if provisional is not None:
            self.aliases.append(provisional)
            self.provisional = self.provisional or provisional

    def received(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        if self.opening is None:
            self.opening = record
        self._write_fields(index, record, facts["fields"], content)
        for code in FACT_FIELDS:
            self._write(code, Version(index, facts[code]))
        self._name(index, facts["code"], facts["provisional"])
        if facts["status"] == 2:
            self._write_due(index, facts["due"], DueCause.RECEIVED)
        self._hold_papers(index, record, facts["papers"])
        self._step(index, 0, facts["status"], None)

    def amended(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self._write_fields(index, record, facts["fields"], content)
        for code, value in facts["set"].items():
            self._write(code, Version(index, value))

    def moved(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        if "due" in facts:
            self._write_due(index, facts["due"], DueCause.MOVED)
        if "officer" in facts or "unit" in facts:
            self._write(ASSIGNED, Version(index, (facts.get("officer"), facts.get("unit"))))
        self._step(index, facts["from"], facts["to"], facts["action"])

    def assigned(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self._write(ASSIGNED, Version(index, (facts["officer"], facts["unit"])))

    def extended(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self._write_due(index, facts["due"], DueCause.EXTENDED, facts["ordinal"])

    def numbered(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self._name(index, facts["code"], facts["provisional"])

    def noted(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        header = record.header
        note = Note(
            record=record.id,
            text=words(content, "note"),
            state=record.body_state,
            at_ms=header.corrected_ms,
            by=header.by,
        )
        self.notes.append(note)

    def paid(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        header = record.header
        payment = Payment(
            record=record.id,
            amount=facts["amount"],
            method=facts["method"],
            fee=facts["fee"],
            at_ms=header.corrected_ms,
            by=header.by,
            receipt_number=words(content, "receipt_number"),
            payer=words(content, "payer"),
            state=record.body_state,
        )
        seen = self.order.before(index)
        for other, earlier in self.payments:
            if earlier.fee == payment.fee and not seen >> other & 1:
                pair = conflict_id(ConflictKind.DUPLICATE_PAYMENT, None, (earlier.record, payment.record))
                self.payment_pairs[pair] = (other, index)
        self.payments.append((index, payment))

    def paper_added(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self._hold_papers(index, record, facts["papers"])

    def paper_removed(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.paper_removals.append((index, facts["record"], facts["paper"]))

    def _hold_papers(self, index: int, record: Record, papers: list[dict[str, Any]]) -> None:
        if papers:
            at_ms = record.header.corrected_ms
            for paper in papers:
                self.papers.append((index, PaperHeld(record=record.id, at_ms=at_ms, **paper)))

    def file_added(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        header, secrets = record.header, _mapping(content, "files")
        for stated in facts["files"]:
            secret = _mapping(secrets, stated["file"])
            held = FileHeld(
                record=record.id,
                file=stated["file"],
                size=stated["size"],
                type=stated["type"],
                pages=stated["pages"],
                paper=stated["paper"],
                is_result=stated["is_result"],
                at_ms=header.corrected_ms,
                by=header.by,
                commune=header.commune,
                state=record.body_state,
                name=words(secret, "name"),
                key=words(secret, "key"),
                sha256=words(secret, "sha256"),
            )
            self.files.append((index, held))
            replaced = stated.get("replaces")
            if replaced is not None:
                self.file_removals.append((index, replaced["record"], replaced["file"]))

    def file_removed(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.file_removals.append((index, facts["record"], facts["file"]))

    def referred(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.referrals.append(index)

    def routed(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.leg_marks.append((index, LegMark(facts["leg"], LegStep(facts["step"]))))

    def gave_papers(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.papers_given.append(index)

    def took_papers(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        self.papers_taken.append((index, facts["given"]))

    def settled_by(self, index: int, record: Record, facts: Facts, content: Content | None) -> None:
        conflict, choose = facts["conflict"], facts["choose"]
        is_matched = self.lifeline is not None and (
            self._settle_payment(index, conflict, choose)
            or self._settle_register(index, conflict, choose, facts, content)
            or self.lifeline.settle(index, conflict, choose)
        )
        if not is_matched:
            self.idle |= 1 << index
        self.settlements.append(
            Settlement(record=record.id, conflict=conflict, choose=choose, is_matched=is_matched)
        )

    def _settle_payment(self, index: int, conflict: str, choose: str | None) -> bool:
        pair = self.payment_pairs.get(conflict)
        seen = self.order.before(index)
        if pair is None or not all(seen >> side & 1 for side in pair):
            return False
        if choose is not None and choose not in {self.order.records[side].id for side in pair}:
            return False
        self._write(PAYMENT + conflict, Version(index, choose))
        self.settled.append(Settled(index, conflict, PAYMENT, tuple(Version(side, None) for side in pair)))
        return True

    def _settle_register(
        self, index: int, conflict: str, choose: str | None, facts: Facts, content: Content | None
    ) -> bool:
        seen = self.order.before(index)
        superseded = self.lifeline.superseded_before(index) if self.lifeline is not None else 0
        for register, versions in self.registers.items():
            kept = seen & ~superseded if register in OF_STEPS else seen
            known = [version for version in versions if kept >> version.index & 1]
            sides = self._standing_of(known) if len(known) > 1 else []
            if len(sides) > 1 and self.conflict_of(register, sides) == conflict:
                decided = self._decide(index, register, sides, choose, facts, content)
                if decided is None:
                    return False
                self._write(register, decided)
                self.settled.append(Settled(index, conflict, register, tuple(sides)))
                if register == DUE:
                    self.due_causes[index] = (DueCause.SETTLED, None)
                return True
        return False

    def _decide(
        self,
        index: int,
        register: str,
        sides: list[Version],
        choose: str | None,
        facts: Facts,
        content: Content | None,
    ) -> Version | None:
        """The version that a settlement makes: a side's, or a third; None where it decides nothing."""
        if choose is not None:
            chosen = [side for side in sides if self.order.records[side.index].id == choose]
            return Version(index, chosen[0].value, chosen[0].state) if chosen else None
        if register.startswith(":"):
            return None
        if register in FACT_FIELDS:
            value = facts.get("set", {}).get(register)
            return None if value is None else Version(index, value)
        values = _mapping(content, "fields") or {}
        value = values.get(register)
        if type(value) is str:
            return Version(index, value)
        state = self.order.records[index].body_state
        return Version(index, None, BodyState.LOST if state is _PRESENT else state)

    def conflict_of(self, register: str, sides: list[Version]) -> str:
        """The id of the difference between these versions of a register."""
        ids = (self.order.records[side.index].id for side in sides)
        if register.startswith(PAYMENT):
            return conflict_id(ConflictKind.DUPLICATE_PAYMENT, None, ids)
        return conflict_id(ConflictKind.FIELD, register.removeprefix(":"), ids)

    def first(self, versions: list[Version]) -> Version:
        """The earliest by clock."""
        if len(versions) == 1:
            return versions[0]
        return min(versions, key=lambda version: clock_key(self.order.records[version.index]))

    def last(self, versions: list[Version]) -> Version:
        """The latest by clock."""
        if len(versions) == 1:
            return versions[0]
        return max(versions, key=lambda version: clock_key(self.order.records[version.index]))

    def issued(self, index: int) -> IssuedResult:
        """The result that the record at `index` issued."""
        record, result = self.order.records[index], _mapping(self.contents[index], "result")
        date = result.get("date") if result else None
        return IssuedResult(
            record=record.id,
            at_ms=record.header.corrected_ms,
            number=words(result, "number"),
            date=date if type(date) in (str, int) else None,
            signer=words(result, "signer"),
            kind=words(result, "kind"),
            state=record.body_state,
        )

    def handed_over(self, index: int) -> HandOver:
        """The hand-over that the record at `index` states."""
        record, person = self.order.records[index], _mapping(self.contents[index], "received_by")
        return HandOver(
            record=record.id,
            at_ms=record.header.corrected_ms,
            method=record.header.facts.get("method"),
            name=words(person, "name"),
            id_number=words(person, "id_number"),
            state=record.body_state,
        )

    def removed_papers(self) -> dict[tuple[str, str], str]:
        """(adding record, paper) → removing record, where the remover had seen what it removed."""
        places = {paper.record: index for index, paper in self.papers}
        return self._removed(self.paper_removals, places)

    def removed_files(self) -> dict[tuple[str, str], str]:
        """(adding record, file) → record that removed or replaced it, having seen it."""
        places = {held.record: index for index, held in self.files}
        adding = set(places.values())
        return self._removed(self.file_removals, places, never_idle=adding)

    def _removed(
        self,
        removals: list[tuple[int, str, str]],
        places: Mapping[str, int],
        never_idle: Set[int] = frozenset(),
    ) -> dict[tuple[str, str], str]:
        removed: dict[tuple[str, str], str] = {}
        for index, record, code in removals:
            added = places.get(record)
            if added is not None and self.order.before(index) >> added & 1:
                removed.setdefault((record, code), self.order.records[index].id)
            elif index not in never_idle:
                self.idle |= 1 << index
        return removed


def words(content: Content | None, name: str) -> str | None:
    """A text member of a body, where there is one."""
    value = content.get(name) if content else None
    return value if type(value) is str else None


def _mapping(content: Content | None, name: str) -> Content | None:
    value = content.get(name) if content else None
    return value if type(value) is dict else None


_GATHER: Final[Mapping[str, Callable[[Gathering, int, Record, Facts, Content | None], None]]] = {
    "dossier.received": Gathering.received,
    "dossier.amended": Gathering.amended,
    "dossier.moved": Gathering.moved,
    "dossier.assigned": Gathering.assigned,
    "dossier.extended": Gathering.extended,
    "dossier.numbered": Gathering.numbered,
    "dossier.noted": Gathering.noted,
    "dossier.paid": Gathering.paid,
    "dossier.paper_added": Gathering.paper_added,
    "dossier.paper_removed": Gathering.paper_removed,
    "dossier.file_added": Gathering.file_added,
    "dossier.file_removed": Gathering.file_removed,
    "dossier.settled": Gathering.settled_by,
    "dossier.referred": Gathering.referred,
    "dossier.routed": Gathering.routed,
    "dossier.papers_given": Gathering.gave_papers,
    "dossier.papers_taken": Gathering.took_papers,
}
