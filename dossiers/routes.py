"""Read the way of a dossier off its gathered records: its legs, its papers' slips, who may act, and who may read what.

Theory of operation. Whether a unit may act is asked at the record's place in history: of what its author had seen, never
of what is known today, so the answer is the same in whatever order records arrive. The home commune (which received the
dossier) may always act; the unit named competent may while it is; a unit that is asked may say, attach and hand over,
but takes no step of the life cycle. Bodies follow the same lines (`readable`): once every leg to a unit has ended, that
unit gets the headers that follow, for it holds the dossier, and no more bodies.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from dossiers.causality import bits, clock_key
from dossiers.gathering import Gathering, LegMark, Version, words
from dossiers.legs import ENDS, HandedPaper, Leg, LegState, LegStep, PapersHanded, prevails
from dossiers.views import DossierView

COMPETENT: Final = "competent"
_UNIT_DIGITS_MIN: Final = 3
"""Units with two digits are provinces: their log reaches everybody, so nothing is routed there."""
_ASKED_MAY: Final = frozenset(
    {
        "dossier.noted",
        "dossier.file_added",
        "dossier.file_removed",
        "dossier.paper_added",
        "dossier.paper_removed",
        "dossier.papers_given",
        "dossier.papers_taken",
        "dossier.routed",
    }
)
_HOME_ALONE: Final = frozenset({"dossier.received", "dossier.numbered"})
"""What only the commune that received the dossier says: that it is its dossier, and its number."""
_STATE_AFTER: Final = {
    LegStep.ANSWER: LegState.ANSWERED,
    LegStep.RETURN: LegState.RETURNED,
    LegStep.RECALL: LegState.RECALLED,
}


class _Way(msgspec.Struct, kw_only=True):
    """A leg while it is being read: where it begins, and the positions of what ends it."""

    start: int
    sender: str
    unit: str
    is_referral: bool
    accepts: list[int]
    ends: list[tuple[int, LegStep]]
    replaced: list[int]

    def is_over(self, seen: int) -> bool:
        """Whether somebody who had seen this knew of an end."""
        return any(seen >> index & 1 for index, _ in self.ends) or any(seen >> i & 1 for i in self.replaced)

    def is_party(self, seen: int) -> bool:
        return bool(seen >> self.start & 1) and not self.is_over(seen)


class Route:
    """The way of one dossier. Reads the gathering; steps without effect are marked in its `idle`."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering, self._order = gathering, gathering.order
        opening = gathering.opening
        self.home = opening.header.commune if opening is not None else None
        self._ways = list(self._read_ways())
        self._attach_steps()

    @property
    def units(self) -> frozenset[str]:
        """Every unit but the home commune that has or had to do with the dossier."""
        return frozenset(way.unit for way in self._ways)

    def may_act(self, index: int, units: Collection[str] = ()) -> bool:
        """Whether the record at `index` may stand, as far as its unit goes, or any of `units`, whose place it took."""
        header = self._order.records[index].header
        acting = {header.commune, *units}
        if self.home is None or self.home in acting:
            return True
        if header.kind in _HOME_ALONE:
            return False
        seen = self._order.before(index)
        ways = [way for way in self._ways if way.unit in acting and seen >> way.start & 1]
        now = [way for way in ways if way.is_party(seen)]
        if any(not way.is_referral for way in now):
            return True
        if header.kind == "dossier.papers_taken":
            return self._was_given(index, header.commune, header.facts.get("given"))
        if header.kind == "dossier.papers_given":
            return bool(ways)  # what lies here must be able to go back, also when the leg is over
        return bool(now) and header.kind in _ASKED_MAY

    def readable(self, unit: str) -> frozenset[str]:
        """Ids of the records whose bodies are for this unit's nodes."""
        records = self._order.records
        if unit == self.home:
            return frozenset(record.id for record in records)
        ways = [way for way in self._ways if way.unit == unit]
        return frozenset(
            record.id
            for index, record in enumerate(records)
            if ways and (record.header.commune == unit or self._is_readable(index, ways))
        )

    def legs(self) -> tuple[Leg, ...]:
        """The legs, in the order in which they began."""
        return tuple(self._leg(way) for way in sorted(self._ways, key=lambda way: way.start))

    def slips(self) -> tuple[PapersHanded, ...]:
        """What was handed over on paper, in order."""
        return tuple(self._handed(index) for index in self._gathering.papers_given)

    # --- inside ---

    def _is_readable(self, index: int, ways: list[_Way]) -> bool:
        seen = self._order.before(index)
        if any(way.is_party(seen) for way in ways):
            return True
        if any(way.start == index or self._order.before(way.start) >> index & 1 for way in ways):
            return True
        return not any(way.is_over(seen) for way in ways)

    def _read_ways(self) -> Iterator[_Way]:
        records, versions = self._order.records, self._gathering.registers.get(COMPETENT, [])
        for version in versions:
            if self._is_away(version.value) and self._is_news(version, versions):
                yield self._way(version.index, version.value, is_referral=False, versions=versions)
        for index in self._gathering.referrals:
            unit = records[index].header.facts["to"]
            if self._is_away(unit) or unit == self.home:
                yield self._way(index, unit, is_referral=True)

    def _way(self, index: int, unit: str, *, is_referral: bool, versions: Iterable[Version] = ()) -> _Way:
        replaced = [
            other.index
            for other in versions
            if other.value != unit and self._order.before(other.index) >> index & 1
        ]
        sender = self._order.records[index].header.commune
        return _Way(
            start=index,
            sender=sender,
            unit=unit,
            is_referral=is_referral,
            accepts=[],
            ends=[],
            replaced=replaced,
        )

    def _is_away(self, unit: object) -> bool:
        return isinstance(unit, str) and len(unit) >= _UNIT_DIGITS_MIN and unit != self.home

    def _is_news(self, version: Version, versions: list[Version]) -> bool:
        """Whether this version names another unit than what its author had seen (saying it again begins nothing)."""
        seen = self._order.before(version.index)
        mask = 0
        for other in versions:
            if seen >> other.index & 1:
                mask |= 1 << other.index
        top = self._order.maximal(mask)
        before = [other for other in versions if top >> other.index & 1]
        if not any(other.value == version.value for other in before):
            return True
        # Named again after it was sent back: the unit is asked anew.
        known = {self._order.records[other.index].id for other in before}
        return any(
            mark.step is LegStep.RETURN and mark.leg in known and seen >> index & 1
            for index, mark in self._gathering.leg_marks
        )

    def _attach_steps(self) -> None:
        for way in self._ways:  # whoever takes a step of the life cycle has taken the dossier on, said or not
            way.accepts += [index for index in self._gathering.targets if self._is_taken_on(way, index)]
        names = {self._order.records[way.start].id: way for way in self._ways}
        for index, mark in self._gathering.leg_marks:
            named = names.get(mark.leg)
            if named is None or not self._takes(named, index, mark):
                self._gathering.idle |= 1 << index
            elif mark.step is LegStep.ACCEPT:
                named.accepts.append(index)
            else:
                named.ends.append((index, mark.step))

    def _is_taken_on(self, way: _Way, index: int) -> bool:
        seen = self._order.before(index)
        return self._order.records[index].header.commune == way.unit and way.is_party(seen)

    def _takes(self, way: _Way, index: int, mark: LegMark) -> bool:
        """Whether a step belongs to a leg: its author had seen the leg open and stands on the right side of it."""
        seen = self._order.before(index)
        if not way.is_party(seen):
            return False
        unit = self._order.records[index].header.commune
        if mark.step is LegStep.RECALL:
            return way.is_referral and unit in (way.sender, self.home)
        return unit == way.unit and (way.is_referral or mark.step is not LegStep.ANSWER)

    def _was_given(self, index: int, unit: str, given: object) -> bool:
        seen = self._order.before(index)
        return any(
            self._order.records[other].id == given and self._order.records[other].header.facts["to"] == unit
            for other in bits(seen)
            if other in self._gathering.papers_given
        )

    def _leg(self, way: _Way) -> Leg:
        records, contents = self._order.records, self._gathering.contents
        start, end = records[way.start], self._end_of(way)
        state = LegState.ACCEPTED if way.accepts else LegState.WAITING
        if end is not None:
            state = _STATE_AFTER[end[1]]
        elif not way.is_referral and way.start not in self._competent_now():
            state = LegState.REPLACED
        replacing = min(way.replaced, default=None)
        ended = end[0] if end is not None else replacing if state is LegState.REPLACED else None
        return Leg(
            record=start.id,
            sender=way.sender,
            unit=way.unit,
            is_referral=way.is_referral,
            state=state,
            at_ms=start.header.corrected_ms,
            by=start.header.by,
            deadline=start.header.facts.get("deadline"),
            asked=words(contents[way.start], "ground"),
            accepted_ms=min((records[i].header.corrected_ms for i in way.accepts), default=None),
            ended=None if ended is None else records[ended].id,
            ended_ms=None if ended is None else records[ended].header.corrected_ms,
            said=None if end is None else words(contents[end[0]], "note"),
            overruled=tuple(sorted(records[i].id for i, _ in way.ends if end is None or i != end[0])),
        )

    def _competent_now(self) -> set[int]:
        """Where the competence stands that is in force, said once or, without news, again."""
        standing = self._gathering.standing(COMPETENT)
        values = {version.value for version in standing}
        known = {version.index for version in self._gathering.registers.get(COMPETENT, ())}
        return {
            way.start for way in self._ways if way.start in known and way.unit in values and not way.replaced
        }

    def _end_of(self, way: _Way) -> tuple[int, LegStep] | None:
        found: tuple[int, LegStep] | None = None
        for end in way.ends:
            if found is None or self._stands_before(end, found):
                found = end
        return found

    def _stands_before(self, one: tuple[int, LegStep], other: tuple[int, LegStep]) -> bool:
        if one[1] is not other[1]:
            return prevails(one[1], other[1])
        records = self._order.records
        return clock_key(records[one[0]]) < clock_key(records[other[0]])

    def _handed(self, index: int) -> PapersHanded:
        gathering, records = self._gathering, self._order.records
        given = records[index]
        taken = sorted(
            (other for other, record in gathering.papers_taken if self._takes_over(other, record, index)),
            key=lambda other: clock_key(records[other]),
        )
        first = records[taken[0]] if taken else None
        return PapersHanded(
            record=given.id,
            slip=given.header.facts["slip"],
            sender=given.header.commune,
            unit=given.header.facts["to"],
            papers=_papers(given.header.facts["papers"]),
            at_ms=given.header.corrected_ms,
            by=given.header.by,
            note=words(gathering.contents[index], "note"),
            taken=first.id if first else None,
            taken_ms=first.header.corrected_ms if first else None,
            taken_by=first.header.by if first else None,
            missing=_papers(first.header.facts["missing"]) if first else (),
            taken_note=words(gathering.contents[taken[0]], "note") if taken else None,
            overruled=tuple(records[other].id for other in taken[1:]),
        )

    def _takes_over(self, other: int, given: str, index: int) -> bool:
        records = self._order.records
        return (
            records[index].id == given
            and bool(self._order.before(other) >> index & 1)
            and records[other].header.commune == records[index].header.facts["to"]
        )


