"""What a person types about accounts, read at the door."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext as _

from central_hub.accounts.service import PASSWORD_LENGTH_MIN
from central_hub.words import role_name
from signing.canonical import normalise_text
from signing.roles import Role

ROLES = (Role.ADMINISTRATOR, Role.STATISTICIAN, Role.AUDITOR, Role.KEY_AUTHORITY)
PASSWORD_LENGTH_MAX = 200
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_LABEL_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountForm:
    """An account as typed; `errors` by field."""

    login: str
    name: str
    roles: tuple[str, ...]
    password: str
    errors: Mapping[str, str]


def role_options() -> list[tuple[str, str]]:
    """The roles that an account of the province may hold."""
    return [(role.value, role_name(role)) for role in ROLES]


def read_roles(values: list[str]) -> tuple[str, ...]:
    """The roles chosen, in their order."""
    return tuple(role.value for role in ROLES if role.value in values)


def read_account(values: Mapping[str, str], roles: list[str]) -> AccountForm:
    """Read the form of a new account."""
    login, name = (
        values.get("login", "").strip().lower(),
        " ".join(normalise_text(values.get("name", "")).split()),
    )
    password = values.get("password", "")
    errors: dict[str, str] = {}
    if _LOGIN.fullmatch(login) is None:
        errors["login"] = _("Từ 2 đến 32 chữ thường không dấu, chữ số, dấu chấm hoặc gạch nối.")
    if not 2 <= len(name) <= 80:
        errors["name"] = _("Nhập họ tên.")
    chosen = read_roles(roles)
    if not chosen:
        errors["roles"] = _("Chọn ít nhất một vai trò.")
    errors |= password_errors("password", password, password)
    return AccountForm(login=login, name=name, roles=chosen, password=password, errors=errors)


def password_errors(field: str, password: str, again: str) -> dict[str, str]:
    """What is wrong with a new password."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return {
            field: _(
                "Mật khẩu có ít nhất %(count)s ký tự; một câu ngắn là dễ nhớ nhất.", count=PASSWORD_LENGTH_MIN
            )
        }
    return {} if password == again else {f"{field}_again": _("Hai lần nhập không giống nhau.")}


def read_target(text: str) -> Fraction | None:
    """A percentage such as 95 or 97,5 as a ratio; None where it is none."""
    plain = text.replace("%", "").replace(",", ".").strip()
    if re.fullmatch(r"\d{1,3}(\.\d{1,2})?", plain) is None:
        return None
    found = Fraction(plain) / 100
    return found if 0 < found <= 1 else None


def read_label(text: str) -> str | None:
    """What a token is for; None where it is empty or too long."""
    label = " ".join(normalise_text(text).split())
    return label if 2 <= len(label) <= _LABEL_MAX else None
