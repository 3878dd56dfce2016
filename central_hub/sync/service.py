"""One round: verify who asks, store what came, answer with what the node lacks. Idempotent; nothing is remembered
between rounds but what the round brought.

Order of effects: the runs are durable first (`ingest.acknowledge`), then the answer is composed from what is stored,
so an answer never claims what a crash could take back. A node gets the province's log, its commune's log of the hub, and
what is judged of the other PCs' logs of its commune.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from central_hub.copies.suspicion import Copied, gets_nothing, look_at_round, suspected_logs
from central_hub.ingest.service import acknowledge
from central_hub.projection.projector import scope_digest
from central_hub.projection.refolding import is_due
from central_hub.registry.leases import grant_lease, has_used_its_numbers
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HeldLog, HubLogStore
from central_hub.store.tables import RECEIPT, REHOMING, STANDING
from central_hub.sync.carried import short_of_numbers, take_carried
from central_hub.sync.fleet import count_unjudged, note_contact, note_heard, seat_of
from central_hub.sync.foreign import NOTHING, foreign_part, has_pending
from central_hub.sync.slots import wait_for_slot_s, wait_to_be_judged_s
from central_hub.sync.status_part import status_part
from central_hub.sync.vouched import statement_by_voucher
from central_hub.sync.workplaces import Workplace, may_hold, workplace_of
from central_hub.tlog.answers import tree_part
from central_hub.tlog.places import newest_spans
from dossiers.state_hash import FOLD_VERSION
from signing.bundles import open_unpinned_bundle
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement
from sync_protocol import limits, reasons
from sync_protocol.admission import Outcome
from sync_protocol.challenge import challenge_holds, make_challenge
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import Frontier, FrontierEntry, Relation, length_of, same_head
from sync_protocol.parcel import Stretch
from sync_protocol.receipts import (
    PLACES_OF_A_LOG_MAX,
    LeafSpan,
    Receipt,
    ReceiptEntry,
    open_receipt,
    same_standing,
    sign_receipt,
)
from sync_protocol.rounds import Chosen, MayHold, choose_history, choose_runs, differences
from sync_protocol.versions import versions_to_tell
from sync_protocol.wire import (
    DigestState,
    Entry,
    RoundAnswer,
    RoundRequest,
    encode_answer,
    entries_of,
    frontier_of,
    open_request,
    receipt_prefix,
)

BUNDLES_A_ROUND = 4
_LOW_WATER_SHARE = 5
_PENDING = (
    select(STANDING.c.seq)
    .where(
        STANDING.c.commune.in_(bindparam("units", expanding=True)),
        STANDING.c.outcome == Outcome.PENDING.value,
        STANDING.c.code != reasons.RECORD_VERSION.code,  # it takes part on both sides, without effect
    )
    .limit(1)
)
_ANY_REHOMING = select(REHOMING.c.id).limit(1)
_KEPT_RECEIPT = select(RECEIPT.c.signed).where(RECEIPT.c.commune == bindparam("of"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The logs that concern a node, in the order in which they are sent."""

    province: tuple[HeldLog, ...]
    commune: tuple[HeldLog, ...]
    devices: tuple[HeldLog, ...]

    @property
    def all(self) -> tuple[HeldLog, ...]:
        return (*self.province, *self.commune, *self.devices)


@dataclass(frozen=True, slots=True)
class Asker:
    """The PC that asks. One whose key was cut off may deliver, and learns of that; it gets nobody's records any more.

    `is_suspected`: perhaps a copy of another PC's disk, which reads nothing at all until somebody has confirmed it.
    """

    device: str
    unit: str
    """Of its key; where it works now is its workplace."""
    is_cut_off: bool
    box: str | None = None
    is_suspected: bool = False
    is_vouched: bool = False
    """Known by its voucher alone so far."""
    writing: str = ""
    """The log that it says it writes."""

    @property
    def only_delivers(self) -> bool:
        return self.is_cut_off or self.is_vouched

    def sees(self, scope: Scope) -> tuple[HeldLog, ...]:
        if self.is_suspected:
            return ()
        return scope.province if self.only_delivers else scope.all


