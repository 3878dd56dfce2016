"""One round: what to send, and whether what came may join the log. Values only; whoever calls does the deed.

A round is one request and one answer, idempotent both ways: the frontier says what each side holds, runs fill the
difference, and a round that is lost or doubled changes nothing (design §6). Node and hub use the same functions.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from signing.signatures import PublicKey
from sync_protocol import limits, reasons
from sync_protocol.erasure import without_body
from sync_protocol.errors import RunInvalid
from sync_protocol.frame import encode_run
from sync_protocol.frontier import Frontier, FrontierEntry, Relation, relate
from sync_protocol.log import LogOpening, Run, check_chain, verify_seal
from sync_protocol.log_store import LogStore
from sync_protocol.record import BodyState, Record, UnverifiedRecord, unverified

_RAW_PER_PACKED = 8
"""Records pack to about a seventh of their stored size; a first guess that the real frame corrects."""

_PACKED_RECORD_BYTES = 160
"""What a record costs in a frame, about: how much history is tried first."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Frames to send now, and whether more is left for the next round."""

    frames: list[bytes]
    records: int
    more: bool


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one log here stands to the same log at the peer."""

    log: str
    relation: Relation
    mine: FrontierEntry | None
    theirs: FrontierEntry | None


def differences(store: LogStore, mine: Frontier, theirs: Frontier, logs: Iterable[str]) -> list[Difference]:
    """Compare `logs` here and there; logs that agree are left out."""
    found = []
    for log in logs:
        my, their = mine.get(log), theirs.get(log)
        link_at: dict[int, str] = {}
        if my and their and 0 < their.length < my.length:
            link = store.link_at(log, their.length)
            if link is not None:
                link_at[their.length] = link
        relation = relate(my, their, link_at=link_at)
        if relation is Relation.UNKNOWN and my is not None and not their and _beginning(store, my):
            relation = (
                Relation.AHEAD
            )  # a branch is whole from its base on: the rest is in the log that it comes off
        if relation is not Relation.EQUAL:
            found.append(Difference(log=log, relation=relation, mine=my, theirs=their))
    return found


MayHold = Callable[[Record], bool]
"""Whether the peer may have the body of a record."""


def choose_runs(
    store: LogStore,
    ahead: Iterable[Difference],
    *,
    bytes_max: int,
    stop: Mapping[str, int] | None = None,
    may_hold: MayHold | None = None,
) -> Chosen:
    """Pick runs of the logs in which the peer is behind, until `bytes_max` bytes of frames.

    Runs end on a stored seal wherever one lies within reach, because the receiver acknowledges on the seal. A log of
    which the peer holds another branch is left alone. At least one run is sent however small the budget, since a
    budget that fits nothing would never end.

    Args:
        stop: logs that may be sent only up to a length (at the hub: what has been judged).
        may_hold: whether the peer may have the body of a record; others are withheld. None sends all bodies.
    """
    frames: list[bytes] = []
    size = records = 0
    for difference in ahead:
        if difference.relation is not Relation.AHEAD or difference.mine is None:
            continue
        first = difference.theirs.length if difference.theirs else _beginning(store, difference.mine)
        if first < difference.mine.base:
            continue  # what lies between is not held here
        end = min(difference.mine.length, (stop or {}).get(difference.log, difference.mine.length))
        while first < end:
            room = bytes_max - size
            if frames and (room <= 0 or len(frames) >= limits.ROUND_RUNS_MAX):
                return Chosen(frames=frames, records=records, more=True)
            run, frame = _next_run(store, difference.log, first, end, max(room, 0), may_hold)
            if frames and len(frame) > room:
                return Chosen(frames=frames, records=records, more=True)
            frames.append(frame)
            size += len(frame)
            records += len(run.records)
            first = run.stop
    return Chosen(frames=frames, records=records, more=False)


def choose_history(
    store: LogStore, wanted: Iterable[FrontierEntry], *, bytes_max: int, may_hold: MayHold | None = None
) -> Chosen:
    """Pick runs that end where a peer's logs begin: a peer that knows what lies below only by a snapshot.

    The newest history goes first, so that each run joins what the peer holds: its chain ends in the link that stands
    before the peer's first record. At least one run is sent however small the budget.

    Args:
        wanted: the peer's entries; those with base 0 lack nothing.
        may_hold: whether the peer may have the body of a record; others are withheld. None sends all bodies.
    """
    frames: list[bytes] = []
    size = records = 0
    for entry in wanted:
        stop = entry.base
        while stop > 0:
            room = bytes_max - size
            if frames and (room <= 0 or len(frames) >= limits.ROUND_RUNS_MAX):
                return Chosen(frames=frames, records=records, more=True)
            run, frame = _run_before(store, entry.log, stop, max(room, 0), may_hold)
            if run is None:
                break  # not held here either
            if frames and len(frame) > room:
                return Chosen(frames=frames, records=records, more=True)
            frames.append(frame)
            size += len(frame)
            records += len(run.records)
            stop = run.first
    return Chosen(frames=frames, records=records, more=False)


def side_by_side(records: Iterable[Record], *, most: int = 64) -> Iterable[list[Record]]:
    """Records that travel beside a list, grouped: those of one log that follow each other go as one run, `most` in each."""
    group: list[Record] = []
    for record in sorted(records, key=lambda each: (each.header.log, each.header.seq)):
        last = group[-1].header if group else None
        follows = last is not None and (last.log, last.seq + 1) == (record.header.log, record.header.seq)
        if group and (not follows or len(group) >= most):
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def loose_run(group: list[Record], may_hold: MayHold) -> Run:
    """A group as it travels: without seal, and without the bodies that the receiver may not have."""
    records = tuple(withhold(record, may_hold) for record in group)
    return Run(log=group[0].header.log, first=group[0].header.seq, records=records, seal=None)


def check_run_below(run: Run, *, base: int, link: str) -> Run:
    """Check a run of history: cut at `base`, its chain must end in `link`. Returns the part that was checked.

    No seal is needed: the link was sealed by the log's device, and the chain leads down from it. Raises RunInvalid where
    the run does not reach `base` or another chain comes out.
    """
    if not run.first < base <= run.stop:
        raise RunInvalid(reasons.LOG_CHAIN, f"history {run.first}–{run.stop} does not reach {base}")
    part = Run(log=run.log, first=run.first, records=run.records[: base - run.first])
    if check_chain(part, part.records[0].header.prev if part.first else None) != link:
        raise RunInvalid(reasons.LOG_CHAIN, f"history does not lead to record {base}")
    return part


def _beginning(store: LogStore, mine: FrontierEntry) -> int:
    """Where a log begins for whoever holds nothing of it: at its first record, or where a branch comes off its log."""
    first = store.span(mine.log, mine.base, stop=mine.base + 1) if mine.base else []
    return mine.base if first and first[0].header.log != mine.log else 0


def check_run(
    run: Run, *, held: FrontierEntry | None, link_before: str | None, device: PublicKey | None
) -> str:
    """Check the chain and the seal of a run that arrived; returns its head link. Raises RunInvalid.

    Args:
        held: where the receiver stands in this log.
        link_before: link of the record before the run, as the receiver holds it (None at the start, or where the
            run begins beyond what is held; the store then answers with a gap, or begins a branch).
        device: the key that seals this log. None where the run opens a log whose device is not known yet.
    """
    expected = link_before if run.first else None
    if run.first and (held is None or run.first > held.length):
        expected = run.records[0].header.prev
    head = check_chain(run, expected)
    if run.seal is not None and device is not None:
        verify_seal(run.seal, device, origin=run.origin)
    return head


def opening_of(run: Run) -> LogOpening:
    """Who opens the log that this run starts; raises RunInvalid."""
    if run.first != 0 or not run.records:
        raise RunInvalid(reasons.LOG_CHAIN, "the run does not start at record 0")
    return LogOpening.from_header(run.records[0].header)


def audience_of(record: UnverifiedRecord | Record) -> str:
    """The unit whose nodes may hold the body: the one the facts name, else the signer's."""
    unit = record.header.facts.get("unit")
    return unit if isinstance(unit, str) else record.header.commune


