"""Sums of counters: the only reader of `tally`.

The shape that is read follows from what is asked: by commune, by procedure, both or neither; a filter counts like a
grouping. So the whole province is read from rows that are rolled up already.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, literal, select

from central_hub.projection.tallies import Shape
from central_hub.statistics.periods import Grain, Period, Piece
from central_hub.store.tables import MEASURES, TALLY
from dossiers.statistics import Metric

Sums = Mapping[Metric, int]
_METRICS = tuple(map(Metric, MEASURES))
_NOTHING: Sums = {}

_SHAPES = {
    (Grain.DAY, True, True): Shape.DAY,
    (Grain.DAY, True, False): Shape.DAY_COMMUNE,
    (Grain.DAY, False, True): Shape.DAY_PROCEDURE,
    (Grain.DAY, False, False): Shape.DAY_PROCEDURE,
    (Grain.MONTH, True, True): Shape.MONTH,
    (Grain.MONTH, True, False): Shape.MONTH_COMMUNE,
    (Grain.MONTH, False, True): Shape.MONTH_PROCEDURE,
    (Grain.MONTH, False, False): Shape.MONTH_PROCEDURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which dossiers: all, of one commune, of some procedures."""

    commune: str | None = None
    procedures: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """Sums before a period and within it."""

    before: Sums
    within: Sums


def sums_by(connection: Connection, period: Period, column: str | None, chosen: Slice) -> dict[str, Around]:
    """Sums before and within a period by "commune" or "procedure" (or "" for all together)."""
    before = _summed(connection, period.before(), column, chosen)
    within = _summed(connection, period.within(), column, chosen)
    keys = sorted(before.keys() | within.keys())
    return {key: Around(before.get(key, _NOTHING), within.get(key, _NOTHING)) for key in keys}


def sums_before(
    connection: Connection,
    period: Period,
    column: str | None,
    chosen: Slice,
    keys: Collection[str] | None = None,
) -> dict[str, Sums]:
    """Sums of everything before a period, by column; only of `keys` where they are given."""
    return _summed(connection, period.before(), column, chosen, keys)


def sums_by_period(connection: Connection, piece: Piece, chosen: Slice) -> dict[int, Sums]:
    """Sums of each day or month of a piece."""
    rows = connection.execute(_query(piece, "period", chosen))
    return {row[0]: _sums(row[1:]) for row in rows}


def sums_by_both(
    connection: Connection,
    piece: Piece,
    column: str | None,
    chosen: Slice,
    *,
    starts: Sequence[int],
    keys: Collection[str] | None = None,
) -> dict[str, dict[int, Sums]]:
    """Sums by "commune" or "procedure" (or "" for all together), and by the number of the stretch that holds the day or
    month: `starts` are the first periods of the stretches, in order. Added up by the database: days are many."""
    later = [(TALLY.c.period >= start, number) for number, start in reversed(list(enumerate(starts)))]
    stretch = case(*later, else_=0)
    query = _query(piece, column, chosen, keys).add_columns(stretch).group_by(stretch)
    found: dict[str, dict[int, Sums]] = {}
    for row in connection.execute(query).all():
        found.setdefault(row[0], {})[row[-1]] = _sums(row[1:-1])
    return found


def _summed(
    connection: Connection,
    pieces: Iterable[Piece],
    column: str | None,
    chosen: Slice,
    keys: Collection[str] | None = None,
) -> dict[str, Sums]:
    found: dict[str, dict[Metric, int]] = {}
    for piece in pieces:
        for row in connection.execute(_query(piece, column, chosen, keys)).all():
            total = found.setdefault(row[0], dict.fromkeys(_METRICS, 0))
            for metric, amount in zip(_METRICS, row[1:], strict=True):
                total[metric] += amount or 0
    return dict(found)


def _query(piece: Piece, column: str | None, chosen: Slice, keys: Collection[str] | None = None) -> Any:
    by_commune = column == "commune" or chosen.commune is not None
    by_procedure = column == "procedure" or chosen.procedures is not None
    shape = _SHAPES[piece.grain, by_commune, by_procedure]
    sums = [func.sum(TALLY.c[measure]) for measure in MEASURES]
    key: Any = TALLY.c[column] if column else literal("")
    if column == "commune" and chosen.procedures is not None:
        # As an expression, so that the planner seeks the procedures and does not walk all communes in order.
        key = key.concat("")
    query = select(key, *sums)
    query = query.where(
        TALLY.c.shape == int(shape), TALLY.c.period >= piece.first, TALLY.c.period <= piece.last
    )
    # What a shape leaves out is said too: then an index leads to the rows of the period.
    if chosen.commune is not None or not by_commune:
        query = query.where(TALLY.c.commune == (chosen.commune or ""))
    if chosen.procedures is not None:
        query = query.where(TALLY.c.procedure.in_(chosen.procedures))
    elif not by_procedure and by_commune:
        query = query.where(TALLY.c.procedure == "")
    if column and keys is not None:
        query = query.where(TALLY.c[column].in_(keys))
    return query.group_by(key) if column else query


def _sums(amounts: Iterable[int | None]) -> Sums:
    return {metric: amount or 0 for metric, amount in zip(_METRICS, amounts, strict=True)}
