"""How many node-days the deterministic simulation plays in a minute.

A node-day is fifty records with real signatures, in the mix of the replayed quarter, dossier by dossier; then a sync and the
judge's turn. Node and hub are the simulation's: production code over databases whose power may be cut, on
a line that counts. At the end the world heals, and everything must be everywhere.
"""

import random
import time
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure, at_least
from benchmarks.workload import calendar, catalogue, plan
from benchmarks.workspace import Workspace
from demo.lives import Desk, Step, steps_of
from dossiers.units import load_default_units
from edge_node.journal import Draft, write
from tests.simulation.clock import DAY_MS
from tests.simulation.link import Mood
from tests.simulation.node import SimNode
from tests.simulation.schedule import Plan
from tests.simulation.world import World, keys_from

NODES = 4
DAYS = 5
RECORDS_A_DAY = 50
RAM = Path("/dev/shm")
"""Where the simulation keeps its worlds, too. So it waits for nothing but the processor, which others may be using: hence
the processor's time."""


def measure_simulation(workspace: Workspace) -> list[Figure]:
    """Node-days a minute of one process."""
    units = load_default_units().communes[:NODES]
    world_plan = Plan(
        seed=1,
        units=tuple(unit.code for unit in units),
        clock_errors_ms=(0,) * NODES,
        moods=(Mood.GOOD,) * NODES,
        is_narrow=(False,) * NODES,
        lease_size=2_000,
        judge_batch_records=2_048,
        steps=(),
    )
    with (
        TemporaryDirectory(dir=RAM if RAM.is_dir() else workspace.folder, prefix="motcua-sim-") as folder,
        keys_from(random.Random("keys of a benchmark")),
    ):
        world = World(world_plan, Path(folder), lambda line: None)
        try:
            planned = plan(units, NODES * DAYS * RECORDS_A_DAY // 5, seed=5)
            steps = []
            for node, unit in zip(world.nodes, units, strict=True):
                desk = Desk(
                    unit=unit,
                    officer=node.officers[0],
                    officer_name="Trần Văn Hùng",
                    catalogue=catalogue(),
                    calendar=calendar(),
                )
                steps.append([step for each in planned[unit.code] for step in steps_of(desk, each)])
            began, used = time.perf_counter(), time.process_time()
            for day in range(DAYS):
                for node, mine in zip(world.nodes, steps, strict=True):
                    _day(node, mine[day * RECORDS_A_DAY : (day + 1) * RECORDS_A_DAY])
                    world.note_records(node)
                    world.note_result(node, node.sync())
                world.hub.judge()
                world.time.pass_ms(DAY_MS)
            took, used = time.perf_counter() - began, time.process_time() - used
            world.heal()
        finally:
            world.close()
    days = NODES * DAYS
    return [
        Figure(
            name="simulation",
            title=f"simulation: node-days ({RECORDS_A_DAY} signed records) a minute of processor",
            value=days / used * 60,
            unit="",
            target=at_least(1_000),
            detail={
                "nodes": NODES,
                "records": days * RECORDS_A_DAY,
                "node-days a minute by the clock": days / took * 60,
                "ms a record": took / days / RECORDS_A_DAY * 1000,
            },
        )
    ]


def _day(node: SimNode, steps: list[Step]) -> None:
    """Work through the day's dossiers: what is done with one of them is signed record by record and kept at once."""
    actor = node.actor(node.officers[0])
    for _, visit in groupby(steps, key=lambda step: step.dossier):
        drafts = [Draft(kind=s.kind, dossier=s.dossier, facts=s.facts, content=s.content) for s in visit]
        write(node.db, node.services, actor, drafts)
