"""What is typed on the pages of accounts: log-in, a new PIN, a new officer.

A PIN is taken as typed, spaces and all, and never normalised, shown again or kept as a draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from edge_node.accounts.service import PIN_LENGTH_MIN, check_pin
from edge_node.entry import Entry, Rejected
from edge_node.journal import WriteRefused
from signing.cuts import Cause
from signing.roles import OFFICE_ROLES, Role

PIN_LENGTH_MAX: Final = 128
NAME_MAX: Final = 120
TITLE_MAX: Final = 160
GROUND_MAX: Final = 2_000
ROLES_OFFERED: Final = (
    Role.RECEPTIONIST,
    Role.SPECIALIST,
    Role.LEADER,
    Role.CLERK,
    Role.UNIT_ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    officer: str
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOfficer:
    name: str
    title: str
    roles: frozenset[Role]
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange:
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    cause: Cause
    ground: str


def causes() -> list[tuple[str, str, str]]:
    """Why a key of the unit is cut off, with what becomes of later records."""
    return [
        (Cause.RETIRED.value, _("Nghỉ việc, chuyển công tác"), _("Bản ghi ký sau lúc này bị từ chối hẳn.")),
        (Cause.LOST.value, _("Lộ mã PIN, nghi người khác dùng"), _("Bản ghi ký sau lúc này chờ tỉnh xét duyệt.")),
    ]  # fmt: skip


def read_revocation(form: Mapping[str, str]) -> Revocation | Rejected:
    entry = Entry(form)
    known = frozenset(cause for cause, _name, _hint in causes())
    cause = entry.choice("cause", known, needed=_("Hãy chọn lý do."))
    ground = entry.line("ground", needed=_("Hãy ghi căn cứ."), most=GROUND_MAX)
    return entry.rejected or Revocation(cause=Cause(cause), ground=ground)


def read_log_in(form: Mapping[str, str], here: frozenset[str]) -> LogIn | Rejected:
    """Who wants in; `here` are the officers with a key on this PC."""
    entry = Entry(form)
    officer = entry.choice("officer", here, needed=_("Hãy chọn tên của bạn."))
    pin = form.get("pin", "")
    if not 0 < len(pin) <= PIN_LENGTH_MAX:
        entry.fail("pin", _("Hãy nhập mã PIN."))
    return entry.rejected or LogIn(officer=officer, pin=pin)


def read_new_officer(form: "MultiDict[str, str]") -> NewOfficer | Rejected:
    entry = Entry(form)
    name = entry.line("name", needed=_("Hãy nhập họ và tên cán bộ."), most=NAME_MAX)
    title = entry.line("title", most=TITLE_MAX)
    roles = frozenset(Role(role) for role in form.getlist("roles") if role in set(OFFICE_ROLES))
    if not roles:
        entry.fail("roles", _("Hãy chọn ít nhất một vai trò."))
    pin = _read_new_pin(entry)
    return entry.rejected or NewOfficer(name=name, title=title, roles=roles, pin=pin)


def read_new_pin(form: Mapping[str, str]) -> str | Rejected:
    entry = Entry(form)
    pin = _read_new_pin(entry)
    return entry.rejected or pin


def read_pin_change(form: Mapping[str, str]) -> PinChange | Rejected:
    entry = Entry(form)
    old = form.get("old", "")
    if not 0 < len(old) <= PIN_LENGTH_MAX:
        entry.fail("old", _("Hãy nhập mã PIN đang dùng."))
    new = _read_new_pin(entry)
    return entry.rejected or PinChange(old=old, new=new)


def _read_new_pin(entry: Entry) -> str:
    """The field `pin`, typed twice."""
    pin = entry.form.get("pin", "")
    if len(pin) > PIN_LENGTH_MAX:
        entry.fail("pin", _("Mã PIN dài nhất %(most)s ký tự.", most=PIN_LENGTH_MAX))
    try:
        check_pin(pin)
    except WriteRefused:
        weak = _(
            "Chọn ít nhất %(least)s ký tự, không phải một ký tự lặp lại hay dãy liên tiếp.",
            least=PIN_LENGTH_MIN,
        )
        entry.fail("pin", weak)
    if pin != entry.form.get("again", ""):
        entry.fail("again", _("Hai lần nhập mã PIN không giống nhau."))
    return pin
