"""The status snapshot of this hub: what its log says of keys and documents, signed for agencies that verify without a
connection.

An event counts with the place of its record in the province's tree; one that has no leaf yet is in the next snapshot. A slice for some
units holds what concerns their keys, records and documents: it is what goes to PCs and into proofs, because the whole of a province
outgrows both.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from central_hub.projection.documents import changed_documents
from central_hub.registry.snapshot_keeper import Taken
from central_hub.registry.status import FORKED, REINSTATED, REVIEWED, REVOKED, events_of
from central_hub.services import Services
from central_hub.store.tables import KEY, KEY_EVENT, LOG
from central_hub.tlog.places import matched_size, places_of
from signing.snapshot import Snapshot, cut_off_by_roots, sign_snapshot
from signing.status import Event, Status


def take_snapshot(
    connection: Connection, services: Services, units: Collection[str] | None = None
) -> bytes | None:
    """The signed file, of these units or of all; None for a hub without a status key or without a tree."""
    if services.keys.status is None or services.tree is None:
        return None
    size = matched_size(connection)
    rows = _all_rows(connection) if units is None else _rows_of(connection, units)
    events = [
        *cut_off_by_roots(services.keys.bundle),
        *_events(connection, rows),
        *changed_documents(connection, units),
    ]
    snapshot = Snapshot(
        province=services.province,
        status=Status.of(events, size=max(size, 1)),
        root=services.tree.root_at(size).hex() if size else None,
        issued=services.clock(),
        units=None if units is None else frozenset(units),
    )
    return sign_snapshot(snapshot, services.keys.status)


def newest_of_all(connection: Connection, services: Services) -> Taken | None:
    """The one of all units that this process made last, or makes now; None where this hub makes none."""
    return services.snapshots.current(
        lambda: take_snapshot(connection, services), size=matched_size(connection), now_ms=services.clock()
    )


def _all_rows(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(select(KEY_EVENT).order_by(KEY_EVENT.c.no)).all()


def _rows_of(connection: Connection, units: Collection[str]) -> Sequence[Row[Any]]:
    """The events about keys ever stated for these units, records of theirs and their logs; and about whoever reviewed those."""
    ours = KEY_EVENT.c.subject.in_(select(KEY.c.id).where(KEY.c.unit.in_(units)))
    is_key_event = KEY_EVENT.c.kind.in_([REVOKED, REINSTATED])
    review = (KEY_EVENT.c.kind == REVIEWED) & KEY_EVENT.c.subject.in_(units)
    fork = (KEY_EVENT.c.kind == FORKED) & KEY_EVENT.c.subject.in_(
        select(LOG.c.id).where(LOG.c.commune.in_(units))
    )
    # What a key signed after its own cut settles nothing: so its cut belongs to the reviews that it gave.
    reviewers = KEY_EVENT.c.subject.in_(select(KEY_EVENT.c.by).where(review))
    query = select(KEY_EVENT).where((is_key_event & (ours | reviewers)) | review | fork)
    return connection.execute(query.order_by(KEY_EVENT.c.no)).all()


def _events(connection: Connection, rows: Sequence[Row[Any]]) -> list[Event]:
    """Every one of these events that has a leaf, with that leaf's number."""
    places = places_of(connection, [row.record for row in rows])
    return [event for row in rows if row.record in places for event in events_of(row, places[row.record])]
