"""/sync: how far everything has travelled; «Đồng bộ ngay», how far it is, and stopping it."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

import edge_node.session as who
from dossiers.presentation import fmt_number
from edge_node.casework import labels
from edge_node.database import get_db, get_services
from edge_node.journal import require_office
from edge_node.sync.errand import DESK
from edge_node.sync.reading import outcome_words, read_page
from edge_node.sync.runner import SyncResult
from edge_node.sync.service import acknowledge_alert
from look.problems import language
from sync_protocol.reasons import LINE_DOWN

blueprint = Blueprint("sync", __name__, url_prefix="/sync")


@blueprint.get("")
def show() -> str:
    page = read_page(get_db(), get_services(), require_office(get_db()))
    return render_template(
        "sync/page.html",
        page=page,
        roles=who.required().roles,
        errand=DESK.errand,
        left=_left(),
        outcome_words=outcome_words,
    )


@blueprint.post("")
def sync_now() -> ResponseReturnValue:
    result = DESK.run(get_db(), get_services())
    if result is None:
        flash(
            _("Đang có một lượt đồng bộ chạy, hoặc bạn vừa dừng nó. Phần đã trao đổi được giữ lại."), "note"
        )
    else:
        flash(*_told(result))
    return redirect("/sync", 303)


@blueprint.post("/alerts/<code>")
def acknowledge(code: str) -> ResponseReturnValue:
    if not acknowledge_alert(get_db(), who.required(), code):
        flash(_("Cảnh báo này không tắt bằng tay, hoặc do quản trị đơn vị xem."), "warning")
    return redirect("/sync", 303)


@blueprint.get("/progress")
def progress() -> str:
    return render_template("sync/progress.html", errand=DESK.errand, left=_left())


@blueprint.post("/stop")
def stop() -> ResponseReturnValue:
    DESK.stop()
    return redirect("/sync", 303)


def _told(result: SyncResult) -> tuple[str, str]:
    """The outcome for the officer, and its tone: a line that is down is weather, not an error."""
    if result.problem is None:
        numbers = {
            "sent": fmt_number(result.sent, language()),
            "received": fmt_number(result.received, language()),
        }
        return _("Đồng bộ xong: gửi %(sent)s bản ghi, nhận %(received)s bản ghi.", **numbers), "done"
    if result.problem is LINE_DOWN:
        return _("Chưa tới được tỉnh. Vẫn làm việc bình thường; máy tự gửi khi có mạng."), "note"
    what, next_step = labels.reason_words(result.problem)
    return f"{what} {next_step}", "warning"


def _left() -> str | None:
    errand = DESK.errand
    seconds = errand.seconds_left(get_services().monotonic()) if errand else None
    if seconds is None:
        return None
    if seconds < 60:
        return ngettext("còn khoảng %(count)s giây", "còn khoảng %(count)s giây", seconds, count=seconds)
    minutes = -(-seconds // 60)
    return ngettext("còn khoảng %(count)s phút", "còn khoảng %(count)s phút", minutes, count=minutes)
