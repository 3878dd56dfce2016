"""`/routing`: the list, and `?format=csv` or `xlsx`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub.database import get_reader, get_services
from central_hub.routing.listing import SORTS, LegLine, count_legs, legs
from central_hub.routing.wish import Purpose, Stage, purpose_name, read_wish, stage_name, state_name
from central_hub.services import Services
from central_hub.tables import download_table
from central_hub.words import plain
from dossiers.legs import LegState
from dossiers.local_time import local

blueprint = Blueprint("routing", __name__, url_prefix="/routing")

_PAGE_ROWS = 50
_FILE_ROWS_MAX = 50_000
_FILE_WIDTHS = (24, 46, 26, 26, 28, 18, 17, 17, 17, 17)
_TONES = {
    LegState.WAITING: "soon",
    LegState.ACCEPTED: "work",
    LegState.ANSWERED: "fact",
    LegState.RETURNED: "refused",
}


@blueprint.get("")
def index() -> str | Response:
    connection, services = get_reader(), get_services()
    now = services.clock()
    wish = read_wish(request.args, services.units)
    if wish.stage is None:
        wish = replace(wish, stage=Stage.OPEN)
    sort, direction = request.args.get("sort", ""), request.args.get("dir", "asc")
    order: dict[str, Any] = {"sort": sort if sort in SORTS else "", "is_backwards": direction == "desc"}
    procedures = {each.code: plain(each.name) for each in services.catalogue.current(connection).procedures}
    form = request.args.get("format", "")
    if form in ("csv", "xlsx"):
        found = legs(connection, wish, now_ms=now, limit=_FILE_ROWS_MAX, **order)
        return download_table(
            form,
            "ho-so-lien-thong",
            _("Hồ sơ liên thông"),
            _header(),
            [_cells(services, line, procedures) for line in found],
            widths=_FILE_WIDTHS,
        )
    typed = request.args.get("page", "1")
    page = max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    count = count_legs(connection, wish, now_ms=now)
    found = legs(connection, wish, now_ms=now, limit=_PAGE_ROWS, offset=(page - 1) * _PAGE_ROWS, **order)
    return render_template(
        "routing/index.html",
        lines=list(_shown(services, found, procedures)),
        count=count,
        stages=[
            (
                "" if stage is Stage.OPEN else stage.value,
                stage_name(stage),
                count_legs(connection, replace(wish, stage=stage), now_ms=now)
                if stage in (Stage.WAITING, Stage.LATE)
                else None,
            )
            for stage in (Stage.OPEN, Stage.WAITING, Stage.ACCEPTED, Stage.LATE, Stage.ENDED)
        ],
        purposes=[(each.value, purpose_name(each)) for each in Purpose],
        wish=wish,
        units=[(each.code, each.name) for each in (*services.units.offices, *services.units.former)],
        sort=sort,
        direction=direction,
        page=page,
        pages=max(1, -(-count // _PAGE_ROWS)),
    )


def _shown(
    services: Services, lines: list[LegLine], procedures: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield {
            "leg": line,
            "procedure": procedures.get(line.procedure, line.procedure),
            "sender": services.units.name(line.sender),
            "unit": services.units.name(line.unit),
            "purpose": _purpose(line),
            "state": state_name(line.state),
            "tone": _TONES.get(line.state, "plain"),
        }


def _purpose(line: LegLine) -> str:
    return purpose_name(Purpose.REFERRAL if line.is_referral else Purpose.COMPETENT)


def _header() -> list[str]:
    return [
        _("Mã hồ sơ"), _("Thủ tục"), _("Từ đơn vị"), _("Đến đơn vị"), _("Mục đích"), _("Tình trạng"), _("Chuyển lúc"),
        _("Hạn trả lời"), _("Kết thúc lúc"), _("Hẹn trả"), _("Quá hạn"),
    ]  # fmt: skip


def _cells(services: Services, line: LegLine, procedures: Mapping[str, str]) -> list[str]:
    return [
        line.code, procedures.get(line.procedure, line.procedure), services.units.name(line.sender),
        services.units.name(line.unit), _purpose(line), state_name(line.state), _time(line.at_ms),
        _time(line.deadline_ms), _time(line.ended_ms), _time(line.due_ms), _("quá hạn") if line.is_overdue else "",
    ]  # fmt: skip


def _time(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%d/%m/%Y %H:%M}"
