"""What is put back, told as stories: the hub from an old back-up, a PC from an old copy. Nobody does anything more."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from central_hub.judge import deciding
from central_hub.store.tables import DEVICE
from central_hub.tlog.sequencer import Step
from edge_node.projection.service import digest_total
from signing.roles import OFFICE_ROLES
from sync_protocol import reasons
from sync_protocol.admission import Judgement, Outcome, judge_record
from sync_protocol.record import UnverifiedRecord
from tests.simulation import forgery, invariants, log_invariants
from tests.simulation.clock import DAY_MS
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk
from tests.simulation.world import World

HAI_CHAU, HOA_CUONG = "20242", "20257"


def work(world: World, node: SimNode, *, seed: int, acts: int = 6) -> None:
    for number in range(acts):
        Desk(node, random.Random(f"{seed} {number}"), world.communes).act()
        world.note_records(node)


def everybody_works(world: World, *, seed: int) -> None:
    for index, node in enumerate(world.nodes):
        work(world, node, seed=seed * 100 + index)


def digests(world: World) -> list[bytes]:
    return [digest_total(node.db) for node in world.nodes]


def test_a_hub_put_back_from_a_week_ago_is_fed_again_by_its_nodes(make_world: Callable[..., World]) -> None:
    """Lessons 9 and 48: nothing is lost, every digest is what it was, and nobody but who restored did anything."""
    world = make_world(HAI_CHAU, HAI_CHAU, HOA_CUONG)
    world.heal()
    world.hub.back_up()
    for day in range(7):
        everybody_works(world, seed=day)
        world.heal()
        world.time.pass_ms(DAY_MS)
    before = digests(world)
    world.hub.put_back()
    invariants.check_always(world)
    world.heal()
    invariants.check_end(world)
    assert digests(world) == before


@pytest.mark.parametrize("first", ["who heard", "who wrote"])
def test_a_hub_put_back_says_no_verdict_twice_that_it_was_given_back(
    make_world: Callable[..., World], first: str
) -> None:
    """Its former word comes back with whoever heard it; the record with whoever wrote it, before or after."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    author, other = world.nodes
    world.hub.back_up()
    forgery.write_inadmissible(author, random.Random("refused"))
    world.ledger.forged |= {record.id for record in world.note_records(author)}
    world.note_result(author, author.sync())
    world.hub.judge()
    world.note_result(other, other.sync())
    told = verdicts(other)
    assert told
    world.hub.put_back()
    for node in (other, author) if first == "who heard" else (author, other):
        world.note_result(node, node.sync())
        world.hub.judge()
    world.heal()
    invariants.check_end(world)
    assert len(verdicts(author)) == len(told) * (1 if first == "who heard" else 2)


def verdicts(node: SimNode) -> list[str]:
    return [
        r.id
        for log in node.store.frontier()
        for r in node.store.span(log, 0)
        if r.header.kind == "verdict.given"
    ]


def _waits(record: UnverifiedRecord, **known: Any) -> Judgement:
    """A judge that cannot make anything of dossiers."""
    is_odd = record.header.dossier is not None
    return Judgement(Outcome.PENDING, reasons.RECORD_FAULT) if is_odd else judge_record(record, **known)


def test_a_verdict_of_a_former_life_that_no_longer_stands_is_corrected(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told pending by a judge that failed on it; the hub that was put back applied it without a word before it was given that back."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    author, other = world.nodes
    world.hub.back_up()
    work(world, author, seed=1)
    world.note_result(author, author.sync())
    with monkeypatch.context() as fails:
        fails.setattr(deciding, "judge_record", _waits)
        world.hub.judge()
    world.note_result(other, other.sync())
    assert verdicts(other)
    world.hub.put_back()
    world.note_result(author, author.sync())
    world.hub.judge()
    world.heal()
    invariants.check_end(world)


def test_a_hub_put_back_while_everybody_goes_on_working(make_world: Callable[..., World]) -> None:
    world = make_world(HAI_CHAU, HAI_CHAU, HOA_CUONG)
    world.heal()
    world.hub.back_up()
    everybody_works(world, seed=1)
    world.heal()
    everybody_works(world, seed=2)
    world.hub.put_back()
    everybody_works(world, seed=3)
    world.nodes[2].sync()
    everybody_works(world, seed=4)
    world.heal()
    invariants.check_end(world)


def test_a_hub_put_back_twice_and_in_between(make_world: Callable[..., World]) -> None:
    world = make_world(HAI_CHAU, HOA_CUONG)
    world.heal()
    world.hub.back_up()
    everybody_works(world, seed=1)
    world.heal()
    world.hub.put_back()
    world.nodes[0].sync()
    world.hub.judge()
    everybody_works(world, seed=2)
    world.hub.put_back()
    world.heal()
    invariants.check_end(world)


def test_a_hub_put_back_finds_both_branches_of_a_copied_disk_in_its_log(
    make_world: Callable[..., World],
) -> None:
    """Which branch the hub sees first may differ after the restore; the province's log goes on from where it was."""
    world = make_world(HAI_CHAU)
    (node,) = world.nodes
    world.heal()
    world.hub.back_up()
    clone = world.clone_node(node)
    for number, each in enumerate((node, clone)):
        work(world, each, seed=number)
        world.heal()
    size = world.hub.tree.head().size
    world.hub.put_back()
    assert world.hub.sequence(at_once=True) is Step.WAITING
    world.note_result(clone, clone.sync())
    world.heal()
    invariants.check_end(world)
    world.note_result(
        node, node.sync()
    )  # its word for a checkpoint goes with the request after the one that showed it
    log_invariants.check_log(world)
    assert world.hub.tree.head().size >= size and world.hub.sequence(at_once=True) is Step.IDLE


def newcomer(world: World, unit: str) -> SimNode:
    """A new PC is taken out of its box and begins to work."""
    node = world.new_node(unit)
    world.nodes.append(node)
    node.enrol(world.hub, roles=OFFICE_ROLES, officer_name=f"newcomer {unit}")
    world.note_result(node, node.sync())
    world.hub.judge()
    world.note_result(node, node.sync())
    return node


def test_a_pc_enrolled_after_the_back_up_is_known_again_by_its_voucher(
    make_world: Callable[..., World],
) -> None:
    """Nobody but the new PC has heard of its enrolment when the hub is put back; it is enrolled by nobody a second time."""
    world = make_world(HAI_CHAU, HOA_CUONG)
    everybody_works(world, seed=1)
    world.heal()
    world.hub.back_up()
    node = newcomer(world, HAI_CHAU)
    work(world, node, seed=2)
    world.note_result(node, node.sync())
    world.hub.judge()
    world.note_result(node, node.sync())
    work(world, node, seed=3)
    before, state = node.store.frontier(), digest_total(node.db)
    world.hub.put_back()
    assert not known_to_hub(world, node)
    invariants.check_always(world)
    world.heal()
    invariants.check_end(world)
    assert known_to_hub(world, node)
    after = node.store.frontier()
    assert all(after[log].length >= entry.length for log, entry in before.items())
    assert {digest_total(each.db) for each in world.nodes if each.unit == HAI_CHAU} == {state}


def known_to_hub(world: World, node: SimNode) -> bool:
    with world.hub.reading() as (connection, _):
        device = node.services.keyring.device.public.id
        is_stated = world.hub.worker.trust.current(connection).statement(device) is not None
        is_listed = connection.scalar(select(DEVICE.c.id).where(DEVICE.c.id == device)) is not None
    assert is_stated is is_listed
    return is_stated
