"""A PC next door hands loads over, and asks for answers: what this one takes, what it says, what it gives back.

What comes is what would come on a stick: enclosed for the province, read by nobody here, kept within the room that this office gives.
Loads are taken only while this PC has a line itself; answers are given whenever they lie here. Idempotent; nothing is remembered
of who asked but for loads on their way.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from sqlite_utils import Database

from edge_node.files.pieces import Lacking, cut_lacking
from edge_node.relay.queue import (
    DONE,
    DOWN,
    PASSED,
    UP,
    Load,
    arrived,
    begin,
    belongs,
    drop,
    find_load,
    is_owed,
    refused,
    relayed,
    settle,
    to_give,
)
from edge_node.services import Services
from edge_node.sync.reach import has_line
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.chunks import SLICE_BYTES, is_whole, open_piece, pack_held, unpack_held
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated, Standing
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX
from sync_protocol.relay import AnswerTold, read_load

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who hands over: its device's key id, and the unit of its key."""

    device: str
    unit: str


def take_loads(
    db: Database, services: Services, neighbour: Neighbour, offered: list[FileAsked], pieces: Iterable[bytes]
) -> list[FileStated]:
    """Keep pieces of offered loads; how each of these stands here now. Raises OSError where the disk is full."""
    reason = None
    if not services.config.relay_mb:
        reason = reasons.RELAY_ROOM
    elif not has_line(db, now_ms=services.clock()):
        reason = reasons.RELAY_LINE
    if reason is None:
        _keep_pieces(db, services, neighbour, {each.file.hex(): each.size for each in offered}, pieces)
    return [_stated(db, services, neighbour, each, reason) for each in offered]


def tell_answers(db: Database, devices: Iterable[str]) -> list[AnswerTold]:
    """Answers that lie here whole, to everything that went to the province of these PCs."""
    told: list[AnswerTold] = []
    for device in dict.fromkeys(devices):
        loads = to_give(db, {device})
        if loads and not is_owed(db, device) and len(loads) == loads[0].parts:
            told += [
                AnswerTold(bytes.fromhex(device), bytes.fromhex(load.load), load.size, load.parts, b"")
                for load in loads
            ]
    return told


def give_pieces(
    db: Database, services: Services, neighbour: Neighbour, wanted: Iterable[FileAsked], *, bytes_max: int
) -> list[bytes]:
    """Pieces of wanted answers up to the budget, one at least where there is any. One that has come whole is settled."""
    lacking: list[Lacking] = []
    for asked in wanted:
        load = find_load(db, asked.file.hex())
        if (
            load is None
            or load.direction != DOWN
            or load.is_own
            or load.size != asked.size
            or not load.is_here
        ):
            continue
        held = unpack_held(asked.size, asked.held)
        if is_whole(asked.size, held):
            settle(db, services, load.load, outcome=PASSED, keeps=load.device != neighbour.device)
        else:
            lacking.append(Lacking(load.load, load.size, held))
    room = min(max(bytes_max, SLICE_BYTES), ROUND_SIZE_BYTES_MAX // 2)
    return cut_lacking(relayed(services), lacking, room=room, piece_bytes_max=room)


def _keep_pieces(
    db: Database, services: Services, neighbour: Neighbour, sizes: dict[str, int], pieces: Iterable[bytes]
) -> None:
    for frame in pieces:
        try:
            piece = open_piece(frame)
        except RemoteFault as fault:
            _LOG.warning("a piece of a load was not kept: %s", fault)
            continue
        load = piece.file
        if sizes.get(load) != piece.size or find_load(db, load) is not None:
            continue
        if refused(db, services, neighbour.device, piece.size, load=load) is not None:
            continue
        begin(db, services, load, size=piece.size, direction=UP, device=neighbour.device, unit=neighbour.unit)
        relayed(services).take(piece)


def _stated(
    db: Database, services: Services, neighbour: Neighbour, asked: FileAsked, reason: Reason | None
) -> FileStated:
    load = asked.file.hex()
    known = find_load(db, load)
    if known is not None:
        return _known(asked, known)
    if reason is None:
        reason = refused(db, services, neighbour.device, asked.size, load=load)
    vault = relayed(services)
    if reason is None and vault.has(load, asked.size):
        reason = _take_whole(db, services, neighbour, asked)
        if reason is None:
            return FileStated(asked.file, Standing.WHOLE)
    if reason is not None:
        return FileStated(asked.file, Standing.REFUSED, b"", reason.code)
    return FileStated(asked.file, Standing.PARTIAL, pack_held(asked.size, vault.held(load, asked.size)))


def _known(asked: FileAsked, load: Load) -> FileStated:
    """What went on from here to the province is whole; what went to yet another PC, or no further, somebody else may take."""
    if load.direction == UP and not load.is_own and (load.is_here or load.outcome == DONE):
        return FileStated(asked.file, Standing.WHOLE)
    problem = load.outcome if load.reason is not None else reasons.RELAY_LINE.code
    return FileStated(asked.file, Standing.REFUSED, b"", problem)


def _take_whole(db: Database, services: Services, neighbour: Neighbour, asked: FileAsked) -> Reason | None:
    """A load of which every piece is here: look at its label as on a stick; why it is none, or None."""
    load, trust = asked.file.hex(), services.trust.trust(db)
    content = relayed(services).read(load)
    try:
        said = read_load(BytesIO(content), len(content), hub=trust.bundle.hub.key)
        stated = trust.statement(said.sender)
        if stated is not None:
            read_load(BytesIO(content), len(content), hub=trust.bundle.hub.key, sender=stated.key)
    except RemoteFault as fault:
        drop(db, services, load)
        return fault.reason
    reason = refused(db, services, said.sender, asked.size, load=load)
    if reason is not None:
        drop(db, services, load)
        return reason
    begin(db, services, load, size=asked.size, direction=UP, device=neighbour.device, unit=neighbour.unit)
    belongs(db, load, device=said.sender, unit=said.unit)
    arrived(db, load)
    return None
