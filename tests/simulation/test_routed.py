"""Dossiers on their way between units, told as stories: both ends work while no line is up, and nobody else learns a word."""

import random
from collections.abc import Callable

from dossiers.legs import LegState, LegStep
from dossiers.views import DossierView
from edge_node.casework import service as casework
from edge_node.casework.service import Target
from edge_node.keyring import Actor
from edge_node.projection.service import view as view_of
from edge_node.receive.forms import Reception
from edge_node.receive.service import receive
from edge_node.routing import service as routing
from signing.roles import Role
from tests.simulation import invariants
from tests.simulation.node import SimNode
from tests.simulation.officers import token
from tests.simulation.world import World

HAI_CHAU, HOA_CUONG, THANH_KHE, JUSTICE = "20242", "20257", "20209", "48003"


def seen(node: SimNode, dossier: str) -> DossierView:
    found = view_of(node.db, dossier)
    assert found is not None
    return found


def officer(node: SimNode, role: Role) -> Actor:
    return next(node.actor(each) for each in node.officers if role in node.actor(each).roles)


def take_in(node: SimNode, chance: random.Random, *, competent: str = "") -> tuple[str, str]:
    """A dossier received at this PC, for another unit or its own; its id and a word that stands in it."""
    word = token(node.unit, chance)
    reception = Reception(
        procedure=node.services.references.catalogue(node.db).procedures[0],
        is_accepted=True,
        channel=1,
        competent=competent or node.unit,
        sets=1,
        fee_due=0,
        fields={"applicant.name": word, "applicant.id_number": "048200998877", "summary": word},
        papers=({"paper": "giay_to", "form": 1, "count": 1, "digitised": False, "reused": False},),
        verification=False,
        agreed_ms=None,
        payment=None,
        settlement=None,
        is_repeated=True,
    )
    return receive(node.db, node.services, officer(node, Role.RECEPTIONIST), reception).dossier, word


def note(node: SimNode, dossier: str, chance: random.Random) -> str:
    """A word about the dossier, written here."""
    word = token(node.unit, chance)
    casework.note(node.db, node.services, officer(node, Role.SPECIALIST), Target(dossier=dossier), text=word)
    return word


def go(node: SimNode, dossier: str, step: LegStep, said: str = "") -> None:
    leg = next(each for each in seen(node, dossier).legs if each in seen(node, dossier).open_legs)
    role = sorted(routing.roles_of(step) & {Role.LEADER, Role.SPECIALIST, Role.RECEPTIONIST})[0]
    routing.take_step(
        node.db,
        node.services,
        officer(node, role),
        Target(dossier=dossier),
        leg=leg.record,
        step=step,
        note=said,
    )


def holds_only_its_own(world: World, dossiers: dict[str, frozenset[str]]) -> None:
    """Each PC holds records of its own unit, of the province, and of dossiers that came to it; and words of no others."""
    for node in world.nodes:
        rows = node.db.conn.execute(
            "SELECT dossier FROM foreign_record WHERE dossier IS NOT NULL "
            "UNION SELECT dossier FROM record JOIN log ON log.number = record.log "
            "WHERE dossier IS NOT NULL AND log.commune <> ?",
            (node.unit,),
        )
        assert {row[0].hex() for row in rows} <= {d for d, units in dossiers.items() if node.unit in units}
        assert all(view_of(node.db, d) is None for d, units in dossiers.items() if node.unit not in units)


def has_word(node: SimNode, word: str) -> bool:
    return word.encode() in node.files()


def test_received_for_another_commune_while_both_ends_are_offline(make_world: Callable[..., World]) -> None:
    """The home goes on writing before the other end has heard, the other end before the home hears back."""
    world = make_world(HAI_CHAU, HOA_CUONG, THANH_KHE)
    home, other, stranger = world.nodes
    world.heal()
    chance = random.Random("offline both ends")
    dossier, first = take_in(home, chance, competent=HOA_CUONG)
    own, private = take_in(home, chance)
    words = [first, note(home, dossier, chance)]
    world.heal_only(home)  # the other end has no line yet
    assert view_of(other.db, dossier) is None
    words.append(note(home, dossier, chance))  # and now the home has none
    world.heal_only(other)
    assert seen(other, dossier).legs[0].state is LegState.WAITING
    go(other, dossier, LegStep.ACCEPT)
    words.append(note(other, dossier, chance))
    assert seen(home, dossier).legs[0].state is LegState.WAITING, "nothing has come back yet"
    words.append(note(home, dossier, chance))
    world.heal()
    invariants.check_end(world)
    assert seen(home, dossier) == seen(other, dossier)
    assert seen(home, dossier).legs[0].state is LegState.ACCEPTED
    holds_only_its_own(world, {dossier: frozenset({HAI_CHAU, HOA_CUONG}), own: frozenset({HAI_CHAU})})
    assert all(has_word(node, word) for node in (home, other) for word in words)
    assert not any(has_word(stranger, word) for word in words)
    assert not has_word(other, private) and not has_word(stranger, private)


def test_referred_to_a_department_and_back_while_both_ends_are_offline(
    make_world: Callable[..., World],
) -> None:
    """The department answers while the home takes the question back: the answer was given, and stands at both ends."""
    world = make_world(HAI_CHAU, JUSTICE, THANH_KHE)
    home, justice, stranger = world.nodes
    world.heal()
    chance = random.Random("offline department")
    dossier, first = take_in(home, chance)
    question, answer = token(HAI_CHAU, chance), token(JUSTICE, chance)
    routing.refer(
        home.db,
        home.services,
        officer(home, Role.SPECIALIST),
        Target(dossier=dossier),
        to=JUSTICE,
        ground=question,
    )
    world.heal_only(home)
    world.heal_only(justice)
    go(justice, dossier, LegStep.ACCEPT)
    go(justice, dossier, LegStep.ANSWER, answer)
    go(home, dossier, LegStep.RECALL)
    assert seen(home, dossier).legs[0].state is LegState.RECALLED
    assert seen(justice, dossier).legs[0].state is LegState.ANSWERED
    world.heal_only(justice)
    later = note(home, dossier, chance)  # after the recall: not the department's any more
    world.heal()
    invariants.check_end(world)
    for node in (home, justice):
        assert seen(node, dossier).legs[0].state is LegState.ANSWERED
    holds_only_its_own(world, {dossier: frozenset({HAI_CHAU, JUSTICE})})
    assert has_word(home, answer) and has_word(justice, first) and has_word(justice, question)
    assert not any(has_word(stranger, word) for word in (first, question, answer, later))
