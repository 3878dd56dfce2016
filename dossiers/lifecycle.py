"""The moves between the ten national states of a dossier, as one table.

A move says who may make it, what it does to the clock, which form is printed and what the officer must give. Nothing
else in the code knows which move is possible where. Being overdue never blocks a move. The states are in `states`, the
other axes of a dossier (money, delivery, sync) in `axes`; what concurrent moves mean is in `merge` and `conflicts`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from dossiers import reasons
from dossiers.axes import Channel as Channel
from dossiers.axes import DeliveryMethod as DeliveryMethod
from dossiers.axes import DeliveryState as DeliveryState
from dossiers.axes import FinanceState as FinanceState
from dossiers.axes import PaymentMethod as PaymentMethod
from dossiers.axes import SyncState as SyncState
from dossiers.axes import finance_state as finance_state
from dossiers.states import FORM_NAMES as FORM_NAMES
from dossiers.states import STATES as STATES
from dossiers.states import Bucket as Bucket
from dossiers.states import Clock as Clock
from dossiers.states import Form as Form
from dossiers.states import State as State
from dossiers.states import Status as Status
from signing.reasons import Reason
from signing.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One allowed step. `needs`: what the body must hold; `needs_facts`: what the facts must hold beside from and to.

    A correction re-opens what had ended: it is offered apart, and leads to a new version of the result.
    """

    action: str
    source: Status
    target: Status
    vi: str
    en: str
    roles: frozenset[Role]
    clock: Clock
    form: Form | None = None
    needs: tuple[str, ...] = ()
    needs_facts: tuple[str, ...] = ()
    is_correction: bool = False


_DESK: Final = frozenset({Role.RECEPTIONIST})
_CASE: Final = frozenset({Role.SPECIALIST})
_LEAD: Final = frozenset({Role.LEADER})
_CLERK: Final = frozenset({Role.CLERK})


def _from(
    sources: Iterable[Status],
    target: Status,
    action: str,
    vi: str,
    en: str,
    roles: frozenset[Role],
    clock: Clock,
    *,
    form: Form | None = None,
    needs: tuple[str, ...] = (),
    needs_facts: tuple[str, ...] = (),
    is_correction: bool = False,
) -> tuple[Move, ...]:
    return tuple(
        Move(
            action=action,
            source=source,
            target=target,
            vi=vi,
            en=en,
            roles=roles,
            clock=clock,
            form=form,
            needs=needs,
            needs_facts=needs_facts,
            is_correction=is_correction,
        )
        for source in sources
    )


_S = Status
MOVES: Final[tuple[Move, ...]] = (
    *_from([_S.NEW], _S.RECEIVED, "receive", "Tiếp nhận hồ sơ", "Receive", _DESK, Clock.STARTS, form=Form.MAU_01),
    *_from([_S.NEW], _S.REFUSED, "refuse", "Từ chối tiếp nhận", "Refuse", _DESK, Clock.NONE,
           form=Form.MAU_03, needs=("ground",)),
    # Before acceptance there is no clock to stop; from acceptance on the remaining time is frozen.
    *_from([_S.NEW], _S.SUPPLEMENT, "request_supplement", "Yêu cầu bổ sung", "Request supplement",
           _DESK, Clock.NONE, form=Form.MAU_02, needs=("ground", "items")),
    *_from([_S.RECEIVED, _S.PROCESSING], _S.SUPPLEMENT, "request_supplement", "Yêu cầu bổ sung",
           "Request supplement", _DESK | _CASE | _LEAD, Clock.STOPS, form=Form.MAU_02, needs=("ground", "items")),
    *_from([_S.RECEIVED], _S.PROCESSING, "forward", "Chuyển giải quyết", "Forward for settlement",
           _DESK | _CASE | _LEAD, Clock.RUNS),
    *_from([_S.PROCESSING], _S.PROCESSING, "transfer", "Chuyển bước tiếp theo", "Hand on",
           _CASE | _LEAD | _CLERK, Clock.RUNS),
    *_from([_S.PROCESSING], _S.PROCESSING, "submit", "Trình duyệt", "Submit for approval", _CASE, Clock.RUNS),
    *_from([_S.PROCESSING], _S.PROCESSING, "send_back", "Trả lại để xử lý tiếp", "Send back",
           _LEAD | _CLERK, Clock.RUNS, needs=("ground",)),
    *_from([_S.PROCESSING], _S.PAYMENT, "request_payment", "Yêu cầu thực hiện nghĩa vụ tài chính",
           "Request payment", _DESK | _CASE | _LEAD, Clock.STOPS),
    *_from([_S.PROCESSING], _S.PAUSED, "pause", "Tạm dừng xử lý", "Pause", _LEAD, Clock.STOPS, needs=("ground",)),
    # The clock stands already: the time frozen before stays as it is.
    *_from([_S.SUPPLEMENT, _S.PAYMENT], _S.PAUSED, "pause", "Tạm dừng xử lý", "Pause", _LEAD, Clock.NONE,
           needs=("ground",)),
    *_from([_S.PROCESSING], _S.SOLVED, "finish", "Ban hành kết quả", "Issue the result", _LEAD | _CLERK,
           Clock.ENDS, needs=("result",)),
    # A dossier asked for papers before it was received has nothing frozen: then the clock starts here.
    *_from([_S.SUPPLEMENT], _S.PROCESSING, "complete_supplement", "Đã bổ sung đủ", "Supplement complete",
           _DESK | _CASE, Clock.RESUMES),
    *_from([_S.SUPPLEMENT], _S.REFUSED, "refuse_expired", "Không tiếp nhận hồ sơ quá hạn bổ sung",
           "Refuse: supplement overdue", _DESK | _LEAD, Clock.ENDS, form=Form.MAU_03, needs=("ground",)),
    *_from([_S.PAYMENT], _S.PROCESSING, "confirm_payment", "Đã hoàn thành nghĩa vụ tài chính",
           "Payment complete", _DESK | _CASE | _CLERK, Clock.RESUMES),
    *_from([_S.PAUSED], _S.PROCESSING, "resume", "Tiếp tục xử lý", "Resume", _LEAD, Clock.RESUMES),
    *_from([_S.RECEIVED, _S.PROCESSING, _S.SUPPLEMENT, _S.PAYMENT, _S.PAUSED], _S.WITHDRAWN, "withdraw",
           "Cho rút hồ sơ", "Allow withdrawal", _LEAD, Clock.ENDS, form=Form.MAU_05, needs=("ground",)),
    *_from([_S.SOLVED], _S.RETURNED, "return_result", "Trả kết quả", "Hand over the result", _DESK,
           Clock.NONE, needs=("received_by",), needs_facts=("method",)),
    # The due date stays what it was: an office's own mistake gives it no more time.
    *_from([_S.SOLVED, _S.RETURNED], _S.PROCESSING, "correct", "Đính chính kết quả", "Correct the result",
           _LEAD, Clock.RUNS, needs=("ground",), is_correction=True),
)  # fmt: skip

