"""The list behind a figure as a file."""

from collections.abc import Mapping

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.services import Services
from central_hub.statistics.board import today_of
from central_hub.statistics.choice import iso, read_choice
from central_hub.statistics.lists import DossierLine
from central_hub.statistics.pages import EXPORT_LINES_MAX, dossiers_behind, named
from central_hub.tables import CSV, Cell, csv_bytes, download
from central_hub.words import channel_name, plain
from dossiers.presentation import fmt_date
from dossiers.states import STATES, Status


def list_csv(connection: Connection, services: Services, args: Mapping[str, str]) -> Response:
    """Code, unit, procedure, dates and state of every dossier in the list."""
    choice = read_choice(args, today=today_of(services))
    page = dossiers_behind(connection, services, choice, page_rows=EXPORT_LINES_MAX)
    header = [
        _("Mã hồ sơ"), _("Đơn vị"), _("Thủ tục hành chính"), _("Hình thức nộp"), _("Ngày tiếp nhận"),
        _("Ngày hẹn trả"), _("Ngày có kết quả"), _("Trạng thái"),
    ]  # fmt: skip
    content = csv_bytes(header, (_row(*each) for each in named(page.lines, connection, services)))
    name = f"{choice.figure.value}-{iso(choice.period.first)}-{iso(choice.period.last)}.csv"
    return download(content, CSV, name)


def _row(line: DossierLine, unit: str, procedure: str) -> list[Cell]:
    state = STATES[Status(line.status)] if line.status else None
    return [
        line.code, unit, procedure, channel_name(line.channel), _day(line.received_ms), _day(line.due_ms),
        _day(line.finished_ms), plain(state) if state else "",
    ]  # fmt: skip


def _day(instant_ms: int | None) -> str:
    return "" if instant_ms is None else fmt_date(instant_ms)
