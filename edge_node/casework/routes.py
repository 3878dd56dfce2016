"""/dossiers: the list and its export; one dossier, its papers, its raw records."""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from edge_node import reasons, session
from edge_node.accounts.openings import note_opening
from edge_node.casework import listing
from edge_node.casework.action_routes import blueprint as actions
from edge_node.casework.actions import case_or_404
from edge_node.casework.case import Case
from edge_node.casework.decide_routes import blueprint as decisions
from edge_node.casework.exporting import export_proof, export_record, provable
from edge_node.casework.file_routes import blueprint as files
from edge_node.casework.filters import parse_list
from edge_node.casework.papers import PaperName, paper_form
from edge_node.casework.proof_pdf import NotCarried, carriers
from edge_node.casework.proof_pdf import proof_pdf as carried_proof
from edge_node.casework.raw import raw_record, stored_record
from edge_node.casework.reading import read_page
from edge_node.database import get_db, get_services
from edge_node.erasure.reading import shown_orders
from edge_node.journal import require_office
from edge_node.printing import PrintingFailed, render_pdf
from edge_node.printing.documents import FormTooLarge
from edge_node.problems import answer
from edge_node.routing.reading import shown_way
from edge_node.tables import csv_response, pdf_response
from edge_node.witness.state import seen_note
from look.problems import language
from signing.readiness import Writer, readiness_of

blueprint = Blueprint("casework", __name__, url_prefix="/dossiers")
blueprint.register_blueprint(actions)
blueprint.register_blueprint(decisions)
blueprint.register_blueprint(files)


@blueprint.get("")
def index() -> ResponseReturnValue:
    db, services, actor = get_db(), get_services(), session.required()
    sectors = listing.sectors_of(db, services)
    unit, now = require_office(db).unit, services.clock()
    asked = parse_list(request.args, now=now, officer=actor.officer, unit=unit, sectors=sectors)
    if asked.format == "csv":
        return csv_response("ho-so", listing.csv_header(), listing.csv_rows(db, services, asked))
    page = listing.read_list(db, services, actor, asked)
    template = "casework/_table.html" if request.headers.get("HX-Request") else "casework/index.html"
    return render_template(template, list=page, sectors=listing.sector_choices(db, services))


@blueprint.get("/<dossier>")
def page(dossier: str) -> ResponseReturnValue:
    db, services, actor = get_db(), get_services(), session.required()
    case_or_404(dossier)
    note_opening(db, actor, dossier, purpose="page", now=services.clock())
    found = read_page(db, services, actor, dossier)
    printed = request.args.get("printed", "")
    shown = printed if printed in list(PaperName) else ""
    orders = shown_orders(db, dossier)
    way = shown_way(db, services, actor, found.view) if found else None
    return render_template("casework/page.html", page=found, printed=shown, orders=orders, way=way)


@blueprint.post("/<dossier>/reveal/<field>")
def reveal(dossier: str, field: str) -> Response:
    case = case_or_404(dossier)
    text = case.view.text(field) if field.endswith("id_number") else None
    if text is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="id_number", now=get_services().clock())
    return Response(text, content_type="text/plain; charset=utf-8")


@blueprint.get("/<dossier>/papers/<name>")
def paper(dossier: str, name: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    if name not in list(PaperName):
        abort(404)
    record = request.args.get("record")
    form = paper_form(get_db(), get_services(), case.view, PaperName(name), record=record)
    if form is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="print", now=get_services().clock())
    try:
        response = pdf_response(f"{name}-{case.view.display_code or dossier[:8]}", render_pdf(form))
    except (PrintingFailed, FormTooLarge) as error:
        return answer(reasons.INTERNAL, str(error))
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/<dossier>/records/<record>")
def record(dossier: str, record: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    found = stored_record(get_db(), dossier, record)
    if found is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="record", now=get_services().clock())
    return render_template("casework/record.html", case=case, raw=raw_record(get_db(), get_services(), found))


@blueprint.get("/<dossier>/records/<record>/export")
def export(dossier: str, record: str) -> ResponseReturnValue:
    found = stored_record(get_db(), case_or_404(dossier).view.dossier, record)
    if found is None:
        abort(404)
    note_opening(get_db(), session.required(), dossier, purpose="export", now=get_services().clock())
    response = Response(export_record(get_db(), found), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="ban-ghi-{found.id[:16]}.json"'
    return response


@blueprint.get("/<dossier>/proof")
def proof(dossier: str) -> ResponseReturnValue:
    """Choose what a proof shows; the records named by `record` are ticked (none: all)."""
    case, asked = case_or_404(dossier), request.args.getlist("record")
    note_opening(get_db(), session.required(), dossier, purpose="export", now=get_services().clock())
    bundle = get_services().trust.trust(get_db()).bundle
    # Written once to see what it would lack; that is asked for with the next sync.
    data = export_proof(
        get_db(),
        case.view.dossier,
        bundle=bundle,
        checkpoint=seen_note(get_services().config.keys),
        records=asked,
    )
    if data is None:
        abort(404)
    ready = readiness_of(data, bundle, Writer.NODE)
    return render_template(
        "casework/proof.html",
        case=case,
        carriers=carriers(case.view),
        records=provable(get_db(), case.view.dossier),
        asked=asked,
        is_complete=ready.is_complete,
        readiness=ready.en if language() == "en" else ready.vi,
    )


@blueprint.get("/<dossier>/proof/file")
def proof_file(dossier: str) -> ResponseReturnValue:
    """The proof itself; bodies only of the records that were chosen for it."""
    response = Response(_chosen_proof(case_or_404(dossier)), content_type="application/json")
    note_opening(get_db(), session.required(), dossier, purpose="export", now=get_services().clock())
    response.headers["Content-Disposition"] = f'attachment; filename="{dossier[:16]}.motcua-proof.json"'
    return response


@blueprint.get("/<dossier>/proof/pdf")
def proof_pdf(dossier: str) -> ResponseReturnValue:
    """The same proof inside a result PDF of the dossier, named by `carrier`."""
    case = case_or_404(dossier)
    proof, carrier = _chosen_proof(case), request.args.get("carrier", "")
    try:
        made = carried_proof(get_db(), get_services(), case.view.dossier, carrier, proof)
    except NotCarried as error:
        return answer(error.reason, error.detail)
    note_opening(get_db(), session.required(), dossier, purpose="export", now=get_services().clock())
    name = f"{case.view.display_code or dossier[:16]}-kem-chung-minh"
    return pdf_response(name, made, is_shown=False)


def _chosen_proof(case: Case) -> bytes:
    records, disclosed = request.args.getlist("record"), request.args.getlist("disclose")
    data = export_proof(
        get_db(),
        case.view.dossier,
        bundle=get_services().trust.trust(get_db()).bundle,
        checkpoint=seen_note(get_services().config.keys),
        records=records,
        disclosed=[each for each in disclosed if each in records],
    )
    if data is None:
        abort(404)
    return data
