"""What an office does with dossiers that go to another unit or come from one; each is one writing, signed by the officer.

Which unit may take which step is decided below (`dossiers.routes`); here it is asked before anything is signed, so that
nobody signs what would have no effect.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlite_utils import Database

from dossiers.legs import LEG_ROLES, HandedPaper, Leg, LegState, LegStep
from dossiers.reasons import MOVE, NEEDS
from dossiers.views import DossierView
from edge_node.casework.service import Done, DossierChanged, DossierUnknown, Target
from edge_node.drafts.service import drop_draft
from edge_node.journal import Draft, WriteRefused, require_office, write_with
from edge_node.keyring import Actor
from edge_node.keyring.units import scope_of, stands_for, units_at
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from signing.roles import Role

PAPER_ROLES: Final = (Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK)
SLIP_MAX: Final = 50
"""Dossiers on one slip: two pages of paper."""


def steps_of(leg: Leg, unit: str, home: str) -> tuple[LegStep, ...]:
    """The steps that this unit may take on a leg now."""
    if not leg.is_open:
        return ()
    if leg.unit == unit:
        first = (LegStep.ACCEPT,) if leg.state is LegState.WAITING else ()
        answer = (LegStep.ANSWER,) if leg.is_referral else ()
        return (*first, *answer, LegStep.RETURN)
    if leg.is_referral and unit in (leg.sender, home):
        return (LegStep.RECALL,)
    return ()


def refer(
    db: Database,
    services: Services,
    actor: Actor,
    target: Target,
    *,
    to: str,
    ground: str,
    deadline: int | None = None,
) -> Done:
    """Ask another unit about a dossier; the due date stays what it is."""
    offices = {unit.code for unit in units_at(db, services.clock()).offices}

    def decide(db: Database) -> Sequence[Draft]:
        view = _seen(db, target, actor)
        unit = require_office(db).unit
        if view.finished is not None or to == unit or to not in offices or _is_open(view, to):
            raise WriteRefused(MOVE)
        facts: dict[str, Any] = {"to": to} | ({} if deadline is None else {"deadline": deadline})
        return [Draft(kind="dossier.referred", dossier=view.dossier, facts=facts, content={"ground": ground})]

    record = write_with(db, services, actor, decide)[-1]
    return Done(dossier=target.dossier, record=record.id)


def take_step(
    db: Database,
    services: Services,
    actor: Actor,
    target: Target,
    *,
    leg: str,
    step: LegStep,
    note: str = "",
) -> Done:
    """Accept, answer, send back or recall."""

    def decide(db: Database) -> Sequence[Draft]:
        view = _seen(db, target, actor)
        found = next((each for each in view.open_legs if each.record == leg), None)
        if found is None or step not in steps_of(
            found, stands_for(db, view, require_office(db).unit), view.commune
        ):
            raise WriteRefused(MOVE)
        if step is LegStep.RETURN and not note:
            raise WriteRefused(NEEDS)
        facts = {"leg": leg, "step": step.value}
        content = {"note": note} if note else None
        return [Draft(kind="dossier.routed", dossier=view.dossier, facts=facts, content=content)]

    record = write_with(db, services, actor, decide)[-1]
    return Done(dossier=target.dossier, record=record.id)


def give_papers(
    db: Database, services: Services, actor: Actor, dossiers: Sequence[str], *, to: str, note: str = ""
) -> str:
    """Hand the papers of some dossiers to another unit with one slip; returns the slip's number."""
    slip = services.random_bytes(16).hex()

    def decide(db: Database) -> Sequence[Draft]:
        unit = require_office(db).unit
        drafts = []
        for dossier in dict.fromkeys(dossiers):
            view = _known(db, dossier)
            if to == unit or to not in other_ends(view, unit):
                raise WriteRefused(MOVE)
            facts = {"slip": slip, "to": to, "papers": [_facts_of(each) for each in papers_of(view)]}
            content = {"note": note} if note else None
            drafts.append(Draft(kind="dossier.papers_given", dossier=dossier, facts=facts, content=content))
        if not drafts or len(drafts) > SLIP_MAX:
            raise WriteRefused(NEEDS)
        return drafts

    write_with(db, services, actor, decide)
    return slip


def take_papers(
    db: Database,
    services: Services,
    actor: Actor,
    dossier: str,
    *,
    given: str,
    missing: Sequence[HandedPaper] = (),
    note: str = "",
) -> Done:
    """Sign for papers that came; what is missing is stated with it."""

    def decide(db: Database) -> Sequence[Draft]:
        view = _known(db, dossier)
        handed = next((each for each in view.slips if each.record == given), None)
        if (
            handed is None
            or handed.taken is not None
            or handed.unit not in scope_of(db, require_office(db).unit)
        ):
            raise WriteRefused(MOVE)
        counts = {(each.paper, each.form): each.count for each in handed.papers}
        if any(each.count > counts.get((each.paper, each.form), 0) for each in missing):
            raise WriteRefused(NEEDS)
        facts = {"given": given, "missing": [_facts_of(each) for each in missing]}
        content = {"note": note} if note else None
        return [Draft(kind="dossier.papers_taken", dossier=dossier, facts=facts, content=content)]

    record = write_with(db, services, actor, decide)[-1]
    return Done(dossier=dossier, record=record.id)


def other_ends(view: DossierView, unit: str) -> tuple[str, ...]:
    """The units at the other ends of the dossier's way, the home commune first."""
    ends = dict.fromkeys((view.commune, *(each for leg in view.legs for each in (leg.unit, leg.sender))))
    return tuple(end for end in ends if end != unit)


def papers_of(view: DossierView) -> tuple[HandedPaper, ...]:
    """The papers of a dossier as a slip lists them: alike ones together."""
    counts: dict[tuple[str, int], int] = {}
    for held in view.papers:
        if held.count:
            counts[held.paper, held.form] = counts.get((held.paper, held.form), 0) + held.count
    return tuple(HandedPaper(paper, form, count) for (paper, form), count in sorted(counts.items()))


def roles_of(step: LegStep) -> frozenset[Role]:
    """Whose roles may take a step."""
    return LEG_ROLES[step]


def _is_open(view: DossierView, to: str) -> bool:
    return any(leg.unit == to for leg in view.open_legs)


def _known(db: Database, dossier: str) -> DossierView:
    view = view_of(db, dossier)
    if view is None:
        raise DossierUnknown(dossier)
    return view


def _seen(db: Database, target: Target, actor: Actor) -> DossierView:
    view = _known(db, target.dossier)
    if target.seen is not None and target.seen != view.heads:
        raise DossierChanged(view, target.seen)
    if target.draft:
        drop_draft(db, actor, target.draft)
    return view


def _facts_of(paper: HandedPaper) -> dict[str, Any]:
    return {"paper": paper.paper, "form": paper.form, "count": paper.count}
