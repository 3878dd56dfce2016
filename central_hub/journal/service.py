"""The one way by which the hub writes records of its own.

Each call is part of the caller's write transaction, which makes the log's next position certain: the database lets one
writer in at a time. Records are signed, stored, sealed, made findable and applied to the derived tables together, so a
crash leaves all of it or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, update

from central_hub.projection.protocol import apply_protocol
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import LOG
from signing.signatures import Signer
from sync_protocol.clock import Instant, tick
from sync_protocol.limits import CLOCK_AHEAD_MS_MAX, SALT_SIZE_BYTES
from sync_protocol.log import OPENING_KIND, LogOpening, OpeningReason, Run, log_id, make_seal
from sync_protocol.record import Body, Header, Record, compose, unverified


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a record of the hub shall say; `signer` is the hub's key where it is None."""

    kind: str
    facts: dict[str, Any]
    content: dict[str, Any] | None = None
    signer: Signer | None = None


def own_log(services: Services, epoch: str, commune: str) -> str:
    """Id of the hub's log for a commune (or the province) in this epoch."""
    return log_id(services.keys.hub.public.id, commune, epoch)


def write(
    connection: Connection,
    services: Services,
    *,
    commune: str,
    drafts: Sequence[Draft],
    now_ms: int | None = None,
) -> list[Record]:
    """Append records to the hub's log for `commune`, opening it when it is not there yet."""
    at_ms = services.clock() if now_ms is None else now_ms
    epoch = hub_epoch(connection)
    log = own_log(services, epoch, commune)
    store = HubLogStore(connection, services.opened, now_ms=at_ms)
    held = store.held(log)
    todo = list(drafts) if held else [_opening(services, epoch), *drafts]
    if not todo:
        return []
    last = store.span(log, held.length - 1)[0] if held else None
    said = _said_before(store, services, commune, log, at_ms)
    clock = max([*said, Instant(*last.header.at)] if last else said, default=None)
    records = _compose(services, log, commune, todo, last, clock, at_ms)
    length = records[-1].header.seq + 1
    seal = make_seal(log, length, records[-1].link, services.keys.hub)
    store.append(
        Run(log=log, first=records[0].header.seq, records=tuple(map(unverified, records)), seal=seal)
    )
    connection.execute(
        update(LOG)
        .where(LOG.c.id == log)
        .values(acknowledged=length, acknowledged_head=records[-1].link, judged=length)
    )
    apply_protocol(connection, records)
    return records


def _opening(services: Services, epoch: str) -> Draft:
    opening = LogOpening(device=services.keys.hub.public.id, epoch=epoch, reason=OpeningReason.NEW)
    return Draft(kind=OPENING_KIND, facts=opening.to_facts())


def _said_before(
    store: HubLogStore, services: Services, commune: str, log: str, now_ms: int
) -> list[Instant]:
    """What the hub's earlier lives had said last for this commune: this one goes on after it, whatever its clock shows, so that
    its verdicts are later than theirs. A moment that cannot be is not followed."""
    hub = services.keys.hub.public.id
    own = [each for each in store.held_logs(commune=commune) if each.device == hub and each.id != log]
    said = [Instant(*store.span(each.id, each.length - 1)[0].header.at) for each in own if each.length]
    return [instant for instant in said if instant.ms <= now_ms + CLOCK_AHEAD_MS_MAX]


def _compose(
    services: Services,
    log: str,
    commune: str,
    drafts: Sequence[Draft],
    last: Record | None,
    clock: Instant | None,
    at_ms: int,
) -> list[Record]:
    records: list[Record] = []
    prev, seq = (last.link, last.header.seq + 1) if last else (None, 0)
    for draft in drafts:
        clock = tick(clock, wall_ms=at_ms)
        signer = draft.signer or services.keys.hub
        body = Body.of(draft.content, salt=services.random_bytes(SALT_SIZE_BYTES)) if draft.content else None
        header = Header(
            at=(clock.ms, clock.counter),
            body=body.hash if body else None,
            by=signer.public.id,
            commune=commune,
            facts=draft.facts,
            kind=draft.kind,
            log=log,
            prev=prev,
            seq=seq,
        )
        record = compose(header, body, signer)
        records.append(record)
        prev, seq = record.link, seq + 1
    return records
