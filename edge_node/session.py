"""Who is at the screen: the signed cookie names a session, the key ring holds its open key, nothing else is trusted.

Every page needs an officer unless its view is marked `public`. Without one, a page leads to the log-in (or, for a locked
screen, to the PIN), and a form answers 401 so that what was typed is not lost to a redirect.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from flask import Response, current_app, g, make_response, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

import look
from edge_node import reasons
from edge_node.accounts import resume
from edge_node.accounts.service import current_actor, find_officer
from edge_node.database import get_db, get_services
from edge_node.keyring import Actor
from edge_node.problems import answer, wants_json
from edge_node.store.local import read_office

LOGIN_PATH: Final = "/login"
SETUP_PATH: Final = "/setup"
_MARK: Final = "motcua_is_public"
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that needs no officer."""
    setattr(view, _MARK, True)
    return view


def begin(token: str, officer: str) -> None:
    """Start the officer's session; everything but the chosen language of the one before is dropped.

    The officer who comes back to a locked screen keeps the form token, so that a page still open in another tab can be sent.
    """
    same = session.get("officer") == officer
    kept = {
        name: session[name] for name in ("language", *(("csrf_token",) if same else ())) if name in session
    }
    session.clear()
    session.update(kept, token=token, officer=officer)
    g.pop("actor", None)


def lock() -> None:
    """Lock the screen: the key is forgotten, the officer's name stays."""
    get_services().keyring.lock(session.pop("token", ""))
    g.pop("actor", None)


def end() -> None:
    """Log out."""
    lock()
    session.pop("officer", None)


def current() -> Actor | None:
    """The officer at the screen, or None."""
    if "actor" not in g:
        is_activity = request.headers.get("X-Motcua-Background") is None
        g.actor = current_actor(get_db(), get_services(), session.get("token"), is_activity=is_activity)
    found: Actor | None = g.actor
    return found


def required() -> Actor:
    """The officer at the screen; only for views that are not public."""
    actor = current()
    if actor is None:
        raise RuntimeError("a view that is not public was reached without an officer")
    return actor


def known_officer() -> str | None:
    """Officer id of a locked session: who has to type the PIN again."""
    found: str | None = session.get("officer")
    return found


def safe_next(path: str | None) -> str:
    """A path of this node to go on to, never another site."""
    parts = urlsplit(path or "")
    if not path or parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    return path


def guard() -> BaseResponse | None:
    """Before every request: set-up first, then an officer, then the page."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint in look.FILES or getattr(view, _MARK, False):
        return None
    if (request.blueprint or "").startswith("api"):
        return None
    if read_office(get_db()) is None:
        return redirect(SETUP_PATH)
    if current() is not None:
        return None
    return _ask_for_pin()


def _ask_for_pin() -> BaseResponse:
    target = f"{LOGIN_PATH}?next={quote(request.full_path if request.query_string else request.path)}"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": LOGIN_PATH})
    if request.method in ("GET", "HEAD"):
        return redirect(target)
    officer = find_officer(get_db(), get_services(), known_officer() or "")
    if officer is None or wants_json():
        return answer(reasons.LOGGED_OUT)
    path = request.full_path if request.query_string else request.path
    return make_response(resume.locked_page(officer, path, resume.posted_fields()), reasons.LOGGED_OUT.status)
