"""The worlds of every run: a fixed list of seeds and the seeds of past failures for ever, in shares that several processes play.

`MOTCUA_SEEDS=500` plays that many; `MOTCUA_FIRST_SEED=10000` begins elsewhere. A share is two rows of neighbouring seeds, because
what a world is made of hangs on remainders of its seed: each share meets every kind of fault, and is asked whether it did.
"""

import os
from collections import Counter

import pytest

from tests.simulation.replay import Failure, attempt_seed

SEEDS = int(os.environ.get("MOTCUA_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("MOTCUA_FIRST_SEED", "1"))
MODULES = 4
ENOUGH = 50
"""So many worlds, in rows of neighbours, meet every kind of fault."""
ROWS = 2
SHARES = max(1, min(MODULES, SEEDS // ENOUGH))
"""In so many of the modules seeds are drawn; past failures are spread over all of them."""
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
    139,  # a hub that was put back said once more what its PCs had given back to it
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
