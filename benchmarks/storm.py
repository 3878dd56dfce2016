"""A storm: after an outage the PCs of a whole province deliver at once to one hub, and ask until they are judged.

The hub is the real command: gunicorn's worker, the judge and its verifiers, on the cores that the client uses too. The
client is one process that plays all PCs: their requests were encoded and signed beforehand, as many lines as `LINES` are
open at a time, and each PC does what the hub tells it: it comes again after `next_sync_after_s`, and waits where it is
refused. Read afterwards from the hub's own database: everything is there, judged and counted once.
"""

import heapq
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import requests

from benchmarks.figure import Detail, Figure, at_most
from benchmarks.ingest import (
    cpu_seconds,
    greet,
    processes_of,
    verifications_per_second,
    wait_until_judged,
)
from benchmarks.pc import Pc
from benchmarks.province import enrol_author, found_province, serving
from benchmarks.workers import in_workers
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.services import Services
from demo.processes import Server
from dossiers.units import Unit, UnitKind, load_default_units
from edge_node.sync import pace
from edge_node.sync.transport import ROUND_PATH
from sync_protocol.frontier import FrontierEntry
from sync_protocol.wire import RoundAnswer, decode_answer

NODES = 700
NODES_SHORT = 60
DOSSIERS = 130
"""About 780 records a node."""
LINES = 32
OUTAGE_MS = 1_735_700_000_000
_LOOK_EVERY_S = 0.2
_REQUEST_S = 90.0


@dataclass
class Storm:
    """What came of it. Times are seconds since the line came back."""

    nodes: int
    records: int = 0
    requests: int = 0
    questions: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    acknowledged_s: float = 0.0
    judged_s: float = 0.0
    lost: int = 0
    pss_mb: dict[str, float] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)
    verified_per_s: float = 0.0


@dataclass
class _Node:
    """One PC in the storm: what it still sends, and then the question whether it is judged."""

    payloads: list[bytes]
    question: bytes
    sent: int = 0

    @property
    def next(self) -> bytes:
        return self.payloads[self.sent] if self.sent < len(self.payloads) else self.question


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker process needs to write a PC's requests: keys and records follow from name and number."""

    name: str
    unit: Unit
    held: dict[str, FrontierEntry]
    challenge: bytes
    hub_epoch: bytes
    receipt: bytes
    dossiers: int
    number: int


def measure_storm(workspace: Workspace) -> list[Figure]:
    """The whole province."""
    return _figures("storm", play_storm(workspace, nodes=NODES, dossiers=DOSSIERS))


def measure_storm_short(workspace: Workspace) -> list[Figure]:
    """A tenth of it."""
    return _figures("storm_short", play_storm(workspace, nodes=NODES_SHORT, dossiers=DOSSIERS))


def _figures(name: str, storm: Storm) -> list[Figure]:
    bare_s = storm.records / storm.verified_per_s
    detail: Detail = {
        "nodes": storm.nodes,
        "records": storm.records,
        "requests with records": storm.requests,
        "questions": storm.questions,
        "refused for a while": storm.refused,
        "verifications/s": storm.verified_per_s,
        "acknowledged after s": storm.acknowledged_s,
        "judged after s": storm.judged_s,
    }
    for part, seconds in storm.used.items():
        detail[f"CPU of {part}, µs each"] = seconds / storm.records * 1e6
    for part, size in storm.pss_mb.items():
        detail[f"PSS of {part}, MB"] = size
    title = f"{storm.nodes} nodes at once"
    rows: tuple[tuple[str, str, float, str, float], ...] = (
        ("acknowledged", "acknowledged ÷ (records ÷ verify rate)", storm.acknowledged_s / bare_s, "×", 1.5),
        ("judged", "judged ÷ (records ÷ verify rate)", storm.judged_s / bare_s, "×", 2.5),
        ("lost", "records lost", float(storm.lost), "", 0.0),
        ("errors", "server errors", float(len(storm.errors)), "", 0.0),
        ("memory", "memory of the hub (sum of PSS), peak", sum(storm.pss_mb.values()), "MB", 300.0),
    )
    return [
        Figure(
            name=f"{name}_{key}",
            title=f"{title}: {text}",
            value=value,
            unit=unit,
            target=at_most(bound),
            detail=detail if key == "judged" else {},
        )
        for key, text, value, unit, bound in rows
    ]


