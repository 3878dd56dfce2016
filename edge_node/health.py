"""`/health`: is the node up, may it write, does it belong to a unit. No personal data, no officer needed."""

from flask import Blueprint, Response, jsonify

from edge_node.database import get_db, get_services
from edge_node.session import public
from edge_node.store.local import read_office
from signing.version import __version__

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def health() -> Response:
    office = read_office(get_db())
    return jsonify(
        status="ok",
        version=__version__,
        unit=office.unit if office else None,
        is_writable=get_services().space.is_writable,
    )
