"""Revoke, suspend, reinstate, review: what the province says about keys after it has stated them.

Each is a signed record in the province's log: by an officer of the province at the screen, by the registry's own key at
the command line. The cut is what this hub has acknowledged of the device's logs now, or had acknowledged at an earlier
moment by the hub's own clock; the clock of the PC is never asked. Late honest records wait for a review.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.registry.enrolment import FIRST_OFFICER_ROLES, IssuedCode, issue_code
from central_hub.registry.forks import contested_records
from central_hub.registry.holders import list_holders
from central_hub.registry.status import REINSTATED, REVIEWED, REVOKED, tree_size
from central_hub.services import Services
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DEVICE, LOG, RUN, STANDING
from dossiers.kinds import REVIEWED_MAX
from signing.cuts import LOGS_MAX, Cause, Cut, Position
from signing.errors import NotEntitled
from signing.signatures import Signer
from signing.statements import KeyStatement
from sync_protocol import reasons
from sync_protocol.record import Record


class RevocationInvalid(ValueError):
    """Something that cannot be revoked, reinstated or reviewed like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts, and why. `signer` None: the registry's key (the command line)."""

    actor: str
    ground: str = ""
    signer: Signer | None = None

    def key(self, services: Services) -> Signer:
        return self.signer or services.keys.registry


def revoke_keys(
    connection: Connection,
    services: Services,
    keys: Sequence[str],
    *,
    cause: Cause,
    act: Act,
    since_ms: int | None = None,
    except_logs: Collection[int] = (),
) -> list[Record]:
    """Revoke (or suspend) keys; `since_ms` sets the cut to what the hub had acknowledged before that instant.

    `except_logs`: numbers of logs of which nothing is inside the cut (a copy of the PC's disk wrote them).

    Raises RevocationInvalid, for all of them together.
    """
    status = services.status.current(connection)
    drafts = []
    for key in keys:
        statement = _revocable(connection, services, key, act)
        if any(event.cause is cause for event in status.revoked.get(key, ())) and since_ms is None:
            raise RevocationInvalid(f"{key} is {cause} already")
        cut = device_cut(connection, statement.device or key, since_ms=since_ms, except_logs=except_logs)
        facts = {"key": key, "unit": statement.unit, "reason": cause.value, **cut.facts()}
        drafts.append(_draft(REVOKED, facts, services, act))
    return _write(connection, services, drafts, act, f"key.{cause.value}", " ".join(keys))


def revoke_device(
    connection: Connection,
    services: Services,
    device: str,
    *,
    cause: Cause,
    act: Act,
    since_ms: int | None = None,
    except_logs: Collection[int] = (),
) -> list[Record]:
    """A PC and every officer's key that lives on it, with one cut."""
    status = services.status.current(connection)
    here = [holder.key for holder in list_holders(connection) if holder.device == device]
    keys = [key for key in (device, *here) if all(e.cause is not cause for e in status.revoked.get(key, ()))]
    if not keys:
        raise RevocationInvalid(f"{device} is {cause} already")
    return revoke_keys(
        connection, services, keys, cause=cause, act=act, since_ms=since_ms, except_logs=except_logs
    )


def replace_device(connection: Connection, services: Services, device: str, *, act: Act) -> IssuedCode:
    """A lost, broken or stolen PC: its keys count up to what the hub holds, and a code for the PC in its place.

    What the old PC still delivers waits for a review; nothing honest is thrown away.
    """
    row = connection.execute(select(DEVICE).where(DEVICE.c.id == device)).first()
    if row is None:
        raise RevocationInvalid(f"no PC {device}")
    if all(e.cause is not Cause.LOST for e in services.status.current(connection).revoked.get(device, ())):
        revoke_device(connection, services, device, cause=Cause.LOST, act=act)
    return issue_code(
        connection,
        services,
        unit=row.unit,
        device_name=row.name,
        roles=FIRST_OFFICER_ROLES,
        issued_by=act.actor,
    )


def reinstate_keys(
    connection: Connection, services: Services, keys: Sequence[str], *, act: Act
) -> list[Record]:
    """Lift the suspension of keys; raises RevocationInvalid where there is none."""
    status = services.status.current(connection)
    drafts = []
    for key in keys:
        statement = _revocable(connection, services, key, act)
        if all(event.cause is not Cause.SUSPENDED for event in status.revoked.get(key, ())):
            raise RevocationInvalid(f"{key} is not suspended")
        drafts.append(_draft(REINSTATED, {"key": key, "unit": statement.unit}, services, act))
    return _write(connection, services, drafts, act, REINSTATED, " ".join(keys))


