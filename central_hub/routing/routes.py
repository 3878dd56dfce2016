"""`/routing`: the list, and `?format=csv`."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub.database import get_reader, get_services
from central_hub.routing.listing import LegLine, Wish, count_legs, legs
from central_hub.services import Services
from central_hub.tables import CSV, csv_bytes, download
from central_hub.words import plain
from dossiers.legs import LegState
from dossiers.local_time import local

blueprint = Blueprint("routing", __name__, url_prefix="/routing")

_PAGE_ROWS = 50
_FILE_ROWS_MAX = 50_000
_SHOWS = ("open", "waiting", "ended")
_TONES = {
    LegState.WAITING: "soon",
    LegState.ACCEPTED: "work",
    LegState.ANSWERED: "fact",
    LegState.RETURNED: "late",
}


@blueprint.get("")
def index() -> str | Response:
    connection, services = get_reader(), get_services()
    show, unit = request.args.get("show", ""), request.args.get("unit", "")
    wish = Wish(show=show if show in _SHOWS else "open", unit=unit if services.units.find(unit) else "")
    if request.args.get("format") == "csv":
        rows = [_cells(services, line) for line in legs(connection, wish, limit=_FILE_ROWS_MAX)]
        return download(csv_bytes(_header(), rows), CSV, "ho-so-lien-thong.csv")
    typed = request.args.get("page", "1")
    page = max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    count = count_legs(connection, wish)
    return render_template(
        "routing/index.html",
        lines=list(
            _shown(
                services,
                legs(connection, wish, limit=_PAGE_ROWS, offset=(page - 1) * _PAGE_ROWS),
                {each.code: plain(each.name) for each in services.catalogue.current(connection).procedures},
            )
        ),
        count=count,
        waiting=count_legs(connection, Wish(unit=wish.unit, show="waiting")),
        wish=wish,
        units=[(each.code, each.name) for each in services.units.offices],
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
            "state": _state(line.state),
            "tone": _TONES.get(line.state, "plain"),
        }


def _state(state: LegState) -> str:
    return {
        LegState.WAITING: _("Chờ tiếp nhận"),
        LegState.ACCEPTED: _("Đang xử lý"),
        LegState.ANSWERED: _("Đã trả lời"),
        LegState.RETURNED: _("Đã trả lại"),
        LegState.RECALLED: _("Đã thu hồi"),
        LegState.REPLACED: _("Đã đổi nơi giải quyết"),
    }[state]


def _purpose(line: LegLine) -> str:
    return _("Phối hợp, lấy ý kiến") if line.is_referral else _("Giải quyết (không theo địa giới)")


def _header() -> list[Any]:
    return [
        _("Mã hồ sơ"), _("Thủ tục"), _("Từ đơn vị"), _("Đến đơn vị"), _("Mục đích"), _("Tình trạng"), _("Chuyển lúc"),
        _("Hạn trả lời"), _("Kết thúc lúc"), _("Hẹn trả"),
    ]  # fmt: skip


def _cells(services: Services, line: LegLine) -> list[Any]:
    return [
        line.code, line.procedure, services.units.name(line.sender), services.units.name(line.unit), _purpose(line),
        _state(line.state), _time(line.at_ms), _time(line.deadline_ms), _time(line.ended_ms), _time(line.due_ms),
    ]  # fmt: skip


def _time(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%d/%m/%Y %H:%M}"
