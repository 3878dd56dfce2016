"""/dossiers/<id>/erase: the head of the unit orders that content goes."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from edge_node import session
from edge_node.casework.actions import action_done, case_or_404, save, show
from edge_node.casework.case import Case
from edge_node.casework.labels import kind_word
from edge_node.casework.service import Done, DossierChanged, Target
from edge_node.database import get_db, get_services
from edge_node.erasure.forms import WHOLE, parse_order
from edge_node.erasure.reading import choices_of, ground_choices
from edge_node.erasure.service import Wish, order_erasure
from edge_node.journal import may_sign
from edge_node.projection.service import view as view_of
from sync_protocol.erasure import ERASURE_KIND

blueprint = Blueprint("erasure", __name__, url_prefix="/dossiers")
_TEMPLATE: Final = "erasure/order.html"


@blueprint.get("/<dossier>/erase")
def form(dossier: str) -> ResponseReturnValue:
    case = _case(dossier)
    return show(case, "erase", _TEMPLATE, defaults={"scope": WHOLE}, **_more(case))


@blueprint.post("/<dossier>/erase")
def order(dossier: str) -> ResponseReturnValue:
    case = _case(dossier)
    more = _more(case)
    parsed = parse_order(request.form, dossier=dossier, erasable=[each.record for each in more["choices"]])

    def do(target: Target, wish: Wish) -> Done:
        db = get_db()
        view = view_of(db, dossier)
        if view is not None and target.seen != view.heads:
            raise DossierChanged(view, target.seen or ())
        record = order_erasure(db, get_services(), session.required(), wish)
        return Done(dossier=dossier, record=record.id)

    return save(case, "erase", _TEMPLATE, parsed, do, done=action_done(kind_word(ERASURE_KIND)), **more)


def _case(dossier: str) -> Case:
    if not may_sign(session.required(), ERASURE_KIND, {}):
        abort(403)
    return case_or_404(dossier)


def _more(case: Case) -> Mapping[str, Any]:
    return {"choices": choices_of(get_db(), case), "grounds": ground_choices()}
