"""Settle: one signed record per difference, decided on the state inside the write transaction.

If a colleague settled it meanwhile, or a further version arrived, nothing is written and the officer sees the news first.
"""

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from edge_node import reasons
from edge_node.conflicts.forms import Decision
from edge_node.conflicts.reading import Question
from edge_node.drafts.service import drop_draft
from edge_node.journal import Draft, WriteRefused, write_with
from edge_node.keyring import Actor
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from sync_protocol.record import Record


class QuestionChanged(Exception):
    """The difference is not what the officer saw any more."""


def settle(
    db: Database, services: Services, actor: Actor, question: Question, decision: Decision
) -> list[Record]:
    """Sign the decision; raises QuestionChanged or WriteRefused."""
    if not question.may_settle(actor.roles):
        raise WriteRefused(reasons.ROLE, "dossier.settled")

    def decide(db: Database) -> Sequence[Draft]:
        view = view_of(db, question.dossier)
        still_open = {conflict.id for conflict in view.conflicts} if view else set()
        if not all(conflict.id in still_open for conflict in question.conflicts):
            raise QuestionChanged
        drop_draft(db, actor, draft_name(question.id))
        return [_draft(question.dossier, one.id, one.field, decision) for one in question.conflicts]

    return write_with(db, services, actor, decide)


def draft_name(conflict: str) -> str:
    """Under which name a half-typed decision is kept."""
    return f"conflict.{conflict[:32]}"


def _draft(dossier: str, conflict: str, field: str | None, decision: Decision) -> Draft:
    facts: dict[str, Any] = {"conflict": conflict, "choose": decision.choose}
    content: dict[str, Any] = {"ground": decision.ground}
    if field in decision.values:
        facts["set"] = {field: decision.values[field]}
    elif field in decision.fields:
        content["fields"] = {field: decision.fields[field]}
    return Draft(kind="dossier.settled", dossier=dossier, facts=facts, content=content)
