"""Figures of old and new units that reconcile exactly: from the counters, and counted anew dossier by dossier beside them.

Per unit: received + taken over = solved + withdrawn + refused + handed on + in process. Over a family of units (all that
took over from one another) what was handed on is what was taken over, so everything received counts once. The flows say
the same from the other side: how many dossiers went from which old unit to which new one, on which day.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select

from central_hub.services import Services
from central_hub.statistics.periods import Period
from central_hub.statistics.sums import Slice, sums_by
from central_hub.store.tables import DOSSIER, TENURE
from dossiers.genealogy import ALWAYS, NEVER, Genealogy
from dossiers.statistics import RECEIVED, Metric
from dossiers.views import EndedAs

_SOLVED = (Metric.SOLVED_EARLY, Metric.SOLVED_ON_TIME, Metric.SOLVED_LATE)
_EVER = 19_000_102


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a unit ever did with dossiers, up to a day."""

    received: int = 0
    taken_over: int = 0
    solved: int = 0
    withdrawn: int = 0
    refused: int = 0
    handed_on: int = 0
    processing: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether what came is what went and what is there."""
        return self.received + self.taken_over == self.gone + self.handed_on + self.processing

    @property
    def gone(self) -> int:
        return self.solved + self.withdrawn + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """One unit: its figures by the counters, and the same counted dossier by dossier."""

    unit: str
    name: str
    is_former: bool
    figures: Figures
    counted: Figures

    @property
    def is_exact(self) -> bool:
        return self.figures == self.counted and self.figures.is_closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Dossiers that went from one unit to another on a day: those still open, and those that had ended."""

    old: str
    new: str
    day: int
    open_dossiers: int
    ended_dossiers: int

    @property
    def dossiers(self) -> int:
        return self.open_dossiers + self.ended_dossiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A family of units. `total` is the sum of its lines without what only moved among them."""

    lines: tuple[UnitLine, ...]
    flows: tuple[Flow, ...]
    total: Figures

    @property
    def is_exact(self) -> bool:
        """Whether counters, dossiers and flows all say the same."""
        moved = sum(flow.open_dossiers for flow in self.flows)
        return (
            all(line.is_exact for line in self.lines)
            and self.total.taken_over == self.total.handed_on == moved
            and self.total.received == self.total.gone + self.total.processing
        )


def family_of(genealogy: Genealogy, units: Iterable[str]) -> frozenset[str]:
    """These units, and all that are joined to them by taking over, however far on or back."""
    found: set[str] = set()
    waiting = set(units)
    while waiting:
        unit = waiting.pop()
        found.add(unit)
        waiting |= (genealogy.heirs(unit) | genealogy.forebears(unit)) - found
    return frozenset(found)


def totals_of(connection: Connection, services: Services, units: Iterable[str], *, today: int) -> Totals:
    """The figures of the family of these units, up to today."""
    genealogy = services.genealogy.current(connection)
    family = family_of(genealogy, units)
    by_counters, by_dossiers = _counters(connection, family, today), _dossiers(connection, family, today)
    ended = genealogy.ended_at(today)
    lines = tuple(
        UnitLine(
            unit=unit,
            name=services.units.name(unit),
            is_former=unit in ended,
            figures=by_counters.get(unit, Figures()),
            counted=by_dossiers.get(unit, Figures()),
        )
        for unit in sorted(family)
    )
    flows = tuple(flow for flow in _flows(connection, today) if flow.old in family)
    return Totals(lines=lines, flows=flows, total=added(line.figures for line in lines))


def added(figures: Iterable[Figures]) -> Figures:
    """The sum of several units' figures."""
    found = list(figures)
    return Figures(**{each.name: sum(getattr(one, each.name) for one in found) for each in fields(Figures)})


