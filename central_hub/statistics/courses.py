"""How figures went over a period: one report row per day, week or month, for charts and the small curves beside names.

A course is read once from the counters and added up from left to right, so that stocks (overdue, in term) of every
point cost no further question. A point that has not come yet is not in it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Connection

from central_hub.statistics.periods import Grain, Period, Piece
from central_hub.statistics.sums import Slice, Sums, sums_before, sums_by_both
from dossiers.local_time import to_yyyymmdd
from dossiers.statistics import Metric, ReportRow, row_from_sums, total

_DAYS_MAX = 31
_WEEK_DAYS_MAX = 200


class Step(StrEnum):
    """What one point of a course spans."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The points of a period, and each point's row."""

    step: Step
    points: tuple[Period, ...]
    rows: tuple[ReportRow, ...]


def step_of(period: Period) -> Step:
    """The step at which a period reads best: about thirty points at most."""
    if period.days <= _DAYS_MAX:
        return Step.DAY
    return Step.WEEK if period.days <= _WEEK_DAYS_MAX else Step.MONTH


def cut(period: Period) -> tuple[Period, ...]:
    """The period in days, weeks from Monday to Sunday, or months; the ends may be shorter."""
    step = step_of(period)
    if step is Step.MONTH:
        return tuple(period.months())
    if step is Step.DAY:
        return tuple(Period(first=day, last=day) for day in period.day_numbers())
    weeks, first = [], period.first_date
    while first <= period.last_date:
        last = min(first + timedelta(days=6 - first.weekday()), period.last_date)
        weeks.append(Period(first=to_yyyymmdd(first), last=to_yyyymmdd(last)))
        first = last + timedelta(days=1)
    return tuple(weeks)


def course(connection: Connection, period: Period, chosen: Slice) -> Course:
    """The course of everything that `chosen` leaves."""
    found = courses_by(connection, period, None, chosen)
    points = cut(period)
    return found.get("") or Course(step=step_of(period), points=points, rows=(ReportRow(),) * len(points))


def courses_by(
    connection: Connection,
    period: Period,
    column: str | None,
    chosen: Slice,
    *,
    keys: Collection[str] | None = None,
) -> dict[str, Course]:
    """The courses of every commune or every procedure, or of those in `keys` alone."""
    points = cut(period)
    before = sums_before(connection, period, column, chosen, keys)
    within = _within(connection, period, points, column, chosen, keys)
    return {
        key: Course(
            step=step_of(period),
            points=points,
            rows=_rows(before.get(key, {}), within.get(key, {}), len(points)),
        )
        for key in sorted(before.keys() | within.keys())
    }


def added(courses: Iterable[Course]) -> Course:
    """Several courses of one period as one."""
    given = list(courses)
    first = given[0]
    rows = tuple(total(each.rows[at] for each in given) for at in range(len(first.points)))
    return Course(step=first.step, points=first.points, rows=rows)


def _within(
    connection: Connection,
    period: Period,
    points: tuple[Period, ...],
    column: str | None,
    chosen: Slice,
    keys: Collection[str] | None,
) -> dict[str, dict[int, dict[Metric, int]]]:
    """Per key and number of the point, what was counted in it."""
    found: dict[str, dict[int, dict[Metric, int]]] = {}
    for piece in _pieces(period):
        starts = [point.first if piece.grain is Grain.DAY else point.first // 100 for point in points]
        for key, stretches in sums_by_both(
            connection, piece, column, chosen, starts=starts, keys=keys
        ).items():
            for at, sums in stretches.items():
                _add(found.setdefault(key, {}).setdefault(at, dict.fromkeys(Metric, 0)), sums)
    return found


def _pieces(period: Period) -> list[Piece]:
    if step_of(period) is Step.MONTH:
        return period.within()
    return [Piece(grain=Grain.DAY, first=period.first, last=period.last)]


def _rows(before: Sums, within: Mapping[int, Sums], count: int) -> tuple[ReportRow, ...]:
    stock = dict.fromkeys(Metric, 0)
    _add(stock, before)
    rows = []
    for at in range(count):
        sums = within.get(at, {})
        rows.append(row_from_sums(stock, sums))
        _add(stock, sums)
    return tuple(rows)


def _add(stock: dict[Metric, int], sums: Sums) -> None:
    for metric, amount in sums.items():
        stock[metric] += amount
