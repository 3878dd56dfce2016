"""Which legs a list means: by either end, by purpose and by where they stand; read from an address, asked of rows.

Two lists ask the same: the legs themselves (/routing), and the dossiers behind a figure (/statistics/dossiers). A leg is
overdue while somebody still has something to do on it and its own deadline is over; where it was given none, the day on
which the dossier is due counts, unless the dossier's time stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, or_

from central_hub.store.tables import DOSSIER, LEG
from dossiers.legs import LegState
from dossiers.states import STATES, Clock
from dossiers.units import Units

_STANDING_STILL: Final = tuple(int(status) for status, state in STATES.items() if state.clock is Clock.STOPS)


class Purpose(StrEnum):
    """Why a dossier is with another unit."""

    COMPETENT = "competent"
    REFERRAL = "referral"


class Stage(StrEnum):
    """Where a leg stands: a group of states, or one."""

    OPEN = "open"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    LATE = "late"
    ENDED = "ended"
    ANSWERED = "answered"
    RETURNED = "returned"
    RECALLED = "recalled"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which legs are meant; None leaves a member open. `unit` is either end."""

    unit: str | None = None
    sender: str | None = None
    receiver: str | None = None
    purpose: Purpose | None = None
    stage: Stage | None = None

    @property
    def is_any(self) -> bool:
        """Whether every leg is meant."""
        return self == Wish()


def read_wish(args: Mapping[str, str], units: Units) -> Wish:
    """What an address asks for; what is not known in it counts as absent."""
    unit, sender, receiver = (_unit(args.get(name, ""), units) for name in ("unit", "sender", "receiver"))
    purpose, stage = args.get("purpose", ""), args.get("leg", "")
    return Wish(
        unit=unit,
        sender=sender,
        receiver=receiver,
        purpose=Purpose(purpose) if purpose in set(Purpose) else None,
        stage=Stage(stage) if stage in set(Stage) else None,
    )


def leg_conditions(wish: Wish, *, now_ms: int) -> list[ColumnElement[bool]]:
    """The conditions on a row of `leg` beside the row of its dossier."""
    found: list[ColumnElement[bool]] = []
    if wish.unit is not None:
        found.append(or_(LEG.c.unit == wish.unit, LEG.c.sender == wish.unit))
    if wish.sender is not None:
        found.append(LEG.c.sender == wish.sender)
    if wish.receiver is not None:
        found.append(LEG.c.unit == wish.receiver)
    if wish.purpose is not None:
        found.append(LEG.c.is_referral == int(wish.purpose is Purpose.REFERRAL))
    if wish.stage is not None:
        found.append(_stands(wish.stage, now_ms))
    return found


def is_overdue(
    *, is_open: bool, deadline_ms: int | None, due_ms: int | None, status: int, now_ms: int
) -> bool:
    """What `Stage.LATE` says, of values that were read."""
    until = due_ms if deadline_ms is None and status not in _STANDING_STILL else deadline_ms
    return is_open and until is not None and until < now_ms


def stage_name(stage: Stage) -> str:
    """A stage in words."""
    words = {
        Stage.OPEN: _("Đang ở đơn vị khác"),
        Stage.LATE: _("Quá hạn"),
        Stage.ENDED: _("Đã xong"),
    }
    return words.get(stage) or state_name(LegState(stage.value))


def state_name(state: LegState) -> str:
    """The state of a leg in words."""
    return {
        LegState.WAITING: _("Chờ tiếp nhận"),
        LegState.ACCEPTED: _("Đang xử lý"),
        LegState.ANSWERED: _("Đã trả lời"),
        LegState.RETURNED: _("Đã trả lại"),
        LegState.RECALLED: _("Đã thu hồi"),
        LegState.REPLACED: _("Đã đổi nơi giải quyết"),
    }[state]


def purpose_name(purpose: Purpose) -> str:
    """A purpose in words."""
    return {
        Purpose.COMPETENT: _("Giải quyết (không theo địa giới)"),
        Purpose.REFERRAL: _("Phối hợp, lấy ý kiến"),
    }[purpose]


def _unit(code: str, units: Units) -> str | None:
    return code if units.find(code) else None


def _stands(stage: Stage, now_ms: int) -> ColumnElement[bool]:
    match stage:
        case Stage.OPEN:
            return LEG.c.is_open == 1
        case Stage.ENDED:
            return LEG.c.is_open == 0
        case Stage.LATE:
            has_own = LEG.c.deadline_ms.is_not(None)
            by_dossier = and_(DOSSIER.c.due_ms < now_ms, DOSSIER.c.status.not_in(_STANDING_STILL))
            return and_(LEG.c.is_open == 1, or_(LEG.c.deadline_ms < now_ms, and_(~has_own, by_dossier)))
        case _:
            return LEG.c.state == stage.value
