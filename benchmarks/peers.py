"""The work at which other systems were measured: an office sends its changes to an empty hub, and a fresh PC fetches many.

A real hub process, real node databases, HTTP over loopback, through a line that counts the bytes of both directions. The
others moved what is in force, unsigned; here every change travels, signed by its author, and is verified at both ends.
Preparation (writing and signing at the office) is not in the times: theirs had their data beforehand, too.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sqlite_utils import Database

from benchmarks.figure import Detail, Figure
from benchmarks.province import enrol_author, found_province, port_of, serving
from benchmarks.rough import enrolled_node, fresh_node
from benchmarks.workers import in_workers
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import judge_pending
from demo.lives import Step, steps_of
from demo.plan import PlannedDossier
from demo.rough_line import RoughLine, Roughness
from dossiers.units import load_default_units
from edge_node.journal import Draft, write
from edge_node.services import Services
from edge_node.sync.runner import sync
from edge_node.sync.transport import HubLine
from sync_protocol.frame import encode_run

DOSSIERS_PUSHED = 1_000
CHANGES = 5
DOSSIERS_FETCHED = 10_000
_RUN_RECORDS = 1_024


@dataclass(frozen=True, slots=True)
class _Crossing:
    """One sync until neither side has more."""

    seconds: float
    used_s: float
    """Processor time of the PC."""
    bytes_up: int
    bytes_down: int
    requests: int


def measure_push(workspace: Workspace) -> list[Figure]:
    """An office sends everything to an empty hub, and then has nothing more to say."""
    hub = found_province(workspace.make("peers-push"))
    unit = load_default_units().communes[0]
    with serving(hub) as server:
        node = enrolled_node(hub.config.data.parent / "node", hub, port_of(server), unit)
        written = 0
        lives = (
            steps_of(node.desk, dossier) for dossier in plan([unit], 4 * DOSSIERS_PUSHED, seed=5)[unit.code]
        )
        for life in islice((life for life in lives if len(life) >= CHANGES), DOSSIERS_PUSHED):
            written += len(write(node.db, node.services, node.actor, _drafts(life[:CHANGES])))
        assert written == DOSSIERS_PUSHED * CHANGES, written
        workspace.say(f"{written:,} changes are written")
        pushed = _cross(node.db, node.services, port_of(server))
        _until_quiet(node.db, node.services, port_of(server))
        idle = _cross(node.db, node.services, port_of(server))
    node.db.conn.close()
    title = f"{DOSSIERS_PUSHED:,} dossiers × {CHANGES} changes to an empty hub"
    return _figures("push", title, pushed, idle, {"records": written})


def measure_fetch(workspace: Workspace) -> list[Figure]:
    """A PC just enrolled fetches what another of its office has written."""
    hub = found_province(workspace.make("peers-fetch"))
    unit = load_default_units().communes[0]
    author = Author("Máy 1", unit)
    enrol_author(hub, author)
    planned = plan([unit], DOSSIERS_FETCHED, seed=6)[unit.code]
    records = 0
    for frames in in_workers(_frames, [(author, planned)]):
        for frame in frames:
            records += acknowledge(hub, author.device.public.id, [frame]).records
    judge_pending(hub)
    workspace.say(f"{records:,} changes are at the hub")
    with serving(hub) as server:
        db, services, _ = fresh_node(hub.config.data.parent / "node", hub, port_of(server), unit)
        fetched = _cross(db, services, port_of(server))
        _until_quiet(db, services, port_of(server))
        idle = _cross(db, services, port_of(server))
    held = int(db.execute("SELECT count(*) FROM dossier").fetchone()[0])
    db.conn.close()
    if held != DOSSIERS_FETCHED:
        raise RuntimeError(f"{held} dossiers arrived")
    title = f"{DOSSIERS_FETCHED:,} dossiers with all their changes to a fresh PC"
    return _figures("fetch", title, fetched, idle, {"records": records})


def _frames(work: tuple[Author, tuple[PlannedDossier, ...]]) -> list[bytes]:
    author, planned = work
    author.open_log(planned[0].came - 60_000)
    author.live(planned)
    length = len(author.records)
    return [
        encode_run(author.run(first, min(length, first + _RUN_RECORDS)))
        for first in range(0, length, _RUN_RECORDS)
    ]


def _drafts(life: Iterable[Step]) -> list[Draft]:
    return [Draft(kind=s.kind, dossier=s.dossier, facts=s.facts, content=s.content) for s in life]


def _cross(db: Database, services: Services, port: int) -> _Crossing:
    with RoughLine(port, Roughness()) as counted:
        line = HubLine(f"http://127.0.0.1:{counted.port}")
        began, busy = time.perf_counter(), time.process_time()
        result = sync(db, services, line)
        seconds, used = time.perf_counter() - began, time.process_time() - busy
        line.close()
        if result.problem is not None:
            raise RuntimeError(f"the sync failed: {result}")
        return _Crossing(seconds, used, counted.bytes_up, counted.bytes_down, result.rounds)


def _until_quiet(db: Database, services: Services, port: int) -> None:
    """Until everything is judged, logged and told."""
    for _ in range(60):
        time.sleep(1.0)
        if _cross(db, services, port).requests == 1:
            return


def _figures(name: str, title: str, moved: _Crossing, idle: _Crossing, detail: Detail) -> list[Figure]:
    detail |= {
        "of it processor of the PC, s": moved.used_s,
        "bytes up": moved.bytes_up,
        "bytes down": moved.bytes_down,
        "requests": moved.requests,
        "idle afterwards: bytes": idle.bytes_up + idle.bytes_down,
        "idle afterwards: requests": idle.requests,
        "idle afterwards: s": idle.seconds,
    }
    total = (moved.bytes_up + moved.bytes_down) / 1000
    return [
        Figure(name=f"peers_{name}", title=title, value=moved.seconds, unit="s", detail=detail),
        Figure(name=f"peers_{name}_bytes", title=f"{title}: both directions", value=total, unit="kB"),
    ]
