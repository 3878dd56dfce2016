"""What becomes of two steps of one dossier's life cycle when neither officer had seen the other's.

Every pair of steps has one outcome, whatever arrived first: they go together, one prevails, or a person decides. A
result that was issued or handed over has legally happened: it prevails over everything, and where the other step denied
that very result a person reviews what to do about it (lessons §5.15). The step that prevails, or that stands
provisionally, is the one further up `PRECEDENCE`: what has happened, then what keeps the clock running for the citizen.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations_with_replacement
from typing import Final

from dossiers.states import STATES, Clock, Status


class Step(StrEnum):
    """What a move does, as far as it matters beside another move."""

    HAND_OVER = "hand_over"
    ISSUE = "issue"
    CORRECT = "correct"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    RESUME = "resume"
    FORWARD = "forward"
    RETURN = "return"
    ACCEPT = "accept"
    STOP = "stop"
    ASK_PAYMENT = "ask_payment"
    ASK_SUPPLEMENT = "ask_supplement"
    REFUSE = "refuse"
    REGISTER = "register"


class Outcome(StrEnum):
    """What the fold does with two concurrent steps."""

    COMMUTE = "commute"
    DOMINATE = "dominate"
    REVIEW = "review"
    CONFLICT = "conflict"


PRECEDENCE: Final[Mapping[Step, int]] = {step: rank for rank, step in enumerate(reversed(Step))}
"""The greater number prevails; the order is that of `Step`."""

LEGAL: Final = frozenset({Step.HAND_OVER, Step.ISSUE})
"""Steps that have effect outside the office and that no merge undoes."""

DECISIONS: Final = frozenset({Step.APPROVE, Step.RETURN})
"""Steps that leave the state unchanged but say yes or no to a draft result."""

_C, _D, _R, _X = Outcome.COMMUTE, Outcome.DOMINATE, Outcome.REVIEW, Outcome.CONFLICT

# Each row meets itself and the rows below it, in the order of Step.
_ROWS: Final[Mapping[Step, tuple[Outcome, ...]]] = {
    #                     hand issue corr appr withd resu forw retu acce stop pay  supp refu regi
    Step.HAND_OVER:      (_C,  _R,   _R,  _D,  _D,   _D,  _D,  _R,  _D,  _D,  _D,  _D,  _D,  _D),
    Step.ISSUE:               (_R,   _R,  _D,  _D,   _D,  _D,  _R,  _D,  _D,  _D,  _D,  _D,  _D),
    Step.CORRECT:                   (_C,  _C,  _X,   _C,  _C,  _C,  _C,  _X,  _X,  _X,  _X,  _C),
    Step.APPROVE:                        (_C,  _X,   _C,  _C,  _X,  _C,  _X,  _X,  _X,  _X,  _C),
    Step.WITHDRAW:                            (_C,   _D,  _D,  _D,  _D,  _D,  _D,  _D,  _X,  _D),
    Step.RESUME:                                    (_C,  _C,  _C,  _C,  _X,  _X,  _X,  _X,  _C),
    Step.FORWARD:                                        (_C,  _C,  _C,  _X,  _X,  _X,  _X,  _C),
    Step.RETURN:                                              (_C,  _C,  _X,  _X,  _X,  _X,  _C),
    Step.ACCEPT:                                                   (_C,  _X,  _X,  _X,  _X,  _C),
    Step.STOP:                                                          (_C,  _X,  _X,  _X,  _C),
    Step.ASK_PAYMENT:                                                        (_C,  _X,  _X,  _C),
    Step.ASK_SUPPLEMENT:                                                          (_C,  _X,  _C),
    Step.REFUSE:                                                                       (_C,  _C),
    Step.REGISTER:                                                                          (_C,),
}  # fmt: skip

PAIRS: Final[Mapping[frozenset[Step], Outcome]] = {
    frozenset(pair): outcome
    for pair, outcome in zip(
        combinations_with_replacement(Step, 2),
        (outcome for row in _ROWS.values() for outcome in row),
        strict=True,
    )
}

_BY_TARGET: Final[Mapping[Status, Step]] = {
    Status.NEW: Step.REGISTER,
    Status.RECEIVED: Step.ACCEPT,
    Status.REFUSED: Step.REFUSE,
    Status.SUPPLEMENT: Step.ASK_SUPPLEMENT,
    Status.PAYMENT: Step.ASK_PAYMENT,
    Status.WITHDRAWN: Step.WITHDRAW,
    Status.PAUSED: Step.STOP,
    Status.SOLVED: Step.ISSUE,
    Status.RETURNED: Step.HAND_OVER,
}
_STOPPED: Final = frozenset(status for status, state in STATES.items() if state.clock is Clock.STOPS)
_ENDED: Final = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.SOLVED, Status.RETURNED})
# Today's table of moves issues with the approval ("finish"); an approval by itself is known here for tables that split it.
_BY_ACTION: Final[Mapping[str, Step]] = {"approve": Step.APPROVE, "send_back": Step.RETURN}


def step_of(source: int, target: int, action: str | None) -> Step:
    """What a move from one state to another does; only moves within "in process" are told apart by their action."""
    if target != Status.PROCESSING:
        return _BY_TARGET[Status(target)]
    if source in _STOPPED:
        return Step.RESUME
    if source in _ENDED:
        return Step.CORRECT
    return _BY_ACTION.get(action or "", Step.FORWARD)


def outcome_of(one: Step, other: Step) -> Outcome:
    """What becomes of two concurrent steps."""
    return PAIRS[frozenset((one, other))]
