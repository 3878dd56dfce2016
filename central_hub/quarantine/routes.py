"""`/quarantine`: what waits for a person."""

import re

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.accounts.signer import SignatureRefused, ensure_stated, unlock_signer
from central_hub.database import get_reader, get_services
from central_hub.judge.standings import reviews_by_device
from central_hub.problems import Refused
from central_hub.quarantine.conflicts import FORMATS, conflicts_file
from central_hub.quarantine.duplicates import duplicates_file
from central_hub.quarantine.pages import record_page, request_page, waiting_page
from central_hub.quarantine.service import DecisionRefused, decide_request
from central_hub.registry.revocation import Act, RevocationInvalid, review_records
from central_hub.session import required, requires
from central_hub.store.engine import writing
from signing.canonical import normalise_text
from signing.roles import Role

blueprint = Blueprint("quarantine", __name__, url_prefix="/quarantine")

_FILES = {"conflicts": conflicts_file, "duplicates": duplicates_file}
_GROUND_LENGTH_MAX = 2_000
_RECORD = re.compile(r"[0-9a-f]{64}")


@blueprint.get("")
def show_waiting() -> str | Response:
    if request.args.get("format") in FORMATS and request.args.get("show") in _FILES:
        return _FILES[request.args["show"]](get_reader(), get_services(), request.args)
    may_review = required().holds(Role.KEY_AUTHORITY)
    page = waiting_page(get_reader(), get_services(), request.args)
    return render_template("quarantine/waiting.html", may_review=may_review, **page)


@blueprint.get("/records/<record>")
def show_record(record: str) -> str:
    page = record_page(get_reader(), get_services(), record) if _RECORD.fullmatch(record) else None
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    return render_template("quarantine/record.html", **page)


@blueprint.get("/requests/<record>")
def show_request(record: str) -> str:
    page = request_page(get_reader(), get_services(), record) if _RECORD.fullmatch(record) else None
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    may_decide = required().holds(Role.KEY_AUTHORITY)
    return render_template("quarantine/request.html", may_decide=may_decide, **page)


@blueprint.post("/requests/<record>")
@requires(Role.KEY_AUTHORITY)
def decide(record: str) -> Response:
    services, approve = get_services(), request.form.get("decision") == "approve"
    if not approve and request.form.get("decision") != "decline":
        raise Refused(reasons.INPUT)
    try:
        with writing(services.engine) as connection:
            decide_request(connection, services, record, approve=approve, account=required())
    except DecisionRefused:
        flash(_("Đề nghị này đã được người khác quyết định, hoặc không thể cấp như vậy."), "warning")
        return redirect("/quarantine?show=requests")
    flash(
        _("Đã cấp quyền; máy trạm nhận ở lần đồng bộ tới.") if approve else _("Đã từ chối đề nghị."), "done"
    )
    return redirect("/quarantine?show=requests")


@blueprint.post("/review")
@requires(Role.KEY_AUTHORITY)
def review() -> Response:
    services, decision = get_services(), request.form.get("decision")
    records = [record for record in request.form.getlist("records") if _RECORD.fullmatch(record)]
    device = request.form.get("device", "")
    if device:
        records = reviews_by_device(get_reader()).get(device, [])
    if decision not in ("stands", "refused"):
        raise Refused(reasons.INPUT)
    ground = normalise_text(request.form.get("ground", "")).strip()[:_GROUND_LENGTH_MAX]
    if not records or not ground:
        flash(_("Chọn ít nhất một bản ghi và ghi căn cứ."), "warning")
        return redirect("/quarantine?show=review")
    try:
        signer = unlock_signer(services, required(), request.form.get("password", ""))
        with writing(services.engine) as connection:
            ensure_stated(connection, services, required(), signer)
            act = Act(actor=required().login, ground=ground, signer=signer)
            review_records(connection, services, records, stands=decision == "stands", act=act)
    except SignatureRefused:
        flash(_("Mật khẩu không đúng. Chưa có gì được ký."), "warning")
    except RevocationInvalid:
        flash(_("Có bản ghi không còn chờ xét duyệt, hoặc do chính bạn ký. Chưa có gì được ký."), "warning")
    else:
        count = len(records)
        flash(
            ngettext(
                "Đã ký xét duyệt %(count)s bản ghi.", "Đã ký xét duyệt %(count)s bản ghi.", count, count=count
            ),
            "done",
        )
    return redirect("/quarantine?show=review")
