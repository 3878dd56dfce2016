"""Time left, and memory that is looked at while something runs."""

import io
import os
from functools import partial

import pytest

from demo.quarter.meters import PeakMemory, Progress, mebibytes, process_tree, remaining_s


@pytest.mark.parametrize(
    ("done", "total", "seconds", "left"), [(25, 100, 5.0, 15.0), (100, 100, 5.0, 0.0), (0, 10, 9.0, 0.0)]
)
def test_the_rest_takes_as_long_as_the_pace_says(done: int, total: int, seconds: float, left: float) -> None:
    assert remaining_s(done, total, seconds) == left


def test_progress_ends_with_all_and_the_pace() -> None:
    out = io.StringIO()
    progress = Progress("hồ sơ", 4, out=out)
    for _ in range(4):
        progress.add(1)
    assert progress.end() >= 0
    assert "hồ sơ: 4/4 (100 %)" in out.getvalue()
    assert out.getvalue().count("\n") == 1


def test_memory_of_this_process_is_seen() -> None:
    memory = PeakMemory(partial(process_tree, os.getpid()))
    memory.look()
    assert memory.largest > 2**20
    assert memory.together >= memory.largest


def test_a_process_that_has_ended_holds_nothing() -> None:
    memory = PeakMemory(partial(process_tree, 2**22 + 1))
    memory.look()
    assert memory.largest == 0


def test_mebibytes_are_binary() -> None:
    assert mebibytes(5 * 2**20) == "5 MiB"
