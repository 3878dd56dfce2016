"""Drive rounds with the hub until neither side has anything left for the other.

Nothing of a sync is kept in memory that matters: each answer is stored before the next request is made, a killed process
leaves nothing to clean up, and a repeated round changes nothing. The first request already carries what the newest
receipt says is missing there, so an idle sync is one request.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from msgspec.structs import replace as replace_in_message
from sqlite_utils import Database

from edge_node import reasons as node_reasons
from edge_node.enrolment.epochs import keep_apart, open_log
from edge_node.enrolment.successor import follow
from edge_node.erasure.service import carry_out
from edge_node.journal.service import JournalReadOnly, require_office, seal_tail
from edge_node.journal.stamp import keep_offset
from edge_node.keyring.trust import hub_log_ids, office_log_ids
from edge_node.keyring.units import read_genealogy
from edge_node.lan.aside import Place, aside_for_hub
from edge_node.lan.beacons import beacons_for_hub, note_passed
from edge_node.lan.colleagues import own_voucher
from edge_node.projection.service import digest_total
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull, alerts, write_transaction
from edge_node.store.bases import has_bases
from edge_node.store.local import Office, read_local, write_local, write_office
from edge_node.sync.absorb import Absorbed, absorb
from edge_node.sync.beacon import last_problem, read_beacon
from edge_node.sync.bundles import take_bundles
from edge_node.sync.foreign import absorb_foreign, lacking
from edge_node.sync.pace import START, Pace
from edge_node.sync.receipt import keep_receipt, receipted, signed_receipt, void_receipt
from edge_node.sync.status import LAST_FULL
from edge_node.sync.transport import Line, LineFault
from edge_node.sync.versions import (
    hub_can,
    hubs_versions,
    keep_hubs_versions,
    told_by,
    version_for_hub,
    who_is_behind,
)
from edge_node.witness.service import cosign_again, take_answer, testimony
from edge_node.witness.status import mark_to_say, take_status
from signing.errors import LogInvalid
from signing.reasons import Reason
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault
from sync_protocol.frame import decode_run
from sync_protocol.frontier import Frontier, FrontierEntry, Relation, same_head
from sync_protocol.limits import (
    CLOCK_OFFSET_MS_MAX,
    ROUND_SIZE_BYTES_MAX,
    ROUND_SIZE_BYTES_MIN,
)
from sync_protocol.log import OpeningReason, branch_id
from sync_protocol.rounds import Chosen, Difference, choose_runs, differences
from sync_protocol.versions import Capability, versions_mark
from sync_protocol.wire import (
    CopyState,
    DigestState,
    ForkTold,
    RoundAnswer,
    RoundRequest,
    decode_answer,
    encode_request,
    entries_of,
    frontier_of,
    receipt_prefix,
    tree_mark,
)

_LOG: Final = logging.getLogger(__name__)
CHALLENGE: Final = "sync.challenge"
PACE: Final = "sync.pace"
NEXT_AFTER: Final = "sync.next_after_s"
HUB_MS: Final = "sync.hub_ms"
"""The hub's time in the newest answer taken here: an answer that comes later by stick and is older brings records only."""
ROUNDS_MAX: Final = 100_000
STALE_CHALLENGES_MAX: Final = 3
ATTEMPTS_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did. `problem` is None when nothing was left to do at its end."""

    rounds: int = 0
    sent: int = 0
    received: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    problem: Reason | None = None
    detail: str = ""
    retry_after_s: int = 0

    @property
    def is_done(self) -> bool:
        return self.problem is None


Progress = Callable[[SyncResult], None]


def sync(db: Database, services: Services, line: Line, *, progress: Progress | None = None) -> SyncResult:
    """Exchange rounds until both sides hold the same, or something stops it. Never raises for a bad line or hub."""
    began = services.clock()
    result = SyncResult()
    run = Rounds(db, services, line)
    try:
        while result.rounds < ROUNDS_MAX:
            result, is_done = run.round(result)
            if progress:
                progress(result)
            if is_done:
                break
    except LineFault as error:
        result = replace(result, problem=error.reason, detail=error.detail, retry_after_s=error.retry_after_s)
    except RemoteFault as error:
        result = replace(result, problem=error.reason, detail=error.detail)
    except ProtocolError as error:
        _LOG.error("the log here does not hold together: %s", error)
        result = replace(result, problem=reasons.LOG_CHAIN, detail=str(error))
    except (StorageFull, JournalReadOnly) as error:
        services.space.release()
        result = replace(result, problem=node_reasons.DISK_FULL, detail=str(error))
    with suppress(StorageFull):
        _note_attempt(db, result, began=began, ended=services.clock())
    return result


class Rounds:
    """The rounds of one sync, over a line or (without one) in a parcel: what the last answer said of the hub's position."""

    def __init__(self, db: Database, services: Services, line: Line | None = None) -> None:
        self._db, self._services, self._line = db, services, line
        self._store = SqliteLogStore(db)
        self._stated: dict[str, FrontierEntry] = {}
        self._unsettled: set[str] = set()
        self._stale = 0
        self._sent: list[bytes] = []
        self._asked_from = self._cosigned = b""
        self._wanted: list[bytes] = []
        self._frames: list[bytes] = []
        self._line_bytes = 0
        self._aside_sent: set[Place] = set()
        self._voucher: list[bytes] = []
        self._refused_in: set[int] = set()

    def round(self, before: SyncResult) -> tuple[SyncResult, bool]:
        office = require_office(self._db)
        seal_tail(self._db, self._services, office)
        mine = self._store.frontier()
        chosen = self._choose(mine, office, bytes_max=self._pace().budget)
        self._frames = chosen.frames
        beacons = beacons_for_hub(self._db, now=self._services.clock())
        aside, places = aside_for_hub(
            self._db, self._aside_sent, bytes_max=self._pace().budget - sum(map(len, chosen.frames))
        )
        request = self._request(office, mine, chosen)
        request = replace_in_message(request, runs=[*chosen.frames, *aside], beacons=beacons)
        began, sent_ms = self._services.monotonic(), request.sent_ms
        payload, packed = self._exchange(request, office)
        seconds = self._services.monotonic() - began
        answer = decode_answer(packed, self._services.versions)
        keep_hubs_versions(self._db, answer.versions)
        self._measure(answer, sent_ms=sent_ms, seconds=seconds)
        after = replace(
            before,
            rounds=before.rounds + 1,
            bytes_up=before.bytes_up + len(payload),
            bytes_down=before.bytes_down + len(packed),
        )
        if answer.problem == reasons.ROUND_CHALLENGE.code:
            return self._ask_again(answer, after)
        self._stale = 0
        self._aside_sent.update(places)
        if beacons:
            note_passed(self._db, beacons, now=self._services.clock())
        absorbed = self._take(answer, office, mine)
        self._line_bytes += len(payload) + len(packed)
        self._remember_pace(len(payload) + len(packed), seconds)
        after = replace(after, sent=after.sent + chosen.records, received=after.received + absorbed.records)
        if answer.problem:
            reason = reasons.BY_CODE.get(answer.problem, reasons.ROUND_FORMAT)
            return replace(after, problem=reason, detail=answer.problem), True
        if absorbed.problems:
            problem = absorbed.problems[0]
            return replace(after, problem=problem.reason, detail=problem.detail), True
        if self._services.space.is_held or (
            answer.runs and not self._services.space.is_writable and not chosen.more
        ):
            # What is recorded here has gone out; what others recorded waits until there is room again.
            return replace(after, problem=node_reasons.DISK_FULL), True
        if chosen.frames and chosen.frames == self._sent:
            return replace(
                after, problem=reasons.LOG_CHAIN, detail="the same runs were not taken twice"
            ), True
        self._sent = chosen.frames
        return after, self._is_done(answer, chosen, absorbed) and not places

    def missing_there(self, mine: Frontier, office: Office) -> list[Difference]:
        """The logs in which the hub stands otherwise than `mine`, as far as is known here.

        Never those that it writes itself: what is held of them beyond its answer came meanwhile, by another sync or a colleague.
        """
        theirs = self._theirs(mine, office)
        logs = dict.fromkeys((*office_log_ids(self._db), *self._stated))
        hubs = hub_log_ids(self._db, office.hub_epoch)
        return differences(self._store, mine, theirs, [log for log in logs if log not in hubs])

    def requests(self, mine: Frontier, office: Office) -> Iterator[tuple[bytes, int]]:
        """The requests that would be posted until the hub holds `mine`, for a parcel: each with its number of records."""
        beacons = beacons_for_hub(self._db, now=self._services.clock())
        while True:
            chosen = self._choose(mine, office, bytes_max=ROUND_SIZE_BYTES_MAX // 2)
            request = self._request(office, mine, chosen)
            request = replace_in_message(request, challenge=b"", beacons=beacons)
            beacons = []
            yield encode_request(request, self._services.keyring.device), chosen.records
            if not chosen.more:
                return
            for frame in chosen.frames:
                run = decode_run(frame)
                entry = FrontierEntry(log=run.log, length=run.stop, head=run.records[-1].link)
                self._stated[run.log] = entry

    def take_carried(self, answer: RoundAnswer) -> Absorbed:
        """Store everything of an answer that came in a parcel, perhaps late or for the second time."""
        office = require_office(self._db)
        if answer.now_ms < newest_hub_ms(self._db) and answer.hub_epoch.hex() != office.hub_epoch:
            # From a life of the hub before the one we know: its records are signed and stay good, its word has passed.
            absorbed = absorb(self._db, self._services, office, answer.runs)
            self._take_foreign(answer, office, absorbed)
            self._note_refused(absorbed)
            return absorbed
        if answer.now_ms >= newest_hub_ms(self._db):
            keep_hubs_versions(self._db, answer.versions)
        return self._take(answer, office, self._store.frontier(), is_late=True)

    def _choose(self, mine: Frontier, office: Office, *, bytes_max: int) -> Chosen:
        return choose_runs(self._store, self.missing_there(mine, office), bytes_max=bytes_max)

    def _theirs(self, mine: Frontier, office: Office) -> Frontier:
        """Where the hub stands: as it said in this sync, else as its receipt says, else where we stand.

        Of a PC of this office nothing but the receipt counts: its records may have come over the office's own network.
        """
        by_receipt = receipted(self._db)
        offices = set(office_log_ids(self._db))
        found = {}
        for log, entry in mine.items():
            by_hub = by_receipt.get(log)
            if by_hub is not None and self._speaks_of_another(log, entry, by_hub, office):
                by_hub = None  # it speaks of what another copy of this disk wrote
            stands = self._stated.get(log) or by_hub or (None if log in offices else entry)
            if stands is not None and stands.length:
                found[log] = stands
        return Frontier(found.values())

    def _request(self, office: Office, mine: Frontier, chosen: Chosen) -> RoundRequest:
        now = self._services.clock()
        said = testimony(self._db, self._services, office)
        self._asked_from, self._cosigned = said.tree, said.cosignature
        return RoundRequest(
            protocol=version_for_hub(self._db, self._services, is_answered=self._line is not None),
            device=bytes.fromhex(office.device),
            challenge=bytes.fromhex(read_local(self._db, CHALLENGE) or ""),
            hub_epoch=bytes.fromhex(office.hub_epoch),
            sent_ms=now,
            frontier=entries_of(mine),
            # What is known by a snapshot only cannot be compared: the sum lacks every closed dossier.
            digest=b"" if has_bases(self._db) else digest_total(self._db),
            receipt=receipt_prefix(signed_receipt(self._db)),
            beacon=read_beacon(self._db, self._services, office, now=now, problem=self._problem()),
            bytes_max=self._answer_bytes_max(chosen),
            runs=chosen.frames,
            bundle=self._services.trust.trust(self._db).bundle.version,
            writing=bytes.fromhex(office.log),
            tree=said.tree,
            cosignature=said.cosignature,
            unproven=said.unproven,
            evidence=said.evidence,
            unwitnessed=said.unwitnessed,
            wanted=lacking(self._db, office),
            voucher=self._voucher,
            status=mark_to_say(self._db, self._services),
            versions=versions_mark(hubs_versions(self._db)),
        )

    def _problem(self) -> str:
        """In a parcel what stopped the last sync; a round that arrives was not stopped."""
        return last_problem(self._db) if self._line is None else ""

    def _exchange(self, request: RoundRequest, office: Office) -> tuple[bytes, bytes]:
        """What was posted, and the answer."""
        while True:
            payload = encode_request(request, self._services.keyring.device)
            try:
                return payload, self._post(payload)
            except LineFault as fault:
                request = self._asked_otherwise(fault, request, office)

    def _asked_otherwise(self, fault: LineFault, request: RoundRequest, office: Office) -> RoundRequest:
        """The request as a hub can take it that refused it so; raises the fault where there is no such way.

        One that speaks other versions is asked in the highest common one; one that was put back from before this PC was enrolled is
        shown its voucher.
        """
        told, ours = told_by(fault, request.protocol), self._services.versions
        if told is not None:
            keep_hubs_versions(self._db, told)
            self._refused_in.add(request.protocol)
            common = ours.common(told)
            if common is None:
                raise LineFault(who_is_behind(ours, told), fault.detail) from fault
            if common in self._refused_in:
                raise fault
            return replace_in_message(request, protocol=common)
        self._voucher = own_voucher(self._db, office)
        can_vouch = hub_can(self._db, Capability.VOUCHER)
        if fault.reason is not reasons.ROUND_DEVICE or request.voucher or not self._voucher or not can_vouch:
            raise fault
        return replace_in_message(request, voucher=self._voucher)

    def _post(self, payload: bytes) -> bytes:
        if self._line is None:
            raise LineFault(reasons.LINE_DOWN, "a parcel has no line")
        if self._pace().is_shaky:
            self._line.hang_up()
            self._line_bytes = 0
        try:
            return self._line.post_round(payload)
        except LineFault as error:
            if error.was_cut or error.reason is reasons.ROUND_SIZE:
                self._keep_pace(self._pace().after_cut(carried_bytes=self._line_bytes))
            raise

    def _ask_again(self, answer: RoundAnswer, result: SyncResult) -> tuple[SyncResult, bool]:
        """The challenge was stale; the answer brought the next one."""
        write_local(self._db, CHALLENGE, answer.challenge.hex())
        self._stale += 1
        if self._stale <= STALE_CHALLENGES_MAX:
            return result, False
        return replace(result, problem=reasons.ROUND_CHALLENGE), True

    def _take(
        self, answer: RoundAnswer, office: Office, mine: Frontier, *, is_late: bool = False
    ) -> Absorbed:
        """Store everything of an answer; the receipt last, because it is what the status is computed from."""
        life = office.hub_epoch
        office = self._note_hub(answer)
        with suppress(JournalReadOnly):  # the space is held then, and says so at the end of the round
            office = self._heal(office, answer, frontier_of(answer.held))
        if not is_late:
            self._note_copy(answer.copy)
        is_writable = self._services.space.is_writable
        if is_writable:
            take_bundles(self._db, self._services, answer.bundles)
        absorbed = absorb(self._db, self._services, office, answer.runs if is_writable else [])
        if is_writable:
            self._take_foreign(answer, office, absorbed)
            carry_out(self._db, self._services)
        self._note_refused(absorbed)
        if answer.receipt and all(fork.branch for fork in answer.forks):
            # While a fork is open, the receipt held says up to where this PC and the province have the same records.
            hub = self._services.trust.trust(self._db).bundle.hub.key
            units = read_genealogy(self._db).scope(office.unit)
            keep_receipt(self._db, answer.receipt, hub=hub, units=units)
        take_answer(
            self._db,
            self._services,
            office,
            answer,
            asked_from=self._asked_from,
            cosigned=self._cosigned,
            is_late=is_late,
        )
        if life and office.hub_epoch != life:
            cosign_again(self._db, self._services, office)
        self._stated = self._positions(answer, office, mine)
        if answer.now_ms >= newest_hub_ms(self._db):
            self._compare(answer)
            write_local(self._db, HUB_MS, str(answer.now_ms))
        if is_writable:
            take_status(
                self._db, self._services, answer.status, answer.status_proof, told_of=self._shown_by(answer)
            )
            with suppress(JournalReadOnly):  # as above: it follows when there is room
                follow(self._db, self._services)
        return absorbed

    def _shown_by(self, answer: RoundAnswer) -> bytes:
        """The mark of the checkpoint to which an answer's proofs lead: the one that it brought, or the one that was asked from."""
        if not answer.checkpoint:
            return self._asked_from
        try:
            head = Checkpoint.parse(Note.parse(answer.checkpoint).text)
        except LogInvalid:
            return b""
        return tree_mark(head.size, head.root)

    def _take_foreign(self, answer: RoundAnswer, office: Office, absorbed: Absorbed) -> None:
        """Records of other communes that the province lists for this one."""
        if answer.foreign:
            kept, problems = absorb_foreign(self._db, self._services, office, answer.foreign)
            absorbed.records += kept
            absorbed.problems += problems

    def _note_refused(self, absorbed: Absorbed) -> None:
        if absorbed.problems:
            detail = "; ".join(str(problem) for problem in absorbed.problems[:3])
            alerts.raise_alert(self._db, alerts.RUN_REFUSED, now=self._services.clock(), detail=detail)
        elif absorbed.records:
            alerts.clear_alert(self._db, alerts.RUN_REFUSED)

    def _positions(self, answer: RoundAnswer, office: Office, mine: Frontier) -> dict[str, FrontierEntry]:
        """Where the hub stands: as the answer says; where it is silent, as the request said.

        It is silent, too, about a log that it does not hold at all; a log of this office counts as held there only by
        its receipt.
        """
        differing, receipt = frontier_of(answer.held), receipted(self._db)
        offices = set(office_log_ids(self._db))
        same = {log: entry for log, entry in mine.items() if log not in offices or log in receipt}
        stands = {**same, **dict(differing.items())}
        for log in self._forked(answer, differing):
            agreed = self._agreed(log, receipt.get(log))
            stands.pop(log, None)
            self._unsettled.add(log)
            if agreed is not None:
                stands[log] = agreed
        return stands

    def _agreed(self, log: str, receipt: FrontierEntry | None) -> FrontierEntry | None:
        """Up to where this PC and the province have the same records of a forked log, as far as is known here."""
        runs = [run for run in map(decode_run, self._frames) if run.log == log]
        if runs:  # taken without a word of the fork, so they are the same there
            return FrontierEntry(log=log, length=runs[-1].stop, head=runs[-1].records[-1].link)
        if receipt is not None and self._store.link_at(log, receipt.length) == receipt.head:
            return receipt
        return None

    def _forked(self, answer: RoundAnswer, held: Frontier) -> set[str]:
        """Logs of which the province holds other records, and has not seen from where on ours differ."""
        told = {fork.log.hex() for fork in answer.forks if not fork.branch}
        mine = self._store.frontier(held)
        seen = {log for log, entry in mine.items() if self._is_other(log, entry, held[log])}
        return told | seen

    def _speaks_of_another(
        self, log: str, mine: FrontierEntry, receipt: FrontierEntry, office: Office
    ) -> bool:
        """Whether a receipt tells how far another copy of this disk came, and nothing of what is held here.

        One that says more than is here may have come from a colleague. The province tells by a line that the records differ; in a
        parcel nobody can ask it, so that the own log goes from its beginning.
        """
        if receipt.length > mine.length:
            is_own = self._store.device_of(log) == office.device
            return log in self._unsettled or (self._line is None and is_own)
        return self._is_other(log, mine, receipt)

    def _is_other(self, log: str, mine: FrontierEntry, theirs: FrontierEntry) -> bool:
        if not mine.base < theirs.length <= mine.length:
            return False
        link = mine.head if theirs.length == mine.length else self._store.link_at(log, theirs.length)
        return link is not None and not same_head(link, theirs.head)

    def _note_hub(self, answer: RoundAnswer) -> Office:
        """Remember the hub's life; the office as it is by now: while the answer was awaited, the schedule may have opened a log."""
        with write_transaction(self._db):
            office = require_office(self._db)
            if answer.challenge:  # by a line, so it is the hub's word of this moment
                write_local(self._db, CHALLENGE, answer.challenge.hex())
                write_local(self._db, NEXT_AFTER, str(answer.next_sync_after_s))
                write_local(self._db, HUB_MS, str(answer.now_ms))
            epoch = answer.hub_epoch.hex()
            if epoch == office.hub_epoch:
                return office
            # Another life of the hub: what it once acknowledged counts only when it says so again.
            void_receipt(self._db)
            office = replace(office, hub_epoch=epoch)
            write_office(self._db, office)
            return office

    def _compare(self, answer: RoundAnswer) -> None:
        if answer.digest_state == DigestState.DIFFERENT:
            detail = f"hub {answer.digest.hex()[:16]}, node {digest_total(self._db).hex()[:16]}"
            alerts.raise_alert(self._db, alerts.DIGEST, now=self._services.clock(), detail=detail)
            _LOG.error("derived state differs from the province's: %s", detail)
        elif answer.digest_state == DigestState.EQUAL:
            alerts.clear_alert(self._db, alerts.DIGEST)

    def _heal(self, office: Office, answer: RoundAnswer, held: Frontier) -> Office:
        """The hub knows more of our own log, or another continuation of it: this database was put back, or copied.

        Another continuation: what differs here is delivered first, so that the hub can tell from where on; then it is kept
        as a branch, and a new epoch opens in the same transaction. More of the same: a new epoch opens at once, before
        anybody writes where the hub already holds a record; the missing tail then comes down like any other log.
        """
        apart = list(self._apart(answer.forks))
        if office.log in dict(apart):
            detail = f"log {office.log}: the province holds another branch"
            alerts.raise_alert(self._db, alerts.FORK, now=self._services.clock(), detail=detail)
            _LOG.warning("%s; ours is kept as a branch", detail)
            return open_log(
                self._db, self._services, reason=OpeningReason.CLONE, apart=apart, instead_of=office.log
            )
        keep_apart(self._db, apart)
        # Of a colleague's disk that was copied this PC's officers need not be told as if it were theirs.
        own = [log for log, _ in apart if self._store.device_of(log) == office.device]
        if own:
            detail = f"logs {', '.join(own)}: the province holds another branch"
            alerts.raise_alert(self._db, alerts.FORK, now=self._services.clock(), detail=detail)
        if office.log in self._forked(answer, held):
            return office
        mine = self._store.frontier([office.log])
        stands = differences(self._store, mine, held, [office.log]) if office.log in held else []
        if Relation.BEHIND in {difference.relation for difference in stands}:
            _LOG.warning("the province holds more of log %s: this database was put back", office.log)
            return open_log(self._db, self._services, reason=OpeningReason.RESTORE, instead_of=office.log)
        return office

    def _apart(self, forks: list[ForkTold]) -> Iterator[tuple[str, int]]:
        """The forks that the records here are on the other side of; whoever has branched off already has none."""
        trail: dict[str, str] = {}
        for fork in forks:
            log, branch = fork.log.hex(), fork.branch.hex()
            kept_in = trail.get(
                log, log
            )  # not renamed yet: a branch of a branch still stands in the log itself
            link = self._store.link_at(kept_in, fork.first + 1) if branch else None
            if link is None or branch_id(self._store.origin_of(kept_in), link) != branch:
                continue
            trail[branch] = kept_in
            yield log, fork.first

    def _note_copy(self, state: int) -> None:
        """What the province makes of this database: a suspected copy is told so until a person has decided."""
        code = {
            CopyState.WAITING: alerts.COPY_WAITING,
            CopyState.CONFIRMED: alerts.COPY_CONFIRMED,
            CopyState.REFUSED: alerts.COPY_REFUSED,
        }.get(state)
        for other in (alerts.COPY_WAITING, alerts.COPY_CONFIRMED, alerts.COPY_REFUSED):
            if other != code:
                alerts.clear_alert(self._db, other)
        if code is not None:
            alerts.raise_alert(self._db, code, now=self._services.clock(), detail="")

    def _measure(self, answer: RoundAnswer, *, sent_ms: int, seconds: float) -> None:
        half_ms = int(seconds * 500)
        offset_ms = answer.now_ms - (sent_ms + half_ms)
        if abs(offset_ms) > CLOCK_OFFSET_MS_MAX:
            return
        keep_offset(self._db, offset_ms=offset_ms, measured_ms=self._services.clock())

    def _pace(self) -> Pace:
        return Pace.parse(read_local(self._db, PACE))

    def _keep_pace(self, pace: Pace) -> None:
        if pace != self._pace():
            write_local(self._db, PACE, pace.text())

    def _remember_pace(self, moved_bytes: int, seconds: float) -> None:
        pace = self._pace().after_success(
            moved_bytes=moved_bytes, seconds=seconds, carried_bytes=self._line_bytes
        )
        self._keep_pace(pace)

    def _answer_bytes_max(self, chosen: Chosen) -> int:
        """What is left of the budget; on a line that was cut, request and answer must pass together."""
        pace = self._pace()
        if not pace.is_shaky:
            return max(pace.budget, START)
        return max(ROUND_SIZE_BYTES_MIN, pace.budget - sum(map(len, chosen.frames)))

    def _is_done(self, answer: RoundAnswer, chosen: Chosen, absorbed: Absorbed) -> bool:
        if answer.more or chosen.more or absorbed.records:
            return False
        office = require_office(self._db)
        mine = self._store.frontier()
        # The hub's own logs are among them: what one that was put back has lost of these, it reads back from here.
        if any(each.relation is Relation.AHEAD for each in self.missing_there(mine, office)):
            return False
        wanted = lacking(self._db, office)
        if (
            wanted and wanted != self._wanted
        ):  # a hub that was put back may not have them yet: ask once a sync
            self._wanted = wanted
            return False
        write_local(self._db, LAST_FULL, str(self._services.clock()))
        return True


def newest_hub_ms(db: Database) -> int:
    """The hub's time in the newest answer taken here, 0 for none."""
    return int(read_local(db, HUB_MS) or 0)


def _note_attempt(db: Database, result: SyncResult, *, began: int, ended: int) -> None:
    outcome = result.problem.code if result.problem else "done"
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO sync_attempt (began, ended, outcome, rounds, sent, received, bytes_up, bytes_down, detail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                began,
                ended,
                outcome,
                result.rounds,
                result.sent,
                result.received,
                result.bytes_up,
                result.bytes_down,
                result.detail[:500],
            ),
        )
        db.conn.execute(
            "DELETE FROM sync_attempt WHERE number <= (SELECT max(number) FROM sync_attempt) - ?",
            (ATTEMPTS_KEPT,),
        )
