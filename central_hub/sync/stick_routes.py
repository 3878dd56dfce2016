"""/stick, «Gói USB»: take what nodes wrote to sticks, sent by the administrator's browser, and fetch the answers."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.session import current, required, requires
from central_hub.sync.asked import find_asked, find_files, keep_asked, keep_files, list_asked
from central_hub.sync.carried_files import AskedFiles, files_answers, take_files
from central_hub.sync.fleet import list_devices
from central_hub.sync.parcels import (
    Asked,
    GivenFile,
    TakenParcel,
    asked_by_nobody,
    judge_now,
    take_parcels,
    write_answer,
)
from central_hub.sync.snapshots import write_snapshot
from central_hub.sync.stick import newest_asked
from central_hub.tables import download
from central_hub.words import words_of
from dossiers.presentation import fmt_number
from look.problems import language
from signing.roles import Role
from sync_protocol.parcel import Label, Sink, Source, part_name

blueprint = Blueprint("stick", __name__, url_prefix="/stick")

UPLOAD_BYTES_MAX: Final = 512 * 1024 * 1024
"""More than a commune records in ten years; whole sticks of many offices go through `motcua-hub import`."""
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
FILES_BYTES_MAX: Final = 64 * 1024 * 1024
JUDGED_WITHIN_S: Final = 10.0
_TAKERS: Final = (Role.ADMINISTRATOR, Role.KEY_AUTHORITY)
_DEVICE: Final = re.compile(r"[0-9a-f]{32}")
_TYPE: Final = "application/octet-stream"


@blueprint.url_value_preprocessor
def allow_large(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before the form is read: only whoever is logged in may send files of this size."""
    if endpoint == "stick.take" and current() is not None:
        request.max_content_length = UPLOAD_BYTES_MAX


@blueprint.get("")
@requires(*_TAKERS)
def show() -> str:
    return _page([], is_judged=True)


@blueprint.post("")
@requires(*_TAKERS)
def take() -> str | BaseResponse:
    services = get_services()
    with _sent_files() as files:
        taken = take_parcels(services, files, by=required().login)
        if not taken:
            flash(_("Chưa thấy gói USB nào. Chọn các tệp .motcua trong thư mục motcua của USB."), "warning")
            return redirect("/stick", 303)
        for asked in newest_asked(taken):
            keep_asked(services, asked)
        units = {parcel.unit for parcel in taken if parcel.asked}
        is_judged = judge_now(services, units, within_s=JUDGED_WITHIN_S)
        for device, asked_files in take_files(services, files).items():
            keep_files(services, device, asked_files)
    # Not a redirect: what came of these files is shown once, the diary keeps it.
    return _page(taken, is_judged=is_judged)


@blueprint.get("/<device>/answer")
@requires(*_TAKERS)
def fetch_answer(device: str) -> Response:
    kept = find_asked(get_services(), device) if _DEVICE.fullmatch(device) else None
    if kept is None:
        raise Refused(reasons.NOT_FOUND)
    return _answer(kept.asked, find_files(get_services(), device))


@blueprint.get("/<device>/everything")
@requires(*_TAKERS)
def fetch_everything(device: str) -> Response:
    if not _DEVICE.fullmatch(device):
        raise Refused(reasons.NOT_FOUND)
    return _answer(asked_by_nobody(get_services(), device))


@blueprint.get("/<device>/snapshot")
@requires(*_TAKERS)
def fetch_snapshot(device: str) -> Response:
    if not _DEVICE.fullmatch(device):
        raise Refused(reasons.NOT_FOUND)
    return _download(
        lambda open_part: (
            write_snapshot(get_services(), device, open_part, part_bytes_max=ANSWER_BYTES_MAX).label
        )
    )


class _InMemory(BytesIO):
    """One part, still there after it was closed."""

    def close(self) -> None:
        """Read afterwards."""


def _answer(asked: Asked, files: AskedFiles | None = None) -> Response:
    then = files_answers(get_services(), asked.device, files, bytes_max=FILES_BYTES_MAX) if files else ()

    def write(open_part: Callable[[Label, int], Sink]) -> Label:
        written = write_answer(get_services(), asked, open_part, part_bytes_max=ANSWER_BYTES_MAX, then=then)
        return written.label

    return _download(write)


def _download(write: Callable[[Callable[[Label, int], Sink]], Label]) -> Response:
    parts: list[_InMemory] = []

    def open_part(_label: Label, _number: int) -> _InMemory:
        parts.append(_InMemory())
        return parts[-1]

    label = write(open_part)
    if len(parts) != 1:
        raise Refused(reasons.INPUT, "motcua-hub export")
    return download(parts[0].getvalue(), _TYPE, part_name(label, 1))


@contextmanager
def _sent_files() -> Iterator[list[GivenFile]]:
    """The files of the form; their temporary copies are closed at the end."""
    sent = request.files.getlist("files")
    try:
        yield [_given(each) for each in sent if each.filename]
    finally:
        for each in sent:
            each.close()


def _given(file: FileStorage) -> GivenFile:
    file.stream.seek(0, 2)
    size_bytes = file.stream.tell()

    @contextmanager
    def reader() -> Iterator[Source]:
        file.stream.seek(0)
        yield file.stream

    return GivenFile(name=file.filename or "", size_bytes=size_bytes, reader=reader)


def _page(taken: list[TakenParcel], *, is_judged: bool) -> str:
    services = get_services()
    fleet = list_devices(get_reader(), now_ms=services.clock(), silent_ms=services.config.silent_after_ms)
    devices = {device.id: device for device in fleet}
    outcomes = [
        {
            "parcel": parcel,
            "unit": services.units.name(parcel.unit) if parcel.unit else "",
            "device": devices.get(parcel.sender),
            "why": _words(parcel),
        }
        for parcel in taken
    ]
    answers = [
        (kept, devices[kept.asked.device]) for kept in list_asked(services) if kept.asked.device in devices
    ]
    return render_template(
        "sync/stick.html",
        outcomes=outcomes,
        is_judged=is_judged,
        answers=answers,
        unit_name=services.units.name,
        told=_("%(count)s bản ghi mới", count=fmt_number(sum(p.records for p in taken), language())),
    )


def _words(parcel: TakenParcel) -> str:
    if parcel.problem is None:
        return ""
    return " ".join(words_of(parcel.problem.reason))
