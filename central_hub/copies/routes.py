"""`/copies`: suspected copies of a PC's disk, and the signed decision about each."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from central_hub import reasons
from central_hub.accounts.signer import SignatureRefused, ensure_stated, unlock_signer
from central_hub.copies.service import CopyLine, list_copies, review_copy
from central_hub.database import get_reader, get_services
from central_hub.nodes.service import address_of
from central_hub.nodes.slip import drawn_code
from central_hub.problems import Refused
from central_hub.registry.revocation import Act, RevocationInvalid
from central_hub.session import required, requires
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("copies", __name__, url_prefix="/copies")

_DECIDERS = (Role.ADMINISTRATOR, Role.KEY_AUTHORITY)
_OURS, _NOT_OURS = "ours", "not_ours"


@blueprint.get("")
def show_copies() -> str:
    copies = list_copies(get_reader(), get_services())
    return render_template("copies/list.html", copies=copies, now=get_services().clock())


@blueprint.get("/<life>")
@requires(*_DECIDERS)
def show_copy(life: str) -> str:
    return _page(_found(life), {}, {})


@blueprint.post("/<life>")
@requires(*_DECIDERS)
def decide(life: str) -> str | tuple[str, int]:
    services, account, line = get_services(), required(), _found(life)
    decision = request.form.get("decision", "")
    if decision not in (_OURS, _NOT_OURS):
        raise Refused(reasons.INPUT)
    try:
        signer = unlock_signer(services, account, request.form.get("password", ""))
        with writing(services.engine) as connection:
            ensure_stated(connection, services, account, signer)
            act = Act(actor=account.login, ground=request.form.get("ground", "").strip()[:500], signer=signer)
            code = review_copy(connection, services, line.life, stands=decision == _OURS, act=act)
    except SignatureRefused:
        error = {"password": _("Mật khẩu không đúng. Chưa có gì được ký.")}
        return _page(line, request.form, error), reasons.INPUT.status
    except RevocationInvalid:
        error = {"password": _("Đã được quyết định, hoặc bạn không có quyền thu hồi khóa của máy này.")}
        return _page(line, request.form, error), reasons.INPUT.status
    # Not a redirect: the code is shown once and kept nowhere.
    return render_template(
        "nodes/code.html", code=code, drawn=drawn_code(code), address=address_of(request.host_url)
    )


def _page(line: CopyLine, values: Any, errors: Any) -> str:
    return render_template(
        "copies/copy.html", copy=line, values=values, errors=errors, now=get_services().clock()
    )


def _found(life: str) -> CopyLine:
    line = next((each for each in list_copies(get_reader(), get_services()) if each.life == life), None)
    if line is None:
        raise Refused(reasons.NOT_FOUND)
    return line
