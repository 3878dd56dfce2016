"""What the coded things of a dossier are called on the screen: fields, actions, kinds, papers.

`N_` only marks a text for the catalogue; it is translated when it is shown, in the language of whoever looks.
"""

from collections.abc import Mapping
from typing import Final

from flask_babel import get_locale
from flask_babel import gettext as _

from dossiers.axes import (
    CHANNEL_WORDS,
    DELIVERY_WORDS,
    PAYMENT_WORDS,
)
from dossiers.components import FieldKind, PaperForm, Words
from dossiers.kinds import KINDS
from dossiers.lifecycle import MOVES, STATES, Move, Status
from dossiers.procedures import Procedure
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol.record import Header


def N_(text: str) -> str:
    return text


FIELD_LABELS: Final[Mapping[str, str]] = {
    "applicant.name": N_("Họ và tên người nộp"),
    "applicant.id_number": N_("Số định danh người nộp"),
    "applicant.birth_date": N_("Ngày sinh người nộp"),
    "applicant.address": N_("Địa chỉ người nộp"),
    "applicant.phone": N_("Điện thoại"),
    "applicant.email": N_("Thư điện tử"),
    "owner.name": N_("Chủ hồ sơ"),
    "owner.id_number": N_("Số định danh chủ hồ sơ"),
    "owner.address": N_("Địa chỉ chủ hồ sơ"),
    "summary": N_("Trích yếu"),
    "return_method": N_("Nhận kết quả"),
    "channel": N_("Hình thức nộp"),
    "competent": N_("Cơ quan giải quyết"),
    "sets": N_("Số bộ hồ sơ"),
    "fee_due": N_("Phí, lệ phí phải nộp"),
    "due": N_("Ngày hẹn trả kết quả"),
}
RETURN_LABELS: Final[Mapping[str, str]] = {
    "desk": N_("Tại Bộ phận Một cửa"),
    "post": N_("Qua bưu chính công ích"),
    "online": N_("Bản điện tử"),
}
PAPER_FORM_LABELS: Final[Mapping[PaperForm, str]] = {
    PaperForm.ORIGINAL: N_("bản chính"),
    PaperForm.CERTIFIED_COPY: N_("bản sao chứng thực"),
    PaperForm.PLAIN_COPY: N_("bản chụp"),
}
ROLE_LABELS: Final[Mapping[Role, str]] = {
    Role.RECEPTIONIST: N_("Cán bộ một cửa"),
    Role.SPECIALIST: N_("Chuyên viên"),
    Role.LEADER: N_("Lãnh đạo"),
    Role.CLERK: N_("Văn thư"),
    Role.UNIT_ADMINISTRATOR: N_("Quản trị đơn vị"),
    Role.DEVICE: N_("Máy trạm"),
}
MOVE_ICONS: Final[Mapping[str, str]] = {
    "receive": "receive", "refuse": "refused", "refuse_expired": "refused", "request_supplement": "supplement",
    "forward": "transfer", "transfer": "transfer", "submit": "signature", "send_back": "withdrawn",
    "request_payment": "money", "pause": "pause", "finish": "done", "complete_supplement": "check",
    "confirm_payment": "check", "resume": "progress", "withdraw": "withdrawn", "return_result": "handed",
    "correct": "edit",
}  # fmt: skip
KIND_ICONS: Final[Mapping[str, str]] = {
    "dossier.received": "receive", "dossier.amended": "edit", "dossier.moved": "transfer",
    "dossier.assigned": "assign", "dossier.extended": "extend", "dossier.paid": "money",
    "dossier.paper_added": "paper", "dossier.paper_removed": "trash", "dossier.noted": "note_text",
    "dossier.numbered": "code", "dossier.settled": "fork",
    "dossier.referred": "transfer", "dossier.routed": "transfer", "dossier.papers_given": "paper",
    "dossier.papers_taken": "paper",
}  # fmt: skip
_MOVE_WORDS: Final = {move.action: (move.vi, move.en) for move in MOVES}


def is_english() -> bool:
    return str(get_locale()).startswith("en")


def spoken(words: Words) -> str:
    """A name of the catalogue in the language of the screen."""
    return words.en if is_english() else words.vi


def pick(pair: tuple[str, str]) -> str:
    """(Vietnamese, English) by the language of the screen."""
    return pair[1] if is_english() else pair[0]


def field_label(code: str, procedure: Procedure | None) -> str:
    if code in FIELD_LABELS:
        return _(FIELD_LABELS[code])
    if procedure is not None and code.startswith("form."):
        question = next((q for q in procedure.form_fields if q.record_code == code), None)
        if question is not None:
            return spoken(question.label)
    return code


def field_text(code: str, value: str | int | None, procedure: Procedure | None) -> str | None:
    """A field's value as people read it: dates, choices and coded values in words."""
    if value is None or value == "":
        return None
    if code == "return_method":
        return _(RETURN_LABELS.get(str(value), str(value)))
    if code == "channel":
        return channel_word(int(value))
    if code.endswith("birth_date") and isinstance(value, str):
        return day_text(value)
    question = None
    if procedure is not None:
        question = next((q for q in procedure.form_fields if q.record_code == code), None)
    if question is not None and question.kind is FieldKind.DATE:
        return day_text(str(value))
    if question is not None and question.kind is FieldKind.CHOICE:
        chosen = next((option for option in question.options if option.code == value), None)
        return spoken(chosen.name) if chosen else str(value)
    return str(value)


def day_text(value: str) -> str:
    """1992-03-12 as 12/03/1992; any other text as it is."""
    parts = value.split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 and all(map(str.isdigit, parts)) else value


def move_word(move: Move) -> str:
    return pick((move.vi, move.en))


def action_word(action: str | None) -> str:
    return pick(_MOVE_WORDS[action]) if action in _MOVE_WORDS else (action or "")


def kind_word(kind: str) -> str:
    """What a record states, in words; of a later version, what it stated so far."""
    name = kind.partition("@")[0]
    known = KINDS.get(name)
    return pick((known.vi, known.en)) if known else _("Loại việc mới (%(code)s)", code=name)


def act_word(header: Header) -> str:
    """What one record does: the step of a move, for anything else what it states."""
    action = header.facts.get("action") if header.kind == "dossier.moved" else None
    return action_word(action) if action in _MOVE_WORDS else kind_word(header.kind)


def leg_step_word(step: str) -> str:
    """What a step does to the leg of a dossier that another unit works on."""
    words = {
        "accepted": _("Tiếp nhận xử lý"),
        "answered": _("Trả lời, kết thúc phối hợp"),
        "returned": _("Trả lại, nêu lý do"),
        "recalled": _("Thu hồi đề nghị"),
    }
    return words.get(step, step)


def status_word(status: int) -> str:
    state = STATES[Status(status)]
    return pick((state.vi, state.en))


def channel_word(channel: int) -> str:
    return next((pick(words) for code, words in CHANNEL_WORDS.items() if code == channel), str(channel))


def delivery_method_word(method: int) -> str:
    return next((pick(words) for code, words in DELIVERY_WORDS.items() if code == method), str(method))


def payment_word(method: int) -> str:
    return next((pick(words) for code, words in PAYMENT_WORDS.items() if code == method), str(method))


def reason_words(reason: Reason) -> tuple[str, str]:
    """What is wrong, and what to do next."""
    return (reason.en, reason.next_en) if is_english() else (reason.vi, reason.next_vi)


def roles_word(roles: frozenset[Role]) -> str:
    return ", ".join(_(label) for role, label in ROLE_LABELS.items() if role in roles)
