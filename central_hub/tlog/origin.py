"""Another origin for the province's log, when the one in use cannot go on: its files are lost or spoiled, or records that it
counts never come back.

Only the roots open one: a trust bundle names the new log beside the old one, the last checkpoint that the old one signed,
and how many of its first leaves the new one begins with. Those are the leaves whose records this database holds; they
keep their places, so that cuts and proofs mean what they meant. Records that come back later get new places at the end.

Order of effects in `switch`: the new tree is complete in a folder of its own before the bundle is in use; then the old
folder is put aside and the new one in its place, and last the database follows. Each step can be done again, so an adoption that
was cut short is completed by adopting again. Nothing of the old log is deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, select

from central_hub.services import Services
from central_hub.settings import TREE_PROBLEM, TREE_WAITING, get_setting, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import CHECKPOINT, LEAF, LEAFED
from central_hub.tlog.places import Span, matched_size, note_spans
from central_hub.tlog.sequencer import leaf_of
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import keep_checkpoint
from signing.bundles import Continued
from signing.errors import LogInvalid
from signing.keys import SigningKey
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note, VerifierKey
from signing.tlog.policy import Policy

_DAY_MS: Final = 24 * 60 * 60 * 1000
_NEXT: Final = "tree-next"
_COSIGNED: Final = "cosigned"
_LEAVES_AT_ONCE: Final = 8192


def last_signed(connection: Connection, services: Services, shown: bytes | None) -> Checkpoint | None:
    """The newest checkpoint that the log in use is known to have signed: on the disk, in the database, or shown by a node."""
    tree, policy = services.tree, services.keys.bundle.policy
    if tree is None or policy is None:
        return None
    notes = [shown] if shown else []
    if tree.exists():
        notes.append(tree.note())
    notes += connection.scalars(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)).all()
    heads = [head for note in notes if (head := _of_log(note, policy, tree.origin)) is not None]
    return max(heads, key=lambda head: head.size, default=None)


def may_open(connection: Connection, services: Services) -> bool:
    """Whether the log in use cannot go on: unusable, stopped, or waiting for its tail longer than the stated time."""
    tree = services.tree
    if tree is None:
        return False
    try:
        size = tree.head().size
    except TreeUnusable:
        return True
    return (
        tree.stopped() is not None
        or matched_size(connection) > size
        or bool(get_setting(connection, TREE_PROBLEM))
        or is_overdue(connection, services)
    )


def is_overdue(connection: Connection, services: Services) -> bool:
    """Whether the tail of the log has been awaited for longer than `tail_wait_days`."""
    since = get_setting(connection, TREE_WAITING)
    return bool(since) and services.clock() - int(since or 0) > services.config.tail_wait_days * _DAY_MS


def kept_leaves(connection: Connection, last: Checkpoint) -> int:
    """How many of the old log's first leaves this database holds the records of."""
    return min(matched_size(connection), last.size)


def switch(services: Services, key: SigningKey, log: VerifierKey, ended: Continued) -> None:
    """Put the new log in the old one's place; again after a crash. Raises TreeUnusable where records are not what they were."""
    folder = services.config.tree
    if not _is_of(folder, log):
        _build(services, key, log, ended.kept)
        aside = folder.with_name(f"{folder.name}-{ended.origin.rpartition('/')[2]}")
        if folder.exists():
            folder.replace(aside)
        _keep_cosigned(services, aside)
        folder.with_name(_NEXT).replace(folder)
    tree = Tree(folder, log)
    with writing(services.engine) as connection:
        connection.execute(delete(CHECKPOINT))
        _forget_above(connection, ended.kept)
        if ended.kept:
            keep_checkpoint(connection, ended.kept, tree.note(), now_ms=services.clock())
        put_setting(connection, TREE_PROBLEM, "")
        put_setting(connection, TREE_WAITING, "")


def _build(services: Services, key: SigningKey, log: VerifierKey, kept: int) -> None:
    folder = services.config.tree.with_name(_NEXT)
    shutil.rmtree(folder, ignore_errors=True)
    tree = Tree(folder, log)
    tree.found(key)
    batch: list[bytes] = []
    with reading(services.engine) as connection:
        for leaf in _leaves(connection, services, kept):
            batch.append(leaf)
            if len(batch) == _LEAVES_AT_ONCE:
                tree.publish(batch, key)
                batch = []
    if batch:
        tree.publish(batch, key)
    if tree.head().size != kept:
        raise TreeUnusable(f"{tree.head().size} of {kept} leaves are here")


def _leaves(connection: Connection, services: Services, kept: int) -> Iterator[bytes]:
    """The first leaves of the old log, made again from the records at their places."""
    store = HubLogStore(connection, services.opened)
    for row in connection.execute(select(LEAF).where(LEAF.c.position < kept).order_by(LEAF.c.position)).all():
        count = min(row.count, kept - row.position)
        for record in store.span(row.log, row.first, stop=row.first + count):
            yield leaf_of(record).encode()


def _forget_above(connection: Connection, kept: int) -> None:
    """Places beyond what the new log begins with: their records are logged anew."""
    rows = connection.execute(select(LEAF).where(LEAF.c.position + LEAF.c.count > kept)).all()
    if not rows:
        return
    spans = [
        Span(position=row.position, log=row.log, first=row.first, count=min(row.count, kept - row.position))
        for row in connection.execute(select(LEAF).where(LEAF.c.position < kept).order_by(LEAF.c.position))
    ]
    connection.execute(delete(LEAF))
    connection.execute(delete(LEAFED))
    note_spans(connection, spans)


def _keep_cosigned(services: Services, aside: Path) -> None:
    """The cosigned checkpoints of the log that ended, as files beside its tiles: the database keeps the new log's only."""
    folder = aside / _COSIGNED
    folder.mkdir(parents=True, exist_ok=True)
    with reading(services.engine) as connection:
        for row in connection.execute(select(CHECKPOINT.c.size, CHECKPOINT.c.note)):
            (folder / str(row.size)).write_bytes(row.note)


def _is_of(folder: Path, log: VerifierKey) -> bool:
    try:
        Tree(folder, log).head()
    except TreeUnusable:
        return False
    return True


def _of_log(note: bytes, policy: Policy, origin: str) -> Checkpoint | None:
    try:
        head = policy.open_unwitnessed(Note.parse(note))
    except LogInvalid:
        return None
    return head if head.origin == origin else None
