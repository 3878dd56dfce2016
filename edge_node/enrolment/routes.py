"""/setup: the page of a PC that belongs to no unit yet."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edge_node.database import get_db, get_services
from edge_node.enrolment.forms import Typed, empty_form, read_form
from edge_node.enrolment.service import enrol, enrol_from_file, request_file
from edge_node.journal import WriteRefused
from edge_node.session import LOGIN_PATH, public
from edge_node.store.local import read_office
from edge_node.sync.service import sync_now
from edge_node.sync.transport import HubLine, LineFault
from look.problems import language
from signing.reasons import Reason
from sync_protocol.enrolment import ENROLMENT_FILE_BYTES_MAX
from sync_protocol.errors import RemoteFault

blueprint = Blueprint("enrolment", __name__, url_prefix="/setup")


@blueprint.get("")
@public
def show() -> str | Response:
    if read_office(get_db()) is not None:
        return redirect("/")
    return _page(empty_form())


@blueprint.post("")
@public
def send() -> str | tuple[str, int] | Response:
    typed = read_form(request.form)
    if typed.wish is None:
        return _page(typed), 422
    db, services = get_db(), get_services()
    if "to_file" in request.form:
        return _request_file(typed)
    try:
        enrolled = enrol(db, services, typed.wish, lambda url, ca: HubLine(url, ca=ca))
    except (WriteRefused, RemoteFault, LineFault) as error:
        return _page(typed, error.reason), error.reason.status
    sync_now(db, services)
    flash(
        _("Máy này đã được ghi danh vào %(unit)s. Đăng nhập bằng mã PIN vừa chọn.", unit=enrolled.unit_name)
    )
    return redirect(LOGIN_PATH, 303)


@blueprint.post("/answer")
@public
def take_answer() -> str | tuple[str, int] | Response:
    """The province's answer, brought on a USB stick."""
    if read_office(get_db()) is not None:
        return redirect("/")
    sent = request.files.get("answer")
    data = sent.stream.read(ENROLMENT_FILE_BYTES_MAX + 1) if sent else b""
    try:
        enrolled = enrol_from_file(get_db(), get_services(), data)
    except (WriteRefused, RemoteFault) as error:
        return _page(empty_form(), error.reason), error.reason.status
    flash(
        _("Máy này đã được ghi danh vào %(unit)s. Đăng nhập bằng mã PIN vừa chọn.", unit=enrolled.unit_name)
    )
    return redirect(LOGIN_PATH, 303)


def _request_file(typed: Typed) -> tuple[str, int] | Response:
    if typed.wish is None:
        return _page(typed), 422
    try:
        data = request_file(get_db(), get_services(), typed.wish)
    except (WriteRefused, RemoteFault) as error:
        return _page(typed, error.reason), error.reason.status
    answer = Response(data, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="motcua-ghi-danh.json"'
    return answer


def _page(typed: Typed, reason: Reason | None = None) -> str:
    is_english = language() == "en"
    return render_template(
        "enrolment/setup.html",
        values=typed.values,
        errors=typed.errors,
        problem=None if reason is None else reason.en if is_english else reason.vi,
        next_step=None if reason is None else reason.next_en if is_english else reason.next_vi,
        code=None if reason is None else reason.code,
    )
