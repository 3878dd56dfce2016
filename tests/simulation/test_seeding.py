"""Worlds in which PCs join by a snapshot: in the end they hold what all others hold (lesson 28)."""

import pytest

from tests.simulation.replay import Failure, attempt_seed
from tests.simulation.schedule import Verb, plan_of

JOINING = (45, 51)
"""Seeds above those that `test_simulation` plays anyway."""


@pytest.mark.parametrize("seed", JOINING)
def test_a_pc_that_begins_with_a_snapshot_ends_with_everything(seed: int) -> None:
    assert any(step.verb is Verb.JOIN for step in plan_of(seed).steps)
    outcome = attempt_seed(seed)
    if isinstance(outcome, Failure):
        pytest.fail(outcome.line(), pytrace=False)
