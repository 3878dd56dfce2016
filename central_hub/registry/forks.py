"""Forks of a PC's log: two different records at one place, both rightly signed, become an event that anybody can see.

A clone or a put-back disk that goes on signing makes a second branch. What the hub holds stays; the other is kept beside it
(`ingest.branches`). Here the contested places are stated in the province's log by the hub's key, so that a status
says "undecided" for both records until a person has reviewed which may stand. A fork alone suspends no key and spoils no
other record. Only a branch whose records hold under stated keys counts: nobody contests a log by sending bytes.
"""

from typing import Final

from sqlalchemy import Connection, func, select

from central_hub.journal.service import Draft, write
from central_hub.registry.status import FORKED
from central_hub.services import Services
from central_hub.store.record_log import HeldLog, HubLogStore
from central_hub.store.tables import KEY_EVENT
from signing.status import Status
from signing.trust import Trust
from sync_protocol.errors import RemoteFault
from sync_protocol.log import Run
from sync_protocol.record import Record, UnverifiedRecord, verify_record

_EVENTS_OF_A_LOG_MAX: Final = 16


def note_fork(connection: Connection, services: Services, run: Run) -> Record | None:
    """State where this run contradicts what is held of its log; None where it does not, or says nothing new."""
    store = HubLogStore(connection, services.opened)
    held = store.held(run.log)
    found = None if held is None else _contested(store, held, run, services.trust.current(connection))
    if held is None or found is None:
        return None
    first, stop, other = found
    known = [event for event in services.status.current(connection).forks if event.log == run.log]
    if any(event.first <= first and stop <= event.stop for event in known):
        return None
    count = connection.scalar(
        select(func.count()).select_from(KEY_EVENT).where(KEY_EVENT.c.subject == run.log)
    )
    mine = store.link_at(run.log, first + 1)
    if mine is None or (count or 0) >= _EVENTS_OF_A_LOG_MAX:
        return None
    facts = {
        "log": run.log,
        "first": first,
        "stop": stop,
        "held": mine,
        "other": other,
        "unit": held.commune,
    }
    (record,) = write(
        connection, services, commune=services.province, drafts=[Draft(kind=FORKED, facts=facts)]
    )[-1:]
    return record


def contested_records(store: HubLogStore, status: Status) -> list[Record]:
    """The records held at contested places that nobody has reviewed yet."""
    found: dict[str, Record] = {}
    for event in status.forks:
        for log in (event.log, *(branch.id for branch in store.branches_of(event.log))):
            for record in store.span(log, event.first, stop=event.stop):
                if record.id not in status.reviews:
                    found.setdefault(record.id, record)
    return list(found.values())


def _contested(store: HubLogStore, held: HeldLog, run: Run, trust: Trust) -> tuple[int, int, str] | None:
    """The places at which both branches have a record, and the other branch's link at the first of them."""
    opening = run.records[0]
    prev = opening.header.prev
    if 0 < run.first <= held.length and prev is not None and prev != store.link_at(run.log, run.first):
        # Its record before this one is not here, but this one's signature says that it exists.
        return (run.first - 1, run.first, prev) if _is_signed(trust, held, opening) else None
    places = [
        record
        for record in run.records
        if record.header.seq < held.length and store.link_at(run.log, record.header.seq + 1) != record.link
    ]
    signed = 0
    while signed < len(places) and _is_signed(trust, held, places[signed]):
        signed += 1
    if not signed:
        return None
    return places[0].header.seq, places[signed - 1].header.seq + 1, places[0].link


def _is_signed(trust: Trust, held: HeldLog, record: UnverifiedRecord) -> bool:
    """Whether a key of that log's PC signed this record: its own, or an officer's who works there."""
    statement = trust.statement(record.header.by)
    if statement is None or held.device not in (statement.key.id, statement.device):
        return False
    try:
        verify_record(record, statement.key)
    except RemoteFault:
        return False
    return True
