"""/sync/stick, «Mang bằng USB»: write to a stick, take from one, see what lies on it and how far an errand is."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.presentation import fmt_number
from edge_node.casework import labels
from edge_node.database import get_db, get_services
from edge_node.diagnosis.service import write_diagnosis
from edge_node.journal import require_office
from edge_node.relay.stick import Helped, help_others
from edge_node.store.space import MIB
from edge_node.sync.carrier import CARRIER
from edge_node.sync.parcels import (
    DONE,
    FILES_BYTES_MAX,
    Carried,
    Progress,
    export_parcel,
    export_snapshot,
)
from edge_node.sync.service import StickTaken, take_stick
from edge_node.sync.snapshots import WrittenSnapshot
from edge_node.sync.stick_page import carried_words, chosen_folder, read_stick_page
from look.problems import language
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault

Outcome = TypeVar("Outcome")
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
    db, services = get_db(), get_services()
    typed = request.form.get("files_mb", "")
    files_bytes_max = (
        int(typed) * MIB if typed.isascii() and typed.isdigit() and len(typed) < 7 else FILES_BYTES_MAX
    )

    def write(chosen: Path, note: Progress) -> Carried:
        return export_parcel(db, services, chosen, progress=note, files_bytes_max=files_bytes_max)

    return _errand(write, _told_written, is_writing=True)


@blueprint.post("/snapshot")
def seed() -> ResponseReturnValue:
    db, services, device = get_db(), get_services(), request.form.get("device", "")
    return _errand(
        lambda chosen, note: export_snapshot(db, services, chosen, device, progress=note),
        _told_seeded,
        is_writing=True,
    )


@blueprint.post("/diagnosis")
def diagnose() -> ResponseReturnValue:
    services = get_services()
    return _errand(lambda chosen, _note: write_diagnosis(services, chosen), _told_diagnosis, is_writing=True)


@blueprint.post("/import")
def take() -> ResponseReturnValue:
    db, services = get_db(), get_services()
    return _errand(
        lambda chosen, note: take_stick(db, services, chosen, progress=note), _told_taken, is_writing=False
    )


@blueprint.post("/others")
def help_out() -> ResponseReturnValue:
    db, services = get_db(), get_services()
    gives_all = bool(request.form.get("gives_all"))
    return _errand(
        lambda chosen, _note: help_others(db, services, chosen, gives_all=gives_all),
        _told_helped,
        is_writing=True,
    )


def _errand(
    work: Callable[[Path, Progress], Outcome], tell: Callable[[Outcome], None], *, is_writing: bool
) -> ResponseReturnValue:
    """Do the work on the chosen stick unless another errand is under way, say what came of it, and show the stick again."""
    chosen = _chosen()
    if chosen is None:
        return _back(None)
    try:
        outcome = CARRIER.run(lambda note: work(chosen, note), is_writing=is_writing)
    except ProtocolError as fault:
        # What is not somebody else's fault is this PC's own log, which does not hold together: as a sync says it.
        reason = fault.reason if isinstance(fault, RemoteFault) else reasons.LOG_CHAIN
        flash(" ".join(labels.reason_words(reason)), "warning")
        return _back(chosen)
    if outcome is None:
        flash(_("USB đang được ghi hoặc đọc. Chờ xong rồi làm lại."), "note")
    else:
        tell(outcome)
    return _back(chosen)


def _told_written(written: Carried) -> None:
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


def _told_seeded(written: WrittenSnapshot) -> None:
    flash(
        _(
            "Đã ghi bản khởi tạo: %(count)s hồ sơ đang mở. Rút USB an toàn rồi nhập ở máy mới.",
            count=fmt_number(written.dossiers, language()),
        ),
        "done",
    )


def _told_diagnosis(path: Path) -> None:
    flash(_("Đã ghi %(name)s. Tệp không có thông tin cá nhân; gửi cho kỹ thuật.", name=path.name), "done")


def _told_taken(taken: StickTaken) -> None:
    if not taken.helped.is_nothing:
        _told_helped(taken.helped, is_asked=False)
    records = sum(each.records for each in taken.parcels)
    if records or any(each.outcome == DONE for each in taken.parcels):
        count = fmt_number(records, language())
        said = _("Đã nhập trả lời của tỉnh: %(count)s bản ghi mới.", count=count)
        flash(said if records else _("Đã nhập trả lời của tỉnh; không có bản ghi mới cho máy này."), "done")
    problem = next((each.reason for each in taken.parcels if each.reason is not None), None)
    if problem is not None:
        flash(" ".join(labels.reason_words(problem)), "warning")


def _told_helped(helped: Helped, *, is_asked: bool = True) -> None:
    if helped.taken:
        count = fmt_number(len(helped.taken), language())
        flash(
            _("Nhận chuyển giúp %(count)s gói của đơn vị khác. Máy gửi về tỉnh khi có mạng.", count=count),
            "done",
        )
    if helped.given:
        count = fmt_number(len(helped.given), language())
        flash(_("Đã ghi %(count)s trả lời của tỉnh cho đơn vị có USB này.", count=count), "done")
    if is_asked and (helped.is_nothing or (helped.known and not helped.taken and not helped.given)):
        flash(_("Trên USB không có gì mới để chuyển giúp."), "note")
    for fault in [helped.fault] if helped.fault else [fault for _name, fault in helped.refused][:1]:
        flash(" ".join(labels.reason_words(fault.reason)), "warning")


def _chosen() -> Path | None:
    chosen = chosen_folder(request.form.get("drive", ""), request.form.get("folder", ""))
    if chosen is None or not chosen.is_dir():
        flash(_("Chưa thấy USB. Cắm USB vào máy trạm này rồi chọn lại, hoặc gõ đúng tên thư mục."), "warning")
        return None
    return chosen


def _back(chosen: Path | None) -> ResponseReturnValue:
    return redirect(url_for("stick.show", folder=str(chosen) if chosen else None), 303)
