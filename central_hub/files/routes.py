"""`POST /sync/v1/files`: octets in, octets out; problem details where a request as a whole is refused."""

from flask import Blueprint, Response, request

from central_hub.database import get_services
from central_hub.files.service import answer_files
from central_hub.session import public
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FILES_MESSAGE_BYTES_MAX

blueprint = Blueprint("files", __name__, url_prefix="/sync/v1")


@blueprint.post("/files")
@public
def take_files() -> Response:
    if request.content_length is None or request.content_length > FILES_MESSAGE_BYTES_MAX + 256:
        raise RemoteFault(reasons.ROUND_SIZE)
    answer = answer_files(get_services(), request.get_data(cache=False))
    return Response(answer, mimetype="application/octet-stream")
