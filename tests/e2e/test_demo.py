"""`make demo ONCE=1` and a small `make quarter` end with 0: every claim held, on real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


def play(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments, "--keep", str(folder / "data")],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8")


def test_the_demo_holds(tmp_path: Path) -> None:
    code, told = play(tmp_path, "demo", "--once")
    assert code == 0, told
    assert "✘" not in told
    for chapter in range(1, 7):
        assert f"\n{chapter}. " in told


def test_a_small_quarter_holds(tmp_path: Path) -> None:
    code, told = play(tmp_path, "demo.quarter", "--solved", "120", "--communes", "3", "--workers", "2")
    assert code == 0, told
    assert "✘" not in told
    assert "B mỗi bản ghi" in told
