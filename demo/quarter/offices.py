"""The commune side of the replay: one enrolled PC with one officer per commune, written by the node's own services.

Each function is one task of a worker process. The clock is simulated: it stands at the instant of the record that is
being written, so the days of the quarter pass in milliseconds. What the node would do on a live PC is done by its own code:
enrolment over HTTP, the journal, the sync runner.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.lives import Desk, Step, steps_of_unit
from demo.plan import FIRST_DAY, PlannedDossier
from demo.quarter.correction import correction_steps
from dossiers.local_time import instant
from dossiers.units import Unit
from edge_node.accounts.service import current_actor, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.journal import Draft, require_office, write
from edge_node.journal.stamp import begin_epoch
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import Services, build_services, wall_clock_ms
from edge_node.store import open_database
from edge_node.store.alerts import list_alerts
from edge_node.store.local import CLOCK_OFFSET, forget_local
from edge_node.sync.runner import SyncResult, sync
from edge_node.sync.service import hub_line
from edge_node.sync.transport import HubLine
from signing.keys import LockCost

PIN: Final = "250101"
STEPS_AT_ONCE: Final = 2_000
_BEFORE_OPENING: Final = 6 * 60 + 40


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTask:
    """One PC to enrol and to work with. `code` is its enrolment code, good once."""

    folder: Path
    unit: Unit
    hub_url: str
    code: str
    officer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a quarter's work came to."""

    dossiers: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a sync came to; `alerts` must be empty."""

    unit: str
    result: SyncResult
    alerts: tuple[str, ...]


class ReplayClock:
    """A wall clock that stands where it was put."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def enrol_office(task: OfficeTask) -> str:
    """Enrol the PC on the eve of the quarter and fetch keys, catalogue and calendar; returns the unit."""
    with _open(task, instant(FIRST_DAY, _BEFORE_OPENING)) as (db, services, clock):
        initialise(services)
        prepare(db)
        ensure_current(db)
        wish = Wish(
            hub_url=task.hub_url,
            code=task.code,
            device_name="Máy một cửa",
            officer_name=task.officer_name,
            officer_title="Công chức Bộ phận Một cửa",
            pin=PIN,
        )
        enrol(db, services, wish, lambda url, ca: HubLine(url, ca=ca))
        clock.now = wall_clock_ms()
        _sync(db, services)
        _forget_the_present(db)
    return task.unit.code


def write_quarter(task: OfficeTask, dossiers: Sequence[PlannedDossier]) -> Written:
    """Write every record of the unit's dossiers, each at its own hour."""
    with _open(task, instant(FIRST_DAY, _BEFORE_OPENING)) as (db, services, clock):
        actor = _officer(db, services)
        steps = steps_of_unit(_desk(task, db, services, actor), dossiers)
        _write_all(db, services, actor, clock, steps)
    return Written(dossiers=len(dossiers), records=len(steps))


def correct(task: OfficeTask, dossier: PlannedDossier) -> None:
    """Re-open a dossier and issue its result again, on the last day of the quarter."""
    with _open(task, 0) as (db, services, clock):
        _forget_the_present(db)
        actor = _officer(db, services)
        _write_all(db, services, actor, clock, correction_steps(_desk(task, db, services, actor), dossier))


def send(task: OfficeTask) -> Sent:
    """Sync until neither side has anything left, by the present clock as a live PC would."""
    with _open(task, 0) as (db, services, clock):
        clock.now = wall_clock_ms()
        result = _sync(db, services)
        alerts = tuple(alert.code for alert in list_alerts(db))
        return Sent(unit=task.unit.code, result=result, alerts=alerts)


@contextmanager
def _open(task: OfficeTask, now: int) -> Iterator[tuple[Any, Services, ReplayClock]]:
    task.folder.mkdir(parents=True, exist_ok=True)
    clock = ReplayClock(now)
    # The PIN of a replay keeps nothing secret: the cheapest lock, so that 94 unlocks are not what is measured.
    services = build_services(
        EdgeConfig(data=task.folder, reserve_mb=1), clock=clock, lock_cost=LockCost.TEST
    )
    db = open_database(services.config.database)
    try:
        yield db, services, clock
    finally:
        db.conn.close()


def _officer(db: Any, services: Services) -> Actor:
    officer = next(iter(services.keyring.files.officers()))
    token = log_in(db, services, officer=officer, pin=PIN, address="127.0.0.1")
    actor = current_actor(db, services, token)
    if actor is None:
        raise RuntimeError("the officer just logged in is not there")
    return actor


def _desk(task: OfficeTask, db: Any, services: Services, actor: Actor) -> Desk:
    return Desk(
        unit=task.unit,
        officer=actor.officer,
        officer_name=actor.name,
        catalogue=services.references.catalogue(db),
        calendar=services.references.calendar(db),
    )


def _write_all(db: Any, services: Services, actor: Actor, clock: ReplayClock, steps: Sequence[Step]) -> None:
    for first in range(0, len(steps), STEPS_AT_ONCE):
        write(db, services, actor, Agenda(steps[first : first + STEPS_AT_ONCE], clock))


class Agenda(Sequence[Draft]):
    """Drafts that put the clock to their own hour as they are taken up one after the other."""

    def __init__(self, steps: Sequence[Step], clock: ReplayClock) -> None:
        self._steps, self._clock = steps, clock

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: Any) -> Any:
        return (
            [draft_of(step) for step in self._steps[index]]
            if isinstance(index, slice)
            else draft_of(self._steps[index])
        )

    def __iter__(self) -> Iterator[Draft]:
        for step in self._steps:
            self._clock.now = step.at_ms
            yield draft_of(step)


def draft_of(step: Step) -> Draft:
    """What the journal is given for a step."""
    return Draft(kind=step.kind, dossier=step.dossier, facts=step.facts, content=step.content)


def _sync(db: Any, services: Services) -> SyncResult:
    line = hub_line(services, require_office(db))
    try:
        return sync(db, services, line)
    finally:
        line.close()


def _forget_the_present(db: Any) -> None:
    """The hub told the PC today's time. For records of 2025 it must not know: their time would be put right to today."""
    begin_epoch(db)
    forget_local(db, CLOCK_OFFSET)
