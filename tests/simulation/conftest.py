"""A small world in which a scenario is told step by step instead of drawn from a seed."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulation.link import Mood
from tests.simulation.schedule import Plan
from tests.simulation.world import World, keys_from

HAI_CHAU, HOA_CUONG = "20242", "20257"


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """`make_world(*units)`: one PC for each unit named, good lines, right clocks, everybody enrolled and at work."""
    worlds: list[World] = []
    with keys_from(random.Random("keys of a scenario")):

        def make(*units: str, seed: int = 1) -> World:
            plan = Plan(
                seed=seed,
                units=units,
                clock_errors_ms=(0,) * len(units),
                moods=(Mood.GOOD,) * len(units),
                is_narrow=(False,) * len(units),
                lease_size=60,
                judge_batch_records=4096,
                steps=(),
            )
            folder = tmp_path / f"world{len(worlds)}"
            folder.mkdir()
            worlds.append(World(plan, folder, lambda line: None))
            return worlds[-1]

        yield make
        for world in worlds:
            world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Two PCs of one office."""
    return make_world(HAI_CHAU, HAI_CHAU)
