"""/: the desk of today; ?show= opens one of its numbers."""

from flask import Blueprint, render_template, request

from edge_node import session
from edge_node.database import get_db, get_services
from edge_node.desk.service import read_desk
from edge_node.desk.units import unit_notice

blueprint = Blueprint("desk", __name__)


@blueprint.get("/")
def today() -> str:
    desk = read_desk(get_db(), get_services(), session.required(), request.args.get("show", ""))
    return render_template("desk/today.html", desk=desk, units=unit_notice(get_db(), get_services()))
