"""How fast the real hub takes in a quarter's records over HTTP, until all are judged, against bare verification.

The hub is the real command: gunicorn's worker and the judge process. The client shares the same cores; its requests,
signed by each PC's device key over the hub's own challenge, were encoded beforehand in the size that nodes reach on a
good line. The clock stops when the judge has decided every record and what follows from them is durable.
"""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

from benchmarks.figure import Figure, at_least
from benchmarks.pc import Pc
from benchmarks.province import enrol_author, found_province
from benchmarks.timing import timed
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.services import Services
from demo.plan import PlannedDossier
from demo.processes import Server, free_port
from dossiers.units import load_default_units
from edge_node.sync import pace
from edge_node.sync.transport import ROUND_PATH
from signing.signatures import pae, verify_batch
from sync_protocol.frame import encode_run
from sync_protocol.record import RECORD_PURPOSE
from sync_protocol.wire import RoundAnswer, decode_answer

COMMUNES = 24
DOSSIERS = 12_000
CONNECTIONS = 4
PATIENCE_S = 300.0
_SAMPLE = 4_000


def measure_ingest(workspace: Workspace) -> list[Figure]:
    """One ratio: judged records a second ÷ bare verifications a second on one core."""
    folder = workspace.make("ingest")
    hub = found_province(folder)
    communes = load_default_units().communes[:COMMUNES]
    planned = plan(communes, DOSSIERS, seed=3)
    pcs = [Pc(Author(f"PC {unit.code}", unit)) for unit in communes]
    for pc in pcs:
        enrol_author(hub, pc.author)
        pc.author.open_log(planned[pc.author.unit.code][0].came - 60_000)
    port = free_port()
    server = Server(
        "central_hub",
        ["serve", "--http", "--port", str(port), "--data", str(hub.config.data)],
        url=f"http://127.0.0.1:{port}",
        log=folder / "hub.log",
    ).start()
    try:
        return [_ingest(workspace, hub, server, pcs, planned)]
    finally:
        server.stop()


def _ingest(
    workspace: Workspace,
    hub: Services,
    server: Server,
    pcs: list[Pc],
    planned: dict[str, tuple[PlannedDossier, ...]],
) -> Figure:
    database, url = hub.config.data / "hub.db", server.url
    _greet(url, pcs)
    _wait_until_judged(database, len(pcs))
    _greet(url, pcs)
    for pc in pcs:
        pc.author.live(planned[pc.author.unit.code])
    payloads = [list(pc.payloads(1, bytes_max=pace.BUDGET_MAX)) for pc in pcs]
    records = sum(len(pc.author.records) - 1 for pc in pcs)
    size = sum(len(payload) for each in payloads for payload in each)
    workspace.say(f"{records:,} records in {sum(map(len, payloads))} requests are ready")
    before = _verifications_per_second(pcs)
    busy, began = _cpu_seconds(server), time.perf_counter()
    _send(url, payloads)
    sent = time.perf_counter() - began
    _wait_until_judged(database, records + len(pcs))
    took, busy = time.perf_counter() - began, _cpu_seconds(server) - busy
    verified = (before + _verifications_per_second(pcs)) / 2
    _check(database, dossiers=sum(map(len, planned.values())))
    return Figure(
        name="ingest",
        title="hub ingest over HTTP, judged ÷ bare Ed25519 verification",
        value=records / took / verified,
        unit="×",
        target=at_least(0.5),
        detail={
            "records": records,
            "records/s": records / took,
            "verifications/s": verified,
            "acknowledged after s": sent,
            "judged after s": took,
            "CPU of the hub's processes, µs each": busy / records * 1e6,
            "bytes each": size / records,
        },
    )


def _greet(url: str, pcs: list[Pc]) -> None:
    """Rounds until nothing new comes: the challenge, the province's records, and the log's opening handed over."""
    with requests.Session() as session:
        for pc in pcs:
            frames = [encode_run(pc.author.run(0, 1))]
            for _ in range(6):
                answer = _post(session, url, pc.request(frames, own=pc.position(1)))
                pc.take(answer)
                if not answer.problem and not answer.runs:
                    break


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


def _verifications_per_second(pcs: list[Pc]) -> float:
    """Bare libsodium on one core, over the records that are sent."""
    records = [
        (pc.author.signer.public.raw, r) for pc in pcs for r in pc.author.records[1 : 1 + _SAMPLE // len(pcs)]
    ]
    items = [(raw, pae(RECORD_PURPOSE, r.header_bytes), r.signature) for raw, r in records]
    assert all(verify_batch(items))
    times = timed([lambda: verify_batch(items)] * 5)
    return len(items) / times.median_ms * 1000


def _cpu_seconds(server: Server) -> float:
    """What all processes of the hub have used so far: unlike the clock, it does not depend on who else is working."""
    parent = psutil.Process(server.pid)
    return sum(sum(each.cpu_times()[:2]) for each in [parent, *parent.children(recursive=True)])


def _wait_until_judged(database: Path, records: int) -> None:
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
