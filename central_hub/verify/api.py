"""`POST /api/v1/verify`: a proof, an exported record, the text of a code, a picture of a code or a PDF in the request, the report in
the answer.

The content is the file itself, whatever its type is called, or a form with the field `file` (or `text`). Open to everybody,
slowly; an agency with a key may ask often. No cookie is looked at. Nothing sent is kept. The schema of the report is at
`/api/report.schema.json`.
"""

from typing import Final

from flask import Blueprint, Response, jsonify, request

from central_hub import reasons
from central_hub.api.tokens import Scope, token_label
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.sent import sent_file
from central_hub.session import public
from central_hub.verify.service import Asker, may_ask, report_on
from signing.errors import NotOpened
from signing.opening import INPUT_BYTES_MAX, opened_input
from signing.report_schema import REPORT_SCHEMA
from sync_protocol import reasons as protocol_reasons

blueprint = Blueprint("verify_api", __name__, url_prefix="/api")

_YES: Final = "true"
_FORM: Final = "multipart/form-data"


@blueprint.post("/v1/verify")
@public
def verify_sent() -> Response:
    services = get_services()
    if not may_ask(services, _asker()):
        raise Refused(protocol_reasons.THROTTLED)
    data = _sent()
    if not data:
        raise Refused(reasons.INPUT, "the request has no content")
    try:
        opened = opened_input(data)
    except NotOpened as error:
        raise Refused(error.reason, error.detail) from error
    require_log = request.args.get("require_log", "") == _YES
    return jsonify(report_on(services, get_reader(), opened, require_log=require_log).json())


@blueprint.get("/report.schema.json")
@public
def schema() -> Response:
    return jsonify(REPORT_SCHEMA)


def _sent() -> bytes:
    """What was sent, one byte longer than the limit at most; longer input is none of the known forms."""
    if request.mimetype == _FORM:
        return sent_file(INPUT_BYTES_MAX) or request.form.get("text", "").strip().encode("utf-8", "replace")
    return request.stream.read(INPUT_BYTES_MAX + 1)


def _asker() -> Asker:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return Asker.visitor(request.remote_addr or "")
    label = token_label(get_reader(), token.strip(), Scope.VERIFY) if scheme.lower() == "bearer" else None
    if label is None:
        raise Refused(reasons.API_TOKEN)
    return Asker.agency(label)
