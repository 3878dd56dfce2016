"""Which faults the node's HTTP knows, and which requests come from programs; `look.problems` says how they are told."""

import logging
import sqlite3
from typing import Any, Final

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from edge_node import reasons
from edge_node.journal import WriteRefused
from edge_node.store import StorageFull
from edge_node.store.connection import is_busy, is_damage, is_full
from look.problems import prefers_json, say
from signing.reasons import Reason
from sync_protocol.reasons import FILE_SIZE

_LOG: Final = logging.getLogger(__name__)


def wants_json() -> bool:
    """Whether a program asks: the API, or whoever prefers JSON."""
    if request.path.startswith("/api/") or request.path == "/health":
        return True
    return prefers_json()


def answer(reason: Reason, detail: str = "", *, status: int | None = None, **members: Any) -> Response:
    """The answer for a reason, in the form that the caller reads."""
    return say(reason, detail, is_program=wants_json(), status=status, members=members)


def attach(app: Flask) -> None:
    """Answer every fault from the catalogue."""
    app.register_error_handler(WriteRefused, lambda error: answer(error.reason, error.detail))
    app.register_error_handler(StorageFull, lambda error: _full())
    app.register_error_handler(sqlite3.DatabaseError, _database)
    app.register_error_handler(OSError, lambda error: _full() if is_full(error) else _fault(error))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def _full() -> BaseResponse:
    current_app.extensions["motcua"].space.release()
    return answer(reasons.DISK_FULL)


def _database(error: sqlite3.DatabaseError) -> BaseResponse:
    if is_busy(error):
        _LOG.warning("%s %s waited in vain for the database: %s", request.method, request.path, error)
        return answer(reasons.BUSY)
    if is_full(error):
        return _full()
    if not is_damage(error):
        return _fault(error)
    _LOG.error("the database is damaged, seen in %s %s", request.method, request.path, exc_info=error)
    return answer(reasons.DAMAGED)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    # What is too large for a form with files is a file: nothing else of it can be.
    is_file = error.code == FILE_SIZE.status and request.mimetype == "multipart/form-data"
    reason = FILE_SIZE if is_file else _REASONS.get(error.code, reasons.INPUT)
    response = answer(reason, status=error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _fault(error: Exception) -> BaseResponse:
    _LOG.error("fault in %s %s", request.method, request.path, exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_FAULTS"):
        raise error
    return answer(reasons.INTERNAL)


_REASONS: Final = {404: reasons.NOT_FOUND, 403: reasons.ROLE, 401: reasons.LOGGED_OUT, 500: reasons.INTERNAL}
