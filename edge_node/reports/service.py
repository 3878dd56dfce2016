"""The report's rows from the daily counters, and the list behind each figure from the dossiers' summaries.

The two ways are proved equal in `dossiers.statistics`; the list's page compares its own count with the figure all the
same and says so. What each column means is defined there, under a version that every export names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.procedures import Catalogue
from dossiers.statistics import DEFINITIONS_VERSION, Column, Placement, ReportRow, place, total
from edge_node.casework.labels import spoken
from edge_node.printing import forms, render_pdf
from edge_node.printing.letterhead import letterhead
from edge_node.projection.counters import read_summary, report
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.reports.periods import Period, charted_months
from edge_node.reports.queries import summaries_around
from edge_node.services import Services
from edge_node.store.local import Office

PAGE_ROWS: Final = 50
_CAME: Final = frozenset({Column.ONLINE, Column.OTHER, Column.CARRIED_OVER})
_SOLVED: Final = frozenset({Column.EARLY, Column.ON_TIME, Column.LATE})
_PROCESSING: Final = frozenset({Column.IN_TERM, Column.OVERDUE})


class Grouping(StrEnum):
    """What a row of the report stands for."""

    FIELD = "field"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row with its name; `key` is the code of the field or procedure, "" for the sum."""

    key: str
    name: str
    row: ReportRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """One month of the chart."""

    period: Period
    received: int
    solved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Biểu II.06a as a page shows it. `counted`: the part of the period that lies behind us."""

    period: Period
    counted: Period
    grouping: Grouping
    lines: tuple[Line, ...]
    total: Line
    months: tuple[MonthFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The dossiers behind one figure."""

    name: str
    column: str
    figure: int
    dossiers: tuple[str, ...]
    placements: Mapping[str, Placement]

    @property
    def adds_up(self) -> bool:
        return self.figure == len(self.dossiers)


FIGURES: Final[Mapping[str, frozenset[Column]]] = {
    "received": _CAME,
    **{column.value: frozenset({column}) for column in Column},
    "solved": _SOLVED,
    "processing": _PROCESSING,
}
"""Every figure of a row that can be opened, with the columns whose dossiers make it up."""


def figure_names() -> dict[str, str]:
    """What the figures are called."""
    return {
        "received": _("Tổng số nhận giải quyết"),
        "online": _("Trong kỳ, trực tuyến"),
        "other": _("Trong kỳ, trực tiếp hoặc bưu chính"),
        "carried_over": _("Kỳ trước chuyển qua"),
        "solved": _("Đã giải quyết"),
        "early": _("Đã giải quyết trước hạn"),
        "on_time": _("Đã giải quyết đúng hạn"),
        "late": _("Đã giải quyết quá hạn"),
        "processing": _("Đang giải quyết"),
        "in_term": _("Đang giải quyết, trong hạn"),
        "overdue": _("Đang giải quyết, quá hạn"),
        "withdrawn": _("Công dân rút"),
        "refused": _("Từ chối sau khi tiếp nhận"),
    }


def make_report(
    db: Database, services: Services, office: Office, period: Period, grouping: Grouping
) -> Report:
    """The report and twelve months up to its end; a period that still runs is counted as it stands today."""
    counted = so_far(services, period)
    rows = report(db, unit=office.unit, first=counted.first_number, last=counted.last_number)
    catalogue, today = services.references.catalogue(db), local_date(services.clock())
    lines = _lines(rows, catalogue, grouping)
    return Report(
        period=period,
        counted=counted,
        grouping=grouping,
        lines=lines,
        total=Line(key="", name=_("Tổng số"), row=_sum(rows.values())),
        months=tuple(_month(db, office, month) for month in charted_months(min(period.last, today))),
    )


