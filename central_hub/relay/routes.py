"""`POST /sync/v1/relay`: octets in, octets out; problem details where a request as a whole is refused."""

from flask import Blueprint, Response, request

from central_hub.database import get_services
from central_hub.relay.service import answer_relay
from central_hub.session import public
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.relay import RELAY_MESSAGE_BYTES_MAX

blueprint = Blueprint("relay", __name__, url_prefix="/sync/v1")


@blueprint.post("/relay")
@public
def take_loads() -> Response:
    if request.content_length is None or request.content_length > RELAY_MESSAGE_BYTES_MAX + 256:
        raise RemoteFault(reasons.ROUND_SIZE)
    answer = answer_relay(get_services(), request.get_data(cache=False))
    return Response(answer, mimetype="application/octet-stream")
