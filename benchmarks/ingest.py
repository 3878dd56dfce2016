"""How fast the real hub takes in a quarter's records over HTTP, until all are judged, against bare verification.

The hub is the real command: gunicorn's worker and the judge process. The client shares the same cores; its requests,
signed by each PC's device key over the hub's own challenge, were encoded beforehand in the size that nodes reach on a
good line. The clock stops when the judge has decided every record and what follows from them is durable.
"""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import requests

from benchmarks.figure import Detail, Figure, at_least
from benchmarks.pc import Pc
from benchmarks.province import enrol_author, found_province, serving
from benchmarks.timing import timed
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.services import Services
from demo.plan import PlannedDossier
from demo.processes import Server
from dossiers.units import load_default_units
from edge_node.sync import pace
from edge_node.sync.transport import ROUND_PATH
from signing.signatures import pae, verify_batch
from sync_protocol.frame import encode_run
from sync_protocol.record import RECORD_PURPOSE
from sync_protocol.wire import RoundAnswer, decode_answer

COMMUNES = 24
DOSSIERS = 12_000
WAVES = 3
CONNECTIONS = 4
PATIENCE_S = 300.0
_SAMPLE = 4_000


def measure_ingest(workspace: Workspace) -> list[Figure]:
    """Two ratios, records a second ÷ bare verifications a second on one core: acknowledged, and judged."""
    folder = workspace.make("ingest")
    hub = found_province(folder)
    communes = load_default_units().communes[:COMMUNES]
    planned = plan(communes, DOSSIERS, seed=3)
    pcs = [Pc(Author(f"PC {unit.code}", unit)) for unit in communes]
    for pc in pcs:
        enrol_author(hub, pc.author)
        pc.author.open_log(planned[pc.author.unit.code][0].came - 60_000)
    with serving(hub) as server:
        return _ingest(workspace, hub, server, pcs, planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wave:
    """One part of the records, sent at once."""

    records: int
    requests: int
    size: int
    verified_per_s: float
    acknowledged_s: float
    judged_s: float
    used: dict[str, float]

    @property
    def acknowledged(self) -> float:
        return self.records / self.acknowledged_s / self.verified_per_s

    @property
    def judged(self) -> float:
        return self.records / self.judged_s / self.verified_per_s


def _ingest(
    workspace: Workspace,
    hub: Services,
    server: Server,
    pcs: list[Pc],
    planned: dict[str, tuple[PlannedDossier, ...]],
) -> list[Figure]:
    database = hub.config.data / "hub.db"
    greet(server.url, pcs)
    wait_until_judged(database, len(pcs))
    greet(server.url, pcs)
    waves = []
    for number in range(WAVES):
        wave = _wave(server, database, pcs, {unit: each[number::WAVES] for unit, each in planned.items()})
        workspace.say(f"acknowledged {wave.acknowledged:.2f} ×, judged {wave.judged:.2f} ×")
        waves.append(wave)
    _check(database, dossiers=sum(map(len, planned.values())))
    records = sum(wave.records for wave in waves)
    detail: Detail = {
        "records": records,
        "requests": sum(wave.requests for wave in waves),
        "verifications/s": median(wave.verified_per_s for wave in waves),
        "records/s": median(wave.records / wave.judged_s for wave in waves),
        "bytes each": sum(wave.size for wave in waves) / records,
    }
    for part in waves[0].used:
        detail[f"CPU of {part}, µs each"] = sum(wave.used[part] for wave in waves) / records * 1e6
    return [
        Figure(
            name="ingest_acknowledged",
            title="hub ingest over HTTP, acknowledged ÷ bare Ed25519 verification",
            value=median(wave.acknowledged for wave in waves),
            unit="×",
            target=at_least(2.5),
        ),
        Figure(
            name="ingest",
            title="hub ingest over HTTP, judged ÷ bare Ed25519 verification",
            value=median(wave.judged for wave in waves),
            unit="×",
            target=at_least(0.7),
            detail=detail,
        ),
    ]


def _wave(
    server: Server, database: Path, pcs: list[Pc], planned: dict[str, tuple[PlannedDossier, ...]]
) -> _Wave:
    done = [len(pc.author.records) for pc in pcs]
    for pc in pcs:
        pc.author.live(planned[pc.author.unit.code])
    payloads = [
        list(pc.payloads(first, bytes_max=pace.BUDGET_MAX)) for pc, first in zip(pcs, done, strict=True)
    ]
    total = sum(len(pc.author.records) for pc in pcs)
    before, busy, began = verifications_per_second(pcs), cpu_seconds(server), time.perf_counter()
    _send(server.url, payloads)
    acknowledged = time.perf_counter() - began
    wait_until_judged(database, total)
    judged = time.perf_counter() - began
    used = {part: seconds - busy[part] for part, seconds in cpu_seconds(server).items()}
    return _Wave(
        records=total - sum(done),
        requests=sum(map(len, payloads)),
        size=sum(len(payload) for each in payloads for payload in each),
        verified_per_s=(before + verifications_per_second(pcs)) / 2,
        acknowledged_s=acknowledged,
        judged_s=judged,
        used=used,
    )


def greet(url: str, pcs: list[Pc]) -> None:
    """Rounds until nothing new comes: the challenge, the province's records, and the log's opening handed over."""

    def greeted(some: list[Pc]) -> None:
        with requests.Session() as session:
            for pc in some:
                frames = [encode_run(pc.author.run(0, 1))]
                for _ in range(6):
                    answer = _post(session, url, pc.request(frames, own=pc.position(1)))
                    pc.take(answer)
                    if not answer.problem and not answer.runs:
                        break

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(greeted, (pcs[number::CONNECTIONS] for number in range(CONNECTIONS))))


