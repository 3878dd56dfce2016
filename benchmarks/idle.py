"""What a sync costs when there is nothing new on either side, in a commune of four PCs.

Four real nodes and the hub's own functions, joined by a line that carries the same bytes as HTTP would. Every node
has written, sent and fetched; then each syncs once more.
"""

from dataclasses import dataclass
from functools import partial

from sqlite_utils import Database

from benchmarks.figure import Detail, Figure, at_most
from benchmarks.province import DirectLine, code_for, found_province
from benchmarks.timing import timed
from benchmarks.workload import plan
from benchmarks.workspace import Workspace
from central_hub.judge.service import Judge
from central_hub.services import Services as HubServices
from demo.lives import Desk, steps_of
from dossiers.units import Unit, load_default_units
from edge_node.accounts.service import current_actor, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.journal import Draft, write
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import Services, build_services
from edge_node.store import open_database
from edge_node.store.alerts import list_alerts
from edge_node.sync.runner import SyncResult, sync
from signing.keys import LockCost

PCS = 4
DOSSIERS_EACH = 25
PIN = "250101"
_SYNCS_UNTIL_QUIET = 6


@dataclass(frozen=True, slots=True)
class _Node:
    db: Database
    services: Services
    officer: str
    line: DirectLine

    def sync(self) -> SyncResult:
        """One sync that must not stop half-way."""
        result = sync(self.db, self.services, self.line)
        assert result.problem is None, result
        return result


def measure_idle(workspace: Workspace) -> list[Figure]:
    """The bytes of the one request and its answer; the largest of the four nodes counts."""
    folder = workspace.make("idle")
    hub = found_province(folder)
    unit = load_default_units().communes[0]
    nodes = [_node(workspace, hub, unit, number) for number in range(1, 1 + PCS)]
    for number, node in enumerate(nodes):
        _work(node, unit, seed=number)
    judge = Judge(hub)
    for _ in range(_SYNCS_UNTIL_QUIET):
        for node in nodes:
            node.sync()
            judge.judge_pending()
    idle = [node.sync() for node in nodes]
    quiet = timed([partial(node.sync) for node in nodes for _ in range(10)])
    assert all(result.sent == result.received == 0 for result in idle), idle
    assert not any(list_alerts(node.db) for node in nodes), "node and hub do not hold the same"
    detail: Detail = {
        "PCs": PCS,
        "logs in the frontier": _logs(nodes[0]),
        "node and hub together, ms": quiet.median_ms,
    }

    def most(name: str, title: str, values: list[int], target: int, unit: str) -> Figure:
        return Figure(
            name=f"idle_{name}",
            title=title,
            value=max(values),
            unit=unit,
            target=at_most(target),
            detail=detail,
        )

    return [
        most("requests", "idle sync: requests", [r.rounds for r in idle], 1, "requests"),
        most("up", "idle sync: payload up", [r.bytes_up for r in idle], 600, "bytes"),
        most("down", "idle sync: payload down", [r.bytes_down for r in idle], 300, "bytes"),
    ]


def _node(workspace: Workspace, hub: HubServices, unit: Unit, number: int) -> _Node:
    folder = workspace.folder / "idle" / f"node-{number}"
    services = build_services(EdgeConfig(data=folder, reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    line = DirectLine(hub)
    wish = Wish(
        hub_url="http://127.0.0.1:9",
        code=code_for(hub, unit.code, f"Máy {number}"),
        device_name=f"Máy {number}",
        officer_name=f"Cán bộ {number}",
        pin=PIN,
    )
    officer = enrol(db, services, wish, lambda url, ca: line).officer
    sync(db, services, line)
    return _Node(db, services, officer, line)


def _work(node: _Node, unit: Unit, *, seed: int) -> None:
    token = log_in(node.db, node.services, officer=node.officer, pin=PIN, address="127.0.0.1")
    actor = current_actor(node.db, node.services, token)
    assert actor is not None
    desk = Desk(
        unit=unit,
        officer=actor.officer,
        officer_name=actor.name,
        catalogue=node.services.references.catalogue(node.db),
        calendar=node.services.references.calendar(node.db),
    )
    for dossier in plan([unit], DOSSIERS_EACH, seed=100 + seed)[unit.code]:
        steps = steps_of(desk, dossier)
        drafts = [Draft(kind=s.kind, dossier=s.dossier, facts=s.facts, content=s.content) for s in steps]
        write(node.db, node.services, actor, drafts)


def _logs(node: _Node) -> int:
    return int(node.db.execute("SELECT count(*) FROM log").fetchone()[0])