def _counters(connection: Connection, units: Collection[str], today: int) -> dict[str, Figures]:
    found = {}
    for unit, around in sums_by(connection, Period(first=_EVER, last=today), "commune", Slice()).items():
        if unit not in units:
            continue
        sums = {metric: around.before.get(metric, 0) + around.within.get(metric, 0) for metric in Metric}
        received = sum(sums[metric] for metric in RECEIVED)
        solved = sum(sums[metric] for metric in _SOLVED)
        came = received + sums[Metric.TAKEN_OVER]
        went = solved + sums[Metric.WITHDRAWN] + sums[Metric.REFUSED] + sums[Metric.HANDED_ON]
        found[unit] = Figures(
            received=received,
            taken_over=sums[Metric.TAKEN_OVER],
            solved=solved,
            withdrawn=sums[Metric.WITHDRAWN],
            refused=sums[Metric.REFUSED],
            handed_on=sums[Metric.HANDED_ON],
            processing=came - went,
        )
    return found


def _dossiers(connection: Connection, units: Collection[str], today: int) -> dict[str, Figures]:
    """The same figures from the rows of dossiers: those that always had one unit, and those that moved."""
    accepted, ended = DOSSIER.c.accepted_day, DOSSIER.c.finished_day
    is_there = and_(accepted.is_not(None), accepted <= today)
    staying = (
        select(DOSSIER.c.commune, *_columns(today, literal(ALWAYS), literal(NEVER)))
        .where(is_there, DOSSIER.c.tenures == "", DOSSIER.c.commune.in_(sorted(units)))
        .group_by(DOSSIER.c.commune)
    )
    since, until = TENURE.c.since, TENURE.c.until
    moving = (
        select(TENURE.c.commune, *_columns(today, since, until))
        .join(DOSSIER, DOSSIER.c.id == TENURE.c.id)
        .where(is_there, TENURE.c.commune.in_(sorted(units)))
        .where(since <= today, accepted < until, ended.is_(None) | (ended >= since))
        .group_by(TENURE.c.commune)
    )
    found: dict[str, Figures] = {}
    for query in (staying, moving):
        for unit, *amounts in connection.execute(query).all():
            part = Figures(**dict(zip((each.name for each in fields(Figures)), amounts, strict=True)))
            found[unit] = added((found.get(unit, Figures()), part))
    return found


def _columns(today: int, since: ColumnElement[int], until: ColumnElement[int]) -> list[ColumnElement[int]]:
    """The figures, in their order, of what a unit held from `since` on and before `until`."""
    accepted, ended, how = DOSSIER.c.accepted_day, DOSSIER.c.finished_day, DOSSIER.c.ended_as
    # What ends on the day on which it leaves, or later, ends elsewhere; what came before the first day was taken over.
    ended_here = and_(ended.is_not(None), ended <= today, ended < until)
    parts = (
        accepted >= since,
        accepted < since,
        and_(ended_here, how == EndedAs.SOLVED.value),
        and_(ended_here, how == EndedAs.WITHDRAWN.value),
        and_(ended_here, how == EndedAs.REFUSED.value),
        and_(until <= today, or_(ended.is_(None), ended >= until)),
        and_(until > today, or_(ended.is_(None), ended > today)),
    )
    return [func.count().filter(part) for part in parts]


def _flows(connection: Connection, today: int) -> Iterable[Flow]:
    before, after = TENURE.alias("before"), TENURE.alias("after")
    accepted, ended = DOSSIER.c.accepted_day, DOSSIER.c.finished_day
    is_open = ended.is_(None) | (ended >= after.c.since)
    query = (
        select(
            before.c.commune,
            after.c.commune,
            after.c.since,
            func.count().filter(is_open),
            func.count().filter(~is_open),
        )
        .select_from(before)
        .join(after, and_(after.c.id == before.c.id, after.c.since == before.c.until))
        .join(DOSSIER, DOSSIER.c.id == before.c.id)
        .where(accepted.is_not(None), accepted < after.c.since, after.c.since <= today)
        .group_by(before.c.commune, after.c.commune, after.c.since)
        .order_by(after.c.since, before.c.commune, after.c.commune)
    )
    for old, new, day, open_dossiers, ended_dossiers in connection.execute(query):
        yield Flow(old=old, new=new, day=day, open_dossiers=open_dossiers, ended_dossiers=ended_dossiers)
