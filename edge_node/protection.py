"""What protects the browser: security headers, and the token that every form of ours carries.

The page may load nothing but this node's own files and run no inline script or style. The token lives in the signed
session; a request that changes something and does not carry it was not made by our pages. The API is exempt because it
takes no cookie, only a bearer token.
"""

import hmac
from collections.abc import Callable
from typing import Final, TypeVar

from flask import Flask, Response, request, session
from werkzeug.wrappers import Response as BaseResponse

import look
from edge_node import reasons
from edge_node.database import get_services
from edge_node.problems import answer

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
View = TypeVar("View", bound=Callable[..., object])
_BYTES_MAX: Final[dict[str, int]] = {}
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def csrf_token() -> str:
    """This session's token, made when first asked for."""
    if FIELD not in session:
        session[FIELD] = get_services().random_bytes(16).hex()
    return str(session[FIELD])


def allow_bytes(most: int) -> Callable[[View], View]:
    """Let requests of one view be larger than others: files are sent to it."""

    def mark(view: View) -> View:
        _BYTES_MAX[view.__name__] = most
        return view

    return mark


def _widen() -> None:
    name = (request.endpoint or "").rsplit(".", 1)[-1]
    if name in _BYTES_MAX:
        request.max_content_length = _BYTES_MAX[name]


def check_csrf() -> BaseResponse | None:
    """Before every request that may change something."""
    if request.method in SAFE_METHODS or (request.blueprint or "").startswith("api"):
        return None
    given = request.headers.get(HEADER) or request.form.get(FIELD) or ""
    expected = session.get(FIELD)
    if isinstance(expected, str) and hmac.compare_digest(expected.encode(), given.encode()):
        return None
    return answer(reasons.CSRF)


def attach(app: Flask, *, is_https: bool) -> None:
    """Give an app its headers, cookie rules and token."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-motcua" if is_https else "motcua",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=2_000,
    )
    app.before_request(_widen)
    app.before_request(check_csrf)
    app.after_request(_harden)
    app.jinja_env.globals["csrf_token"] = csrf_token
    if is_https:
        app.after_request(_stay_secure)


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # A browser's own PDF viewer is an object and would be forbidden by the policy of the page it shows.
    if response.mimetype != "application/pdf":
        response.headers.setdefault("Content-Security-Policy", POLICY)
    if request.endpoint not in look.FILES:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _stay_secure(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
