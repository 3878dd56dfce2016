"""Hand loads over, and fetch answers: to the province what this PC carries for others, after its own records, a little at a time;
without a line to a PC of the office network that has one, its own parcels among them.

Every request is durable by itself, as with files (`sync.files`): the other side's answer says which slices it holds, so that after a
cut only what was under way goes again. A bound on bytes and time keeps a flood of others' loads from holding up this office; the
next sync goes on. Where nothing is carried, nothing is asked.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import msgspec
from sqlite_utils import Database

from edge_node.files.pieces import keep_arriving
from edge_node.journal.service import require_office
from edge_node.relay.own import is_own_expected, own_waiting, take_own_answer
from edge_node.relay.queue import (
    DONE,
    DOWN,
    PASSED,
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
from edge_node.relay.ways import HubWay, RelayLine, Way
from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.pace import FilePace
from edge_node.sync.runner import STALE_CHALLENGES_MAX
from edge_node.sync.status import office_logs
from edge_node.sync.transport import LineFault
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.chunks import (
    PIECE_OVERHEAD_BYTES_MAX,
    Piece,
    cuts,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What became of it: loads handed over and refused, answers fetched. `must_yield`: a record of this office waits.

    `refusal`: why a PC next door did not take a load.
    """

    requests: int = 0
    delivered: int = 0
    refused: int = 0
    fetched: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    problem: Reason | None = None
    must_yield: bool = False
    refusal: Reason | None = None


def deliver(
    db: Database,
    services: Services,
    line: RelayLine,
    *,
    seconds: float = SECONDS_MAX,
    bytes_max: int = BYTES_MAX,
) -> DeliveryResult:
    """Deliver and fetch until nothing is left, a bound is reached, the line is gone or a record waits. Never raises for a line."""
    run = _Delivery(db, services, HubWay(db, services, line), seconds=seconds, bytes_max=bytes_max)
    run.pace = FilePace(int(read_local(db, BUDGET) or FilePace.START))
    result = run.all()
    if result.requests:
        write_local(db, BUDGET, str(run.pace.budget))
    return result


def hand_over(
    db: Database, services: Services, way: Way, *, has_own: bool, seconds: float, bytes_max: int = BYTES_MAX
) -> DeliveryResult:
    """As `deliver`, to a PC next door; `has_own`: this PC's own parcels go along, and its answers come. Never raises for a network."""
    return _Delivery(db, services, way, seconds=seconds, bytes_max=bytes_max, has_own=has_own).all()


