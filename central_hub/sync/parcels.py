"""Parcels from nodes, and the answers that go back on the same stick.

A parcel's requests are taken as if they had been posted: verified, acknowledged, and left to the judge. What a stick lacks
is a challenge, so it may be late or come again. Its records are signed and joined by position, so that changes nothing; its
beacon counts only if the PC claims at least what the hub already holds of its logs. The answer is composed by the same
function as in a round, message after message, until the node would lack nothing, and enclosed for that device alone.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection

from central_hub.copies.suspicion import gets_nothing, look_at_round
from central_hub.events import note_event
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import Judge
from central_hub.locks import Locked, held_lock
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.sync.carried import take_carried
from central_hub.sync.fleet import note_contact, note_heard
from central_hub.sync.metering import Meter, Progress
from central_hub.sync.service import Asker, asker_of, compose_answer, owed, place_of, with_tree
from central_hub.tlog.answers import take_cosignature
from dossiers.merge import FOLD_VERSION
from signing.signatures import PublicKey
from sync_protocol import reasons
from sync_protocol.carried_files import is_about_files
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import decode_run
from sync_protocol.frontier import Frontier, FrontierEntry, length_of
from sync_protocol.limits import PART_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MAX
from sync_protocol.parcel import (
    ANSWERS,
    REQUESTS,
    Label,
    ParcelWriter,
    Part,
    Sink,
    Source,
    enclose,
    sign_answer,
)
from sync_protocol.wire import (
    Beacon,
    RoundRequest,
    frontier_of,
    open_request,
    receipt_prefix,
)

JUDGED_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that may be a part of a parcel: on a stick, or sent by a browser."""

    name: str
    size_bytes: int
    reader: Callable[[], AbstractContextManager[Source]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what: enough to compose an answer at any later time."""

    parcel: str | None
    device: str
    request: RoundRequest


@dataclass(slots=True, kw_only=True)
class TakenParcel:
    """What came of one parcel; `problem` is None where all of it was good. `records`: those that were new here."""

    parcel: str
    sender: str = ""
    unit: str = ""
    at_ms: int = 0
    parts: int = 0
    told: int = 0
    records: int = 0
    problem: RemoteFault | None = None
    asked: Asked | None = None
    has_files: bool = False
    """Scans go along: they are taken once the records before them are judged."""
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """An answer parcel."""

    label: Label
    parts: int
    messages: int
    size_bytes: int


def take_parcels(
    services: Services,
    files: Sequence[GivenFile],
    *,
    stores: bool = True,
    by: str = "",
    progress: Progress | None = None,
) -> list[TakenParcel]:
    """Take every parcel in these files, in the order in which they were written; one outcome a parcel.

    With `stores` false the requests are only read, so that answers can be made again.
    """
    parcels: dict[str, list[tuple[Label, GivenFile]]] = {}
    taken: list[TakenParcel] = []
    for file in files:
        label, fault = _look(file)
        if label is None:
            taken.append(TakenParcel(parcel=file.name, names=[file.name], parts=1, problem=fault))
        elif label.content == REQUESTS:  # answers of ours lie there for the nodes
            parcels.setdefault(label.parcel, []).append((label, file))
    # Answers of ours beside them are not read: the bar is at its end when the requests are taken.
    meter = Meter(sum(file.size_bytes for parts in parcels.values() for _, file in parts), progress)
    for found in sorted(parcels.values(), key=lambda parts: min(label.at for label, _ in parts)):
        parts = sorted(found, key=lambda each: each[0].part)
        taken.append(_take(services, parts, stores=stores, meter=meter))
    if stores:
        _note(services, taken, by)
    return taken


def take_part(services: Services, file: GivenFile, *, by: str) -> TakenParcel:
    """Take one part that came without the others of its parcel; `problem` says why something of it was not taken."""
    label, fault = _look(file)
    if label is None:
        return TakenParcel(parcel=file.name, parts=1, problem=fault)
    if label.content != REQUESTS:
        return TakenParcel(parcel=label.parcel, parts=1, problem=RemoteFault(reasons.PARCEL_RECIPIENT))
    taken = _take(services, [(label, file)], stores=True, is_alone=True)
    _note(services, [taken], by)
    return taken


def asked_by_nobody(services: Services, device: str) -> Asked:
    """A request as a device would make it that holds nothing: its answer is everything that it may have."""
    _, _, epoch = asker_of(services, device)
    beacon = Beacon(
        version="", fold=FOLD_VERSION, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=0,
        disk_free_mb=0, database_mb=0, codes_left=services.config.lease_size,
    )  # fmt: skip
    request = RoundRequest(
        protocol=services.versions.lowest, device=bytes.fromhex(device), challenge=b"", hub_epoch=bytes.fromhex(epoch),
        sent_ms=0, frontier=[], digest=b"", receipt=b"", beacon=beacon, bytes_max=ROUND_SIZE_BYTES_MAX, runs=[],
    )  # fmt: skip
    return Asked(parcel=None, device=device, request=request)


def judge_now(services: Services, units: set[str], *, within_s: float = JUDGED_WITHIN_S) -> bool:
    """Have everything of these units judged, by the judge that runs or by this process; False if it takes longer."""
    try:
        with held_lock(services.config.data / "judge.lock"):
            judge = Judge(services)
            try:
                judge.judge_pending()
            finally:
                judge.close()
            return True
    except Locked:
        pass  # `serve` has a judge
    until = time.monotonic() + within_s
    while _waits(services, units):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def write_answer(
    services: Services,
    asked: Asked,
    open_part: Callable[[Label, int], Sink],
    *,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
    then: Iterable[bytes] = (),
) -> WrittenAnswer:
    """Write what a device lacks as a parcel for it alone, `then` messages about files; raises RemoteFault(PARCEL_NO_KEY) if it has no X25519 key."""
    asker, device_key, epoch = asker_of(services, asked.device)
    if asker.box is None:
        raise RemoteFault(reasons.PARCEL_NO_KEY, asked.device)
    theirs = frontier_of(asked.request.frontier)
    box, copied = asker.box, look_at_round(services, asked.device, asked.request, theirs, ())
    asker = dataclasses.replace(asker, is_suspected=gets_nothing(copied.state))
    key = services.random_bytes(32)
    label = Label(
        parcel=services.random_bytes(16).hex(),
        part=1,
        content=ANSWERS,
        sender=services.keys.hub.public.id,
        unit=services.province,
        recipients=[enclose(key, asked.device, box)],
        logs=owed(services, asker, theirs),
        answers=asked.parcel,
        at=services.clock(),
    )
    writer = ParcelWriter(
        label,
        key=key,
        sender=services.keys.hub,
        open_part=lambda number: open_part(label, number),
        part_bytes_max=part_bytes_max,
    )
    messages = 0
    for message in _answers(services, asked, asker, device_key, epoch, theirs):
        writer.add(message)
        messages += 1
    for message in then:
        writer.add(message)
    writer.close()
    return WrittenAnswer(label=label, parts=writer.parts, messages=messages, size_bytes=writer.bytes_written)


def _answers(
    services: Services, asked: Asked, asker: Asker, key: PublicKey, epoch: str, theirs: Frontier
) -> Iterator[bytes]:
    request = replace(asked.request, runs=[], bytes_max=ROUND_SIZE_BYTES_MAX)
    while True:
        answer = compose_answer(services, asker, epoch, request, theirs, "", services.clock())
        if not answer.more:
            answer = with_tree(services, key, asker, request, answer)
        yield sign_answer(replace(answer, challenge=b""), device=asked.device, hub=services.keys.hub)
        if not answer.more:
            return
        # The rest as it would be asked for next: what was sent is held, and the digest speaks of what was held before.
        receipt = receipt_prefix(answer.receipt) if answer.receipt else request.receipt
        request = replace(request, digest=b"", receipt=receipt)
        theirs = Frontier({**theirs, **_after(theirs, answer.runs)}.values())


def _after(theirs: Frontier, frames: Sequence[bytes]) -> dict[str, FrontierEntry]:
    """Where the node stands in the logs of these frames once it has them: further, or with a lower base."""
    found: dict[str, FrontierEntry] = {}
    for run in map(decode_run, frames):
        held = found.get(run.log) or theirs.get(run.log)
        if held is not None and run.first < held.base:
            found[run.log] = FrontierEntry(log=run.log, base=run.first, length=held.length, head=held.head)
        else:
            base = held.base if held else 0
            found[run.log] = FrontierEntry(log=run.log, base=base, length=run.stop, head=run.records[-1].link)
    return found


def _look(file: GivenFile) -> tuple[Label | None, RemoteFault | None]:
    try:
        with file.reader() as source:
            return Part(source).label, None
    except RemoteFault as fault:
        return None, fault
    except OSError as error:
        return None, RemoteFault(reasons.PARCEL_STICK, str(error))


def _take(
    services: Services,
    parts: Sequence[tuple[Label, GivenFile]],
    *,
    stores: bool,
    is_alone: bool = False,
    meter: Meter | None = None,
) -> TakenParcel:
    """Everything of one parcel that can be used; a fault of one part does not keep the others out.

    With `is_alone` nobody expects the parcel's other parts beside this one.
    """
    first = parts[0][0]
    taken = TakenParcel(
        parcel=first.parcel,
        sender=first.sender,
        unit=first.unit,
        at_ms=first.at,
        parts=len(parts),
        told=first.records,
        names=[file.name for _, file in parts],
    )
    is_ended, meter = False, meter or Meter(0, None)
    for _, file in parts:
        try:
            with file.reader() as source:
                part = Part(meter.through(source))
                _take_part(services, part, taken, stores=stores, meter=meter)
                is_ended = is_ended or part.is_last
        except RemoteFault as fault:
            taken.problem = taken.problem or fault
        except OSError as error:
            taken.problem = taken.problem or RemoteFault(reasons.PARCEL_STICK, str(error))
        meter.settle(file.size_bytes)
    numbers = [label.part for label, _ in parts]
    if taken.problem is None and not is_alone and (not is_ended or numbers != list(range(1, len(parts) + 1))):
        taken.problem = RemoteFault(reasons.PARCEL_CUT, f"parts {numbers}")
    return taken


def _take_part(services: Services, part: Part, taken: TakenParcel, *, stores: bool, meter: Meter) -> None:
    hub = services.keys.hub.public.id
    if part.label.enclosed_for(hub) is None:
        raise RemoteFault(reasons.PARCEL_RECIPIENT, part.label.unit)
    asker, key, _ = asker_of(services, part.label.sender)
    part.verify(key)
    for message in part.messages(hub, services.keys.box):
        meter.say()
        if is_about_files(message):
            taken.has_files = True
            continue  # after the records are judged: `carried_files.take_files`
        signed = open_request(message, services.versions)
        if signed.device != part.label.sender:
            raise RemoteFault(reasons.PARCEL_SENDER, "request")
        request = signed.verify(key)
        taken.asked = Asked(parcel=taken.parcel, device=signed.device, request=replace(request, runs=[]))
        if not stores:
            continue
        take_cosignature(services, key, request.tree, request.cosignature)
        _take_beacons(services, asker, request)
        is_newest = _is_newest(services, signed.device, request)
        acknowledged = acknowledge(services, signed.device, request.runs)
        taken.records += acknowledged.records
        if acknowledged.refusals and taken.problem is None:
            refusal = acknowledged.refusals[0]
            taken.problem = RemoteFault(refusal.reason, refusal.detail)
        if is_newest:
            _note_contact(services, signed.device, request, bytes_in=len(message))


def _take_beacons(services: Services, asker: Asker, request: RoundRequest) -> None:
    """What the PC's colleagues say of themselves, in their own signed words."""
    if request.beacons and not asker.only_delivers:
        with reading(services.engine) as connection:
            unit = place_of(connection, services, asker).unit
        now_ms = services.clock()
        take_carried(services, request.beacons, unit=unit, bringer=asker.device, now_ms=now_ms)


def _is_newest(services: Services, device: str, request: RoundRequest) -> bool:
    """Whether the PC knew, when it wrote this, all that the hub holds of its logs."""
    theirs = frontier_of(request.frontier)
    with reading(services.engine) as connection:
        logs = HubLogStore(connection, services.opened).held_logs(logs=list(theirs))
        held = [log for log in logs if log.device == device]
    return all(log.length <= length_of(theirs, log.id) for log in held)


def _note_contact(services: Services, device: str, request: RoundRequest, *, bytes_in: int) -> None:
    """What the PC said of itself, with what is still not here, now that the stick has arrived."""
    theirs = frontier_of(request.frontier)
    with writing(services.engine) as connection:
        store = HubLogStore(connection, services.opened)
        own = {log.id: log.length for log in store.held_logs(logs=list(theirs)) if log.device == device}
        unsent = sum(max(0, length_of(theirs, log) - length) for log, length in own.items())
        beacon = replace(
            request.beacon, unsent=unsent, oldest_unsent_s=request.beacon.oldest_unsent_s if unsent else 0
        )
        note_contact(
            connection,
            device,
            beacon,
            now_ms=services.clock(),
            bytes_in=bytes_in,
            bytes_out=0,
            is_complete=False,
            digest_state=0,
        )
        note_heard(connection, device, theirs, province=services.province)


def _waits(services: Services, units: set[str]) -> bool:
    with reading(services.engine) as connection:
        return any(is_behind(connection, services, unit) for unit in units)


def is_behind(connection: Connection, services: Services, unit: str) -> bool:
    """Whether records of this unit wait for the judge."""
    logs = HubLogStore(connection, services.opened).held_logs(commune=unit)
    return any(log.judged < log.length for log in logs)


def _note(services: Services, taken: Sequence[TakenParcel], by: str) -> None:
    with writing(services.engine) as connection:
        for parcel in taken:
            outcome = parcel.problem.reason.code if parcel.problem else "done"
            note_event(
                connection,
                at_ms=services.clock(),
                actor=by or parcel.sender,
                action="parcel.taken",
                subject=f"{parcel.unit} {parcel.parcel} {parcel.records} {outcome}".strip()[:200],
            )
