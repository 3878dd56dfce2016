"""Counters rolled up by day and month, by commune and procedure: what makes every figure cheap.

A dossier contributes to the day on which something happened to it (`dossiers.statistics`). Stocks (carried over,
processing, overdue) are sums of such events up to a day, so nothing has to be moved from day to day. When a dossier
changes, its old contributions are taken back and its new ones added, in memory for a whole batch, and written once.

Each contribution is kept in six shapes, by day and by month each: of commune and procedure, of the commune alone, of
the procedure alone. A page of the whole province then reads hundreds of rows, not all there are.
"""

from enum import IntEnum

from sqlalchemy import Connection, and_, bindparam, delete

from central_hub.projection.rows import DossierRow, counted_events, tenures_of, unit_counting
from central_hub.store.bulk import add_to_rows
from central_hub.store.tables import MEASURES, TALLY
from dossiers.statistics import MOVING


class Shape(IntEnum):
    """How a row of `tally` is rolled up."""

    DAY = 1
    MONTH = 2
    DAY_COMMUNE = 3
    MONTH_COMMUNE = 4
    DAY_PROCEDURE = 5
    MONTH_PROCEDURE = 6


KEYS = ("shape", "commune", "procedure", "period")
_NOTHING = (0,) * len(MEASURES)
_STAYING = len(MEASURES) - len(MOVING)
"""The measures before this position; those of what moves between units are the last."""


class TallyChanges:
    """What a batch changes, by commune, procedure and day."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str, int], list[int]] = {}

    def replace(self, old: DossierRow | None, new: DossierRow | None) -> None:
        """A dossier changed, or nothing of it stands any more: take its old contributions back, add the new ones."""
        if old is not None:
            if new is not None and (old.counted, old.commune, old.procedure, old.tenures) == (
                new.counted,
                new.commune,
                new.procedure,
                new.tenures,
            ):
                return
            self._add(old, -1)
        if new is not None:
            self._add(new, 1)

    def write(self, connection: Connection) -> None:
        """Add everything to the counters, and drop those that became nothing."""
        rolled: dict[tuple[int, str, str, int], list[int]] = {}
        for (commune, procedure, day), amounts in self._changes.items():
            if any(amounts):
                _roll_up(rolled, commune, procedure, day, amounts)
        changed = [(key, amounts) for key, amounts in sorted(rolled.items()) if any(amounts)]
        add_to_rows(connection, TALLY, KEYS, MEASURES, [(*key, *amounts) for key, amounts in changed])
        _drop_empty(connection, [key for key, amounts in changed if min(amounts) < 0])

    def _add(self, row: DossierRow, sign: int) -> None:
        tenures, procedure = tenures_of(row), row.procedure
        for metric, day in counted_events(row.counted):
            key = (unit_counting(tenures, day, metric), procedure, day)
            amounts = self._changes.get(key)
            if amounts is None:
                amounts = self._changes[key] = list(_NOTHING)
            amounts[metric] += sign


def _roll_up(
    rolled: dict[tuple[int, str, str, int], list[int]],
    commune: str,
    procedure: str,
    day: int,
    amounts: list[int],
) -> None:
    month = day // 100
    for key in (
        (1, commune, procedure, day),
        (2, commune, procedure, month),
        (3, commune, "", day),
        (4, commune, "", month),
        (5, "", procedure, day),
        (6, "", procedure, month),
    ):
        # For all communes together nothing moves: what one handed on another took over.
        counted = amounts if key[1] else amounts[:_STAYING] + [0] * (len(amounts) - _STAYING)
        total = rolled.get(key)
        if total is None:
            rolled[key] = list(counted)
        else:
            for position, amount in enumerate(counted):
                total[position] += amount


def _drop_empty(connection: Connection, keys: list[tuple[int, str, str, int]]) -> None:
    """Rows of zeros would make a rebuilt table differ from one that grew."""
    if keys:
        same = and_(*(TALLY.c[name] == bindparam(f"key_{name}") for name in KEYS))
        empty = and_(*(TALLY.c[name] == 0 for name in MEASURES))
        named = [dict(zip((f"key_{name}" for name in KEYS), key, strict=True)) for key in keys]
        connection.execute(delete(TALLY).where(same, empty), named)
