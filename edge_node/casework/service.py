"""Every step of a dossier's life: what is written, decided on the state inside the write transaction.

Each function is one writing: all its records or none, durable when it returns. The caller says which heads its form was
shown with; if somebody wrote meanwhile, `DossierChanged` comes back and nothing is written, so the officer sees the news
before deciding. Due dates, roles and codes are worked out here and never taken from the form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from dossiers.lifecycle import Clock, Form, Move, Status, check_move
from dossiers.procedures import Procedure
from dossiers.reasons import MOVE, ROUTE
from dossiers.views import DossierView, DueCause
from edge_node.casework.situation import Situation, rule_word, survey
from edge_node.drafts.service import drop_draft
from edge_node.journal import Draft, WriteRefused, write_with
from edge_node.keyring import Actor
from edge_node.keyring.units import stands_for
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol.record import Record

BATCH_MAX: Final = 100
_ACCEPTED: Final = frozenset({Status.RECEIVED, Status.PROCESSING})


class DossierUnknown(LookupError):
    """This PC holds no such dossier."""


class DossierChanged(Exception):
    """Somebody wrote to the dossier after the form was shown; nothing was written now."""

    def __init__(self, view: DossierView, seen: tuple[str, ...]) -> None:
        super().__init__(view.dossier)
        self.view = view
        self.seen = seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The dossier an officer acts on, as the form was shown.

    Attributes:
        seen: its heads at that time; None where an action commutes with everything (a note).
        draft: name of the draft to forget when the action is kept.
    """

    dossier: str
    seen: tuple[str, ...] | None = None
    draft: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A move with what the officer gave for it.

    Attributes:
        content: ground, note, items, result, received_by: as the record's body takes them.
        deadline: until when the applicant should bring what is missing.
        verification, agreed_ms: what decides the due date where the clock starts with this move.
    """

    action: str
    content: dict[str, Any]
    deadline: int | None = None
    officer: str | None = None
    method: int | None = None
    verification: bool = False
    agreed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an action wrote; `form` is the paper to print, about `record`."""

    dossier: str
    record: str
    form: Form | None = None
    view_before: DossierView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Fields to write anew (only those that changed) and coded values to set."""

    fields: dict[str, str]
    values: dict[str, int | str]
    ground: str = ""


_Decide = Callable[[DossierView, Situation], Sequence[Draft]]


def move(db: Database, services: Services, actor: Actor, target: Target, step: Step) -> Done:
    """Take one step of the life cycle."""
    taken: list[Move] = []

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        found, drafts = plan_move(db, services, view, situation, step, actor.roles)
        taken.append(found)
        return drafts

    records = _act(db, services, actor, target, decide)
    return Done(dossier=target.dossier, record=records[-1].id, form=taken[0].form)


def plan_move(
    db: Database,
    services: Services,
    view: DossierView,
    situation: Situation,
    step: Step,
    roles: frozenset[Role],
) -> tuple[Move, Sequence[Draft]]:
    """The move and the records that make it; raises WriteRefused with the reason why it cannot be made."""
    if view.status is None:
        raise WriteRefused(MOVE)
    given: dict[str, Any] = {} if step.method is None else {"method": step.method}
    found = check_move(view.status, step.action, roles, facts=given, content=step.content)
    if isinstance(found, Reason):
        raise WriteRefused(found)
    if found.source is Status.NEW and not _is_home(db, view, situation):
        raise WriteRefused(ROUTE)  # accepting it, and its number, are the receiving desk's
    facts = _move_facts(found, view, situation, step) | given
    drafts = list(_numbering(db, services, view, situation)) if found.target in _ACCEPTED else []
    drafts.append(
        Draft(kind="dossier.moved", dossier=view.dossier, facts=facts, content=step.content or None)
    )
    return found, drafts


def _is_home(db: Database, view: DossierView, situation: Situation) -> bool:
    """Whether this office received the dossier, or became the one that did."""
    return stands_for(db, view, situation.office.unit) == view.commune


def _move_facts(found: Move, view: DossierView, situation: Situation, step: Step) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "from": int(found.source),
        "to": int(found.target),
        "action": found.action,
        **clock_facts(found, view, situation, verification=step.verification, agreed_ms=step.agreed_ms),
    }
    if step.deadline is not None:
        facts["deadline"] = step.deadline
    if step.officer is not None:
        facts["officer"], facts["unit"] = step.officer, situation.office.unit
    return facts


def clock_facts(
    found: Move,
    view: DossierView,
    situation: Situation,
    *,
    verification: bool = False,
    agreed_ms: int | None = None,
) -> dict[str, Any]:
    """What the move does to the time: a frozen rest, or a due date."""
    if found.clock is Clock.STOPS:
        frozen = situation.frozen_of(view)
        return {} if frozen is None else {"frozen": frozen.to_facts()}
    starts = found.clock is Clock.STARTS or (found.clock is Clock.RESUMES and view.accepted is None)
    if starts:
        procedure = situation.procedure_of(view)
        if procedure is None:
            return {}
        start = situation.due_for(procedure.rule, verification=verification, agreed_ms=agreed_ms)
        return {"due": start}
    if found.clock is Clock.RESUMES and view.frozen is not None:
        return {"due": situation.resumed_due(view)}
    return {}


def _numbering(db: Database, services: Services, view: DossierView, situation: Situation) -> Sequence[Draft]:
    """A dossier that was only registered gets its code when it is accepted."""
    if view.display_code is not None or not _is_home(db, view, situation):
        return ()
    found = services.references.allocate_code(db, situation.office, received_ms=situation.now)
    facts = {"code": found.code or found.provisional, "provisional": found.provisional}
    return (Draft(kind="dossier.numbered", dossier=view.dossier, facts=facts),)


def amend(db: Database, services: Services, actor: Actor, target: Target, amendment: Amendment) -> Done:
    """Write changed fields anew; what they said before stays in the history."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        facts = {"fields": sorted(amendment.fields), "set": amendment.values}
        content: dict[str, Any] = {"fields": amendment.fields}
        if amendment.ground:
            content["ground"] = amendment.ground
        return [Draft(kind="dossier.amended", dossier=view.dossier, facts=facts, content=content)]

    return _one(_act(db, services, actor, target, decide))