def answer_round(services: Services, data: bytes, *, address: str = "") -> bytes:
    """The answer to a request; raises RemoteFault where the request as a whole is refused."""
    signed = open_request(data, services.versions)
    vouched = statement_by_voucher(services, signed, address=address)
    asker, key, epoch = asker_of(services, signed.device, vouched=vouched)
    request = signed.verify(key)
    now_ms = services.clock()
    if not challenge_holds(
        request.challenge, challenge_secret(services), signed.device, now_s=now_ms // 1000
    ):
        return encode_answer(_refusal(services, request, epoch, now_ms))
    theirs, asker = frontier_of(request.frontier), replace(asker, writing=request.writing.hex())
    acknowledged = acknowledge(services, signed.device, request.runs, vouched=vouched)
    if request.beacons and not asker.only_delivers:
        with reading(services.engine) as connection:
            unit = place_of(connection, services, asker).unit
        take_carried(services, request.beacons, unit=unit, bringer=asker.device, now_ms=now_ms)
    problem = next((r.reason.code for r in acknowledged.refusals if r.reason is not reasons.LOG_CHAIN), "")
    copied = look_at_round(services, asker.device, request, theirs, acknowledged.forks)
    answer = compose_answer(services, asker, epoch, request, theirs, problem, now_ms, copied=copied)
    answer = with_tree(services, key, asker, request, answer)
    encoded = encode_answer(answer)
    with writing(services.engine, is_lazy=True) as connection:
        note_contact(
            connection,
            signed.device,
            request.beacon,
            now_ms=now_ms,
            bytes_in=len(data),
            bytes_out=len(encoded),
            is_complete=not (answer.held or answer.runs or answer.more),
            digest_state=answer.digest_state,
        )
        note_heard(connection, signed.device, theirs, province=services.province)
    return encoded


def with_tree(
    services: Services, key: PublicKey, asker: Asker, request: RoundRequest, answer: RoundAnswer
) -> RoundAnswer:
    """The answer with what it says of the province's log and of its status; what the request says of the log is taken."""
    part = tree_part(services, key, request)
    answer = msgspec.structs.replace(
        answer,
        checkpoint=part.checkpoint,
        consistency=list(part.consistency),
        inclusions=list(part.inclusions),
        witnessed=part.witnessed,
        witnessed_inclusions=list(part.witnessed_inclusions),
    )

    def place(connection: Connection) -> Workplace:
        return place_of(connection, services, asker)

    status = status_part(services, place, request, answer)
    return msgspec.structs.replace(answer, status=status.data, status_proof=list(status.proof))


def asker_of(
    services: Services, device: str, *, vouched: KeyStatement | None = None
) -> tuple[Asker, PublicKey, str]:
    """Who the device is, the key it signs with, and this hub's epoch; raises RemoteFault where it is no PC of ours."""
    with reading(services.engine) as connection:
        known = services.trust.current(connection).statement(device)
        statement = known or vouched
        epoch = hub_epoch(connection)
        is_cut_off = not services.status.current(connection).is_silent(device)
    if statement is None or Role.DEVICE not in statement.roles:
        raise RemoteFault(reasons.ROUND_DEVICE, device)
    asker = Asker(device, statement.unit, is_cut_off, statement.box, is_vouched=known is None)
    return asker, statement.key, epoch


def owed(services: Services, asker: Asker, theirs: Frontier) -> list[Stretch]:
    """What this hub may send to a PC that stands at `theirs`: per log, up to what is judged."""
    with reading(services.engine) as connection:
        store = HubLogStore(connection, services.opened)
        found = []
        place = place_of(connection, services, asker)
        for log in asker.sees(scope_of(connection, services, place.scope)):
            first = max(log.base, length_of(theirs, log.id))
            head = store.link_at(log.id, log.judged) if log.judged > first else None
            if head is not None:
                seal = store.seal(log.id, at_most=log.judged)
                signature = seal.signature.hex() if seal and seal.length == log.judged else ""
                found.append(Stretch(log=log.id, first=first, length=log.judged, head=head, seal=signature))
            base = theirs[log.id].base if log.id in theirs else 0
            link = store.link_at(log.id, base) if base else None
            if link is not None:
                found.append(Stretch(log=log.id, first=0, length=base, head=link))
    return found


