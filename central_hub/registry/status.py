"""What became of keys at this hub: accepted revocations, reinstatements, reviews and forks, folded to one status.

The bundle's former keys belong to it from the start: what the roots cut off needs no record. Read again only when there
is something new. Whether somebody may revoke was asked before an event was written here.
"""

from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from central_hub.store.tables import KEY_EVENT, LOG
from central_hub.tlog.places import places_of
from signing.cuts import Cause, Cut
from signing.snapshot import cut_off_by_roots
from signing.status import Event, Forked, Reinstated, Reviewed, Revoked, Status
from signing.trust import TrustBundle

REVOKED = "key.revoked"
REINSTATED = "key.reinstated"
REVIEWED = "review.given"
FORKED = "log.forked"
_NEWEST = select(KEY_EVENT.c.no, KEY_EVENT.c.record).order_by(KEY_EVENT.c.no.desc()).limit(1)
_NEWEST_NUMBER = select(func.max(KEY_EVENT.c.no))


class StatusKeeper:
    """The status of keys, kept current; shared by the threads of one process."""

    def __init__(self, bundle: TrustBundle) -> None:
        self._former = cut_off_by_roots(bundle)
        self._seen: tuple[int, str] | None = None
        self._status = Status.of(self._former, size=1)
        self._lock = Lock()

    def current(self, connection: Connection) -> Status:
        """The status as of this transaction."""
        row = connection.execute(_NEWEST).first()
        newest = None if row is None else (row.no, row.record)
        with self._lock:
            if newest == self._seen:
                return self._status
        events = [*self._former, *read_events(connection)]
        status = Status.of(events, size=1 + max((event.index for event in events), default=0))
        with self._lock:
            self._seen, self._status = newest, status
        return status


def newest_event(connection: Connection) -> int:
    """Number of the newest accepted event; 0 when there is none."""
    return connection.scalar(_NEWEST_NUMBER) or 0


def read_events(connection: Connection, *, after: int = 0) -> list[Event]:
    """The accepted events, in order of acceptance; each at its place in the tree, or while it has none above all that is."""
    rows = connection.execute(select(KEY_EVENT).where(KEY_EVENT.c.no > after).order_by(KEY_EVENT.c.no)).all()
    places = places_of(connection, [row.record for row in rows])
    return [event for row in rows for event in events_of(row, places.get(row.record, row.leaf))]


def cause_of(status: Status, key: str) -> str:
    """Why a key was cut off: the newest cause that is no mere suspension, else that, else ""."""
    events: tuple[Revoked, ...] = status.revoked.get(key, ())
    for_good = [event for event in events if event.cause is not Cause.SUSPENDED]
    return (for_good or [*events])[-1].cause.value if events else ""


def tree_size(connection: Connection) -> int:
    """A size of the tree above which nothing stands that this hub holds now: one leaf for each record, in order of receipt.

    Records that are held and not acknowledged yet count, too: they may come to stand before acknowledged ones.
    """
    return int(connection.scalar(select(func.sum(LOG.c.length - LOG.c.base))) or 0)


def events_of(row: Row[Any], index: int) -> list[Event]:
    """What a row of `key_event` says, as events at place `index`."""
    facts = orjson.loads(row.facts)
    if row.kind == REVIEWED:
        return [
            Reviewed(index=index, record=row.record, by=row.by, target=target, stands=facts["stands"])
            for target in facts["records"]
        ]
    if row.kind == FORKED:
        return [Forked(index=index, log=facts["log"], first=facts["first"], stop=facts["stop"])]
    if row.kind == REINSTATED:
        return [Reinstated(index=index, record=row.record, by=row.by, key=facts["key"])]
    cause, cut = Cause(facts["reason"]), Cut.from_facts(facts)
    return [Revoked(index=index, record=row.record, by=row.by, key=facts["key"], cause=cause, cut=cut)]
