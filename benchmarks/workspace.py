"""A folder for one run of the benchmarks, and a word on standard error about what is going on."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a benchmark puts its files; the folder is gone when the run has ended."""

    folder: Path
    began: float = field(default_factory=time.perf_counter)

    def make(self, name: str) -> Path:
        """A fresh folder."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path

    def say(self, text: str) -> None:
        """A line of progress."""
        print(f"{time.perf_counter() - self.began:6.1f} s  {text}", file=sys.stderr, flush=True)
