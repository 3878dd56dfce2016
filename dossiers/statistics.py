"""What is counted, when, and under which name: definitions version 1, Biểu II.06a and both on-time rates.

Theory of operation. A dossier is counted from the day it was accepted (states 1, and 3 before acceptance, never are) to
the day its processing ended: the result issued, the dossier withdrawn or, after acceptance, refused. A report of a
period shows dossiers as they stood at the end of its last day:

    received = online + direct and postal + carried over
             = solved (early + on time + late) + processing (in term + overdue) + withdrawn + refused

Early, on time and late compare the day of the result with the day it was due; a dossier without a due date is on time.
Overdue is an open dossier whose due day has passed while its clock runs; in states 5, 6 and 8 the clock stands and the
dossier is in term. Withdrawn dossiers, and those refused after acceptance (supplement never brought), have columns of
their own and are in no rate's numerator or denominator.

Where communes were re-organised, a dossier counts for the unit that held it on each day (`genealogy`): what was open when
it went to a successor stands under "processing" in the old unit's last report, as it stood then, and under "carried over"
in the new unit's first; whatever happened before stays with the old unit, whatever happens after goes to the new one. For
all units together it is counted once.

A summary of a dossier turns into daily contributions: +1 on the day it came, ended, became overdue, ceased to be so.
Contributions only add up, so any report of any period comes from sums of days per commune and procedure, and a changed
dossier costs the difference between two summaries. Days are numbers yyyymmdd on Vietnamese clocks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from dossiers.axes import Channel
from dossiers.deadlines import Timeliness
from dossiers.genealogy import ALWAYS, NEVER, NOTHING, Genealogy, Tenure
from dossiers.local_time import VIETNAM, from_yyyymmdd, shown, to_yyyymmdd
from dossiers.views import DossierView, EndedAs

DEFINITIONS_VERSION: Final = "1"


class Metric(StrEnum):
    """What the daily counters count, per commune and procedure."""

    # An enum hashes by a function written in Python; metrics are looked up hundreds of thousands of times for a page.
    __hash__ = str.__hash__

    RECEIVED_ONLINE = "received_online"
    RECEIVED_OTHER = "received_other"
    SOLVED_EARLY = "solved_early"
    SOLVED_ON_TIME = "solved_on_time"
    SOLVED_LATE = "solved_late"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    OVERDUE_ENTER = "overdue_enter"
    OVERDUE_LEAVE = "overdue_leave"
    TAKEN_OVER = "taken_over"
    TAKEN_OVER_OVERDUE = "taken_over_overdue"
    HANDED_ON = "handed_on"
    HANDED_ON_OVERDUE = "handed_on_overdue"


MOVING: Final = frozenset(
    {Metric.TAKEN_OVER, Metric.TAKEN_OVER_OVERDUE, Metric.HANDED_ON, Metric.HANDED_ON_OVERDUE}
)
"""Of one unit alone: for several units together, what one handed on another took over."""
RECEIVED: Final = (Metric.RECEIVED_ONLINE, Metric.RECEIVED_OTHER)
ENDED: Final = (
    Metric.SOLVED_EARLY,
    Metric.SOLVED_ON_TIME,
    Metric.SOLVED_LATE,
    Metric.WITHDRAWN,
    Metric.REFUSED,
)


class Column(StrEnum):
    """The columns of Biểu II.06a into which a dossier falls, and the two beside the table."""

    ONLINE = "online"
    OTHER = "other"
    CARRIED_OVER = "carried_over"
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    IN_TERM = "in_term"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class ClockDay(NamedTuple):
    """From `day` on the clock runs towards `due` (None: no due date), or stands."""

    day: int
    due: int | None
    runs: bool


class DossierSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All that statistics need to know of a dossier, and nothing about a person.

    Attributes:
        commune: the unit competent to settle it, which counts it (the last one, where units were re-organised).
        tenures: which unit counts it on which days; empty where it is always `commune`.
        received: the day of acceptance; ended: the day processing ended, None while open.
        clock: the legal clock's course by days, in order.
    """

    dossier: str
    commune: str
    procedure: str
    channel: int
    received: int
    ended: int | None
    ended_as: EndedAs | None
    due: int | None
    clock: tuple[ClockDay, ...]
    tenures: tuple[Tenure, ...] = ()

    @property
    def held(self) -> tuple[Tenure, ...]:
        """As `tenures`, for every dossier."""
        return self.tenures or (Tenure(self.commune, ALWAYS, NEVER),)

    @property
    def is_paused(self) -> bool:
        """Open with its clock standing (states 5, 6 and 8)."""
        return self.ended is None and bool(self.clock) and not self.clock[-1].runs

    @property
    def timeliness(self) -> Timeliness | None:
        """Of a solved dossier: by days."""
        if self.ended is None or self.ended_as is not EndedAs.SOLVED:
            return None
        if self.due is None or self.ended == self.due:
            return Timeliness.ON_TIME
        return Timeliness.EARLY if self.ended < self.due else Timeliness.LATE


