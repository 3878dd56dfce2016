"""The course of a dossier along its steps in effect: state, legal clock, due date, end.

The clock starts at acceptance, stands while the office waits (states 5, 6 and 8) and ends when the result is issued or
the dossier is withdrawn or refused; a correction opens it again under the same due date. Times follow the steps: a
step whose clock lags behind the step it followed counts from that one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from dossiers.deadlines import Frozen
from dossiers.gathering import DUE, Gathering
from dossiers.states import STATES, Clock, Status
from dossiers.views import ClockSpan, EndedAs

_ENDS: Final = {
    Status.REFUSED: EndedAs.REFUSED,
    Status.WITHDRAWN: EndedAs.WITHDRAWN,
    Status.SOLVED: EndedAs.SOLVED,
    Status.RETURNED: EndedAs.SOLVED,
}
_RUNNING: Final = frozenset(status for status, state in STATES.items() if state.clock is Clock.RUNS)
_STANDING: Final = frozenset(status for status, state in STATES.items() if state.clock is Clock.STOPS)
_NOT_ACCEPTED: Final = frozenset(
    {Status.NEW, Status.REFUSED, Status.SUPPLEMENT, Status.WITHDRAWN, Status.PAUSED}
)
_STATUS: Final = {int(status): status for status in Status}
_OPENING: Final = "dossier.received"
_NO_DUE: Final = 2**62


@dataclass(slots=True, kw_only=True)
class Course:
    """Where the steps in effect have led; `issued` and `handed_over` are positions of records."""

    status: Status | None = None
    accepted: int | None = None
    due: int | None = None
    original_due: int | None = None
    frozen: Frozen | None = None
    deadline: int | None = None
    finished: int | None = None
    ended_as: EndedAs | None = None
    issued: int | None = None
    handed_over: int | None = None
    clock: tuple[ClockSpan, ...] = ()


def follow(gathering: Gathering, effective: int) -> Course:
    """Follow the steps in the mask `effective`, and the due dates set beside them, to the end."""
    course = Course()
    spans: list[ClockSpan] = []
    dues = {version.index: version.value for version in gathering.registers.get(DUE, ())}
    targets = gathering.targets
    for index in sorted(dues.keys() | targets.keys()):
        header = gathering.order.records[index].header
        at_ms: int = header.facts["received"] if header.kind == _OPENING else header.corrected_ms
        if index in dues:
            course.due = dues[index]
            if course.original_due is None:
                course.original_due = course.due
        if index in targets and effective >> index & 1:
            _step(course, index, _STATUS[targets[index]], at_ms, header.facts)
        _span(course, spans, at_ms)
    standing = gathering.standing(DUE)
    if len(standing) > 1:
        course.due = earliest_due([version.value for version in standing])
        if spans:
            spans[-1] = replace(spans[-1], due=course.due)
    course.clock = tuple(spans)
    return course


def earliest_due(dues: list[int | None]) -> int | None:
    """Of several due dates set unseen, the one that favours the citizen."""
    return min(dues, key=lambda due: _NO_DUE if due is None else due)


def _step(course: Course, index: int, status: Status, at_ms: int, facts: Mapping[str, Any]) -> None:
    course.status = status
    course.deadline = facts.get("deadline")
    if status in _STANDING:
        frozen = facts.get("frozen")
        course.frozen = Frozen.from_facts(frozen) if frozen else course.frozen
    else:
        course.frozen = None
    if course.accepted is None and status not in _NOT_ACCEPTED:
        course.accepted = at_ms
    ended = _ENDS.get(status)
    if ended is None:
        course.finished = course.ended_as = None
    elif course.ended_as is not ended:
        course.ended_as = ended
        course.finished = at_ms if course.accepted is None else max(at_ms, course.accepted)
    if status is Status.SOLVED:
        course.issued = index
    elif status is Status.RETURNED:
        course.handed_over = index


def _span(course: Course, spans: list[ClockSpan], at_ms: int) -> None:
    """Note the clock's state from here on, if it has started and changed."""
    if course.accepted is None or course.ended_as is not None:
        return
    runs = course.status in _RUNNING
    if spans:
        last = spans[-1]
        if last.runs == runs and last.due == course.due:
            return
        at_ms = max(at_ms, last.start_ms)
    spans.append(ClockSpan(start_ms=at_ms, due=course.due, runs=runs))
