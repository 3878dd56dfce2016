"""The report of a choice: as a page, and as CSV or XLSX with the same lines."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.reports.form import BESIDE, FIGURES, blocks, explanations, header, lines
from central_hub.services import Services
from central_hub.statistics.board import Board, field_options, row_choice, today_of
from central_hub.statistics.choice import iso, read_choice
from central_hub.statistics.lists import value_of
from central_hub.statistics.service import Group
from central_hub.statistics.words import group_name, period_name, problem_words
from central_hub.tables import CSV, XLSX, csv_bytes, download, xlsx_bytes
from dossiers.presentation import fmt_date
from dossiers.statistics import rate_a, rate_b

FORMATS = ("csv", "xlsx")


def report_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """The values of the page."""
    choice = read_choice(args, today=today_of(services))
    board = Board(connection, services, choice)
    report = board.report(choice.group)
    return {
        "board": board,
        "choice": choice,
        "problem": problem_words(choice.problem) if choice.problem else "",
        "period": period_name(choice.period),
        "group": choice.group,
        "groups": [(group.value, group_name(group)) for group in Group],
        "blocks": blocks(),
        "rows": [
            (each, row_choice(choice, choice.group, each.key, board.past), rate_a(each.row), rate_b(each.row))
            for each in report.rows
        ],
        "report": report,
        "total": (choice, rate_a(report.total), rate_b(report.total)),
        "figures": (*FIGURES, *BESIDE),
        "value_of": value_of,
        "explanations": explanations(),
        "communes": [(unit.code, unit.name) for unit in services.units.offices],
        "field_options": field_options(services, connection),
    }


def report_file(connection: Connection, services: Services, args: Mapping[str, str], form: str) -> Response:
    """The report as a file of one of FORMATS."""
    choice = read_choice(args, today=today_of(services))
    board = Board(connection, services, choice)
    report = board.report(choice.group)
    name = f"bieu-II-06a-{choice.group.value}-{iso(choice.period.first)}-{iso(choice.period.last)}"
    if form == "csv":
        return download(csv_bytes(header(choice.group), lines(report)), CSV, f"{name}.csv")
    notes = [
        services.units.province.name,
        _("Biểu II.06a/VPCP/KSTT · Tình hình, kết quả giải quyết thủ tục hành chính"),
        " · ".join([board.period_words, *(f"{label}: {text}" for _name, label, text in board.filter_words)]),
        _("Số liệu đến hết ngày %(day)s · định nghĩa phiên bản %(version)s", day=fmt_date(report.as_of), version=report.definitions),
    ]  # fmt: skip
    content = xlsx_bytes("II.06a", header(choice.group), lines(report), notes=notes)
    return download(content, XLSX, f"{name}.xlsx")