class _Delivery:
    """One pass: what the other side holds and told, as far as it was said in this pass."""

    def __init__(
        self,
        db: Database,
        services: Services,
        way: Way,
        *,
        seconds: float,
        bytes_max: int,
        has_own: bool = False,
    ) -> None:
        self._db, self._services, self._way = db, services, way
        self._until = services.monotonic() + seconds
        self._bytes_max, self._has_own = bytes_max, has_own
        self._vault = relayed(services)
        self._held: dict[str, int] = {}
        self._strikes: dict[str, int] = defaultdict(int)
        self._skipped: set[str] = set()
        self._asked: set[str] = set()
        self._told: dict[str, AnswerTold] = {}
        self._whole: dict[str, set[str]] = {}
        self._come: list[FileAsked] = []
        self._faults = self._stale = 0
        self._device = require_office(db).device
        self.pace = FilePace(FilePace.START)
        self.result = DeliveryResult()

    def all(self) -> DeliveryResult:
        """The whole pass."""
        tidy(self._db, self._services)
        try:
            while self._step():
                pass
        except (LineFault, RemoteFault) as error:
            self.result = replace(self.result, problem=error.reason)
        return replace(self.result, bytes_up=self._way.bytes_up, bytes_down=self._way.bytes_down)

    def _step(self) -> bool:
        """One request; False when this pass is over."""
        moved = self._way.bytes_up + self._way.bytes_down
        if self._services.monotonic() > self._until or moved >= self._bytes_max:
            return False
        request = self._request()
        if request is None:
            return False
        if not self._way.is_near and any(log.waiting for log in office_logs(self._db) if log.is_own):
            self.result = replace(self.result, must_yield=True)
            return False
        return self._post(request)

    def _request(self) -> RelayRequest | None:
        now_ms = self._services.clock()
        empty = first_relay_request(bytes.fromhex(self._device), b"")
        waiting = [*(own_waiting(self._db) if self._has_own else ()), *to_deliver(self._db)]
        queue = [load for load in waiting if load.load not in self._skipped][:OFFERED_MAX]
        offered, pieces = self._pieces(queue)
        expected = expecting(self._db, now_ms=now_ms)
        if self._has_own and is_own_expected(self._db, now_ms=now_ms):
            expected = [self._device, *expected]
        senders = [each for each in expected if each not in self._asked][:RELAY_LOADS_ROUND_MAX]
        told = [told for told in self._told.values() if told.load.hex() not in self._skipped][:1]
        wanted = [self._wanted(each) for each in told] if self._services.space.is_writable else []
        come, self._come = self._come, []
        if not offered and not senders and not wanted and not come:
            return None
        return msgspec.structs.replace(
            empty,
            offered=offered,
            pieces=pieces,
            senders=[bytes.fromhex(each) for each in senders],
            wanted=[*wanted, *come],
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
        self.result = replace(self.result, requests=self.result.requests + 1)
        began, up, down = self._services.monotonic(), self._way.bytes_up, self._way.bytes_down
        try:
            answer = self._way.ask(request)
        except LineFault as fault:
            return self._after_fault(fault)
        if request.pieces or answer.pieces:
            self._faults = 0  # a short question says nothing about whether a piece can pass
        if answer.problem:
            return self._ask_again(answer)
        self._stale = 0
        moved = max(self._way.bytes_up - up, self._way.bytes_down - down)
        self.pace.after_success(moved, self._services.monotonic() - began)
        if self.pace.is_short:
            self._way.hang_up()
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
        """Keep what the other side says of offered loads. What a PC next door refuses, another may take."""
        sizes = {asked.file: asked.size for asked in request.offered}
        for stated in answer.stated:
            size, load = sizes.get(stated.file), stated.file.hex()
            if size is None:
                continue
            if stated.standing == Standing.WHOLE:
                settle(self._db, self._services, load, outcome=PASSED if self._way.is_near else DONE)
                self._asked.clear()  # its sender may be answered now
                self.result = replace(self.result, delivered=self.result.delivered + 1)
            elif stated.standing == Standing.REFUSED:
                reason = reasons.BY_CODE.get(stated.problem, reasons.RELAY_FORMAT)
                if reason is not reasons.RELAY_ROOM and not self._way.is_near:
                    settle(self._db, self._services, load, outcome=reason.code)
                self._skipped.add(load)
                refusal = reason if self._way.is_near else None
                self.result = replace(self.result, refused=self.result.refused + 1, refusal=refusal)
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
        is_own = device == self._device
        for each in told:
            load = each.load.hex()
            known = find_load(self._db, load)
            if known is not None and (known.is_here or (self._way.is_near and known.outcome)):
                continue
            reason = None if is_own else refused(self._db, self._services, device, each.size, load=load)
            if reason is None:
                begin(
                    self._db, self._services, load, size=each.size, direction=DOWN, device=device,
                    unit=unit_of(self._db, device), is_own=is_own, parts=each.parts,
                )  # fmt: skip
                if self._vault.has(load, each.size):  # whole before a power cut, and not noted
                    self._keep(each)
                else:
                    self._told[load] = each
            else:
                _LOG.warning("an answer for %s does not fit here: %s", device[:8], reason.code)
        self._end_answer(device)

    def _take(self, request: RelayRequest, answer: RelayAnswer) -> None:
        """Keep the pieces of wanted answers; without any, the other side does not have the answer any more."""
        asked = {each.file.hex(): each.size for each in request.wanted}
        wanted = {load: size for load, size in asked.items() if load in self._told}
        arrived = keep_arriving(self._vault, wanted, answer.pieces)
        for load in arrived.whole:
            self._keep(self._told.pop(load))
        if arrived.is_full:
            self._services.space.release()
        else:
            left = {load: size for load, size in wanted.items() if load in self._told}
            self._skipped |= arrived.without_any(self._vault, left)

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
        if self._way.is_near:
            self._come.append(
                FileAsked(told.load, told.size, pack_held(told.size, self._vault.held(load, told.size)))
            )
        self._end_answer(device)

    def _end_answer(self, device: str) -> None:
        """Once every part of an answer is here nobody asks for it any more, and older ones go."""
        loads = self._whole[device]
        if device == self._device:
            take_own_answer(self._db, self._services, loads)
            return
        here = {load.load for load in to_give(self._db, {device})}
        if loads <= here:
            note_answered(self._db, self._services, device, by=loads)