def may_write(view: DossierView, unit: str, kind: str) -> bool:
    """Whether a unit may state this now, as the dossier is known here: `Route.may_act` for a record still to be written."""
    if unit == view.commune:
        return True
    if kind in _HOME_ALONE:
        return False
    legs = [leg for leg in view.legs if leg.unit == unit]
    if kind == "dossier.papers_taken":
        return any(each.unit == unit for each in view.slips)
    if kind == "dossier.papers_given":
        return bool(legs)
    if any(leg.is_open and not leg.is_referral for leg in legs):
        return True
    return kind in _ASKED_MAY and any(leg.is_open for leg in legs)


def is_routed(gathering: Gathering) -> bool:
    """Whether the dossier has, or had, anything to do with a unit other than its home; quick to say no."""
    if gathering.referrals or gathering.papers_given:
        return True
    home = gathering.opening.header.commune if gathering.opening is not None else None
    return any(version.value != home for version in gathering.registers.get(COMPETENT, ()))


def _papers(stated: list[dict[str, int | str]]) -> tuple[HandedPaper, ...]:
    return tuple(HandedPaper(str(each["paper"]), int(each["form"]), int(each["count"])) for each in stated)


assert set(_STATE_AFTER) == set(ENDS)  # noqa: S101 — a step without a state is a bug of this module
