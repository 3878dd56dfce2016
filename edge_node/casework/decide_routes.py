"""/dossiers/decide: several dossiers at once. GET shows them with the steps they share, POST signs one step for each."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dossiers.local_time import local_date
from dossiers.presentation import fmt_number
from edge_node import session
from edge_node.casework.deciding import Chosen, Outcome, choose, common_moves, decide, parse_decision
from edge_node.casework.forms import parse_heads
from edge_node.casework.labels import move_word
from edge_node.casework.listing import listed
from edge_node.database import get_db, get_services
from edge_node.entry import Rejected

blueprint = Blueprint("decisions", __name__)


@blueprint.get("/decide")
def choice() -> ResponseReturnValue:
    chosen = _chosen(request.args.getlist("id"))
    if not chosen:
        flash(_("Đánh dấu ít nhất một hồ sơ trong danh sách."), "warning")
        return redirect(url_for("casework.index", state="open"), 303)
    actor, services = session.required(), get_services()
    today = f"{local_date(services.clock()):%d/%m/%Y}"
    return _page(
        chosen,
        {"result.date": today, "result.signer": actor.name, "action": request.args.get("action", "")},
        {},
    )


@blueprint.post("/decide")
def sign() -> ResponseReturnValue:
    chosen, actor = _chosen(request.form.getlist("id")), session.required()
    typed = request.form.to_dict()
    found = next((m for m in common_moves(chosen, actor) if m.action == typed.get("action")), None)
    if found is None:
        return _page(chosen, typed, {"action": _("Chọn một thao tác chung cho các hồ sơ.")}), 422
    parsed = parse_decision(typed, found, chosen)
    if isinstance(parsed, Rejected):
        return _page(chosen, typed, parsed.errors), 422
    seen = {each.row.id: parse_heads({"heads": typed.get(f"heads.{each.row.id}", "")}) for each in chosen}
    _tell(decide(get_db(), get_services(), actor, chosen, parsed, seen), move_word(found))
    return redirect(url_for("casework.index", state="open"), 303)


def _tell(outcomes: list[Outcome], word: str) -> None:
    done = sum(not outcome.problem for outcome in outcomes)
    if done:
        flash(_("Đã ký %(count)s hồ sơ: %(action)s.", count=fmt_number(done), action=word), "done")
    for outcome in outcomes:
        if outcome.problem:
            flash(f"{outcome.row.display_code or outcome.row.applicant}: {outcome.problem}", "warning")


def _chosen(ids: list[str]) -> list[Chosen]:
    return choose(
        get_db(), [each for each in ids if len(each) == 32 and set(each) <= set("0123456789abcdef")]
    )


def _page(chosen: list[Chosen], values: dict[str, str], errors: dict[str, str]) -> str:
    moves = common_moves(chosen, session.required())
    lines = listed(get_db(), get_services(), [each.row for each in chosen])
    return render_template(
        "casework/decide.html",
        chosen=list(zip(chosen, lines, strict=True)),
        moves=[(move, move_word(move)) for move in moves],
        values=values,
        errors=errors,
    )
