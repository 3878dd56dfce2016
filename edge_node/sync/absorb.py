"""Take in what came from the hub: each run is checked, stored and projected by itself; one bad run blocks only itself.

Nothing is believed because the hub sent it: the chain and the device's seal of every run, and the signature of every
record, are checked against the keys believed here. The one exception is a record that the province itself refused
(quarantined): it is kept, as part of the chain, and has no effect.

What another PC of the office brings (`is_lan`) must moreover be of the commune or the province, written by a device of
this unit or by the hub, and sealed: only the device itself can say which branch of its log is its log.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlite_utils import Database

from edge_node.enrolment.epochs import keep_apart, open_log
from edge_node.journal.stamp import observe_header
from edge_node.projection.service import KEY_STATED, Projector
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts, write_transaction
from edge_node.store.bases import has_bases
from edge_node.store.local import Office
from signing.errors import SigningError
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement
from signing.trust import Trust
from sync_protocol import reasons
from sync_protocol.errors import LogForked, LogGap, RemoteFault, RunInvalid
from sync_protocol.frame import decode_run
from sync_protocol.log import OpeningReason, Run
from sync_protocol.record import Record, UnverifiedRecord, trusted, verify_record
from sync_protocol.rounds import check_run, check_run_below, opening_of

_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Absorbed:
    """What came of an answer's runs. `forked` names logs of which the hub holds another branch; `untaken` runs may be good."""

    records: int = 0
    forked: set[str] = field(default_factory=set)
    problems: list[RemoteFault] = field(default_factory=list)
    untaken: list[Run] = field(default_factory=list)


class _UnknownDevice(Exception):
    """The log's device is not stated yet; another run of the same answer may bring the statement."""


def absorb(
    db: Database, services: Services, office: Office, frames: Iterable[bytes], *, is_lan: bool = False
) -> Absorbed:
    """Store every run that holds, in an order in which keys come before what they signed."""
    absorbed = Absorbed()
    waiting = list(_decoded(frames, absorbed))
    while waiting:
        left = [run for run in waiting if not _try(db, services, office, run, absorbed, is_lan)]
        if len(left) == len(waiting):
            absorbed.problems += [RunInvalid(reasons.RECORD_KEY_UNKNOWN, f"log {run.log}") for run in left]
            absorbed.untaken += left
            break
        waiting = left
    for problem in absorbed.problems:
        _LOG.warning("a run of %s was not taken: %s", "another PC" if is_lan else "the province", problem)
    return absorbed


def _decoded(frames: Iterable[bytes], absorbed: Absorbed) -> Iterable[Run]:
    for frame in frames:
        try:
            yield decode_run(frame)
        except RunInvalid as error:
            absorbed.problems.append(error)


def _try(
    db: Database, services: Services, office: Office, run: Run, absorbed: Absorbed, is_lan: bool
) -> bool:
    """Take one run; False when it has to wait for a key."""
    try:
        absorbed.records += _take(db, services, office, run, is_lan)
    except _UnknownDevice:
        return False
    except RemoteFault as error:
        if error.reason is reasons.RECORD_KEY_UNKNOWN:
            return False
        absorbed.problems.append(error)
        absorbed.untaken.append(run)
    except LogForked as error:
        absorbed.forked.add(error.log)
    except LogGap as error:
        absorbed.problems.append(RunInvalid(reasons.LOG_CHAIN, str(error)))
        absorbed.untaken.append(run)
    return True


def _take(db: Database, services: Services, office: Office, run: Run, is_lan: bool) -> int:
    store = SqliteLogStore(db)
    with write_transaction(db):
        trust = services.trust.trust(db)
        if run.begins_branch:
            _make_room(db, services, store, office, run)
        held = store.frontier([run.log]).get(run.log)
        if held is not None and run.first < held.base:
            return _take_history(db, services, office, run, held.base)
        before = store.link_at(run.log, run.first) if run.first else None
        device = writer_of(store, run)
        key = _device_key(services, trust, device)
        if is_lan:
            check_of_office(trust, office, run, device)
        check_run(run, held=held, link_before=before, device=key)
        new = run.records[max(0, (held.length if held else 0) - run.first) :]
        records = verified_records(db, trust, new)
        stored = store.append(run)
        for record in records:
            observe_header(db, record.header, wall_ms=services.clock())
        Projector(db, office).take_over(records)
    return stored


def writer_of(store: SqliteLogStore, run: Run) -> str | None:
    """The device in whose log a run stands, None where it is not known; raises RemoteFault for what opens no log."""
    return opening_of(run).device if run.first == 0 else store.device_of(run.origin)


def _take_history(db: Database, services: Services, office: Office, run: Run, base: int) -> int:
    """Take a run of what lies below a log's base; one that does not reach the base is of no use now."""
    if run.stop < base:
        return 0
    store = SqliteLogStore(db)
    link = store.link_at(run.log, base) or ""
    part = check_run_below(run, base=base, link=link)
    lacking = [record for record in part.records if store.record(record.id) is None]
    records = verified_records(db, services.trust.trust(db), lacking)
    fresh = store.append_below(part)
    projector = Projector(db, office)
    projector.take_over(records)
    if not has_bases(db):
        projector.project_left_out()
    return len(fresh)


