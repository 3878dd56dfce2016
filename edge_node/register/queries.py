"""The month's book from the list table. A row's number in the book never depends on what is filtered."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from edge_node.register.forms import Month, Show

# What was never accepted (only registered online, or turned away at the desk) is not in the book.
_BOOK: Final = """
    WITH book AS (
        SELECT row_number() OVER (ORDER BY received, number) AS ordinal, id, status, procedure, due, finished,
               ended_as, timeliness, handed_over
        FROM dossier
        WHERE received >= :start AND received < :end AND commune = :unit AND status NOT IN (1, 3)
    )
"""
# From each end of the index on `received`: min and max in one question would read every dossier.
_END: Final = (
    "(SELECT received FROM dossier WHERE received IS NOT NULL AND commune = ?1 ORDER BY received {} LIMIT 1)"
)
_MONTHS: Final = f"SELECT {_END.format('ASC')}, {_END.format('DESC')}"
_SHOWN: Final = {
    Show.ALL: "1",
    Show.OPEN: "finished IS NULL",
    Show.READY: "status = 9",
    Show.RETURNED: "status = 10",
    Show.LATE: "(timeliness = 'late' OR (finished IS NULL AND due < :now))",
    Show.WITHDRAWN: "ended_as = 'withdrawn'",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the book: its number in the month, and the dossier."""

    ordinal: int
    dossier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a query is about. `procedures` None: of every field."""

    unit: str
    month: Month
    show: Show
    procedures: Collection[str] | None
    now_ms: int


def lines(db: Database, asked: Asked, *, limit: int, offset: int = 0) -> list[Line]:
    where, values = _where(asked, asked.show)
    rows = db.conn.execute(
        f"{_BOOK} SELECT ordinal, id FROM book WHERE {where} ORDER BY ordinal LIMIT :limit OFFSET :offset",  # noqa: S608
        {**values, "limit": limit, "offset": offset},
    )
    return [Line(ordinal, dossier.hex()) for ordinal, dossier in rows]


def counts(db: Database, asked: Asked) -> dict[Show, int]:
    """How many rows each filter would show."""
    where, values = _where(asked, Show.ALL)
    sums = ", ".join(f"ifnull(sum({_SHOWN[show]}), 0)" for show in Show)
    row = db.conn.execute(f"{_BOOK} SELECT {sums} FROM book WHERE {where}", values).fetchone()  # noqa: S608
    return dict(zip(Show, row, strict=True))


def procedures_in(db: Database, asked: Asked) -> set[str]:
    """Codes of the procedures that occur in the month."""
    where, values = _where(asked, Show.ALL)
    rows = db.conn.execute(f"{_BOOK} SELECT DISTINCT procedure FROM book WHERE {where}", values)  # noqa: S608
    return {row[0] for row in rows if row[0]}


def months(db: Database, unit: str) -> tuple[int, int] | None:
    """The earliest and the latest instant of receipt, or None while the book is empty."""
    row = db.conn.execute(_MONTHS, (unit,)).fetchone()
    return None if row[0] is None else (row[0], row[1])


def _where(asked: Asked, show: Show) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "start": asked.month.start_ms,
        "end": asked.month.end_ms,
        "unit": asked.unit,
        "now": asked.now_ms,
    }
    if asked.procedures is None:
        return _SHOWN[show], values
    names = {f"p{index}": code for index, code in enumerate(sorted(asked.procedures))}
    wanted = ", ".join(f":{name}" for name in names) or "NULL"
    return f"{_SHOWN[show]} AND procedure IN ({wanted})", {**values, **names}
