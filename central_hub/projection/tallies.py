"""Counters rolled up by day and month, by commune and procedure: what makes every figure cheap.

A dossier contributes to the day on which something happened to it. Stocks (carried over, processing, overdue) are sums
of such events up to a day, so no counter has to be moved from day to day. When a dossier changes, its old contributions
are taken back and its new ones added, in memory for a whole batch, and written once.

Each contribution is kept in six shapes, by day and by month each: of commune and procedure, of the commune alone, of
the procedure alone. A page of the whole province then reads hundreds of rows, not all there are.
"""

from collections.abc import Iterator
from enum import IntEnum

from sqlalchemy import Connection, and_, bindparam, delete

from central_hub.projection.rows import DossierRow
from central_hub.store.bulk import add_to_rows
from central_hub.store.tables import MEASURES, TALLY
from dossiers.axes import Channel
from dossiers.deadlines import Timeliness
from dossiers.views import EndedAs


class Shape(IntEnum):
    """How a row of `tally` is rolled up."""

    DAY = 1
    MONTH = 2
    DAY_COMMUNE = 3
    MONTH_COMMUNE = 4
    DAY_PROCEDURE = 5
    MONTH_PROCEDURE = 6


KEYS = ("shape", "commune", "procedure", "period")
_INDEX = {name: position for position, name in enumerate(MEASURES)}
_RECEIVED = {
    int(Channel.ONLINE): _INDEX["online"],
    int(Channel.DIRECT): _INDEX["direct"],
    int(Channel.POSTAL): _INDEX["postal"],
}
_SOLVED = {
    Timeliness.EARLY.value: _INDEX["early"],
    Timeliness.ON_TIME.value: _INDEX["on_time"],
    Timeliness.LATE.value: _INDEX["late"],
}
_WITHDRAWN, _REFUSED = _INDEX["withdrawn"], _INDEX["refused"]
_BEGUN, _ENDED = _INDEX["overdue_begun"], _INDEX["overdue_ended"]
_NOTHING = (0,) * len(MEASURES)


def contributions(row: DossierRow) -> Iterator[tuple[int, int]]:
    """(measure, day) for everything that a dossier counts for."""
    if row.accepted_day is None:
        return
    yield _RECEIVED.get(row.channel, _INDEX["direct"]), row.accepted_day
    finished = row.finished_day
    if finished is not None:
        if row.ended_as == EndedAs.SOLVED:
            yield _SOLVED[row.timeliness], finished
        else:
            yield (_WITHDRAWN if row.ended_as == EndedAs.WITHDRAWN else _REFUSED), finished
    begun = row.overdue_day
    if begun is not None and (finished is None or begun < finished):
        yield _BEGUN, max(begun, row.accepted_day)
        if finished is not None:
            yield _ENDED, finished


class TallyChanges:
    """What a batch changes, by commune, procedure and day."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str, int], list[int]] = {}

    def replace(self, old: DossierRow | None, new: DossierRow) -> None:
        """A dossier changed: take its old contributions back, add the new ones."""
        if old is not None:
            if old[1:15] == new[1:15]:
                return
            self._add(old, -1)
        self._add(new, 1)

    def write(self, connection: Connection) -> None:
        """Add everything to the counters, and drop those that became nothing."""
        rolled: dict[tuple[int, str, str, int], list[int]] = {}
        for (commune, procedure, day), amounts in self._changes.items():
            month = day // 100
            for key in (
                (Shape.DAY, commune, procedure, day),
                (Shape.MONTH, commune, procedure, month),
                (Shape.DAY_COMMUNE, commune, "", day),
                (Shape.MONTH_COMMUNE, commune, "", month),
                (Shape.DAY_PROCEDURE, "", procedure, day),
                (Shape.MONTH_PROCEDURE, "", procedure, month),
            ):
                total = rolled.get(key)
                if total is None:
                    rolled[key] = list(amounts)
                else:
                    for position, amount in enumerate(amounts):
                        total[position] += amount
        changed = {key: amounts for key, amounts in rolled.items() if any(amounts)}
        rows = [(int(key[0]), *key[1:], *amounts) for key, amounts in sorted(changed.items())]
        add_to_rows(connection, TALLY, KEYS, MEASURES, rows)
        _drop_empty(connection, [row[:4] for row in rows if min(row[4:]) < 0])

    def _add(self, row: DossierRow, sign: int) -> None:
        commune, procedure = row.commune, row.procedure
        for measure, day in contributions(row):
            key = (commune, procedure, day)
            amounts = self._changes.get(key)
            if amounts is None:
                amounts = self._changes[key] = list(_NOTHING)
            amounts[measure] += sign


def _drop_empty(connection: Connection, keys: list[tuple[int, str, str, int]]) -> None:
    """Rows of zeros would make a rebuilt table differ from one that grew."""
    if keys:
        same = and_(*(TALLY.c[name] == bindparam(f"key_{name}") for name in KEYS))
        empty = and_(*(TALLY.c[name] == 0 for name in MEASURES))
        named = [dict(zip((f"key_{name}" for name in KEYS), key, strict=True)) for key in keys]
        connection.execute(delete(TALLY).where(same, empty), named)
