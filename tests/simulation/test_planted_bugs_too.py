"""The other half of the planted bugs of `test_planted_bugs`, played beside it by another process."""

import pytest

from tests.simulation.planting import Plant
from tests.simulation.test_planted_bugs import ELSEWHERE, check_found, names


@pytest.mark.parametrize("plant", ELSEWHERE, ids=names(ELSEWHERE))
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    check_found(plant, monkeypatch)
