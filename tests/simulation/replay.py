"""Play a seed and say in one line what broke; shorten a failing plan to the steps that matter."""

import shlex
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.broken import Broken
from tests.simulation.schedule import Plan, plan_of
from tests.simulation.world import Ledger, play

COMMAND = "python -m tests.simulation"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """What broke in a plan. `name` is the promise, or where production raised."""

    plan: Plan
    name: str
    detail: str

    def line(self, *, is_whole: bool = True, plant: str = "") -> str:
        """The one line that a person needs; `plant` names the bug that was planted."""
        steps = (
            "" if is_whole else f" --steps {shlex.quote(','.join(str(s.number) for s in self.plan.steps))}"
        )
        planted = f" --plant {plant}" if plant else ""
        detail = " ".join(self.detail.split())[:300]
        return (
            f"seed {self.plan.seed}: {self.name} ({detail}); "
            f"replay: {COMMAND} --seed {self.plan.seed}{planted}{steps} --trace"
        )


def attempt(plan: Plan, say: Say = lambda line: None) -> Ledger | Failure:
    """Play a plan; a broken promise and an error of production are both failures."""
    try:
        return play(plan, say)
    except Broken as broken:
        return Failure(plan, broken.name, broken.detail)
    except Exception as error:  # noqa: BLE001 — whatever production raises where it should not is a finding
        frames = traceback.extract_tb(error.__traceback__)
        ours = [
            frame
            for frame in frames
            if "site-packages" not in frame.filename and "/tests/" not in frame.filename
        ]
        place = (ours or frames)[-1]
        where = f"{Path(place.filename).parent.name}/{Path(place.filename).name}:{place.name}"
        return Failure(plan, f"{type(error).__name__} in {where}", f"line {place.lineno}: {error}")


def attempt_seed(seed: int, say: Say = lambda line: None) -> Ledger | Failure:
    """Play the whole plan of a seed."""
    return attempt(plan_of(seed), say)


def shorten(failure: Failure, say: Say = lambda line: None) -> Failure:
    """Leave out steps as long as the same promise breaks."""
    size = max(1, len(failure.plan.steps) // 2)
    while True:
        shorter = _without_some(failure, size, say)
        if shorter is not None:
            failure = shorter
        elif size == 1:
            return failure
        else:
            size //= 2
        size = max(1, min(size, len(failure.plan.steps) // 2))


def _without_some(failure: Failure, size: int, say: Say) -> Failure | None:
    numbers = [step.number for step in failure.plan.steps]
    for start in range(len(numbers) - 1, -1, -size):
        left = set(numbers[: max(0, start - size + 1)]) | set(numbers[start + 1 :])
        if len(left) == len(numbers):
            continue
        outcome = attempt(failure.plan.only(left))
        if isinstance(outcome, Failure) and outcome.name == failure.name:
            say(f"{len(left)} steps")
            return outcome
    return None
