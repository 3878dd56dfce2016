"""`/nodes`: the fleet, one PC, enrolment codes."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.nodes.forms import read_code_form, role_options
from central_hub.nodes.service import (
    address_of,
    codes_page,
    device_header,
    device_lines,
    device_page,
    fleet_page,
    look_into,
    withdraw,
)
from central_hub.nodes.slip import drawn_code
from central_hub.problems import Refused
from central_hub.registry.enrolment import enrol_by_file, issue_code
from central_hub.sent import sent_file
from central_hub.session import required, requires
from central_hub.store.engine import writing
from central_hub.tables import CSV, csv_bytes, download
from signing.roles import Role
from sync_protocol.enrolment import ENROLMENT_FILE_BYTES_MAX
from sync_protocol.errors import RemoteFault

blueprint = Blueprint("nodes", __name__, url_prefix="/nodes")

_ENROLLERS = (Role.ADMINISTRATOR, Role.KEY_AUTHORITY)
_INSTANT_DIGITS = 15


@blueprint.get("")
def show_fleet() -> str | Response:
    page = fleet_page(get_reader(), get_services(), request.args)
    if request.args.get("format") == "csv":
        lines = device_lines(page["devices"], get_services().clock())
        return download(csv_bytes(device_header(), lines), CSV, "may-tram.csv")
    return render_template("nodes/fleet.html", **page)


@blueprint.get("/<device>")
def show_device(device: str) -> str:
    page = device_page(get_reader(), get_services(), device)
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    may_revoke = required().holds(Role.KEY_AUTHORITY)
    may_look = required().holds(*_ENROLLERS)
    return render_template("nodes/device.html", may_revoke=may_revoke, may_look=may_look, **page)


@blueprint.post("/<device>/look")
@requires(*_ENROLLERS)
def look_at_one(device: str) -> Response:
    """Somebody has looked into it that the PC's data was put back or goes on in two ways, as the page told it."""
    services, until = get_services(), request.form.get("until", "")
    if not (until.isascii() and until.isdigit() and len(until) <= _INSTANT_DIGITS):
        raise Refused(reasons.INPUT)
    with writing(services.engine) as connection:
        is_done = look_into(connection, services, device, until_ms=int(until), account=required())
    flash(_("Đã ghi là đã xem.") if is_done else _("Việc này đã được xem."), "done" if is_done else "note")
    return redirect(f"/nodes/{device}")


@blueprint.get("/codes")
@requires(*_ENROLLERS)
def show_codes() -> str:
    return _codes_page({"unit": request.args.get("unit", "")}, [Role.UNIT_ADMINISTRATOR.value], {})


@blueprint.post("/codes")
@requires(*_ENROLLERS)
def make_code() -> str | tuple[str, int]:
    services = get_services()
    form = read_code_form(request.form, request.form.getlist("roles"), services)
    if form.errors:
        return _codes_page(request.form, list(form.roles), form.errors), reasons.INPUT.status
    with writing(services.engine) as connection:
        code = issue_code(
            connection,
            services,
            unit=form.unit,
            device_name=form.device_name,
            roles=form.roles,
            issued_by=required().login,
        )
    # Not a redirect: the code is shown once and kept nowhere.
    return render_template(
        "nodes/code.html", code=code, drawn=drawn_code(code), address=address_of(request.host_url)
    )


@blueprint.post("/codes/file")
@requires(*_ENROLLERS)
def answer_file() -> Response:
    """A PC without a line: its request came on a USB stick, the answer goes back on it."""
    services, data = get_services(), sent_file(ENROLMENT_FILE_BYTES_MAX)
    try:
        with writing(services.engine) as connection:
            made = enrol_by_file(connection, services, data, address="file")
    except RemoteFault as error:
        raise Refused(error.reason) from error
    answer = Response(made, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="motcua-tra-loi-ghi-danh.json"'
    return answer


@blueprint.post("/codes/<int:no>/withdraw")
@requires(*_ENROLLERS)
def withdraw_one(no: int) -> Response:
    services = get_services()
    with writing(services.engine) as connection:
        is_done = withdraw(connection, services, no, required())
    flash(
        _("Đã thu hồi mã ghi danh.") if is_done else _("Mã này đã dùng hoặc đã hết hạn."),
        "done" if is_done else "note",
    )
    return redirect("/nodes/codes")


def _codes_page(values: object, roles: list[str], errors: object) -> str:
    page = codes_page(get_reader(), get_services())
    return render_template(
        "nodes/codes.html", values=values, roles=roles, errors=errors, role_options=role_options(), **page
    )
