"""`make soak`: play new worlds for some minutes, remember where it stopped, and report what was played in all.

After each world the verifier is given a batch of hostile files of the same seed (`hostile_files`), and after every WORLDS_PER_KILLS worlds real
processes are killed KILLS_PER_ROUND times with a seed of its own (`tests.support.killing`). The power cuts of the worlds are simulated; the two are
counted apart. The record of past soaks (`.soak.json`, not committed) holds the next seeds, how many worlds were played and kills done, how many
power cuts and other faults the worlds bore, how many records were lost by kills, how many files were tried and what the worst of them cost, and
the line of every failure. It is written after every world and every round of kills, so a soak may be stopped at any time.
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
from tests.support.killing import Killed, attempt_kills
from tests.support.made_once import made_once

FIRST_SEED = 200_000
FIRST_KILL_SEED = 1_000_000
WORLDS_PER_KILLS = 50
KILLS_PER_ROUND = 25
"""The aims are 20,000 worlds and 10,000 kills: both are reached together."""
KILLS_HERE = sys.platform != "win32"
"""The hub serves on POSIX systems."""
RECORD = Path(__file__).resolve().parents[2] / ".soak.json"


@dataclass
class Soak:
    """Everything that soaks on this machine have played."""

    next_seed: int = FIRST_SEED
    worlds: int = 0
    power_cuts: int = 0
    """Simulated, in the worlds."""
    records: int = 0
    failures: list[str] = field(default_factory=list)
    files: int = 0
    slowest_ms: float = 0.0
    most_mb: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    worlds_since_kills: int = 0
    next_kill_seed: int = FIRST_KILL_SEED
    real_kills: int = 0
    kills_inside: int = 0
    """Of the real kills, how many cut a request under way."""
    records_killed_for: int = 0
    """Records that were shown as done while processes were killed."""
    lost_records: int = 0
    """Of those, gone afterwards."""

    def add(self, seed: int, outcome: Ledger | Failure) -> None:
        self.next_seed = seed + 1
        self.worlds += 1
        self.worlds_since_kills += 1
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

    def add_kills(self, killed: Killed) -> None:
        self.worlds_since_kills = 0
        self.next_kill_seed = killed.seed + 1
        self.real_kills += killed.kills
        self.kills_inside += killed.inside
        self.records_killed_for += killed.records
        self.lost_records += killed.lost
        if killed.problem:
            self.failures.append(killed.line())

    def __str__(self) -> str:
        return (
            f"{self.worlds} worlds, {self.power_cuts} simulated power cuts, {self.records} records; "
            f"{self.real_kills} real kills ({self.kills_inside} inside a request), {self.lost_records} of "
            f"{self.records_killed_for} records lost; {self.files} hostile files "
            f"(at most {self.slowest_ms:.0f} ms and {self.most_mb:.0f} MB); {len(self.failures)} failures; "
            f"next seed {self.next_seed}, next kill seed {self.next_kill_seed}"
        )


def read_soak(path: Path) -> Soak:
    """The record of past soaks; a new one where there is none."""
    return Soak(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Soak()


def play_for(
    minutes: float, path: Path, *, clock: Callable[[], float] = time.monotonic, say: Callable[[str], None]
) -> Soak:
    """Play until the time is over; at least one world. What earlier soaks played counts towards the next round of kills."""
    soak, until = read_soak(path), clock() + 60 * minutes
    before = len(soak.failures)
    while True:
        soak.add_files(attempt_files(soak.next_seed))
        soak.add(soak.next_seed, attempt_seed(soak.next_seed))
        _write(path, soak)
        if KILLS_HERE and soak.worlds_since_kills >= WORLDS_PER_KILLS:
            soak.add_kills(attempt_kills(soak.next_kill_seed, KILLS_PER_ROUND))
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
    """Play on from where the last soak stopped; exit code 1 when a world or a round of kills of this soak broke."""
    logging.basicConfig(handlers=[logging.NullHandler()])
    began = read_soak(RECORD)
    with made_once():
        now = play_for(minutes, RECORD, say=click.echo)
    click.echo(
        f"this time: {now.worlds - began.worlds} worlds, {now.power_cuts - began.power_cuts} simulated power cuts, "
        f"{now.real_kills - began.real_kills} real kills, {now.lost_records - began.lost_records} records lost, "
        f"{now.files - began.files} hostile files"
    )
    click.echo(f"in all:    {now}")
    click.echo("faults:    " + ", ".join(f"{fault} {count}" for fault, count in sorted(now.faults.items())))
    sys.exit(1 if len(now.failures) > len(began.failures) else 0)


if __name__ == "__main__":
    main()
