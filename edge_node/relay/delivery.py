"""Hand over to the province what this PC carries for others, and fetch their answers: after its own records, a little at a time.

Every request is durable by itself, as with files (`sync.files`): the hub's answer says which slices it holds, so that after a cut
only what was under way goes again. A bound on bytes and time keeps a flood of others' loads from holding up this office; the
next sync goes on. Where nothing is carried, nothing is asked.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final, Protocol

import msgspec
from sqlite_utils import Database

from edge_node.journal.service import require_office
from edge_node.relay.queue import (
    DONE,
    DOWN,
    Load,
    arrived,
    begin,
    drop,
    expecting,
    find_load,
    note_answered,
    refused,
    relayed,
    settle,
    tidy,
    to_deliver,
    to_give,
    unit_of,
)
from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.pace import FilePace
from edge_node.sync.runner import CHALLENGE, STALE_CHALLENGES_MAX
from edge_node.sync.status import office_logs
from edge_node.sync.transport import LineFault
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.chunks import (
    PIECE_OVERHEAD_BYTES_MAX,
    Piece,
    cuts,
    is_whole,
    open_piece,
    pack_held,
    unpack_held,
)
from sync_protocol.errors import LocalFault, RemoteFault
from sync_protocol.file_wire import FileAsked, Standing
from sync_protocol.limits import FILE_PIECES_MAX, RELAY_LOADS_ROUND_MAX
from sync_protocol.relay import (
    AnswerTold,
    RelayAnswer,
    RelayRequest,
    decode_relay_answer,
    encode_relay_request,
    first_relay_request,
    read_answer_load,
)

_LOG: Final = logging.getLogger(__name__)
BUDGET: Final = "relay.budget"
SECONDS_MAX: Final = 60.0
BYTES_MAX: Final = 8 * 1024 * 1024
"""What others' loads may cost this office's line in one sync."""
OFFERED_MAX: Final = 8
FAULTS_MAX: Final = 4
STRIKES_MAX: Final = 2
PAUSE_S: Final = 0.5


class RelayLine(Protocol):
    """What this needs of the way to the hub."""

    def post_relay(self, payload: bytes) -> bytes:
        """One request of a relay; raises LineFault."""

    def hang_up(self) -> None:
        """The next request gets a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What became of it: loads delivered and refused, answers fetched. `must_yield`: a record of this office waits."""

    requests: int = 0
    delivered: int = 0
    refused: int = 0
    fetched: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    problem: Reason | None = None
    must_yield: bool = False


def deliver(
    db: Database,
    services: Services,
    line: RelayLine,
    *,
    seconds: float = SECONDS_MAX,
    bytes_max: int = BYTES_MAX,
) -> DeliveryResult:
    """Deliver and fetch until nothing is left, a bound is reached, the line is gone or a record waits. Never raises for a line."""
    tidy(db, services)
    run = _Delivery(db, services, line, until=services.monotonic() + seconds, bytes_max=bytes_max)
    try:
        while run.step():
            pass
    except (LineFault, RemoteFault) as error:
        run.result = replace(run.result, problem=error.reason)
    if run.result.requests:
        write_local(db, BUDGET, str(run.pace.budget))
    return run.result


class _Delivery:
    """One pass: what the hub holds and told, as far as it was said in this pass."""

    def __init__(
        self, db: Database, services: Services, line: RelayLine, *, until: float, bytes_max: int
    ) -> None:
        self._db, self._services, self._line, self._until = db, services, line, until
        self._bytes_max = bytes_max
        self._vault = relayed(services)
        self._held: dict[str, int] = {}
        self._strikes: dict[str, int] = defaultdict(int)
        self._skipped: set[str] = set()
        self._asked: set[str] = set()
        self._told: dict[str, AnswerTold] = {}
        self._whole: dict[str, set[str]] = {}
        self._faults = self._stale = 0
        self.pace = FilePace(int(read_local(db, BUDGET) or FilePace.START))
        self.result = DeliveryResult()

    def step(self) -> bool:
        """One request; False when this pass is over."""
        moved = self.result.bytes_up + self.result.bytes_down
        if self._services.monotonic() > self._until or moved >= self._bytes_max:
            return False
        request = self._request()
        if request is None:
            return False
        if any(log.waiting for log in office_logs(self._db) if log.is_own):
            self.result = replace(self.result, must_yield=True)
            return False
        return self._post(request)

    def _request(self) -> RelayRequest | None:
        office = require_office(self._db)
        challenge = bytes.fromhex(read_local(self._db, CHALLENGE) or "")
        empty = first_relay_request(bytes.fromhex(office.device), challenge)
        queue = [load for load in to_deliver(self._db) if load.load not in self._skipped][:OFFERED_MAX]
        offered, pieces = self._pieces(queue)
        expected = expecting(self._db, now_ms=self._services.clock())
        senders = [each for each in expected if each not in self._asked][:RELAY_LOADS_ROUND_MAX]
        wanted = [told for told in self._told.values() if told.load.hex() not in self._skipped][:1]
        if not offered and not senders and not (wanted and self._services.space.is_writable):
            return None
        return msgspec.structs.replace(
            empty,
            offered=offered,
            pieces=pieces,
            senders=[bytes.fromhex(each) for each in senders],
            wanted=[self._wanted(told) for told in wanted],
            bytes_max=self.pace.budget,
        )

    def _wanted(self, told: AnswerTold) -> FileAsked:
        held = self._vault.held(told.load.hex(), told.size)
        return FileAsked(told.load, told.size, pack_held(told.size, held))

    def _pieces(self, queue: list[Load]) -> tuple[list[FileAsked], list[bytes]]:
        """Loads that are offered, with pieces up to the budget of those of which it is known what the hub holds."""
        offered: list[FileAsked] = []
        pieces: list[bytes] = []
        room = self.pace.budget
        for load in queue:
            try:
                tree = self._vault.tree(load.load)
            except (OSError, LocalFault):
                tree = None
            if tree is None or tree.id != load.load:
                _LOG.error("load %s is damaged on this disk", load.load[:16])
                settle(self._db, self._services, load.load, outcome=reasons.PARCEL_DAMAGED.code)
                continue
            offered.append(FileAsked(bytes.fromhex(load.load), load.size))
            held = self._held.get(load.load)
            if held is None:
                continue
            for start, length in cuts(load.size, held, bytes_max=self.pace.budget):
                is_full = length + PIECE_OVERHEAD_BYTES_MAX > room or len(pieces) >= FILE_PIECES_MAX
                if pieces and (is_full or self.pace.is_alone):
                    return offered, pieces
                data = self._vault.part(load.load, start, length)
                pieces.append(tree.encode(Piece(file=load.load, size=load.size, start=start, data=data)))
                room -= len(pieces[-1])
        return offered, pieces

    def _post(self, request: RelayRequest) -> bool:
        payload = encode_relay_request(request, self._services.keyring.device)
        self.result = replace(
            self.result, requests=self.result.requests + 1, bytes_up=self.result.bytes_up + len(payload)
        )
        began = self._services.monotonic()
        try:
            packed = self._line.post_relay(payload)
        except LineFault as fault:
            return self._after_fault(fault)
        answer = decode_relay_answer(packed)
        if request.pieces or answer.pieces:
            self._faults = 0  # a short question says nothing about whether a piece can pass
        self.result = replace(self.result, bytes_down=self.result.bytes_down + len(packed))
        write_local(self._db, CHALLENGE, answer.challenge.hex())
        if answer.problem:
            return self._ask_again(answer)
        self._stale = 0
        self.pace.after_success(max(len(payload), len(packed)), self._services.monotonic() - began)
        if self.pace.is_short:
            self._line.hang_up()
        self._asked |= {sender.hex() for sender in request.senders}
        self._learn(request, answer)
        self._hear(request, answer)
        self._take(request, answer)
        return True

    def _after_fault(self, fault: LineFault) -> bool:
        self._held.clear()
        self._faults += 1
        if not fault.was_cut or self._faults >= FAULTS_MAX:
            raise fault
        self.pace.after_cut()
        self._services.pause(PAUSE_S)
        return True

    def _ask_again(self, answer: RelayAnswer) -> bool:
        self._stale += 1
        if answer.problem == reasons.ROUND_CHALLENGE.code and self._stale <= STALE_CHALLENGES_MAX:
            return True
        raise RemoteFault(reasons.BY_CODE.get(answer.problem, reasons.RELAY_FORMAT), answer.problem)

    def _learn(self, request: RelayRequest, answer: RelayAnswer) -> None:
        """Keep what the hub says of offered loads."""
        sizes = {asked.file: asked.size for asked in request.offered}
        for stated in answer.stated:
            size, load = sizes.get(stated.file), stated.file.hex()
            if size is None:
                continue
            if stated.standing == Standing.WHOLE:
                settle(self._db, self._services, load, outcome=DONE)
                self._asked.clear()  # its sender may be answered now
                self.result = replace(self.result, delivered=self.result.delivered + 1)
            elif stated.standing == Standing.REFUSED:
                reason = reasons.BY_CODE.get(stated.problem, reasons.RELAY_FORMAT)
                if reason is not reasons.RELAY_ROOM:
                    settle(self._db, self._services, load, outcome=reason.code)
                self._skipped.add(load)
                self.result = replace(self.result, refused=self.result.refused + 1)
            else:
                self._progress(load, unpack_held(size, stated.held))

    def _progress(self, load: str, held: int) -> None:
        is_stuck = held == self._held.get(load)
        self._strikes[load] = self._strikes[load] + 1 if is_stuck else 0
        if self._strikes[load] > STRIKES_MAX:
            self._skipped.add(load)
        self._held[load] = held

    def _hear(self, request: RelayRequest, answer: RelayAnswer) -> None:
        """Answers that wait for PCs of which this one carried something, and for nobody else."""
        senders = {sender.hex() for sender in request.senders}
        for device in senders:
            told = [each for each in answer.answers if each.device.hex() == device]
            if told:
                self._whole[device] = {each.load.hex() for each in told}
                self._want(device, told)

    def _want(self, device: str, told: list[AnswerTold]) -> None:
        for each in told:
            load = each.load.hex()
            known = find_load(self._db, load)
            if known is not None and known.is_here:
                continue
            reason = refused(self._db, self._services, device, each.size)
            if reason is None:
                unit = unit_of(self._db, device)
                begin(
                    self._db, self._services, load, size=each.size, direction=DOWN, device=device, unit=unit
                )
                self._told[load] = each
            else:
                _LOG.warning("an answer for %s does not fit here: %s", device[:8], reason.code)
        self._end_answer(device)

    def _take(self, request: RelayRequest, answer: RelayAnswer) -> None:
        """Keep the pieces of wanted answers; without any, the hub does not have the answer any more."""
        wanted = {asked.file.hex(): asked.size for asked in request.wanted}
        came = set()
        for frame in answer.pieces:
            try:
                piece = open_piece(frame)
            except RemoteFault as fault:
                _LOG.warning("a piece of an answer was not kept: %s", fault)
                continue
            if wanted.get(piece.file) != piece.size:
                continue
            came.add(piece.file)
            try:
                is_complete = self._vault.take(piece)
            except OSError:
                self._services.space.release()
                return
            if is_complete:
                self._keep(self._told.pop(piece.file))
        for load, size in wanted.items():
            if load not in came and not is_whole(size, self._vault.held(load, size)):
                self._skipped.add(load)

    def _keep(self, told: AnswerTold) -> None:
        """An answer that came whole; one that is not the hub's, or not for that PC, is none."""
        load, device = told.load.hex(), told.device.hex()
        content = self._vault.read(load)
        hub = self._services.trust.trust(self._db).bundle.hub.key
        try:
            read_answer_load(BytesIO(content), len(content), hub=hub, device=device)
        except RemoteFault as fault:
            _LOG.error("an answer for %s was not kept: %s", device[:8], fault)
            drop(self._db, self._services, load)
            return
        arrived(self._db, load)
        self.result = replace(self.result, fetched=self.result.fetched + 1)
        self._end_answer(device)

    def _end_answer(self, device: str) -> None:
        """Once every part of an answer is here nobody asks for it any more, and older ones go."""
        loads = self._whole[device]
        here = {load.load for load in to_give(self._db, {device})}
        if loads <= here:
            note_answered(self._db, self._services, device, by=loads)
