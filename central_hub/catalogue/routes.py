"""`/catalogue`: what is in force, what was published, and publishing with one's own signature."""

from typing import Any

import orjson
from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central_hub import reasons
from central_hub.accounts.signer import SignatureRefused, unlock_signer
from central_hub.catalogue.changes import fee_words, rule_words
from central_hub.catalogue.forms import (
    COUNTED,
    FILE_BYTES_MAX,
    FormInvalid,
    lines_of,
    read_calendar,
    read_file,
    read_procedure,
)
from central_hub.catalogue.service import (
    KINDS,
    calendar_content,
    catalogue_page,
    preview,
    procedure_page,
    publish,
)
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.publishing.published import next_version
from central_hub.publishing.service import PublicationRefused
from central_hub.sent import sent_file
from central_hub.session import required, requires
from central_hub.statistics.board import today_of
from central_hub.store.engine import writing
from signing.roles import Role

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")
Page = str | tuple[str, int] | Response


@blueprint.get("")
def show_catalogue() -> str:
    page = catalogue_page(get_reader(), get_services(), request.args)
    return render_template("catalogue/catalogue.html", rule_words=rule_words, fee_words=fee_words, **page)


@blueprint.get("/procedures/<code>")
def show_procedure(code: str) -> str:
    return render_template(
        "catalogue/procedure.html", rule_words=rule_words, fee_words=fee_words, **_procedure(code)
    )


@blueprint.get("/procedures/<code>/edit")
@requires(Role.ADMINISTRATOR)
def edit_procedure(code: str) -> str:
    return render_template(
        "catalogue/edit_procedure.html", values={}, errors={}, counted=COUNTED, **_procedure(code)
    )


@blueprint.post("/procedures/<code>/edit")
@requires(Role.ADMINISTRATOR)
def take_procedure(code: str) -> Page:
    page, services = _procedure(code), get_services()
    catalogue, version = services.catalogue.current(get_reader()), next_version(get_reader(), "catalogue")
    try:
        content = read_procedure(
            request.form, page["procedure"], catalogue, today=today_of(services), version=version
        )
    except FormInvalid as error:
        values = {"values": request.form, "errors": error.errors, "counted": COUNTED}
        return render_template("catalogue/edit_procedure.html", **values, **page), reasons.INPUT.status
    return _show_preview("catalogue", content)


@blueprint.get("/calendar/edit")
@requires(Role.ADMINISTRATOR)
def edit_calendar() -> str:
    page = catalogue_page(
        get_reader(), get_services(), {"show": "calendar", "year": request.args.get("year", "")}
    )
    values = {
        "days_off": lines_of(page["days_off"]),
        "working_days": lines_of(page["working_days"]),
        "last": f"{page['calendar'].last:%d/%m/%Y}",
    }
    return render_template("catalogue/edit_calendar.html", values=values, errors={}, **page)


@blueprint.post("/calendar/edit")
@requires(Role.ADMINISTRATOR)
def take_calendar() -> Page:
    version = next_version(get_reader(), "calendar")
    try:
        content = read_calendar(request.form, calendar_content(get_reader()), version=version)
    except FormInvalid as error:
        asked = {"show": "calendar", "year": request.form.get("year", "")}
        page = catalogue_page(get_reader(), get_services(), asked)
        values = {"values": request.form, "errors": error.errors}
        return render_template("catalogue/edit_calendar.html", **values, **page), reasons.INPUT.status
    return _show_preview("calendar", content)


@blueprint.get("/upload")
@requires(Role.ADMINISTRATOR)
def show_upload() -> str:
    return _upload_page({})


@blueprint.post("/upload")
@requires(Role.ADMINISTRATOR)
def take_upload() -> Page:
    try:
        content = read_file(sent_file(FILE_BYTES_MAX))
    except FormInvalid as error:
        return _upload_page(error.errors), reasons.INPUT.status
    return _show_preview("catalogue" if "procedures" in content else "calendar", content)


@blueprint.post("/publish")
@requires(Role.ADMINISTRATOR)
def take_publication() -> Page:
    services, kind = get_services(), request.form.get("kind", "")
    if kind not in KINDS:
        raise Refused(reasons.INPUT, "kind")
    content = _content(request.form.get("content", ""))
    try:
        signer = unlock_signer(services, required(), request.form.get("password", ""))
    except SignatureRefused:
        return _show_preview(kind, content, {"password": _("Mật khẩu không đúng. Chưa có gì được công bố.")})
    try:
        with writing(services.engine) as connection:
            done = publish(connection, services, kind, content, account=required(), signer=signer)
    except PublicationRefused as error:
        return _upload_page({"file": str(error)}), reasons.PUBLICATION.status
    flash(
        _("Đã ký và công bố phiên bản %(version)s; máy trạm nhận ở lần đồng bộ tới.", version=done.version),
        "done",
    )
    return redirect("/catalogue?show=history")


def _procedure(code: str) -> dict[str, Any]:
    page = procedure_page(get_reader(), get_services(), code)
    if page is None:
        raise Refused(reasons.NOT_FOUND)
    return page


def _content(text: str) -> dict[str, object]:
    try:
        return read_file(text.encode())
    except FormInvalid as error:
        raise Refused(reasons.INPUT, "content") from error


def _upload_page(errors: dict[str, str]) -> str:
    versions = {kind: next_version(get_reader(), kind) for kind in KINDS}
    return render_template("catalogue/upload.html", errors=errors, versions=versions)


def _show_preview(kind: str, content: dict[str, object], errors: dict[str, str] | None = None) -> Page:
    try:
        found = preview(get_reader(), get_services(), kind, content)
    except PublicationRefused as error:
        return _upload_page({"file": str(error)}), reasons.PUBLICATION.status
    page = render_template(
        "catalogue/preview.html", found=found, content=orjson.dumps(content).decode(), errors=errors or {}
    )
    return (page, reasons.INPUT.status) if errors else page
