"""Loads at the hub: which are on their way, what became of them, and how much a relay may leave here.

A load has one row, from its first piece on. Its bytes are a file of the folder `relayed`; they go as soon as everything in them
has been taken. Order of effects: the records of a load are durable before its row says so, and its bytes go last.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from central_hub.files.room import has_room
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import RELAY_ANSWER, RELAYED_LOAD
from signing.reasons import Reason
from sync_protocol import reasons
from vault import Vault

RELAY_LOADS_OPEN_MAX: Final = 64
RELAY_BYTES_OPEN_MAX: Final = 256 * 1024 * 1024
"""What one relay may have unfinished here."""
UNFINISHED_MS_MAX: Final = 14 * 86_400_000
ANSWER_KEPT_MS: Final = 90 * 86_400_000
REMEMBERED_MS: Final = 180 * 86_400_000


class LoadState(IntEnum):
    """How far a load is. WAITS: records in it follow others that are not here yet."""

    COMING = 0
    WAITS = 1
    FILES_LEFT = 2
    DONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """One load as the hub remembers it. `outcome` is "" or the code of the first thing in it that was not taken."""

    load: str
    relay: str
    size: int
    at_ms: int
    state: int
    sender: str
    unit: str
    records: int
    outcome: str


def spool_of(services: Services) -> Vault:
    """Where the bytes of loads and answers lie."""
    return Vault(services.config.relayed)


def find_load(connection: Connection, load: str) -> Relayed | None:
    row = connection.execute(select(RELAYED_LOAD).where(RELAYED_LOAD.c.load == load)).first()
    return None if row is None else Relayed(**row._mapping)


def open_place(services: Services, load: str, size: int, relay: str) -> Reason | None:
    """Make room for a load of which nothing is here yet; the reason where there is none."""
    table = RELAYED_LOAD
    with reading(services.engine) as connection:
        if find_load(connection, load) is not None:
            return None
        query = select(func.count(), func.coalesce(func.sum(table.c.size), 0))
        loads, held = connection.execute(
            query.where(table.c.relay == relay, table.c.state != LoadState.DONE)
        ).one()
    is_over = loads >= RELAY_LOADS_OPEN_MAX or held + size > RELAY_BYTES_OPEN_MAX
    if is_over or not has_room(services, size, is_begun=True):
        return reasons.RELAY_ROOM
    with writing(services.engine) as connection:
        if find_load(connection, load) is None:
            connection.execute(
                insert(table).values(
                    load=load, relay=relay, size=size, at_ms=services.clock(), state=int(LoadState.COMING),
                    sender="", unit="", records=0, outcome="",
                )
            )  # fmt: skip
    return None


def note_taken(
    services: Services,
    load: str,
    *,
    state: LoadState,
    sender: str,
    unit: str,
    records: int,
    outcome: str,
) -> None:
    """Its records are in the store; an answer made before that is none any more."""
    with writing(services.engine) as connection:
        connection.execute(
            update(RELAYED_LOAD)
            .where(RELAYED_LOAD.c.load == load)
            .values(
                at_ms=services.clock(),
                state=int(state),
                sender=sender,
                unit=unit,
                records=records,
                outcome=outcome,
            )
        )
        connection.execute(update(RELAY_ANSWER).where(RELAY_ANSWER.c.device == sender).values(made_ms=0))
    if state is LoadState.DONE:
        spool_of(services).remove(load)


def forget_load(services: Services, load: str) -> None:
    """A load that is none: no row, no bytes."""
    with writing(services.engine) as connection:
        connection.execute(delete(RELAYED_LOAD).where(RELAYED_LOAD.c.load == load))
    spool_of(services).remove(load)


def loads_of(connection: Connection, sender: str, *, limit: int = 20) -> list[Relayed]:
    """What came from a PC by way of others, the newest first."""
    table = RELAYED_LOAD
    query = select(table).where(table.c.sender == sender).order_by(table.c.at_ms.desc(), table.c.load)
    return [Relayed(**row._mapping) for row in connection.execute(query.limit(limit))]


def loads_in(connection: Connection, sender: str, state: LoadState) -> list[Relayed]:
    """The loads of a PC that are in this state, the oldest first."""
    table = RELAYED_LOAD
    query = select(table).where(table.c.sender == sender, table.c.state == int(state))
    return [
        Relayed(**row._mapping) for row in connection.execute(query.order_by(table.c.at_ms, table.c.load))
    ]


def newest_relays(connection: Connection) -> dict[str, Relayed]:
    """Of every PC whose data came by way of another one: the newest load."""
    table = RELAYED_LOAD
    newest = (
        select(table.c.sender, func.max(table.c.at_ms).label("at_ms")).group_by(table.c.sender).subquery()
    )
    joined = (table.c.sender == newest.c.sender) & (table.c.at_ms == newest.c.at_ms)
    rows = connection.execute(
        select(table).join(newest, joined).where(table.c.sender != "").order_by(table.c.load)
    )
    return {row.sender: Relayed(**row._mapping) for row in rows}


def carried_by(connection: Connection, relay: str) -> list[tuple[str, int]]:
    """The units of which a PC brought loads, with their number."""
    table = RELAYED_LOAD
    query = select(table.c.unit, func.count()).where(table.c.relay == relay, table.c.unit != "")
    return [
        (row[0], row[1]) for row in connection.execute(query.group_by(table.c.unit).order_by(table.c.unit))
    ]


def sweep_loads(services: Services) -> int:
    """Drop loads that never became whole, answers that nobody fetched, rows of long ago and bytes that no row names; returns how many
    loads."""
    now_ms, table = services.clock(), RELAYED_LOAD
    unfinished = (table.c.state != int(LoadState.DONE)) & (table.c.at_ms < now_ms - UNFINISHED_MS_MAX)
    with reading(services.engine) as connection:
        stale = list(connection.scalars(select(table.c.load).where(unfinished)))
    for load in stale:
        forget_load(services, load)
    with writing(services.engine) as connection:
        old = (table.c.state == int(LoadState.DONE)) & (table.c.at_ms < now_ms - REMEMBERED_MS)
        connection.execute(delete(table).where(old))
        connection.execute(delete(RELAY_ANSWER).where(RELAY_ANSWER.c.made_ms < now_ms - ANSWER_KEPT_MS))
        named = set(connection.scalars(select(table.c.load).where(table.c.state != int(LoadState.DONE))))
        named |= set(connection.scalars(select(RELAY_ANSWER.c.load)))
    for load, _ in list(spool_of(services).listed()):
        if load not in named:
            spool_of(services).remove(load)
    return len(stale)
