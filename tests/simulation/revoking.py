"""Keys that are cut off in a world: an officer is let in, works, is revoked by the province, and goes on without knowing it.

What the officer wrote before the cut stands; what comes after it waits until an administrator reviews it, which happens while
the world heals, for some of it in favour and for some against.
"""

import random
from typing import TYPE_CHECKING

from central_hub.registry.revocation import RevocationInvalid
from edge_node.journal import WriteRefused
from signing.cuts import Cause
from signing.roles import Role
from sync_protocol.reasons import RECORD_AFTER_CUT
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk, token

if TYPE_CHECKING:
    from tests.simulation.world import World

ACTS = 3


def cut_off(world: "World", node: SimNode, chance: random.Random) -> str:
    """An officer of this PC loses the right; returns what was done."""
    administrators = [a for a in map(node.actor, node.officers) if Role.UNIT_ADMINISTRATOR in a.roles]
    if not administrators:
        return "nothing: nobody may let an officer in"
    roles = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
    try:
        officer = node.add_officer(administrators[0], name=token(node.unit, chance), roles=roles)
    except WriteRefused as refusal:
        return f"nothing: {refusal}"
    node.officers.remove(officer)  # who is at the desk afterwards is somebody else
    key = node.actor(officer).key
    _work(world, node, officer, chance)
    world.note_result(node, node.sync())
    world.hub.judge()
    cause, before = chance.choice((Cause.LOST, Cause.RETIRED)), set(world.ledger.acknowledged)
    try:
        world.hub.revoke([key], cause)
    except RevocationInvalid as unknown:
        return f"nothing: {unknown}"
    _work(world, node, officer, chance)
    if cause is Cause.RETIRED:  # what a retired key signs is refused without a review
        since = world.ledger.acknowledged.keys() - before
        by_it = {record for record in since if world.ledger.acknowledged[record].header.by == key}
        world.ledger.reviewed_away |= by_it
    world.note_fault("key revoked")
    return f"{key[:6]}"


def _work(world: "World", node: SimNode, officer: str, chance: random.Random) -> None:
    for _ in range(ACTS):
        desk = Desk(node, random.Random(chance.getrandbits(32)), world.communes)
        desk.actor = node.actor(officer)
        desk.act()
        world.note_records(node)


def review_all(world: "World") -> None:
    """An administrator decides about everything that arrived after a cut."""
    with world.hub.reading() as (connection, _):
        rows = connection.exec_driver_sql(
            "SELECT record FROM standing WHERE code = ?", (RECORD_AFTER_CUT.code,)
        )
        waiting = sorted(row[0] for row in rows)
    chance = random.Random(f"review {world.plan.seed} {len(waiting)}")
    refused = [record for record in waiting if chance.random() < 0.3]
    for records, stands in ((sorted(set(waiting) - set(refused)), True), (refused, False)):
        if records:
            world.hub.review(records, stands=stands)
    world.ledger.reviewed_away |= set(refused)