def take_loose(
    db: Database, services: Services, office: Office, records: Sequence[UnverifiedRecord]
) -> tuple[int, int]:
    """Take records of a snapshot in one transaction: verified, stored, projected. Returns how many were new, and how many
    were left out: one that does not hold under a key believed here is for the province to judge, and what descends from it
    waits with it. Both come with their log's history, the verdict before them."""
    with write_transaction(db):
        store = SqliteLogStore(db)
        lacking = [record for record in records if store.record(record.id) is None]
        verified, unsure = _sorted_out(db, services.trust.trust(db), lacking)
        fresh = store.put_loose(record for record in lacking if record.id in verified)
        for record in fresh:
            observe_header(db, record.header, wall_ms=services.clock())
        Projector(db, office).take_over(verified[record.id] for record in fresh)
    return len(fresh), len(unsure)


def _sorted_out(
    db: Database, trust: Trust, records: Sequence[UnverifiedRecord]
) -> tuple[dict[str, Record], set[str]]:
    """What holds, by id, and the ids of what does not or descends from such a record."""
    verified: dict[str, Record] = {}
    unsure: set[str] = set()
    for record in records:
        try:
            verified[record.id] = _checked(db, trust, record)
        except RemoteFault as fault:
            _LOG.warning("a record is left to the province's judgement: %s", fault)
            unsure.add(record.id)
        else:
            trust = _with_statement(trust, verified[record.id])
    while fallen := [id for id, record in verified.items() if not unsure.isdisjoint(record.header.parents)]:
        unsure.update(fallen)
        for record_id in fallen:
            del verified[record_id]
    return verified, unsure


def _make_room(db: Database, services: Services, store: SqliteLogStore, office: Office, run: Run) -> None:
    """A branch arrives. Where its records stand here in the log itself, they move: first seen there, second at the hub."""
    family = store.family_of(run.origin)
    prev, link = run.records[0].header.prev, run.records[0].link
    trunk = store.frontier([run.origin]).get(run.origin)
    is_below = (
        trunk is not None and run.first < trunk.base
    )  # known by a snapshot only, until its history has come
    if not is_below and not any(store.link_at(log, run.first) == prev for log in family):
        raise _UnknownDevice  # what it comes off may be in another run of the same answer
    here = next((log for log in family if store.link_at(log, run.first + 1) == link), None)
    if here is not None and here != run.log:
        if here == office.log:
            open_log(db, services, reason=OpeningReason.CLONE, apart=[(here, run.first)])
        else:
            keep_apart(db, [(here, run.first)])
    if store.device_of(run.origin) == office.device:
        detail = f"log {run.origin}: another copy of this disk continued it from {run.first}"
        alerts.raise_alert(db, alerts.FORK, now=services.clock(), detail=detail)


def _device_key(services: Services, trust: Trust, device: str | None) -> PublicKey:
    if device == services.keyring.device.public.id:
        return services.keyring.device.public
    statement = trust.statement(device) if device else None
    if statement is None:
        raise _UnknownDevice
    return statement.key


def check_of_office(trust: Trust, office: Office, run: Run, device: str | None) -> None:
    """Refuse what is no business of this office, or what its own device has not sealed."""
    commune = run.records[0].header.commune
    statement = trust.statement(device) if device else None
    roles = statement.roles if statement else frozenset()
    units = trust.succession.get(office.unit, frozenset()) | {office.unit}
    is_hubs = Role.HUB in roles and commune in (*units, office.province)
    is_offices = commune in units and (
        device == office.device
        or (Role.DEVICE in roles and statement is not None and trust.acts_for(statement, commune))
    )
    if not is_hubs and not is_offices:
        raise RunInvalid(reasons.RECORD_UNIT, f"log {run.log} of {commune}")
    if run.seal is None:
        raise RunInvalid(reasons.LOG_SEAL, f"log {run.log} ends unsealed")


def verified_records(db: Database, trust: Trust, records: Sequence[UnverifiedRecord]) -> list[Record]:
    """Check every signature; statements in the run itself count for the records after them."""
    verified = []
    for record in records:
        verified.append(_checked(db, trust, record))
        trust = _with_statement(trust, verified[-1])
    return verified


def _checked(db: Database, trust: Trust, record: UnverifiedRecord) -> Record:
    """The record once its signature holds, or the province has refused it; raises RemoteFault."""
    statement = trust.statement(record.header.by)
    try:
        if statement is None:
            raise RunInvalid(reasons.RECORD_KEY_UNKNOWN, record.header.by)
        return verify_record(record, statement.key)
    except RemoteFault:
        if not _is_refused(db, record.id):
            raise
        return trusted(record)


def _with_statement(trust: Trust, record: Record) -> Trust:
    if record.header.kind != KEY_STATED:
        return trust
    try:
        statement = KeyStatement.from_facts(record.header.facts, issuer=record.header.by)
        return trust.accept(statement, issuer_key_id=record.header.by)
    except SigningError:
        return trust


def _is_refused(db: Database, record: str) -> bool:
    row = db.conn.execute(
        "SELECT 1 FROM verdict WHERE record = ? AND outcome = 'quarantined'", (bytes.fromhex(record),)
    ).fetchone()
    return row is not None
