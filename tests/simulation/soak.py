"""`make soak`: play new worlds for some minutes, remember where it stopped, and report what was played in all.

After each world the verifier is given a batch of hostile files of the same seed (`hostile_files`). The record of past soaks
(`.soak.json`, not committed) holds the next seed, how many worlds were played, how many power cuts and other faults they bore, how many files
were tried and what the worst of them cost, and the line of every failure. It is written after every world, so a soak may be stopped at any time.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from tests.simulation.hostile_files import Tried, attempt_files
from tests.simulation.replay import Failure, attempt_seed
from tests.simulation.world import Ledger

FIRST_SEED = 200_000
RECORD = Path(__file__).resolve().parents[2] / ".soak.json"


@dataclass
class Soak:
    """Everything that soaks on this machine have played."""

    next_seed: int = FIRST_SEED
    worlds: int = 0
    power_cuts: int = 0
    records: int = 0
    failures: list[str] = field(default_factory=list)
    files: int = 0
    slowest_ms: float = 0.0
    most_mb: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)

    def add(self, seed: int, outcome: Ledger | Failure) -> None:
        self.next_seed = seed + 1
        self.worlds += 1
        if isinstance(outcome, Failure):
            self.failures.append(outcome.line())
        else:
            self.power_cuts += outcome.power_cuts
            self.records += len(outcome.acknowledged)
            for fault, count in outcome.faults.items():
                self.faults[fault] = self.faults.get(fault, 0) + count

    def add_files(self, tried: Tried) -> None:
        self.files += tried.files
        self.slowest_ms = max(self.slowest_ms, tried.slowest_ms)
        self.most_mb = max(self.most_mb, tried.most_mb)
        if tried.problem:
            self.failures.append(tried.problem)

    def __str__(self) -> str:
        return (
            f"{self.worlds} worlds, {self.power_cuts} power cuts, {self.records} records, {self.files} hostile files "
            f"(at most {self.slowest_ms:.0f} ms and {self.most_mb:.0f} MB), {len(self.failures)} failures; "
            f"next seed {self.next_seed}"
        )


def read_soak(path: Path) -> Soak:
    """The record of past soaks; a new one where there is none."""
    return Soak(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Soak()


def play_for(
    minutes: float, path: Path, *, clock: Callable[[], float] = time.monotonic, say: Callable[[str], None]
) -> Soak:
    """Play until the time is over; at least one world."""
    soak, until = read_soak(path), clock() + 60 * minutes
    before = len(soak.failures)
    while True:
        soak.add_files(attempt_files(soak.next_seed))
        soak.add(soak.next_seed, attempt_seed(soak.next_seed))
        _write(path, soak)
        for line in soak.failures[before:]:
            say(line)
        before = len(soak.failures)
        if clock() >= until:
            return soak


def _write(path: Path, soak: Soak) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(asdict(soak), indent=1), encoding="utf-8")
    partial.replace(path)


@click.command()
@click.option("--minutes", type=float, default=60.0, show_default=True, help="How long to play.")
def main(minutes: float) -> None:
    """Play on from where the last soak stopped; exit code 1 when a world of this soak broke."""
    logging.basicConfig(handlers=[logging.NullHandler()])
    began = read_soak(RECORD)
    now = play_for(minutes, RECORD, say=click.echo)
    click.echo(
        f"this time: {now.worlds - began.worlds} worlds, {now.power_cuts - began.power_cuts} power cuts, "
        f"{now.files - began.files} hostile files"
    )
    click.echo(f"in all:    {now}")
    click.echo("faults:    " + ", ".join(f"{fault} {count}" for fault, count in sorted(now.faults.items())))
    sys.exit(1 if len(now.failures) > len(began.failures) else 0)


if __name__ == "__main__":
    main()
