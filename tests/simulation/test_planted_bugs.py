"""The simulation itself is tested: bugs that others have shipped are planted, and each must be found within a few seeds.

A plant is a small change to production code in memory. Where the simulation finds nothing, it is the simulation that
fails. Which promise noticed is not fixed: the first to notice is as good as any.
"""

import re
from collections.abc import Collection
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.simulation.__main__ import main
from tests.simulation.planting import FIRST, PLANTS, SEEDS_AT_MOST, SEEDS_MAX, Plant, find
from tests.simulation.replay import COMMAND

TESTING = Path(__file__).resolve().parents[2] / "docs" / "testing.md"
PLANTS_LEAST = 30
FIRST_MAX = 100


def names(plants: Collection[Plant]) -> list[str]:
    return [plant.__name__ for plant in plants]


def test_there_are_enough_plants_and_the_table_names_them_all() -> None:
    table = (
        TESTING.read_text(encoding="utf-8")
        .partition("<!-- plants:begin -->")[2]
        .partition("<!-- plants:end -->")[0]
    )
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M)
    assert rows == [(plant.__name__, (plant.__doc__ or "").strip()) for plant in PLANTS]
    assert len(rows) >= PLANTS_LEAST


def test_every_search_stays_within_what_the_document_says() -> None:
    assert all(seed < FIRST_MAX for seed in FIRST.values())
    assert max(FIRST_MAX, SEEDS_MAX) <= SEEDS_AT_MOST


def test_one_command_plants_a_bug_and_says_which_world_notices() -> None:
    found = CliRunner().invoke(main, ["--plant", "call_judged_what_is_only_held"])
    assert found.exit_code == 1
    assert f"{COMMAND} --seed 1 --plant call_judged_what_is_only_held --trace" in found.output
    assert CliRunner().invoke(main, ["--plant", "nobody_knows_this_one"]).exit_code == 2


HERE, ELSEWHERE = PLANTS[0::2], PLANTS[1::2]
"""Two modules share the plants, because the tests of one module are played one after the other."""


def check_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where no world notices."""
    if find(plant, monkeypatch) is None:
        pytest.fail(
            f"not found by `{COMMAND} --plant {plant.__name__}` with {SEEDS_MAX} worlds", pytrace=False
        )


@pytest.mark.parametrize("plant", HERE, ids=names(HERE))
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    check_found(plant, monkeypatch)
