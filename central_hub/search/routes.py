"""`/search?q=`: a code that is exactly one dossier opens it; everything else is a list."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from central_hub.database import get_reader, get_services
from central_hub.search.service import search

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def show_results() -> str | Response:
    found = search(get_reader(), get_services(), request.args.get("q", ""))
    if found.only is not None:
        return redirect(found.only)
    return render_template("search/results.html", found=found)
