"""Programs of several versions, told as stories: whoever stays behind still delivers, and nobody is alarmed by a difference."""

import random
from collections.abc import Callable

import pytest

from central_hub.judge.refolding import Refolder
from edge_node.projection import schema
from edge_node.store.alerts import DIGEST, list_alerts
from tests.simulation import invariants, version_worlds
from tests.simulation.broken import Broken
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk
from tests.simulation.versions import UNKNOWN_KIND, Program, foretell, running
from tests.simulation.world import World

HAI_CHAU, HOA_CUONG = "20242", "20257"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """An office with a PC that is never brought up to date and one that has the newer program, and another office."""
    world = make_world(HAI_CHAU, HAI_CHAU, HOA_CUONG)
    version_worlds.upgrade_node(world, world.nodes[1])
    return world


def write_foretold(world: World, node: SimNode, *, seed: int = 1) -> str:
    desk = Desk(node, random.Random(seed), world.communes)
    view = desk.pick()
    assert view is not None
    with running(node.program):
        record = foretell(node, desk.actor, view.dossier)
    world.note_records(node)
    return record


def as_it_lies(node: SimNode, record: str) -> tuple[bytes, bytes]:
    held = node.store.record(record)
    assert held is not None
    return held.header_bytes, held.signature


def test_what_nobody_else_knows_passes_byte_for_byte(world: World) -> None:
    older, newer, _ = world.nodes
    record = write_foretold(world, newer)
    world.heal()
    version_worlds.check_mixed(world)
    assert as_it_lies(older, record) == as_it_lies(newer, record)
    kept = older.store.record(record)
    assert kept is not None and kept.header.kind == UNKNOWN_KIND
    version_worlds.upgrade_all(world)
    world.heal()
    with running(Program.NEWER):
        invariants.check_end(world)


@pytest.mark.parametrize("program", list(Program))
def test_a_pc_of_another_version_delivers_and_is_not_alarmed(world: World, program: Program) -> None:
    older, newer, _ = world.nodes
    version_worlds.change_hub(world, program)
    for number, node in enumerate((older, newer, older)):
        desk = Desk(node, random.Random(number), world.communes)
        with running(node.program):
            desk.act()
        world.note_records(node)
        world.heal()
    version_worlds.check_mixed(world)
    assert all(DIGEST not in [alert.code for alert in list_alerts(node.db)] for node in world.nodes)
    assert all(node.status().waiting == 0 for node in world.nodes)


def test_a_hub_that_goes_back_to_the_older_program_loses_nothing(world: World) -> None:
    version_worlds.change_hub(world, Program.NEWER)
    write_foretold(world, world.nodes[1])
    world.heal()
    version_worlds.change_hub(world, Program.OLDER)
    write_foretold(world, world.nodes[1], seed=2)
    world.heal()
    version_worlds.check_mixed(world)
    version_worlds.upgrade_all(world)
    world.heal()
    with running(Program.NEWER):
        invariants.check_end(world)


def test_tables_of_an_older_fold_are_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, this PC and the province would show different things, and be alarmed."""
    unchanged = schema._version()
    monkeypatch.setattr(schema, "_version", lambda: unchanged)
    with pytest.raises(Broken, match=r"equal frontiers, equal digests|converges"):
        version_worlds.upgrade_all(world)
        world.heal()
        with running(Program.NEWER):
            invariants.check_end(world)


def test_dossiers_of_an_older_fold_are_folded_anew_by_the_judge(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody types `rebuild`: without the judge's own steps the province would stay behind its PCs for ever."""
    monkeypatch.setattr(Refolder, "step", lambda _: 0)
    with pytest.raises(Broken, match="rows follow from the records"):
        version_worlds.upgrade_all(world)
        world.heal()
        with running(Program.NEWER):
            invariants.check_end(world)
    monkeypatch.undo()
    world.hub.restart()
    world.heal()
    with running(Program.NEWER):
        invariants.check_end(world)
