"""The worlds of every run: a fixed list of seeds and the seeds of past failures for ever, in shares that several processes play.

`MOTCUA_SEEDS=500` plays that many; `MOTCUA_FIRST_SEED=10000` begins elsewhere. A share is two rows of neighbouring seeds, because
what a world is made of hangs on remainders of its seed: each share meets every kind of fault, and is asked whether it did.
"""

import os
from collections import Counter

import pytest

from tests.simulation.past_failures import PAST_FAILURES
from tests.simulation.replay import Failure, attempt_seed

SEEDS = int(os.environ.get("MOTCUA_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("MOTCUA_FIRST_SEED", "1"))
MODULES = 4
ENOUGH = 50
"""So many worlds, in rows of neighbours, meet every kind of fault."""
ROWS = 2
SHARES = max(1, min(MODULES, SEEDS // ENOUGH))
"""In so many of the modules seeds are drawn; past failures are spread over all of them."""
FAULTS = (
    "drop", "lose_answer", "double", "late_copy", "reorder", "delay", "half_open", "cut_request", "cut_answer",
    "damage_request", "damage_answer", "reset_if_long", "kill", "power cut that loses what was not forced", "hub killed",
    "disk full", "clock ten years ahead", "clock ten years behind", "database copied", "database restored", "hub restored",
    "key revoked", "version mix", "stick there and back", "stick lost", "stick late", "stick replayed", "hostile record",
    "hostile run", "LAN split", "relay", "joined by a snapshot", "units re-organised",
)  # fmt: skip
"""What every share of these worlds must have met at least once."""


def check(seed: int) -> Counter[str]:
    """Play a world; what went wrong in it and was borne."""
    outcome = attempt_seed(seed)
    if isinstance(outcome, Failure):
        pytest.fail(outcome.line(), pytrace=False)
    return outcome.faults


class Share:
    """One part of the worlds of a run, and the faults that it has met so far."""

    def __init__(self, number: int) -> None:
        ends = [FIRST_SEED + SEEDS * part // (ROWS * SHARES) for part in range(ROWS * SHARES + 1)]
        drawn = range(FIRST_SEED, FIRST_SEED + SEEDS)
        past = [seed for seed in PAST_FAILURES if seed not in drawn]
        rows = range(number, ROWS * SHARES, SHARES) if number < SHARES else range(0)
        row = [seed for part in rows for seed in range(ends[part], ends[part + 1])]
        self.seeds = [*row, *past[number::MODULES]]
        self._met: dict[int, Counter[str]] = {}

    def play(self, seed: int) -> None:
        """Play one world of this share."""
        self._met[seed] = check(seed)

    def check_faults(self) -> None:
        """Every kind of fault occurred; of too few worlds nothing is asked."""
        if len(self._met) < max(ENOUGH, len(self.seeds)):
            pytest.skip("too few worlds, or not all of them were played")
        met = sum(self._met.values(), Counter[str]())
        assert [fault for fault in FAULTS if not met[fault]] == []
