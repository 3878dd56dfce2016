"""A dossier goes to another unit while an office's PC without a line still holds what nobody else has: nothing of it is lost on
the way, whoever delivers it, and a PC without a line gets what it may read by now from its colleagues."""

import random
from collections.abc import Callable

from edge_node.casework import service as casework
from edge_node.casework.service import Target
from edge_node.files.copies import files_waiting
from edge_node.sync.foreign import lacking
from sync_protocol.record import BodyState
from tests.simulation.clock import DAY_MS
from tests.simulation.conftest import HAI_CHAU, HOA_CUONG
from tests.simulation.link import Mood
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk, scan
from tests.simulation.units import say_plan
from tests.simulation.world import World


def meet(world: World, one: SimNode, other: SimNode) -> None:
    world.meet(one, other, random.Random(1))


def work(world: World, node: SimNode) -> tuple[str, str]:
    """An officer notes something and scans a paper; returns the dossier and the note's record."""
    desk = Desk(node, random.Random(2), (node.unit,))
    desk.actor = node.actor(node.officers[0])
    seen = desk.pick()
    assert seen is not None
    casework.note(node.db, node.services, desk.actor, Target(dossier=seen.dossier), text=desk.word())
    written = world.note_records(node)[-1]
    desk.pick = lambda *, wanted=lambda each: True: seen  # type: ignore[method-assign]
    assert scan(desk).startswith(seen.dossier[:6])
    world.note_records(node)
    return seen.dossier, written.id


def body_at(node: SimNode, record: str) -> BodyState | None:
    held = node.store.record(record)
    return held.body_state if held else None


def settle(world: World, *nodes: SimNode) -> None:
    for _ in range(3):
        for node in nodes:
            world.note_result(node, node.sync())
            node.send_files()
        world.hub.judge()


def test_what_was_not_delivered_before_a_dossier_moved_reaches_its_new_unit(
    make_world: Callable[..., World],
) -> None:
    world = make_world(HAI_CHAU, HAI_CHAU, HAI_CHAU, HOA_CUONG, HOA_CUONG)
    author, between, colleague, new, new_alone = world.nodes
    author.link.mood = new_alone.link.mood = Mood.DOWN
    dossier, note = work(world, author)
    moved = {"from": HAI_CHAU, "to": HOA_CUONG, "dossiers": [dossier]}
    say_plan(
        world,
        {"form": "move", "changes": [{"from": HAI_CHAU, "to": HAI_CHAU}], "units": {}, "dossiers": [moved]},
        at_ms=world.time.now_ms - DAY_MS,
    )
    settle(world, between, colleague, new)
    assert body_at(colleague, note) is None

    meet(world, author, between)
    meet(world, colleague, between)
    assert body_at(colleague, note) is BodyState.PRESENT, "whoever delivers it must be able to"
    settle(world, colleague, new)
    assert body_at(new, note) is BodyState.PRESENT
    assert files_waiting(colleague.db) == 0, "a scan is taken from whoever has it"

    meet(world, new_alone, new)
    assert body_at(new_alone, note) is BodyState.PRESENT
    assert not lacking(new_alone.db, new_alone.office), "contents that come late come from colleagues, too"
