"""/connections: programs that may use the API. The unit administrator makes and revokes tokens; each officer says whom to let sign."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from edge_node import reasons
from edge_node.accounts.service import officer_names
from edge_node.api.grants import GRANTS
from edge_node.api.tokens import Scope, Token, TooManyTokens, list_tokens, make_token, revoke_token
from edge_node.database import get_db, get_services
from edge_node.entry import Entry
from edge_node.journal import WriteRefused
from signing.roles import Role

blueprint = Blueprint("connections", __name__, url_prefix="/connections")
NAME_MAX = 80


@blueprint.get("")
def show() -> str:
    return _page()


@blueprint.post("")
def make() -> ResponseReturnValue:
    _require_administrator()
    entry = Entry(request.form)
    name = entry.line("name", needed=_("Hãy ghi tên phần mềm."), most=NAME_MAX)
    scope = entry.choice("scope", list(Scope), needed=_("Hãy chọn phần mềm được làm gì."))
    if entry.errors:
        return _page(errors=entry.errors), 422
    try:
        text = make_token(get_db(), get_services(), who.required(), name=name, scope=Scope(scope))
    except TooManyTokens:
        return _page(errors={"name": _("Đã có quá nhiều mã; hãy thu hồi mã không dùng nữa.")}), 422
    # Shown in this one answer and kept nowhere; a redirect would have to keep it.
    return _page(made=text, made_name=name)


@blueprint.post("/<token>/revoke")
def revoke(token: str) -> ResponseReturnValue:
    _require_administrator()
    found = _token(token)
    GRANTS.withdraw(token)
    revoke_token(get_db(), token, now=get_services().clock())
    flash(_("Đã thu hồi mã của «%(name)s».", name=found.name), "done")
    return redirect("/connections")


@blueprint.post("/<token>/allow")
def allow(token: str) -> ResponseReturnValue:
    found = _token(token)
    if found.scope is not Scope.WRITE:
        abort(404)
    GRANTS.allow(token, session["token"])
    flash(
        _("«%(name)s» được ký thay bạn cho tới khi bạn khóa màn hình hoặc đăng xuất.", name=found.name),
        "done",
    )
    return redirect("/connections")


@blueprint.post("/<token>/withdraw")
def withdraw(token: str) -> ResponseReturnValue:
    found = _token(token)
    GRANTS.withdraw(token)
    flash(_("«%(name)s» không còn được ký.", name=found.name), "done")
    return redirect("/connections")


def _page(*, made: str = "", made_name: str = "", errors: dict[str, str] | None = None) -> str:
    db, services = get_db(), get_services()
    tokens = list_tokens(db)
    return render_template(
        "api/connections.html",
        tokens=tokens,
        signers={token.id: GRANTS.actor(db, services, token.id) for token in tokens},
        me=who.required(),
        names=officer_names(db),
        is_administrator=Role.UNIT_ADMINISTRATOR in who.required().roles,
        made=made,
        made_name=made_name,
        values=request.form,
        errors=errors or {},
        Scope=Scope,
    )


def _token(token: str) -> Token:
    return next((each for each in list_tokens(get_db()) if each.id == token), None) or abort(404)


def _require_administrator() -> None:
    if Role.UNIT_ADMINISTRATOR not in who.required().roles:
        raise WriteRefused(reasons.ROLE)
