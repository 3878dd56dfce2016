"""What a sync costs on the lines of the field: far and slow with cuts, and one that never lets more than 64 KiB pass.

A real hub process, a real node database, HTTP through the rough line of the demo. The figure is bytes on that line over
the bytes of the same work on the same line without cuts, or on a clean one; the node's waits between attempts are left out.
TCP sends lost segments again below the proxy, which counts what programs hand over: a loss costs time here, and no bytes.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from benchmarks.figure import Figure, at_most
from benchmarks.province import DirectLine, code_for, found_province, port_of, serving
from benchmarks.workload import plan
from benchmarks.workspace import Workspace
from central_hub.services import Services as HubServices
from demo.lives import Desk, steps_of
from demo.rough_line import RoughLine, Roughness
from dossiers.units import Unit, load_default_units
from edge_node.accounts.service import current_actor, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.journal import Draft, write
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import Services, build_services
from edge_node.store import open_database
from edge_node.sync.runner import sync
from edge_node.sync.transport import HubLine
from signing.keys import LockCost

RECORDS = 5_000
PIN = "250101"
PATIENCE_S = 300.0
LINES = {
    "clean": Roughness(),
    "far_whole": Roughness(bytes_per_s=32_000, round_trip_s=0.6, loss=0.05),
    "far": Roughness(bytes_per_s=32_000, round_trip_s=0.6, loss=0.05, cut_every_s=20.0),
    "reset": Roughness(round_trip_s=0.6, reset_after_bytes=64 * 1024),
}
FAULTY = {
    "far": ("256 kbit/s, 600 ms, 5 % loss, cut every 20 s: bytes ÷ those without cuts", "far_whole", 1.05),
    "reset": ("600 ms, every connection reset after 64 KiB: bytes ÷ clean bytes", "clean", 1.10),
}


@dataclass(frozen=True, slots=True)
class _Crossing:
    """One delivery of all records."""

    bytes_moved: int
    seconds: float
    attempts: int
    rounds: int
    resets: int
    losses: int


def measure_rough(workspace: Workspace) -> list[Figure]:
    """Deliver the same number of records over each line, each from a node of its own."""
    folder = workspace.make("rough")
    hub = found_province(folder)
    crossings = {}
    with serving(hub) as server:
        for number, (name, roughness) in enumerate(LINES.items()):
            unit = load_default_units().communes[number]
            crossings[name] = _cross(workspace, hub, port_of(server), unit, roughness)
            workspace.say(f"{name}: {crossings[name]}")
    return [
        Figure(
            name=f"rough_{name}",
            title=title,
            value=crossings[name].bytes_moved / crossings[whole].bytes_moved,
            unit="×",
            target=at_most(bound),
            detail={
                "records": RECORDS,
                "bytes": crossings[name].bytes_moved,
                "without faults": crossings[whole].bytes_moved,
                "on a clean fast line": crossings["clean"].bytes_moved,
                "rounds": crossings[name].rounds,
                "attempts": crossings[name].attempts,
                "connections reset": crossings[name].resets,
                "segments lost": crossings[name].losses,
                "seconds": crossings[name].seconds,
            },
        )
        for name, (title, whole, bound) in FAULTY.items()
    ]


def _cross(workspace: Workspace, hub: HubServices, port: int, unit: Unit, roughness: Roughness) -> _Crossing:
    db, services = _node(workspace, hub, port, unit)
    with RoughLine(port, roughness) as line:
        began = time.perf_counter()
        attempts = rounds = 0
        while time.perf_counter() - began < PATIENCE_S:
            attempts += 1
            way = HubLine(f"http://127.0.0.1:{line.port}")
            result = sync(db, services, way)
            way.close()
            rounds += result.rounds
            if result.problem is None:
                break
        else:
            raise RuntimeError(f"the records did not arrive: {result}")
        took = time.perf_counter() - began
        crossing = _Crossing(
            line.bytes_up + line.bytes_down, took, attempts, rounds, line.resets, line.losses
        )
    db.conn.close()
    return crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledNode:
    """A PC that knows its keys and the catalogue, its officer logged in, and a desk that plans what is written."""

    db: Database
    services: Services
    actor: Actor
    desk: Desk


def enrolled_node(
    folder: Path,
    hub: HubServices,
    port: int,
    unit: Unit,
    *,
    line: DirectLine | None = None,
) -> EnrolledNode:
    """Enrol a PC of the unit at the hub that listens on `port`, or by a line of its own."""
    db, services, officer = fresh_node(folder, hub, port, unit, line=line)
    sync(db, services, line or HubLine(f"http://127.0.0.1:{port}"))
    token = log_in(db, services, officer=officer, pin=PIN, address="127.0.0.1")
    actor = current_actor(db, services, token)
    assert actor is not None
    desk = Desk(
        unit=unit,
        officer=actor.officer,
        officer_name=actor.name,
        catalogue=services.references.catalogue(db),
        calendar=services.references.calendar(db),
    )
    return EnrolledNode(db=db, services=services, actor=actor, desk=desk)


def fresh_node(
    folder: Path, hub: HubServices, port: int, unit: Unit, *, line: DirectLine | None = None
) -> tuple[Database, Services, str]:
    """A PC that was enrolled and has not synced yet, and its officer."""
    services = build_services(EdgeConfig(data=folder, reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    url = f"http://127.0.0.1:{port}"
    wish = Wish(
        hub_url=url,
        code=code_for(hub, unit.code, "Quầy 1"),
        device_name="Quầy 1",
        officer_name="Nguyễn Thị Lan",
        pin=PIN,
    )
    officer = enrol(db, services, wish, lambda url, ca: line or HubLine(url, ca=ca)).officer
    return db, services, officer


def _node(workspace: Workspace, hub: HubServices, port: int, unit: Unit) -> tuple[Database, Services]:
    """A node of the unit with all records written and none of them sent."""
    node = enrolled_node(workspace.folder / "rough" / unit.code, hub, port, unit)
    write_records(node, RECORDS, seed=7)
    return node.db, node.services


def write_records(node: EnrolledNode, count: int, *, seed: int) -> None:
    """So many records of dossiers that are worked on; another seed makes other dossiers."""
    written, unit = 0, node.desk.unit
    for dossier in plan([unit], count // 4, seed=seed)[unit.code]:
        steps = steps_of(node.desk, dossier)[: count - written]
        drafts = [Draft(kind=s.kind, dossier=s.dossier, facts=s.facts, content=s.content) for s in steps]
        written += len(write(node.db, node.services, node.actor, drafts)) if drafts else 0
    assert written == count, written
