"""Receive a dossier: code, due date and all its first records in one transaction.

The code is taken from the leased range inside that transaction, so two counters of one PC never give the same one. The due
date is reckoned from the moment of writing. The draft goes in the same transaction: either the dossier is kept and the
draft is gone, or neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from dossiers.deadlines import due
from dossiers.lifecycle import DeliveryMethod, Status, same_day_path
from dossiers.reasons import PROCEDURE, ROLE
from edge_node.casework.service import paid_draft, started_rule_word
from edge_node.casework.situation import Situation, survey
from edge_node.drafts.service import drop_draft
from edge_node.journal import Draft, WriteRefused, new_dossier_id, write_with
from edge_node.keyring import Actor
from edge_node.projection.lists import DossierRow
from edge_node.receive.forms import Reception, Settlement
from edge_node.receive.queries import same_today
from edge_node.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A dossier that is now kept; `due` is what the slip says."""

    dossier: str
    code: str | None
    provisional: str | None
    due: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same person handed in the same today: nothing was written, the officer decides."""

    rows: tuple[DossierRow, ...]


class _IsRepeated(Exception):
    def __init__(self, rows: list[DossierRow]) -> None:
        self.rows = tuple(rows)


def receive(
    db: Database, services: Services, actor: Actor, reception: Reception, *, draft: str = ""
) -> Received | Repeated:
    """Write the dossier; raises WriteRefused (role, disk, procedure no longer in force)."""
    dossier = new_dossier_id(services)

    def decide(db: Database) -> Sequence[Draft]:
        situation = survey(db, services)
        _refuse_repeated(db, reception, situation)
        if draft:
            drop_draft(db, actor, draft)
        return _drafts(db, services, actor, dossier, reception, situation)

    try:
        records = write_with(db, services, actor, decide)
    except _IsRepeated as found:
        return Repeated(rows=found.rows)
    facts = records[0].header.facts
    return Received(dossier=dossier, code=facts["code"], provisional=facts["provisional"], due=facts["due"])


def _refuse_repeated(db: Database, reception: Reception, situation: Situation) -> None:
    if reception.is_repeated:
        return
    rows = same_today(
        db,
        id_number=reception.fields.get("applicant.id_number", ""),
        procedure=reception.procedure.code,
        now=situation.now,
    )
    if rows:
        raise _IsRepeated(rows)


def _drafts(
    db: Database,
    services: Services,
    actor: Actor,
    dossier: str,
    reception: Reception,
    situation: Situation,
) -> list[Draft]:
    facts = _received_facts(db, services, reception, situation)
    drafts = [
        Draft(kind="dossier.received", dossier=dossier, facts=facts, content={"fields": reception.fields})
    ]
    if reception.payment:
        drafts.append(
            paid_draft(
                dossier,
                amount=reception.payment.amount,
                method=reception.payment.method,
                fee=reception.payment.fee,
                receipt_number=reception.payment.receipt_number,
                payer=reception.fields.get("applicant.name", ""),
            )
        )
    if reception.settlement:
        drafts.extend(_settle_now(actor, dossier, reception.settlement))
    return drafts


def _received_facts(
    db: Database, services: Services, reception: Reception, situation: Situation
) -> dict[str, Any]:
    procedure, is_accepted = reception.procedure, reception.is_accepted
    current = situation.catalogue.find(*procedure.key)
    if current is None:
        raise WriteRefused(PROCEDURE, procedure.code)
    code = (
        services.references.allocate_code(db, situation.office, received_ms=situation.now)
        if is_accepted
        else None
    )
    until = due(
        situation.now,
        procedure.rule,
        situation.calendar,
        verification=reception.verification,
        agreed_ms=reception.agreed_ms,
    )
    return {
        "procedure": procedure.code,
        "procedure_version": procedure.version,
        "channel": reception.channel,
        "code": code.code if code else None,
        "provisional": code.provisional if code else None,
        "receiving": situation.office.unit,
        "competent": reception.competent,
        "received": situation.now,
        "due": until if is_accepted else None,
        "rule": started_rule_word(
            procedure, verification=reception.verification, agreed_ms=reception.agreed_ms
        ),
        "status": int(Status.RECEIVED if is_accepted else Status.NEW),
        "sets": reception.sets,
        "fee_due": reception.fee_due,
        "fields": sorted(reception.fields),
        "papers": list(reception.papers),
    }


def _settle_now(actor: Actor, dossier: str, settlement: Settlement) -> list[Draft]:
    """The steps from acceptance to hand-over, each its own signed record ("giải quyết ngay")."""
    path = same_day_path(Status.RECEIVED, actor.roles)
    if not path:
        raise WriteRefused(ROLE)
    drafts = []
    for step in path:
        facts: dict[str, Any] = {
            "from": int(step.source),
            "to": int(step.target),
            "action": step.action,
        }
        content: dict[str, Any] | None = None
        if "result" in step.needs:
            content = {"result": settlement.result}
        elif "received_by" in step.needs:
            facts["method"] = int(DeliveryMethod.DIRECT)
            content = {"received_by": settlement.received_by}
        drafts.append(Draft(kind="dossier.moved", dossier=dossier, facts=facts, content=content))
    return drafts
