"""Answer a colleague's round: who asks, store what came, send what the other lacks. Idempotent; no session, no state but a
secret for challenges, which may be forgotten.
"""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from sqlite_utils import Database

from edge_node.casework.numbering import number_waiting
from edge_node.files.words import take_words, words_of
from edge_node.journal.service import require_office, seal_tail
from edge_node.lan.beacons import beacons_to_pass
from edge_node.lan.colleagues import Colleague, find_colleague, find_pc, own_voucher
from edge_node.lan.exchange import (
    choose,
    compare,
    is_another_branch,
    seals_about,
    shared_frontier,
    take,
    theirs_of,
    told,
)
from edge_node.lan.files import files_offered, keep_pieces, pieces_of, state
from edge_node.relay.taking import Neighbour, give_pieces, take_loads, tell_answers
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull
from edge_node.store.local import Office
from edge_node.sync.bundles import bundles_after
from edge_node.sync.foreign import foreign_frames, lacking
from edge_node.sync.receipt import signed_receipt
from edge_node.witness.sharing import asked_places, places_for, steps_for
from edge_node.witness.status import mark_to_say, status_for
from edge_node.witness.steps import own_mark
from sync_protocol import reasons
from sync_protocol.challenge import challenge_holds, make_challenge
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileStated
from sync_protocol.lan import (
    BUNDLES_A_ROUND,
    HELLO_VERSION,
    Hello,
    LanAnswer,
    LanRequest,
    encode_hello,
    open_request,
    seal_answer,
)
from sync_protocol.lan_files import LanFilesAnswer, LanFilesRequest, open_files_request, seal_files_answer
from sync_protocol.lan_relay import open_relay_request, seal_relay_answer
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MIN
from sync_protocol.relay import RelayAnswer
from sync_protocol.wire import frontier_of, receipt_prefix

BYTES_MAX: Final = ROUND_SIZE_BYTES_MAX // 2


