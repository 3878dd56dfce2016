"""A commune's PC that holds 100,000 dossiers, made once per run and used by all figures of the node.

The PC is enrolled by a code with a hub in the same process. The dossiers were written by the office's other PCs: worker
processes compose and sign their logs, the node's own store appends them, and the node's own rebuild makes its views. One
more log goes through the whole of a sync's last step, which gives the rate at which a node takes records in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sqlite_utils import Database

from benchmarks.province import DirectLine, code_for, enrol_author, found_province
from benchmarks.timing import timed
from benchmarks.workers import in_workers
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.judge.service import judge_pending
from central_hub.services import Services as HubServices
from demo.lives import steps_of
from demo.plan import PlannedDossier
from dossiers.units import Unit, load_default_units
from edge_node.accounts.service import current_actor, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.journal import require_office
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current, rebuild
from edge_node.services import Services, build_services
from edge_node.store import SqliteLogStore, open_database, write_transaction
from edge_node.sync.absorb import absorb
from edge_node.sync.runner import sync
from sync_protocol.frame import encode_run
from sync_protocol.log import Run

DOSSIERS = 100_000
OTHER_PCS = 16
ABSORBED_DOSSIERS = 800
OPEN_EVERY = 40
PIN = "250101"
_RUN_RECORDS = 1_024
_NOBODY_LISTENS = "http://127.0.0.1:9"
Slice = tuple[Author, tuple[PlannedDossier, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The PC: its open database, its services, and its officer at the desk."""

    db: Database
    services: Services
    actor: Actor
    unit: Unit
    records: int
    rebuilt_s: float
    absorbed_per_s: float


@cache
def large_office(workspace: Workspace) -> Office:
    """The PC with its dossiers; made when first asked for."""
    folder = workspace.make("office")
    hub = found_province(folder)
    unit = load_default_units().communes[0]
    others = [Author(f"Máy {number}", unit) for number in range(2, 2 + OTHER_PCS)]
    extra = Author("Máy mới", unit)
    for author in (*others, extra):
        enrol_author(hub, author)
    services = build_services(EdgeConfig(data=folder / "node"))
    initialise(services)
    db = open_database(services.config.database)
    officer = _enrol(hub, db, services, unit)
    workspace.say(f"planning {DOSSIERS:,} dossiers")
    planned = plan([unit], DOSSIERS + ABSORBED_DOSSIERS, seed=1)[unit.code]
    slices = [
        (author, planned[ABSORBED_DOSSIERS + number :: OTHER_PCS]) for number, author in enumerate(others)
    ]
    workspace.say("signing and storing their records")
    records = _store(db, slices)
    workspace.say(f"making the views of {records:,} records")
    rebuilt = timed([lambda: rebuild(db)])
    absorbed = _absorb(db, services, extra, planned[:ABSORBED_DOSSIERS])
    actor = current_actor(db, services, log_in(db, services, officer=officer, pin=PIN, address="127.0.0.1"))
    assert actor is not None
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Office(
        db=db,
        services=services,
        actor=actor,
        unit=unit,
        records=records,
        rebuilt_s=rebuilt.max_ms / 1000,
        absorbed_per_s=absorbed,
    )


def _enrol(hub: HubServices, db: Database, services: Services, unit: Unit) -> str:
    """Enrol and sync until keys, catalogue and a lease of numbers are here; returns the officer's id."""
    prepare(db)
    ensure_current(db)
    line = DirectLine(hub)
    wish = Wish(
        hub_url=_NOBODY_LISTENS,
        code=code_for(hub, unit.code, "Máy 1"),
        device_name="Máy 1",
        officer_name="Nguyễn Thị Lan",
        pin=PIN,
    )
    enrolled = enrol(db, services, wish, lambda url, ca: line)
    for _ in range(2):
        sync(db, services, line)
        judge_pending(hub)
    sync(db, services, line)
    return enrolled.officer


def _store(db: Database, slices: Sequence[Slice]) -> int:
    """Append every log as it comes out of the workers; returns the number of records."""
    store, count = SqliteLogStore(db), 0
    for runs in in_workers(_written, slices):
        with write_transaction(db):
            for run in runs:
                count += store.append(run)
    return count


def _written(work: Slice) -> list[Run]:
    """A worker's task: live the dossiers, every so many of which are still open, and return the log."""
    author, planned = work
    author.open_log(planned[0].came - 60_000)
    desk = author.desk()
    lives = [steps_of(desk, dossier) for dossier in planned]
    lives[::OPEN_EVERY] = [life[: 1 + len(life) // 2] for life in lives[::OPEN_EVERY]]
    author.write(sorted((step for life in lives for step in life), key=lambda step: step.at_ms))
    return list(_runs(author))


def _runs(author: Author) -> Iterator[Run]:
    length = len(author.records)
    for first in range(0, length, _RUN_RECORDS):
        yield author.run(first, min(length, first + _RUN_RECORDS))


def _absorb(db: Database, services: Services, author: Author, planned: Sequence[PlannedDossier]) -> float:
    """Records a second that the node takes in from a sync: decoded, verified, stored, projected, durable."""
    author.open_log(planned[0].came - 60_000)
    author.live(planned)
    frames = [encode_run(run) for run in _runs(author)]
    office = require_office(db)
    times = timed([lambda: absorb(db, services, office, frames)])
    assert SqliteLogStore(db).frontier([author.log])[author.log].length == len(author.records)
    return len(author.records) / times.max_ms * 1000
