"""Words of the province's screens that stand in more than one room: roles, kinds of records, figures, field of a code.

Each is a function, because the language is known only while a request is answered.
"""

from flask import Flask
from flask_babel import gettext as _

from central_hub.reasons import CATALOGUE
from dossiers.kinds import KINDS
from dossiers.lifecycle import MOVES
from look.problems import language
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol.record import Header


def role_name(role: Role | str) -> str:
    """A role in words."""
    names = {
        Role.RECEPTIONIST: _("Cán bộ một cửa"),
        Role.SPECIALIST: _("Chuyên viên"),
        Role.LEADER: _("Lãnh đạo"),
        Role.CLERK: _("Văn thư"),
        Role.UNIT_ADMINISTRATOR: _("Quản trị đơn vị"),
        Role.DEVICE: _("Máy trạm"),
        Role.HUB: _("Trung tâm tỉnh"),
        Role.REGISTRY: _("Sổ đăng ký khóa"),
        Role.ADMINISTRATOR: _("Quản trị tỉnh"),
        Role.STATISTICIAN: _("Thống kê"),
        Role.AUDITOR: _("Kiểm tra"),
        Role.KEY_AUTHORITY: _("Quản lý khóa"),
        Role.VERIFIER: _("Xác minh"),
        Role.ROOT: _("Khóa gốc"),
    }
    return names[Role(role)]


def role_names(roles: object) -> str:
    """Several roles in words, or a dash."""
    given = {Role(role) for role in roles} if isinstance(roles, list | tuple | set | frozenset) else set()
    return ", ".join(role_name(role) for role in Role if role in given) or "–"


def kind_name(kind: str) -> str:
    """A kind of record in words; of a later version, what it stated so far."""
    name = kind.partition("@")[0]
    known = KINDS.get(name)
    if known is None:
        return _("Loại việc mới (%(code)s)", code=name)
    words = known.en if language() == "en" else known.vi
    return words if name == kind else _("%(kind)s (của phiên bản mới hơn)", kind=words)


def act_name(header: Header) -> str:
    """What one record does: the step of a move, for anything else what it states."""
    done = next((m for m in MOVES if m.action == header.facts.get("action")), None)
    if header.kind != "dossier.moved" or done is None:
        return kind_name(header.kind)
    return done.en if language() == "en" else done.vi


def reason_words(code: str) -> tuple[str, str]:
    """Why, and what to do next; the bare code where this version does not know it."""
    reason = CATALOGUE.get(code)
    return (code, "") if reason is None else words_of(reason)


def words_of(reason: Reason) -> tuple[str, str]:
    """Why, and what to do next, in the language of whoever asks."""
    return (reason.en, reason.next_en) if language() == "en" else (reason.vi, reason.next_vi)


def channel_name(channel: int) -> str:
    """How a dossier came in."""
    return {1: _("Trực tiếp"), 2: _("Trực tuyến"), 3: _("Bưu chính công ích")}.get(channel, "–")


def cause_name(cause: str) -> str:
    """Why a key was cut off, as a badge says it; "" for a key in use."""
    return {
        "suspended": _("Tạm khóa"),
        "lost": _("Đã thu hồi: mất"),
        "compromised": _("Đã thu hồi: nghi lộ"),
        "retired": _("Đã thôi dùng"),
    }.get(cause, cause)


def plain(words: object) -> str:
    """The side of a `Words` value that the page's language asks for."""
    return str(getattr(words, "en" if language() == "en" else "vi"))


def attach(app: Flask) -> None:
    """Give every template these words; imported macros see globals only."""
    app.jinja_env.globals.update(
        role_name=role_name,
        role_names=role_names,
        kind_name=kind_name,
        reason_words=reason_words,
        channel_name=channel_name,
        plain=plain,
        cause_name=cause_name,
    )
