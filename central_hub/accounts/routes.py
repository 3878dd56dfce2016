"""Log in, log out, choose the language."""

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from central_hub.accounts.service import Account, log_in
from central_hub.database import get_services
from central_hub.session import begin, current, end, public, safe_next
from central_hub.words import words_of

blueprint = Blueprint("accounts", __name__)

_LANGUAGES = ("vi", "en")


@blueprint.get("/login")
@public
def show_login() -> str | Response:
    if current() is not None:
        return redirect(safe_next(request.args.get("next")))
    return render_template("accounts/login.html", next=request.args.get("next", ""), login="", problem=None)


@blueprint.post("/login")
@public
def take_login() -> Response | tuple[str, int]:
    login, password = request.form.get("login", ""), request.form.get("password", "")
    found = log_in(get_services(), login=login, password=password, address=request.remote_addr or "")
    if isinstance(found, Account):
        begin(found)
        return redirect(safe_next(request.form.get("next")))
    page = render_template(
        "accounts/login.html", next=request.form.get("next", ""), login=login, problem=words_of(found)
    )
    return page, found.status


@blueprint.post("/logout")
def log_out() -> Response:
    end()
    return redirect("/login")


@blueprint.post("/language")
@public
def choose_language() -> Response:
    chosen = request.form.get("language")
    if chosen in _LANGUAGES:
        session["language"] = chosen
    return redirect(safe_next(request.form.get("next")))
