"""/conflicts lists what has to be settled; /conflicts/<id> shows the versions side by side and takes the decision."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import edge_node.session as who
from dossiers.conflicts import settlers
from edge_node.accounts.openings import note_opening
from edge_node.casework import labels
from edge_node.conflicts import duplicates, forms, reading, service
from edge_node.database import get_db, get_services
from edge_node.drafts.service import read_draft
from edge_node.entry import Rejected

blueprint = Blueprint("conflicts", __name__, url_prefix="/conflicts")


@blueprint.get("")
def index() -> str:
    questions = reading.open_questions(get_db(), get_services())
    return render_template(
        "conflicts/list.html",
        questions=questions,
        duplicates=duplicates.list_duplicates(get_db(), get_services()),
        roles=who.required().roles,
        labels=labels,
    )


@blueprint.get("/duplicates/<conflict>")
def show_duplicate(conflict: str) -> str:
    duplicate = _duplicate(conflict)
    for twin in duplicate.twins:
        note_opening(get_db(), who.required(), twin.view.dossier, purpose="page", now=get_services().clock())
    return _duplicate_page(duplicate, {}, {})


@blueprint.post("/duplicates/<conflict>")
def settle_duplicate(conflict: str) -> ResponseReturnValue:
    duplicate = _duplicate(conflict)
    chosen = duplicates.read_choice(request.form, duplicate)
    if isinstance(chosen, Rejected):
        return _duplicate_page(duplicate, request.form.to_dict(), chosen.errors), 422
    try:
        duplicates.settle_duplicate(get_db(), get_services(), who.required(), duplicate, chosen)
    except service.QuestionChanged:
        flash(_("Hồ sơ vừa có thay đổi khác; hãy xem lại trước khi thống nhất. Chưa ghi gì."), "warning")
        return redirect("/conflicts")
    flash(_("Đã thống nhất và ký. Quyết định nằm trong lịch sử của từng hồ sơ."), "done")
    return redirect(f"/conflicts/duplicates/{conflict}")


@blueprint.get("/<conflict>")
def show(conflict: str) -> str:
    question = _question(conflict)
    note_opening(get_db(), who.required(), question.dossier, purpose="page", now=get_services().clock())
    kept = read_draft(get_db(), who.required(), service.draft_name(question.id))
    return _page(question, kept.content if kept else {}, {})


@blueprint.post("/<conflict>")
def settle(conflict: str) -> ResponseReturnValue:
    question = _question(conflict)
    decision = forms.read_decision(request.form, question)
    if isinstance(decision, Rejected):
        return _page(question, request.form.to_dict(), decision.errors), 422
    try:
        service.settle(get_db(), get_services(), who.required(), question, decision)
    except service.QuestionChanged:
        flash(_("Hồ sơ vừa có thay đổi khác; hãy xem lại trước khi thống nhất. Chưa ghi gì."), "warning")
        return redirect(f"/conflicts/{conflict}?dossier={question.dossier}")
    flash(_("Đã thống nhất và ký. Cả hai nội dung vẫn còn trong lịch sử hồ sơ."), "done")
    return redirect(f"/dossiers/{question.dossier}")


def _question(conflict: str) -> reading.Question:
    dossier = request.args.get("dossier", "")
    is_id = len(dossier) == 32 and all(letter in "0123456789abcdef" for letter in dossier)
    found = reading.find_question(get_db(), get_services(), conflict, dossier if is_id else None)
    return found or abort(404)


def _duplicate(conflict: str) -> duplicates.Duplicate:
    return duplicates.find_duplicate(get_db(), get_services(), conflict) or abort(404)


def _duplicate_page(
    duplicate: duplicates.Duplicate, values: Mapping[str, Any], errors: dict[str, str]
) -> str:
    return render_template(
        "conflicts/duplicate.html",
        duplicate=duplicate,
        may_settle=duplicate.may_settle(who.required().roles),
        deciders=labels.roles_word(settlers(duplicate.conflict)),
        values=values,
        errors=errors,
        labels=labels,
    )


def _page(question: reading.Question, values: Mapping[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "conflicts/settle.html",
        question=question,
        choices=forms.choices_of(question),
        may_settle=question.may_settle(who.required().roles),
        deciders=labels.roles_word(question.settlers),
        names=[_("Bản bên trái"), _("Bản bên phải")]
        if len(question.versions) == 2
        else [_("Bản %(count)s", count=n + 1) for n in range(len(question.versions))],
        settled=question.decision,
        draft=service.draft_name(question.id),
        values=values,
        errors=errors,
        labels=labels,
    )
