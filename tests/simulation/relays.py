"""PCs that carry for others: a stick that goes from an office to a PC of another commune and back, and all that befalls it.

Everything is production's: the office writes its parcel, the other PC takes it along, hands it over by its own line with that
line's fate, and writes the answer. Between two of these a file of the stick may be lost, doubled, cut, changed, or be one of long
ago; the time that loads may lie somewhere may run out; a power cut may come. The office believes nothing but the hub's receipt.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.journal import WriteRefused
from edge_node.relay.delivery import deliver
from edge_node.relay.queue import list_loads, relayed
from edge_node.relay.stick import help_others
from edge_node.store import StorageFull
from edge_node.sync.parcels import export_parcel, import_parcels
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import RELAY_AGE_MS_MAX
from sync_protocol.parcel import Part
from tests.simulation.broken import require
from tests.simulation.node import REQUESTS_MAX, SimNode

if TYPE_CHECKING:
    from tests.simulation.world import World

PART_BYTES = 20_000
KEPT_MAX = 6
"""Files of former journeys that somebody may bring once more."""


class Relays:
    """The sticks of a world, and what was kept of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[tuple[str, bytes]] = []

    def journey(self, world: "World", node: SimNode, chance: random.Random) -> None:
        """Some way of a stick between this office and a PC of another commune; it may end anywhere."""
        others = [other for other in world.nodes if other.unit != node.unit and other.is_enrolled]
        if not others:
            return
        relay, stick = chance.choice(others), self._folder / f"stick of {node.name.strip('#')}"
        for _ in range(chance.choice((1, 1, 2))):
            self._try(world, f"{node.name} writes", lambda: _write(node, stick))
            world.note_records(node)
            self._befall(stick, chance)
            self._help(world, relay, stick)
            if chance.random() < 0.05:
                world.time.pass_ms(RELAY_AGE_MS_MAX + 1)
            if chance.random() < 0.6:
                world.note_result(relay, relay.sync())
            hand_over(world, relay)
            if chance.random() < 0.7:
                world.hub.judge()
            if chance.random() < 0.2:
                relay = chance.choice(others)
            hand_over(world, relay)
            self._help(world, relay, stick)
            self._befall(stick, chance)
            self._try(world, f"{node.name} reads", lambda: _read(node, stick))
            world.note_records(node)

    def _help(self, world: "World", relay: SimNode, stick: Path) -> None:
        self._try(world, f"{relay.name} helps", lambda: help_others(relay.db, relay.services, stick))

    def _try(self, world: "World", what: str, act: Callable[[], object]) -> None:
        try:
            world.say(f"{what}: {_told(act())}")
        except (RemoteFault, WriteRefused) as refusal:
            world.say(f"{what}: {refusal.reason.code}")
        except StorageFull:
            world.say(f"{what}: no room")

    def _befall(self, stick: Path, chance: random.Random) -> None:
        """What happens to a stick in a pocket."""
        folder = stick / "motcua"
        files = sorted(folder.glob("*")) if folder.is_dir() else []
        if self._kept and chance.random() < 0.3:
            name, content = chance.choice(self._kept)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        if not files or chance.random() < 0.5:
            return
        path = chance.choice(files)
        content = path.read_bytes()
        at = chance.randrange(len(content))
        match chance.randrange(5):
            case 0:
                path.unlink()
            case 1:
                path.write_bytes(content[:at])
            case 2:
                path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            case 3:
                shutil.copyfile(path, path.with_name(f"x{path.name}"))
            case _:
                self._kept = [*self._kept, (path.name, content)][-KEPT_MAX:]


def hand_over(world: "World", relay: SimNode) -> None:
    """The relay's own line has its own fate."""
    relay.link.patience = REQUESTS_MAX
    result = deliver(relay.db, relay.services, relay.link)
    problem = result.problem.code if result.problem else "done"
    world.say(
        f"{relay.name} hands over {problem} requests={result.requests} delivered={result.delivered} "
        f"refused={result.refused} fetched={result.fetched}{' yields' if result.must_yield else ''}"
    )


def check_carried(node: SimNode) -> None:
    """A relay can open nothing of what lies with it."""
    device = node.services.keyring.device.public.id
    for load in list_loads(node.db):
        path = relayed(node.services).path(load.load)
        if load.is_here and path.exists():
            with path.open("rb") as file:
                is_open = Part(file).label.enclosed_for(device) is not None
            require(not is_open, "a relay can open nothing", f"{node.name} {load.load[:8]}")


def _write(node: SimNode, stick: Path) -> object:
    return export_parcel(node.db, node.services, stick, part_bytes_max=PART_BYTES)


def _read(node: SimNode, stick: Path) -> object:
    return import_parcels(node.db, node.services, stick)


def _told(outcome: object) -> str:
    """Numbers alone: names of files depend on where the world lies."""
    if isinstance(outcome, list):
        return " ".join(f"{each.records}/{each.outcome}" for each in outcome)
    taken, given = getattr(outcome, "taken", None), getattr(outcome, "given", None)
    if isinstance(taken, list) and isinstance(given, list):
        codes = [fault.reason.code for _, fault in getattr(outcome, "refused", [])]
        return f"{len(taken)} taken, {len(given)} given {codes}"
    return f"{getattr(outcome, 'records', '')} records"
