"""What must hold of the province's log: every receipted record is in it once, nobody was shown two histories, and a hub that was
put back signs nothing until the records of all its leaves are here again.

The tree is read from its files and computed anew; what nodes hold of it (their newest checkpoint, places, cosignatures) is compared with that.
"""

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import select

from central_hub.store.tables import CHECKPOINT, LEASE
from central_hub.tlog.places import matched_size
from central_hub.tlog.sequencer import Step
from edge_node.store.alerts import LOG_ALERTS, list_alerts
from edge_node.sync.receipt import receipted, receipted_place
from edge_node.witness.service import _unproven
from edge_node.witness.state import read_seen
from signing.tlog.leaf import Leaf
from signing.tlog.note import Note
from sync_protocol.witness import witness_key
from tests.simulation.broken import require
from tests.simulation.hub import PROVINCE, SimHub
from tests.simulation.node import SimNode

if TYPE_CHECKING:
    from tests.simulation.world import World

STEPS_MAX = 40


def catch_up(hub: SimHub) -> Step:
    """Let the sequencer go on until it has nothing to do or waits; the last step."""
    for _ in range(STEPS_MAX):
        step = hub.sequence(at_once=True)
        if step not in (Step.SIGNED, Step.MATCHED):
            return step
    require(False, "the sequencer comes to an end", hub.tree.head().size)
    return Step.STOPPED


def leases(hub: SimHub) -> int:
    """How many ranges of numbers the hub has granted by what it holds now."""
    with hub.reading() as (connection, _):
        return len(connection.execute(select(LEASE)).all())


def check_log(world: "World") -> None:
    """At the end: the files, the hub's own books and what every PC was shown are one history."""
    hub = world.hub
    step = catch_up(hub)
    leaves = [Leaf.parse(data) for data in hub.tree.entries(0, hub.tree.head().size)]
    _check_one_history(hub, leaves)
    if step is Step.WAITING:
        _check_waits_for_the_lost(world, leaves)
    else:
        require(step is Step.IDLE, "the province's log goes on", step)
        _check_included_once(hub, leaves)
    for node in world.nodes:
        _check_node(world, node, leaves, is_caught_up=step is Step.IDLE)


def _check_one_history(hub: SimHub, leaves: list[Leaf]) -> None:
    """Every checkpoint that was ever signed is a beginning of the tree as it is."""
    root = _root([leaf.encode() for leaf in leaves])
    require(hub.tree.head().root == root, "the root is that of the leaves", len(leaves))
    for size, signed in hub.signed.items():
        require(size <= len(leaves), "what was signed is not taken back", f"{size} > {len(leaves)}")
        if size:
            require(hub.tree.root_at(size) == signed, "checkpoints are one history", size)


def _root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 as it is written there, sharing nothing with production."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256().digest()
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + _root(leaves[:left]) + _root(leaves[left:])).digest()


def _check_included_once(hub: SimHub, leaves: list[Leaf]) -> None:
    """Every record that a receipt speaks of has one leaf; verdicts and whatever else the hub says, too."""
    with hub.reading() as (connection, store):
        lengths = connection.exec_driver_sql("SELECT id, base, acknowledged FROM log")
        held = [record for row in lengths for record in store.span(row.id, row.base, stop=row.acknowledged)]
        matched = matched_size(connection)
    counted = Counter(leaf.link for leaf in leaves)
    expected = Counter(record.link for record in held)
    require(
        counted == expected,
        "every receipted record is in the log once",
        f"{len(counted)} leaves, {len(expected)} records",
    )
    places = {leaf.link: (leaf.by, leaf.kind, leaf.log, leaf.seq) for leaf in leaves}
    for record in held:
        header = record.header
        same = places[record.link] == (header.by, header.kind, header.log, header.seq)
        require(same, "a leaf says what its record is", record.id)
    require(matched == len(leaves), "the hub knows where its records stand", f"{matched} of {len(leaves)}")


def _check_waits_for_the_lost(world: "World", leaves: list[Leaf]) -> None:
    """A hub that was put back waits only for what nobody has any more; a person lets another log go on from there."""
    with world.hub.reading() as (connection, store):
        matched = matched_size(connection)
        logs = connection.exec_driver_sql("SELECT id, base, acknowledged FROM log")
        held = {r.link for row in logs for r in store.span(row.id, row.base, stop=row.acknowledged)}
    awaited = leaves[matched]
    require(awaited.link not in held, "the hub sees what is here", awaited.kind)
    for node in world.nodes:
        standing = "SELECT 1 FROM record WHERE record_link(id, signature) = ?"
        found = node.db.conn.execute(standing, (awaited.link,)).fetchone()
        require(found is None, "what the log waits for comes back", f"{node.name} has {awaited.kind}")


def _check_node(world: "World", node: SimNode, leaves: list[Leaf], *, is_caught_up: bool) -> None:
    """What a PC was shown of the log, and what receipts say of places in it."""
    seen = read_seen(node.keys_folder)
    require(seen is not None, "every PC is a witness", node.name)
    assert seen is not None
    head, _ = seen
    require(world.hub.signed.get(head.size) == head.root, "a PC is shown what was signed", node.name)
    told = [alert.code for alert in list_alerts(node.db) if alert.code in LOG_ALERTS]
    require(not told, "an honest hub is accused of nothing", f"{node.name} {told}")
    for log in node.own_logs():
        entry = receipted(node.db).get(log)
        for record in node.store.span(log, 0, stop=entry.length if entry else 0):
            place = receipted_place(node.db, log, record.header.seq)
            fits = place is None or leaves[place].link == record.link
            require(fits, "a receipt tells the right place", f"{node.name} {record.id}")
    if not is_caught_up:
        return
    require(head.size == len(leaves), "every PC is shown the newest checkpoint", f"{node.name} {head.size}")
    unproven = _unproven(node.db, node.office)
    require(not unproven, "every receipted record is proven to its author", f"{node.name} {unproven[:2]}")
    _check_cosigned(world.hub, node, head.size)


def _check_cosigned(hub: SimHub, node: SimNode, size: int) -> None:
    """The hub keeps each PC's word for the newest checkpoint, beside its own signature."""
    with hub.reading() as (connection, _):
        note = connection.scalar(select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == size))
    name = witness_key(PROVINCE, node.services.keyring.device.public).name
    signers = {line.name for line in Note.parse(note).signatures} if note else set()
    require(name in signers, "the newest checkpoint is cosigned", f"{node.name} {size}")
