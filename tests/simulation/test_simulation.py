"""Worlds that must hold: a fixed list of seeds on every run, the seeds of past failures for ever, more by environment.

`MOTCUA_SEEDS=500` plays that many; `MOTCUA_FIRST_SEED=10000` begins elsewhere. A failing test prints one line: what broke,
and the command that replays it.
"""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulation import invariants
from tests.simulation.broken import require
from tests.simulation.replay import Failure, attempt, attempt_seed, shorten
from tests.simulation.schedule import Verb, plan_of
from tests.simulation.world import World

SEEDS = int(os.environ.get("MOTCUA_SEEDS", "40"))
FIRST_SEED = int(os.environ.get("MOTCUA_FIRST_SEED", "1"))
SEEDS_IN_SOAK = 1_000
PAST_FAILURES = (
    123,  # a number that lost the fold was given to a second dossier
    542,  # a database put back on a full disk broke the sync off
    622,
    129,  # one record that nobody had judged yet kept a colleague's whole snapshot out
    86,  # one record of an unknown key cut a PC off that reaches the province by its colleagues alone
    84,  # a hub that was put back and heard of first by stick was not given the rest of its own log
    89,  # a copied PC that had not heard of a re-organisation was answered as if it had, and could not sync any more
    98,  # a branch did not reach a PC that has no line: colleagues gave it only what begins at record 0
    110,  # a colleague's receipt for what the other copy wrote kept a copied PC from delivering what differs
    104,  # on a narrow line a relay asked, sent and was cut for ever: a short question that passes said nothing about pieces
    194,  # a PC told its officers that its disk was copied when it was a colleague's
    82,  # a copied PC without a line: the province alone tells two PCs with one key apart
    100178,  # put back twice to before it opened a log: asked about as if it were two, and rightly
)
"""Seeds that once found something in production, or something that was wrongly asked of it."""
FAULTS = (
    "drop", "lose_answer", "double", "late_copy", "reorder", "delay", "half_open", "cut_request", "cut_answer",
    "damage_request", "damage_answer", "reset_if_long", "kill", "power cut that loses what was not forced", "hub killed",
    "disk full", "clock ten years ahead", "clock ten years behind", "database copied", "database restored", "hub restored",
    "key revoked", "version mix", "stick there and back", "stick lost", "stick late", "stick replayed", "hostile record",
    "hostile run", "LAN split", "relay",
)  # fmt: skip
"""What every run of these worlds must have met at least once."""
_met: dict[int, Counter[str]] = {}


def check(seed: int) -> None:
    outcome = attempt_seed(seed)
    if isinstance(outcome, Failure):
        pytest.fail(outcome.line(), pytrace=False)
    _met[seed] = outcome.faults


@pytest.mark.parametrize("seed", [*range(FIRST_SEED, FIRST_SEED + SEEDS), *PAST_FAILURES])
def test_a_world_holds(seed: int) -> None:
    check(seed)


def test_every_fault_occurs_in_these_worlds() -> None:
    if len(_met) < SEEDS:
        pytest.skip("the worlds before this test were not all played")
    met = sum(_met.values(), Counter[str]())
    assert [fault for fault in FAULTS if not met[fault]] == []


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100_000, 100_000 + SEEDS_IN_SOAK))
def test_one_of_many_worlds_holds(seed: int) -> None:
    check(seed)


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
    def check(world: World) -> None:
        require(world.ledger.work < 3, "nobody works too much", world.ledger.work)

    monkeypatch.setattr(invariants, "check_always", check)
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