def compose_answer(
    services: Services,
    asker: Asker,
    epoch: str,
    request: RoundRequest,
    theirs: Frontier,
    problem: str,
    now_ms: int,
    *,
    copied: Copied | None = None,
) -> RoundAnswer:
    """What a node that stands at `theirs` lacks, within one message; a suspected copy hears what arrived of it."""
    device = asker.device
    copied = copied or look_at_round(services, device, request, theirs, ())
    asker = replace(asker, is_suspected=gets_nothing(copied.state), writing=request.writing.hex())
    with reading(services.engine) as connection:
        place = place_of(connection, services, asker)
        scope = scope_of(connection, services, place.scope)
    if not asker.only_delivers and not asker.is_suspected:
        if _runs_low(request, scope, theirs, services):
            _refill(services, device, place.unit, scope, now_ms, writing_log=request.writing.hex())
        _refill_others(services, place.unit, scope, now_ms)
    with reading(services.engine) as connection:
        store = HubLogStore(connection, services.opened)
        scope = scope_of(connection, services, place.scope)
        receipt = _receipt(connection, services, place.unit, epoch, scope, now_ms)
        mine = Frontier(_entry(log) for log in scope.all)
        stop = {log.id: log.judged for log in scope.all}
        bytes_max = min(max(request.bytes_max, limits.ROUND_SIZE_BYTES_MIN), limits.ROUND_SIZE_BYTES_MAX // 2)
        ahead = [
            d
            for d in differences(store, mine, theirs, [log.id for log in asker.sees(scope)])
            if d.relation is Relation.AHEAD
        ]
        chosen = choose_runs(
            store, ahead, bytes_max=bytes_max, stop=stop, may_hold=may_hold(connection, place)
        )
        history = _history(store, may_hold(connection, place), asker, scope, theirs, chosen, bytes_max)
        foreign = (
            NOTHING
            if asker.only_delivers or asker.is_suspected
            else foreign_part(
                connection,
                store,
                place.scope,
                chosen.frames,
                request.wanted,
                room=bytes_max - sum(map(len, (*chosen.frames, *history.frames))),
                may_have=None if place.is_plain else may_hold(connection, place),
            )
        )
        held = _differing(mine, theirs)
        if asker.is_suspected:
            named = {fork.branch for fork in copied.forks}
            held = [entry for entry in held if entry.log.hex() in theirs or entry.log in named]
        is_settled = (
            not asker.is_suspected
            and not chosen.frames
            and not history.frames
            and not held
            and not request.wanted
            and all(log.judged == log.length for log in scope.all)
        )
        state, digest = (
            _compared(connection, place, request)
            if is_settled and place.is_settled
            else (DigestState.NOT_COMPARABLE, b"")
        )
        own = [log for log in scope.devices if log.device == device]
        is_waiting = any(log.judged < log.length for log in own)
        next_sync_after_s = _next_sync(connection, services, asker, now_ms, is_waiting=is_waiting)
    if not request.runs and not is_waiting:
        _keep_receipt(services, place.unit, receipt)
    return RoundAnswer(
        protocol=request.protocol,
        challenge=make_challenge(challenge_secret(services), device, now_s=now_ms // 1000),
        hub_epoch=bytes.fromhex(epoch),
        now_ms=now_ms,
        problem=problem,
        held=held,
        receipt=b"" if receipt_prefix(receipt) == request.receipt else receipt,
        runs=[*chosen.frames, *history.frames],
        foreign=list(foreign.frames),
        digest=digest,
        digest_state=state,
        next_sync_after_s=next_sync_after_s,
        bytes_max=limits.ROUND_SIZE_BYTES_MAX // 2,
        more=chosen.more or history.more or foreign.more,
        bundles=_newer_bundles(services, request.bundle),
        forks=list(copied.forks),
        copy=copied.state,
        versions=versions_to_tell(services.versions, request.versions),
    )


def _refusal(services: Services, request: RoundRequest, epoch: str, now_ms: int) -> RoundAnswer:
    """A stale challenge: the next one, and nothing else."""
    return RoundAnswer(
        protocol=request.protocol,
        challenge=make_challenge(challenge_secret(services), request.device.hex(), now_s=now_ms // 1000),
        hub_epoch=bytes.fromhex(epoch),
        now_ms=now_ms,
        problem=reasons.ROUND_CHALLENGE.code,
        held=[],
        receipt=b"",
        runs=[],
        foreign=[],
        digest=b"",
        digest_state=DigestState.NOT_COMPARABLE,
        next_sync_after_s=0,
        bytes_max=limits.ROUND_SIZE_BYTES_MAX // 2,
        more=False,
        versions=versions_to_tell(services.versions, request.versions),
    )


def place_of(connection: Connection, services: Services, asker: Asker) -> Workplace:
    """Where the PC that asks works now."""
    genealogy = services.genealogy.current(connection)
    return workplace_of(connection, genealogy, device=asker.device, stated=asker.unit, writing=asker.writing)


def scope_of(connection: Connection, services: Services, units: Iterable[str]) -> Scope:
    """What of this hub's logs concerns a node, its logs of earlier epochs among them."""
    store = HubLogStore(connection, services.opened)
    hub = services.keys.hub.public.id
    logs = [log for unit in sorted(units) for log in store.held_logs(commune=unit)]
    return Scope(
        province=tuple(store.held_logs(commune=services.province)),
        commune=tuple(log for log in logs if log.device == hub),
        devices=tuple(log for log in logs if log.device != hub),
    )


def _history(
    store: HubLogStore,
    may_have: MayHold,
    asker: Asker,
    scope: Scope,
    theirs: Frontier,
    chosen: Chosen,
    bytes_max: int,
) -> Chosen:
    """What lies below the bases of a PC that began with a snapshot; everything newer goes first."""
    wanted = [
        theirs[log.id] for log in asker.sees(scope) if log.id in theirs and theirs[log.id].base > log.base
    ]
    room = bytes_max - sum(map(len, chosen.frames))
    if chosen.more or (chosen.frames and room < limits.ROUND_SIZE_BYTES_MIN):
        return Chosen(frames=[], records=0, more=bool(wanted))
    return choose_history(store, wanted, bytes_max=room, may_hold=may_have)


def _entry(log: HeldLog) -> FrontierEntry:
    return FrontierEntry(log=log.id, base=log.base, length=log.length, head=log.head)


def _differing(mine: Frontier, theirs: Frontier) -> list[Entry]:
    """Where the hub stands in the logs in which the node stands otherwise."""

    def differs(entry: FrontierEntry) -> bool:
        other = theirs.get(entry.log)
        return other is None or other.length != entry.length or not same_head(other.head, entry.head)

    return entries_of(Frontier(entry for entry in mine.values() if differs(entry)))


def _receipt(
    connection: Connection, services: Services, unit: str, epoch: str, scope: Scope, now_ms: int
) -> bytes:
    """The newest receipt of the commune, signed anew only when something moved."""
    logs = {
        log.id: ReceiptEntry(log.acknowledged, log.acknowledged_head, log.judged)
        for log in scope.devices
        if log.acknowledged
    }
    if not logs:
        return b""
    known: bytes | None = connection.scalar(_KEPT_RECEIPT, {"of": unit})
    hub = services.keys.hub
    if known is not None and same_standing(open_receipt(known, hub.public), logs, epoch):
        return known
    places = {log: spans for log in logs if (spans := _leaf_spans(connection, log))}
    receipt = Receipt(at=now_ms, commune=unit, epoch=epoch, hub=hub.public.id, logs=logs, places=places)
    return sign_receipt(receipt, hub)


def _keep_receipt(services: Services, unit: str, signed: bytes) -> None:
    """For the next idle round. While runs arrive or are judged every round moves something, so nothing is worth keeping."""
    with reading(services.engine) as connection:
        is_kept = not signed or connection.scalar(_KEPT_RECEIPT, {"of": unit}) == signed
    if is_kept:
        return
    with writing(services.engine, is_lazy=True) as connection:  # one that is lost is signed anew
        if connection.scalar(_KEPT_RECEIPT, {"of": unit}) is None:
            connection.execute(insert(RECEIPT).values(commune=unit, signed=signed))
        else:
            connection.execute(update(RECEIPT).where(RECEIPT.c.commune == unit).values(signed=signed))


def _leaf_spans(connection: Connection, log: str) -> tuple[LeafSpan, ...]:
    """Where the newest records of a log stand in the province's tree."""
    spans = newest_spans(connection, log, limit=PLACES_OF_A_LOG_MAX)
    return tuple(LeafSpan(span.first, span.count, span.position) for span in spans)


def _compared(connection: Connection, place: Workplace, request: RoundRequest) -> tuple[int, bytes]:
    """Compare derived state, now that both sides hold the same records and everything is judged."""
    is_moving = connection.execute(_PENDING, {"units": sorted(place.scope)}).first() is not None
    is_moving = is_moving or connection.execute(_ANY_REHOMING).first() is not None
    is_moving = is_moving or is_due(connection)  # until then the sum is of two folds
    is_moving = is_moving or any(has_pending(connection, unit) for unit in sorted(place.scope))
    # A sum of another fold says nothing about ours: the fleet shows the version, and nobody is alarmed.
    if not request.digest or is_moving or request.beacon.fold != FOLD_VERSION:
        return DigestState.NOT_COMPARABLE, b""
    digest = scope_digest(connection, place.unit)
    return (DigestState.EQUAL if digest == request.digest else DigestState.DIFFERENT), digest


def _runs_low(request: RoundRequest, scope: Scope, theirs: Frontier, services: Services) -> bool:
    """Whether the PC needs more dossier numbers, and has seen every lease granted so far."""
    if not scope.commune or request.beacon.codes_left * _LOW_WATER_SHARE >= services.config.lease_size:
        return False
    return all(length_of(theirs, log.id) == log.length for log in scope.commune)


def _refill(
    services: Services, device: str, unit: str, scope: Scope, now_ms: int, *, writing_log: str = ""
) -> None:
    own = [log for log in scope.devices if log.device == device and log.judged and log.origin is None]
    own = [log for log in own if log.commune == unit]
    own = [log for log in own if log.id == writing_log] or own
    if own:
        with writing(services.engine) as connection:
            copies = suspected_logs(connection, services, {log.no for log in own})
            own = [log for log in own if log.no not in copies]
            if own and has_used_its_numbers(connection, unit=unit, log=own[-1].id, now_ms=now_ms):
                grant_lease(connection, services, unit=unit, log=own[-1].id, now_ms=now_ms)


def _refill_others(services: Services, unit: str, scope: Scope, now_ms: int) -> None:
    """Numbers for PCs of the office that have no line of their own and said by way of another that they run out."""
    with reading(services.engine) as connection:
        devices = short_of_numbers(
            connection,
            unit,
            leases_seen=sum(log.length for log in scope.commune),
            fewer_than=-(-services.config.lease_size // _LOW_WATER_SHARE),
        )
    for device in devices:
        _refill(services, device, unit, scope, now_ms)


def _newer_bundles(services: Services, held: int) -> list[bytes]:
    """The versions of the trust bundle that a node lacks, as many as stay well within a round."""
    if not 0 < held < services.keys.bundle.version:
        return []
    newer = [each for each in services.keys.versions if open_unpinned_bundle(each).version > held]
    return newer[:BUNDLES_A_ROUND]


def _next_sync(
    connection: Connection, services: Services, asker: Asker, now_ms: int, *, is_waiting: bool
) -> int:
    """When to come again, in seconds."""
    seat = seat_of(connection, asker.device, asker.unit)
    if is_waiting:
        return wait_to_be_judged_s(seat, backlog=count_unjudged(connection))
    return wait_for_slot_s(seat, now_s=now_ms // 1000, turn_s=services.config.next_sync_after_s)


def challenge_secret(services: Services) -> bytes:
    """The secret under which this hub issues challenges."""
    return services.keys.derived("challenge")
