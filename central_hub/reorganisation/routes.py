"""`/units`: what was published, planning and signing a re-organisation, and giving single dossiers away later."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.accounts.signer import SignatureRefused, unlock_signer
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.reorganisation import forms, pages, words
from central_hub.reorganisation.checks import check_allotment
from central_hub.reorganisation.plan import Allotted, ReorganisationRefused, find_dossiers, read_plan
from central_hub.reorganisation.preview import preview
from central_hub.reorganisation.service import allot, publish_reorganisation
from central_hub.sent import sent_file
from central_hub.session import required, requires
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("reorganisation", __name__, url_prefix="/units")
Page = str | tuple[str, int] | Response

_GROUND_MAX = 1000


@blueprint.get("")
def show_list() -> str:
    return _render("list", **pages.list_page(get_reader(), get_services()))


@blueprint.get("/<record>")
def show_event(record: str) -> str | Response:
    connection, services = get_reader(), get_services()
    page = pages.event_page(connection, services, record, request.args)
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    file = pages.event_file(connection, services, page["event"], request.args.get("format", ""))
    return file if file is not None else _render("event", **page)


@blueprint.get("/new")
@requires(Role.ADMINISTRATOR)
def choose_units() -> str:
    services = get_services()
    services.genealogy.current(get_reader())
    options = [(unit.code, f"{unit.name} ({unit.code})") for unit in services.units.communes]
    form = forms.chosen_form(request.args)
    return _render(
        "choose",
        form=form,
        forms=[(each, words.form_name(each), words.form_hint(each)) for each in forms.ORDER],
        options=options,
        chosen=request.args.getlist("unit"),
    )


@blueprint.get("/plan")
@requires(Role.ADMINISTRATOR)
def show_plan() -> str:
    return _plan_page(request.args.getlist("unit"), {}, {})


@blueprint.post("/plan")
@requires(Role.ADMINISTRATOR)
def take_plan() -> Page:
    connection, services = get_reader(), get_services()
    form, units = forms.chosen_form(request.form), _units(request.form.getlist("unit"))
    devices = [each for each, _name in pages.plan_page(connection, services, units)["devices"]]
    read = forms.read_plan_form(request.form, form, units, devices, services)
    problem = forms.units_problem(form, units)
    errors = {**({"unit": problem} if problem else {}), **read.errors}
    if not errors:
        try:
            return _preview_page(read.content)
        except ReorganisationRefused as error:
            errors = {"plan": words.refusal_words(error, services)}
    return _plan_page(units, request.form, errors), reasons.INPUT.status


@blueprint.get("/upload")
@requires(Role.ADMINISTRATOR)
def show_upload() -> str:
    return _render("upload", error="")


@blueprint.post("/upload")
@requires(Role.ADMINISTRATOR)
def take_upload() -> Page:
    try:
        return _preview_page(forms.read_plan_file(sent_file(forms.FILE_BYTES_MAX)))
    except ReorganisationRefused as error:
        problem = words.refusal_words(error, get_services())
    except ValueError as error:
        problem = str(error)
    return _render("upload", error=problem), reasons.INPUT.status


@blueprint.post("/publish")
@requires(Role.ADMINISTRATOR)
def take_signature() -> Page:
    services, account = get_services(), required()
    content = _content(request.form.get("content", ""))
    try:
        signer = unlock_signer(services, account, request.form.get("password", ""))
        with writing(services.engine) as connection:
            plan = read_plan(connection, content)
            record = publish_reorganisation(connection, services, plan, account=account, signer=signer)
    except SignatureRefused:
        error = {"password": _("Mật khẩu không đúng. Chưa có gì được ký.")}
        return _preview_page(content, error), reasons.INPUT.status
    except ReorganisationRefused as refused:
        return _render("upload", error=words.refusal_words(refused, services)), refused.reason.status
    flash(_("Đã ký và công bố. Các máy tự theo; không ai phải đến từng máy."), "done")
    return redirect(f"/units/{record.id}")


@blueprint.get("/allot")
@requires(Role.ADMINISTRATOR)
def show_allot() -> str:
    return _allot_page(request.args.get("old", ""), {}, {})


@blueprint.post("/allot")
@requires(Role.ADMINISTRATOR)
def take_allot() -> Page:
    """First without a password: what would go where; then with it: signed."""
    connection, services, values = get_reader(), get_services(), request.form
    old = values.get("old", "")
    try:
        named = [*values.getlist("dossier"), *values.get("codes", "").split()]
        found = Allotted(old=old, new=values.get("new", ""), dossiers=find_dossiers(connection, named))
        check_allotment(connection, services, found)
    except ReorganisationRefused as error:
        return _allot_page(old, values, {"codes": words.refusal_words(error, services)}), reasons.INPUT.status
    if values.get("step") != "sign":
        return _allot_sign_page(found, values, {})
    return _sign_allotment(found, values)


def _sign_allotment(found: Allotted, values: Mapping[str, str]) -> Page:
    services, account = get_services(), required()
    try:
        signer = unlock_signer(services, account, values.get("password", ""))
        with writing(services.engine) as connection:
            ground = values.get("ground", "").strip()[:_GROUND_MAX]
            allot(connection, services, found, account=account, signer=signer, ground=ground)
    except SignatureRefused:
        error = {"password": _("Mật khẩu không đúng. Chưa có gì được ký.")}
        return _allot_sign_page(found, values, error), reasons.INPUT.status
    except ReorganisationRefused as refused:
        error = {"codes": words.refusal_words(refused, services)}
        return _allot_page(found.old, values, error), refused.reason.status
    flash(_("Đã ký: %(count)s hồ sơ được giao từ hôm nay.", count=len(found.dossiers)), "done")
    return redirect("/units")


def _units(codes: list[str]) -> list[str]:
    services = get_services()
    services.genealogy.current(get_reader())
    return forms.chosen_units(codes, services)


def _plan_page(codes: list[str], values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    units, form = _units(codes), forms.chosen_form(values or request.args)
    problem = forms.units_problem(form, units)
    if problem and not errors:
        errors = {"unit": problem}
    page = pages.plan_page(get_reader(), get_services(), units)
    return _render("plan", form=form, values=values, errors=errors, **page)


def _preview_page(content: dict[str, Any], errors: Mapping[str, str] | None = None) -> str:
    connection, services = get_reader(), get_services()
    plan = read_plan(connection, content)
    found = preview(connection, services, plan)
    remarks = [
        (words.look_tone(each), words.look_words(each, dict(plan.names), services)) for each in found.remarks
    ]
    return _render(
        "preview",
        found=found,
        plan=plan,
        remarks=remarks,
        content=forms.plan_text(plan.plain),
        errors=errors or {},
    )


def _allot_page(old: str, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    page = pages.allot_page(get_reader(), get_services(), old)
    picked = request.form.getlist("dossier")
    return _render("allot", values=values, errors=errors, picked=picked, **page)


def _allot_sign_page(found: Allotted, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    services = get_services()
    return _render("allot_sign", found=found, values=values, errors=errors, name=services.units.name)


def _content(text: str) -> dict[str, Any]:
    try:
        return forms.read_plan_file(text.encode())
    except ValueError as error:
        raise Refused(reasons.INPUT, "content") from error


def _render(page: str, **values: Any) -> str:
    services = get_services()
    return render_template(
        f"reorganisation/{page}.html",
        names=lambda event: words.names_of(event, services),
        form_name=words.form_name,
        form_hint=words.form_hint,
        progress_words=words.progress_words,
        may_sign=required().holds(Role.ADMINISTRATOR),
        **values,
    )
