"""`/api/v1/…` and `/api/openapi.json`. A token, a log-in, or (figures only) the province's word that they are public."""

from flask import Blueprint, Response, jsonify, request

from central_hub import reasons
from central_hub.api.answers import nodes_answer, statistics_answer
from central_hub.api.openapi import openapi_document
from central_hub.api.tokens import is_token
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.session import current, public
from central_hub.statistics.board import today_of
from central_hub.statistics.choice import ChoiceInvalid, read_strictly

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/v1/statistics")
@public
def statistics() -> Response:
    if not get_services().config.public_statistics:
        _require_access()
    try:
        choice = read_strictly(request.args, today=today_of(get_services()))
    except ChoiceInvalid as error:
        raise Refused(reasons.INPUT, f"parameter {error}") from error
    return jsonify(statistics_answer(get_reader(), get_services(), choice))


@blueprint.get("/v1/nodes")
@public
def nodes() -> Response:
    _require_access()
    return jsonify(nodes_answer(get_reader(), get_services()))


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    return jsonify(openapi_document(request.host_url.rstrip("/")))


def _require_access() -> None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if current() is None and not (scheme.lower() == "bearer" and is_token(get_reader(), token.strip())):
        raise Refused(reasons.API_TOKEN)
