"""A soak goes on where the last one stopped, adds up what was played, and names what broke."""

from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import soak
from tests.simulation.hostile_files import Tried
from tests.simulation.replay import Failure
from tests.simulation.schedule import plan_of
from tests.simulation.soak import FIRST_SEED, play_for, read_soak
from tests.simulation.world import Ledger


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seeds: list[int] = []

    def attempt(seed: int) -> Ledger | Failure:
        seeds.append(seed)
        if seed == FIRST_SEED + 2:
            return Failure(plan_of(seed), "all is well", "it was not")
        return Ledger(power_cuts=3, faults=Counter({"kill": 2}))

    monkeypatch.setattr(soak, "attempt_seed", attempt)
    monkeypatch.setattr(soak, "attempt_files", lambda seed: Tried(files=10, slowest_ms=seed - FIRST_SEED))
    return seeds


def test_it_ends_in_time_goes_on_and_adds_up(tmp_path: Path, played: list[int]) -> None:
    ticks = iter(range(0, 10_000, 30))
    said: list[str] = []
    first = play_for(1, tmp_path / "soak.json", clock=lambda: next(ticks), say=said.append)
    assert (first.worlds, first.power_cuts, first.failures) == (2, 6, [])
    second = play_for(1, tmp_path / "soak.json", clock=lambda: next(ticks), say=said.append)
    assert played == [FIRST_SEED + n for n in range(4)]
    assert (second.worlds, second.power_cuts, second.next_seed) == (4, 9, FIRST_SEED + 4)
    assert said == second.failures
    assert (second.files, second.slowest_ms) == (40, 3)
    assert second.faults == {"kill": 6}
    assert f"--seed {FIRST_SEED + 2} --trace" in said[0]
    assert read_soak(tmp_path / "soak.json") == second


def test_a_world_counts_its_power_cuts() -> None:
    outcome = soak.attempt_seed(6)
    assert isinstance(outcome, Ledger)
    assert outcome.power_cuts > 0
