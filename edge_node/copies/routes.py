"""/copies: suspected copies of the unit's PCs; everybody may look, the unit administrator signs whose one is."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from edge_node import reasons
from edge_node.accounts.service import signer_names
from edge_node.copies.service import SuspectedCopy, list_copies, review_copy
from edge_node.database import get_db, get_services
from edge_node.entry import Entry
from edge_node.journal import WriteRefused
from edge_node.shell import device_name
from signing.roles import Role

blueprint = Blueprint("copies", __name__, url_prefix="/copies")
GROUND_MAX = 500
_OURS, _NOT_OURS = "ours", "not_ours"


@blueprint.get("")
def show_copies() -> str:
    return render_template("copies/list.html", copies=list_copies(get_db()), name_of=_name, speaker=_speaker)


@blueprint.get("/<life>")
def show_copy(life: str) -> str:
    return _page(_found(life), {})


@blueprint.post("/<life>")
def review(life: str) -> ResponseReturnValue:
    copy, entry = _found(life), Entry(request.form)
    decision = entry.choice("decision", {_OURS, _NOT_OURS}, needed=_("Hãy chọn một trong hai."))
    ground = entry.line("ground", needed=_("Hãy ghi căn cứ."), most=GROUND_MAX)
    if entry.rejected:
        return _page(copy, dict(entry.rejected.errors)), 422
    is_ours = decision == _OURS
    review_copy(get_db(), get_services(), who.required(), life, stands=is_ours, ground=ground)
    if is_ours:
        flash(
            _("Đã ký. Tỉnh mở dữ liệu cho máy đó sau lần đồng bộ tới và cấp mã để máy có khóa riêng."), "done"
        )
    else:
        flash(_("Đã ký. Tỉnh không gửi gì cho máy đó nữa và sẽ thu hồi khóa; hãy gọi quản trị tỉnh."), "done")
    return redirect("/copies", 303)


def _page(copy: SuspectedCopy, errors: dict[str, str]) -> str:
    return render_template(
        "copies/copy.html",
        copy=copy,
        name_of=_name,
        speaker=_speaker,
        may_review=copy.waits and Role.UNIT_ADMINISTRATOR in who.required().roles,
        ground=request.form.get("ground", ""),
        errors=errors,
    )


def _name(copy: SuspectedCopy) -> str:
    return device_name(get_db(), copy.device) or _("Máy chưa có tên")


def _speaker(copy: SuspectedCopy) -> str:
    if copy.word is None:
        return ""
    return _("Tỉnh") if copy.word.is_provinces else signer_names(get_db()).get(copy.word.by, ("", ""))[0]


def _found(life: str) -> SuspectedCopy:
    copy = next((each for each in list_copies(get_db()) if each.life == life), None)
    if copy is None:
        raise WriteRefused(reasons.NOT_FOUND, life)
    return copy
