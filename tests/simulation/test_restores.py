"""What is put back, told as stories: the hub from an old back-up, a PC from an old copy. Nobody does anything more."""

import random
from collections.abc import Callable

from edge_node.projection.service import digest_total
from tests.simulation import invariants
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
