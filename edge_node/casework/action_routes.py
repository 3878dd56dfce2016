"""/dossiers/<id>/…: one address per action, GET shows its form and POST signs it."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.lifecycle import Move, find_move
from edge_node import session
from edge_node.casework import forms, service
from edge_node.casework.actions import action_done, case_or_404, draft_name, save, show
from edge_node.casework.case import Case, preview_time
from edge_node.casework.defaults import amend_defaults, pay_defaults, step_defaults
from edge_node.casework.labels import kind_word, move_word
from edge_node.casework.reading import officer_choices
from edge_node.casework.service import Done, Target
from edge_node.database import get_db, get_services
from edge_node.drafts.service import keep_draft
from edge_node.journal import may_sign

blueprint = Blueprint("actions", __name__)


def _move_or_refuse(case: Case, action: str) -> Move:
    found = find_move(case.view.status, action) if case.view.status is not None else None
    if found is None:
        abort(404)
    if not found.roles & session.required().roles:
        abort(403)
    return found


def _entitled(kind: str) -> None:
    if not may_sign(session.required(), kind, {}):
        abort(403)


@blueprint.get("/<dossier>/act/<action>")
def step(dossier: str, action: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    if case.view.status is None or find_move(case.view.status, action) is None:
        flash(_("Hồ sơ đã chuyển sang trạng thái khác; thao tác này không còn phù hợp."), "warning")
        return redirect(url_for("casework.page", dossier=dossier), 303)
    move = _move_or_refuse(case, action)
    officers = officer_choices(get_db(), get_services())
    defaults = step_defaults(case, move, session.required())
    time = preview_time(case, move)
    return show(
        case, action, "casework/step.html", defaults=defaults, move=move, officers=officers, time=time
    )


@blueprint.post("/<dossier>/act/<action>")
def take_step(dossier: str, action: str) -> ResponseReturnValue:
    case = case_or_404(dossier)
    move = find_move(case.view.status, action) if case.view.status is not None else None
    if move is None:
        return _too_late(dossier, action)
    _move_or_refuse(case, action)
    officers = officer_choices(get_db(), get_services())
    parsed = forms.parse_step(
        request.form,
        move,
        procedure=case.procedure,
        calendar=case.situation.calendar,
        now=case.situation.now,
        officers=[officer for officer, _name in officers],
    )

    def do(target: Target, taken: service.Step) -> Done:
        return service.move(get_db(), get_services(), session.required(), target, taken)

    time = preview_time(case, move)
    done = action_done(move_word(move))
    return save(
        case, action, "casework/step.html", parsed, do, done=done, move=move, officers=officers, time=time
    )


def _too_late(dossier: str, action: str) -> ResponseReturnValue:
    """Somebody took another step meanwhile: what was typed waits as a draft, should the step become possible again."""
    typed = {name: text for name, text in request.form.items() if name != "csrf_token"}
    now = get_services().clock()
    keep_draft(get_db(), session.required(), draft_name(dossier, action), typed, now=now)
    flash(
        _(
            "Hồ sơ đã chuyển sang trạng thái khác; thao tác này không còn phù hợp. Nội dung đã nhập còn trong nháp."
        ),
        "warning",
    )
    return redirect(url_for("casework.page", dossier=dossier), 303)


@blueprint.get("/<dossier>/amend")
def amend(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.amended")
    case = case_or_404(dossier)
    codes = forms.amendable_fields(case.view, case.procedure)
    return show(case, "amend", "casework/amend.html", defaults=amend_defaults(case, codes), codes=codes)


@blueprint.post("/<dossier>/amend")
def save_amendment(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.amended")
    case = case_or_404(dossier)
    parsed = forms.parse_amendment(request.form, case.view, case.procedure, units=case.situation.units)

    def do(target: Target, amendment: service.Amendment) -> Done:
        return service.amend(get_db(), get_services(), session.required(), target, amendment)

    codes = forms.amendable_fields(case.view, case.procedure)
    done = action_done(kind_word("dossier.amended"))
    return save(case, "amend", "casework/amend.html", parsed, do, done=done, codes=codes)


@blueprint.get("/<dossier>/assign")
def assign(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.assigned")
    officers = officer_choices(get_db(), get_services())
    return show(case_or_404(dossier), "assign", "casework/assign.html", officers=officers)


@blueprint.post("/<dossier>/assign")
def save_assignment(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.assigned")
    case, officers = case_or_404(dossier), officer_choices(get_db(), get_services())
    parsed = forms.parse_assignment(request.form, [officer for officer, _name in officers])

    def do(target: Target, given: forms.Assigned) -> Done:
        return service.assign(
            get_db(), get_services(), session.required(), target, officer=given.officer, note=given.note
        )

    done = action_done(kind_word("dossier.assigned"))
    return save(case, "assign", "casework/assign.html", parsed, do, done=done, officers=officers)


@blueprint.get("/<dossier>/extend")
def extend(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.extended")
    case = case_or_404(dossier)
    return show(case, "extend", "casework/extend.html", ordinal=service.extensions_of(case.view) + 1)


@blueprint.post("/<dossier>/extend")
def save_extension(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.extended")
    case = case_or_404(dossier)
    parsed = forms.parse_extension(request.form, calendar=case.situation.calendar, due=case.view.due)

    def do(target: Target, given: forms.Extension) -> Done:
        return service.extend(
            get_db(), get_services(), session.required(), target, until=given.until, ground=given.ground
        )

    done, ordinal = action_done(kind_word("dossier.extended")), service.extensions_of(case.view) + 1
    return save(case, "extend", "casework/extend.html", parsed, do, done=done, ordinal=ordinal)


@blueprint.get("/<dossier>/pay")
def pay(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paid")
    case = case_or_404(dossier)
    return show(case, "pay", "casework/pay.html", defaults=pay_defaults(case))


@blueprint.post("/<dossier>/pay")
def save_payment(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paid")
    case = case_or_404(dossier)
    parsed = forms.parse_payment(request.form, case.procedure)

    def do(target: Target, given: forms.PaymentTaken) -> Done:
        return service.pay(
            get_db(),
            get_services(),
            session.required(),
            target,
            amount=given.amount,
            method=given.method,
            fee=given.fee,
            receipt_number=given.receipt_number,
            payer=given.payer,
        )

    return save(case, "pay", "casework/pay.html", parsed, do, done=action_done(kind_word("dossier.paid")))


@blueprint.get("/<dossier>/papers-held")
def papers_held(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paper_added")
    return show(case_or_404(dossier), "papers-held", "casework/papers_held.html")


@blueprint.post("/<dossier>/papers-held")
def add_papers(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paper_added")
    case = case_or_404(dossier)
    parsed = forms.parse_papers(request.form, case.procedure)

    def do(target: Target, given: forms.PapersAdded) -> Done:
        return service.add_papers(
            get_db(), get_services(), session.required(), target, papers=given.papers, note=given.note
        )

    done = action_done(kind_word("dossier.paper_added"))
    return save(case, "papers-held", "casework/papers_held.html", parsed, do, done=done)


@blueprint.get("/<dossier>/paper-taken")
def paper_taken(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paper_removed")
    chosen = {"record": request.args.get("record", ""), "paper": request.args.get("paper", "")}
    return show(case_or_404(dossier), "paper-taken", "casework/paper_taken.html", defaults=chosen)


@blueprint.post("/<dossier>/paper-taken")
def take_paper(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.paper_removed")

    def do(target: Target, given: forms.PaperTaken) -> Done:
        return service.remove_paper(
            get_db(),
            get_services(),
            session.required(),
            target,
            record=given.record,
            paper=given.paper,
            ground=given.ground,
        )

    parsed, done = forms.parse_paper_taken(request.form), action_done(kind_word("dossier.paper_removed"))
    return save(case_or_404(dossier), "paper-taken", "casework/paper_taken.html", parsed, do, done=done)


@blueprint.get("/<dossier>/note")
def note(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.noted")
    return show(case_or_404(dossier), "note", "casework/note.html")


@blueprint.post("/<dossier>/note")
def save_note(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.noted")

    def do(target: Target, text: str) -> Done:
        always = Target(dossier=target.dossier, draft=target.draft)
        return service.note(get_db(), get_services(), session.required(), always, text=text)

    parsed, done = forms.parse_note(request.form), action_done(kind_word("dossier.noted"))
    return save(case_or_404(dossier), "note", "casework/note.html", parsed, do, done=done)


@blueprint.post("/<dossier>/number")
def number(dossier: str) -> ResponseReturnValue:
    _entitled("dossier.numbered")
    case = case_or_404(dossier)
    code = service.number(get_db(), get_services(), session.required(), case.view.dossier)
    if code is None:
        flash(
            _(
                "Chưa có số nào được cấp cho máy này. Mã tạm vẫn dùng được; số chính thức được gắn sau khi đồng bộ."
            ),
            "warning",
        )
    else:
        flash(_("Đã cấp mã chính thức %(code)s; mã tạm vẫn tra cứu được.", code=code), "done")
    return redirect(url_for("casework.page", dossier=dossier), 303)
