"""/results: the list; handing over is the dossier's own action."""

from flask import Blueprint, render_template, request

from edge_node import session
from edge_node.database import get_db, get_services
from edge_node.results.service import read_results
from signing.roles import Role

blueprint = Blueprint("results", __name__, url_prefix="/results")


@blueprint.get("")
def index() -> str:
    typed = request.args.get("page", "1")
    results = read_results(
        get_db(),
        get_services(),
        text=request.args.get("q", "")[:200],
        handed_over=request.args.get("state") == "returned",
        page=int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1,
    )
    may_hand_over = Role.RECEPTIONIST in session.required().roles
    template = "results/_list.html" if request.headers.get("HX-Request") else "results/index.html"
    return render_template(template, results=results, may_hand_over=may_hand_over)
