"""The dossiers behind a figure: the same definitions as the counters, asked of the rows of dossiers, page by page.

How many there are is taken from the counters, so a list and the figure that leads to it show one number; a test proves
that the rows add up to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)

from central_hub.routing.wish import Wish, leg_conditions
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Report, Statistics
from central_hub.store.bulk import chunks
from central_hub.store.tables import DOSSIER, LEG, OVERDUE_BEFORE, TENURE
from dossiers.axes import Channel
from dossiers.deadlines import Timeliness
from dossiers.genealogy import NEVER
from dossiers.statistics import ReportRow
from dossiers.views import EndedAs

PAGE_ROWS = 50
_D = DOSSIER.c


class Figure(StrEnum):
    """Every figure of a report that a list stands behind."""

    RECEIVED = "received"
    IN_PERIOD = "in_period"
    ONLINE = "online"
    OTHER = "other"
    CARRIED_OVER = "carried_over"
    SOLVED = "solved"
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    PROCESSING = "processing"
    IN_TERM = "in_term"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierLine:
    """One dossier in a list. No personal data."""

    dossier: str
    code: str
    commune: str
    procedure: str
    status: int
    channel: int
    received_ms: int | None
    due_ms: int | None
    finished_ms: int | None
    ended_as: str
    timeliness: str
    is_overdue: bool
    conflicts: int


SORTS: Final = {
    "code": _D.code,
    "procedure": _D.procedure,
    "received": _D.received_ms,
    "due": _D.due_ms,
    "finished": _D.finished_ms,
    "status": _D.status,
}
"""The columns by which a list may be ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a list is narrowed beyond its figure, and ordered.

    Attributes:
        routed: only dossiers with such a leg; None where routing does not matter.
        sort: one of SORTS; another word is the figure's own order, the newest first.
    """

    routed: Wish | None = None
    sort: str = ""
    is_backwards: bool = False
    now_ms: int = 0


_AS_IT_IS: Final = Listing()


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierPage:
    """One page of a list; `total` counts all pages."""

    lines: tuple[DossierLine, ...]
    total: int
    page: int
    pages: int


def value_of(row: ReportRow, figure: Figure) -> int:
    """The number that a report shows for a figure."""
    if figure is Figure.IN_PERIOD:
        return row.online + row.other
    found: int = getattr(row, figure.value)
    return found


def dossier_page(
    connection: Connection,
    statistics: Statistics,
    period: Period,
    figure: Figure,
    chosen: Filter,
    *,
    today: int,
    page: int = 1,
    page_rows: int = PAGE_ROWS,
    listing: Listing = _AS_IT_IS,
) -> DossierPage:
    """One page of the dossiers that a figure counts, or of those among them that were routed as `listing` says."""
    past = period.until(today)
    wanted = [condition(past, figure, chosen.commune), *_chosen(statistics, chosen)]
    if listing.routed is None:
        report: Report = statistics.report(period, Group.MONTH, chosen)
        total = value_of(report.total, figure)
    else:
        wanted.append(_has_leg(listing.routed, listing.now_ms))
        total = connection.scalar(select(func.count()).select_from(DOSSIER).where(*wanted)) or 0
    pages = max(1, -(-total // page_rows))
    page = min(max(1, page), pages)
    query = (
        select(DOSSIER)
        .where(*wanted)
        .order_by(*_order(figure, listing))
        .limit(page_rows)
        .offset((page - 1) * page_rows)
    )
    lines = tuple(_line(row, past.last) for row in connection.execute(query))
    return DossierPage(lines=lines, total=total, page=page, pages=pages)


def find_by_code(
    connection: Connection, text: str, *, today: int, limit: int = 20
) -> tuple[DossierLine, ...]:
    """Dossiers whose code begins with what was typed."""
    typed = text.strip().upper()
    if not typed:
        return ()
    query = select(DOSSIER).where(_D.code >= typed, _D.code < typed + "\uffff").order_by(_D.code).limit(limit)
    return tuple(_line(row, today) for row in connection.execute(query))


def codes_of(connection: Connection, dossiers: Iterable[str]) -> dict[str, str]:
    """The codes of those dossiers that have a row, "" where one has no number yet."""
    found: dict[str, str] = {}
    for part in chunks(dict.fromkeys(bytes.fromhex(dossier) for dossier in dossiers)):
        for row in connection.execute(select(_D.id, _D.code).where(_D.id.in_(part))):
            found[bytes(row.id).hex()] = row.code
    return found


def find_dossier(connection: Connection, dossier: str, *, today: int) -> DossierLine | None:
    """One dossier by id."""
    row = connection.execute(select(DOSSIER).where(_D.id == bytes.fromhex(dossier))).first()
    return None if row is None else _line(row, today)


def count_by_scan(
    connection: Connection,
    statistics: Statistics,
    period: Period,
    figure: Figure,
    chosen: Filter,
    *,
    today: int,
) -> int:
    """The figure counted from the rows of dossiers: slow; for tests and `doctor`."""
    found = condition(period.until(today), figure, chosen.commune)
    query = select(func.count()).select_from(DOSSIER).where(found, *_chosen(statistics, chosen))
    return connection.scalar(query) or 0


def condition(period: Period, figure: Figure, commune: str | None = None) -> ColumnElement[bool]:
    """Which rows of `dossier` a figure of a (past) period counts; for one commune, those that it counts."""
    if commune is None:
        return _plain(period, figure)
    moved = exists().where(TENURE.c.id == _D.id)
    in_a_tenure = exists().where(
        TENURE.c.id == _D.id,
        TENURE.c.commune == commune,
        _within(period, figure, TENURE.c.since, TENURE.c.until),
    )
    return or_(and_(_D.commune == commune, ~moved, _plain(period, figure)), in_a_tenure)


def _plain(period: Period, figure: Figure) -> ColumnElement[bool]:
    """What is counted where one unit holds a dossier always, or where all units are counted together."""
    first, last = period.first, period.last
    came_within = and_(_D.accepted_day >= first, _D.accepted_day <= last)
    carried = and_(_D.accepted_day < first, or_(_D.finished_day.is_(None), _D.finished_day >= first))
    ended_within = and_(_D.finished_day >= first, _D.finished_day <= last, _D.accepted_day.is_not(None))
    is_open = and_(_D.accepted_day <= last, or_(_D.finished_day.is_(None), _D.finished_day > last))
    is_overdue = _overdue_before(literal(last + 1))
    return _Kinds(came_within, carried, ended_within, is_open, is_overdue).of(figure)


def _within(
    period: Period, figure: Figure, since: ColumnElement[int], until: ColumnElement[int]
) -> ColumnElement[bool]:
    """What a unit counts that holds a dossier from the day `since` on, before the day `until` (`dossiers.statistics`)."""
    first, last = period.first, period.last
    is_received_here = and_(_D.accepted_day >= since, _D.accepted_day < until)
    is_ended_here = and_(_D.finished_day >= since, _D.finished_day < until)
    left = case((is_ended_here, _D.finished_day), else_=until)
    is_here = and_(
        _D.accepted_day.is_not(None),
        _D.accepted_day < until,
        or_(_D.finished_day.is_(None), _D.finished_day >= since),
    )
    came_within = and_(is_received_here, _D.accepted_day >= first, _D.accepted_day <= last)
    is_older = or_(_D.accepted_day < first, _D.accepted_day < since)
    carried = and_(is_here, is_older, since <= last, _D.accepted_day <= last, left >= first)
    ended_within = and_(
        is_ended_here, _D.finished_day >= first, _D.finished_day <= last, _D.accepted_day.is_not(None)
    )
    is_handed_on = and_(~func.coalesce(is_ended_here, false()), until <= last)
    is_open_there = and_(
        is_here,
        since <= last,
        _D.accepted_day <= last,
        left >= first,
        or_(is_handed_on, left > last),
    )
    is_overdue = or_(
        and_(is_handed_on, _overdue_before(until)), and_(~is_handed_on, _overdue_before(literal(last + 1)))
    )
    return _Kinds(came_within, carried, ended_within, is_open_there, is_overdue).of(figure)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The few conditions of which every figure is made."""

    came_within: ColumnElement[bool]
    carried: ColumnElement[bool]
    ended_within: ColumnElement[bool]
    is_open: ColumnElement[bool]
    is_overdue: ColumnElement[bool]

    def of(self, figure: Figure) -> ColumnElement[bool]:
        """What makes a dossier count in this figure."""
        is_solved = and_(self.ended_within, _D.ended_as == EndedAs.SOLVED.value)
        conditions: dict[Figure, ColumnElement[bool]] = {
            Figure.RECEIVED: or_(self.came_within, self.carried),
            Figure.IN_PERIOD: self.came_within,
            Figure.ONLINE: and_(self.came_within, _D.channel == int(Channel.ONLINE)),
            Figure.OTHER: and_(self.came_within, _D.channel != int(Channel.ONLINE)),
            Figure.CARRIED_OVER: self.carried,
            Figure.SOLVED: is_solved,
            Figure.EARLY: and_(is_solved, _D.timeliness == Timeliness.EARLY.value),
            Figure.ON_TIME: and_(is_solved, _D.timeliness == Timeliness.ON_TIME.value),
            Figure.LATE: and_(is_solved, _D.timeliness == Timeliness.LATE.value),
            Figure.PROCESSING: self.is_open,
            Figure.IN_TERM: and_(self.is_open, ~self.is_overdue),
            Figure.OVERDUE: and_(self.is_open, self.is_overdue),
            Figure.WITHDRAWN: and_(self.ended_within, _D.ended_as == EndedAs.WITHDRAWN.value),
            Figure.REFUSED: and_(self.ended_within, _D.ended_as == EndedAs.REFUSED.value),
        }
        return conditions[figure]


