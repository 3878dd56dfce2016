"""How long a new PC takes from a stick with a commune's year on it to an officer at work, and what the history costs after.

Four PCs have written a year; one dossier in ten is still open. The hub writes the snapshot for a PC just enrolled, which takes
it in (verified, stored, folded, durable) and then fetches the history by rounds, without a network between.
"""

from benchmarks.figure import Detail, Figure, at_most
from benchmarks.office import PIN
from benchmarks.province import DirectLine, code_for, enrol_author, found_province
from benchmarks.timing import timed
from benchmarks.workers import in_workers
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import judge_pending
from central_hub.services import Services as HubServices
from central_hub.sync.stick import snapshot_on
from demo.lives import steps_of
from demo.plan import PlannedDossier
from dossiers.units import load_default_units
from edge_node.accounts.service import log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import build_services
from edge_node.store import open_database
from edge_node.sync.parcels import import_parcels
from edge_node.sync.runner import sync
from edge_node.sync.status import read_status
from signing.keys import LockCost
from sync_protocol.frame import encode_run

RECORDS_A_YEAR = 95_000
RECORDS_A_DOSSIER = 6
PCS = 4
OPEN_EVERY = 10
SECONDS_MAX = 30
_RUN_RECORDS = 1_024
Slice = tuple[Author, tuple[PlannedDossier, ...]]


def measure_snapshot(workspace: Workspace) -> list[Figure]:
    """A whole year, as the target says."""
    return _measure(workspace, RECORDS_A_YEAR, SECONDS_MAX)


def measure_snapshot_short(workspace: Workspace) -> list[Figure]:
    """A tenth of a year, against a tenth of the time."""
    return _measure(workspace, RECORDS_A_YEAR // 10, SECONDS_MAX / 10)


def _measure(workspace: Workspace, records: int, seconds_max: float) -> list[Figure]:
    folder = workspace.make(f"snapshot-{records}")
    hub = found_province(folder)
    unit = load_default_units().communes[0]
    written = _year(workspace, hub, records)
    services = build_services(EdgeConfig(data=folder / "node", reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    line = DirectLine(hub)
    wish = Wish(
        hub_url="http://127.0.0.1:9",
        code=code_for(hub, unit.code, "Máy mới"),
        device_name="Máy mới",
        officer_name="Nguyễn Thị Lan",
        pin=PIN,
    )
    officer = enrol(db, services, wish, lambda url, ca: line).officer
    device = services.keyring.device.public.id
    workspace.say("writing the snapshot")
    stick = folder / "stick"
    made = timed([lambda: snapshot_on(hub, stick, device)])
    size = sum(path.stat().st_size for path in (stick / "motcua").iterdir())
    workspace.say("taking it in")

    def begin() -> None:
        (taken,) = import_parcels(db, services, stick)
        assert taken.outcome == "done", taken
        log_in(db, services, officer=officer, pin=PIN, address="127.0.0.1")

    begun = timed([begin])
    missing = read_status(db, now=services.clock()).history
    opened = int(db.execute("SELECT count(*) FROM dossier").fetchone()[0])
    loose = int(db.execute("SELECT count(*) FROM record").fetchone()[0])
    workspace.say("fetching the history")
    moved = [0]

    def fetch() -> None:
        for _ in range(3):
            result = sync(db, services, line)
            assert result.problem is None, result
            moved[0] += result.bytes_up + result.bytes_down

    fetched = timed([fetch])
    assert read_status(db, now=services.clock()).history == 0
    detail: Detail = {
        "records of the commune": written,
        "records at once": loose,
        "open dossiers": opened,
        "stick, kB": size / 1000,
        "hub writes it, s": made.max_ms / 1000,
    }
    later: Detail = {"records": missing, "s": fetched.max_ms / 1000}
    return [
        Figure(
            name="snapshot_usable",
            title="new PC from a stick: officer at work",
            value=begun.max_ms / 1000,
            unit="s",
            target=at_most(seconds_max),
            detail=detail,
        ),
        Figure(
            name="snapshot_history",
            title="history in the background: payload a record",
            value=moved[0] / max(missing, 1),
            unit="bytes",
            detail=later,
        ),
    ]


def _year(workspace: Workspace, hub: HubServices, records: int) -> int:
    """The logs of the office's PCs, signed in worker processes, acknowledged and judged; returns how many records."""
    unit = load_default_units().communes[0]
    authors = [Author(f"Máy {number}", unit) for number in range(1, 1 + PCS)]
    for author in authors:
        enrol_author(hub, author)
    planned = plan([unit], records // RECORDS_A_DOSSIER, seed=1)[unit.code]
    workspace.say(f"signing {len(planned):,} dossiers")
    slices = [(author, planned[number::PCS]) for number, author in enumerate(authors)]
    count = 0
    for (author, _), frames in zip(slices, in_workers(_written, slices), strict=True):
        for frame in frames:
            count += acknowledge(hub, author.device.public.id, [frame]).records
    workspace.say(f"judging {count:,} records")
    judge_pending(hub)
    return count


def _written(work: Slice) -> list[bytes]:
    author, planned = work
    author.open_log(planned[0].came - 60_000)
    desk = author.desk()
    lives = [steps_of(desk, dossier) for dossier in planned]
    lives[::OPEN_EVERY] = [life[: 1 + len(life) // 2] for life in lives[::OPEN_EVERY]]
    author.write(sorted((step for life in lives for step in life), key=lambda step: step.at_ms))
    length = len(author.records)
    return [
        encode_run(author.run(first, min(length, first + _RUN_RECORDS)))
        for first in range(0, length, _RUN_RECORDS)
    ]
