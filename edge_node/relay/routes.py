"""/relay, «Chuyển giúp đơn vị khác»: what of other units lies here, sending it now, and not wanting to carry it."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from dossiers.presentation import fmt_number
from edge_node import reasons
from edge_node.casework import labels
from edge_node.database import get_db, get_services
from edge_node.journal import WriteRefused, require_office
from edge_node.relay.queue import drop
from edge_node.relay.reading import read_relay_page
from edge_node.relay.service import send_now
from look.problems import language
from signing.roles import Role

blueprint = Blueprint("relay", __name__, url_prefix="/relay")


@blueprint.get("")
def show() -> str:
    require_office(get_db())
    is_administrator = Role.UNIT_ADMINISTRATOR in who.required().roles
    return render_template(
        "relay/page.html",
        page=read_relay_page(get_db(), now_ms=get_services().clock()),
        is_administrator=is_administrator,
    )


@blueprint.post("/send")
def send() -> ResponseReturnValue:
    result = send_now(get_db(), get_services())
    if result.problem is not None:
        flash(" ".join(labels.reason_words(result.problem)), "warning")
    elif result.must_yield:
        flash(_("Bản ghi của đơn vị mình đi trước. Đồng bộ xong thì gói của đơn vị khác đi tiếp."), "note")
    else:
        flash(
            _(
                "Đã gửi tỉnh %(sent)s gói, nhận %(came)s trả lời.",
                sent=fmt_number(result.delivered, language()),
                came=fmt_number(result.fetched, language()),
            ),
            "done",
        )
    return redirect("/relay", 303)


@blueprint.post("/<load>/drop")
def forget(load: str) -> ResponseReturnValue:
    if Role.UNIT_ADMINISTRATOR not in who.required().roles:
        raise WriteRefused(reasons.ROLE)
    if drop(get_db(), get_services(), load):
        flash(_("Đã bỏ gói. Đơn vị gửi vẫn còn đủ dữ liệu."), "done")
    return redirect("/relay", 303)
