"""Every "no" of the hub's HTTP: problem details (RFC 9457) for programs, a page with a next step for people.

Both come from the one catalogue of reasons; nothing technical reaches the page but the code.
"""

import logging
from typing import Any, Final

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask_babel import get_locale
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from central_hub import reasons
from signing.reasons import Reason
from sync_protocol import reasons as protocol_reasons
from sync_protocol.errors import RemoteFault

_LOG: Final = logging.getLogger(__name__)
PROBLEM_TYPE: Final = "https://motcua.invalid/problems/"
_PROGRAM_PATHS: Final = ("/api/", "/sync/", "/enrol/")
_BY_STATUS: Final = {
    401: reasons.LOGGED_OUT,
    403: reasons.ROLE,
    404: reasons.NOT_FOUND,
    413: protocol_reasons.ROUND_SIZE,
    500: reasons.INTERNAL,
}


class Refused(Exception):
    """A request is refused for a reason of the catalogue; `members` go into the problem details."""

    def __init__(self, reason: Reason, detail: str = "", **members: Any) -> None:
        super().__init__(f"{reason.code}: {detail}" if detail else reason.code)
        self.reason, self.detail, self.members = reason, detail, members


def wants_json() -> bool:
    """Whether a program asks."""
    if request.path.startswith(_PROGRAM_PATHS) or request.path in ("/health", "/metrics"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best in ("application/json", "application/problem+json")


def answer(reason: Reason, detail: str = "", *, status: int | None = None, **members: Any) -> Response:
    """The answer for a reason, in the form that the caller reads."""
    code = status or reason.status
    if wants_json():
        return problem(reason, detail, status=code, **members)
    is_english = language() == "en"
    page = render_template(
        "errors/error.html",
        status=code,
        title=reason.en if is_english else reason.vi,
        text=members.get("text", ""),
        next_step=reason.next_en if is_english else reason.next_vi,
        code=reason.code,
    )
    return make_response(page, code)


def problem(reason: Reason, detail: str = "", *, status: int | None = None, **members: Any) -> Response:
    """Problem details as JSON."""
    is_english = language() == "en"
    content = {
        "type": PROBLEM_TYPE + reason.code,
        "title": reason.en if is_english else reason.vi,
        "status": status or reason.status,
        "code": reason.code,
        "next": reason.next_en if is_english else reason.next_vi,
        **({"detail": detail} if detail else {}),
        **members,
    }
    response = jsonify(content)
    response.status_code = status or reason.status
    response.content_type = "application/problem+json"
    return response


def language() -> str:
    """`vi` or `en`, for this request."""
    return str(get_locale() or "vi")[:2]


def attach(app: Flask) -> None:
    """Answer every fault from the catalogue."""
    app.register_error_handler(Refused, lambda error: answer(error.reason, error.detail, **error.members))
    app.register_error_handler(RemoteFault, lambda error: answer(error.reason, error.detail))
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def _busy(error: OperationalError) -> BaseResponse:
    """The database could not be had in time (or at all): whoever asked may try again."""
    _LOG.error("database: %s %s", request.method, request.path, exc_info=error)
    response = answer(protocol_reasons.HUB_BUSY)
    response.headers["Retry-After"] = "30"
    return response


def _http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    response = answer(_BY_STATUS.get(error.code, reasons.INPUT), status=error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _fault(error: Exception) -> BaseResponse:
    _LOG.error("fault in %s %s", request.method, request.path, exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_FAULTS"):
        raise error
    return answer(reasons.INTERNAL)
