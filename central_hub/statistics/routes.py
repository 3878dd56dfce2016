"""`/statistics`: figures by any period, grouping and filter; the list behind each; one dossier without personal data."""

import re

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.erasure.reading import shown_orders
from central_hub.problems import Refused
from central_hub.session import required
from central_hub.statistics.exports import list_file
from central_hub.statistics.pages import dossier_card, list_page, row_address, statistics_page
from signing.roles import Role

blueprint = Blueprint("statistics", __name__, url_prefix="/statistics")

_DOSSIER = re.compile(r"[0-9a-f]{32}")


@blueprint.get("")
def show_statistics() -> str:
    values = statistics_page(get_reader(), get_services(), request.args)
    return render_template("statistics/statistics.html", row_address=row_address, **values)


@blueprint.get("/dossiers")
def show_dossiers() -> str | Response:
    form = request.args.get("format", "")
    if form in ("csv", "xlsx"):
        return list_file(get_reader(), get_services(), request.args, form)
    return render_template(
        "statistics/dossiers.html", **list_page(get_reader(), get_services(), request.args)
    )


@blueprint.get("/dossiers/<dossier>")
def show_dossier(dossier: str) -> str:
    card = dossier_card(get_reader(), get_services(), dossier) if _DOSSIER.fullmatch(dossier) else None
    if card is None:
        raise Refused(reasons.NOT_FOUND)
    orders = shown_orders(get_reader(), get_services(), dossier)
    account = required()
    return render_template(
        "statistics/dossier.html",
        orders=orders,
        may_erase=account.holds(Role.ADMINISTRATOR),
        may_export=account.holds(Role.ADMINISTRATOR, Role.AUDITOR),
        **card,
    )