def _send(url: str, payloads: list[list[bytes]]) -> None:
    """Each PC sends its requests one after the other; a few PCs at a time."""

    def deliver(mine: list[bytes]) -> None:
        with requests.Session() as session:
            for payload in mine:
                answer = _post(session, url, payload)
                if answer.problem:
                    raise RuntimeError(f"the hub refused a round: {answer.problem}")

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(deliver, payloads))


def _post(session: requests.Session, url: str, payload: bytes) -> RoundAnswer:
    response = session.post(
        url + ROUND_PATH, data=payload, headers={"Content-Type": "application/octet-stream"}, timeout=120
    )
    response.raise_for_status()
    return decode_answer(response.content)


def verifications_per_second(pcs: list[Pc]) -> float:
    """Bare libsodium on one core, over the records that are sent."""
    records = [
        (pc.author.signer.public.raw, r) for pc in pcs for r in pc.author.records[1 : 1 + _SAMPLE // len(pcs)]
    ]
    items = [(raw, pae(RECORD_PURPOSE, r.header_bytes), r.signature) for raw, r in records]
    assert all(verify_batch(items))
    times = timed([lambda: verify_batch(items)] * 5)
    return len(items) / times.median_ms * 1000


def cpu_seconds(server: Server) -> dict[str, float]:
    """What the processes of the hub have used so far: unlike the clock, it does not depend on who else is working."""
    used = {"web": 0.0, "judge": 0.0, "verify": 0.0}
    for part, process in processes_of(server):
        used[part] += sum(process.cpu_times()[:2])
    return used


def processes_of(server: Server) -> Iterator[tuple[str, psutil.Process]]:
    """The hub's processes, each with the part that it plays."""
    parent = psutil.Process(server.pid)
    for each in [parent, *parent.children(recursive=True)]:
        command = each.cmdline()
        is_verifier = bool(command) and command[-1].endswith("verifier.py")
        yield "verify" if is_verifier else "judge" if "central_hub.judge" in command else "web", each


def wait_until_judged(database: Path, records: int) -> None:
    """Look into the hub's database, read-only, until every device's log is judged to its end."""
    deadline = time.monotonic() + PATIENCE_S
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    query = "SELECT ifnull(sum(judged), 0) FROM log WHERE id IN (SELECT id FROM log WHERE device IN (SELECT id FROM device))"
    while connection.execute(query).fetchone()[0] < records:
        if time.monotonic() > deadline:
            raise TimeoutError("the hub did not judge everything in time")
        time.sleep(0.02)
    connection.close()


def _check(database: Path, *, dossiers: int) -> None:
    """Everything was applied, merged and counted."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    standing = connection.execute("SELECT count(*) FROM standing").fetchone()[0]
    merged = connection.execute("SELECT count(*) FROM dossier WHERE finished_ms IS NOT NULL").fetchone()[0]
    counted = connection.execute(
        "SELECT sum(solved_early + solved_on_time + solved_late) FROM tally WHERE shape = 2"
    ).fetchone()[0]
    connection.close()
    if standing or merged != dossiers or counted != dossiers:
        raise RuntimeError(
            f"{dossiers} dossiers sent: {merged} merged, {counted} counted, {standing} not applied"
        )
