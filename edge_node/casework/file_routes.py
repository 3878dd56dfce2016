"""/dossiers/<id>/files: the files of a dossier: what is there and what is missing, attach, replace, take out, look at."""

from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dossiers.files import MEDIA_TYPES
from dossiers.kinds import FILES_MAX
from edge_node import reasons, session
from edge_node.accounts.openings import note_opening
from edge_node.casework.actions import case_or_404
from edge_node.casework.case import Case
from edge_node.casework.file_page import OTHER, RESULT, read_files_page
from edge_node.casework.labels import reason_words
from edge_node.database import get_db, get_services
from edge_node.files import service
from edge_node.files.capture import Captured, FileRejected, capture
from edge_node.journal import WriteRefused, may_sign, require_office
from edge_node.problems import answer
from edge_node.protection import allow_bytes
from edge_node.store.bodies import is_wholly_erased
from signing.errors import SigningError
from sync_protocol.limits import FILE_SIZE_BYTES_MAX

blueprint = Blueprint("files", __name__)
UPLOAD_BYTES_MAX = 2 * FILE_SIZE_BYTES_MAX
_ADDED = "dossier.file_added"


def _may_attach(dossier: str) -> bool:
    """Whether this officer may; nobody can where an order covers whatever is attached."""
    db = get_db()
    unit = require_office(db).unit
    return may_sign(session.required(), _ADDED, {}) and not is_wholly_erased(db, dossier, unit=unit)


@blueprint.get("/<dossier>/files")
def index(dossier: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    note_opening(get_db(), session.required(), dossier, purpose="page", now=get_services().clock())
    return _show(case)


def _show(case: Case, rejected: list[FileRejected] | None = None, status: int = 200) -> ResponseReturnValue:
    page = read_files_page(get_db(), get_services(), case)
    problems = [(each.name, *reason_words(each.reason)) for each in rejected or []]
    chosen = request.values.get("place", "")
    html = render_template(
        "casework/files.html",
        case=case,
        page=page,
        problems=problems,
        may_attach=_may_attach(case.view.dossier),
        chosen=chosen,
    )
    return html, status


@blueprint.post("/<dossier>/files")
@allow_bytes(UPLOAD_BYTES_MAX)
def attach_files(dossier: str) -> ResponseReturnValue:
    """Each file for itself: those that can be kept are kept, the others are named with the reason."""
    if not _may_attach(dossier):
        abort(403)
    case = case_or_404(dossier)
    captured, rejected = _captured()
    if not captured:
        if not rejected:
            flash(_("Chưa chọn tệp nào."), "warning")
        return _show(case, rejected, 422)
    try:
        record = service.attach(
            get_db(), get_services(), session.required(), dossier, captured, _placed(case)
        )
    except WriteRefused as refused:
        flash(" ".join(reason_words(refused.reason)), "error")
        return _show(case, rejected, refused.reason.status)
    except OSError:
        get_services().space.release()
        return answer(reasons.DISK_FULL)
    if record is None:
        flash(_("Tệp này đã có trong hồ sơ."), "warning")
    else:
        count = len(record.header.facts["files"])
        flash(
            ngettext("Đã đính kèm %(count)s tệp.", "Đã đính kèm %(count)s tệp.", count, count=count), "done"
        )
    if rejected:
        return _show(case_or_404(dossier), rejected, 422)
    return redirect(url_for("casework.files.index", dossier=dossier), 303)


def _captured() -> tuple[list[Captured], list[FileRejected]]:
    captured: list[Captured] = []
    rejected: list[FileRejected] = []
    for sent in request.files.getlist("file")[:FILES_MAX]:
        if not sent.filename:
            continue
        with sent.stream:
            content = sent.stream.read(FILE_SIZE_BYTES_MAX + 1)
        try:
            captured.append(capture(content, sent.filename))
        except FileRejected as error:
            rejected.append(error)
    return captured, rejected


def _placed(case: Case) -> service.Placed:
    """Where the form says that the files belong; a replacement takes the place of what it replaces."""
    record, _sep, file = request.form.get("replaces", "").partition(".")
    if file:
        held = next((h for h in case.view.files if (h.record, h.file) == (record, file)), None)
        if held is None:
            raise WriteRefused(reasons.CHANGED)
        return service.Placed(paper=held.paper, is_result=held.is_result, replaces=(record, file))
    place = request.form.get("place", "")
    held_papers = {paper.paper for paper in case.view.papers}
    if place in held_papers:
        return service.Placed(paper=place)
    return service.Placed(is_result=place == RESULT) if place in (RESULT, OTHER) else service.Placed()


@blueprint.get("/<dossier>/files/<file>")
def show_file(dossier: str, file: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    held = service.find_file(case.view, file)
    if held is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="file", now=get_services().clock())
    try:
        content = service.read(get_services(), held)
    except WriteRefused as refused:
        return answer(refused.reason)
    except SigningError as damaged:
        service.check_file(get_db(), get_services(), held)
        return answer(damaged.reason)
    response = Response(content, content_type=MEDIA_TYPES[held.type])
    # A picture may be shown in the browser; what a PDF does there is not ours to know, so it is handed out to be opened.
    is_shown = held.type != "pdf" and "download" not in request.args
    # Headers are Latin: a name with marks travels percent-encoded (RFC 6266), beside a plain one.
    names = {"filename": f"{held.file[:16]}.{held.type}"}
    if held.name:
        names["filename*"] = f"UTF-8''{quote(held.name, safe='')}"
    response.headers.set("Content-Disposition", "inline" if is_shown else "attachment", **names)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.post("/<dossier>/files/<file>/remove")
def remove_file(dossier: str, file: str) -> ResponseReturnValue:
    if not may_sign(session.required(), "dossier.file_removed", {}):
        abort(403)
    case_or_404(dossier)
    try:
        service.remove(
            get_db(),
            get_services(),
            session.required(),
            dossier,
            record=request.form.get("record", ""),
            file=file,
        )
    except WriteRefused as refused:
        flash(" ".join(reason_words(refused.reason)), "error")
    else:
        flash(_("Đã bỏ tệp khỏi hồ sơ; lịch sử vẫn giữ."), "done")
    return redirect(url_for("casework.files.index", dossier=dossier), 303)


@blueprint.post("/<dossier>/files/<file>/fetch")
def fetch_file(dossier: str, file: str) -> ResponseReturnValue:
    held = service.find_file(case_or_404(dossier).view, file)
    if held is None or held.key is None:
        abort(404)
    service.ask_for(get_db(), get_services(), held)
    flash(_("Tệp sẽ về máy này ở lần đồng bộ tới."), "done")
    return redirect(url_for("casework.files.index", dossier=dossier), 303)
