"""/reports: Biểu II.06a of a period; /reports/dossiers: the list behind a figure. ?format=pdf|csv for paper and file."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.local_time import local, local_date
from dossiers.statistics import DEFINITIONS_VERSION, ReportRow, rate_a, rate_b
from edge_node.casework import labels
from edge_node.database import get_db, get_services
from edge_node.enrolment.successor import today_of
from edge_node.journal import require_office
from edge_node.keyring.units import former_units, office_as
from edge_node.reports import chart, service
from edge_node.reports.periods import Period, read_period, usual
from edge_node.reports.service import Grouping
from edge_node.store.local import Office
from edge_node.tables import csv_response, pdf_response

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("")
def show() -> ResponseReturnValue:
    period, errors = read_period(request.args, _today())
    if request.args.get("format") == "pdf":
        paper = service.paper(get_db(), get_services(), _office(), period, _grouping())
        return pdf_response(_file_name(period), paper)
    report = service.make_report(get_db(), get_services(), _office(), period, _grouping())
    if request.args.get("format") == "csv":
        return _report_file(report)
    return render_template(
        "reports/report.html",
        units=_units(),
        report=report,
        typed={name: request.args.get(name) or text for name, text in period.query.items()},
        errors=errors,
        usual=usual(_today()),
        groups=chart.draw(report.months),
        chart=chart,
        names=service.figure_names(),
        behind=lambda line, column: _behind_address(report, line.key, column),
        rate_a=rate_a,
        rate_b=rate_b,
        definitions_version=DEFINITIONS_VERSION,
    )


@blueprint.get("/dossiers")
def dossiers() -> ResponseReturnValue:
    period, errors = read_period(request.args, _today())
    column, key = request.args.get("column", ""), request.args.get("key", "")
    if errors or column not in service.FIGURES:
        abort(404)
    found = service.behind(get_db(), get_services(), _office(), period, _grouping(), key=key, column=column)
    if request.args.get("format") == "csv":
        return _list_file(found, period)
    pages = max(1, -(-len(found.dossiers) // service.PAGE_ROWS))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = found.dossiers[(page - 1) * service.PAGE_ROWS : page * service.PAGE_ROWS]
    return render_template(
        "reports/dossiers.html",
        behind=found,
        figure=service.figure_names()[column],
        figures=service.figure_names(),
        period=period,
        rows=service.rows_of(get_db(), shown),
        page=page,
        pages=pages,
        back=f"/reports?{urlencode({**period.query, 'group': _grouping().value, **_unit_asked()})}",
        procedure_name=_procedure_name,
    )


def _report_file(report: service.Report) -> Response:
    header = [
        _("Lĩnh vực") if report.grouping is Grouping.FIELD else _("Thủ tục"),
        *(service.figure_names()[name] for name in service.FIGURES),
        _("Tỷ lệ A: tử số"), _("Tỷ lệ A: mẫu số"), _("Tỷ lệ B: tử số"), _("Tỷ lệ B: mẫu số"),
    ]  # fmt: skip
    rows: list[list[object]] = [[line.name, *_figures(line.row)] for line in (*report.lines, report.total)]
    rows += [[], [report.period.name], [service.definitions(report.total.row)]]
    return csv_response(_file_name(report.period), header, rows)


def _figures(row: ReportRow) -> list[int]:
    rates = (rate_a(row), rate_b(row))
    parts = (part for rate in rates for part in (rate.numerator, rate.denominator))
    return [*(getattr(row, name) for name in service.FIGURES), *parts]


def _list_file(found: service.Behind, period: Period) -> Response:
    header = [
        _("Mã hồ sơ"),
        _("Thủ tục"),
        _("Tiếp nhận"),
        _("Hẹn trả"),
        _("Kết thúc"),
        _("Vào kỳ"),
        _("Cuối kỳ"),
    ]
    names = service.figure_names()
    rows = (
        [
            row.display_code, _procedure_name(row.procedure, row.procedure_version), _time(row.received), _time(row.due),
            _time(row.finished), names[found.placements[row.id].came], names[found.placements[row.id].stands],
        ]
        for row in service.rows_of(get_db(), found.dossiers)
    )  # fmt: skip
    return csv_response(f"{_file_name(period)}-{found.column}", header, rows)


def _time(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%d/%m/%Y %H:%M}"


def _behind_address(report: service.Report, key: str, column: str) -> str:
    query: dict[str, Any] = {
        **report.period.query,
        "group": report.grouping.value,
        "column": column,
        **_unit_asked(),
    }
    return f"/reports/dossiers?{urlencode({**query, **({'key': key} if key else {})})}"


def _procedure_name(code: str | None, version: int | None) -> str:
    procedure = get_services().references.catalogue(get_db()).find(code or "", version or 0)
    return labels.spoken(procedure.name) if procedure else code or ""


def _file_name(period: Period) -> str:
    return f"bieu-II-06a-{period.first_number}-{period.last_number}"


def _grouping() -> Grouping:
    chosen = request.args.get("group", "")
    return Grouping(chosen) if chosen in set(Grouping) else Grouping.FIELD


def _today() -> date:
    return local_date(get_services().clock())


def _office() -> Office:
    """This office, or as it was under a former unit whose books are asked for."""
    return office_as(require_office(get_db()), _former(), request.args.get("unit", ""))


def _unit_asked() -> dict[str, str]:
    asked = request.args.get("unit", "")
    return {"unit": asked} if asked else {}


def _former() -> list[tuple[str, str]]:
    return former_units(get_db(), require_office(get_db()), today_of(get_db(), get_services()))


def _units() -> list[tuple[str, str]]:
    """Whose books can be chosen: this unit's, and those of the units that became it; empty where there is no choice."""
    former = _former()
    return [("", require_office(get_db()).unit_name), *former] if former else []
