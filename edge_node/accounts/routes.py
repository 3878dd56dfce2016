"""Log in and out, lock the screen, one's own account, the language; and for the unit administrator: the officers."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from edge_node import reasons
from edge_node.accounts import forms, resume, service
from edge_node.accounts.revoking import revoke_officer
from edge_node.database import get_db, get_services
from edge_node.entry import Rejected
from edge_node.journal import WriteRefused
from edge_node.keyring import Actor
from edge_node.shell import role_name, role_names
from edge_node.store.local import read_office
from look.problems import language
from signing.roles import GRANTS, Role

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@who.public
def log_in_page() -> ResponseReturnValue:
    if read_office(get_db()) is None:
        return redirect(who.SETUP_PATH)
    if who.current() is not None:
        return redirect(_next())
    return _log_in_page()


@blueprint.post("/login")
@who.public
def log_in() -> ResponseReturnValue:
    here = [officer for officer in service.list_officers(get_db(), get_services()) if officer.is_here]
    given = forms.read_log_in(request.form, frozenset(officer.officer for officer in here))
    if isinstance(given, Rejected):
        return _log_in_page(given.errors), 422
    try:
        token = service.log_in(
            get_db(), get_services(), officer=given.officer, pin=given.pin, address=request.remote_addr or ""
        )
    except service.LoginRefused as error:
        return _refused_page(given, error), error.reason.status
    is_same = who.known_officer() in (None, given.officer)
    who.begin(token, given.officer)
    if is_same and "kept_path" in request.form:
        return resume.send_again_page(who.safe_next(request.form["kept_path"]), resume.carried_fields())
    return redirect(_next() if is_same else "/")


@blueprint.post("/lock")
@who.public
def lock() -> ResponseReturnValue:
    who.lock()
    return redirect(f"{who.LOGIN_PATH}?{_next_query()}")


@blueprint.post("/logout")
@who.public
def log_out() -> ResponseReturnValue:
    who.end()
    return redirect(who.LOGIN_PATH)


@blueprint.post("/language")
@who.public
def choose_language() -> ResponseReturnValue:
    chosen = request.form.get("language", "")
    if chosen in ("vi", "en"):
        session["language"] = chosen
    return redirect(_next())


@blueprint.get("/account")
def account() -> str:
    return _account_page()


@blueprint.post("/account/pin")
def change_pin() -> ResponseReturnValue:
    actor = who.required()
    given = forms.read_pin_change(request.form)
    if isinstance(given, Rejected):
        return _account_page(given.errors), 422
    try:
        token = service.change_pin(
            get_db(),
            get_services(),
            officer=actor.officer,
            old=given.old,
            new=given.new,
            address=request.remote_addr or "",
        )
    except service.LoginRefused as error:
        return _account_page({"old": _refusal(error)}), error.reason.status
    get_services().keyring.lock(session.get("token", ""))
    who.begin(token, actor.officer)
    flash(_("Đã đổi mã PIN. Từ lần đăng nhập sau hãy dùng mã mới."), "done")
    return redirect("/account")


@blueprint.get("/officers")
def officers() -> str:
    _administrator()
    return _officers_page()


@blueprint.post("/officers")
def add_officer() -> ResponseReturnValue:
    administrator = _administrator()
    given = forms.read_new_officer(request.form)
    if isinstance(given, Rejected):
        return _officers_page(given.errors), 422
    service.add_officer(
        get_db(),
        get_services(),
        administrator,
        name=given.name,
        title=given.title,
        roles=given.roles,
        pin=given.pin,
    )
    flash(_added(given), "done")
    return redirect("/officers")


@blueprint.get("/officers/<officer>/pin")
def reset_pin_page(officer: str) -> str:
    _administrator()
    return render_template("accounts/reset_pin.html", officer=_officer(officer), errors={})


@blueprint.post("/officers/<officer>/pin")
def reset_pin(officer: str) -> ResponseReturnValue:
    administrator, found = _administrator(), _officer(officer)
    pin = forms.read_new_pin(request.form)
    if isinstance(pin, Rejected):
        return render_template("accounts/reset_pin.html", officer=found, errors=pin.errors), 422
    service.reset_pin(get_db(), get_services(), administrator, officer=officer, pin=pin)
    flash(_("Đã cấp mã PIN mới cho %(name)s trên máy này.", name=found.name), "done")
    return redirect("/officers")


@blueprint.get("/officers/<officer>/revoke")
def revoke_page(officer: str) -> str:
    _administrator()
    return _revoke_page(_officer(officer), {})


@blueprint.post("/officers/<officer>/revoke")
def revoke(officer: str) -> ResponseReturnValue:
    administrator, found = _administrator(), _officer(officer)
    given = forms.read_revocation(request.form)
    if isinstance(given, Rejected):
        return _revoke_page(found, given.errors), 422
    revoke_officer(
        get_db(), get_services(), administrator, officer=officer, cause=given.cause, ground=given.ground
    )
    flash(_("Đã thu hồi khóa của %(name)s trên máy này.", name=found.name), "done")
    return redirect("/officers")


def _revoke_page(officer: service.Officer, errors: dict[str, str]) -> str:
    return render_template(
        "accounts/revoke.html",
        officer=officer,
        causes=forms.causes(),
        chosen=request.form.get("cause", ""),
        ground=request.form.get("ground", ""),
        errors=errors,
    )


def _log_in_page(errors: dict[str, str] | None = None) -> str:
    here = [officer for officer in service.list_officers(get_db(), get_services()) if officer.is_here]
    known = None if request.values.get("other") else who.known_officer()
    return render_template(
        "accounts/log_in.html",
        officers=here,
        locked=next((officer for officer in here if officer.officer == known), None),
        chosen=request.form.get("officer", here[0].officer if len(here) == 1 else ""),
        next=_next(),
        next_query=_next_query(),
        errors=errors or {},
        role_names=role_names,
    )


def _refused_page(given: forms.LogIn, error: service.LoginRefused) -> str:
    """The page that asked, once more; a form that it carries along stays with it."""
    officer = service.find_officer(get_db(), get_services(), given.officer)
    if officer is None or "kept_path" not in request.form:
        return _log_in_page({"pin": _refusal(error)})
    return resume.locked_page(officer, request.form["kept_path"], resume.carried_fields(), _refusal(error))


def _account_page(errors: dict[str, str] | None = None) -> str:
    actor = who.required()
    officer = service.find_officer(get_db(), get_services(), actor.officer)
    return render_template(
        "accounts/account.html",
        actor=actor,
        officer=officer,
        role_name=role_name,
        role_names=role_names,
        errors=errors or {},
        idle_minutes=get_services().config.idle_lock_minutes,
    )


def _officers_page(errors: dict[str, str] | None = None) -> str:
    roles: list[tuple[Role, str, str]] = [
        (
            role,
            role_name(role),
            _("có hiệu lực ngay") if role in GRANTS[Role.UNIT_ADMINISTRATOR] else _("chờ tỉnh xác nhận"),
        )
        for role in forms.ROLES_OFFERED
    ]
    values: dict[str, Any] = {"name": request.form.get("name", ""), "title": request.form.get("title", "")}
    return render_template(
        "accounts/officers.html",
        officers=service.list_officers(get_db(), get_services()),
        me=who.required().officer,
        roles=roles,
        chosen=request.form.getlist("roles"),
        values=values,
        errors=errors or {},
        role_names=role_names,
        Standing=service.Standing,
    )


def _added(given: forms.NewOfficer) -> str:
    waiting = given.roles - GRANTS[Role.UNIT_ADMINISTRATOR]
    if not waiting:
        return _("Đã thêm %(name)s. Cán bộ đăng nhập được ngay trên máy này.", name=given.name)
    return _(
        "Đã thêm %(name)s. Vai trò %(roles)s chờ tỉnh xác nhận, sẽ có hiệu lực sau một lần đồng bộ.",
        name=given.name,
        roles=role_names(waiting),
    )


def _administrator() -> Actor:
    """The unit administrator at the screen; anybody else is told so."""
    actor = who.required()
    if Role.UNIT_ADMINISTRATOR not in actor.roles:
        raise WriteRefused(reasons.ROLE)
    return actor


def _officer(officer: str) -> service.Officer:
    return service.find_officer(get_db(), get_services(), officer) or abort(404)


def _refusal(error: service.LoginRefused) -> str:
    """What went wrong and what to do, in one line."""
    is_english = language() == "en"
    said = error.reason.en if is_english else error.reason.vi
    if error.wait_s:
        minutes, seconds = divmod(error.wait_s, 60)
        left = (
            _("%(minutes)s phút %(seconds)s giây", minutes=minutes, seconds=seconds)
            if minutes
            else _("%(seconds)s giây", seconds=seconds)
        )
        return f"{said} {_('Còn %(left)s.', left=left)}"
    return f"{said} {error.reason.next_en if is_english else error.reason.next_vi}"


def _next() -> str:
    return who.safe_next(request.values.get("next"))


def _next_query() -> str:
    return urlencode({"next": _next()})
