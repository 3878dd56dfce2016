"""Carry files to a colleague's PC and fetch its own, after the records of a meeting: a time budget of their own.

Every request is durable by itself: each side says which slices it holds, so that after a cut only what was under way goes
again. As soon as a record waits here, files stop until the next meeting. One file that makes no progress keeps no other back.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlite_utils import Database

from edge_node.files.copies import Queued, to_fetch
from edge_node.files.words import take_words, words_of
from edge_node.journal.service import require_office
from edge_node.lan.colleagues import Colleague, own_voucher
from edge_node.lan.files import asked, files_offered, keep_pieces, lacking, pieces_of
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.sync.transport import LineFault
from signing.keys import BoxKey
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, Standing
from sync_protocol.lan_files import (
    LanFilesAnswer,
    LanFilesRequest,
    open_files_answer,
    seal_files_request,
)
from sync_protocol.limits import FILES_ROUND_MAX, ROUND_SIZE_BYTES_MAX
from sync_protocol.wire import entries_of

_LOG: Final = logging.getLogger(__name__)
SECONDS_MAX: Final = 10.0
"""Other colleagues wait meanwhile; what is left goes on at the next meeting."""
WANTED_MAX: Final = 8
STALE_MAX: Final = 2


class OfficeFilesLine(Protocol):
    """What this needs of the way to another PC."""

    def post_files(self, sealed: bytes) -> bytes:
        """One request about files; raises LineFault."""


@dataclass(slots=True)
class Carried:
    """What became of the files: how many are whole there and here that were not before, and of how many the province's word came."""

    requests: int = 0
    sent: int = 0
    fetched: int = 0
    arrived: int = 0


def carry_files(
    db: Database,
    services: Services,
    line: OfficeFilesLine,
    colleague: Colleague,
    challenge: bytes,
    *,
    protocol: int | None = None,
    must_yield: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS_MAX,
) -> Carried:
    """Exchange files until neither side lacks one of the other's, time is up or a record waits. Never raises for a bad network."""
    carrying = _Carrying(db, services, line, colleague, challenge, protocol or services.versions.highest)
    until = services.monotonic() + seconds
    try:
        while carrying.step() and services.monotonic() < until and not must_yield():
            pass
    except (LineFault, RemoteFault) as fault:
        _LOG.info("files for another PC wait: %s", fault)
    except OSError as error:
        services.space.release()
        _LOG.error("no room for files of another PC: %s", error)
    return carrying.carried


@dataclass(slots=True)
class _Carrying:
    """One pass: what the other said of its files and of ours."""

    db: Database
    services: Services
    line: OfficeFilesLine
    colleague: Colleague
    challenge: bytes
    protocol: int
    carried: Carried = field(default_factory=Carried)
    _theirs: list[FileAsked] = field(default_factory=list)
    _held_there: dict[bytes, bytes | None] = field(default_factory=dict)
    _skipped: set[str] = field(default_factory=set)
    _told: set[bytes] = field(default_factory=set)
    _is_begun: bool = False
    _stale: int = 0

    def step(self) -> bool:
        """One request; False when nothing is left."""
        office = require_office(self.db)
        offered = files_offered(self.db, office)
        wanted = self._wanted()
        pushed = [
            FileAsked(each.file, each.size, self._held_there[each.file] or b"")
            for each in offered
            if self._held_there.get(each.file) is not None and each.file.hex() not in self._skipped
        ]
        words = [each for each in words_of(self.db, (f.file for f in self._theirs)) if each not in self._told]
        if self._is_begun and not (wanted or pushed or words):
            return False
        pieces = pieces_of(self.db, self.services, pushed, bytes_max=ROUND_SIZE_BYTES_MAX) if pushed else []
        box = BoxKey.from_seed(self.services.random_bytes(32))
        own = SqliteLogStore(self.db)
        request = LanFilesRequest(
            protocol=self.protocol,
            device=bytes.fromhex(office.device),
            to=bytes.fromhex(self.colleague.key.id),
            challenge=self.challenge,
            reply_box=box.public,
            offered=offered,
            wanted=[asked(self.services, each) for each in wanted],
            bytes_max=ROUND_SIZE_BYTES_MAX,
            pieces=pieces,
            words=words,
            own=entries_of(own.frontier(own.logs_of(device=office.device))),
            voucher=own_voucher(self.db, office),
        )
        sent = seal_files_request(request, self.services.keyring.device, self.colleague.box)
        answer = open_files_answer(
            self.line.post_files(sent.sealed),
            box,
            sent=sent,
            device=self.colleague.key,
            versions=self.services.versions,
        )
        self.carried.requests += 1
        self.challenge = answer.challenge
        if answer.problem:
            self._stale += 1
            if answer.problem != reasons.ROUND_CHALLENGE.code or self._stale > STALE_MAX:
                raise RemoteFault(reasons.BY_CODE.get(answer.problem, reasons.FILE_FORMAT))
            return True
        self._told |= set(words)
        self._learn(request, answer, was_pushed={each.file for each in pushed[:1]} if pieces else set())
        self._is_begun = True
        return True

    def _wanted(self) -> list[Queued]:
        """What somebody here asked for first, whoever holds it; then what the other offers."""
        if not self.services.space.is_writable:
            return []
        offered = lacking(self.db, require_office(self.db), self._theirs)
        queue = {each.file: each for each in (*to_fetch(self.db)[:FILES_ROUND_MAX], *offered)}
        return [each for each in queue.values() if each.file not in self._skipped][:WANTED_MAX]

    def _learn(self, request: LanFilesRequest, answer: LanFilesAnswer, *, was_pushed: set[bytes]) -> None:
        office = require_office(self.db)
        self._theirs = answer.offered
        self.carried.arrived += take_words(self.db, self.services, answer.words)
        for stated in answer.stated:
            before = self._held_there.get(stated.file)
            is_partial = stated.standing == Standing.PARTIAL
            if before is not None and stated.standing == Standing.WHOLE:
                self.carried.sent += 1
            if is_partial and stated.file in was_pushed and before == stated.held:
                self._skipped.add(stated.file.hex())
            self._held_there[stated.file] = stated.held if is_partial else None
        whole, came = keep_pieces(self.db, self.services, office, answer.pieces)
        self.carried.fetched += whole
        if not answer.pieces:
            self._skipped |= {each.file.hex() for each in request.wanted}
        elif request.wanted[0].file.hex() not in came:
            self._skipped.add(request.wanted[0].file.hex())