def is_for_everyone(audience: str) -> bool:
    """Whether an audience is the province's (a two-digit unit): catalogue and calendar are for every PC."""
    return len(audience) <= 2


def meant_for(*units: str) -> MayHold:
    """What PCs of these units may hold, where nothing else is known of the records."""
    return lambda record: is_for_everyone(audience_of(record)) or audience_of(record) in units


def withhold(record: Record, may_hold: MayHold) -> UnverifiedRecord:
    """The record as the peer may have it: without a body that is not meant for it."""
    travelling = unverified(record)
    is_withheld = record.body is not None and not may_hold(record)
    return without_body(travelling, BodyState.WITHHELD) if is_withheld else travelling


def _next_run(
    store: LogStore, log: str, first: int, end: int, room: int, may_hold: MayHold | None
) -> tuple[Run, bytes]:
    budget = min(max(room, 1) * _RAW_PER_PACKED, limits.RUN_UNPACKED_BYTES_MAX // 2)
    stop = min(end, first + limits.RUN_RECORDS_MAX)
    while True:
        records = store.span(log, first, stop=stop, bytes_max=budget)
        run = _cut_at_seal(store, log, first, records, end, may_hold)
        frame = encode_run(run)
        # One run as long as fits packs better than two: what the first attempt cost tells where to cut.
        fits = len(run.records) * max(room, 0) // len(frame)
        shorter = store.seal(log, at_most=first + max(1, fits))
        if shorter is None or shorter.length <= first:
            shorter = store.seal(log, at_most=first + max(1, len(run.records) // 2))
        if len(frame) <= room or shorter is None or not first < shorter.length < run.stop:
            return run, frame
        stop, budget = shorter.length, limits.RUN_UNPACKED_BYTES_MAX


def _run_before(
    store: LogStore, log: str, stop: int, room: int, may_hold: MayHold | None
) -> tuple[Run | None, bytes]:
    """The longest run that ends at `stop` and fits in `room`, or a single record."""
    count = min(stop, limits.RUN_RECORDS_MAX, max(1, room // _PACKED_RECORD_BYTES))
    while True:
        records = store.span(log, stop - count, stop=stop)
        if len(records) != count:
            return None, b""
        sent = tuple(withhold(r, may_hold) if may_hold else unverified(r) for r in records)
        run = Run(log=log, first=stop - count, records=sent)
        size = sum(len(r.header_bytes) + (len(r.body.content) if r.body else 0) for r in sent)
        if size <= limits.RUN_UNPACKED_BYTES_MAX // 2 or count == 1:
            frame = encode_run(run)
            if len(frame) <= room or count == 1:
                return run, frame
        count = max(1, count // 2)


def _cut_at_seal(
    store: LogStore, log: str, first: int, records: list[Record], end: int, may_hold: MayHold | None
) -> Run:
    reached = first + len(records)
    seal = store.seal(log, at_most=reached)
    if (seal is None or seal.length <= first) and reached < end:
        # The first seal lies beyond the budget: go on to it, a receiver can do little with an unsealed part.
        records = store.span(log, first, stop=min(end, first + limits.SEAL_EVERY_RECORDS))
        seal = store.seal(log, at_most=first + len(records))
    if seal is not None and seal.length > first:
        records = records[: seal.length - first]
    else:
        seal = None
    sent = [withhold(r, may_hold) if may_hold else unverified(r) for r in records]
    return Run(log=log, first=first, records=tuple(sent), seal=seal)
