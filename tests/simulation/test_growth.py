"""Syncs leave nothing behind: neither those that break off (lessons 11) nor those that find nothing to do (lessons 33)."""

from pathlib import Path

from edge_node.projection.service import rebuild
from tests.simulation.link import Mood
from tests.simulation.node import SimNode
from tests.simulation.world import World

BROKEN_OFF = 300
IDLE = 1_000
GROWTH_BYTES_MAX = 128 * 1024
"""The list of past syncs, which is bounded, and the pages that SQLite keeps for reuse."""
PAGES_IN_MOTION_BYTES = 2 * 4096
"""The list's rows move through its pages and may need one more at either end."""


def pages_bytes(node: SimNode) -> int:
    pages, size = (node.db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * size)


def files_of(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_syncs_that_break_off_leave_nothing_behind(world: World) -> None:
    node = world.nodes[0]
    world.heal()
    before, files = pages_bytes(node), files_of(node.services.config.data)
    node.link.mood = Mood.AWFUL
    for _ in range(BROKEN_OFF):
        node.sync()
    assert node.link.traffic.faults > BROKEN_OFF / 4
    assert pages_bytes(node) - before < GROWTH_BYTES_MAX
    assert files_of(node.services.config.data) == files
    world.heal()


def test_a_thousand_syncs_leave_both_databases_as_they_were(world: World) -> None:
    """The list of past syncs fills up in the first half; from then on nothing grows."""
    node = world.nodes[0]
    world.heal()
    for _ in range(IDLE // 2):
        node.sync()
    here, there = pages_bytes(node), world.hub.size_bytes()
    requests = node.link.traffic.requests
    for _ in range(IDLE // 2):
        assert node.sync().is_done
    assert node.link.traffic.requests - requests == IDLE // 2
    assert pages_bytes(node) - here <= PAGES_IN_MOTION_BYTES
    assert world.hub.size_bytes() == there


def test_making_all_views_anew_gives_nothing_to_send(world: World) -> None:
    """What a migration does to derived tables: no record comes of it, on no PC (lessons 35)."""
    world.heal()
    for node in world.nodes:
        before = node.store.frontier().digest()
        rebuild(node.db)
        assert node.store.frontier().digest() == before
        result = node.sync()
        assert (result.rounds, result.sent, result.received) == (1, 0, 0)
