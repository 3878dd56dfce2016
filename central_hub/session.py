"""Who is at the screen: the signed cookie names an account and its generation, nothing else is trusted.

Every page needs an account unless its view is marked `public`; `requires` narrows a view to roles. An account that was
switched off or given another password has another generation, so its old sessions end with the next request.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from flask import Response, current_app, g, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

import look
from central_hub import reasons
from central_hub.accounts.service import Account, find_account
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused, answer, wants_json
from signing.roles import Role

LOGIN_PATH: Final = "/login"
_MARK: Final = "motcua_is_public"
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that needs no account."""
    setattr(view, _MARK, True)
    return view


def requires(*roles: Role) -> Callable[[View], View]:
    """Narrow a view to accounts that hold one of these roles."""

    def narrow(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not required().holds(*roles):
                raise Refused(reasons.ROLE)
            return view(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return narrow


def begin(account: Account) -> None:
    """Start a session; everything but the chosen language of the one before is dropped."""
    language = session.get("language")
    session.clear()
    session.permanent = True
    session["login"], session["generation"] = account.login, account.generation
    session["until"] = get_services().clock() + get_services().config.session_hours * 60 * 60 * 1000
    if language:
        session["language"] = language
    g.pop("account", None)


def end() -> None:
    """Log out."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    g.pop("account", None)


def current() -> Account | None:
    """The account at the screen, or None."""
    if "account" not in g:
        g.account = _read()
    found: Account | None = g.account
    return found


def required() -> Account:
    """The account at the screen; Refused without one."""
    account = current()
    if account is None:
        raise Refused(reasons.LOGGED_OUT)
    return account


def safe_next(path: str | None) -> str:
    """A path of this hub to go on to, never another site."""
    parts = urlsplit(path or "")
    if not path or parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    return path


def guard() -> BaseResponse | None:
    """Before every request: an account, then the page."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint in look.FILES or getattr(view, _MARK, False) or current() is not None:
        return None
    if wants_json() or request.method not in ("GET", "HEAD"):
        return answer(reasons.LOGGED_OUT)
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": LOGIN_PATH})
    return redirect(f"{LOGIN_PATH}?next={quote(request.full_path if request.query_string else request.path)}")


def _read() -> Account | None:
    login, until = session.get("login"), session.get("until")
    if not isinstance(login, str) or not isinstance(until, int) or until < get_services().clock():
        return None
    account = find_account(get_reader(), login)
    if account is None or not account.is_active or account.generation != session.get("generation"):
        return None
    return account
