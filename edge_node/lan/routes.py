"""/lan: the office's PCs among themselves. The unit administrator switches it and says where they are; everybody may look."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from dossiers.presentation import fmt_number
from edge_node import reasons
from edge_node.database import get_db, get_services
from edge_node.entry import Entry
from edge_node.journal import WriteRefused, require_office
from edge_node.lan.peers import TooManyPeers, add_peer, parse_address, remove_peer, switch
from edge_node.lan.reading import read_lan_page
from edge_node.lan.service import meet_all
from look.problems import language
from signing.roles import Role

blueprint = Blueprint("lan", __name__, url_prefix="/lan")
ADDRESS_MAX = 300


@blueprint.get("")
def show() -> str:
    return _page()


@blueprint.post("/switch")
def switch_network() -> ResponseReturnValue:
    _require_administrator()
    is_on = Entry(request.form).flag("on")
    switch(get_db(), on=is_on)
    if is_on:
        flash(_("Đã bật. Máy này trả lời các máy khác của đơn vị trong vài giây nữa."), "done")
    else:
        flash(_("Đã tắt. Máy này không nói chuyện với máy nào khác ngoài máy chủ tỉnh."), "done")
    return redirect("/lan", 303)


@blueprint.post("/peers")
def add() -> ResponseReturnValue:
    _require_administrator()
    entry = Entry(request.form)
    typed = entry.line("address", needed=_("Hãy ghi địa chỉ của máy kia."), most=ADDRESS_MAX)
    address = parse_address(typed, port=get_services().config.lan_port)
    if typed and address is None:
        entry.fail("address", _("Ghi địa chỉ như 192.168.1.20, 192.168.1.20:8481 hoặc tên máy."))
    if entry.errors or address is None:
        return _page(errors=entry.errors), 422
    try:
        add_peer(get_db(), address)
    except TooManyPeers:
        return _page(errors={"address": _("Đã có quá nhiều địa chỉ; hãy xóa địa chỉ không dùng nữa.")}), 422
    flash(_("Đã thêm %(address)s.", address=address), "done")
    return redirect("/lan", 303)


@blueprint.post("/peers/remove")
def remove() -> ResponseReturnValue:
    _require_administrator()
    remove_peer(get_db(), request.form.get("address", ""))
    return redirect("/lan", 303)


@blueprint.post("/meet")
def meet() -> ResponseReturnValue:
    meetings = meet_all(get_db(), get_services())
    done = [met for met in meetings if met.problem is None]
    flash(
        _(
            "Gặp được %(met)s trong %(all)s máy: gửi %(sent)s bản ghi, nhận %(received)s bản ghi.",
            met=len(done),
            all=len(meetings),
            sent=fmt_number(sum(met.sent for met in meetings), language()),
            received=fmt_number(sum(met.received for met in meetings), language()),
        ),
        "done" if len(done) == len(meetings) else "note",
    )
    handed, fetched = sum(met.handed for met in meetings), sum(met.fetched for met in meetings)
    if handed or fetched:
        flash(
            _(
                "Đã giao máy có mạng %(handed)s gói kín, nhận %(fetched)s trả lời của tỉnh.",
                handed=fmt_number(handed, language()),
                fetched=fmt_number(fetched, language()),
            ),
            "done",
        )
    return redirect("/lan", 303)


def _page(*, errors: dict[str, str] | None = None) -> str:
    db = get_db()
    return render_template(
        "lan/page.html",
        page=read_lan_page(db, get_services(), require_office(db)),
        is_administrator=Role.UNIT_ADMINISTRATOR in who.required().roles,
        values=request.form,
        errors=errors or {},
    )


def _require_administrator() -> None:
    if Role.UNIT_ADMINISTRATOR not in who.required().roles:
        raise WriteRefused(reasons.ROLE)
