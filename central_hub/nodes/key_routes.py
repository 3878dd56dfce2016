"""`/nodes/<device>/keys`: cut keys off, reinstate them, put another PC in the place of one."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.accounts.signer import SignatureRefused, unlock_signer
from central_hub.database import get_reader, get_services
from central_hub.nodes.key_forms import DEVICE, REINSTATE, KeyForm, acts, read_key_form
from central_hub.nodes.keys import confirm, decide, keys_page, replace
from central_hub.nodes.service import address_of
from central_hub.nodes.slip import drawn_code
from central_hub.problems import Refused
from central_hub.registry.enrolment import IssuedCode
from central_hub.registry.revocation import RevocationInvalid
from central_hub.session import required, requires
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("node_keys", __name__, url_prefix="/nodes")

Page = str | Response | tuple[str, int]


@blueprint.get("/<device>/keys")
@requires(Role.KEY_AUTHORITY)
def show_keys(device: str) -> str:
    values = {"subject": request.args.get("subject", DEVICE), "what": request.args.get("what", "")}
    return _keys_page(device, values, {})


@blueprint.post("/<device>/keys")
@requires(Role.KEY_AUTHORITY)
def take_decision(device: str) -> Page:
    form = read_key_form(request.form, _subjects(device))
    if form.errors:
        return _keys_page(device, request.form, form.errors), reasons.INPUT.status
    services = get_services()
    try:
        signer = unlock_signer(services, required(), request.form.get("password", ""))
        with writing(services.engine) as connection:
            decide(connection, services, device, form, account=required(), signer=signer)
    except (SignatureRefused, RevocationInvalid) as error:
        return _keys_page(device, request.form, _error(error)), reasons.INPUT.status
    flash(_said(form), "done")
    return redirect(f"/nodes/{device}")


@blueprint.post("/<device>/confirm/<key>")
@requires(Role.KEY_AUTHORITY)
def confirm_key(device: str, key: str) -> Response:
    """The province states what a unit administrator has delegated."""
    services = get_services()
    with writing(services.engine) as connection:
        is_done = confirm(connection, services, key, account=required())
    flash(
        _("Đã xác nhận; máy trạm nhận ở lần đồng bộ tới.") if is_done else _("Khóa này không chờ xác nhận."),
        "done" if is_done else "note",
    )
    return redirect(f"/nodes/{device}")


@blueprint.get("/<device>/replace")
@requires(Role.KEY_AUTHORITY)
def show_replacing(device: str) -> str:
    return _replace_page(device, {}, {})


@blueprint.post("/<device>/replace")
@requires(Role.KEY_AUTHORITY)
def take_replacing(device: str) -> Page:
    given = {**request.form, "subject": DEVICE, "what": "lost"}
    form = read_key_form(given, frozenset({DEVICE}))
    if form.errors:
        return _replace_page(device, request.form, form.errors), reasons.INPUT.status
    services = get_services()
    try:
        signer = unlock_signer(services, required(), request.form.get("password", ""))
        with writing(services.engine) as connection:
            code = replace(connection, services, device, form.ground, account=required(), signer=signer)
    except (SignatureRefused, RevocationInvalid) as error:
        return _replace_page(device, request.form, _error(error)), reasons.INPUT.status
    return _code_page(code)


def _code_page(code: IssuedCode) -> str:
    # Not a redirect: the code is shown once and kept nowhere.
    return render_template(
        "nodes/code.html", code=code, drawn=drawn_code(code), address=address_of(request.host_url)
    )


def _keys_page(device: str, values: Any, errors: Any) -> str:
    return render_template(
        "nodes/keys.html", values=values, errors=errors, acts=acts(), device_word=DEVICE, **_page(device)
    )


def _replace_page(device: str, values: Any, errors: Any) -> str:
    return render_template("nodes/replace.html", values=values, errors=errors, **_page(device))


def _page(device: str) -> dict[str, Any]:
    page = keys_page(get_reader(), get_services(), device)
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    return page


def _subjects(device: str) -> frozenset[str]:
    return frozenset({DEVICE, *(state.key for state in _page(device)["keys"])})


def _error(error: SignatureRefused | RevocationInvalid) -> dict[str, str]:
    if isinstance(error, SignatureRefused):
        return {"password": _("Mật khẩu không đúng. Chưa có gì được ký.")}
    return {"what": _("Không làm được với khóa này: đã ở tình trạng đó, hoặc là khóa của chính bạn.")}


def _said(form: KeyForm) -> str:
    if form.what == REINSTATE:
        return _("Đã ký mở lại; máy trạm nhận ở lần đồng bộ tới.")
    return _("Đã ký; máy trạm nhận ở lần đồng bộ tới. Bản ghi đến sau mốc hiện ở «Chờ xem xét».")
