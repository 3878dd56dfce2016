"""/drafts/<form>: the browser posts what is typed; the officer may throw it away."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from edge_node import session
from edge_node.database import get_db, get_services
from edge_node.drafts.forms import is_form_name, parse_draft
from edge_node.drafts.service import DraftTooLarge, drop_draft, keep_draft

blueprint = Blueprint("drafts", __name__, url_prefix="/drafts")


@blueprint.post("/<form>")
def keep(form: str) -> Response:
    content = parse_draft(request.form.items())
    if content is None or not is_form_name(form):
        return Response(status=422)
    try:
        keep_draft(get_db(), session.required(), form, content, now=get_services().clock())
    except DraftTooLarge:
        return Response(status=413)
    return Response(status=204)


@blueprint.post("/<form>/discard")
def discard(form: str) -> BaseResponse:
    drop_draft(get_db(), session.required(), form)
    return redirect(session.safe_next(request.form.get("next")), 303)
