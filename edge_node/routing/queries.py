"""What is on its way: legs and slips from the derived tables, one page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import orjson
from sqlite_utils import Database

_LEGS: Final = (
    "SELECT leg.record, leg.dossier, leg.sender, leg.unit, leg.is_referral, leg.state, leg.is_open, leg.at, leg.deadline, "
    "leg.ended FROM leg JOIN dossier ON dossier.id = leg.dossier "
)
_SIDES: Final = {
    "in": "leg.unit IN (SELECT value FROM json_each(:units))",
    "out": "leg.unit NOT IN (SELECT value FROM json_each(:units)) AND (leg.sender IN (SELECT value FROM json_each(:units)) "
    "OR dossier.commune IN (SELECT value FROM json_each(:units)))",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """A leg in a list; instants in milliseconds."""

    record: str
    dossier: str
    sender: str
    unit: str
    is_referral: bool
    state: str
    is_open: bool
    at: int
    deadline: int | None
    ended: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipRow:
    """A slip in a list: so many dossiers, of which so many were signed for, and papers that were missing."""

    slip: str
    sender: str
    unit: str
    at: int
    dossiers: int
    taken: int
    missing: int


def _these(units: Collection[str]) -> str:
    return orjson.dumps(sorted(units)).decode()


def legs(
    db: Database, units: Collection[str], *, side: str, is_open: bool, limit: int, offset: int = 0
) -> list[LegRow]:
    """Legs to these units (`in`) or from them (`out`), an office's own and those before it; the oldest open ones first, the newest ended ones first."""
    order = "leg.at, leg.record" if is_open else "leg.at DESC, leg.record"
    rows = db.conn.execute(
        f"{_LEGS} WHERE {_SIDES[side]} AND leg.is_open = :open ORDER BY {order} LIMIT :limit OFFSET :offset",
        {"units": _these(units), "open": int(is_open), "limit": limit, "offset": offset},
    )
    return [
        LegRow(
            record=row[0].hex(),
            dossier=row[1].hex(),
            sender=row[2],
            unit=row[3],
            is_referral=bool(row[4]),
            state=row[5],
            is_open=bool(row[6]),
            at=row[7],
            deadline=row[8],
            ended=row[9],
        )
        for row in rows
    ]


def count_legs(db: Database, units: Collection[str], *, side: str, is_open: bool) -> int:
    """How many such legs there are."""
    sql = f"SELECT count(*) FROM leg JOIN dossier ON dossier.id = leg.dossier WHERE {_SIDES[side]} AND leg.is_open = :open"  # noqa: S608
    return int(db.conn.execute(sql, {"units": _these(units), "open": int(is_open)}).fetchone()[0])


def waiting_here(db: Database, units: Collection[str]) -> int:
    """Legs to these units that nobody has accepted yet."""
    row = db.conn.execute(
        "SELECT count(*) FROM leg WHERE unit IN (SELECT value FROM json_each(?)) AND is_open = 1 AND state = 'waiting'",
        (_these(units),),
    ).fetchone()
    return int(row[0])


def slips(db: Database, *, limit: int) -> list[SlipRow]:
    """The newest slips, whichever side wrote them."""
    rows = db.conn.execute(
        "SELECT slip, min(sender), min(unit), min(at), count(*), count(taken), sum(missing) FROM handed "
        "GROUP BY slip ORDER BY min(at) DESC, slip LIMIT ?",
        (limit,),
    )
    return [
        SlipRow(
            slip=row[0], sender=row[1], unit=row[2], at=row[3], dossiers=row[4], taken=row[5], missing=row[6]
        )
        for row in rows
    ]


def dossiers_of_slip(db: Database, slip: str) -> list[str]:
    """The dossiers on a slip."""
    rows = db.conn.execute("SELECT dossier FROM handed WHERE slip = ? ORDER BY at, record", (slip,))
    return [row[0].hex() for row in rows]
