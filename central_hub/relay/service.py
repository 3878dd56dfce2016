"""One request of a relay: keep the pieces that prove themselves, take every load that is whole, tell and hand over answers.

Who brings a load changes nothing about it. A load is taken from its bytes alone: its sender's signature, the seals inside and the
positions of its records, so that one that comes late, twice, changed or from nobody's PC does what it would do on a stick.
"""

import logging
from typing import Final

from msgspec.structs import replace

from central_hub.relay.answers import told_for, wanted_sizes
from central_hub.relay.spool import LoadState, find_load, open_place, spool_of
from central_hub.relay.taking import take_load
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.sync.service import asker_of, challenge_secret
from signing.reasons import Reason
from sync_protocol import limits, reasons
from sync_protocol.challenge import challenge_holds, make_challenge
from sync_protocol.chunks import (
    PIECE_OVERHEAD_BYTES_MAX,
    Piece,
    cuts,
    open_piece,
    pack_held,
    unpack_held,
)
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated, Standing
from sync_protocol.relay import RelayAnswer, RelayRequest, encode_relay_answer, open_relay_request

_LOG: Final = logging.getLogger(__name__)


def answer_relay(services: Services, data: bytes) -> bytes:
    """The answer to a relay; raises RemoteFault where the request as a whole is refused."""
    signed = open_relay_request(data, services.versions)
    asker, key, _ = asker_of(services, signed.device)
    request = signed.verify(key)
    now_s, secret = services.clock() // 1000, challenge_secret(services)
    is_fresh = challenge_holds(request.challenge, secret, signed.device, now_s=now_s)
    answer = RelayAnswer(
        protocol=request.protocol,
        challenge=make_challenge(secret, signed.device, now_s=now_s),
        problem="" if is_fresh else reasons.ROUND_CHALLENGE.code,
        stated=[],
        answers=[],
        pieces=[],
    )
    if is_fresh:
        problems = _take_pieces(services, request, asker.device)
        stated = [_stated(services, load, asker.device, problems) for load in request.offered]
        answer = replace(answer, stated=stated)
        if not asker.is_cut_off:
            told = told_for(services, [sender.hex() for sender in request.senders])
            answer = replace(answer, answers=told, pieces=_pieces(services, request))
    return encode_relay_answer(answer)


def _take_pieces(services: Services, request: RelayRequest, relay: str) -> dict[str, Reason]:
    """Keep pieces of offered loads; per load the reason why nothing of it was kept."""
    sizes = {load.file.hex(): load.size for load in request.offered}
    problems: dict[str, Reason] = {}
    for frame in request.pieces:
        try:
            piece = open_piece(frame)
        except RemoteFault as fault:
            _LOG.warning("a piece of a load was not kept: %s", fault)
            continue
        if sizes.get(piece.file) != piece.size or piece.file in problems or _is_taken(services, piece.file):
            continue
        refused = open_place(services, piece.file, piece.size, relay)
        if refused is None:
            try:
                spool_of(services).take(piece)
                continue
            except OSError as error:
                _LOG.error("a load could not be kept: %s", error)
        problems[piece.file] = reasons.RELAY_ROOM
    return problems


def _is_taken(services: Services, load: str) -> bool:
    with reading(services.engine) as connection:
        found = find_load(connection, load)
    return found is not None and found.state != LoadState.COMING


def _stated(services: Services, asked: FileAsked, relay: str, problems: dict[str, Reason]) -> FileStated:
    load, problem = asked.file.hex(), problems.get(asked.file.hex())
    if _is_taken(services, load):
        return FileStated(asked.file, Standing.WHOLE)
    if spool_of(services).has(load, asked.size):
        problem = take_load(services, load, asked.size, relay)
        if problem is None:
            return FileStated(asked.file, Standing.WHOLE)
    if problem is not None:
        return FileStated(asked.file, Standing.REFUSED, b"", problem.code)
    held = spool_of(services).held(load, asked.size)
    return FileStated(asked.file, Standing.PARTIAL, pack_held(asked.size, held))


def _pieces(services: Services, request: RelayRequest) -> list[bytes]:
    """Pieces of wanted answers up to the budget; one at least, since a budget that fits nothing would never end."""
    known = wanted_sizes(services, [asked.file.hex() for asked in request.wanted])
    spool, pieces = spool_of(services), list[bytes]()
    room = min(request.bytes_max, limits.ROUND_SIZE_BYTES_MAX // 2)
    for asked in request.wanted:
        load = asked.file.hex()
        if known.get(load) != asked.size or not spool.has(load, asked.size):
            continue
        tree = spool.tree(load)
        for start, length in cuts(asked.size, unpack_held(asked.size, asked.held), bytes_max=room):
            is_over = length + PIECE_OVERHEAD_BYTES_MAX > room
            if pieces and (is_over or len(pieces) >= limits.FILE_PIECES_MAX):
                return pieces
            data = spool.part(load, start, length)
            pieces.append(tree.encode(Piece(file=load, size=asked.size, start=start, data=data)))
            room -= len(pieces[-1])
    return pieces