class Contribution(NamedTuple):
    """What one dossier adds to one day's counter; `unit_on` says to whose."""

    day: int
    metric: Metric
    amount: int


class CounterChange(NamedTuple):
    """What to add to the counter of a commune, procedure, day and metric."""

    commune: str
    procedure: str
    day: int
    metric: Metric
    amount: int


class Placement(NamedTuple):
    """The two columns of a report in which a dossier stands: how it came in, and where it is."""

    came: Column
    stands: Column


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled share; no value where there is nothing to divide by."""

    label: str
    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction | None:
        return Fraction(self.numerator, self.denominator) if self.denominator else None


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of Biểu II.06a; it cannot exist with sums that do not agree."""

    online: int = 0
    other: int = 0
    carried_over: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    in_term: int = 0
    overdue: int = 0
    withdrawn: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        if min(msgspec.structs.astuple(self)) < 0:
            raise ValueError(f"a column below zero: {self}")
        if self.received != self.solved + self.processing + self.withdrawn + self.refused:
            raise ValueError(f"what came in is not what became of it: {self}")

    @property
    def received(self) -> int:
        """Tổng số nhận giải quyết: in the period, and carried over."""
        return self.online + self.other + self.carried_over

    @property
    def solved(self) -> int:
        return self.early + self.on_time + self.late

    @property
    def processing(self) -> int:
        return self.in_term + self.overdue


def rate_a(row: ReportRow) -> Rate:
    """Of what was solved, the share solved early or on time: the figure of the press."""
    return Rate(label="A", numerator=row.early + row.on_time, denominator=row.solved)


def rate_b(row: ReportRow) -> Rate:
    """As QĐ 766: solved early or on time, and in term, of received and carried over less withdrawn and refused."""
    return Rate(
        label="B",
        numerator=row.early + row.on_time + row.in_term,
        denominator=row.received - row.withdrawn - row.refused,
    )


def summarise(
    view: DossierView, *, genealogy: Genealogy = NOTHING, device: str | None = None
) -> DossierSummary | None:
    """What of a folded dossier is counted; None while it has not been accepted.

    Args:
        genealogy: how units were re-organised.
        device: the PC that received the dossier.
    """
    if view.accepted is None or view.procedure is None or view.channel is None:
        return None
    competent = view.competent or view.commune
    tenures = genealogy.tenures(competent, device=device, dossier=view.dossier)
    return DossierSummary(
        dossier=view.dossier,
        commune=tenures[-1].unit,
        tenures=tenures if len(tenures) > 1 else (),
        procedure=view.procedure,
        channel=view.channel,
        received=_day(view.accepted),
        ended=None if view.finished is None else _day(view.finished),
        ended_as=view.ended_as,
        due=None if view.due is None else _day(view.due),
        clock=tuple(
            ClockDay(_day(span.start_ms), None if span.due is None else _day(span.due), span.runs)
            for span in view.clock
        ),
    )


def contributions(summary: DossierSummary) -> tuple[Contribution, ...]:
    """What a dossier adds to the daily counters of its commune and procedure."""
    online = summary.channel == Channel.ONLINE
    found = [Contribution(summary.received, Metric.RECEIVED_ONLINE if online else Metric.RECEIVED_OTHER, 1)]
    if summary.ended is not None:
        found.append(Contribution(summary.ended, _ended_metric(summary), 1))
    for start, stop in _overdue_days(summary):
        found.append(Contribution(start, Metric.OVERDUE_ENTER, 1))
        if stop is not None:
            found.append(Contribution(stop, Metric.OVERDUE_LEAVE, 1))
    for tenure in summary.tenures[1:]:
        found += _moved(summary, tenure.since)
    return tuple(found)