def _overdue_before(day: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a dossier is overdue at the end of the day before `day`."""
    now = and_(
        _D.overdue_day.is_not(None), _D.overdue_day < day, func.coalesce(_D.overdue_until, NEVER) >= day
    )
    earlier = exists().where(
        OVERDUE_BEFORE.c.id == _D.id, OVERDUE_BEFORE.c.since < day, OVERDUE_BEFORE.c.until >= day
    )
    return or_(now, earlier)


def _chosen(statistics: Statistics, chosen: Filter) -> list[ColumnElement[bool]]:
    part = statistics.slice_of(chosen)
    found: list[ColumnElement[bool]] = []
    if part.procedures is not None:
        found.append(_D.procedure.in_(part.procedures))
    return found


def _has_leg(wish: Wish, now_ms: int) -> ColumnElement[bool]:
    return exists().where(LEG.c.dossier == _D.id, *leg_conditions(wish, now_ms=now_ms))


def _order(figure: Figure, listing: Listing) -> tuple[Any, ...]:
    column = SORTS.get(listing.sort)
    if column is not None:
        # What has no date stands last, whichever way the rest is ordered.
        return column.is_(None), column.desc() if listing.is_backwards else column, _D.id
    ended = {Figure.SOLVED, Figure.EARLY, Figure.ON_TIME, Figure.LATE, Figure.WITHDRAWN, Figure.REFUSED}
    day = _D.finished_day if figure in ended else _D.accepted_day
    return day.desc(), _D.id.desc()


def _line(row: Row[Any], day: int) -> DossierLine:
    until = row.overdue_until
    is_overdue = row.overdue_day is not None and row.overdue_day <= day and (until is None or until > day)
    return DossierLine(
        dossier=row.id.hex(),
        code=row.code,
        commune=row.commune,
        procedure=row.procedure,
        status=row.status,
        channel=row.channel,
        received_ms=row.received_ms,
        due_ms=row.due_ms,
        finished_ms=row.finished_ms,
        ended_as=row.ended_as,
        timeliness=row.timeliness,
        is_overdue=is_overdue,
        conflicts=row.conflicts,
    )