_BY_SOURCE_AND_ACTION: Final = {(move.source, move.action): move for move in MOVES}

ENDED: Final = frozenset(set(Status) - {move.source for move in MOVES if not move.is_correction})
"""States nothing leads out of but a correction."""

_SAME_DAY_ACTIONS: Final = {
    Status.RECEIVED: "forward",
    Status.PROCESSING: "finish",
    Status.SOLVED: "return_result",
}


def allowed(status: Status, roles: AbstractSet[Role]) -> tuple[Move, ...]:
    """The moves somebody holding these roles may make now, in the order of the table."""
    return tuple(move for move in MOVES if move.source == status and move.roles & roles)


def find_move(status: Status, action: str) -> Move | None:
    return _BY_SOURCE_AND_ACTION.get((status, action))


def check_move(
    status: Status,
    action: str,
    roles: AbstractSet[Role],
    *,
    facts: Mapping[str, Any],
    content: Mapping[str, Any],
) -> Move | Reason:
    """The move, or why it cannot be made."""
    move = find_move(status, action)
    if move is None:
        return reasons.MOVE
    if not move.roles & roles:
        return reasons.ROLE
    return reasons.NEEDS if missing_items(move, facts=facts, content=content) else move


def missing_items(move: Move, *, facts: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[str, ...]:
    """What the officer still has to give, by the names of the record's keys."""
    needed = move.needs
    if facts.get("method") == DeliveryMethod.ONLINE:
        # A result sent online has no recipient standing at the desk.
        needed = tuple(name for name in needed if name != "received_by")
    absent = [name for name in needed if _is_blank(content.get(name))]
    return (*absent, *(name for name in move.needs_facts if facts.get(name) is None))


def _is_blank(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_blank(inner) for inner in value.values())
    return not value.strip() if isinstance(value, str) else not value


def same_day_path(status: Status, roles: AbstractSet[Role]) -> tuple[Move, ...]:
    """The moves of "giải quyết ngay" from here to the hand-over, one record each; empty if a role is missing.

    One officer holding the roles of receptionist and leader (or clerk) may make all of them with one button.
    """
    path: list[Move] = []
    while status in _SAME_DAY_ACTIONS:
        move = _BY_SOURCE_AND_ACTION[status, _SAME_DAY_ACTIONS[status]]
        if not move.roles & roles:
            return ()
        path.append(move)
        status = move.target
    return tuple(path)


_CLOSED: Final = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.RETURNED})


def is_open(status: int | None, *, conflicts: int) -> bool:
    """Whether somebody still has to do something: a snapshot carries such a dossier, and closed ones come later.

    Args:
        status: 0 or None where no record gave it one.
    """
    return conflicts > 0 or status not in _CLOSED


def delivery_state(status: Status) -> DeliveryState:
    """Issued is not delivered: the result waits until somebody has it."""
    if status == Status.RETURNED:
        return DeliveryState.HANDED_OVER
    return DeliveryState.WAITING if status == Status.SOLVED else DeliveryState.NOT_READY
