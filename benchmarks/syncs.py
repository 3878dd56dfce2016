"""A thousand syncs in a row between a real office and a real hub: whether the last ones cost what the first ones did.

The button of the sync page over HTTP, a node and a hub as processes on loopback. Nothing is new on either side. What must
not grow is asserted by `tests/e2e/test_a_thousand_syncs.py`; here it is measured.
"""

import time
from statistics import median

import psutil

from benchmarks.figure import Figure, at_most
from benchmarks.workspace import Workspace
from tests.support.running import Ledger, Program, Running, running_office

SYNCS = 1_000
QUARTER = SYNCS // 4
WARM = 100
DOSSIERS = 20
MIB = 2**20


def measure_syncs(workspace: Workspace) -> list[Figure]:
    """Processor time of node and hub for a sync, last quarter over first; unique memory of both beside it."""
    with running_office(workspace.make("syncs")) as office:
        program = Program(office, Ledger(), 1, 1)
        for _ in range(DOSSIERS):
            program.receive()
        desk = office.log_in()
        page = desk.get("/sync")

        def sync(times: int) -> float:
            took = []
            for _ in range(times):
                began = time.perf_counter()
                desk.press(page, r"^/sync$")
                took.append(time.perf_counter() - began)
            return 1000 * median(took)

        sync(WARM)
        wall_ms, cpu_ms, memory_mib = [], [], [_memory_mib(office)]
        for quarter in range(4):
            before = _cpu_s(office)
            wall_ms.append(sync(QUARTER))
            cpu_ms.append(1000 * (_cpu_s(office) - before) / QUARTER)
            memory_mib.append(_memory_mib(office))
            workspace.say(f"quarter {quarter + 1}: {cpu_ms[-1]:.1f} ms, {memory_mib[-1]:.1f} MiB")
    return [
        Figure(
            name="syncs",
            title="1,000 syncs with nothing new: processor time of a sync, last quarter ÷ first",
            value=cpu_ms[-1] / cpu_ms[0],
            unit="×",
            target=at_most(1.1),
            detail={
                "cpu ms a sync, by quarter": " ".join(f"{value:.1f}" for value in cpu_ms),
                "median ms a sync, by quarter": " ".join(f"{value:.1f}" for value in wall_ms),
                "memory of node and hub, MiB": " ".join(f"{value:.1f}" for value in memory_mib),
            },
        )
    ]


def _processes(office: Running) -> list[psutil.Process]:
    found = []
    for pid in (office.node.pid, office.hub.pid):
        process = psutil.Process(pid)
        found += [process, *process.children(recursive=True)]
    return found


def _cpu_s(office: Running) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in _processes(office))


def _memory_mib(office: Running) -> float:
    return sum(each.memory_full_info().uss for each in _processes(office)) / MIB
