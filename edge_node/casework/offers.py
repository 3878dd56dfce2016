"""What an officer may do with a dossier now: read from the table of moves and the kinds' roles, for the screen only.

The journal checks again when something is signed.
"""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from dossiers.kinds import roles_for
from dossiers.lifecycle import MOVES, Move, Status, allowed
from dossiers.routes import may_write
from dossiers.views import DossierView
from edge_node.casework.labels import MOVE_ICONS, move_word, roles_word
from edge_node.journal import CONTENT_ALONE
from signing.roles import Role
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.record import BodyState

_MAIN: Final = {
    Status.NEW: ("receive",),
    Status.RECEIVED: ("forward",),
    Status.PROCESSING: ("finish", "submit", "transfer"),
    Status.SUPPLEMENT: ("complete_supplement",),
    Status.PAYMENT: ("confirm_payment",),
    Status.PAUSED: ("resume",),
    Status.SOLVED: ("return_result",),
}
_REFUSING: Final = frozenset({"refuse", "refuse_expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something the officer may do now; `tone` is primary, refuse or plain."""

    action: str
    word: str
    icon: str
    tone: str = ""


def offered_moves(
    view: DossierView, roles: frozenset[Role], unit: str
) -> tuple[Offer | None, tuple[Offer, ...]]:
    """The usual next step, and the other steps the officer may take; none while it is not this unit's turn."""
    if view.status is None or not may_write(view, unit, "dossier.moved"):
        return None, ()
    if view.status is Status.NEW and view.commune != unit:
        return None, ()  # accepting it is the receiving desk's
    is_elsewhere = view.commune == unit and any(not leg.is_referral for leg in view.open_legs)
    possible = {move.action: move for move in allowed(view.status, roles)}
    main = next((possible.pop(action) for action in _MAIN.get(view.status, ()) if action in possible), None)
    rest = tuple(_offer(m) for m in possible.values())
    if main is not None and is_elsewhere:
        return None, (_offer(main), *rest)  # possible, but the other unit is at work on it
    return (_offer(main, tone="primary") if main else None), rest


def _offer(move: Move, tone: str = "") -> Offer:
    return Offer(
        action=move.action,
        word=move_word(move),
        icon=MOVE_ICONS.get(move.action, "signature"),
        tone="refuse" if move.action in _REFUSING else tone,
    )


def other_offers(
    view: DossierView, roles: frozenset[Role], unit: str, *, is_erased: bool = False
) -> tuple[Offer, ...]:
    """What can be done beside the steps of the life cycle; `is_erased`: an order covers whatever is written here."""
    is_running = view.finished is None and view.status is not None
    wanted = (
        ("amend", "dossier.amended", _("Sửa thông tin"), "edit", True),
        ("papers-held", "dossier.paper_added", _("Nhận thêm giấy tờ"), "paper", is_running),
        ("files", "dossier.file_added", _("Bản chụp, tệp kèm"), "image", True),
        ("pay", "dossier.paid", _("Thu phí, lệ phí"), "money", True),
        ("assign", "dossier.assigned", _("Phân công"), "assign", is_running),
        (
            "extend",
            "dossier.extended",
            _("Xin lỗi và gia hạn"),
            "extend",
            is_running and view.due is not None,
        ),
        ("note", "dossier.noted", _("Ghi chú"), "note_text", True),
        ("erase", ERASURE_KIND, _("Xóa nội dung"), "trash", _has_content(view)),
    )
    return tuple(
        Offer(action=action, word=word, icon=icon)
        for action, kind, word, icon, is_possible in wanted
        if is_possible
        and roles & roles_for(kind, {})
        and (kind == ERASURE_KIND or may_write(view, unit, kind))
        and not (is_erased and kind in CONTENT_ALONE)
    )


def _has_content(view: DossierView) -> bool:
    return any(entry.body_state is BodyState.PRESENT for entry in view.timeline)


def next_roles(view: DossierView) -> str:
    """Who can take the next step: shown to whoever cannot."""
    steps = [move for move in MOVES if move.source == view.status and not move.is_correction]
    return roles_word(frozenset[Role]().union(*(move.roles for move in steps)))
