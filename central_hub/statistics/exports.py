"""The list behind a figure as a file."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.services import Services
from central_hub.statistics.board import today_of
from central_hub.statistics.choice import iso, read_choice
from central_hub.statistics.lists import DossierLine
from central_hub.statistics.pages import (
    EXPORT_LINES_MAX,
    dossiers_behind,
    named,
    read_listing,
    routed_words,
)
from central_hub.statistics.words import figure_name, period_name
from central_hub.tables import Cell, download_table
from central_hub.words import channel_name, plain
from dossiers.presentation import fmt_date
from dossiers.states import STATES, Status

_WIDTHS = (24, 26, 46, 18, 14, 14, 16, 24, 60)


def list_file(connection: Connection, services: Services, args: Mapping[str, str], form: str) -> Response:
    """Code, unit, procedure, dates and state of every dossier in the list; its legs where routing was asked for."""
    choice = read_choice(args, today=today_of(services))
    listing = read_listing(args, services)
    page = dossiers_behind(connection, services, choice, listing, page_rows=EXPORT_LINES_MAX)
    header = [
        _("Mã hồ sơ"), _("Đơn vị"), _("Thủ tục hành chính"), _("Hình thức nộp"), _("Ngày tiếp nhận"),
        _("Ngày hẹn trả"), _("Ngày có kết quả"), _("Trạng thái"),
    ]  # fmt: skip
    legs = routed_words(connection, services, page.lines, listing)
    rows = [_row(*each) for each in named(page.lines, connection, services)]
    if listing.routed is not None:
        header.append(_("Liên thông"))
        for row, line in zip(rows, page.lines, strict=True):
            row.append(_way(legs.get(line.dossier, [])))
    return download_table(
        form,
        f"{choice.figure.value}-{iso(choice.period.first)}-{iso(choice.period.last)}",
        figure_name(choice.figure),
        header,
        rows,
        notes=(period_name(choice.period),),
        widths=_WIDTHS[: len(header)],
    )


def _way(legs: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{leg['sender']} → {leg['unit']}: {leg['state']}"
        + (f", {_('quá hạn')}" if leg["is_overdue"] else "")
        for leg in legs
    )


def _row(line: DossierLine, unit: str, procedure: str) -> list[Cell]:
    state = STATES[Status(line.status)] if line.status else None
    return [
        line.code, unit, procedure, channel_name(line.channel), _day(line.received_ms), _day(line.due_ms),
        _day(line.finished_ms), plain(state) if state else "",
    ]  # fmt: skip


def _day(instant_ms: int | None) -> str:
    return "" if instant_ms is None else fmt_date(instant_ms)
