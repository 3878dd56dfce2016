"""/search: ?q=… ; as a part for htmx, as a redirect for a code, as a page otherwise."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge_node.database import get_db, get_services
from edge_node.search.service import SUGGESTED_MAX, find_one, search

blueprint = Blueprint("search", __name__, url_prefix="/search")


@blueprint.get("")
def index() -> ResponseReturnValue:
    text = request.args.get("q", "")
    if request.headers.get("HX-Request"):
        limit = SUGGESTED_MAX if request.args.get("part") == "box" else 50
        template = "search/_box.html" if request.args.get("part") == "box" else "search/_found.html"
        return render_template(template, found=search(get_db(), get_services(), text, limit=limit))
    dossier = find_one(get_db(), get_services(), text)
    if dossier is not None:
        return redirect(url_for("casework.page", dossier=dossier), 303)
    return render_template("search/index.html", found=search(get_db(), get_services(), text))
