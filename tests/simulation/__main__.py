"""`python -m tests.simulation --seed N [--trace]`: replay one world; `--count` plays many; `--shorten` finds the steps that matter.

`--plant NAME` plants a bug (`planting`; the table in docs/testing.md names them) and looks for a world that notices; with `--seed`
it plays that world with the bug in it.
"""

import logging
import sys
import time

import click
import pytest

from tests.simulation.planting import BY_NAME, SEEDS_AT_MOST, find
from tests.simulation.replay import Failure, Say, attempt, shorten
from tests.simulation.schedule import plan_of


@click.command()
@click.option("--seed", type=int, help="The world, or the first of several.  [default: 1]")
@click.option("--count", type=int, default=1, show_default=True, help="How many worlds, from --seed on.")
@click.option("--steps", default="", help="Only these steps of the plan, by number: 3,17,20.")
@click.option("--trace", is_flag=True, help="One line per event.")
@click.option("--shorten", "is_shortened", is_flag=True, help="Leave out steps that do not matter.")
@click.option(
    "--plant", "bug", type=click.Choice(sorted(BY_NAME)), metavar="NAME", help="Plant this bug first."
)
def main(seed: int | None, count: int, steps: str, trace: bool, is_shortened: bool, bug: str | None) -> None:
    """Replay worlds of the simulation; exit code 1 when a promise was broken."""
    say = click.echo if trace else _say_nothing
    logging.basicConfig(handlers=[logging.NullHandler()])
    with pytest.MonkeyPatch.context() as patch:
        if bug is not None and seed is None:
            sys.exit(_search(bug, patch))
        if bug is not None:
            BY_NAME[bug](patch)
        began, failures, first = time.monotonic(), 0, 1 if seed is None else seed
        for number in range(first, first + count):
            failures += _play(number, count, steps, say, is_shortened=is_shortened, bug=bug or "")
    if count > 1:
        seconds = time.monotonic() - began
        click.echo(f"{count} worlds, {failures} broken, {seconds:.1f} s, {count / seconds:.1f} a second")
    sys.exit(1 if failures else 0)


def _search(bug: str, patch: pytest.MonkeyPatch) -> int:
    """Say which world notices; the exit code is that of a broken world where one does."""
    found = find(BY_NAME[bug], patch, most=SEEDS_AT_MOST)
    if found is None:
        click.echo(f"{bug}: none of {SEEDS_AT_MOST} worlds notices")
        return 0
    click.echo(f"{bug}: {found.line(plant=bug)}")
    return 1


def _play(seed: int, count: int, steps: str, say: Say, *, is_shortened: bool, bug: str) -> bool:
    """Play one world; returns whether a promise was broken."""
    plan = plan_of(seed)
    outcome = attempt(plan.only({int(step) for step in steps.split(",")}) if steps else plan, say)
    if isinstance(outcome, Failure):
        is_whole = not steps and not is_shortened
        found = shorten(outcome) if is_shortened else outcome
        click.echo(found.line(is_whole=is_whole, plant=bug))
        return True
    if count == 1:
        click.echo(f"seed {seed}: holds ({len(outcome.acknowledged)} records, {outcome.requests} requests)")
    return False


def _say_nothing(line: str) -> None:
    """Keep quiet."""


if __name__ == "__main__":
    main()
