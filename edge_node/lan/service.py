"""What the schedule, the button and the command call: meet one colleague, or all of them."""

from dataclasses import replace

from sqlite_utils import Database

from edge_node.files.copies import to_fetch, to_send
from edge_node.journal import require_office
from edge_node.keyring.trust import office_log_ids
from edge_node.lan.asking import Met, meet
from edge_node.lan.beacons import known_beacons
from edge_node.lan.carrying import Carried, OfficeFilesLine, carry_files
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
        if met.problem is None and met.colleague is not None:
            carried = carry_if_any(db, services, line, met)
            met = replace(met, files=carried.sent + carried.fetched)
    finally:
        line.close()
    note_met(db, peer.address, met, now=services.clock())
    return met


def carry_if_any(db: Database, services: Services, line: OfficeFilesLine, met: Met) -> Carried:
    """Carry files after a meeting, where either side has some that wait: an idle meeting stays one request."""
    office, colleague = require_office(db), met.colleague
    if colleague is None:
        return Carried()
    beacon = known_beacons(db).get(colleague.key.id)
    theirs = beacon[0].files if beacon else 0
    if not theirs and not to_fetch(db) and not to_send(db, hub_epoch=office.hub_epoch):
        return Carried()
    mark = office_mark(db)
    return carry_files(
        db,
        services,
        line,
        colleague,
        met.known.challenge,
        must_yield=lambda: office_mark(db) != mark,
    )


def meet_all(db: Database, services: Services) -> list[Met]:
    """Exchange with every PC whose address is known, one after the other."""
    return [meet_peer(db, services, peer) for peer in list_peers(db)]


def office_mark(db: Database) -> bytes:
    """A digest of what this PC holds of its office, receipt included: when it changes, there is something to tell."""
    frontier = SqliteLogStore(db).frontier(office_log_ids(db))
    return frontier.digest() + receipt_prefix(signed_receipt(db))
