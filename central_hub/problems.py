"""Which faults the hub's HTTP knows, and which requests come from programs; `look.problems` says how they are told."""

import logging
from typing import Any, Final

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from central_hub import reasons
from central_hub.database import get_services
from central_hub.store.engine import is_full
from look.problems import prefers_json, say
from signing.reasons import Reason
from sync_protocol import reasons as protocol_reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.versions import as_members

_LOG: Final = logging.getLogger(__name__)
_PROGRAM_PATHS: Final = ("/api/", "/sync/", "/enrol/")
_LATER_S: Final = 30
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
    return prefers_json()


def answer(reason: Reason, detail: str = "", *, status: int | None = None, **members: Any) -> Response:
    """The answer for a reason, in the form that the caller reads."""
    return say(reason, detail, is_program=wants_json(), status=status, members=members)


def attach(app: Flask) -> None:
    """Answer every fault from the catalogue."""
    app.register_error_handler(Refused, lambda error: answer(error.reason, error.detail, **error.members))
    app.register_error_handler(RemoteFault, _not_taken)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(OSError, lambda error: _full(error) if is_full(error) else _fault(error))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def _not_taken(error: RemoteFault) -> Response:
    """Whoever asked in a version that is not spoken here learns which ones are."""
    is_version = error.reason is protocol_reasons.ROUND_VERSION
    return answer(error.reason, error.detail, **(as_members(get_services().versions) if is_version else {}))


def _database(error: OperationalError) -> BaseResponse:
    """There is no room, or the database could not be had in time (or at all): whoever asked may try again."""
    if is_full(error):
        return _full(error)
    _LOG.error("database: %s %s", request.method, request.path, exc_info=error)
    return _later(protocol_reasons.HUB_BUSY)


def _full(error: Exception) -> BaseResponse:
    _LOG.error("the disk is full, seen in %s %s: %s", request.method, request.path, error)
    return _later(protocol_reasons.HUB_DISK_FULL)


def _later(reason: Reason) -> BaseResponse:
    response = answer(reason)
    response.headers["Retry-After"] = str(_LATER_S)
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
