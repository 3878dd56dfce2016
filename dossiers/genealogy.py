"""Which unit holds a dossier, by day, after communes were merged, split, moved or renamed; and which unit a key serves.

The province's signed records say it: `unit.reorganised` names successors and the day from which they stand, and
`unit.allotted` gives single dossiers of a unit that was split (or gave up a part) to one of the others. Whatever order the
records arrived in, they are read in one order, so every replica answers alike. A dossier of a unit that ended goes to the
successor named for the PC that received it, else to the unit's successor, unless it was allotted; codes never change.

Nothing is decided by the reader's clock: a tenure says from which day it holds. Not here: who may say such a thing
(`kinds`), what is counted (`statistics`), what a replica does about it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

from dossiers.views import DossierView, Standing
from sync_protocol.record import Record, UnverifiedRecord

REORGANISED: Final = "unit.reorganised"
ALLOTTED: Final = "unit.allotted"
KINDS: Final = (REORGANISED, ALLOTTED)
ALWAYS: Final = 0
"""The first day of the first tenure."""
_RECEIVED: Final = "dossier.received"
NEVER: Final = 99_991_231
"""The last day of a tenure that has not ended."""


class Tenure(NamedTuple):
    """A unit holds something from the day `since` on (yyyymmdd), before the day `until`."""

    unit: str
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one unit: its successor (itself, where only a part leaves it), and other ones for some of its PCs."""

    old: str
    new: str
    devices: Mapping[str, str] = field(default_factory=dict)

    @property
    def successors(self) -> tuple[str, ...]:
        """Every unit that takes something over, the general one first."""
        return tuple(dict.fromkeys((self.new, *self.devices.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorganisation:
    """One `unit.reorganised` record. `names` are those that units bear from the effective day on."""

    record: str
    form: str
    effective: int
    at: tuple[int, int]
    changes: tuple[Change, ...]
    names: Mapping[str, str]
    number: str = ""
    date: int = 0

    @classmethod
    def read(
        cls, record: str, at: tuple[int, int], facts: Mapping[str, Any], content: Mapping[str, Any]
    ) -> Self:
        """From a record's parts; the facts are known to follow their schema."""
        changes = (
            Change(
                old=change["from"],
                new=change["to"],
                devices={each["device"]: each["to"] for each in change["devices"]},
            )
            for change in facts["changes"]
        )
        return cls(
            record=record,
            form=facts["form"],
            effective=facts["effective"],
            at=at,
            changes=tuple(changes),
            names=dict(content.get("units", {})),
            number=str(content.get("number", "")),
            date=int(content.get("date", 0)),
        )

    def change_of(self, unit: str) -> Change | None:
        """What this record says of a unit."""
        return next((change for change in self.changes if change.old == unit), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """One `unit.allotted` record: these dossiers of `old` are held by `new` from a day on."""

    record: str
    effective: int
    at: tuple[int, int]
    old: str
    new: str
    dossiers: frozenset[str]

    @classmethod
    def read(cls, record: str, at: tuple[int, int], facts: Mapping[str, Any]) -> Self:
        """From a record's parts; the facts are known to follow their schema."""
        return cls(
            record=record,
            effective=facts["effective"],
            at=at,
            old=facts["from"],
            new=facts["to"],
            dossiers=frozenset(facts["dossiers"]),
        )


Event = Reorganisation | Allotment


def read_event(
    kind: str, record: str, at: tuple[int, int], facts: Mapping[str, Any], content: Mapping[str, Any] | None
) -> Event:
    """What a record of one of `KINDS` says, from its parts."""
    if kind == REORGANISED:
        return Reorganisation.read(record, at, facts, content or {})
    return Allotment.read(record, at, facts)


def event_of(record: Record | UnverifiedRecord) -> Event:
    """What a record of one of `KINDS` says."""
    header = record.header
    return read_event(header.kind, record.id, header.at, header.facts, record.content)


def receiving_log(view: DossierView) -> str:
    """The log of the PC that received a dossier."""
    received = (
        entry.log
        for entry in view.timeline
        if entry.kind == _RECEIVED and entry.standing not in (Standing.QUARANTINED, Standing.HELD)
    )
    return next(received, view.timeline[0].log)


def _order(event: Event) -> tuple[Any, ...]:
    """By the day; on one day what becomes of units before what becomes of single dossiers; then as they were said."""
    return event.effective, isinstance(event, Allotment), event.at, event.record


class Genealogy:
    """Everything the province has said about its units, as one immutable value."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: tuple[Event, ...] = tuple(sorted({e.record: e for e in events}.values(), key=_order))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever re-organised."""
        return not self._events

    @property
    def allotments(self) -> tuple[Allotment, ...]:
        """Every allotment of single dossiers, by day."""
        return tuple(event for event in self._events if isinstance(event, Allotment))

    @property
    def reorganisations(self) -> tuple[Reorganisation, ...]:
        """Every re-organisation, by day."""
        return tuple(event for event in self._events if isinstance(event, Reorganisation))

    def with_event(self, event: Event) -> "Genealogy":
        """This genealogy and one record more."""
        return Genealogy((*self._events, event))

    def tenures(
        self, unit: str, *, device: str | None = None, dossier: str | None = None
    ) -> tuple[Tenure, ...]:
        """Which units hold, one after the other, what `unit` had at first; never empty, without gaps.

        Args:
            device: the PC whose successor counts where one is named for it (the one that received the dossier).
            dossier: the dossier, for allotments.
        """
        if not self._events:
            return (Tenure(unit, ALWAYS, NEVER),)
        held, since = unit, ALWAYS
        found: list[Tenure] = []
        for event in self._events:
            successor = _successor(event, held, device, dossier)
            if successor is None or successor == held:
                continue
            if event.effective > since:
                found.append(Tenure(held, since, event.effective))
            held, since = successor, max(since, event.effective)
        found.append(Tenure(held, since, NEVER))
        return tuple(found)

    def unit_at(self, unit: str, day: int, *, device: str | None = None, dossier: str | None = None) -> str:
        """The unit that holds it on a day."""
        tenures = self.tenures(unit, device=device, dossier=dossier)
        return next(tenure.unit for tenure in tenures if day < tenure.until or tenure.until == NEVER)

    def last_unit(self, unit: str, *, device: str | None = None, dossier: str | None = None) -> str:
        """The unit that holds it once everything said so far is in effect."""
        return self.tenures(unit, device=device, dossier=dossier)[-1].unit

    def heirs(self, unit: str) -> frozenset[str]:
        """Every unit that took over anything of `unit`, however far on; without the unit itself."""
        return self._reach.get(unit, frozenset())

    def forebears(self, unit: str) -> frozenset[str]:
        """Every unit of which `unit` took over anything, however far back; without the unit itself."""
        return self._reach_back.get(unit, frozenset())

    def scope(self, unit: str) -> frozenset[str]:
        """The units whose logs a PC of `unit` holds: its own, and those it took over from."""
        return self.forebears(unit) | {unit}

    def is_of_one_line(self, one: str, other: str) -> bool:
        """Whether one of two units took over from the other, or they are the same: where work may meet."""
        return one == other or other in self.heirs(one) or one in self.heirs(other)

    @cached_property
    def succession(self) -> Mapping[str, frozenset[str]]:
        """For which other units the keys of a unit may act: its successors until they are issued anew, and the units
        before it, whose late work is theirs."""
        units = {*self._reach, *self._reach_back}
        return {unit: self.heirs(unit) | self.forebears(unit) for unit in units}

    def name_at(self, unit: str, day: int) -> str | None:
        """The name that a re-organisation gave a unit, as it stands on a day; None where none did."""
        return self.names_at(day).get(unit)

    def names_at(self, day: int) -> Mapping[str, str]:
        """Names given by re-organisations that are in effect on a day; the newest counts."""
        names: dict[str, str] = {}
        for event in self.reorganisations:
            for unit, name in event.names.items():
                is_new = unit not in names and event.change_of(unit) is None
                if event.effective <= day or is_new:  # a unit that is yet to come has no other name
                    names[unit] = name
        return names

    def ended_at(self, day: int) -> frozenset[str]:
        """Units that are no more on a day: everything of theirs went to others."""
        ended: set[str] = set()
        for event in self.reorganisations:
            if event.effective <= day:
                ended |= {change.old for change in event.changes if change.new != change.old}
                ended -= {unit for change in event.changes for unit in change.successors}
        return frozenset(ended)

    def coming_at(self, day: int) -> frozenset[str]:
        """Units that re-organisations make on a later day and that are not there yet."""
        made: dict[str, int] = {}
        taken = {change.old for event in self.reorganisations for change in event.changes}
        for event in self.reorganisations:
            for unit in event.names:
                made.setdefault(unit, event.effective)
        return frozenset(unit for unit, since in made.items() if since > day and unit not in taken)

    @cached_property
    def _edges(self) -> frozenset[tuple[str, str]]:
        edges: set[tuple[str, str]] = set()
        for event in self._events:
            if isinstance(event, Allotment):
                edges.add((event.old, event.new))
            else:
                edges |= {(change.old, unit) for change in event.changes for unit in change.successors}
        return frozenset((old, new) for old, new in edges if old != new)

    @cached_property
    def _reach(self) -> Mapping[str, frozenset[str]]:
        return _closure(self._edges)

    @cached_property
    def _reach_back(self) -> Mapping[str, frozenset[str]]:
        return _closure(frozenset((new, old) for old, new in self._edges))


def _successor(event: Event, held: str, device: str | None, dossier: str | None) -> str | None:
    if isinstance(event, Allotment):
        return event.new if dossier is not None and dossier in event.dossiers else None
    change = event.change_of(held)
    if change is None:
        return None
    return change.devices.get(device, change.new) if device is not None else change.new


def _closure(edges: frozenset[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """For every unit with an edge, all units that can be reached, without itself."""
    direct: dict[str, set[str]] = {}
    for start, end in edges:
        direct.setdefault(start, set()).add(end)
    reached: dict[str, frozenset[str]] = {}
    for start in direct:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for end in direct.get(todo.pop(), ()):
                if end not in seen:
                    seen.add(end)
                    todo.append(end)
        reached[start] = frozenset(seen - {start})
    return reached


NOTHING: Final = Genealogy()
"""Where nothing was ever re-organised."""
