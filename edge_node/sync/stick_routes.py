"""/sync/stick, «Mang bằng USB»: write to a stick, take from one, see what lies on it and how far an errand is."""

from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.presentation import fmt_number
from edge_node.casework import labels
from edge_node.database import get_db, get_services
from edge_node.diagnosis.service import write_diagnosis
from edge_node.journal import require_office
from edge_node.problems import language
from edge_node.store.space import MIB
from edge_node.sync.carrier import CARRIER
from edge_node.sync.parcels import DONE, FILES_BYTES_MAX, Carried, export_parcel, export_snapshot
from edge_node.sync.service import take_carried
from edge_node.sync.stick_page import carried_words, chosen_folder, read_stick_page
from sync_protocol.errors import RemoteFault

blueprint = Blueprint("stick", __name__, url_prefix="/sync/stick")


@blueprint.get("")
def show() -> str:
    office = require_office(get_db())
    chosen = chosen_folder(request.args.get("drive", ""), request.args.get("folder", ""))
    page = read_stick_page(get_db(), get_services(), office, chosen)
    return render_template(
        "sync/stick.html", page=page, errand=CARRIER.errand, carried_words=carried_words, office=office
    )


@blueprint.get("/progress")
def progress() -> str:
    return render_template("sync/stick_progress.html", errand=CARRIER.errand)


@blueprint.post("/export")
def export() -> ResponseReturnValue:
    db, services, chosen = get_db(), get_services(), _chosen()
    if chosen is None:
        return _back(None)
    typed = request.form.get("files_mb", "")
    files_bytes_max = (
        int(typed) * MIB if typed.isascii() and typed.isdigit() and len(typed) < 7 else FILES_BYTES_MAX
    )
    try:
        written = CARRIER.run(
            lambda note: export_parcel(db, services, chosen, progress=note, files_bytes_max=files_bytes_max),
            is_writing=True,
        )
    except RemoteFault as fault:
        flash(" ".join(labels.reason_words(fault.reason)), "warning")
        return _back(chosen)
    if written is None:
        flash(_("USB đang được ghi hoặc đọc. Chờ xong rồi làm lại."), "note")
    else:
        flash(
            _(
                "Đã ghi và kiểm tra %(count)s bản ghi trên USB. Rút USB an toàn rồi mang về tỉnh.",
                count=fmt_number(written.records, language()),
            ),
            "done",
        )
        if written.files_total:
            flash(
                _(
                    "%(carried)s trong %(total)s tệp đi cùng.",
                    carried=fmt_number(written.files, language()),
                    total=fmt_number(written.files_total, language()),
                ),
                "done" if written.files == written.files_total else "note",
            )
    return _back(chosen)


@blueprint.post("/snapshot")
def seed() -> ResponseReturnValue:
    db, services, chosen = get_db(), get_services(), _chosen()
    if chosen is None:
        return _back(None)
    device = request.form.get("device", "")
    try:
        written = CARRIER.run(
            lambda note: export_snapshot(db, services, chosen, device, progress=note), is_writing=True
        )
    except RemoteFault as fault:
        flash(" ".join(labels.reason_words(fault.reason)), "warning")
        return _back(chosen)
    if written is None:
        flash(_("USB đang được ghi hoặc đọc. Chờ xong rồi làm lại."), "note")
    else:
        flash(
            _(
                "Đã ghi bản khởi tạo: %(count)s hồ sơ đang mở. Rút USB an toàn rồi nhập ở máy mới.",
                count=fmt_number(written.dossiers, language()),
            ),
            "done",
        )
    return _back(chosen)


@blueprint.post("/diagnosis")
def diagnose() -> ResponseReturnValue:
    chosen = _chosen()
    if chosen is None:
        return _back(None)
    try:
        path = write_diagnosis(get_services(), chosen)
    except RemoteFault as fault:
        flash(" ".join(labels.reason_words(fault.reason)), "warning")
        return _back(chosen)
    flash(_("Đã ghi %(name)s. Tệp không có thông tin cá nhân; gửi cho kỹ thuật.", name=path.name), "done")
    return _back(chosen)


@blueprint.post("/import")
def take() -> ResponseReturnValue:
    db, services, chosen = get_db(), get_services(), _chosen()
    if chosen is None:
        return _back(None)
    try:
        carried = CARRIER.run(
            lambda note: take_carried(db, services, chosen, progress=note), is_writing=False
        )
    except RemoteFault as fault:
        flash(" ".join(labels.reason_words(fault.reason)), "warning")
        return _back(chosen)
    if carried is None:
        flash(_("USB đang được ghi hoặc đọc. Chờ xong rồi làm lại."), "note")
    else:
        _tell(carried)
    return _back(chosen)


def _tell(carried: list[Carried]) -> None:
    records = sum(each.records for each in carried)
    if records or any(each.outcome == DONE for each in carried):
        count = fmt_number(records, language())
        flash(_("Đã nhập trả lời của tỉnh: %(count)s bản ghi mới.", count=count), "done")
    problem = next((each.reason for each in carried if each.reason is not None), None)
    if problem is not None:
        flash(" ".join(labels.reason_words(problem)), "warning")


def _chosen() -> Path | None:
    chosen = chosen_folder(request.form.get("drive", ""), request.form.get("folder", ""))
    if chosen is None or not chosen.is_dir():
        flash(_("Chưa thấy USB. Cắm USB vào máy trạm này rồi chọn lại, hoặc gõ đúng tên thư mục."), "warning")
        return None
    return chosen


def _back(chosen: Path | None) -> ResponseReturnValue:
    return redirect(url_for("stick.show", folder=str(chosen) if chosen else None), 303)