def unit_on(tenures: Iterable[Tenure], day: int, metric: Metric) -> str:
    """Whose counter a contribution adds to: the unit of that day; what is handed on is still the one before's."""
    is_leaving = metric in (Metric.HANDED_ON, Metric.HANDED_ON_OVERDUE)
    return next(
        tenure.unit
        for tenure in tenures
        if day < tenure.until or tenure.until == NEVER or (is_leaving and day == tenure.until)
    )


def counter_changes(before: DossierSummary | None, after: DossierSummary | None) -> tuple[CounterChange, ...]:
    """What to add to the counters when a dossier's summary changes; nothing where nothing changes."""
    if before == after:
        return ()
    totals: Counter[tuple[str, str, int, Metric]] = Counter()
    for summary, sign in ((before, -1), (after, 1)):
        if summary is not None:
            for day, metric, amount in contributions(summary):
                unit = unit_on(summary.held, day, metric)
                totals[unit, summary.procedure, day, metric] += sign * amount
    return tuple(CounterChange(*key, amount) for key, amount in sorted(totals.items()) if amount)


def row_from_sums(before: Mapping[Metric, int], within: Mapping[Metric, int]) -> ReportRow:
    """The row of a period from sums of counters: of all days `before` it, and of the days `within` it."""

    def through(*metrics: Metric) -> int:
        return sum(before.get(metric, 0) + within.get(metric, 0) for metric in metrics)

    came, went = (*RECEIVED, Metric.TAKEN_OVER), (*ENDED, Metric.HANDED_ON)
    open_before = sum(before.get(metric, 0) for metric in came) - sum(
        before.get(metric, 0) for metric in went
    )
    handed_on, handed_on_overdue = (
        within.get(metric, 0) for metric in (Metric.HANDED_ON, Metric.HANDED_ON_OVERDUE)
    )
    overdue = (
        through(Metric.OVERDUE_ENTER, Metric.TAKEN_OVER_OVERDUE)
        - through(Metric.OVERDUE_LEAVE, Metric.HANDED_ON_OVERDUE)
        + handed_on_overdue
    )
    return ReportRow(
        online=within.get(Metric.RECEIVED_ONLINE, 0),
        other=within.get(Metric.RECEIVED_OTHER, 0),
        carried_over=open_before + within.get(Metric.TAKEN_OVER, 0),
        early=within.get(Metric.SOLVED_EARLY, 0),
        on_time=within.get(Metric.SOLVED_ON_TIME, 0),
        late=within.get(Metric.SOLVED_LATE, 0),
        in_term=through(*came) - through(*went) + handed_on - overdue,
        overdue=overdue,
        withdrawn=within.get(Metric.WITHDRAWN, 0),
        refused=within.get(Metric.REFUSED, 0),
    )


def place(summary: DossierSummary, *, first: int, last: int, unit: str | None = None) -> Placement | None:
    """Where a dossier stands in the report of [first, last]; None if it is not in it. For lists behind figures.

    Args:
        unit: in the report of this unit; None: of all units together.
    """
    tenures = [Tenure(unit or "", ALWAYS, NEVER)] if unit is None else summary.held
    for tenure in tenures:
        if unit is None or tenure.unit == unit:
            placed = _place_in(summary, tenure, first, last)
            if placed is not None:
                return placed
    return None


def _place_in(summary: DossierSummary, tenure: Tenure, first: int, last: int) -> Placement | None:
    ended = summary.ended
    came_day = max(summary.received, tenure.since)
    if (
        came_day > last
        or came_day >= tenure.until
        or (ended is not None and ended < max(first, tenure.since))
    ):
        return None
    is_handed_on = tenure.until != NEVER and (ended is None or ended >= tenure.until)
    if is_handed_on and tenure.until < first:
        return None
    if summary.received < max(first, tenure.since):
        came = Column.CARRIED_OVER
    else:
        came = Column.ONLINE if summary.channel == Channel.ONLINE else Column.OTHER
    if ended is not None and ended <= last and not is_handed_on:
        return Placement(came, _COLUMN_OF[_ended_metric(summary)])
    # What is handed on within the period is shown as it stood when it left.
    is_overdue = (
        _is_overdue_before(summary, tenure.until)
        if is_handed_on and tenure.until <= last
        else _is_overdue_before(summary, _day_after(last))
    )
    return Placement(came, Column.OVERDUE if is_overdue else Column.IN_TERM)


