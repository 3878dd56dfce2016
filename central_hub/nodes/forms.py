"""What a person types to get an enrolment code, read at the door."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from central_hub.services import Services
from central_hub.words import role_name
from signing.canonical import normalise_text
from signing.roles import Role

NAME_LENGTH_MAX = 60
_ORDER = (Role.UNIT_ADMINISTRATOR, Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeForm:
    """A request for a code; `errors` by field, empty when it can be made."""

    unit: str
    device_name: str
    roles: tuple[str, ...]
    errors: Mapping[str, str]


def role_options() -> list[tuple[str, str]]:
    """The roles that a PC's first officer may be given."""
    return [(role.value, role_name(role)) for role in _ORDER]


def read_code_form(values: Mapping[str, str], roles: list[str], services: Services) -> CodeForm:
    """Read the form."""
    unit, name = values.get("unit", ""), " ".join(normalise_text(values.get("device_name", "")).split())
    errors: dict[str, str] = {}
    if unit == services.province or services.units.find(unit) is None:
        errors["unit"] = _("Chọn đơn vị trong danh sách.")
    if not name or len(name) > NAME_LENGTH_MAX:
        errors["device_name"] = _(
            "Đặt tên máy, tối đa %(count)s ký tự, ví dụ «PC quầy 1».", count=NAME_LENGTH_MAX
        )
    chosen = tuple(role.value for role in _ORDER if role.value in roles)
    if not chosen:
        errors["roles"] = _("Chọn ít nhất một vai trò cho người đầu tiên của máy.")
    return CodeForm(unit=unit, device_name=name, roles=chosen, errors=errors)
