"""The sequencer: every receipted record becomes a leaf, in order of receipt, and then a checkpoint is signed.

One per hub: it runs in the judge's process, of which there is one. Each step first makes sure that this database holds the
records of all leaves that were signed. It does not after a restore: then nothing is signed and no lease is granted, and
with every record that a node feeds back the database comes closer to the tree, until it has caught up by itself. A
record of the hub's own that stands elsewhere than the tree says is an alarm, and nothing goes on without a person; where a
device's log holds another one there, it has two branches, and the tree's is waited for.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import StrEnum

from sqlalchemy import Connection, func, select

from central_hub.copies.suspicion import suspected_logs
from central_hub.registry.leases import grant_what_waited
from central_hub.services import Services
from central_hub.settings import TREE_PROBLEM, TREE_WAITING, get_setting, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.opened_runs import Outline
from central_hub.store.record_log import FRAME, HeldLog, HubLogStore
from central_hub.store.tables import CHECKPOINT, LEAFED, LOG, RUN
from central_hub.tlog.places import Span, matched_size, note_spans
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import keep_checkpoint
from signing.tlog.leaf import Leaf
from sync_protocol.record import Record, UnverifiedRecord

_LOG = logging.getLogger(__name__)
_LEAVES_AT_ONCE = 8192
_MATCHED_AT_ONCE = 4096
_DONE = func.coalesce(LEAFED.c.length, 0)
_WITHOUT_LEAF = (
    select(RUN.c.no, RUN.c.first, RUN.c.stop, LOG.c.id, LOG.c.acknowledged, _DONE.label("done"))
    .join(LOG, RUN.c.log_no == LOG.c.no)
    .join(LEAFED, LEAFED.c.log == LOG.c.id, isouter=True)
    .where(LOG.c.acknowledged > _DONE, RUN.c.stop > _DONE, RUN.c.first < LOG.c.acknowledged)
    .order_by(RUN.c.no)
    .limit(_LEAVES_AT_ONCE)
)
_LAST_SIGNED = select(func.max(CHECKPOINT.c.signed_ms))


class Step(StrEnum):
    """What one step of the sequencer came to."""

    IDLE = "idle"
    SIGNED = "signed"
    MATCHED = "matched"
    WAITING = "waiting"
    STOPPED = "stopped"


class Conflict(TreeUnusable):
    """The database holds another record where the tree has its leaf."""


def advance(services: Services, *, at_once: bool = False) -> Step:
    """One step; `at_once` signs even if the last checkpoint is fresh. Never raises for a tree that cannot be used."""
    tree, key = services.tree, services.keys.log
    if tree is None or key is None:
        return Step.IDLE
    try:
        step = _advance(services, tree, at_once=at_once)
    except (TreeUnusable, OSError) as error:
        _LOG.error("the province's log stands still: %s", error)
        _note_problem(services, str(error) or type(error).__name__)
        return Step.STOPPED
    _note_problem(services, "")
    _note_waiting(services, is_waiting=step is Step.WAITING)
    return step


def _advance(services: Services, tree: Tree, *, at_once: bool) -> Step:
    stopped = tree.stopped()
    if stopped is not None:
        raise TreeUnusable(stopped)
    size = tree.head().size
    with reading(services.engine) as connection:
        matched = matched_size(connection)
    if matched > size:
        raise TreeUnusable(
            f"the files hold {size} leaves, and {matched} were signed once: they were put back"
        )
    if matched < size:
        return _match(services, tree, matched, size)
    if not at_once and not _is_due(services):
        return Step.IDLE
    with reading(services.engine) as connection:
        spans, leaves = _fresh(connection, services, size)
    if not leaves:
        return Step.IDLE
    key = services.keys.log
    if key is None:
        raise TreeUnusable("the log's key is not here")
    checkpoint, note = tree.publish(leaves, key)
    with writing(services.engine) as connection:
        now_ms = services.clock()
        note_spans(connection, spans)
        keep_checkpoint(connection, checkpoint.size, note, now_ms=now_ms)
        _grant_leases(connection, services, now_ms)
    return Step.SIGNED


def _grant_leases(connection: Connection, services: Services, now_ms: int) -> None:
    """Numbers for the logs whose opening was judged while the files were ahead of this database.

    That is so for as long as a restored database is fed back, and for a moment after each signing.
    """
    copies = suspected_logs(connection, services, connection.scalars(select(LOG.c.no)).all())
    grant_what_waited(connection, services, now_ms=now_ms, except_logs=copies)


# --- catching up ---


def _match(services: Services, tree: Tree, matched: int, size: int) -> Step:
    """Take note of the next leaves whose records are here again."""
    leaves = [Leaf.parse(data) for data in tree.entries(matched, min(size, matched + _MATCHED_AT_ONCE))]
    with reading(services.engine) as connection:
        store = HubLogStore(connection, services.opened)
        spans = list(_held_spans(store, services, matched, leaves))
    if not spans:
        return Step.WAITING
    now_ms = services.clock()
    with writing(services.engine) as connection:
        note_spans(connection, spans)
        if matched_size(connection) == size:
            keep_checkpoint(connection, size, tree.note(), now_ms=now_ms)
            _LOG.info("the database has caught up with the province's log: %d leaves", size)
            _grant_leases(connection, services, now_ms)
    return Step.MATCHED


def _held_spans(store: HubLogStore, services: Services, position: int, leaves: list[Leaf]) -> Iterator[Span]:
    """The spans of leaves that are held, up to the first that is not.

    A leaf names the log in which its author wrote; here the record may lie in a branch of it, and after a restore, when the
    other branch came first, in another one than before.
    """
    for group in _neighbours(leaves):
        while group:
            span = _longest_held(store, services, position, group)
            if span is None:
                return
            yield span
            position += span.count
            group = group[span.count :]


def _longest_held(store: HubLogStore, services: Services, position: int, group: list[Leaf]) -> Span | None:
    """The most of neighbouring leaves that one log or branch holds from the first of them on; None where none does."""
    log, first = group[0].log, group[0].seq
    best: Span | None = None
    for held in store.family(log):
        room = min(first + len(group), held.acknowledged) - first
        if first < held.base or room <= 0:
            continue
        # The chain of a log binds everything before its link: what agrees is a beginning.
        count = _agreeing(store, held, group[:room])
        if count and (best is None or count > best.count):
            best = Span(position=position, log=held.id, first=first, count=count)
        if not count and held.device == services.keys.hub.public.id:
            raise Conflict(f"log {log}: another record than the tree's at {first}")
    return best


def _agreeing(store: HubLogStore, held: HeldLog, group: list[Leaf]) -> int:
    """How many of these leaves, from the first on, are what stands in this log."""

    def differs(count: int) -> bool:
        return store.link_at(held.id, group[0].seq + count) != group[count - 1].link

    # Nearly always all of them; else the place where the two part is looked for by halves.
    return bisect_left(range(1, len(group)), True, key=differs) if differs(len(group)) else len(group)


def _neighbours(leaves: Iterable[Leaf]) -> Iterator[list[Leaf]]:
    group: list[Leaf] = []
    for leaf in leaves:
        if group and (leaf.log, leaf.seq) != (group[-1].log, group[-1].seq + 1):
            yield group
            group = []
        group.append(leaf)
    if group:
        yield group


# --- going on ---


def _is_due(services: Services) -> bool:
    with reading(services.engine) as connection:
        last = connection.scalar(_LAST_SIGNED)
    since_ms = services.clock() - (last or 0)
    return last is None or not 0 <= since_ms < services.config.checkpoint_every_s * 1000


def _fresh(connection: Connection, services: Services, size: int) -> tuple[list[Span], list[bytes]]:
    """The next acknowledged records that have no leaf, in the order in which their runs arrived."""
    spans: list[Span] = []
    leaves: list[bytes] = []
    for row in connection.execute(_WITHOUT_LEAF).all():
        if leaves and len(leaves) + row.stop - row.first > _LEAVES_AT_ONCE:
            break
        first, stop = max(row.first, row.done), min(row.stop, row.acknowledged)
        frame = connection.execute(FRAME, {"no": row.no}).scalar_one()
        outline = services.opened.outline(row.no, frame)
        spans.append(Span(position=size + len(leaves), log=row.id, first=first, count=stop - first))
        leaves += [
            leaf_in(outline, position).encode() for position in range(first - row.first, stop - row.first)
        ]
    return spans, leaves


def leaf_in(outline: Outline, position: int) -> Leaf:
    """What the record at this position of a run contributes to the log."""
    return Leaf(
        by=outline.signers[position],
        kind=outline.kinds[position],
        link=outline.link(position),
        log=outline.log,
        seq=outline.first + position,
    )


def leaf_of(record: UnverifiedRecord | Record) -> Leaf:
    """What a record contributes to the log."""
    header = record.header
    return Leaf(by=header.by, kind=header.name, link=record.link, log=header.log, seq=header.seq)


def _note_problem(services: Services, problem: str) -> None:
    with reading(services.engine) as connection:
        known = get_setting(connection, TREE_PROBLEM) or ""
    if known != problem:
        with writing(services.engine) as connection:
            put_setting(connection, TREE_PROBLEM, problem)


def _note_waiting(services: Services, *, is_waiting: bool) -> None:
    """Since when the tail has been awaited without anything coming; a step that matched something begins anew."""
    with reading(services.engine) as connection:
        known = get_setting(connection, TREE_WAITING) or ""
    if bool(known) != is_waiting:
        with writing(services.engine) as connection:
            put_setting(connection, TREE_WAITING, str(services.clock()) if is_waiting else "")
