"""The status snapshot of this hub: what its log says of keys and documents, signed for agencies that verify without a
connection.

An event counts with the place of its record in the province's tree; one that has no leaf yet is in the next snapshot.
"""

from sqlalchemy import Connection, select

from central_hub.projection.documents import changed_documents
from central_hub.registry.status import events_of
from central_hub.services import Services
from central_hub.store.tables import KEY_EVENT
from central_hub.tlog.places import matched_size, places_of
from signing.snapshot import Snapshot, cut_off_by_roots, sign_snapshot
from signing.status import Event, Status


def take_snapshot(connection: Connection, services: Services) -> bytes | None:
    """The signed file; None for a hub without a status key or without a tree."""
    if services.keys.status is None or services.tree is None:
        return None
    size = matched_size(connection)
    events = [*cut_off_by_roots(services.keys.bundle), *_events(connection), *changed_documents(connection)]
    snapshot = Snapshot(
        province=services.province,
        status=Status.of(events, size=max(size, 1)),
        root=services.tree.root_at(size).hex() if size else None,
        issued=services.clock(),
    )
    return sign_snapshot(snapshot, services.keys.status)


def _events(connection: Connection) -> list[Event]:
    """Every accepted event that has a leaf, with that leaf's number."""
    rows = connection.execute(select(KEY_EVENT).order_by(KEY_EVENT.c.no)).all()
    places = places_of(connection, [row.record for row in rows])
    return [event for row in rows if row.record in places for event in events_of(row, places[row.record])]