@dataclass(frozen=True, slots=True)
class Serving:
    """One PC's end of the office network; `secret` makes its challenges."""

    services: Services
    secret: bytes

    def hello(self, db: Database) -> bytes:
        """Who this PC says it is."""
        office = require_office(db)
        hello = Hello(
            protocol=HELLO_VERSION,
            device=bytes.fromhex(office.device),
            unit=office.unit,
            voucher=own_voucher(db, office),
            versions=self.services.versions,
        )
        return encode_hello(hello)

    def answer(self, db: Database, sealed: bytes) -> bytes:
        """The answer to a request; raises RemoteFault where the request as a whole is refused."""
        services, office = self.services, require_office(db)
        asked = open_request(sealed, services.keyring.files.box(), services.versions)
        colleague = find_colleague(db, services, office, asked.device, asked.said.voucher)
        request = asked.verify_for(office.device, colleague.key)
        now_s = services.clock() // 1000
        if not challenge_holds(request.challenge, self.secret, asked.device, now_s=now_s):
            answer = self._nothing(
                db, asked.device, protocol=request.protocol, problem=reasons.ROUND_CHALLENGE.code
            )
            return seal_answer(answer, services.keyring.device, asked=asked)
        try:
            taken = take(db, services, request)
        except StorageFull as error:
            services.space.release()
            raise RemoteFault(reasons.HUB_BUSY, str(error)) from error
        if taken.records:
            number_waiting(db, services)
        problem = taken.problem.reason.code if taken.problem else ""
        if colleague.is_cut_off:
            answer = self._nothing(db, asked.device, protocol=request.protocol, problem=problem)
        else:
            answer = self._answer(db, require_office(db), colleague, request, problem)
        return seal_answer(answer, services.keyring.device, asked=asked)

    def files(self, db: Database, sealed: bytes) -> bytes:
        """The answer to a request about files; raises RemoteFault where the request as a whole is refused."""
        services, office = self.services, require_office(db)
        opened = open_files_request(sealed, services.keyring.files.box(), services.versions)
        colleague = find_colleague(db, services, office, opened.device, opened.said.voucher)
        request = opened.verify_for(office.device, colleague.key)
        now_s = services.clock() // 1000
        is_fresh = challenge_holds(request.challenge, self.secret, opened.device, now_s=now_s)
        if is_fresh:
            try:
                keep_pieces(db, services, office, request.pieces)
            except OSError as error:
                services.space.release()
                raise RemoteFault(reasons.FILE_ROOM, str(error)) from error
            take_words(db, services, request.words)
        # Who is cut off, or another copy of a disk perhaps, may deliver and is told nothing.
        tells = (
            is_fresh and not colleague.is_cut_off and not self._is_another_branch(db, opened.device, request)
        )
        answer = LanFilesAnswer(
            protocol=request.protocol,
            challenge=self._challenge(opened.device),
            problem="" if is_fresh else reasons.ROUND_CHALLENGE.code,
            stated=state(db, services, office, request.offered) if is_fresh else [],
            offered=files_offered(db, office) if tells else [],
            pieces=pieces_of(db, services, request.wanted, bytes_max=request.bytes_max) if tells else [],
            words=words_of(db, (each.file for each in request.offered)) if tells else [],
        )
        return seal_files_answer(answer, services.keyring.device, asked=opened)

    def relay(self, db: Database, sealed: bytes) -> bytes:
        """The answer to a PC of the province that hands loads over; raises RemoteFault where the request as a whole is refused."""
        services, office = self.services, require_office(db)
        opened = open_relay_request(sealed, services.keyring.files.box(), services.versions)
        pc = find_pc(db, services, office, opened.device, opened.said.voucher)
        request = opened.verify_for(office.device, pc.key)
        is_fresh = challenge_holds(
            request.challenge, self.secret, opened.device, now_s=services.clock() // 1000
        )
        neighbour, stated = Neighbour(opened.device, pc.unit), list[FileStated]()
        if is_fresh:
            try:
                stated = take_loads(db, services, neighbour, request.offered, request.pieces)
            except OSError as error:
                services.space.release()
                raise RemoteFault(reasons.RELAY_ROOM, str(error)) from error
        tells = is_fresh and not pc.is_cut_off
        answer = RelayAnswer(
            protocol=request.protocol,
            challenge=self._challenge(opened.device),
            problem="" if is_fresh else reasons.ROUND_CHALLENGE.code,
            stated=stated,
            answers=tell_answers(db, (each.hex() for each in request.senders)) if tells else [],
            pieces=give_pieces(db, services, neighbour, request.wanted, bytes_max=request.bytes_max)
            if tells
            else [],
        )
        return seal_relay_answer(answer, services.keyring.device, asked=opened)

    def _is_another_branch(self, db: Database, device: str, request: LanFilesRequest) -> bool:
        store, theirs = SqliteLogStore(db), frontier_of(request.own)
        own = store.logs_of(device=device)
        mine = store.frontier(own)
        return is_another_branch(store, compare(store, mine, theirs), device)

    def _answer(
        self, db: Database, office: Office, colleague: Colleague, request: LanRequest, problem: str
    ) -> LanAnswer:
        services, store = self.services, SqliteLogStore(db)
        seal_tail(db, services, office)
        mine, theirs = shared_frontier(db, office), theirs_of(frontier_of(request.held))
        stands = compare(store, mine, theirs)
        if is_another_branch(store, stands, colleague.key.id):
            said = seals_about(store, stands, colleague.key.id)
            return replace(
                self._nothing(db, colleague.key.id, protocol=request.protocol, problem=problem),
                held=told(mine, theirs),
                seals=said,
            )
        room = min(max(request.bytes_max, ROUND_SIZE_BYTES_MIN), BYTES_MAX)
        chosen = choose(db, office, stands, theirs, bytes_max=room)
        left = room - sum(map(len, chosen.frames))
        foreign, more_foreign = foreign_frames(db, request.wanted if left > 0 else (), bytes_max=left)
        receipt = signed_receipt(db)
        mark = receipt_prefix(receipt)
        return LanAnswer(
            protocol=request.protocol,
            challenge=self._challenge(colleague.key.id),
            problem=problem,
            held=told(mine, theirs),
            receipt_mark=mark,
            receipt=b"" if mark == request.receipt_mark else receipt,
            bundle=services.trust.trust(db).bundle.version,
            bundles=bundles_after(db, request.bundle, limit=BUNDLES_A_ROUND),
            seals=seals_about(store, stands, colleague.key.id),
            beacons=beacons_to_pass(db, services, office, to=colleague.key.id),
            bytes_max=BYTES_MAX,
            runs=chosen.frames,
            more=chosen.more or more_foreign or (bool(request.wanted) and left <= 0),
            status=status_for(db, services, request.status_mark, room=left - sum(map(len, foreign))),
            wanted=lacking(db, office),
            foreign=foreign,
            tree=own_mark(services),
            unproven=asked_places(db, services, office),
            steps=steps_for(db, services, request.tree),
            places=places_for(db, request.unproven),
            status_mark=mark_to_say(db, services),
        )

    def _nothing(self, db: Database, device: str, *, protocol: int, problem: str) -> LanAnswer:
        """The next challenge, and nothing of what is here."""
        return LanAnswer(
            protocol=protocol,
            challenge=self._challenge(device),
            problem=problem,
            held=[],
            receipt_mark=b"",
            receipt=b"",
            bundle=0,
            bundles=[],
            seals=[],
            beacons=[],
            bytes_max=BYTES_MAX,
            runs=[],
            more=False,
        )

    def _challenge(self, device: str) -> bytes:
        return make_challenge(self.secret, device, now_s=self.services.clock() // 1000)
