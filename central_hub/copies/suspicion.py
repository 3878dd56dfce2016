"""Is this PC a copy of another one's disk? Found from logs alone, written down, and asked in every round.

Two signs. A device's log is continued in two ways: whoever comes second with its continuation is suspected. And a PC says
that it writes a log which a later log of the same device follows after a restore: then two PCs are alive, and the one that
was restored is suspected. A suspicion is about one *life* of the device's database, never about its key: the other PC goes
on as before. A suspected copy may deliver; it reads nothing, gets no numbers and no key until somebody confirms it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, or_, select, update

from central_hub.ingest.branches import Fork
from central_hub.journal.service import Draft, write
from central_hub.projection.protocol import note_suspicion
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HeldLog, HubLogStore
from central_hub.store.tables import COPY, LOG
from signing.errors import NotEntitled
from sync_protocol.challenge import issued_s
from sync_protocol.copies import SUSPECTED
from sync_protocol.errors import RunInvalid
from sync_protocol.frontier import Frontier, same_head
from sync_protocol.log import LogOpening, OpeningReason, Predecessor
from sync_protocol.wire import CopyState, ForkTold, RoundRequest

_ORDER = (CopyState.NONE, CopyState.CONFIRMED, CopyState.WAITING, CopyState.REFUSED)
FORK = "fork"
TWO_LIVES = "two_lives"
_COPIES = select(COPY).where(COPY.c.device == bindparam("of")).order_by(COPY.c.since_ms)
_COPIED = select(COPY.c.device)
_COPIES_EVER = select(func.count()).select_from(COPY)
_REVIEWED_BY = select(COPY.c.reviewed_by).where(COPY.c.reviewed_by.is_not(None))


@dataclass(frozen=True, slots=True)
class Copied:
    """What a round shows of copies: the standing of the PC that asks, and the forks of its logs."""

    state: int
    forks: tuple[ForkTold, ...] = ()


def look_at_round(
    services: Services,
    device: str,
    request: RoundRequest,
    theirs: Frontier,
    forks: Sequence[Fork],
) -> Copied:
    """Write down what this round shows, and tell what to make of the PC that asks."""
    now_ms = services.clock()
    writing_log = request.writing.hex()
    with reading(services.engine) as connection:
        store = HubLogStore(connection, services.opened)
        logs = _logs_of(store, device)
        own = {log.id for log in logs}
        delivered = _delivered(own, forks)
        differing = _differing(store, theirs)
        state = standing_of(connection, services, device, writing_log)
        lives = [] if gets_nothing(state) else _other_lives(store, logs, writing_log, request.challenge)
    found = []
    if lives or delivered:
        with writing(services.engine) as connection:
            for life in lives:
                _suspect(connection, services, device, life, TWO_LIVES, now_ms)
            found = [_suspect(connection, services, device, life, FORK, now_ms) for life in delivered]
    if own & set(differing) and not delivered and state == CopyState.NONE:
        found.append(CopyState.WAITING)
    state = _worst([state, *found])
    told = [ForkTold(bytes.fromhex(f.log), f.first, bytes.fromhex(f.branch)) for f in forks]
    named = {fork.log for fork in forks}
    told += [ForkTold(bytes.fromhex(log), 0, b"") for log in differing if log not in named]
    return Copied(state, tuple(told))


def suspect_branches(connection: Connection, services: Services, forks: Sequence[Fork], now_ms: int) -> None:
    """Write down that logs of PCs were continued in a second way, in the transaction that stores the branches: the judge takes
    them up the moment that they are stored, and what a suspected copy says of keys must wait from then on, whoever brings it."""
    store = HubLogStore(connection, services.opened)
    for life in _delivered({fork.log for fork in forks}, forks):
        branch = store.held(life)
        if branch is not None:
            _suspect(connection, services, branch.device, life, FORK, now_ms)


def standing_of(connection: Connection, services: Services, device: str, log: str) -> int:
    """How the PC of `device` that writes `log` stands (`CopyState`); a PC that does not say is none of the known ones."""
    rows = connection.execute(_COPIES, {"of": device}).all()
    if not rows:
        return CopyState.NONE
    if not log:
        return _worst([_state(row) for row in rows])
    store = HubLogStore(connection, services.opened)
    lives = {log, *_inherited(store, log)}
    return _worst([_state(row) for row in rows if row.life in lives])


def gets_nothing(state: int) -> bool:
    """Whether a PC in this standing is answered with receipts alone."""
    return state in (CopyState.WAITING, CopyState.REFUSED)


def suspected_logs(connection: Connection, services: Services, numbers: Iterable[int]) -> frozenset[int]:
    """Those of the logs with these numbers that a copy writes whom nobody has confirmed."""
    devices = set(connection.scalars(_COPIED))
    if not devices:
        return frozenset()
    rows = connection.execute(select(LOG.c.no, LOG.c.id, LOG.c.device).where(LOG.c.device.in_(devices)))
    wanted = frozenset(numbers)
    return frozenset(
        row.no
        for row in rows.all()
        if row.no in wanted and gets_nothing(standing_of(connection, services, row.device, row.id))
    )


def has_undecided_copy(connection: Connection, device: str) -> bool:
    """Whether two disks may speak for this PC's key: a copy of it was neither confirmed nor, by the key's cut, made harmless."""
    rows = connection.execute(select(COPY.c.confirmed_ms).where(COPY.c.device == device))
    return any(row.confirmed_ms is None for row in rows)


def is_unconfirmed_life(connection: Connection, services: Services, log_no: int, life: object) -> bool:
    """Whether whoever writes this log is the copy named `life`, and nobody has confirmed it."""
    row = connection.execute(select(LOG.c.id, LOG.c.device).where(LOG.c.no == log_no)).first()
    if row is None or life not in (row.id, *_inherited(HubLogStore(connection, services.opened), row.id)):
        return False
    return standing_of(connection, services, row.device, row.id) != CopyState.CONFIRMED


def reviews_of_copies(connection: Connection) -> frozenset[str]:
    """The words about copies that prevail: others mean that something may be judged again."""
    return frozenset(connection.scalars(_REVIEWED_BY))


def count_copies(connection: Connection) -> int:
    """How many copies were ever suspected."""
    return connection.scalar(_COPIES_EVER) or 0


def _logs_of(store: HubLogStore, device: str) -> list[HeldLog]:
    return [log for log in store.held_logs(device=device) if log.device == device]


def _delivered(own: Collection[str], forks: Sequence[Fork]) -> list[str]:
    """The ends of the branches that came off these logs."""
    trunks = {fork.log for fork in forks}
    return [fork.branch for fork in forks if fork.log in own and fork.branch not in trunks]


def _worst(states: Iterable[int]) -> int:
    """A copy that was copied again is suspected anew, whatever was confirmed of the first."""
    return max(states, key=_ORDER.index, default=CopyState.NONE)


def _state(row: object) -> int:
    refused, confirmed = getattr(row, "refused_ms", None), getattr(row, "confirmed_ms", None)
    if refused is not None:
        return CopyState.REFUSED
    return CopyState.WAITING if confirmed is None else CopyState.CONFIRMED


def _differing(store: HubLogStore, theirs: Frontier) -> list[str]:
    """Logs of which the PC holds other records than this hub, as far as both reach."""
    held = {log.id: log for log in store.held_logs(logs=list(theirs))}
    found = []
    for log, entry in theirs.items():
        mine = held.get(log)
        if mine is not None and mine.base < entry.length <= mine.length:
            link = mine.head if entry.length == mine.length else store.link_at(log, entry.length)
            if link is not None and not same_head(link, entry.head):
                found.append(log)
    return found


def _other_lives(
    store: HubLogStore, logs: Sequence[HeldLog], writing_log: str, challenge: bytes
) -> list[str]:
    """Logs that follow `writing_log` after a restore, although somebody still writes it."""
    later = [log for log in logs if log.origin is None and log.id != writing_log]
    present = next((log for log in logs if log.id == writing_log), None)
    if present is None or not challenge:
        return []
    found = []
    for log in later:
        if log.no <= present.no or log.opened_ms >= issued_s(challenge) * 1000:
            continue
        opening = _opening(store, log.id)
        follows = opening is not None and any(p.log == writing_log for p in opening.predecessors)
        if follows and opening is not None and opening.reason is OpeningReason.RESTORE:
            found.append(log.id)
    return found


def _inherited(store: HubLogStore, log: str) -> list[str]:
    """The lives that a log goes on with: what it names as predecessors, but not what its PC merely holds of another.

    The PC of which a copy was made holds the copy's branch, too; it also holds what the log itself continued with.
    """
    opening = _opening(store, log)
    if opening is None:
        return []
    named = {each.log: each for each in opening.predecessors}
    return [each.log for each in named.values() if _goes_on_with(store, each, named)]


def _goes_on_with(store: HubLogStore, each: Predecessor, named: dict[str, Predecessor]) -> bool:
    held = store.held(each.log)
    if held is None or held.origin is None:
        return True
    trunk = named.get(held.origin)
    return trunk is None or trunk.length <= held.base


def _opening(store: HubLogStore, log: str) -> LogOpening | None:
    records = store.span(log, 0, stop=1)
    try:
        return LogOpening.from_header(records[0].header) if records else None
    except RunInvalid:
        return None


def _suspect(
    connection: Connection, services: Services, device: str, life: str, cause: str, now_ms: int
) -> int:
    """Write the suspicion down unless it stands; returns how this life stands."""
    known = connection.execute(select(COPY).where(COPY.c.life == life)).first()
    if known is not None:
        connection.execute(update(COPY).where(COPY.c.life == life).values(seen_ms=now_ms))
        return _state(known)
    commune = connection.scalar(
        select(LOG.c.commune)
        .where(or_(LOG.c.id == life, LOG.c.device == device))
        .order_by(LOG.c.id != life, LOG.c.no.desc())
    )
    facts = {"life": life, "device": device, "unit": commune or "", "cause": cause}
    if commune and _may_say(connection, services, commune):
        # The office's other PCs hear of it, so that the unit's administrator can say whose the copy is.
        drafts = [Draft(kind=SUSPECTED, facts=facts)]
        write(connection, services, commune=commune, drafts=drafts, now_ms=now_ms)
    else:
        note_suspicion(connection, facts, now_ms)
    return CopyState.WAITING


def _may_say(connection: Connection, services: Services, commune: str) -> bool:
    """Whether the trust bundle lets the hub state it; one from before this kind does not, and PCs would refuse it."""
    trust = services.trust.current(connection)
    try:
        trust.require(services.keys.hub.public.id, kind=SUSPECTED, unit=commune)
    except NotEntitled:
        return False
    return True
