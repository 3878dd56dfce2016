"""`/enrol/v1/…`: what a PC asks before it belongs to the province. Throttled; nothing here reads a cookie."""

import base64

import msgspec
from flask import Blueprint, Response, jsonify, request

from central_hub import reasons as hub_reasons
from central_hub.database import get_services
from central_hub.problems import Refused
from central_hub.registry.enrolment import enrol_device
from central_hub.session import public
from central_hub.store.engine import writing
from central_hub.tls import authority_pem
from sync_protocol.enrolment import EnrolmentRequest
from sync_protocol.errors import RemoteFault
from sync_protocol.versions import as_members

blueprint = Blueprint("enrol", __name__, url_prefix="/enrol/v1")

_REQUEST_BYTES_MAX = 16 * 1024
_decoder = msgspec.json.Decoder(EnrolmentRequest)


@blueprint.get("/hello")
@public
def hello() -> Response:
    services = get_services()
    return jsonify(
        bundle=base64.b64encode(services.keys.envelope).decode(),
        ca=authority_pem(services.config.keys),
        **as_members(services.versions),
    )


@blueprint.post("/device")
@public
def enrol() -> Response:
    services = get_services()
    if request.content_length is None or request.content_length > _REQUEST_BYTES_MAX:
        raise Refused(hub_reasons.INPUT, "size")
    try:
        asked = _decoder.decode(request.get_data(cache=False))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(hub_reasons.INPUT, str(error)) from error
    refused: RemoteFault | None = None
    with writing(services.engine) as connection:
        try:
            answer = enrol_device(connection, services, asked, address=request.remote_addr or "")
        except RemoteFault as error:
            refused = error  # committed all the same: the failure was counted
    if refused is not None:
        raise refused
    return jsonify(msgspec.to_builtins(answer))
