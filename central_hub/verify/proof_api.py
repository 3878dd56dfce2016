"""`GET /api/v1/dossiers/<dossier>/proof`: a proof of any dossier for a program that holds a key for that.

Bodies are personal data: only those of the records named by `disclose` go along, and every export stands in the diary.
"""

from flask import Blueprint, Response, jsonify, request

from central_hub import reasons
from central_hub.api.tokens import Scope, token_label
from central_hub.database import get_reader, get_services
from central_hub.events import note_event
from central_hub.problems import Refused
from central_hub.session import public
from central_hub.store.engine import writing
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier
from signing.readiness import LACKS_HEADER, Readiness, Writer, readiness_of

blueprint = Blueprint("proof_api", __name__, url_prefix="/api")


@blueprint.get("/v1/dossiers/<dossier>/proof")
@public
def proof(dossier: str) -> Response:
    """By code or id; `record` and `disclose` (ids) may be repeated."""
    label = _asker()
    services, (found, data) = get_services(), _proof_asked_for(dossier)
    with writing(services.engine) as connection:
        note_event(connection, at_ms=services.clock(), actor=label, action="proof.exported", subject=found)
    answer = Response(data, content_type="application/json")
    answer.headers[LACKS_HEADER] = ", ".join(_readiness(data).lacks)
    return answer


@blueprint.get("/v1/dossiers/<dossier>/proof/readiness")
@public
def proof_readiness(dossier: str) -> Response:
    """What that proof would lack now."""
    _asker()
    return jsonify(_readiness(_proof_asked_for(dossier)[1]).json())


def _asker() -> str:
    """The name of the key; Refused without one that may take proofs."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    label = token_label(get_reader(), token.strip(), Scope.PROOFS) if scheme.lower() == "bearer" else None
    if label is None:
        raise Refused(reasons.API_TOKEN)
    return label


def _proof_asked_for(dossier: str) -> tuple[str, bytes]:
    """Id of the dossier, and the file."""
    services, reader = get_services(), get_reader()
    try:
        found = find_dossier(reader, dossier)
        data = export_proof(
            services,
            reader,
            found,
            records=request.args.getlist("record"),
            disclosed=request.args.getlist("disclose"),
        )
    except NoSuchDossier as error:
        raise Refused(reasons.NOT_FOUND, str(error)) from error
    return found, data


def _readiness(data: bytes) -> Readiness:
    return readiness_of(data, get_services().keys.bundle, Writer.HUB)
