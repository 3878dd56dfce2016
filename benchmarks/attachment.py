"""What a large file costs on a line that breaks: bytes on the line over the bytes of the file.

A real hub process, a real node database, HTTP through the rough line of the demo at 1 Mbit/s with a cut every 20 seconds.
The file is random bytes behind the first bytes of a PDF. The short variant (`attachment_short`) sends 4 MB over a line five
times as fast that breaks every 4 seconds, in some seconds.
"""

import time
from random import Random

from benchmarks.figure import Figure, at_most
from benchmarks.province import found_province, port_of, serving
from benchmarks.rough import enrolled_node
from benchmarks.workload import plan
from benchmarks.workspace import Workspace
from demo.lives import steps_of
from demo.rough_line import RoughLine, Roughness
from dossiers.units import load_default_units
from edge_node.files.capture import Captured
from edge_node.files.copies import files_waiting
from edge_node.files.service import Placed, attach, vault_of
from edge_node.journal import Draft, write
from edge_node.sync.files import exchange_files
from edge_node.sync.runner import sync
from edge_node.sync.transport import HubLine

MBIT = 125_000
PATIENCE_S = 900.0


def measure_attachment(workspace: Workspace) -> list[Figure]:
    """50 MB at 1 Mbit/s, cut every 20 s."""
    line = Roughness(bytes_per_s=MBIT, cut_every_s=20.0)
    return [_measure(workspace, "attachment", 50_000_000, line, "50 MB at 1 Mbit/s, cut every 20 s")]


def measure_attachment_short(workspace: Workspace) -> list[Figure]:
    """4 MB at 5 Mbit/s, cut every 4 s: the same shape in seconds."""
    line = Roughness(bytes_per_s=5 * MBIT, cut_every_s=4.0)
    return [_measure(workspace, "attachment_short", 4_000_000, line, "4 MB at 5 Mbit/s, cut every 4 s")]


def _measure(workspace: Workspace, name: str, size: int, roughness: Roughness, title: str) -> Figure:
    folder = workspace.make(name)
    hub = found_province(folder)
    with serving(hub) as server:
        node = enrolled_node(folder / "node", hub, port_of(server), load_default_units().communes[0])
        planned = plan([node.desk.unit], 100, seed=7)[node.desk.unit.code][0]
        first = steps_of(node.desk, planned)[0]
        draft = Draft(kind=first.kind, dossier=first.dossier, facts=first.facts, content=first.content)
        dossier = write(node.db, node.services, node.actor, [draft])[0].header.dossier
        assert dossier
        content = b"%PDF-1.7\n" + Random(1).randbytes(size)
        scan = Captured(name="ban-chup.pdf", type="pdf", content=content, pages=0)
        record = attach(node.db, node.services, node.actor, dossier, [scan], Placed())
        assert record is not None
        sealed = vault_of(node.services).path(record.header.facts["files"][0]["file"]).stat().st_size
        while sync(node.db, node.services, HubLine(server.url)).problem is not None:
            time.sleep(0.5)
        time.sleep(2.0)  # the judge beside the hub's workers
        with RoughLine(port_of(server), roughness) as line:
            began, requests = time.perf_counter(), 0
            while files_waiting(node.db) and time.perf_counter() - began < PATIENCE_S:
                way = HubLine(f"http://127.0.0.1:{line.port}")
                requests += exchange_files(node.db, node.services, way).requests
                way.close()
            took, moved, resets = time.perf_counter() - began, line.bytes_up, line.resets
        if files_waiting(node.db):
            raise RuntimeError("the file did not arrive")
    node.db.conn.close()
    return Figure(
        name=name,
        title=f"{title}: bytes up beyond the file",
        value=100 * (moved / sealed - 1),
        unit="%",
        target=at_most(5),
        detail={
            "file bytes": sealed,
            "bytes up": moved,
            "requests": requests,
            "resets": resets,
            "seconds": took,
        },
    )
