"""What happens to programs in a world of several versions, and what must hold while they differ.

A new program makes its tables anew and writes nothing; a PC that stays behind delivers and receives all the same; a kind that
one side does not know passes through it byte for byte, and nobody is alarmed because folds differ.
"""

from typing import TYPE_CHECKING

from edge_node.store import alerts
from tests.simulation import invariants
from tests.simulation.broken import require
from tests.simulation.versions import Program

if TYPE_CHECKING:
    from tests.simulation.node import SimNode
    from tests.simulation.world import World


def upgrade_node(world: "World", node: "SimNode") -> None:
    """A PC comes back with the newer program: its tables are made anew, and nothing is there to be sent that was not before."""
    if node.program is Program.NEWER:
        return
    before, waiting = node.store.frontier(), node.status().waiting
    node.run(Program.NEWER)
    after = node.store.frontier()
    invariants.check_nothing_was_lost(world, node)
    require(after.digest() == before.digest(), "a new program writes no record", node.name)
    require(node.status().waiting == waiting, "a new program has nothing to send", node.name)


def change_hub(world: "World", program: Program) -> None:
    """The province installs another program, which makes its tables anew by itself; what it holds stays what it was."""
    with world.hub.reading() as (_, store):
        before = store.frontier().digest()
    world.hub.run(program)
    with world.hub.reading() as (_, store):
        require(store.frontier().digest() == before, "a new program writes no record", "hub")


def check_mixed(world: "World") -> None:
    """While programs differ: everything was delivered, nobody's bytes were touched, and nobody is alarmed by the difference."""
    with world.hub.reading() as (connection, store):
        truth = invariants._Truth(connection, store)
        invariants._check_logs(truth)
        invariants._check_acknowledged(world, truth)
        invariants._check_verdicts(world, truth)
        invariants._check_codes(truth)
        for node in world.nodes:
            invariants._check_frontier(node, truth)
            invariants._check_records(world, node, truth)
            told = [alert.code for alert in alerts.list_alerts(node.db)]
            is_alarmed = node.program is not world.hub.program and alerts.DIGEST in told
            require(not is_alarmed, "other versions are no alarm", node.name)


def upgrade_all(world: "World") -> None:
    """In the end everybody has the newer program."""
    change_hub(world, Program.NEWER)
    for node in world.nodes:
        upgrade_node(world, node)
