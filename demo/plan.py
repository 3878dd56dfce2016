"""The plan of a quarter: every dossier with its unit, procedure and times, made so that the published figures come out.

Published (Quảng Nam, first quarter of 2025, commune level): 32,548 dossiers solved, 97.54 % of them early or on time,
that is 31,747. What is not published is invented here and drawn from a fixed seed: which of today's 94 communes, which
procedure, which hour. All of them are received and solved within the quarter, by the calendar of 2025 with its Tết.

Pure values; what each dossier's records say is in `lives`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from demo import cases
from dossiers.axes import Channel
from dossiers.calendar import WorkingCalendar
from dossiers.deadlines import Frozen, Timeliness, classify, due, freeze, resume
from dossiers.local_time import MINUTE_MS, instant, local_date
from dossiers.procedures import Catalogue, Procedure
from dossiers.time_rules import RuleType
from dossiers.units import Unit, UnitKind

FIRST_DAY: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2025, 3, 31)
SOLVED: Final = 32_548
IN_TIME: Final = 31_747
LATE: Final = SOLVED - IN_TIME
SEED: Final = 2025

_DAY_MINUTES: Final = 480
_UNIT_WEIGHTS: Final = {UnitKind.WARD: 2.6, UnitKind.COMMUNE: 1.0, UnitKind.SPECIAL_ZONE: 0.03}
_FEWEST: Final = 3
_WEEKDAY_WEIGHTS: Final = (1.25, 1.05, 0.95, 0.95, 0.85)
_TET: Final = date(2025, 1, 29)
_OPEN_MORNING: Final = 7 * 60
# Visits in each half hour from 07:00, in a thousand; the midday break and the last minutes stay empty.
_HALF_HOURS: Final = (30, 80, 100, 112, 110, 98, 80, 62, 20, 0, 0, 0, 0, 50, 76, 78, 62, 44, 30, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How frequent a procedure is (in a thousand, in wards and in rural communes), and what is usual about it.

    `online` and `longer`: shares that come through the portal and that run by the longer limb of their time rule.
    `late`: how much likelier than others it is to be late.
    """

    ward: float
    rural: float
    online: float = 0.0
    longer: float = 0.0
    late: float = 1.0


