"""`GET /api/v1/dossiers/<dossier>/proof`: a proof of any dossier for a program that holds a key for that.

Bodies are personal data: only those of the records named by `disclose` go along, and every export stands in the diary.
"""

from flask import Blueprint, Response, request

from central_hub import reasons
from central_hub.api.tokens import Scope, token_label
from central_hub.database import get_reader, get_services
from central_hub.events import note_event
from central_hub.problems import Refused
from central_hub.session import public
from central_hub.store.engine import writing
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier

blueprint = Blueprint("proof_api", __name__, url_prefix="/api")


@blueprint.get("/v1/dossiers/<dossier>/proof")
@public
def proof(dossier: str) -> Response:
    """By code or id; `record` and `disclose` (ids) may be repeated."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    label = token_label(get_reader(), token.strip(), Scope.PROOFS) if scheme.lower() == "bearer" else None
    if label is None:
        raise Refused(reasons.API_TOKEN)
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
    with writing(services.engine) as connection:
        note_event(connection, at_ms=services.clock(), actor=label, action="proof.exported", subject=found)
    return Response(data, content_type="application/json")
