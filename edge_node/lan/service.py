"""What the schedule, the button and the command call: meet one colleague, or all of them."""

from sqlite_utils import Database

from edge_node.keyring.trust import office_log_ids
from edge_node.lan.asking import Met, meet
from edge_node.lan.peers import Peer, list_peers, note_met
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.sync.receipt import signed_receipt
from edge_node.sync.transport import ColleagueLine
from sync_protocol.wire import receipt_prefix


def meet_peer(db: Database, services: Services, peer: Peer) -> Met:
    """Exchange with the PC at one address, and note how it went."""
    line = ColleagueLine(f"http://{peer.address}")
    try:
        met = meet(db, services, line, peer.known)
    finally:
        line.close()
    note_met(db, peer.address, met, now=services.clock())
    return met


def meet_all(db: Database, services: Services) -> list[Met]:
    """Exchange with every PC whose address is known, one after the other."""
    return [meet_peer(db, services, peer) for peer in list_peers(db)]


def office_mark(db: Database) -> bytes:
    """A digest of what this PC holds of its office, receipt included: when it changes, there is something to tell."""
    frontier = SqliteLogStore(db).frontier(office_log_ids(db))
    return frontier.digest() + receipt_prefix(signed_receipt(db))
