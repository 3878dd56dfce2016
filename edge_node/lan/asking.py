"""Meet a colleague: rounds until neither side has anything that the other may have and lacks.

Nothing of a meeting is kept that matters: each answer is stored before the next request, and an idle meeting is one
request. What the other PC is called on the network is no proof of who it is; its key is.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from msgspec.structs import replace as replace_in_message
from sqlite_utils import Database

from edge_node import reasons as node_reasons
from edge_node.casework.numbering import number_waiting
from edge_node.journal.service import require_office, seal_tail
from edge_node.lan.beacons import beacons_to_pass
from edge_node.lan.colleagues import Colleague, find_colleague, own_voucher
from edge_node.lan.exchange import (
    choose,
    compare,
    is_another_branch,
    positions,
    seals_about,
    shared_frontier,
    take,
)
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull
from edge_node.store.local import Office
from edge_node.sync.bundles import bundles_after
from edge_node.sync.foreign import foreign_frames, lacking
from edge_node.sync.receipt import signed_receipt
from edge_node.sync.transport import LineFault
from edge_node.sync.versions import common_after
from edge_node.witness.sharing import asked_places, places_for, steps_for
from edge_node.witness.status import mark_to_say, status_for
from edge_node.witness.steps import own_mark
from signing.keys import BoxKey
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault
from sync_protocol.frontier import Frontier, Relation
from sync_protocol.lan import (
    BUNDLES_A_ROUND,
    LanAnswer,
    LanRequest,
    PlacesTold,
    TreeStep,
    decode_hello,
    open_answer,
    seal_request,
)
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX
from sync_protocol.rounds import Chosen
from sync_protocol.wire import entries_of, frontier_of, receipt_prefix

_LOG: Final = logging.getLogger(__name__)
BYTES_MAX: Final = ROUND_SIZE_BYTES_MAX // 2
ROUNDS_MAX: Final = 10_000
STALE_MAX: Final = 3


class OfficeLine(Protocol):
    """What a meeting needs of the way to another PC."""

    def hello(self) -> bytes:
        """Who answers there; raises LineFault."""

    def post(self, sealed: bytes) -> bytes:
        """One round; raises LineFault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of an address; all of it may be forgotten."""

    device: str | None = None
    challenge: bytes = b""
    protocol: int | None = None
    """The version in which it answered in this meeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a meeting did. `problem` is None when nothing was left to do; `colleague` is who may have files after it.

    `handed`, `fetched`: loads given to it, and answers had from it; `is_neighbour`: it is a PC of another commune.
    """

    known: Known
    rounds: int = 0
    sent: int = 0
    received: int = 0
    problem: Reason | None = None
    detail: str = ""
    colleague: Colleague | None = None
    files: int = 0
    handed: int = 0
    fetched: int = 0
    is_neighbour: bool = False


def meet(db: Database, services: Services, line: OfficeLine, known: Known = Known()) -> Met:
    """Exchange rounds with the PC at the other end. Never raises for a bad network or a stranger."""
    meeting = _Meeting(db, services, line, known)
    try:
        met = meeting.run()
    except LineFault as fault:
        met = meeting.ended(fault.reason, fault.detail)
    except RemoteFault as fault:
        met = meeting.ended(fault.reason, fault.detail)
    except ProtocolError as error:
        _LOG.error("the log here does not hold together: %s", error)
        met = meeting.ended(reasons.LOG_CHAIN, str(error))
    except StorageFull as error:
        services.space.release()
        met = meeting.ended(node_reasons.DISK_FULL, str(error))
    if met.received:
        number_waiting(db, services)
    return met


class _Meeting:
    """One meeting: who is there, and where the other stands as far as it has said."""

    def __init__(self, db: Database, services: Services, line: OfficeLine, known: Known) -> None:
        self._db, self._services, self._line = db, services, line
        self._store = SqliteLogStore(db)
        self._met = Met(known=known)
        self._theirs: Frontier | None = None
        self._lacks_receipt = self._shows_voucher = self._showed_seals = False
        self._their_bundle: int | None = None
        self._sent: list[bytes] = []
        self._they_want: list[bytes] = []
        self._wanted: list[bytes] = []
        self._shared = _Shared()
        self._has_shared = False
        self._stale = 0
        self._protocol = services.versions.highest

    def run(self) -> Met:
        colleague = self._who()
        while self._met.rounds < ROUNDS_MAX:
            if self._round(colleague):
                break
        return replace(self._met, colleague=None if self._is_told_nothing(colleague) else colleague)

    def ended(self, reason: Reason, detail: str) -> Met:
        """The meeting as it ended; who does not answer for the key that was expected is asked anew next time."""
        if reason in (reasons.ROUND_SIGNATURE, reasons.ROUND_DEVICE):
            self._met = replace(self._met, known=Known())
        return replace(self._met, problem=reason, detail=detail)

    def _who(self) -> Colleague:
        office, known = require_office(self._db), self._met.known
        if known.device is not None:
            try:
                return find_colleague(self._db, self._services, office, known.device)
            except RemoteFault:
                pass
        hello = decode_hello(self._line.hello())
        self._protocol = self._services.versions.to_ask_in(hello.versions)
        colleague = find_colleague(self._db, self._services, office, hello.device.hex(), hello.voucher)
        self._met = replace(self._met, known=Known(device=colleague.key.id))
        return colleague

    def _round(self, colleague: Colleague) -> bool:
        """One round; whether it was the last."""
        office = require_office(self._db)
        seal_tail(self._db, self._services, office)
        mine = shared_frontier(self._db, office)
        chosen = self._choose(office, mine, colleague)
        answer = self._exchange(office, mine, chosen, colleague)
        self._met = replace(
            self._met,
            rounds=self._met.rounds + 1,
            known=Known(device=colleague.key.id, challenge=answer.challenge, protocol=answer.protocol),
        )
        if answer.problem == reasons.ROUND_CHALLENGE.code:
            self._stale += 1
            if self._stale > STALE_MAX:
                raise RemoteFault(reasons.ROUND_CHALLENGE)
            return False
        self._stale = 0
        taken = take(self._db, self._services, answer)
        self._met = replace(
            self._met, sent=self._met.sent + chosen.records, received=self._met.received + taken.records
        )
        if answer.problem:
            self._note(reasons.BY_CODE.get(answer.problem, reasons.ROUND_FORMAT), "the other PC")
        if taken.problem:
            self._note(taken.problem.reason, taken.problem.detail)
        if chosen.frames and chosen.frames == self._sent:
            self._note(reasons.LOG_CHAIN, "the same runs were not taken twice")
            return True
        is_stuck = self._met.problem is not None and not taken.records and not chosen.frames
        self._sent = chosen.frames
        return self._is_done(answer, mine, chosen, colleague) or is_stuck

    def _is_told_nothing(self, colleague: Colleague) -> bool:
        if colleague.is_cut_off or self._theirs is None:
            return True
        mine = shared_frontier(self._db, require_office(self._db))
        return is_another_branch(self._store, compare(self._store, mine, self._theirs), colleague.key.id)

    def _note(self, reason: Reason, detail: str) -> None:
        """One run that was not taken keeps the others back no more than itself; the first reason is told."""
        if self._met.problem is None:
            self._met = replace(self._met, problem=reason, detail=detail)

    def _choose(self, office: Office, mine: Frontier, colleague: Colleague) -> Chosen:
        if self._theirs is None or colleague.is_cut_off:
            return Chosen(frames=[], records=0, more=False)
        stands = compare(self._store, mine, self._theirs)
        if is_another_branch(self._store, stands, colleague.key.id):
            return Chosen(frames=[], records=0, more=False)
        return choose(self._db, office, stands, self._theirs, bytes_max=BYTES_MAX)

    def _exchange(self, office: Office, mine: Frontier, chosen: Chosen, colleague: Colleague) -> LanAnswer:
        box = BoxKey.from_seed(self._services.random_bytes(32))
        request = self._request(office, mine, chosen, colleague, box)
        while True:
            sent = seal_request(request, self._services.keyring.device, colleague.box)
            try:
                sealed = self._line.post(sent.sealed)
                ours = self._services.versions
                return open_answer(sealed, box, sent=sent, device=colleague.key, versions=ours)
            except LineFault as fault:
                common = common_after(fault, self._services, asked_in=self._protocol)
                if common is not None:
                    self._protocol, request = common, replace_in_message(request, protocol=common)
                    continue
                voucher = own_voucher(self._db, office)
                if fault.reason is not reasons.ROUND_DEVICE or self._shows_voucher or not voucher:
                    raise
                self._shows_voucher = True
                request = self._request(office, mine, chosen, colleague, box)

    def _request(
        self, office: Office, mine: Frontier, chosen: Chosen, colleague: Colleague, box: BoxKey
    ) -> LanRequest:
        db, services, store = self._db, self._services, self._store
        receipt = signed_receipt(db)
        stands = compare(store, mine, self._theirs) if self._theirs is not None else []
        silent = colleague.is_cut_off
        shared, self._shared = _Shared() if silent else self._shared, _Shared()
        room = BYTES_MAX - sum(map(len, chosen.frames))
        foreign, _ = foreign_frames(db, () if silent or room <= 0 else self._they_want, bytes_max=room)
        self._wanted = lacking(db, office)
        return LanRequest(
            protocol=self._protocol,
            device=bytes.fromhex(office.device),
            to=bytes.fromhex(colleague.key.id),
            challenge=self._met.known.challenge,
            reply_box=box.public,
            held=entries_of(mine),
            receipt_mark=receipt_prefix(receipt),
            receipt=receipt if self._lacks_receipt and not silent else b"",
            bundle=services.trust.trust(db).bundle.version,
            bundles=[]
            if self._their_bundle is None
            else bundles_after(db, self._their_bundle, limit=BUNDLES_A_ROUND),
            seals=seals_about(store, stands, colleague.key.id),
            beacons=[] if silent else beacons_to_pass(db, services, office, to=colleague.key.id),
            bytes_max=BYTES_MAX,
            runs=chosen.frames,
            voucher=own_voucher(db, office) if self._shows_voucher else [],
            status_mark=mark_to_say(db, services),
            wanted=self._wanted,
            foreign=foreign,
            tree=own_mark(services),
            unproven=asked_places(db, services, office),
            steps=shared.steps,
            places=shared.places,
            status=shared.status,
        )

    def _is_done(self, answer: LanAnswer, mine: Frontier, chosen: Chosen, colleague: Colleague) -> bool:
        """Whether neither side has anything left; notes what the other still lacks."""
        if colleague.is_cut_off:
            return not answer.more
        self._theirs = positions(mine, frontier_of(answer.held))
        told_receipt, mark = self._lacks_receipt, receipt_prefix(signed_receipt(self._db))
        self._lacks_receipt = bool(mark) and answer.receipt_mark != mark and not told_receipt
        bundle_before, self._their_bundle = self._their_bundle, answer.bundle
        is_behind = bool(bundles_after(self._db, answer.bundle, limit=1))
        lacks_bundle = is_behind and (bundle_before is None or answer.bundle > bundle_before)
        has_foreign = self._has_foreign(answer) or self._has_log(answer)
        if answer.more or chosen.more or self._lacks_receipt or lacks_bundle or has_foreign:
            return False
        office = require_office(self._db)
        stands = compare(self._store, shared_frontier(self._db, office), self._theirs)
        left = [each for each in stands if each.relation is not Relation.AHEAD]
        if not self._showed_seals and seals_about(self._store, left, colleague.key.id):
            self._showed_seals = True
            return False
        if is_another_branch(self._store, stands, colleague.key.id):
            return True
        return not choose(self._db, office, stands, self._theirs, bytes_max=BYTES_MAX).frames

    def _has_foreign(self, answer: LanAnswer) -> bool:
        """Whether records of other communes are left to give, or the lists that came name others than were asked for."""
        before, self._they_want = self._they_want, answer.wanted
        can_give = answer.wanted != before and bool(foreign_frames(self._db, answer.wanted, bytes_max=1)[0])
        return can_give or lacking(self._db, require_office(self._db)) != self._wanted

    def _has_log(self, answer: LanAnswer) -> bool:
        """Whether there is something of the province's log, or of the status of keys, that the other lacks: told once a meeting."""
        if self._has_shared:
            return False
        db, services = self._db, self._services
        self._shared = _Shared(
            steps=steps_for(db, services, answer.tree),
            places=places_for(db, answer.unproven),
            status=status_for(db, services, answer.status_mark, room=BYTES_MAX),
        )
        self._has_shared = bool(self._shared.steps or self._shared.places or self._shared.status)
        return self._has_shared


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the other lacks of the province's log, for the next request."""

    steps: list[TreeStep] = field(default_factory=list)
    places: list[PlacesTold] = field(default_factory=list)
    status: bytes = b""
