"""What a replay costs: time left while it runs, and the peak memory of the processes that take part."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

import psutil

_LOOK_EVERY_S: Final = 0.2
_TELL_EVERY_S: Final = 0.5
_QUIET_EVERY_S: Final = 15.0


class Progress:
    """One line that counts up to a total and says how long is left; in a file, now and then a line of its own."""

    def __init__(self, label: str, total: int, *, out: TextIO | None = None) -> None:
        self._label, self._total = label, max(1, total)
        self._out = out or sys.stdout
        self._is_terminal = self._out.isatty()
        self._began = self._told = time.monotonic()
        self.done = 0

    def add(self, amount: int) -> None:
        """So much more is done."""
        self.done += amount
        now = time.monotonic()
        if now - self._told >= (_TELL_EVERY_S if self._is_terminal else _QUIET_EVERY_S):
            self._told = now
            self._tell(f"còn {remaining_s(self.done, self._total, now - self._began):.0f} s (left)")

    def end(self) -> float:
        """Finish the line; returns the seconds that it took."""
        seconds = time.monotonic() - self._began
        self._tell(f"xong sau {seconds:.1f} s (done), {self.done / max(seconds, 0.001):,.0f}/s", last=True)
        return seconds

    def _tell(self, words: str, *, last: bool = False) -> None:
        line = (
            f"  {self._label}: {self.done:,}/{self._total:,} ({100 * self.done / self._total:.0f} %) {words}"
        )
        if self._is_terminal:
            print(f"\r{line:<100}", end="\n" if last else "", file=self._out, flush=True)
        else:
            print(line, file=self._out, flush=True)


def remaining_s(done: int, total: int, seconds: float) -> float:
    """How long the rest takes at the pace so far."""
    return (total - done) * seconds / done if done else 0.0


class PeakMemory:
    """Looks several times a second how much resident memory some processes hold.

    `largest` is the most that any one of them held, `together` the most that they held at the same time (memory shared
    between them counts in each).
    """

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self._processes = processes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.largest = 0
        self.together = 0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Look as long as the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()

    def look(self) -> None:
        """Look once."""
        sizes = list(_resident_sizes(self._processes))
        self.largest = max([self.largest, *sizes])
        self.together = max(self.together, sum(sizes))

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            self.look()


def process_tree(pid: int) -> list[psutil.Process]:
    """A process and all that came of it; nothing when it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def children_but(pid: int) -> list[psutil.Process]:
    """The processes that this one started, without one of them."""
    return [child for child in psutil.Process().children() if child.pid != pid]


def _resident_sizes(processes: Callable[[], Iterable[psutil.Process]]) -> Iterator[int]:
    for process in processes():
        try:
            yield int(process.memory_info().rss)
        except psutil.Error:  # it has just ended
            continue


def mebibytes(size: int) -> str:
    """1 048 576 bytes are 1 MiB."""
    return f"{size / 2**20:,.0f} MiB"
