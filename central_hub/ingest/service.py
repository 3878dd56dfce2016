"""Acknowledge runs: frame, chain and seal hold, so the bytes are kept and the node may know it.

Each round is one transaction: a run is durable when `acknowledge` has returned. A sealed run is acknowledged at once,
an unsealed tail only after judging. What cannot join its log is set aside whole, with the reason; the rest goes on.
Another continuation of a device's log (a copied disk), sealed by that device, is kept as a branch (`branches`).
Nothing here looks at a record's signature, and nothing waits for the judge.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, func, insert, select, update

from central_hub.copies.suspicion import suspect_branches
from central_hub.events import note_event
from central_hub.ingest.branches import Fork, as_branch, differing_part, followed_log, lineage
from central_hub.journal.service import own_log
from central_hub.memory import RETURNS
from central_hub.registry.forks import note_fork
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HeldLog, HubLogStore, opening_reason
from central_hub.store.tables import DEVICE, LOG, SET_ASIDE
from signing.reasons import Reason
from signing.roles import Role
from signing.statements import KeyStatement
from signing.trust import Trust
from sync_protocol import reasons
from sync_protocol.errors import LogForked, LogGap, RunInvalid
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.log import OPENING_KIND, OpeningReason, Run, check_chain, verify_seal
from sync_protocol.rounds import opening_of

_SET_ASIDE_MAX = 10_000
_ACKNOWLEDGE = (
    update(LOG)
    .where(LOG.c.id == bindparam("log"), LOG.c.acknowledged < bindparam("reached"))
    .values(acknowledged=bindparam("reached"), acknowledged_head=bindparam("reached_head"))
)
_few_in_hand = BoundedSemaphore(3)
"""Whoever waits for its turn to write holds its records opened: enough of them that nobody waits for the disk alone."""
_one_at_a_time = Lock()
"""Opening runs is work for one thread at a time (the interpreter's lock); together they would only hold more memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a run could not join its log."""

    log: str
    first: int
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What became of the runs of a round."""

    records: int
    refusals: tuple[Refusal, ...] = ()
    forks: tuple[Fork, ...] = ()


def acknowledge(
    services: Services, device: str, frames: Sequence[bytes], *, vouched: KeyStatement | None = None
) -> Acknowledged:
    """Store the runs that `device` delivered; `vouched` is what its voucher states, while nothing else is known of it."""
    if not frames:
        return Acknowledged(records=0)
    with _few_in_hand:
        acknowledged = _acknowledge(services, device, frames, vouched)
    RETURNS.give_back()
    return acknowledged


def _acknowledge(
    services: Services, device: str, frames: Sequence[bytes], vouched: KeyStatement | None
) -> Acknowledged:
    refused: list[tuple[Refusal, bytes]] = []
    with _one_at_a_time, reading(services.engine) as connection:
        trust = services.trust.current(connection)
        if vouched is not None and trust.statement(device) is None:
            trust = trust.with_statement(vouched)
        store = HubLogStore(connection, services.opened)
        epoch = hub_epoch(connection)
        checked = [_checked(frame, services, epoch, trust, store, refused) for frame in frames]
    stored = 0
    forks: list[Fork] = []
    now_ms = services.clock()
    with writing(services.engine) as connection:
        store = HubLogStore(connection, services.opened, now_ms=now_ms)
        openings = {run.log: run for run in checked if run and _opens_after_restore(run)}
        restored = [run for run in openings.values() if store.held(run.log) is None]
        for frame, run in zip(frames, checked, strict=True):
            if run is not None:
                stored += _store(connection, store, run, frame, refused, forks)
        for run in restored:
            if store.held(run.log) is not None:
                _note_restored(connection, run, now_ms)
        contradicted = {*(fork.log for fork in forks), *(refusal.log for refusal, _ in refused)}
        for run in checked:
            if run is not None and (run.begins_branch or run.log in contradicted):
                note_fork(connection, services, replace(run, log=run.origin))
        if forks:
            suspect_branches(connection, services, forks, now_ms)
        for refusal, frame in refused:
            _set_aside(connection, refusal, frame, device, now_ms)
    return Acknowledged(
        records=stored, refusals=tuple(refusal for refusal, _ in refused), forks=tuple(dict.fromkeys(forks))
    )


def _checked(
    frame: bytes,
    services: Services,
    epoch: str,
    trust: Trust,
    store: HubLogStore,
    refused: list[tuple[Refusal, bytes]],
) -> Run | None:
    """The run in a frame, if its chain and seal hold and its device may write this log."""
    run = None
    try:
        run = decode_run(frame)
        check_chain(run, run.records[0].header.prev if run.first else None)
        if _is_own_word(run, services, epoch, store):
            return None  # idempotent like any repetition
        _check_device(run, services, epoch, trust, store)
    except RunInvalid as error:
        log, first = (run.log, run.first) if run else ("", 0)
        refused.append((Refusal(log=log, first=first, reason=error.reason, detail=error.detail), frame))
        return None
    return run


def _is_own_word(run: Run, services: Services, epoch: str, store: HubLogStore) -> bool:
    """Whether a PC repeats what this hub wrote and holds: it was told it by two ways at once."""
    in_use = own_log(services, epoch, run.records[0].header.commune)
    return run.log == in_use and store.link_at(run.log, run.stop) == run.records[-1].link


def _check_device(run: Run, services: Services, epoch: str, trust: Trust, store: HubLogStore) -> None:
    held = store.held(run.log)
    if held is not None:
        device, commune = held.device, held.commune
    elif run.first == 0:
        device, commune = opening_of(run).device, run.records[0].header.commune
    elif run.begins_branch and (followed := followed_log(store, run)) is not None:
        device, commune = followed.device, followed.commune
    else:
        return  # a gap: the store says so
    statement = trust.statement(device)
    if statement is not None and Role.HUB in statement.roles:
        _check_own_log(run, statement, own_log(services, epoch, run.records[0].header.commune))
        return
    if statement is None or Role.DEVICE not in statement.roles:
        raise RunInvalid(reasons.ROUND_DEVICE, f"the log's device {device} is not enrolled")
    if not trust.acts_for(statement, commune) or run.records[0].header.commune != commune:
        raise RunInvalid(reasons.RECORD_UNIT, "the log is not of its device's unit")
    if run.first == 0 and (run.records[0].header.name != OPENING_KIND or run.records[0].header.by != device):
        raise RunInvalid(reasons.LOG_CHAIN, "the log was not opened by its device")
    if run.seal is not None:
        verify_seal(run.seal, statement.key, origin=run.origin)


def _check_own_log(run: Run, hub: KeyStatement, in_use: str) -> None:
    """A log of this hub's earlier epochs, which a node gives back after the hub was restored; never one in use."""
    if run.log == in_use or run.seal is None:
        raise RunInvalid(reasons.ROUND_DEVICE, "the hub writes its own logs")
    verify_seal(run.seal, hub.key)


def _store(
    connection: Connection,
    store: HubLogStore,
    run: Run,
    frame: bytes,
    refused: list[tuple[Refusal, bytes]],
    forks: list[Fork],
) -> int:
    held = store.held(run.log)
    try:
        if run.is_branch and held is None and followed_log(store, run) is None:
            raise LogGap(run.log, 0)
        stored = _receive(store, run, frame, held)
    except LogGap as gap:
        # Nothing to keep: the answer says where the log ends here, and the node sends from there.
        refused.append(
            (Refusal(log=run.log, first=run.first, reason=reasons.LOG_CHAIN, detail=str(gap)), b"")
        )
        return 0
    except LogForked as fork:
        return _store_branch(connection, store, run, fork, frame, refused, forks)
    if run.seal is not None:
        reached = {"log": run.log, "reached": run.seal.length, "reached_head": run.seal.head}
        connection.execute(_ACKNOWLEDGE, reached)
    return stored


def _store_branch(
    connection: Connection,
    store: HubLogStore,
    run: Run,
    fork: LogForked,
    frame: bytes,
    refused: list[tuple[Refusal, bytes]],
    forks: list[Fork],
) -> int:
    """Keep what a device continued otherwise under the branch's own id; the log stays as it was seen first."""
    if run.seal is None:
        # Nobody vouches for this chain: damaged on the way, perhaps.
        detail = f"{fork}, unsealed"
        refused.append((Refusal(log=run.log, first=run.first, reason=reasons.LOG_FORK, detail=detail), frame))
        return 0
    part = differing_part(run, fork.seq)
    followed = followed_log(store, part)
    if followed is None:
        # It differs before this run already: nothing to keep, the device sends from further back.
        refused.append(
            (Refusal(log=run.log, first=run.first, reason=reasons.LOG_CHAIN, detail=str(fork)), b"")
        )
        return 0
    branch = as_branch(store, part, followed)
    stored = _store(connection, store, branch, encode_run(branch), refused, forks)
    forks += lineage(store, branch.log)
    return stored


def _receive(store: HubLogStore, run: Run, frame: bytes, held: HeldLog | None) -> int:
    """Store the new part; a tail that nobody acknowledged gives way to another version of it."""
    prev = run.records[0].header.prev
    try:
        if held is not None and run.first and run.first == held.length and prev != held.head:
            raise LogForked(run.log, run.first - 1)
        return store.receive(run, frame)
    except LogForked as fork:
        if held is None or fork.seq < held.acknowledged or run.first > held.acknowledged:
            raise
        if run.first == held.acknowledged and prev != (held.acknowledged_head or None):
            raise
        store.drop_tail(run.log)
        return store.receive(run, frame)


def _opens_after_restore(run: Run) -> bool:
    return opening_reason(run.records[0].header) == OpeningReason.RESTORE


def _note_restored(connection: Connection, run: Run, now_ms: int) -> None:
    """A line in the diary: a PC's database was put back. The fleet tells it until somebody has looked into it."""
    device, commune = opening_of(run).device, run.records[0].header.commune
    name = connection.scalar(select(DEVICE.c.name).where(DEVICE.c.id == device)) or device[:8]
    note_event(connection, at_ms=now_ms, actor=device, action="device.restored", subject=f"{commune} {name}")


def _set_aside(connection: Connection, refusal: Refusal, frame: bytes, device: str, now_ms: int) -> bool:
    """Keep a run whole; whether it was not known before."""
    digest = hashlib.sha256(frame).hexdigest()
    known = connection.execute(select(SET_ASIDE.c.no).where(SET_ASIDE.c.digest == digest)).first()
    newest = connection.scalar(select(func.max(SET_ASIDE.c.no))) or 0
    if not frame or known is not None or newest >= _SET_ASIDE_MAX:
        return False
    row = {
        "no": newest + 1,
        "arrived_ms": now_ms,
        "device": device,
        "log": refusal.log,
        "first": refusal.first,
        "reason": refusal.reason.code,
        "detail": refusal.detail[:500],
        "digest": digest,
        "frame": frame,
    }
    connection.execute(insert(SET_ASIDE).values(row))
    return True
