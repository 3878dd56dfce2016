"""Sticks between the offices of a world and the province: carried there and back, lost, brought late, brought twice.

Production code on both sides; a stick is a folder. What was brought late or twice changes nothing that a round would not.
"""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked
from edge_node.journal import WriteRefused
from edge_node.sync.parcels import export_parcel, import_parcels
from sync_protocol.errors import RemoteFault
from tests.simulation.node import SimNode
from tests.simulation.versions import running

if TYPE_CHECKING:
    from tests.simulation.world import World

PART_BYTES = 20_000
WAYS = ("there and back", "there and back", "lost", "late", "replayed")


@dataclass
class Drawer:
    """The sticks that somebody still has, each with the PC that wrote it."""

    folder: Path
    sticks: list[tuple[SimNode, Path]] = field(default_factory=list)
    written: int = 0

    def write(self, node: SimNode) -> Path | None:
        """A stick with everything that the province lacks; None where the PC cannot write one."""
        self.written += 1
        stick = self.folder / f"carried{self.written}"
        try:
            export_parcel(node.db, node.services, stick, part_bytes_max=PART_BYTES)
        except (RemoteFault, WriteRefused):
            return None
        self.sticks.append((node, stick))
        return stick


def carry(world: "World", node: SimNode, chance: random.Random) -> str:
    """An office writes a stick, and something becomes of it; returns what."""
    way = chance.choice(WAYS)
    older = list(world.drawer.sticks)
    stick = world.drawer.write(node)
    world.note_records(node)
    if stick is None:
        return "nothing: no stick"
    if way == "lost":
        shutil.rmtree(stick)
        world.drawer.sticks.pop()
    elif way == "replayed" and older:
        deliver(world, *chance.choice(older))
        deliver(world, node, stick)
    elif way != "late":
        deliver(world, node, stick)
        way = "there and back"
    world.note_fault(f"stick {way}")
    return way


def deliver(world: "World", node: SimNode, stick: Path) -> None:
    """At the province, and back to the office with the answer."""
    hub = world.hub
    with running(hub.program):
        try:
            taken = take_parcels(hub.worker, files_on(stick))
            for asked in newest_asked(taken):
                answer_on(hub.worker, stick, asked, part_bytes_max=PART_BYTES)
        except RemoteFault as fault:
            world.say(f"{node.name}'s stick is refused: {fault.reason.code}")
            return
    hub.judge()
    with running(node.program):
        try:
            came = import_parcels(node.db, node.services, stick)
            world.say(f"{node.name}'s stick comes back: {[each.outcome for each in came]}")
        except (RemoteFault, WriteRefused) as fault:
            world.say(f"{node.name} takes nothing: {fault}")
    world.note_records(node)


def deliver_all(world: "World") -> None:
    """Whatever lies in a drawer is brought in the end, however late."""
    late, world.drawer.sticks = world.drawer.sticks, []
    for node, stick in late:
        deliver(world, node, stick)
