"""`/administration`: one's own password; for administrators accounts, the target and tokens; for auditors the diary."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.accounts.service import (
    AccountInvalid,
    find_account,
    make_account,
    opened_seed,
    set_password,
)
from central_hub.administration.forms import (
    password_errors,
    read_account,
    read_label,
    read_roles,
    read_target,
    role_options,
)
from central_hub.administration.service import (
    ChangeRefused,
    administration_page,
    change_active,
    change_roles,
    log_page,
)
from central_hub.api.tokens import Scope, TokenRefused, make_token, withdraw_token
from central_hub.database import get_reader, get_services, renew_reader
from central_hub.events import note_event
from central_hub.problems import Refused
from central_hub.session import begin, required, requires
from central_hub.statistics.targets import set_on_time_target
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("administration", __name__, url_prefix="/administration")
Page = str | tuple[str, int] | Response


@blueprint.get("")
def show_administration() -> str:
    return _page()


@blueprint.post("/password")
def change_password() -> Page:
    services, account, form = get_services(), required(), request.form
    errors = password_errors("new", form.get("new", ""), form.get("new_again", ""))
    if opened_seed(services, account.login, form.get("old", "")) is None:
        errors["old"] = _("Mật khẩu đang dùng không đúng.")
    if errors:
        return _page(errors=errors), reasons.INPUT.status
    with writing(services.engine) as connection:
        set_password(connection, services, account.login, form["new"])
        changed = find_account(connection, account.login)
    if changed is not None:
        begin(changed)
    flash(_("Đã đổi mật khẩu; các phiên khác của bạn đã kết thúc."), "done")
    return redirect("/administration")


@blueprint.get("/accounts/new")
@requires(Role.ADMINISTRATOR)
def new_account() -> str:
    return render_template(
        "administration/new_account.html", values={}, roles=(), errors={}, role_options=role_options()
    )


@blueprint.post("/accounts/new")
@requires(Role.ADMINISTRATOR)
def take_account() -> Page:
    form, services = read_account(request.form, request.form.getlist("roles")), get_services()
    errors = dict(form.errors)
    if not errors:
        try:
            with writing(services.engine) as connection:
                make_account(
                    connection,
                    services,
                    login=form.login,
                    name=form.name,
                    roles=form.roles,
                    password=form.password,
                    actor=required().login,
                )
        except AccountInvalid:
            errors["login"] = _("Tên đăng nhập này đã có.")
    if errors:
        page = render_template(
            "administration/new_account.html",
            values=request.form,
            roles=form.roles,
            errors=errors,
            role_options=role_options(),
        )
        return page, reasons.INPUT.status
    flash(_("Đã tạo tài khoản %(login)s. Báo mật khẩu tận tay và nhắc đổi ngay.", login=form.login), "done")
    return redirect("/administration")


@blueprint.get("/accounts/<login>")
@requires(Role.ADMINISTRATOR)
def show_account(login: str) -> str:
    return _account_page(login)


@blueprint.post("/accounts/<login>/roles")
@requires(Role.ADMINISTRATOR)
def take_roles(login: str) -> Page:
    services, roles = get_services(), read_roles(request.form.getlist("roles"))
    if not roles:
        return _account_page(login, {"roles": _("Chọn ít nhất một vai trò.")}), reasons.INPUT.status
    try:
        with writing(services.engine) as connection:
            change_roles(connection, services, login, roles, required())
    except ChangeRefused as error:
        return _account_page(login, {"roles": str(error)}), reasons.INPUT.status
    flash(_("Đã đổi vai trò; người này phải đăng nhập lại."), "done")
    return redirect(f"/administration/accounts/{login}")


@blueprint.post("/accounts/<login>/active")
@requires(Role.ADMINISTRATOR)
def take_active(login: str) -> Page:
    services, active = get_services(), request.form.get("active") == "1"
    try:
        with writing(services.engine) as connection:
            change_active(connection, services, login, active=active, actor=required())
    except ChangeRefused as error:
        return _account_page(login, {"active": str(error)}), reasons.INPUT.status
    flash(
        _("Đã mở tài khoản.") if active else _("Đã khóa tài khoản; mọi phiên của người này đã kết thúc."),
        "done",
    )
    return redirect(f"/administration/accounts/{login}")


@blueprint.post("/accounts/<login>/password")
@requires(Role.ADMINISTRATOR)
def reset_password(login: str) -> Page:
    services, form = get_services(), request.form
    errors = password_errors("password", form.get("password", ""), form.get("password", ""))
    if errors:
        return _account_page(login, errors), reasons.INPUT.status
    with writing(services.engine) as connection:
        if find_account(connection, login) is None:
            raise Refused(reasons.NOT_FOUND)
        set_password(connection, services, login, form["password"], actor=required().login)
    flash(_("Đã đặt mật khẩu mới. Báo tận tay và nhắc đổi ngay."), "done")
    return redirect(f"/administration/accounts/{login}")


@blueprint.post("/target")
@requires(Role.ADMINISTRATOR)
def take_target() -> Page:
    services, target = get_services(), read_target(request.form.get("target", ""))
    if target is None:
        return _page(
            errors={"target": _("Nhập một tỷ lệ phần trăm, ví dụ 95 hoặc 97,5.")}
        ), reasons.INPUT.status
    with writing(services.engine) as connection:
        set_on_time_target(connection, target)
        note_event(
            connection,
            at_ms=services.clock(),
            actor=required().login,
            action="target.set",
            subject=str(target),
        )
    flash(_("Đã đổi chỉ tiêu đúng hạn."), "done")
    return redirect("/administration")


@blueprint.post("/tokens")
@requires(Role.ADMINISTRATOR)
def take_token() -> Page:
    services, label = get_services(), read_label(request.form.get("label", ""))
    if label is None:
        return _page(
            errors={"label": _("Ghi mã này dùng cho việc gì, từ 2 đến 60 ký tự.")}
        ), reasons.INPUT.status
    try:
        with writing(services.engine) as connection:
            asked = request.form.get("scope")
            scope = next((each for each in Scope if each == asked), Scope.FIGURES)
            token = make_token(connection, services, label=label, actor=required().login, scope=scope)
    except TokenRefused:
        return _page(errors={"label": _("Đã có mã truy cập tên này.")}), reasons.INPUT.status
    renew_reader()
    return _page(token=token, label=label)


@blueprint.post("/tokens/withdraw")
@requires(Role.ADMINISTRATOR)
def end_token() -> Response:
    services = get_services()
    with writing(services.engine) as connection:
        withdraw_token(connection, services, label=request.form.get("label", ""), actor=required().login)
    flash(_("Đã thu hồi mã truy cập."), "done")
    return redirect("/administration")


@blueprint.get("/log")
@requires(Role.ADMINISTRATOR, Role.AUDITOR)
def show_log() -> str:
    return render_template("administration/log.html", **log_page(get_reader(), get_services(), request.args))


def _page(*, errors: dict[str, str] | None = None, token: str = "", label: str = "") -> str:
    page = administration_page(get_reader(), get_services(), required())
    return render_template(
        "administration/administration.html", errors=errors or {}, token=token, label=label, **page
    )


def _account_page(login: str, errors: dict[str, str] | None = None) -> str:
    found = find_account(get_reader(), login)
    if found is None:
        raise Refused(reasons.NOT_FOUND)
    return render_template(
        "administration/account.html", found=found, errors=errors or {}, role_options=role_options()
    )
