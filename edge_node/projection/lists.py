"""Questions to the list table: search as you type, filters, single rows, and how far each dossier has travelled.

Searching walks the index from the newest dossier on and stops when the page is full: nothing counts or sorts all matches.
What is typed is folded like what was indexed; every word must occur, the last one may be unfinished.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from dossiers.text import fold_text
from dossiers.units import load_default_units
from edge_node.keyring.trust import office_log_ids

PAGE_MAX: Final = 500
_WORD: Final = re.compile(r"[0-9a-z\u0080-\uffff]+")
_WORDS_MAX: Final = 12


class Trail(StrEnum):
    """How far a dossier has travelled: as far as that record of this office's PCs which has come least far."""

    HERE = "here"
    ARRIVED = "arrived"
    JUDGED = "judged"


class Order(StrEnum):
    """The orders a list can have; searching by text always gives the newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    DUE_LAST = "due_last"
    FINISHED = "finished"
    PROCEDURE = "procedure"
    PROCEDURE_BACKWARDS = "procedure_backwards"
    STATUS = "status"
    STATUS_BACKWARDS = "status_backwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRow:
    """A dossier in a list. Instants in milliseconds; `assigned` is an officer id."""

    number: int
    id: str
    commune: str
    keeper: str
    code: str | None
    provisional: str | None
    status: int | None
    procedure: str | None
    procedure_version: int | None
    applicant: str | None
    owner: str | None
    id_number: str | None
    summary: str | None
    channel: int | None
    receiving: str | None
    competent: str | None
    received: int | None
    due: int | None
    original_due: int | None
    deadline: int | None
    is_paused: bool
    finished: int | None
    ended_as: str | None
    timeliness: str | None
    handed_over: int | None
    finance: str
    delivery: str
    assigned: str | None
    conflicts: int
    refused: int
    records: int
    changed: int
    trail: Trail

    @property
    def display_code(self) -> str | None:
        return self.code or self.provisional


class Way(StrEnum):
    """What brought a dossier between units: `IN` from another, `OUT` with another now, `DEPARTMENT` with a department
    now, `BACK` sent somewhere that is over."""

    IN = "in"
    OUT = "out"
    DEPARTMENT = "department"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFilter:
    """What a list shows; every member that is given narrows it.

    Attributes:
        text: words typed into the search field.
        is_open: processing has not ended; `due_from`/`due_until` and the like bound instants (from ≤ x < until).
        needs_attention: an open difference, or a record that the province refused.
        is_unsent: has a record that the province does not hold yet.
        way, unit: how the dossier stands between `unit` (this office) and others.
    """

    text: str = ""
    statuses: tuple[int, ...] = ()
    procedures: tuple[str, ...] = ()
    channel: int | None = None
    assigned: str | None = None
    is_open: bool | None = None
    is_paused: bool | None = None
    timeliness: str | None = None
    ended_as: str | None = None
    received_from: int | None = None
    received_until: int | None = None
    due_from: int | None = None
    due_until: int | None = None
    finished_from: int | None = None
    finished_until: int | None = None
    id_number: str | None = None
    needs_attention: bool = False
    is_unsent: bool = False
    way: Way | None = None
    unit: str = ""


_NOT_REACHED: Final = (
    "EXISTS (SELECT 1 FROM dossier_reach LEFT JOIN receipt_log ON receipt_log.log = dossier_reach.log "
    "WHERE dossier_reach.dossier = dossier.number AND dossier_reach.seq >= ifnull(receipt_log.{}, 0))"
)
_TRAIL: Final = (
    f"CASE WHEN {_NOT_REACHED.format('held')} THEN 'here' "
    f"WHEN {_NOT_REACHED.format('judged')} THEN 'arrived' ELSE 'judged' END"
)
_UNSENT: Final = (
    "dossier.number IN (SELECT dossier_reach.dossier FROM log LEFT JOIN receipt_log ON receipt_log.log = log.id "
    "JOIN dossier_reach ON dossier_reach.log = log.id AND dossier_reach.seq >= ifnull(receipt_log.held, 0))"
)
_COLUMNS: Final = tuple(name for name in DossierRow.__dataclass_fields__ if name != "trail")
_SELECT: Final = f"SELECT {', '.join(f'dossier.{name}' for name in _COLUMNS)}, {_TRAIL} FROM dossier"  # noqa: S608
_SEARCH: Final = "JOIN dossier_search ON dossier_search.rowid = dossier.number"


def find_dossiers(
    db: Database,
    wanted: DossierFilter = DossierFilter(),
    *,
    order: Order = Order.NEWEST,
    limit: int = 50,
    offset: int = 0,
) -> list[DossierRow]:
    """One page of a list."""
    conditions, values = _conditions(wanted)
    is_search = any("MATCH" in condition for condition in conditions)
    sql = f"{_SELECT} {_SEARCH if is_search else ''}{_where(conditions)} ORDER BY {_order(order, is_search)} LIMIT ? OFFSET ?"
    rows = db.conn.execute(sql, [*values, min(limit, PAGE_MAX), offset])
    return [_row(row) for row in rows]


def count_dossiers(
    db: Database,
    wanted: DossierFilter = DossierFilter(),
    *,
    at_most: int = 1000,
) -> int:
    """How many dossiers a list has, counted no further than `at_most` (a page then says "1.000+")."""
    conditions, values = _conditions(wanted)
    join = _SEARCH if any("MATCH" in condition for condition in conditions) else ""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM dossier {join}{_where(conditions)} LIMIT ?)"  # noqa: S608
    return int(db.conn.execute(sql, [*values, at_most]).fetchone()[0])


def dossier_row(db: Database, dossier: str) -> DossierRow | None:
    """One dossier by id."""
    row = db.conn.execute(f"{_SELECT} WHERE dossier.id = ?", (bytes.fromhex(dossier),)).fetchone()
    return _row(row) if row else None


def find_by_code(db: Database, code: str) -> list[DossierRow]:
    """Dossiers that were ever given this official or provisional code: a slip stays valid for ever.

    More than one only where two PCs clashed.
    """
    rows = db.conn.execute(
        f"{_SELECT} WHERE dossier.id IN (SELECT dossier FROM given_code WHERE code = ?)",  # noqa: S608
        (code,),
    )
    return [_row(row) for row in rows]


def newest_by_id_number(db: Database, id_number: str) -> DossierRow | None:
    """The applicant's latest dossier here, to fill a new form from."""
    found = find_dossiers(db, DossierFilter(id_number=id_number), limit=1)
    return found[0] if found else None


