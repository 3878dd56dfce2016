"""What the schedule, the button and the command call: meet one colleague, or all of them."""

from dataclasses import replace
from typing import Protocol

from sqlite_utils import Database

from edge_node.files.copies import to_fetch, to_send
from edge_node.journal import require_office
from edge_node.keyring.trust import office_log_ids
from edge_node.keyring.units import is_of_office
from edge_node.lan.asking import Known, Met, OfficeLine, meet
from edge_node.lan.beacons import known_beacons
from edge_node.lan.carrying import Carried, OfficeFilesLine, carry_files
from edge_node.lan.handing import RelayingLine, greet, hand, has_errand
from edge_node.lan.peers import Peer, list_peers, note_met
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.sync.receipt import signed_receipt
from edge_node.sync.transport import ColleagueLine, LineFault
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.wire import receipt_prefix


class NearLine(OfficeLine, OfficeFilesLine, RelayingLine, Protocol):
    """The way to another PC, for whatever passes on it."""


def meet_peer(db: Database, services: Services, peer: Peer, *, is_pressed: bool = False) -> Met:
    """Exchange with the PC at one address, and note how it went. `is_pressed`: somebody asked for it now."""
    line = ColleagueLine(f"http://{peer.address}")
    try:
        met = meet_at(db, services, line, peer, is_pressed=is_pressed)
    finally:
        line.close()
    if met is None:
        return Met(known=peer.known, is_neighbour=True)
    note_met(db, peer.address, met, now=services.clock())
    return met


def meet_at(
    db: Database, services: Services, line: NearLine, peer: Peer, *, is_pressed: bool = False
) -> Met | None:
    """A meeting with whoever answers: a colleague, or a PC of another commune. None where nothing was asked of the latter."""
    if _is_neighbour(db, services, peer):
        return _meet_neighbour(db, services, line, peer.known, is_pressed=is_pressed)
    met = meet(db, services, line, peer.known)
    if met.problem is reasons.ROUND_DEVICE:
        return _meet_neighbour(db, services, line, Known(), is_pressed=is_pressed)
    colleague = met.colleague
    if met.problem is None and colleague is not None:
        carried = carry_if_any(db, services, line, met)
        met = replace(met, files=carried.sent + carried.fetched)
        if has_errand(db, services, mark=office_mark(db), has_own=False, is_pressed=is_pressed):
            result, known = hand(db, services, line, colleague, met.known, has_own=False)
            met = replace(met, handed=result.delivered, fetched=result.fetched, known=known)
    return met


def _is_neighbour(db: Database, services: Services, peer: Peer) -> bool:
    """Whether the PC that answered there last is of another commune; after a re-organisation it may not be any more."""
    statement = services.trust.trust(db).statement(peer.device or "")
    return statement is not None and not is_of_office(db, statement, require_office(db).unit)


def _meet_neighbour(
    db: Database, services: Services, line: NearLine, known: Known, *, is_pressed: bool
) -> Met | None:
    is_wanted = has_errand(db, services, mark=office_mark(db), has_own=True, is_pressed=is_pressed)
    if not is_wanted and known.device is not None:
        return None
    try:
        pc = greet(db, services, line, known)
    except (LineFault, RemoteFault) as fault:
        return Met(known=Known(), problem=fault.reason, detail=fault.detail)
    if not is_wanted:
        return Met(known=Known(device=pc.key.id), is_neighbour=True)
    result, known = hand(db, services, line, pc, known, has_own=True)
    if result.problem in (reasons.ROUND_SIGNATURE, reasons.ROUND_DEVICE):
        known = Known()
    problem = result.problem or (None if result.delivered or result.fetched else result.refusal)
    return Met(
        known=known, problem=problem, handed=result.delivered, fetched=result.fetched, is_neighbour=True
    )


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
        protocol=met.known.protocol,
        must_yield=lambda: office_mark(db) != mark,
    )


def meet_all(db: Database, services: Services) -> list[Met]:
    """Exchange with every PC whose address is known, one after the other, because somebody asked for it."""
    return [meet_peer(db, services, peer, is_pressed=True) for peer in list_peers(db)]


def office_mark(db: Database) -> bytes:
    """A digest of what this PC holds of its office, receipt included: when it changes, there is something to tell."""
    frontier = SqliteLogStore(db).frontier(office_log_ids(db))
    return frontier.digest() + receipt_prefix(signed_receipt(db))
