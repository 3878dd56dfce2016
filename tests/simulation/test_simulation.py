"""The simulation itself: a seed is one world for ever, in every process, and a failing plan is shortened to the steps that matter.

The worlds that must hold on every run are in `played` and the modules `test_worlds_…`.
"""

import os
import subprocess
import sys

import pytest

from tests.simulation import invariants
from tests.simulation.broken import require
from tests.simulation.past_failures import WITH_TWO_PCS
from tests.simulation.played import check
from tests.simulation.replay import Failure, attempt, attempt_seed, shorten
from tests.simulation.schedule import PCS_LEAST, PCS_OF_LARGE, Verb, plan_of
from tests.simulation.world import World

SEEDS_IN_SOAK = 1_000


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100_000, 100_000 + SEEDS_IN_SOAK))
def test_one_of_many_worlds_holds(seed: int) -> None:
    check(seed)


def test_worlds_have_three_to_twelve_pcs_in_one_to_three_communes() -> None:
    plans = [plan_of(seed) for seed in range(1, 201) if seed not in WITH_TWO_PCS]
    sizes = [len(plan.units) for plan in plans]
    assert (min(sizes), max(sizes)) == (PCS_LEAST, PCS_OF_LARGE[1]) == (3, 12)
    assert sum(size >= PCS_OF_LARGE[0] for size in sizes) >= len(sizes) // 14
    assert {len(set(plan.units)) for plan in plans} == {1, 2, 3}
    assert all(0 <= step.node < len(plan.units) for plan in plans for step in plan.steps)


def trace_of(seed: int) -> list[str]:
    lines: list[str] = []
    attempt_seed(seed, lines.append)
    return lines


def test_a_seed_replays_itself() -> None:
    assert trace_of(3) == trace_of(3)


def test_a_seed_is_the_same_in_another_process() -> None:
    """Nothing depends on the order of sets: the hash seed of the process changes no line."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7", "--trace"]
    traces = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert traces[0] == traces[1]
    assert len(traces[0].splitlines()) > 40


def test_steps_left_out_do_not_change_the_others() -> None:
    plan = plan_of(5)
    kept = [step for step in plan.steps if step.verb is Verb.SYNC]
    assert plan.only({step.number for step in kept}).steps == tuple(kept)


def test_a_failing_plan_is_shortened_and_says_how_to_replay_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(world: World) -> None:
        require(world.ledger.work < 3, "nobody works too much", world.ledger.work)

    monkeypatch.setattr(invariants, "check_always", look)
    outcome = attempt(plan_of(1))
    assert isinstance(outcome, Failure)
    shorter = shorten(outcome)
    assert shorter.name == outcome.name == "nobody works too much"
    assert 1 <= len(shorter.plan.steps) <= 3
    assert all(step.verb is Verb.WORK for step in shorter.plan.steps)
    line = shorter.line(is_whole=False)
    assert "\n" not in line
    steps = ",".join(str(step.number) for step in shorter.plan.steps)
    assert f"python -m tests.simulation --seed 1 --steps {steps} --trace" in line