def play_storm(workspace: Workspace, *, nodes: int, dossiers: int) -> Storm:
    """Found a province, prepare every PC's requests, start the hub and let all of them come."""
    folder = workspace.make("storm")
    hub = found_province(folder)
    units = communes(nodes)
    pcs = [Pc(Author(f"PC {unit.code}", unit)) for unit in units]
    known = replace(hub.units, communes=units)
    vars(hub.genealogy)["units"] = lambda today: known  # of this process, which enrols
    for pc in pcs:
        enrol_author(hub, pc.author)
        pc.author.open_log(OUTAGE_MS)
    with serving(hub) as server:
        return _play(workspace, hub, server, pcs, dossiers)


def communes(count: int) -> tuple[Unit, ...]:
    """The communes of the built-in province, and as many more under numbers of no province as are wanted: one PC each."""
    known = load_default_units().communes
    more = (
        Unit(code=f"{90_000 + number}", name=f"Xã số {number}", kind=UnitKind.COMMUNE)
        for number in range(count - len(known))
    )
    return (*known, *more)[:count]


def _play(workspace: Workspace, hub: Services, server: Server, pcs: list[Pc], dossiers: int) -> Storm:
    database = hub.config.data / "hub.db"
    workspace.say(f"{len(pcs)} PCs are enrolled")
    _give_province_log(server.url, pcs)
    greet(server.url, pcs)
    wait_until_judged(database, len(pcs))
    greet(server.url, pcs)
    workspace.say("they have what the province had said before the outage")
    storm = Storm(nodes=len(pcs))
    waiting, sample = _prepared(pcs, dossiers, storm)
    workspace.say(f"{storm.records:,} records in {storm.requests} requests are ready")
    before, busy = verifications_per_second(sample), cpu_seconds(server)
    with _weighed(server) as peak:
        began = time.perf_counter()
        _deliver(server.url, waiting, storm, began, database, storm.records + len(pcs))
        storm.judged_s = time.perf_counter() - began
    storm.pss_mb = peak
    storm.used = {part: seconds - busy[part] for part, seconds in cpu_seconds(server).items()}
    storm.verified_per_s = (before + verifications_per_second(sample)) / 2
    _account(database, server, storm, len(pcs))
    return storm


def _give_province_log(url: str, pcs: Sequence[Pc]) -> None:
    """Two PCs fetch it; of the others it is taken for granted, because seven hundred would each be sent all keys."""
    greet(url, list(pcs[:2]))
    shared = pcs[0].held.keys() & pcs[-1 if len(pcs) < 2 else 1].held.keys()
    for pc in pcs[2:]:
        pc.held.update({log: pcs[0].held[log] for log in shared})


def _prepared(pcs: Sequence[Pc], dossiers: int, storm: Storm) -> tuple[list[_Node], list[Pc]]:
    """Every PC's requests, written by worker processes; and one PC with its records, for the verify rate."""
    tasks = [
        _Task(
            pc.author.name, pc.author.unit, pc.held, pc.challenge, pc.hub_epoch, pc.receipt, dossiers, number
        )
        for number, pc in enumerate(pcs)
    ]
    nodes = []
    for node, count in in_workers(_prepare, tasks):
        nodes.append(node)
        storm.records += count
        storm.requests += len(node.payloads)
    sample = Pc(Author("sample", pcs[0].author.unit))
    sample.author.open_log(OUTAGE_MS)
    sample.author.live(plan([sample.author.unit], 500, seed=1)[sample.author.unit.code])
    return nodes, [sample]


