"""Changes to accounts that must not lock everybody out, and the words of the diary."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.accounts.service import (
    Account,
    count_administrators,
    find_account,
    list_accounts,
    set_active,
    set_roles,
)
from central_hub.administration.queries import event_page
from central_hub.api.tokens import list_tokens
from central_hub.registry.holders import list_holders
from central_hub.services import Services
from central_hub.statistics.targets import on_time_target
from central_hub.sync.fleet import list_devices
from dossiers.presentation import fmt_date
from signing.roles import Role


class ChangeRefused(ValueError):
    """A change that would leave the province without an administrator, or that is about nobody."""


def administration_page(connection: Connection, services: Services, account: Account) -> dict[str, Any]:
    """What an account may see of the administration."""
    is_administrator = account.holds(Role.ADMINISTRATOR)
    return {
        "account": account,
        "is_administrator": is_administrator,
        "may_read_log": account.holds(Role.ADMINISTRATOR, Role.AUDITOR),
        "accounts": list_accounts(connection) if is_administrator else [],
        "tokens": list_tokens(connection) if is_administrator else [],
        "target": on_time_target(connection),
        "is_public": services.config.public_statistics,
    }


def change_roles(
    connection: Connection, services: Services, login: str, roles: tuple[str, ...], actor: Account
) -> None:
    """Give other roles; raises ChangeRefused."""
    account = _known(connection, login)
    if Role.ADMINISTRATOR not in roles:
        _refuse_last(connection, account)
    set_roles(connection, services, login, roles, actor=actor.login)


def change_active(
    connection: Connection, services: Services, login: str, *, active: bool, actor: Account
) -> None:
    """Switch an account on or off; raises ChangeRefused."""
    account = _known(connection, login)
    if not active:
        _refuse_last(connection, account)
    set_active(connection, services, login, active=active, actor=actor.login)


def log_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """The diary as a page."""
    number = args.get("page", "1")
    page = event_page(
        connection,
        actor=args.get("actor", "")[:40],
        action=args.get("action", "")[:40],
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
    )
    names = {account.login: account.name for account in list_accounts(connection)}
    devices = {
        device.id: f"{services.units.name(device.unit)} · {device.name}"
        for device in list_devices(
            connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
        )
    }
    people = {
        holder.key: f"{holder.name} · {services.units.name(holder.unit)}"
        for holder in list_holders(connection)
        if holder.name
    }
    lines = [
        (
            event,
            names.get(event.actor) or devices.get(event.actor, ""),
            _subject(event.subject, services, {**people, **devices}),
        )
        for event in page.lines
    ]
    return {"page": page, "lines": lines, "names": names, "groups": log_groups(), "action_name": action_name}


def _subject(subject: str, services: Services, known: Mapping[str, str]) -> str:
    """What an action was about; a leading unit code becomes the unit's name, keys the names in `known`, an id is cut short."""
    first, _space, rest = subject.partition(" ")
    keys = subject.split(" ")
    if all(key in known for key in keys):
        return ", ".join(dict.fromkeys(known[key] for key in keys))
    if " → " in subject:
        named = re.sub(r"\b\d{5}\b", lambda code: services.units.name(code[0]), subject)
        return re.sub(r"\b\d{8}$", lambda day: fmt_date(int(day[0])), named).replace("+", ", ")
    if services.units.find(first) is not None:
        return f"{services.units.name(first)} · {rest}" if rest else services.units.name(first)
    return f"{subject[:12]}…" if len(subject) == 64 and " " not in subject else subject


def log_groups() -> list[tuple[str, str]]:
    """Filters of the diary: the beginnings of actions."""
    return [
        ("", _("Tất cả")),
        ("login", _("Đăng nhập")),
        ("account", _("Tài khoản")),
        ("enrolment", _("Mã ghi danh")),
        ("device", _("Máy trạm")),
        ("key", _("Cấp quyền")),
        ("catalogue", _("Danh mục")),
        ("calendar", _("Lịch")),
        ("token", _("Mã truy cập")),
        ("erasure", _("Xóa nội dung")),
        ("units", _("Sắp xếp đơn vị")),
    ]


def action_name(action: str) -> str:
    """What was done, in words."""
    return {
        "login": _("Đăng nhập"),
        "login.refused": _("Đăng nhập sai"),
        "account.made": _("Tạo tài khoản"),
        "account.password": _("Đổi mật khẩu"),
        "account.on": _("Mở tài khoản"),
        "account.off": _("Khóa tài khoản"),
        "account.roles": _("Đổi vai trò"),
        "copy.confirmed": _("Xác nhận bản sao ổ đĩa là máy của tỉnh"),
        "copy.refused": _("Từ chối bản sao ổ đĩa"),
        "enrolment.issued": _("Cấp mã ghi danh"),
        "enrolment.withdrawn": _("Thu hồi mã ghi danh"),
        "device.enrolled": _("Máy trạm ghi danh"),
        "device.restored": _("Máy trạm được phục hồi từ bản sao lưu"),
        "device.looked": _("Đã xem máy phục hồi hoặc bị sao chép"),
        "parcel.taken": _("Nhập gói USB"),
        "key.approved": _("Duyệt đề nghị cấp quyền"),
        "key.confirmed": _("Xác nhận khóa do đơn vị cấp"),
        "key.suspended": _("Tạm khóa"),
        "key.lost": _("Thu hồi khóa: mất"),
        "key.compromised": _("Thu hồi khóa: nghi lộ"),
        "key.retired": _("Thu hồi khóa: thôi dùng"),
        "key.reinstated": _("Mở lại khóa"),
        "review.stands": _("Xét duyệt: chấp nhận bản ghi"),
        "review.refused": _("Xét duyệt: không chấp nhận bản ghi"),
        "key.declined": _("Từ chối đề nghị cấp quyền"),
        "catalogue.published": _("Công bố danh mục"),
        "calendar.published": _("Công bố lịch làm việc"),
        "token.made": _("Tạo mã truy cập"),
        "token.withdrawn": _("Thu hồi mã truy cập"),
        "target.set": _("Đổi chỉ tiêu"),
        "erasure.ordered": _("Quyết định xóa nội dung"),
        "proof.exported": _("Xuất tệp chứng minh"),
        "units.reorganised": _("Sắp xếp đơn vị"),
        "units.allotted": _("Giao hồ sơ cho đơn vị kế thừa"),
        "log_split": _("Nhật ký minh bạch: hai lịch sử"),
    }.get(action, action)


def _known(connection: Connection, login: str) -> Account:
    account = find_account(connection, login)
    if account is None:
        raise ChangeRefused(_("Không có tài khoản này."))
    return account


def _refuse_last(connection: Connection, account: Account) -> None:
    if account.is_active and account.holds(Role.ADMINISTRATOR) and count_administrators(connection) <= 1:
        raise ChangeRefused(_("Đây là quản trị tỉnh cuối cùng: tạo hoặc mở một quản trị khác trước."))