def assign(
    db: Database, services: Services, actor: Actor, target: Target, *, officer: str, note: str = ""
) -> Done:
    """Give the dossier to an officer of this unit."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        facts = {"officer": officer, "unit": situation.office.unit}
        content = {"note": note} if note else None
        return [Draft(kind="dossier.assigned", dossier=view.dossier, facts=facts, content=content)]

    return _one(_act(db, services, actor, target, decide))


def extend(
    db: Database, services: Services, actor: Actor, target: Target, *, until: int, ground: str
) -> Done:
    """Apologise and set a later due date (Mẫu 04)."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        if view.due is None or view.finished is not None or until <= view.due:
            raise WriteRefused(MOVE)
        facts = {"due": until, "previous": view.due, "ordinal": extensions_of(view) + 1}
        return [Draft(kind="dossier.extended", dossier=view.dossier, facts=facts, content={"ground": ground})]

    return _one(_act(db, services, actor, target, decide), form=Form.MAU_04)


def extensions_of(view: DossierView) -> int:
    """How often the dossier has been extended."""
    return sum(change.cause is DueCause.EXTENDED for change in view.due_history)


def pay(
    db: Database,
    services: Services,
    actor: Actor,
    target: Target,
    *,
    amount: int,
    method: int,
    fee: str,
    receipt_number: str = "",
    payer: str = "",
) -> Done:
    """Record a fee taken."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        return [
            paid_draft(
                view.dossier,
                amount=amount,
                method=method,
                fee=fee,
                receipt_number=receipt_number,
                payer=payer,
            )
        ]

    return _one(_act(db, services, actor, target, decide))


def paid_draft(
    dossier: str | None, *, amount: int, method: int, fee: str, receipt_number: str = "", payer: str = ""
) -> Draft:
    """The statement that a fee was taken."""
    body = {"receipt_number": receipt_number, "payer": payer}
    content = {name: text for name, text in body.items() if text}
    facts = {"amount": amount, "method": method, "fee": fee}
    return Draft(kind="dossier.paid", dossier=dossier, facts=facts, content=content or None)


def add_papers(
    db: Database,
    services: Services,
    actor: Actor,
    target: Target,
    *,
    papers: Sequence[dict[str, Any]],
    note: str = "",
) -> Done:
    """Record papers handed in later."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        content = {"note": note} if note else None
        facts = {"papers": list(papers)}
        return [Draft(kind="dossier.paper_added", dossier=view.dossier, facts=facts, content=content)]

    return _one(_act(db, services, actor, target, decide))


def remove_paper(
    db: Database,
    services: Services,
    actor: Actor,
    target: Target,
    *,
    record: str,
    paper: str,
    ground: str,
) -> Done:
    """Take back a paper that was entered by mistake or given back; the entry stays in the history."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        if not any(held.record == record and held.paper == paper for held in view.papers):
            raise WriteRefused(MOVE)
        facts = {"record": record, "paper": paper}
        content = {"ground": ground} if ground else None
        return [Draft(kind="dossier.paper_removed", dossier=view.dossier, facts=facts, content=content)]

    return _one(_act(db, services, actor, target, decide))


def note(db: Database, services: Services, actor: Actor, target: Target, *, text: str) -> Done:
    """Add a note for colleagues."""

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        return [Draft(kind="dossier.noted", dossier=view.dossier, facts={}, content={"note": text})]

    return _one(_act(db, services, actor, target, decide))


def number(db: Database, services: Services, actor: Actor | None, dossier: str) -> str | None:
    """Bind an official code to a dossier that has a provisional one; None while no leased number holds.

    The code names the day of receipt; where the lease began later, the day of numbering.
    """
    found: list[str] = []

    def decide(view: DossierView, situation: Situation) -> Sequence[Draft]:
        if view.code is not None or view.provisional is None or not _is_home(db, view, situation):
            return ()
        for day in (view.received, situation.now):
            code = services.references.allocate_code(
                db, situation.office, received_ms=day if day is not None else situation.now
            ).code
            if code is not None:
                found.append(code)
                facts = {"code": code, "provisional": view.provisional}
                return [Draft(kind="dossier.numbered", dossier=view.dossier, facts=facts)]
        return ()

    _act(db, services, actor, Target(dossier=dossier), decide)
    return found[0] if found else None


def _act(
    db: Database, services: Services, actor: Actor | None, target: Target, decide: _Decide
) -> list[Record]:
    def inside(db: Database) -> Sequence[Draft]:
        view = view_of(db, target.dossier)
        if view is None:
            raise DossierUnknown(target.dossier)
        if target.seen is not None and target.seen != view.heads:
            raise DossierChanged(view, target.seen)
        if target.draft and actor is not None:
            drop_draft(db, actor, target.draft)
        return decide(view, survey(db, services))

    return write_with(db, services, actor, inside)


def _one(records: Sequence[Record], *, form: Form | None = None) -> Done:
    record = records[-1]
    return Done(dossier=record.header.dossier or "", record=record.id, form=form)


def started_rule_word(procedure: Procedure, *, verification: bool, agreed_ms: int | None) -> str:
    """The word for the kind of time in `dossier.received`."""
    return rule_word(procedure.rule, verification=verification, is_agreed=agreed_ms is not None)
