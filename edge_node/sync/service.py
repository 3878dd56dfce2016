"""What the button, the command and the schedule call: one sync at a time, and what the sync page shows."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from dossiers import reasons as dossier_reasons
from edge_node import reasons as node_reasons
from edge_node.backup.salvage import go_on_salvaging
from edge_node.casework.numbering import number_waiting
from edge_node.journal.service import require_office
from edge_node.keyring import Actor
from edge_node.relay.delivery import deliver
from edge_node.relay.own import forget_own
from edge_node.relay.stick import Helped, help_others
from edge_node.services import Services
from edge_node.store import alerts
from edge_node.store.local import Office
from edge_node.sync import parcels
from edge_node.sync.files import exchange_files
from edge_node.sync.runner import Progress, SyncResult, sync
from edge_node.sync.status import read_status
from edge_node.sync.transport import HubLine
from edge_node.sync.versions import hub_can
from edge_node.sync.voice import Voice
from signing import reasons as signing_reasons
from signing.reasons import Reason
from signing.roles import OFFICE_ROLES, Role
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.versions import Capability

_LOG: Final = logging.getLogger(__name__)
ACKNOWLEDGED_BY: Final = {
    alerts.PUT_BACK: OFFICE_ROLES | {Role.UNIT_ADMINISTRATOR},
    alerts.UNIT_CHANGED: OFFICE_ROLES | {Role.UNIT_ADMINISTRATOR},
    alerts.FORK: frozenset({Role.UNIT_ADMINISTRATOR}),
}
"""Alerts about something that happened once and is over: they stand until a person says that they have looked."""
_TURNS_MAX: Final = 50
"""How often records may interrupt the files within one sync; the next one goes on."""
_AT_ONCE: Final = threading.Lock()
_CATALOGUE: Final = {
    reason.code: reason
    for catalogue in (reasons.REASONS, dossier_reasons.REASONS, signing_reasons.REASONS, node_reasons.REASONS)
    for reason in catalogue
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One past sync. `outcome` is `done` or a reason code; times are this PC's."""

    began: int
    ended: int
    outcome: str
    reason: Reason | None
    rounds: int
    sent: int
    received: int
    bytes_up: int
    bytes_down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record against which a verdict of the province stands. `dossier` is None for records about no dossier."""

    record: str
    kind: str | None
    dossier: str | None
    outcome: str
    code: str | None
    reason: Reason | None
    is_retryable: bool
    at: int


def hub_line(services: Services, office: Office) -> HubLine:
    """The line to this office's hub."""
    config = services.config
    return HubLine(config.hub_url or office.hub_url, ca=office.hub_ca, answer_within_s=config.answer_within_s)


def sync_now(db: Database, services: Services, *, progress: Progress | None = None) -> SyncResult:
    """Sync unless this process is syncing already; then wait for nothing and say so by zero rounds."""
    office = require_office(db)
    if not _AT_ONCE.acquire(blocking=False):
        return SyncResult()
    line = hub_line(services, office)
    try:
        result = _sync_records(db, services, line, progress)
        if result.is_done:
            if not read_status(db, now=services.clock()).waiting:
                forget_own(db, services)
            if hub_can(db, Capability.RELAY):
                deliver(db, services, line)
        for _ in range(_TURNS_MAX):
            if not result.is_done or not hub_can(db, Capability.FILES):
                break
            if not exchange_files(db, services, line).must_yield:
                break
            result = _sync_records(db, services, line, progress)
        if result.problem is not None and hub_can(db, Capability.BEACON):
            voice = Voice(services)
            voice.listen(db)
            voice.say(line, problem=result.problem.code)
        return result
    finally:
        line.close()
        _AT_ONCE.release()


def _sync_records(db: Database, services: Services, line: HubLine, progress: Progress | None) -> SyncResult:
    result = sync(db, services, line, progress=progress)
    if result.received and go_on_salvaging(db, services):
        result = sync(db, services, line, progress=progress)
    if result.received or result.is_done:
        # A lease may have come: dossiers that only have a provisional code get an official one at once. Asked after every sync,
        # because a lease may count from tomorrow on, and a stop between its coming and this must not lose it.
        number_waiting(db, services)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class StickTaken:
    """What came of a stick: parcels for this PC, and what was done for others."""

    parcels: list[parcels.Carried]
    helped: Helped


def take_stick(
    db: Database, services: Services, chosen: Path, *, progress: parcels.Progress | None = None
) -> StickTaken:
    """Carry for other PCs, then take the province's answers from a folder, after a sync that may be under way; raises RemoteFault."""
    helped = help_others(db, services, chosen)
    try:
        with _AT_ONCE:
            carried = parcels.import_parcels(db, services, chosen, progress=progress)
    except RemoteFault as fault:
        if fault.reason is not reasons.PARCEL_NONE or helped.is_nothing:
            raise
        carried = []
    if any(each.records for each in carried):
        number_waiting(db, services)
    return StickTaken(parcels=carried, helped=helped)


def acknowledge_alert(db: Database, actor: Actor, code: str) -> bool:
    """The officer has looked; whether this alert may go by that."""
    if actor.roles.isdisjoint(ACKNOWLEDGED_BY.get(code, ())):
        return False
    _LOG.info("alert %s acknowledged by %s", code, actor.key)
    alerts.clear_alert(db, code)
    return True


def list_attempts(db: Database, *, limit: int = 20) -> list[Attempt]:
    """Past syncs, newest first."""
    rows = db.conn.execute(
        "SELECT began, ended, outcome, rounds, sent, received, bytes_up, bytes_down FROM sync_attempt "
        "ORDER BY number DESC LIMIT ?",
        (limit,),
    )
    names = ("began", "ended", "outcome", "rounds", "sent", "received", "bytes_up", "bytes_down")
    found = (dict(zip(names, row, strict=True)) for row in rows)
    return [Attempt(reason=_CATALOGUE.get(row["outcome"]), **row) for row in found]


def list_refusals(db: Database, *, limit: int = 200) -> list[Refusal]:
    """Records that the province refused or has not decided, newest verdict first."""
    rows = db.conn.execute(
        "SELECT verdict.record, record.kind, record.dossier, verdict.outcome, verdict.code, verdict.retryable, "
        "verdict.at FROM verdict LEFT JOIN record ON record.id = verdict.record "
        "WHERE verdict.outcome <> 'applied' ORDER BY verdict.at DESC, verdict.record LIMIT ?",
        (limit,),
    )
    return [
        Refusal(
            record=row[0].hex(),
            kind=row[1],
            dossier=row[2].hex() if row[2] else None,
            outcome=row[3],
            code=row[4],
            reason=_CATALOGUE.get(row[4] or ""),
            is_retryable=bool(row[5]),
            at=row[6],
        )
        for row in rows
    ]


def find_reason(code: str) -> Reason | None:
    """A reason of any floor by its code."""
    return _CATALOGUE.get(code)
