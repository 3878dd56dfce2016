"""Where records stand in the tree, as this database knows it: a copy of what the files say, matched record by record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from central_hub.store.bulk import chunks
from central_hub.store.record_log import prefix
from central_hub.store.tables import LEAF, LEAFED, LOG, PLACE
from central_hub.tlog.tree import Tree, TreeUnusable

_LAST_LEAF = select(LEAF.c.position, LEAF.c.count).order_by(LEAF.c.position.desc()).limit(1)
_NEW_LEAF = insert(LEAF)
_LEAFED = select(LEAFED.c.length).where(LEAFED.c.log == bindparam("of"))
_NEWEST_LEAVES = (
    select(LEAF.c.position, LEAF.c.first, LEAF.c.count)
    .where(LEAF.c.log == bindparam("of"))
    .order_by(LEAF.c.first.desc())
    .limit(bindparam("most"))
)
_LEAVES_FROM = (
    select(LEAF)
    .where(
        LEAF.c.log == bindparam("of"),
        # The span in which `begin` lies, or the one before it.
        LEAF.c.first
        >= func.coalesce(
            select(func.max(LEAF.c.first))
            .where(LEAF.c.log == bindparam("of"), LEAF.c.first <= bindparam("begin"))
            .scalar_subquery(),
            0,
        ),
    )
    .order_by(LEAF.c.first)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Records of one log that stand side by side: `count` of them from `first` on, at `position` and after it."""

    position: int
    log: str
    first: int
    count: int

    @property
    def stop(self) -> int:
        return self.first + self.count


def matched_size(connection: Connection) -> int:
    """How many leaves of the tree this database holds the records of, from the first on without a gap."""
    row = connection.execute(_LAST_LEAF).first()
    return 0 if row is None else row.position + row.count


def is_caught_up(connection: Connection, tree: Tree | None) -> bool:
    """Whether this database holds every record of the signed tree; a hub without a tree has nothing to catch up with."""
    if tree is None:
        return True
    try:
        return matched_size(connection) == tree.head().size
    except TreeUnusable:
        return False


def note_spans(connection: Connection, spans: Sequence[Span]) -> None:
    """Remember where records stand, in order of position."""
    for span in spans:
        row = {"position": span.position, "log": span.log, "first": span.first, "count": span.count}
        connection.execute(_NEW_LEAF, row)
        known = connection.scalar(_LEAFED, {"of": span.log})
        if known is None:
            connection.execute(insert(LEAFED).values(log=span.log, length=span.stop))
        else:
            connection.execute(update(LEAFED).where(LEAFED.c.log == span.log).values(length=span.stop))


def spans_of(connection: Connection, log: str, first: int, *, limit: int) -> list[Span]:
    """Where the records of a log stand from `first` on; neighbours in log and tree are one span."""
    asked = {"of": log, "begin": first, "most": limit * 64}
    found: list[Span] = []
    for row in connection.execute(_LEAVES_FROM, asked):
        skip = max(0, first - row.first)
        if skip >= row.count:
            continue
        span = Span(position=row.position + skip, log=log, first=row.first + skip, count=row.count - skip)
        last = found[-1] if found else None
        if last and last.stop == span.first and last.position + last.count == span.position:
            found[-1] = Span(position=last.position, log=log, first=last.first, count=last.count + span.count)
        elif len(found) < limit:
            found.append(span)
        else:
            break
    return found


def newest_spans(connection: Connection, log: str, *, limit: int) -> list[Span]:
    """Where the newest records of a log stand, in order; neighbours in log and tree are one span."""
    found: list[Span] = []
    for position, first, count in connection.execute(_NEWEST_LEAVES, {"of": log, "most": limit * 16}):
        after = found[-1] if found else None
        if after and (first + count, position + count) == (after.first, after.position):
            found[-1] = Span(position=position, log=log, first=first, count=count + after.count)
        elif len(found) < limit:
            found.append(Span(position=position, log=log, first=first, count=count))
        else:
            break
    return found[::-1]


def place_of(connection: Connection, log: str, seq: int) -> int | None:
    """The position of one record in the tree, or None while it has none."""
    spans = spans_of(connection, log, seq, limit=1)
    return spans[0].position if spans and spans[0].first == seq else None


def places_of(connection: Connection, records: Sequence[str]) -> dict[str, int]:
    """The positions of judged records by id; those that have none yet are left out."""
    index = LEAF.c.position + PLACE.c.seq - LEAF.c.first
    is_here = (LEAF.c.first <= PLACE.c.seq) & (PLACE.c.seq < LEAF.c.first + LEAF.c.count)
    query = (
        select(PLACE.c.record_prefix, index.label("leaf"))
        .join(LOG, LOG.c.no == PLACE.c.log_no)
        .join(LEAF, (LEAF.c.log == LOG.c.id) & is_here)
    )
    found: dict[int, int] = {}
    for part in chunks(prefix(record) for record in records):
        for row in connection.execute(query.where(PLACE.c.record_prefix.in_(part))):
            found[row.record_prefix] = row.leaf
    return {record: found[prefix(record)] for record in records if prefix(record) in found}
