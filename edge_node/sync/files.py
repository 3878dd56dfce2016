"""Send and fetch encrypted files, after the records: a queue and a time budget of their own.

Every request is durable by itself: the hub's answer says which slices it holds, so that after a cut only what was under way
goes again. As soon as a record waits, files stop and the record goes first. A file that the hub cannot take is noted with
its reason and keeps no other one back.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec
from sqlite_utils import Database

from edge_node.files.copies import (
    Queued,
    held_there,
    note_at_hub,
    note_here,
    note_not_at_hub,
    note_problem,
    to_fetch,
    to_send,
)
from edge_node.files.pieces import keep_arriving
from edge_node.files.service import sweep, vault_of
from edge_node.files.words import take_words
from edge_node.journal.service import require_office
from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.pace import FilePace
from edge_node.sync.runner import CHALLENGE, STALE_CHALLENGES_MAX
from edge_node.sync.status import office_logs
from edge_node.sync.transport import LineFault
from edge_node.sync.versions import version_for_hub
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
from sync_protocol.file_wire import (
    FileAsked,
    FilesAnswer,
    FilesRequest,
    Standing,
    decode_files_answer,
    encode_files_request,
    first_request,
)
from sync_protocol.limits import FILE_PIECES_MAX, FILES_ROUND_MAX

_LOG: Final = logging.getLogger(__name__)
BUDGET: Final = "sync.files_budget"
LOOKED: Final = "sync.files_looked"
LOOK_EVERY_MS: Final = 24 * 60 * 60 * 1000
SECONDS_MAX: Final = 600.0
FAULTS_MAX: Final = 6
"""Cuts in a row, without anything getting through between them, after which the rest waits for the next sync."""
PAUSE_S: Final = 0.5
STRIKES_MAX: Final = 2


class FilesLine(Protocol):
    """What this needs of the way to the hub."""

    def post_files(self, payload: bytes) -> bytes:
        """One request about files; raises LineFault."""

    def hang_up(self) -> None:
        """The next request gets a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesResult:
    """What became of the files. `must_yield`: a record is waiting and goes first.

    Attributes:
        sent, fetched: files that became whole at the other side, and here.
        bytes_up: bytes of requests, those that were cut included; piece_bytes: of file content in them.
    """

    requests: int = 0
    sent: int = 0
    fetched: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    piece_bytes: int = 0
    problem: Reason | None = None
    must_yield: bool = False


def exchange_files(
    db: Database, services: Services, line: FilesLine, *, seconds: float = SECONDS_MAX
) -> FilesResult:
    """Send and fetch files until nothing is left, time is up, the line is gone or a record waits. Never raises for a line."""
    sweep(db, services)
    exchange = _Exchange(db, services, line, until=services.monotonic() + seconds)
    try:
        while exchange.step():
            pass
    except LineFault as error:
        exchange.result = replace(exchange.result, problem=error.reason)
    except RemoteFault as error:
        exchange.result = replace(exchange.result, problem=error.reason)
    write_local(db, BUDGET, str(exchange.pace.budget))
    return exchange.result


