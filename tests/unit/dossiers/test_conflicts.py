"""The pair table is whole and symmetric; conflicts are named by their records; duplicates are found across dossiers."""

from itertools import product

import pytest

from dossiers.conflicts import (
    Conflict,
    ConflictKind,
    conflict_id,
    settlers,
    takes_third_value,
    what_happened,
)
from dossiers.kinds import AUTHORITY
from dossiers.lifecycle import MOVES
from dossiers.pairs import DECISIONS, LEGAL, PAIRS, PRECEDENCE, Outcome, Step, outcome_of, step_of


def test_every_pair_of_steps_has_one_outcome() -> None:
    assert set(PAIRS) == {frozenset(pair) for pair in product(Step, Step)}


@pytest.mark.parametrize("step", Step)
def test_a_step_agrees_with_itself_unless_two_results_were_issued(step: Step) -> None:
    assert outcome_of(step, step) is (Outcome.REVIEW if step is Step.ISSUE else Outcome.COMMUTE)


def test_what_has_legally_happened_prevails_over_everything() -> None:
    for legal, other in product(LEGAL, set(Step) - LEGAL):
        assert outcome_of(legal, other) in (Outcome.DOMINATE, Outcome.REVIEW)
        assert PRECEDENCE[legal] > PRECEDENCE[other]
    assert min(PRECEDENCE[step] for step in LEGAL) > max(PRECEDENCE[step] for step in set(Step) - LEGAL)


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        (Step.FORWARD, Step.ASK_SUPPLEMENT, Outcome.CONFLICT),
        (Step.APPROVE, Step.RETURN, Outcome.CONFLICT),
        (Step.ISSUE, Step.RETURN, Outcome.REVIEW),
        (Step.ISSUE, Step.WITHDRAW, Outcome.DOMINATE),
        (Step.HAND_OVER, Step.CORRECT, Outcome.REVIEW),
        (Step.WITHDRAW, Step.FORWARD, Outcome.DOMINATE),
        (Step.WITHDRAW, Step.APPROVE, Outcome.CONFLICT),
        (Step.ACCEPT, Step.REFUSE, Outcome.CONFLICT),
        (Step.FORWARD, Step.FORWARD, Outcome.COMMUTE),
        (Step.STOP, Step.FORWARD, Outcome.CONFLICT),
        (Step.RESUME, Step.REFUSE, Outcome.CONFLICT),
    ],
)
def test_the_starter_table(one: Step, other: Step, outcome: Outcome) -> None:
    assert outcome_of(one, other) is outcome_of(other, one) is outcome


def test_what_stands_while_undecided_keeps_the_clock_running() -> None:
    stopping = (Step.STOP, Step.ASK_PAYMENT, Step.ASK_SUPPLEMENT, Step.REFUSE)
    running = (Step.ACCEPT, Step.FORWARD, Step.RESUME, Step.RETURN, Step.APPROVE)
    assert min(PRECEDENCE[step] for step in running) > max(PRECEDENCE[step] for step in stopping)


def test_every_move_of_the_table_is_a_step() -> None:
    steps = {
        (move.action, int(move.source)): step_of(move.source, move.target, move.action) for move in MOVES
    }
    assert steps["finish", 4] is Step.ISSUE
    assert steps["send_back", 4] is Step.RETURN
    assert steps["correct", 9] is steps["correct", 10] is Step.CORRECT
    assert steps["confirm_payment", 6] is steps["resume", 8] is Step.RESUME
    assert steps["submit", 4] is steps["forward", 2] is Step.FORWARD
    assert steps["receive", 1] is Step.ACCEPT
    assert set(Step) - set(steps.values()) == {Step.REGISTER, Step.APPROVE}
    assert Step.RETURN in DECISIONS


def test_a_conflict_is_named_by_its_records_in_any_order() -> None:
    a, b = "a" * 64, "b" * 64
    assert conflict_id(ConflictKind.FIELD, "summary", (a, b)) == conflict_id(
        ConflictKind.FIELD, "summary", (b, a)
    )
    names = {
        conflict_id(ConflictKind.FIELD, "summary", (a, b)),
        conflict_id(ConflictKind.FIELD, "owner.name", (a, b)),
        conflict_id(ConflictKind.STATUS, None, (a, b)),
        conflict_id(ConflictKind.FIELD, "summary", (a, "c" * 64)),
    }
    assert len(names) == 4


def conflict(kind: ConflictKind, field: str | None = None, *, is_review: bool = False) -> Conflict:
    return Conflict(
        id="0" * 64,
        kind=kind,
        field=field,
        sides=(),
        provisional=None,
        unit=None,
        since_ms=0,
        is_review=is_review,
    )


@pytest.mark.parametrize("kind", ConflictKind)
def test_every_conflict_is_told_in_both_languages_and_can_be_settled_by_somebody(kind: ConflictKind) -> None:
    for one in (conflict(kind), conflict(kind, "due"), conflict(kind, is_review=True)):
        sentence = what_happened(one)
        assert sentence.vi
        assert sentence.en
        assert "xung đột" not in sentence.vi
        assert settlers(one)
        assert settlers(one) <= AUTHORITY["dossier.settled"]


def test_only_a_field_takes_a_third_value() -> None:
    assert takes_third_value(conflict(ConflictKind.FIELD, "summary"))
    assert not takes_third_value(conflict(ConflictKind.FIELD, "due"))
    assert not takes_third_value(conflict(ConflictKind.STATUS))
