"""/routing: what comes, what is out, the slips; and the steps of one dossier's way."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.legs import Leg, LegStep
from dossiers.reasons import MOVE
from edge_node import reasons, session
from edge_node.accounts.openings import note_opening
from edge_node.casework.actions import action_done, case_or_404, save, show
from edge_node.casework.case import Case
from edge_node.casework.labels import kind_word, reason_words
from edge_node.casework.service import Done, DossierUnknown, Target
from edge_node.database import get_db, get_services
from edge_node.journal import WriteRefused, may_sign, require_office
from edge_node.keyring.units import units_at
from edge_node.printing import PrintingFailed
from edge_node.printing.documents import FormTooLarge
from edge_node.problems import answer
from edge_node.routing import forms, service
from edge_node.routing.papers import csv_header, csv_rows, slip_paper
from edge_node.routing.reading import (
    SlipPage,
    other_ends_of,
    read_lists,
    read_slip,
    step_word,
    unit_choices,
)
from edge_node.tables import csv_response, pdf_response

blueprint = Blueprint("routing", __name__, url_prefix="/routing")
_SIDES = ("in", "out", "papers")
_FILE_ROWS_MAX = 10_000


@blueprint.get("")
def index() -> ResponseReturnValue:
    db, services = get_db(), get_services()
    side = request.args.get("side", "in")
    typed = request.args.get("page", "1")
    side, is_open = side if side in _SIDES else "in", request.args.get("state") != "ended"
    if request.args.get("format") == "csv" and side != "papers":
        lists = read_lists(db, services, side=side, is_open=is_open, page=1, rows=_FILE_ROWS_MAX)
        return csv_response("ho-so-lien-thong", csv_header(), csv_rows(lists))
    page = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    lists = read_lists(db, services, side=side, is_open=is_open, page=page)
    may_give = may_sign(session.required(), "dossier.papers_given", {})
    units = units_at(db, services.clock())
    ends = other_ends_of(lists, require_office(db).unit, units) if may_give else ()
    return render_template("routing/index.html", lists=lists, name=units.name, ends=ends)


@blueprint.get("/<dossier>/refer")
def refer(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.referred")
    case = case_or_404(dossier)
    return show(
        case, "refer", "routing/refer.html", units=unit_choices(get_db(), case.view, case.situation.units)
    )


@blueprint.post("/<dossier>/refer")
def save_referral(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.referred")
    case = case_or_404(dossier)
    units = unit_choices(get_db(), case.view, case.situation.units)
    parsed = forms.parse_referral(request.form, [code for code, _name in units], now=case.situation.now)

    def do(target: Target, wish: forms.Referral) -> Done:
        return service.refer(
            get_db(), get_services(), session.required(), target,
            to=wish.to, ground=wish.ground, deadline=wish.deadline,
        )  # fmt: skip

    done = action_done(kind_word("dossier.referred"))
    return save(case, "refer", "routing/refer.html", parsed, do, done=done, units=units)


@blueprint.get("/<dossier>/leg/<leg>/<step>")
def step(dossier: str, leg: str, step: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    found, wanted = _leg_and_step(case, leg, step)
    return show(
        case, f"leg-{wanted.value}", "routing/step.html",
        leg=found, step=wanted, word=step_word(wanted), name=case.situation.units.name,
    )  # fmt: skip


@blueprint.post("/<dossier>/leg/<leg>/<step>")
def take_step(dossier: str, leg: str, step: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    found, wanted = _leg_and_step(case, leg, step)

    def do(target: Target, note: str) -> Done:
        return service.take_step(
            get_db(), get_services(), session.required(), target, leg=leg, step=wanted, note=note
        )

    return save(
        case, f"leg-{wanted.value}", "routing/step.html", forms.parse_step(request.form, wanted), do,
        done=action_done(step_word(wanted)), leg=found, step=wanted, word=step_word(wanted), name=case.situation.units.name,
    )  # fmt: skip


@blueprint.post("/slips")
def give() -> ResponseReturnValue:
    """One slip for the chosen dossiers and one unit."""
    _entitled("dossier.papers_given")
    chosen, to = request.form.getlist("dossier"), request.form.get("to", "")
    try:
        slip = service.give_papers(
            get_db(),
            get_services(),
            session.required(),
            chosen,
            to=to,
            note=request.form.get("note", "")[:2_000],
        )
    except DossierUnknown:
        abort(404)
    except WriteRefused as refused:
        words = " ".join(reason_words(refused.reason))
        if not chosen:
            words = _("Chưa chọn hồ sơ nào. Hãy đánh dấu các hồ sơ sẽ giao.")
        elif refused.reason is MOVE:
            words = _(
                "Hồ sơ trên một phiếu phải cùng đi tới một nơi. Hãy bỏ chọn những hồ sơ không tới nơi đó."
            )
        flash(words, "error")
        side = request.form.get("side", "out")
        return redirect(url_for("routing.index", side=side if side in _SIDES else "out"), 303)
    flash(_("Đã ghi và ký phiếu bàn giao; in hai bản cho hai bên ký."), "done")
    return redirect(url_for("routing.slip", slip=slip), 303)


@blueprint.get("/slips/<slip>")
def slip(slip: str) -> ResponseReturnValue:
    return render_template("routing/slip.html", slip=_slip_or_404(slip))


@blueprint.post("/slips/<slip>/take")
def take(slip: str) -> ResponseReturnValue:
    """Sign for everything on the slip that waits for this unit, with what is missing."""
    _entitled("dossier.papers_taken")
    db, services, actor = get_db(), get_services(), session.required()
    note = request.form.get("note", "").strip()[:2_000]
    count = 0
    try:
        for view, _name, shown in _slip_or_404(slip).lines:
            if shown.may_take:
                missing = forms.parse_missing(request.form, shown.handed)
                service.take_papers(
                    db, services, actor, view.dossier, given=shown.handed.record, missing=missing, note=note
                )
                count += 1
    except WriteRefused as refused:
        flash(" ".join(reason_words(refused.reason)), "error")
    else:
        flash(_("Đã ký nhận %(count)s hồ sơ.", count=count), "done")
    return redirect(url_for("routing.slip", slip=slip), 303)


@blueprint.get("/slips/<slip>/paper")
def paper(slip: str) -> ResponseReturnValue:
    """Giấy bàn giao hồ sơ."""
    found = _slip_or_404(slip)
    for view, _name, _shown in found.lines:
        note_opening(get_db(), session.required(), view.dossier, purpose="print", now=get_services().clock())
    try:
        made = slip_paper(get_db(), get_services(), require_office(get_db()), found)
    except (PrintingFailed, FormTooLarge) as error:
        return answer(reasons.INTERNAL, str(error))
    response = pdf_response(f"ban-giao-{slip[:8]}", made)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _entitled(kind: str) -> None:
    if not may_sign(session.required(), kind, {}):
        abort(403)


def _leg_and_step(case: Case, leg: str, step: str) -> tuple[Leg, LegStep]:
    found = next((each for each in case.view.legs if each.record == leg), None)
    if found is None or step not in list(LegStep):
        abort(404)
    if not service.roles_of(LegStep(step)) & session.required().roles:
        abort(403)
    return found, LegStep(step)


def _slip_or_404(slip: str) -> SlipPage:
    is_id = len(slip) == 32 and set(slip) <= set("0123456789abcdef")
    found = read_slip(get_db(), get_services(), session.required(), slip) if is_id else None
    if found is None:
        abort(404)
    return found