class _Exchange:
    """One pass over the queue: what both sides hold, as far as it was said in this pass."""

    def __init__(self, db: Database, services: Services, line: FilesLine, *, until: float) -> None:
        self._db, self._services, self._line, self._until = db, services, line, until
        self._vault = vault_of(services)
        self._held: dict[str, int] = {}
        self._strikes: dict[str, int] = {}
        self._skipped: set[str] = set()
        self._looked: set[str] = set()
        self._faults = self._stale = 0
        self.pace = FilePace(int(read_local(db, BUDGET) or FilePace.START))
        self.result = FilesResult()

    def step(self) -> bool:
        """One request; False when this pass is over."""
        if self._services.monotonic() > self._until:
            return False
        if any(log.length > log.held for log in office_logs(self._db)):
            self.result = replace(self.result, must_yield=True)
            return False
        request = self._request()
        return request is not None and self._post(request)

    def _request(self) -> FilesRequest | None:
        """What somebody waits for, then what this PC has to give: first what is known of it there, then its pieces."""
        office = require_office(self._db)
        challenge = bytes.fromhex(read_local(self._db, CHALLENGE) or "")
        empty = first_request(bytes.fromhex(office.device), challenge)
        wanted = self._fresh(to_fetch(self._db))[:1]
        if wanted and self._services.space.is_writable:
            asked = [self._wanted(wanted[0])]
            return msgspec.structs.replace(empty, wanted=asked, bytes_max=self.pace.budget)
        queue = self._fresh(to_send(self._db, hub_epoch=office.hub_epoch))
        unknown = [each for each in queue[:FILES_ROUND_MAX] if each.file not in self._held]
        if unknown:
            return msgspec.structs.replace(empty, offered=[_asked(each) for each in unknown])
        offered, pieces = self._pieces(queue)
        offered = offered or [_asked(each) for each in self._to_look_at(office.hub_epoch)]
        return msgspec.structs.replace(empty, offered=offered, pieces=pieces) if offered else None

    def _to_look_at(self, hub_epoch: str) -> list[Queued]:
        """Once a day, when nothing travels, some files that the hub once held: a disk there may have lost one."""
        now = self._services.clock()
        due, _, after = (read_local(self._db, LOOKED) or "").partition(" ")
        if due and 0 <= now - int(due) < LOOK_EVERY_MS:
            return []
        found = held_there(self._db, hub_epoch=hub_epoch, after=after, count=FILES_ROUND_MAX) if due else []
        # After the last one it begins anew.
        write_local(self._db, LOOKED, f"{now} {found[-1].file if len(found) == FILES_ROUND_MAX else ''}")
        self._looked |= {each.file for each in found}
        return found

    def _fresh(self, queue: Iterable[Queued]) -> list[Queued]:
        return [each for each in queue if each.file not in self._skipped]

    def _wanted(self, queued: Queued) -> FileAsked:
        held = self._vault.held(queued.file, queued.size)
        return FileAsked(bytes.fromhex(queued.file), queued.size, pack_held(queued.size, held))

    def _pieces(self, queue: list[Queued]) -> tuple[list[FileAsked], list[bytes]]:
        """Pieces up to the budget, in the order of the queue: several small files, or a part of a large one."""
        offered: list[FileAsked] = []
        pieces: list[bytes] = []
        room = self.pace.budget
        for queued in queue[:FILES_ROUND_MAX]:
            try:
                tree = self._vault.tree(queued.file)
            except (OSError, LocalFault):
                tree = None
            if tree is None or tree.id != queued.file:
                self._lose(queued)
                continue
            offered.append(_asked(queued))
            for start, length in cuts(queued.size, self._held[queued.file], bytes_max=self.pace.budget):
                is_full = length + PIECE_OVERHEAD_BYTES_MAX > room or len(pieces) >= FILE_PIECES_MAX
                if pieces and (is_full or self.pace.is_alone):
                    return offered, pieces
                data = self._vault.part(queued.file, start, length)
                pieces.append(tree.encode(Piece(file=queued.file, size=queued.size, start=start, data=data)))
                room -= len(pieces[-1])
        return offered, pieces

    def _lose(self, queued: Queued) -> None:
        """What lies on this disk is not that file any more: it can be fetched, or scanned again."""
        _LOG.error("file %s is damaged on this disk", queued.file[:16])
        self._vault.remove(queued.file)
        note_here(self._db, queued.file, is_here=False)
        note_problem(self._db, queued.file, reasons.FILE_PIECE.code)

    def _post(self, request: FilesRequest) -> bool:
        office = require_office(self._db)
        request = msgspec.structs.replace(
            request,
            writing=bytes.fromhex(office.log),
            protocol=version_for_hub(self._db, self._services),
        )
        payload = encode_files_request(request, self._services.keyring.device)
        content = sum(len(piece) for piece in request.pieces)
        self.result = replace(
            self.result,
            requests=self.result.requests + 1,
            bytes_up=self.result.bytes_up + len(payload),
            piece_bytes=self.result.piece_bytes + content,
        )
        began = self._services.monotonic()
        try:
            packed = self._line.post_files(payload)
        except LineFault as fault:
            return self._after_fault(fault, request)
        answer = decode_files_answer(packed, self._services.versions)
        if request.pieces or answer.pieces:
            self._faults = 0
        self.result = replace(self.result, bytes_down=self.result.bytes_down + len(packed))
        write_local(self._db, CHALLENGE, answer.challenge.hex())
        if answer.problem:
            return self._ask_again(answer)
        self._stale = 0
        self.pace.after_success(max(len(payload), len(packed)), self._services.monotonic() - began)
        if self.pace.is_short:
            self._line.hang_up()
        self._learn(request, answer)
        self._take(request, answer)
        return True

    def _after_fault(self, fault: LineFault, request: FilesRequest) -> bool:
        """A cut line is tried again at once; what came through although the answer did not is asked first."""
        for asked in request.offered:
            self._held.pop(asked.file.hex(), None)
        self._faults += 1
        if not fault.was_cut or self._faults >= FAULTS_MAX:
            raise fault
        self.pace.after_cut()
        self._services.pause(PAUSE_S)
        return True

    def _ask_again(self, answer: FilesAnswer) -> bool:
        self._stale += 1
        if answer.problem == reasons.ROUND_CHALLENGE.code and self._stale <= STALE_CHALLENGES_MAX:
            return True
        raise RemoteFault(reasons.BY_CODE.get(answer.problem, reasons.FILE_FORMAT), answer.problem)

    def _learn(self, request: FilesRequest, answer: FilesAnswer) -> None:
        """Keep what the hub says of offered files, and its word for the office's other PCs."""
        take_words(self._db, self._services, [answer.word])
        sizes = {asked.file: asked.size for asked in request.offered}
        for stated in answer.stated:
            size, file = sizes.get(stated.file), stated.file.hex()
            if size is None:
                continue
            if stated.standing == Standing.WHOLE:
                note_at_hub(self._db, file, hub_epoch=answer.hub_epoch.hex())
                self._skipped.add(file)
                if file not in self._looked:
                    self.result = replace(self.result, sent=self.result.sent + 1)
            elif stated.standing == Standing.PARTIAL:
                if file in self._looked:
                    _LOG.warning("the province lost file %s; it goes again", file[:16])
                    note_not_at_hub(self._db, file)
                    self._looked.discard(file)
                self._progress(file, unpack_held(size, stated.held), was_sent=bool(request.pieces))
            else:
                if stated.standing == Standing.REFUSED:
                    note_problem(self._db, file, stated.problem)
                self._skipped.add(file)

    def _progress(self, file: str, held: int, *, was_sent: bool) -> None:
        if was_sent and held == self._held.get(file):
            self._strikes[file] = self._strikes.get(file, 0) + 1
            if self._strikes[file] > STRIKES_MAX:
                note_problem(self._db, file, reasons.FILE_PIECE.code)
                self._skipped.add(file)
        else:
            self._strikes.pop(file, None)
        self._held[file] = held

    def _take(self, request: FilesRequest, answer: FilesAnswer) -> None:
        """Keep the pieces of wanted files; without any, the hub does not hold the file (yet)."""
        sizes = {asked.file.hex(): asked.size for asked in request.wanted}
        arrived = keep_arriving(self._vault, sizes, answer.pieces)
        for file in arrived.whole:
            note_here(self._db, file)
            note_at_hub(self._db, file, hub_epoch=answer.hub_epoch.hex())
            self.result = replace(self.result, fetched=self.result.fetched + 1)
        if arrived.is_full:
            self._services.space.release()
        else:
            self._skipped |= arrived.without_any(self._vault, sizes)


def _asked(queued: Queued) -> FileAsked:
    return FileAsked(bytes.fromhex(queued.file), queued.size)
