"""`/erasure/<dossier>`: the province orders that the content of a dossier goes."""

import re

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.erasure.forms import read_order
from central_hub.erasure.reading import order_page
from central_hub.erasure.service import ErasureRefused, order_erasure
from central_hub.problems import Refused
from central_hub.session import required, requires
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("erasure", __name__, url_prefix="/erasure")

_DOSSIER = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/<dossier>")
@requires(Role.ADMINISTRATOR)
def form(dossier: str) -> str:
    return _shown(dossier, {}, {})


@blueprint.post("/<dossier>")
@requires(Role.ADMINISTRATOR)
def order(dossier: str) -> Response | tuple[str, int]:
    wish, errors = read_order(request.form, dossier)
    if wish is None:
        return _shown(dossier, request.form.to_dict(), errors), 422
    services = get_services()
    try:
        with writing(services.engine) as connection:
            order_erasure(connection, services, wish, actor=required().login)
    except ErasureRefused as error:
        raise Refused(error.reason) from error
    flash(_("Đã ký quyết định xóa. Các máy của đơn vị xóa khi đồng bộ lần tới."), "done")
    return redirect(f"/statistics/dossiers/{dossier}")


def _shown(dossier: str, values: dict[str, str], errors: dict[str, str]) -> str:
    page = order_page(get_reader(), get_services(), dossier) if _DOSSIER.fullmatch(dossier) else None
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    return render_template("erasure/order.html", values=values, errors=errors, **page)
