"""State PCs again whose short statement for paper no longer leads to the roots and the registry key in use.

Needed after a root ceremony that changed the roots or the registry's key: every PC gets a new statement by the key in
use, in the province's log, and with the next sync its papers carry a code that the new bundle believes. Only a PC whose
present statement stands is stated again: one that was cut off, or that lies after the cut of the registry key that stated
it and that nobody has reviewed, is left as it is, so that a thief's statement never becomes a good one by itself.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from central_hub.registry.compact import registry_for_paper
from central_hub.registry.statements import state_keys
from central_hub.registry.status import newest_event
from central_hub.services import Services
from central_hub.settings import get_setting, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import KEY
from signing.compact import CompactChain
from signing.cuts import Place
from signing.errors import SigningError
from signing.report import Indication
from signing.roles import Role
from signing.statements import KeyStatement
from signing.status import Status, finding
from sync_protocol.record import Record

_DONE: Final = "restated"


def restate_when_needed(services: Services) -> list[Record]:
    """State again what has to be; quick where bundle, keys and status are as they were when it was looked at last."""
    with reading(services.engine) as connection:
        if get_setting(connection, _DONE) == _mark(connection, services):
            return []
    with writing(services.engine) as connection:
        records = restate_devices(connection, services)
        put_setting(connection, _DONE, _mark(connection, services))
    return records


def restate_devices(connection: Connection, services: Services) -> list[Record]:
    """One statement by the registry key in use for each PC in need of one; the records written."""
    if registry_for_paper(services) is None:
        return []
    store = HubLogStore(connection, services.opened)
    status, trust = services.status.current(connection), services.trust.current(connection)
    statements: list[tuple[KeyStatement, dict[str, str]]] = []
    for row in _newest_statements(connection):
        statement = trust.statement(row.id)
        record = store.record(row.record)
        if statement is None or record is None or Role.DEVICE not in statement.roles:
            continue
        if _leads_to_roots(services, record) or not _stands(store, status, statement, record):
            continue
        names = {name: text for name, text in (("name", row.name), ("title", row.title)) if text}
        statements.append((replace(statement, issuer=services.keys.registry.public.id), names))
    return state_keys(connection, services, statements) if statements else []


def _newest_statements(connection: Connection) -> Iterator[Row[Any]]:
    newest = select(func.max(KEY.c.no)).group_by(KEY.c.id)
    yield from connection.execute(select(KEY).where(KEY.c.no.in_(newest)).order_by(KEY.c.no)).all()


def _leads_to_roots(services: Services, record: Record) -> bool:
    bundle = services.keys.bundle
    try:
        chain = CompactChain.from_hex(str((record.content or {}).get("compact", "")))
        chain.verify(roots=bundle.roots, threshold=bundle.threshold)
    except SigningError:
        return False
    return chain.registry.stated.key in bundle.registry


def _stands(store: HubLogStore, status: Status, statement: KeyStatement, record: Record) -> bool:
    """Whether the PC was never cut off and its present statement counts, by status or by review."""
    if not status.is_silent(statement.key.id):
        return False
    header = record.header
    heads = {
        position.head
        for event in status.revoked.get(statement.issuer, ())
        if (position := event.cut.frontier.get(header.log)) is not None
        and header.seq < position.length
        and store.link_at(header.log, position.length) == position.head
    }
    place = Place(
        record=record.id,
        by=header.by,
        log=header.log,
        seq=header.seq,
        links=frozenset({record.link, *heads}),
    )
    return finding(status, place).indication is Indication.PASSED


def _mark(connection: Connection, services: Services) -> str:
    newest_key = connection.scalar(select(func.max(KEY.c.no))) or 0
    return f"{services.keys.bundle.digest} {newest_key} {newest_event(connection)}"
