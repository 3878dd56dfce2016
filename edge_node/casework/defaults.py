"""What stands in an action's form before anybody types: the dossier's own values, and what is nearly always meant."""

from collections.abc import Iterable

from dossiers.lifecycle import Move
from dossiers.local_time import local_date
from edge_node.casework.case import Case
from edge_node.casework.labels import day_text
from edge_node.keyring import Actor
from signing.roles import Role


def step_defaults(case: Case, move: Move, actor: Actor) -> dict[str, str]:
    """A result is mostly signed today, by the leader at the screen; it is mostly handed to the applicant."""
    view = case.view
    values: dict[str, str] = {}
    if "result" in move.needs:
        values["result.date"] = f"{local_date(case.situation.now):%d/%m/%Y}"
        values["result.signer"] = actor.name if Role.LEADER in actor.roles else ""
        values["result.kind"] = case.procedure.name.vi if case.procedure else ""
    if "received_by" in move.needs:
        values["received_by.name"] = view.text("applicant.name") or ""
        values["received_by.id_number"] = view.text("applicant.id_number") or ""
        methods = {"desk": "1", "online": "2", "post": "3"}
        values["method"] = methods.get(view.text("return_method") or "", "1")
    return values


def amend_defaults(case: Case, codes: Iterable[str]) -> dict[str, str]:
    view = case.view
    values = {code: day_text(view.text(code) or "") for code in codes}
    return values | {
        "channel": str(view.channel or 1),
        "competent": view.competent or "",
        "sets": str(view.sets or 1),
        "fee_due": str(view.fee_due),
    }


def pay_defaults(case: Case) -> dict[str, str]:
    """What is still owed, by the applicant, in cash."""
    view = case.view
    owed = max(0, view.fee_due - view.paid)
    return {"amount": str(owed) if owed else "", "method": "1", "payer": view.text("applicant.name") or ""}