def row_from_summaries(
    summaries: Iterable[DossierSummary], *, first: int, last: int, unit: str | None = None
) -> ReportRow:
    """The same row, dossier by dossier: for small sets, and as a check on the counters."""
    columns: Counter[str] = Counter()
    for summary in summaries:
        for column in place(summary, first=first, last=last, unit=unit) or ():
            columns[column.value] += 1
    return ReportRow(**columns)


def total(rows: Iterable[ReportRow]) -> ReportRow:
    """The sum line under the rows."""
    columns = zip(*(msgspec.structs.astuple(row) for row in rows), strict=True)
    return ReportRow(**dict(zip(ReportRow.__struct_fields__, map(sum, columns), strict=False)))


_SOLVED: Final = {
    Timeliness.EARLY: Metric.SOLVED_EARLY,
    Timeliness.ON_TIME: Metric.SOLVED_ON_TIME,
    Timeliness.LATE: Metric.SOLVED_LATE,
}
_COLUMN_OF: Final = {
    Metric.SOLVED_EARLY: Column.EARLY,
    Metric.SOLVED_ON_TIME: Column.ON_TIME,
    Metric.SOLVED_LATE: Column.LATE,
    Metric.WITHDRAWN: Column.WITHDRAWN,
    Metric.REFUSED: Column.REFUSED,
}


_EPOCH: Final = date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_EAST_MS: Final = VIETNAM.utcoffset(None) // timedelta(milliseconds=1)


def _day(instant_ms: int) -> int:
    return _number((shown(instant_ms) + _EAST_MS) // _DAY_MS)


@lru_cache(4_096)
def _number(days: int) -> int:
    """yyyymmdd of a day since 1970; few days are asked for again and again."""
    return to_yyyymmdd(_EPOCH + timedelta(days=days))


@lru_cache(4_096)
def _day_after(day: int) -> int:
    return to_yyyymmdd(from_yyyymmdd(day) + timedelta(days=1))


def _ended_metric(summary: DossierSummary) -> Metric:
    timeliness = summary.timeliness
    if timeliness is not None:
        return _SOLVED[timeliness]
    return Metric.WITHDRAWN if summary.ended_as is EndedAs.WITHDRAWN else Metric.REFUSED


def _moved(summary: DossierSummary, day: int) -> list[Contribution]:
    """What a dossier adds when another unit holds it from `day` on: nothing, unless it was open then."""
    if summary.received >= day or (summary.ended is not None and summary.ended < day):
        return []
    found = [Contribution(day, Metric.HANDED_ON, 1), Contribution(day, Metric.TAKEN_OVER, 1)]
    if _is_overdue_before(summary, day):
        found.append(Contribution(day, Metric.HANDED_ON_OVERDUE, 1))
        found.append(Contribution(day, Metric.TAKEN_OVER_OVERDUE, 1))
    return found


def _is_overdue_before(summary: DossierSummary, day: int) -> bool:
    """Whether the dossier is overdue at the end of the day before `day`."""
    return any(start < day and (stop is None or stop >= day) for start, stop in _overdue_days(summary))


def _overdue_days(summary: DossierSummary) -> list[tuple[int, int | None]]:
    """Stretches of days at whose end the dossier is overdue: from the first on, before the second."""
    stretches: list[tuple[int, int | None]] = []
    starts = [max(span.day, summary.received) for span in summary.clock]
    for span, start, stop in zip(summary.clock, starts, [*starts[1:], None], strict=True):
        until = _earlier(stop, summary.ended)
        if not span.runs or span.due is None:
            continue
        since = max(start, _day_after(span.due))
        if until is not None and since >= until:
            continue
        if stretches and stretches[-1][1] == since:
            stretches[-1] = (stretches[-1][0], until)
        else:
            stretches.append((since, until))
    return stretches


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((day for day in (one, other) if day is not None), default=None)
