"""How many node-days the deterministic simulation plays in a minute.

A node-day is fifty records, each an action of its own with a real signature, in the mix of the replayed quarter; then a
sync and the judge's turn. Node and hub are the simulation's: production code over databases whose power may be cut, on
a line that counts. At the end the world heals, and everything must be everywhere.
"""

import random
import time

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
    with keys_from(random.Random("keys of a benchmark")):
        world = World(world_plan, workspace.make("simulation"), lambda line: None)
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
            title=f"simulation: node-days a minute ({RECORDS_A_DAY} signed records, sync, judge)",
            value=days / took * 60,
            unit="",
            target=at_least(1_000),
            detail={
                "nodes": NODES,
                "records": days * RECORDS_A_DAY,
                "node-days a minute of processor time": days / used * 60,
                "ms a record": took / days / RECORDS_A_DAY * 1000,
            },
        )
    ]


def _day(node: SimNode, steps: list[Step]) -> None:
    actor = node.actor(node.officers[0])
    for step in steps:
        draft = Draft(kind=step.kind, dossier=step.dossier, facts=step.facts, content=step.content)
        write(node.db, node.services, actor, [draft])
