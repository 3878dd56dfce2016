"""What was published: every re-organisation with who signed it, and the allotments of single dossiers."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from central_hub.registry.holders import list_holders
from central_hub.reorganisation.heard import Progress, seats_of
from central_hub.services import Services
from central_hub.store.tables import REORGANISATION
from dossiers.genealogy import Allotment, Reorganisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One re-organisation: who signed it when (the hub's clock), and how many PCs have heard of it."""

    event: Reorganisation
    signer: str
    at_ms: int
    seats: int
    unheard: int
    allotted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedAllotment:
    """Single dossiers given to another unit."""

    event: Allotment
    signer: str
    at_ms: int


def list_published(connection: Connection, services: Services) -> list[Published]:
    """Every re-organisation, the newest day first."""
    genealogy = services.genealogy.current(connection)
    signers = _signers(connection)
    found = []
    for event in reversed(genealogy.reorganisations):
        seats = seats_of(connection, services, event)
        found.append(
            Published(
                event=event,
                signer=signers.get(event.record, ""),
                at_ms=event.at[0],
                seats=len(seats),
                unheard=sum(seat.progress is Progress.UNHEARD for seat in seats),
                allotted=_count(a for a in genealogy.allotments if a.old in {c.old for c in event.changes}),
            )
        )
    return found


def list_allotments(connection: Connection, services: Services) -> list[PublishedAllotment]:
    """Every allotment, the newest day first."""
    signers = _signers(connection)
    events = services.genealogy.current(connection).allotments
    return [
        PublishedAllotment(event=event, signer=signers.get(event.record, ""), at_ms=event.at[0])
        for event in reversed(events)
    ]


def _count(events: Iterable[Allotment]) -> int:
    return sum(len(event.dossiers) for event in events)


def _signers(connection: Connection) -> dict[str, str]:
    """By record, the name of the officer whose key signed it."""
    names = {holder.key: holder.name for holder in list_holders(connection)}
    rows = connection.execute(select(REORGANISATION.c.record, REORGANISATION.c.by))
    return {row.record: names.get(row.by, "") for row in rows}