def review_records(
    connection: Connection, services: Services, records: Iterable[str], *, stands: bool, act: Act
) -> list[Record]:
    """Let records after a cut, or at a contested place of a forked log, stand, or refuse them; only records that wait for
    it. Raises RevocationInvalid."""
    wanted = list(dict.fromkeys(records))
    waiting = _reviewable(connection, services)
    if not wanted or any(record not in waiting for record in wanted):
        raise RevocationInvalid("there is no such record waiting for a review")
    reviewer = act.key(services).public.id
    if any(waiting[record].by == reviewer for record in wanted):
        raise RevocationInvalid("nobody reviews their own records")
    by_unit: dict[str, list[str]] = {}
    for record in wanted:
        by_unit.setdefault(waiting[record].unit, []).append(record)
    drafts = [
        _draft(REVIEWED, {"records": part, "stands": stands, "unit": unit}, services, act)
        for unit, all_of_unit in sorted(by_unit.items())
        for part in _parts(all_of_unit)
    ]
    action = "review.stands" if stands else "review.refused"
    return _write(connection, services, drafts, act, action, " ".join(wanted[:4]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reviewable:
    """A record that waits for a review: who signed it, for which unit."""

    by: str
    unit: str


def _reviewable(connection: Connection, services: Services) -> dict[str, _Reviewable]:
    """By id: what lies after a cut, and what a fork contests."""
    status = services.status.current(connection)
    store = HubLogStore(connection, services.opened)
    found = {
        record.id: _Reviewable(by=record.header.by, unit=record.header.commune)
        for record in contested_records(store, status)
    }
    rows = connection.execute(
        select(STANDING.c.record, STANDING.c.by, STANDING.c.commune).where(
            STANDING.c.code == reasons.RECORD_AFTER_CUT.code
        )
    )
    return found | {row.record: _Reviewable(by=row.by, unit=row.commune) for row in rows}


def device_cut(
    connection: Connection, device: str, *, since_ms: int | None = None, except_logs: Collection[int] = ()
) -> Cut:
    """What this hub holds and has acknowledged of a device's logs, now or before an instant by its own clock."""
    rows = connection.execute(select(LOG).where(LOG.c.device == device).order_by(LOG.c.no.desc()))
    positions = [
        position
        for row in rows
        if row.no not in except_logs
        and (
            position := _position(
                connection, row.no, row.id, row.acknowledged, row.acknowledged_head, since_ms
            )
        )
    ]
    if since_ms is None:
        return Cut.of(tree_size(connection), *positions[:LOGS_MAX])
    before = select(func.max(RUN.c.stop)).where(RUN.c.arrived_ms < since_ms).group_by(RUN.c.log_no)
    return Cut.of(sum(connection.scalars(before)), *positions[:LOGS_MAX])


def _position(
    connection: Connection, no: int, log: str, length: int, head: str, since_ms: int | None
) -> Position | None:
    if since_ms is None:
        return Position(log=log, length=length, head=head) if length else None
    run = connection.execute(
        select(RUN.c.stop, RUN.c.head)
        .where(RUN.c.log_no == no, RUN.c.arrived_ms < since_ms, RUN.c.stop <= length)
        .order_by(RUN.c.stop.desc())
        .limit(1)
    ).first()
    return Position(log=log, length=run.stop, head=run.head) if run else None


def _revocable(connection: Connection, services: Services, key: str, act: Act) -> KeyStatement:
    trust = services.trust.current(connection)
    try:
        trust.require_revoker(act.key(services).public.id, of=key)
    except NotEntitled as error:
        raise RevocationInvalid(error.detail) from error
    if key == act.key(services).public.id:
        raise RevocationInvalid("somebody else revokes this key")
    return trust.statements[key]


def _draft(kind: str, facts: Mapping[str, object], services: Services, act: Act) -> Draft:
    content = {"ground": act.ground} if act.ground else None
    return Draft(kind=kind, facts=dict(facts), content=content, signer=act.key(services))


def _parts(records: list[str]) -> list[list[str]]:
    return [records[start : start + REVIEWED_MAX] for start in range(0, len(records), REVIEWED_MAX)]


def _write(
    connection: Connection, services: Services, drafts: list[Draft], act: Act, action: str, subject: str
) -> list[Record]:
    records = write(connection, services, commune=services.province, drafts=drafts)
    note_event(connection, at_ms=services.clock(), actor=act.actor, action=action, subject=subject)
    return records
