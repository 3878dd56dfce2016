"""The last quarter of the worlds that must hold on every run (`played`); a failing one prints the command that replays it."""

import pytest

from tests.simulation.played import Share

share = Share(3)


@pytest.mark.parametrize("seed", share.seeds)
def test_a_world_holds(seed: int) -> None:
    share.play(seed)


def test_every_fault_occurs_in_these_worlds() -> None:
    share.check_faults()