def behind(
    db: Database,
    services: Services,
    office: Office,
    period: Period,
    grouping: Grouping,
    *,
    key: str,
    column: str,
) -> Behind:
    """The dossiers that a figure counts, newest first."""
    catalogue = services.references.catalogue(db)
    wanted, found, counted = FIGURES[column], {}, so_far(services, period)
    for dossier, text in summaries_around(db, counted):
        summary = read_summary(text)
        if summary is None:
            continue
        if key and _key_of(catalogue, summary.procedure, grouping) != key:
            continue
        placed = place(summary, first=counted.first_number, last=counted.last_number, unit=office.unit)
        if placed is not None and not wanted.isdisjoint(placed):
            found[dossier] = placed
    rows = report(db, unit=office.unit, first=counted.first_number, last=counted.last_number)
    sums = _sum(row for code, row in rows.items() if not key or _key_of(catalogue, code, grouping) == key)
    return Behind(
        name=_name_of(catalogue, key, grouping) if key else _("Tổng số"),
        column=column,
        figure=getattr(sums, column),
        dossiers=tuple(found),
        placements=found,
    )


def rows_of(db: Database, dossiers: Iterable[str]) -> list[DossierRow]:
    """The list rows of these dossiers."""
    return [row for dossier in dossiers if (row := dossier_row(db, dossier))]


def paper(db: Database, services: Services, office: Office, period: Period, grouping: Grouping) -> bytes:
    """Biểu II.06a as PDF, in Vietnamese whatever the screen says."""
    with force_locale("vi"):
        made = make_report(db, services, office, period, grouping)
        sums = made.total.row
        form = forms.Report06a(
            office=letterhead(office, services.config),
            day=to_yyyymmdd(local_date(services.clock())),
            period=period.name,
            first=made.counted.first_number,
            last=made.counted.last_number,
            recipient=_("Ủy ban nhân dân thành phố"),
            rows=tuple(_paper_row(line) for line in made.lines),
            signatory=forms.Signatory(capacity=_("Thủ trưởng đơn vị")),
            definitions=definitions(sums),
        )
    return render_pdf(form)


def so_far(services: Services, period: Period) -> Period:
    """The period up to today: what is due later is not overdue yet, though the period's last day lies after it."""
    return Period(period.first, min(period.last, local_date(services.clock())))


def definitions(sums: ReportRow) -> str:
    """What stands under the paper: what is in no column, and by which rules the figures were made."""
    return _(
        "Hồ sơ công dân rút (%(withdrawn)s) và hồ sơ từ chối sau khi tiếp nhận (%(refused)s) nằm trong số nhận giải quyết, không nằm trong số đã giải quyết và đang giải quyết. Quy tắc đếm phiên bản %(version)s.",
        withdrawn=sums.withdrawn,
        refused=sums.refused,
        version=DEFINITIONS_VERSION,
    )


def _lines(rows: Mapping[str, ReportRow], catalogue: Catalogue, grouping: Grouping) -> tuple[Line, ...]:
    groups: dict[str, list[ReportRow]] = {}
    for procedure, row in rows.items():
        groups.setdefault(_key_of(catalogue, procedure, grouping), []).append(row)
    lines = (
        Line(key=key, name=_name_of(catalogue, key, grouping), row=_sum(group))
        for key, group in groups.items()
    )
    return tuple(sorted(lines, key=lambda line: (-line.row.received, line.name)))


def _key_of(catalogue: Catalogue, procedure: str, grouping: Grouping) -> str:
    if grouping is Grouping.PROCEDURE:
        return procedure
    return next((each.field for each in catalogue.procedures if each.code == procedure), procedure)


def _name_of(catalogue: Catalogue, key: str, grouping: Grouping) -> str:
    if grouping is Grouping.FIELD:
        return spoken(catalogue.sector_name(key))
    newest = max((p for p in catalogue.procedures if p.code == key), key=lambda p: p.version, default=None)
    return spoken(newest.name) if newest else key


def _sum(rows: Iterable[ReportRow]) -> ReportRow:
    found = list(rows)
    return total(found) if found else ReportRow()


def _month(db: Database, office: Office, period: Period) -> MonthFigures:
    row = _sum(report(db, unit=office.unit, first=period.first_number, last=period.last_number).values())
    return MonthFigures(period=period, received=row.online + row.other, solved=row.solved)


def _paper_row(line: Line) -> forms.Report06aRow:
    row = line.row
    return forms.Report06aRow(
        name=line.name,
        online=row.online,
        direct_or_postal=row.other,
        carried_over=row.carried_over,
        solved_early=row.early,
        solved_on_time=row.on_time,
        solved_late=row.late,
        open_in_term=row.in_term,
        open_overdue=row.overdue,
    )
