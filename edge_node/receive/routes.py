"""/receive: choose the procedure, fill in the form, save; the slip is set at once."""

from dataclasses import replace

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.local_time import local_date
from dossiers.procedures import Procedure
from edge_node import session
from edge_node.accounts.openings import note_opening
from edge_node.casework.labels import reason_words
from edge_node.casework.listing import listed
from edge_node.casework.situation import survey
from edge_node.database import get_db, get_services
from edge_node.drafts.service import keep_draft, read_draft
from edge_node.entry import Rejected
from edge_node.journal import WriteRefused, may_sign
from edge_node.keyring.units import units_at
from edge_node.projection.lists import dossier_row
from edge_node.receive import reading
from edge_node.receive.forms import PERSON_FIELDS, check_agreed, parse_reception, with_id_card
from edge_node.receive.queries import find_person
from edge_node.receive.service import Received, Repeated, receive
from signing.roles import Role

blueprint = Blueprint("receive", __name__, url_prefix="/receive")


@blueprint.get("")
def counter() -> ResponseReturnValue:
    page = reading.read_counter(get_db(), get_services(), session.required(), request.args.get("q", "")[:100])
    if page.text and len(page.found) == 1 and page.found[0].code == page.text.strip():
        return redirect(url_for("receive.form", code=page.found[0].code), 303)
    template = "receive/_found.html" if request.headers.get("HX-Request") else "receive/counter.html"
    return render_template(template, counter=page)


@blueprint.get("/<code>")
def form(code: str) -> ResponseReturnValue:
    db, services, actor, procedure = get_db(), get_services(), session.required(), _procedure_or_404(code)
    if not may_sign(actor, "dossier.received", {}):
        abort(403)
    draft = read_draft(db, actor, f"{reading.DRAFT_PREFIX}{code}")
    signer = actor.name if Role.LEADER in actor.roles else ""
    values = reading.defaults(procedure, local_date(survey(db, services).now), signer)
    values |= _same_person(request.args.get("person", "")) if draft is None else dict(draft.content)
    page = reading.read_form(db, services, actor, procedure, values)
    is_new = draft is None and not values.get("applicant.name")
    return _page(replace(page, draft_saved=draft.saved if draft else None, takes_focus=is_new))


@blueprint.post("/<code>")
def save(code: str) -> ResponseReturnValue:
    procedure, then = _procedure_or_404(code), request.form.get("then", "check")
    typed = request.form.to_dict()
    if then == "check":
        return _keep_and_show(procedure, typed)
    situation = survey(get_db(), get_services())
    parsed = parse_reception(typed, procedure, unit=situation.office.unit, units=situation.units, then=then)
    if not isinstance(parsed, Rejected):
        parsed = check_agreed(parsed, situation.calendar, situation.now) or parsed
    if isinstance(parsed, Rejected):
        return _again(procedure, typed, errors=parsed.errors), 422
    draft = f"{reading.DRAFT_PREFIX}{code}"
    try:
        result = receive(get_db(), get_services(), session.required(), parsed, draft=draft)
    except WriteRefused as refused:
        return _again(procedure, typed, refusal=reason_words(refused.reason)), refused.reason.status
    if isinstance(result, Repeated):
        return _again(procedure, typed, repeated=result.rows), 409
    return _lead_on(result, then)


@blueprint.post("/<code>/foot")
def foot(code: str) -> str:
    procedure = _procedure_or_404(code)
    found = reading.read_foot(get_db(), get_services(), procedure, request.form.to_dict())
    return render_template("receive/_foot.html", foot=found, procedure=procedure)


@blueprint.post("/<code>/person")
def person(code: str) -> ResponseReturnValue:
    procedure, values = _procedure_or_404(code), with_id_card(request.form.to_dict())
    found = find_person(get_db(), values.get("applicant.id_number", "").replace(" ", ""))
    if found is None and values == request.form.to_dict():
        return Response(status=204)
    if found is not None:
        now = get_services().clock()
        note_opening(get_db(), session.required(), found.dossier, purpose="prefill", now=now)
        values = reading.merged(values, found)
    page = reading.read_form(get_db(), get_services(), session.required(), procedure, values)
    return render_template("receive/_person.html", form=replace(page, earlier=found))


@blueprint.get("/done/<dossier>")
def done(dossier: str) -> str:
    row = dossier_row(get_db(), dossier) if len(dossier) == 32 else None
    if row is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="page", now=get_services().clock())
    line = listed(get_db(), get_services(), [row])[0]
    return render_template("receive/done.html", line=line, settled=request.args.get("settled") == "1")


def _procedure_or_404(code: str) -> Procedure:
    found = reading.find_procedure(get_db(), get_services(), code)
    if found is None:
        abort(404)
    return found


def _same_person(dossier: str) -> dict[str, str]:
    """The applicant of a dossier just received, for the next one of the same person."""
    row = dossier_row(get_db(), dossier) if len(dossier) == 32 and dossier.isalnum() else None
    found = find_person(get_db(), row.id_number) if row and row.id_number else None
    return {name: found.values[name] for name in PERSON_FIELDS} if found else {}


def _keep_and_show(procedure: Procedure, typed: dict[str, str]) -> ResponseReturnValue:
    """Enter in a field (or a scanner's end of line) saves nothing: the form comes back with what it implies."""
    db, actor, now = get_db(), session.required(), get_services().clock()
    values = with_id_card(typed)
    found = find_person(db, values.get("applicant.id_number", ""))
    if found is not None:
        note_opening(db, actor, found.dossier, purpose="prefill", now=now)
        values = reading.merged(values, found)
    content = {name: text for name, text in values.items() if name not in ("csrf_token", "then")}
    keep_draft(db, actor, f"{reading.DRAFT_PREFIX}{procedure.code}", content, now=now)
    return redirect(url_for("receive.form", code=procedure.code), 303)


def _again(procedure: Procedure, typed: dict[str, str], **more: object) -> str:
    page = reading.read_form(get_db(), get_services(), session.required(), procedure, typed)
    return _page(replace(page, **more))  # type: ignore[arg-type]


def _page(page: reading.ReceiveForm) -> str:
    units = reading.units_to_choose(units_at(get_db(), get_services().clock()))
    return render_template("receive/form.html", form=page, units=units)


def _lead_on(result: Received, then: str) -> ResponseReturnValue:
    if then == "register":
        flash(_("Đã lưu ở trạng thái Mới đăng ký. Chọn tiếp nhận, yêu cầu bổ sung hoặc từ chối."), "done")
        return redirect(url_for("casework.page", dossier=result.dossier), 303)
    settled = "1" if then == "settle" else None
    return redirect(url_for("receive.done", dossier=result.dossier, settled=settled), 303)