def record_trails(db: Database, dossier: str) -> dict[str, Trail]:
    """How far each record of a dossier has travelled, by record id; what is no PC's of this office came from the province."""
    offices = office_log_ids(db)
    rows = db.conn.execute(
        "SELECT record.id, CASE WHEN record.seq < receipt_log.judged THEN 'judged' "
        "WHEN record.seq < receipt_log.held THEN 'arrived' ELSE 'here' END, log.id "
        "FROM record JOIN log ON log.number = record.log LEFT JOIN receipt_log ON receipt_log.log = log.id "
        "WHERE record.dossier = ?",
        (bytes.fromhex(dossier),),
    )
    guests = db.conn.execute("SELECT id FROM foreign_record WHERE dossier = ?", (bytes.fromhex(dossier),))
    return {row[0].hex(): Trail.JUDGED for row in guests} | {
        row[0].hex(): Trail(row[1]) if row[2] in offices else Trail.JUDGED for row in rows
    }


def match_expression(text: str) -> str | None:
    """The full-text query for what was typed, or None when it holds no word."""
    words = _WORD.findall(fold_text(text))[:_WORDS_MAX]
    return " AND ".join(f'"{word}"*' for word in words) or None


def _conditions(wanted: DossierFilter) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []

    def narrow(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    if expression := match_expression(wanted.text):
        narrow("dossier_search MATCH ?", expression)
    for column, chosen in (("status", wanted.statuses), ("procedure", wanted.procedures)):
        if chosen:
            narrow(f"dossier.{column} IN ({', '.join('?' for _ in chosen)})", *chosen)
    for column in ("channel", "assigned", "timeliness", "ended_as", "id_number"):
        value = getattr(wanted, column)
        if value is not None:
            narrow(f"dossier.{column} = ?", value)
    if wanted.due_from is not None:
        narrow("dossier.due_order >= ? AND dossier.due IS NOT NULL", wanted.due_from)
    if wanted.due_until is not None:
        narrow("dossier.due_order < ?", wanted.due_until)
    for column in ("received", "finished"):
        if (start := getattr(wanted, f"{column}_from")) is not None:
            narrow(f"dossier.{column} >= ?", start)
        if (end := getattr(wanted, f"{column}_until")) is not None:
            narrow(f"dossier.{column} < ?", end)
    if wanted.is_open is not None:
        narrow(f"dossier.finished IS {'' if wanted.is_open else 'NOT '}NULL")
    if wanted.is_paused is not None:
        narrow("dossier.is_paused = ?", int(wanted.is_paused))
    if wanted.needs_attention:
        narrow("(dossier.conflicts > 0 OR dossier.refused > 0)")
    if wanted.is_unsent:
        narrow(_UNSENT)
    if wanted.way is not None:
        narrow(*_on_its_way(wanted.way, wanted.unit))
    return conditions, values


def _on_its_way(way: Way, unit: str) -> tuple[str, ...]:
    legs = "dossier.id IN (SELECT leg.dossier FROM leg WHERE {})"
    match way:
        case Way.IN:
            return legs.format("leg.unit = ?"), unit
        case Way.OUT:
            return legs.format("leg.unit <> ? AND leg.is_open = 1"), unit
        case Way.BACK:
            return legs.format("leg.unit <> ? AND leg.is_open = 0"), unit
        case Way.DEPARTMENT:
            codes = [each.code for each in load_default_units().departments]
            marks = ", ".join("?" for _ in codes)
            return legs.format(f"leg.unit <> ? AND leg.is_open = 1 AND leg.unit IN ({marks})"), unit, *codes


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _order(order: Order, is_search: bool) -> str:
    if is_search:
        return "dossier_search.rowid DESC"
    return {
        Order.NEWEST: "dossier.number DESC",
        Order.OLDEST: "dossier.number",
        Order.DUE: "dossier.due_order, dossier.number",
        Order.DUE_LAST: "dossier.due_order DESC, dossier.number DESC",
        Order.PROCEDURE: "dossier.procedure, dossier.number",
        Order.PROCEDURE_BACKWARDS: "dossier.procedure DESC, dossier.number DESC",
        Order.STATUS: "dossier.status, dossier.number",
        Order.STATUS_BACKWARDS: "dossier.status DESC, dossier.number DESC",
        Order.FINISHED: "dossier.finished DESC, dossier.number DESC",
    }[order]


def _row(row: tuple[Any, ...]) -> DossierRow:
    values = dict(zip(_COLUMNS, row, strict=False))
    values["id"] = values["id"].hex()
    values["is_paused"] = bool(values["is_paused"])
    return DossierRow(trail=Trail(row[-1]), **values)
