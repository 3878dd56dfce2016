"""`python -m tests.simulation --seed N [--trace]`: replay one world; `--count` plays many; `--shorten` finds the steps that matter."""

import logging
import sys
import time

import click

from tests.simulation.replay import Failure, attempt, attempt_seed, shorten
from tests.simulation.schedule import plan_of


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The world, or the first of several.")
@click.option("--count", type=int, default=1, show_default=True, help="How many worlds, from --seed on.")
@click.option("--steps", default="", help="Only these steps of the plan, by number: 3,17,20.")
@click.option("--trace", is_flag=True, help="One line per event.")
@click.option("--shorten", "is_shortened", is_flag=True, help="Leave out steps that do not matter.")
def main(seed: int, count: int, steps: str, trace: bool, is_shortened: bool) -> None:
    """Replay worlds of the simulation; exit code 1 when a promise was broken."""
    say = click.echo if trace else _say_nothing
    logging.basicConfig(handlers=[logging.NullHandler()])
    began, failures = time.monotonic(), 0
    for number in range(seed, seed + count):
        if steps:
            outcome = attempt(plan_of(number).only({int(step) for step in steps.split(",")}), say)
        else:
            outcome = attempt_seed(number, say)
        if isinstance(outcome, Failure):
            failures += 1
            is_whole = not steps and not is_shortened
            found = shorten(outcome) if is_shortened else outcome
            click.echo(found.line(is_whole=is_whole))
        elif count == 1:
            click.echo(
                f"seed {number}: holds ({len(outcome.acknowledged)} records, {outcome.requests} requests)"
            )
    if count > 1:
        seconds = time.monotonic() - began
        click.echo(f"{count} worlds, {failures} broken, {seconds:.1f} s, {count / seconds:.1f} a second")
    sys.exit(1 if failures else 0)


def _say_nothing(line: str) -> None:
    """Keep quiet."""


if __name__ == "__main__":
    main()
