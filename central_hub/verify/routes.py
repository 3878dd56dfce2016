"""`/verify`: a proof, an exported record, the text of a code or a picture of one in, a finding out. Nothing of it is kept.

Open to everybody, as the paper itself is: an officer of another agency has no account here.
"""

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from central_hub import reasons
from central_hub.api.tokens import Scope, list_tokens
from central_hub.database import get_reader, get_services
from central_hub.events import note_event
from central_hub.problems import Refused
from central_hub.registry.snapshot import newest_of_all
from central_hub.sent import sent_file, sent_name
from central_hub.session import current, public, required, requires
from central_hub.store.engine import writing
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier, provable
from central_hub.verify.finding import finding_of
from central_hub.verify.offline_page import page_digest, page_program
from central_hub.verify.service import AGENCY_ASKS_MAX, Asker, may_ask, report_on
from central_hub.words import act_name, words_of
from look.problems import language
from signing.errors import NotOpened
from signing.opening import INPUT_BYTES_MAX, opened_input
from signing.readiness import Writer, readiness_of
from signing.roles import Role
from signing.version import __version__
from sync_protocol import reasons as protocol_reasons

blueprint = Blueprint("verify", __name__, url_prefix="/verify")


@blueprint.get("")
@public
def show_verify() -> str:
    return _page()


@blueprint.get("/guide")
@public
def show_guide() -> str:
    """How another agency verifies without this hub: one page to print and keep."""
    return _guide(agency="")


@blueprint.get("/guide/agency")
@requires(Role.ADMINISTRATOR)
def show_agency_guide() -> str:
    """The same for one agency that holds a key, by `name`: to print and hand over with it. The key itself is not on it."""
    name = request.args.get("name", "")
    if name not in {each.label for each in list_tokens(get_reader()) if each.scope is Scope.VERIFY}:
        raise Refused(reasons.NOT_FOUND)
    return _guide(agency=name)


def _guide(*, agency: str) -> str:
    services = get_services()
    return render_template(
        "verify/guide.html",
        agency=agency,
        asks_max=AGENCY_ASKS_MAX,
        fingerprint=services.keys.bundle.fingerprint,
        version=services.keys.bundle.version,
        province=services.units.name(services.province),
        address=request.host_url.rstrip("/"),
        page_sha256=page_digest(),
        page_program=page_program(),
        program=__version__,
    )


@blueprint.get("/trust.json")
@public
def trust_bundle() -> Response:
    """What other agencies need to verify without any connection; nothing in it is secret."""
    answer = Response(get_services().keys.envelope, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="motcua-trust.json"'
    return answer


@blueprint.get("/status.json")
@public
def status_snapshot() -> Response:
    """What became of keys, signed: agencies fetch it beside the trust bundle; nothing in it is secret."""
    services, reader = get_services(), get_reader()
    taken = newest_of_all(reader, services)
    if taken is None:
        raise Refused(reasons.NOT_FOUND)
    answer = Response(taken.data, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="motcua-status.json"'
    return answer


@blueprint.get("/proof/choose")
@requires(Role.ADMINISTRATOR, Role.AUDITOR)
def choose_for_proof() -> ResponseReturnValue:
    """Which records of `dossier` (code or id) a proof shall hold, and which of their bodies."""
    asked = request.args.get("dossier", "").strip()
    if not asked:
        return redirect("/verify")
    try:
        dossier = find_dossier(get_reader(), asked)
    except NoSuchDossier as error:
        raise Refused(reasons.NOT_FOUND, str(error)) from error
    services, reader = get_services(), get_reader()
    records = [(each, act_name(each.header)) for each in provable(services, reader, dossier)]
    ready = readiness_of(export_proof(services, reader, dossier), services.keys.bundle, Writer.HUB)
    return render_template(
        "verify/choose.html",
        asked=asked,
        dossier=dossier,
        records=records,
        is_complete=ready.is_complete,
        readiness=ready.en if language() == "en" else ready.vi,
    )


@blueprint.get("/proof")
@requires(Role.ADMINISTRATOR, Role.AUDITOR)
def give_proof() -> Response:
    """A proof of `dossier` (code or id); `record` and `disclose` (ids) may be repeated."""
    services, reader = get_services(), get_reader()
    asked = request.args.get("dossier", "").strip()
    try:
        dossier = find_dossier(reader, asked)
        data = export_proof(
            services,
            reader,
            dossier,
            records=request.args.getlist("record"),
            disclosed=request.args.getlist("disclose"),
        )
    except NoSuchDossier as error:
        raise Refused(reasons.NOT_FOUND, str(error)) from error
    with writing(services.engine) as connection:
        note_event(
            connection,
            at_ms=services.clock(),
            actor=required().login,
            action="proof.exported",
            subject=dossier,
        )
    answer = Response(data, content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{dossier[:16]}.motcua-proof.json"'
    return answer


@blueprint.post("")
@public
def take_file() -> str | tuple[str, int]:
    services = get_services()
    data, name = sent_file(INPUT_BYTES_MAX), sent_name()
    is_typed = not data
    if is_typed:
        data, name = request.form.get("text", "").strip().encode("utf-8", "replace"), ""
    if not data:
        return _page(file_error=_("Chọn một tệp hoặc dán nội dung mã.")), reasons.INPUT.status
    if not may_ask(services, Asker.visitor(request.remote_addr or "")):
        raise Refused(protocol_reasons.THROTTLED)
    try:
        opened = opened_input(data)
    except NotOpened as error:
        said = " ".join(words_of(error.reason))
        page = _page(text_error=said) if is_typed else _page(file_error=said)
        return page, error.reason.status
    report = report_on(services, get_reader(), opened)
    found = finding_of(report, services, services.catalogue.current(get_reader()))
    return render_template("verify/finding.html", found=found, name=name)


def _page(*, file_error: str = "", text_error: str = "") -> str:
    fingerprint = get_services().keys.bundle.fingerprint
    account = current()
    may_export = account is not None and account.holds(Role.ADMINISTRATOR, Role.AUDITOR)
    return render_template(
        "verify/verify.html",
        file_error=file_error,
        text_error=text_error,
        fingerprint=fingerprint,
        may_export=may_export,
    )
