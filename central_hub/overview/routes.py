"""`/`: the province at a glance."""

from flask import Blueprint, render_template, request

from central_hub.database import get_reader, get_services
from central_hub.overview.service import overview_page

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def show_overview() -> str:
    return render_template(
        "overview/overview.html", **overview_page(get_reader(), get_services(), request.args)
    )