MIX: Final[Mapping[str, Mix]] = {
    cases.COPY_OF_ORIGINAL: Mix(ward=560, rural=450, longer=0.02, late=0.5),
    cases.SIGNATURE: Mix(ward=100, rural=75, late=0.5),
    cases.REGISTER_COPY: Mix(ward=12, rural=14),
    cases.EXTRACT: Mix(ward=92, rural=120, online=0.3),
    cases.BIRTH: Mix(ward=34, rural=62, online=0.35),
    cases.BIRTH_LINKED: Mix(ward=38, rural=40, online=0.9),
    cases.BIRTH_AGAIN: Mix(ward=10, rural=22, late=5),
    cases.DEATH: Mix(ward=18, rural=34, online=0.2),
    cases.DEATH_LINKED: Mix(ward=10, rural=14, online=0.9),
    cases.MARRIAGE: Mix(ward=22, rural=34, online=0.2, longer=0.02),
    cases.MARITAL_STATUS: Mix(ward=62, rural=70, online=0.4, longer=0.03, late=6),
    cases.CHANGE: Mix(ward=12, rural=20, online=0.1, late=7),
    cases.BUSINESS: Mix(ward=16, rural=14, online=0.5, late=6),
    cases.POOR_HOUSEHOLD: Mix(ward=3, rural=18, late=9),
    cases.DISABILITY: Mix(ward=5, rural=13, late=9),
}
_SUPPLEMENT_SHARE: Final = 0.05
_POSTAL_SHARE: Final = 0.01
_SERVED_NO_CLOCK_DAYS: Final = (2, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """Papers asked for and brought; `frozen` is what was left of the time, `due` the new date."""

    asked: int
    brought: int
    frozen: Frozen
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDossier:
    """One dossier of the quarter; all times are instants in office hours.

    `came` is when it was handed in or registered online, `accepted` when its clock started; `ordinal` counts the
    dossiers that the unit accepted that day. `handed` is None where nobody collected the result within the quarter.
    """

    unit: str
    key: str
    procedure: str
    version: int
    channel: Channel
    longer: bool
    ordinal: int
    came: int
    accepted: int
    due: int | None
    supplement: Supplement | None
    finished: int
    handed: int | None

    @property
    def due_at_end(self) -> int | None:
        return self.supplement.due if self.supplement else self.due

    @property
    def timeliness(self) -> Timeliness:
        return classify(self.finished, self.due_at_end)


Plan = Mapping[str, tuple[PlannedDossier, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """A dossier whose end is not decided yet; the smaller `luck`, the sooner it is chosen to be late."""

    key: str
    procedure: Procedure
    channel: Channel
    longer: bool
    came: int
    accepted: int
    due: int | None
    luck: float


def plan_quarter(
    communes: Sequence[Unit],
    catalogue: Catalogue,
    calendar: WorkingCalendar,
    *,
    seed: int = SEED,
    solved: int = SOLVED,
    late: int = LATE,
) -> Plan:
    """The whole quarter by unit; the same arguments give the same plan."""
    sizes = share_out(solved, communes, Random(f"{seed} sizes"))
    planner = _Planner(catalogue, calendar)
    visits = {
        unit.code: [
            planner.visit(rng, unit, f"{seed} {unit.code} {number}") for number in range(sizes[unit.code])
        ]
        for unit in communes
        for rng in [Random(f"{seed} {unit.code} visits")]
    }
    unlucky = _choose_late([visit for each in visits.values() for visit in each], late, planner)
    return {
        unit: tuple(planner.settle(Random(f"{seed} {unit} ends"), unit, each, unlucky))
        for unit, each in visits.items()
    }


def share_out(total: int, communes: Sequence[Unit], rng: Random) -> dict[str, int]:
    """Share a number among communes by weight; the parts add up to it exactly and none is empty."""
    weights = {unit.code: _UNIT_WEIGHTS[unit.kind] * rng.lognormvariate(0, 0.35) for unit in communes}
    left = total - _FEWEST * len(communes)
    if left < 0:
        raise ValueError(f"{total} dossiers are too few for {len(communes)} communes")
    whole = sum(weights.values())
    shares = {code: left * weight / whole for code, weight in weights.items()}
    parts = {code: int(share) for code, share in shares.items()}
    owed = sorted(shares, key=lambda code: (parts[code] - shares[code], code))[: left - sum(parts.values())]
    return {code: _FEWEST + part + (code in owed) for code, part in parts.items()}


def working_days(calendar: WorkingCalendar, first: date, last: date) -> list[date]:
    """The days between two dates on which the office is open."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if calendar.is_working_day(day)]


def _season(day: date) -> float:
    """Busy before Tết, quiet just after it, then as usual; Mondays bring the weekend's."""
    to_tet = (_TET - day).days
    season = 1.35 if 4 <= to_tet <= 17 else 0.75 if 0 < to_tet <= 3 else 0.6 if -8 <= to_tet <= 0 else 1.0
    return season * _WEEKDAY_WEIGHTS[day.weekday()]


def _choose_late(visits: Sequence[_Visit], count: int, planner: "_Planner") -> frozenset[str]:
    """A weighted draw without putting back, of those that can be late at all within the quarter."""
    able = sorted((visit for visit in visits if planner.can_be_late(visit)), key=lambda visit: visit.luck)
    if len(able) < count:
        raise ValueError(f"only {len(able)} dossiers can be late, not {count}")
    return frozenset(visit.key for visit in able[:count])


class _Planner:
    """Times by one catalogue and one calendar."""

    def __init__(self, catalogue: Catalogue, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        in_force = catalogue.at(FIRST_DAY)
        self._procedures = {p.code: p for p in in_force.procedures if p.code in MIX}
        if self._procedures.keys() != MIX.keys():
            raise ValueError(
                f"not in force in {FIRST_DAY.year}: {sorted(MIX.keys() - self._procedures.keys())}"
            )
        self._days = working_days(calendar, FIRST_DAY, LAST_DAY)
        self._day_weights = [_season(day) for day in self._days]
        self._last = self._days[-1]
        self._closing = calendar.closing(self._last)

    def visit(self, rng: Random, unit: Unit, key: str) -> _Visit:
        """Somebody comes, on a day from which the dossier can still be settled within the quarter."""
        names = list(MIX)
        shares = [MIX[code].ward if unit.kind is UnitKind.WARD else MIX[code].rural for code in names]
        code = rng.choices(names, shares)[0]
        procedure, mix = self._procedures[code], MIX[code]
        channel = self._channel(rng, mix)
        longer = rng.random() < mix.longer
        while True:
            came = self._arrival(rng)
            accepted = came
            if channel is Channel.ONLINE:
                accepted = self._later(came, rng.randrange(6, 150), rng)
            until = due(accepted, procedure.rule, self._calendar, verification=longer)
            if self._leaves_time(accepted, until):
                break
        return _Visit(
            key=key,
            procedure=procedure,
            channel=channel,
            longer=longer,
            came=came,
            accepted=accepted,
            due=until,
            luck=rng.expovariate(mix.late),
        )

    def can_be_late(self, visit: _Visit) -> bool:
        return visit.due is not None and local_date(visit.due) < self._last

    def settle(
        self, rng: Random, unit: str, visits: Sequence[_Visit], late: frozenset[str]
    ) -> Iterator[PlannedDossier]:
        """Give each visit its end; in the order of acceptance, which numbers them day by day."""
        counted: dict[date, int] = {}
        for visit in sorted(visits, key=lambda each: (each.accepted, each.key)):
            day = local_date(visit.accepted)
            counted[day] = counted.get(day, 0) + 1
            supplement = self._supplement(rng, visit)
            until = supplement.due if supplement else visit.due
            start = supplement.brought if supplement else visit.accepted
            finished = (
                self._late_end(rng, until) if visit.key in late else self._end(rng, visit, start, until)
            )
            yield PlannedDossier(
                unit=unit,
                key=visit.key,
                procedure=visit.procedure.code,
                version=visit.procedure.version,
                channel=visit.channel,
                longer=visit.longer,
                ordinal=counted[day],
                came=visit.came,
                accepted=visit.accepted,
                due=visit.due,
                supplement=supplement,
                finished=finished,
                handed=self._hand_over(rng, visit, finished),
            )

    def _channel(self, rng: Random, mix: Mix) -> Channel:
        if rng.random() < mix.online:
            return Channel.ONLINE
        return Channel.POSTAL if mix.online and rng.random() < _POSTAL_SHARE else Channel.DIRECT

    def _arrival(self, rng: Random) -> int:
        day = rng.choices(self._days, self._day_weights)[0]
        half_hour = rng.choices(range(len(_HALF_HOURS)), _HALF_HOURS)[0]
        minute = _OPEN_MORNING + 30 * half_hour + rng.randrange(30)
        moment = instant(day, minute) + rng.randrange(60) * 1000
        return moment if self._calendar.is_working_time(moment) else self._arrival(rng)

    def _leaves_time(self, accepted: int, until: int | None) -> bool:
        if until is not None:
            return local_date(until) <= self._last
        return accepted < self._calendar.add_minutes(self._closing, -_SERVED_NO_CLOCK_DAYS[1] * _DAY_MINUTES)

    def _is_short(self, visit: _Visit) -> bool:
        return visit.procedure.rule.applied(verification=visit.longer).type is RuleType.SAME_DAY_CUTOFF

    def _end(self, rng: Random, visit: _Visit, start: int, until: int | None) -> int:
        """In time: while people wait, or some time before the due date."""
        if until is None:
            return self._later(start, rng.randrange(*(n * _DAY_MINUTES for n in _SERVED_NO_CLOCK_DAYS)), rng)
        room = self._calendar.minutes_between(start, until)
        wanted = (
            int(rng.lognormvariate(3.4, 0.6))
            if self._is_short(visit)
            else int(room * rng.triangular(0.3, 1.0, 0.8))
        )
        return self._later(start, max(10, min(wanted, room - 5)), rng)

    def _late_end(self, rng: Random, until: int | None) -> int:
        """On one of the working days after the due date."""
        if until is None:
            raise ValueError("without a due date nothing is late")
        day = local_date(until)
        for _ in range(1 + min(int(rng.expovariate(0.7)), 12)):
            day = min(self._calendar.next_working_day(day), self._last)
        return self._later(self._calendar.opening(day), rng.randrange(15, 420), rng)

    def _supplement(self, rng: Random, visit: _Visit) -> Supplement | None:
        """Now and then papers are missing; only where the new due date still lies within the quarter."""
        if visit.due is None or self._is_short(visit) or rng.random() >= _SUPPLEMENT_SHARE:
            return None
        room = self._calendar.minutes_between(visit.accepted, visit.due)
        asked = self._later(visit.accepted, int(room * rng.uniform(0.15, 0.4)), rng)
        brought = self._later(asked, rng.randrange(_DAY_MINUTES, 4 * _DAY_MINUTES), rng)
        frozen = freeze(asked, visit.due, visit.procedure.rule, self._calendar, verification=visit.longer)
        until = resume(brought, frozen, self._calendar, not_before=visit.due)
        # A margin of one day, so that a dossier chosen to be late can still be.
        if local_date(until) >= self._calendar.previous_working_day(self._last):
            return None
        return Supplement(asked=asked, brought=brought, frozen=frozen, due=until)

    def _hand_over(self, rng: Random, visit: _Visit, finished: int) -> int | None:
        at_once = self._is_short(visit) or visit.channel is Channel.ONLINE
        wait = rng.randrange(2, 20) if at_once else int(rng.expovariate(1 / 500)) + 5
        handed = self._later(finished, wait, rng)
        return handed if handed <= self._closing else None

    def _later(self, ms: int, minutes: int, rng: Random) -> int:
        """So many working minutes later, at some second of that minute."""
        whole = self._calendar.add_minutes(ms - ms % MINUTE_MS, minutes)
        moment = whole + rng.randrange(60) * 1000
        return moment if self._calendar.is_working_time(moment) else whole
