"""A soak goes on where the last one stopped, adds up what was played, and names what broke."""

from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import soak
from tests.simulation.hostile_files import Tried
from tests.simulation.replay import Failure
from tests.simulation.schedule import plan_of
from tests.simulation.soak import FIRST_KILL_SEED, FIRST_SEED, KILLS_PER_ROUND, play_for, read_soak
from tests.simulation.world import Ledger
from tests.support import kept, killing
from tests.support.killing import Killed


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


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rounds of kills after every third world; the second loses two records."""
    seeds: list[int] = []

    def attempt(seed: int, kills: int) -> Killed:
        seeds.append(seed)
        killed = Killed(seed, kills, kills=kills, inside=kills - 5, records=100)
        if seed == FIRST_KILL_SEED + 1:
            killed.lost, killed.problem = 2, "2 lost at the node"
        return killed

    monkeypatch.setattr(soak, "attempt_kills", attempt)
    monkeypatch.setattr(soak, "WORLDS_PER_KILLS", 3)
    monkeypatch.setattr(soak, "KILLS_HERE", True)
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


def test_real_kills_go_on_where_they_stopped_and_are_counted_apart(
    tmp_path: Path, played: list[int], killed: list[int]
) -> None:
    said: list[str] = []
    for worlds, kills in enumerate([0, 0, 1, 1, 1, 2], start=1):
        now = play_for(0, tmp_path / "soak.json", clock=lambda: 0.0, say=said.append)
        assert (now.worlds, now.real_kills) == (worlds, kills * KILLS_PER_ROUND)
        assert read_soak(tmp_path / "soak.json") == now
    assert killed == [FIRST_KILL_SEED, FIRST_KILL_SEED + 1]
    assert (now.next_kill_seed, now.lost_records, now.records_killed_for) == (FIRST_KILL_SEED + 2, 2, 200)
    assert now.power_cuts == 15, "simulated ones only"
    assert f"MOTCUA_KILL_SEED={FIRST_KILL_SEED + 1} make test T=tests/e2e/test_kill.py" in said[-1]
    told = str(now)
    assert f"{2 * KILLS_PER_ROUND} real kills" in told and "15 simulated power cuts" in told
    assert "2 of 200 records lost" in told and f"next kill seed {FIRST_KILL_SEED + 2}" in told


def test_a_round_of_kills_that_loses_something_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(folder: Path, killed: Killed) -> None:
        assert folder.is_dir()
        killed.kills = 7
        raise kept.RecordsLost("node", {"aa", "bb", "cc"})

    monkeypatch.setattr(killing, "play_kills", play)
    killed = killing.attempt_kills(5, 25)
    assert (killed.kills, killed.lost) == (7, 3)
    assert "MOTCUA_KILLS=25 MOTCUA_KILL_SEED=5" in killed.line() and "3 lost at the node" in killed.line()


def test_a_world_counts_its_power_cuts() -> None:
    outcome = soak.attempt_seed(6)
    assert isinstance(outcome, Ledger)
    assert outcome.power_cuts > 0
