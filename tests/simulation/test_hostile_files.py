"""Hostile files get an answer in time and space, and the watch over them sees what it is for."""

from dataclasses import replace
from typing import Any

import pytest

from signing.report import Indication, Report
from signing.verification import verify
from tests.simulation import hostile_files
from tests.simulation.hostile_files import attempt_files, try_files


def test_a_batch_in_a_process_of_its_own_holds() -> None:
    tried = attempt_files(7, count=60)
    assert tried.problem == ""
    assert tried.files == 60
    assert 0 < tried.slowest_ms < 1000 * hostile_files.SECONDS_MAX


def test_a_fault_is_seen_and_can_be_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Report:
        raise KeyError("records")

    monkeypatch.setattr(hostile_files, "verify", broken)
    tried = try_files(3, 5)
    assert "KeyError" in tried.problem and "--seed 3" in tried.problem and tried.files == 1


def test_a_verifier_that_believes_everything_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def gullible(*given: Any, **more: Any) -> Report:
        report = verify(*given, **more)
        return replace(
            report, records=tuple(replace(each, indication=Indication.PASSED) for each in report.records)
        )

    monkeypatch.setattr(hostile_files, "verify", gullible)
    assert "that nobody signed" in try_files(3, 60).problem


@pytest.mark.parametrize(("limit", "unit"), [("SECONDS_MAX", " s;"), ("MEMORY_MB_MAX", " MB;")])
def test_what_costs_too_much_is_seen(monkeypatch: pytest.MonkeyPatch, limit: str, unit: str) -> None:
    monkeypatch.setattr(hostile_files, limit, -1.0)
    assert unit in try_files(3, 1).problem


def test_a_process_that_dies_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_files.sys, "executable", "/bin/false")
    assert "--seed 9" in attempt_files(9, count=1).problem
