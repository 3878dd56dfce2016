"""/register: the month's book; ?format=pdf prints it, ?format=csv saves it."""

from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from edge_node.database import get_db, get_services
from edge_node.enrolment.successor import today_of
from edge_node.journal import require_office
from edge_node.keyring.units import former_units, office_as
from edge_node.register import service
from edge_node.register.forms import Request, Show, read_request
from edge_node.store.local import Office
from edge_node.tables import csv_response, pdf_response

blueprint = Blueprint("register", __name__, url_prefix="/register")


@blueprint.get("")
def show() -> ResponseReturnValue:
    asked = read_request(request.args, now_ms=get_services().clock())
    try:
        if asked.format == "pdf":
            return _paper(asked)
        if asked.format == "csv":
            return _file(asked)
    except service.PaperTooLong as error:
        flash(_too_long(asked, error.rows), "warning")
        kept = {name: value for name, value in request.args.items() if name != "format"}
        return redirect(f"/register?{urlencode(kept)}")
    sheet = service.sheet(get_db(), get_services(), _office(), asked)
    return render_template("register/sheet.html", sheet=sheet, Show=Show, units=_units())


def _paper(asked: Request) -> Response:
    return pdf_response(
        f"so-theo-doi-{asked.month.text}", service.paper(get_db(), get_services(), _office(), asked)
    )


def _file(asked: Request) -> Response:
    rows = service.every_row(get_db(), get_services(), _office(), asked, limit=service.FILE_ROWS_MAX)
    return csv_response(f"so-theo-doi-{asked.month.text}", service.file_header(), map(service.file_row, rows))


def _too_long(asked: Request, rows: int) -> str:
    most = service.PAPER_ROWS_MAX if asked.format == "pdf" else service.FILE_ROWS_MAX
    return _(
        "Tháng này có %(rows)s dòng, mỗi bản in chứa nhiều nhất %(most)s. Lọc theo lĩnh vực hoặc tình trạng rồi in từng phần, hoặc tải tệp CSV.",
        rows=rows,
        most=most,
    )


def _office() -> Office:
    """This office, or as it was under a former unit whose books are asked for."""
    return office_as(require_office(get_db()), _former(), request.args.get("unit", ""))


def _former() -> list[tuple[str, str]]:
    return former_units(get_db(), require_office(get_db()), today_of(get_db(), get_services()))


def _units() -> list[tuple[str, str]]:
    """Whose books can be chosen: this unit's, and those of the units that became it; empty where there is no choice."""
    former = _former()
    return [("", require_office(get_db()).unit_name), *former] if former else []
