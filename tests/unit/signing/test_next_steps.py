"""What to do next follows from the answer; no step to accept where the answer is not good."""

import pytest

from signing.bundles import open_unpinned_bundle
from signing.next_steps import WORDS, NextStep, next_step
from signing.snapshot import open_snapshot
from signing.verification import VerifyPolicy, verify
from tests.support.corpus.cases import stored

CASES = {case["name"]: case for case in stored()}


def step_of(name: str) -> NextStep:
    case = CASES[name]
    bundle = open_unpinned_bundle(case["trust_bytes"])
    status = None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)
    policy = VerifyPolicy(require_log=case["require_log"])
    return next_step(verify(case["data"], bundle, case["now"], status=status, policy=policy))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("status-week", NextStep.ACCEPT),
        ("logged", NextStep.FORCE_UNKNOWN),
        ("document-corrected", NextStep.CORRECTED),
        ("document-withdrawn", NextStep.OUT_OF_FORCE),
        ("altered-content-name", NextStep.REFUSE),
        ("truncated-50-percent", NextStep.UNREADABLE),
        ("status-too-old", NextStep.STALE),
        ("content-erased-by-order", NextStep.ERASED),
        ("content-withheld", NextStep.WITHHELD),
        ("header-later-version", NextStep.OUTDATED),
        ("revoked-lost-unlogged", NextStep.REVIEW),
        ("registry-lost-before-it-stated-the-key", NextStep.REVIEW),
        ("forked-log", NextStep.REVIEW),
        ("chain-no-statement", NextStep.ASK),
    ],
)
def test_each_answer_has_its_step(name: str, step: NextStep) -> None:
    assert step_of(name) is step


def test_accepting_is_said_exactly_for_exit_code_0_and_plainly_only_in_force() -> None:
    accepting = {NextStep.ACCEPT, NextStep.FORCE_UNKNOWN, NextStep.CORRECTED}
    for name, case in CASES.items():
        step, expected = step_of(name), case["expected"]
        assert (step in accepting) is (expected["exit_code"] == 0), name
        if step is NextStep.ACCEPT:
            assert expected["in_force"] == "yes", name


def test_every_step_has_words_in_both_languages() -> None:
    assert {*WORDS} == {*NextStep}
    assert all(vi and en and vi != en for vi, en in WORDS.values())
