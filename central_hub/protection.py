"""What protects the browser: security headers, and the token that every form of ours carries.

A page may load nothing but this hub's own files and run no inline script or style. The token lives in the signed
session; a request that changes something and does not carry it was not made by our pages. What nodes and programs call
is exempt because it takes no cookie: rounds are signed by the device, enrolment carries a code, a cosignature is the
witness's, the API a log-in of its own or nothing.
"""

import hmac
from typing import Final

from flask import Flask, Response, request, session
from werkzeug.wrappers import Response as BaseResponse

import look
from central_hub import reasons
from central_hub.database import get_services
from central_hub.problems import answer

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIELESS: Final = frozenset({"sync", "files", "relay", "enrol", "tlog", "verify_api"})
"""Blueprints that look at no cookie."""

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_FOR_PROGRAMS: Final = frozenset({"sync", "files", "relay"})
"""Blueprints that answer nodes alone, with octets."""
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
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


def check_csrf() -> BaseResponse | None:
    """Before every request that may change something."""
    if request.method in SAFE_METHODS or request.blueprint in COOKIELESS:
        return None
    given = request.headers.get(HEADER) or request.form.get(FIELD) or ""
    expected = session.get(FIELD)
    if isinstance(expected, str) and hmac.compare_digest(expected.encode(), given.encode()):
        return None
    return answer(reasons.CSRF)


def attach(app: Flask, *, is_https: bool, session_seconds: int) -> None:
    """Give an app its headers, cookie rules and token."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-motcua-hub" if is_https else "motcua-hub",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=session_seconds,
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2_000,
    )
    app.before_request(check_csrf)
    app.after_request(_harden)
    app.jinja_env.globals["csrf_token"] = csrf_token
    if is_https:
        app.after_request(_stay_secure)


def _harden(response: Response) -> Response:
    if request.blueprint in _FOR_PROGRAMS:  # no page: on a bad line every byte of every round counts
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in look.FILES:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _stay_secure(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