def _prepare(task: _Task) -> tuple[_Node, int]:
    author = Author(task.name, task.unit)
    author.open_log(OUTAGE_MS)
    author.live(plan([task.unit], task.dossiers, seed=task.number)[task.unit.code])
    pc = Pc(author, task.held, task.challenge, task.hub_epoch, task.receipt)
    count = len(author.records) - 1
    payloads = list(pc.payloads(1, bytes_max=pace.START))
    return _Node(payloads=payloads, question=pc.request([], own=pc.position(count + 1))), count


def _deliver(url: str, nodes: list[_Node], storm: Storm, began: float, database: Path, expected: int) -> None:
    """Everybody comes at once, as far as lines are free, and again when told, until everything is judged."""
    due = [(0.0, number) for number in range(len(nodes))]
    lock, ended = threading.Lock(), threading.Event()
    left = [len(nodes)]

    def work() -> None:
        with requests.Session() as session:
            while not ended.is_set():
                with lock:
                    is_due = bool(due) and due[0][0] <= time.perf_counter() - began
                    number = heapq.heappop(due)[1] if is_due else -1
                if number < 0:
                    ended.wait(0.02)
                    continue
                wait_s = _one_round(session, url, nodes[number], storm, lock, left, began)
                with lock:
                    heapq.heappush(due, (time.perf_counter() - began + wait_s, number))

    with ThreadPoolExecutor(LINES) as pool:
        running = [pool.submit(work) for _ in range(LINES)]
        try:
            wait_until_judged(database, expected)
        finally:
            ended.set()
        for each in running:
            each.result()


def _one_round(
    session: requests.Session,
    url: str,
    node: _Node,
    storm: Storm,
    lock: threading.Lock,
    left: list[int],
    began: float,
) -> float:
    """One request of a PC; returns after how many seconds it comes again."""
    is_question = node.sent >= len(node.payloads)
    try:
        response = session.post(
            url + ROUND_PATH,
            data=node.next,
            headers={"Content-Type": "application/octet-stream"},
            timeout=_REQUEST_S,
        )
    except requests.RequestException as error:
        with lock:
            storm.errors.append(f"{type(error).__name__}: {error}"[:200])
        return 5.0
    if response.status_code == 503 and response.headers.get("Retry-After", "").isdigit():
        with lock:
            storm.refused += 1
        return float(response.headers["Retry-After"])
    answer: RoundAnswer | None = decode_answer(response.content) if response.status_code == 200 else None
    with lock:
        if answer is None or answer.problem:
            storm.errors.append(f"{response.status_code} {answer.problem if answer else ''}")
            return 5.0
        if is_question:
            storm.questions += 1
            return float(answer.next_sync_after_s)
        node.sent += 1
        if node.sent < len(node.payloads):
            return 0.0
        left[0] -= 1
        if not left[0]:
            storm.acknowledged_s = time.perf_counter() - began
    return float(answer.next_sync_after_s)


@contextmanager
def _weighed(server: Server) -> Iterator[dict[str, float]]:
    """The highest sum of the proportional memory of all processes of the hub while the block runs, in MB."""
    peak: dict[str, float] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            with suppress(psutil.Error):
                held = {"web": 0.0, "judge": 0.0, "verify": 0.0}
                for part, process in processes_of(server):
                    held[part] += process.memory_full_info().pss / 1e6
                if sum(held.values()) > sum(peak.values()):
                    peak.update(held)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _account(database: Path, server: Server, storm: Storm, openings: int) -> None:
    """What is not there, not judged or not applied is lost; what the hub complained of is an error."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    (judged,) = connection.execute(
        "SELECT sum(judged) FROM log WHERE device IN (SELECT id FROM device)"
    ).fetchone()
    (standing,) = connection.execute("SELECT count(*) FROM standing").fetchone()
    (placed,) = connection.execute(
        "SELECT count(*) FROM place WHERE log_no IN (SELECT no FROM log WHERE device IN (SELECT id FROM device))"
    ).fetchone()
    connection.close()
    expected = storm.records + openings
    storm.lost = (expected - judged) + abs(expected - placed) + standing
    storm.errors += [
        line for line in server.tail(10_000).splitlines() if "Traceback" in line or "ERROR" in line
    ]
