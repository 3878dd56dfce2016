"""`POST /sync/v1/round`: octets in, octets out; problem details where a request as a whole is refused."""

from flask import Blueprint, Response, request

from central_hub.database import get_services
from central_hub.session import public
from central_hub.sync.direct import answer_beacon
from central_hub.sync.service import answer_round
from sync_protocol import reasons
from sync_protocol.direct_beacon import DIRECT_BEACON_BYTES_MAX
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX

blueprint = Blueprint("sync", __name__, url_prefix="/sync/v1")

_REQUEST_BYTES_MAX = ROUND_SIZE_BYTES_MAX + 256


@blueprint.post("/round")
@public
def take_round() -> Response:
    if request.content_length is None or request.content_length > _REQUEST_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE)
    answer = answer_round(get_services(), request.get_data(cache=False), address=request.remote_addr or "")
    return Response(answer, mimetype="application/octet-stream")


@blueprint.post("/beacon")
@public
def take_beacon() -> Response:
    if request.content_length is None or request.content_length > DIRECT_BEACON_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE)
    answer = answer_beacon(get_services(), request.get_data(cache=False))
    return Response(answer, mimetype="application/octet-stream")
