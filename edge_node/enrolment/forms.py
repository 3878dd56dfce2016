"""The set-up page's form: typed text in, a wish out, or a message for each field that is wrong."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from edge_node.accounts.service import check_pin
from edge_node.enrolment.service import NAME_MAX, Wish
from edge_node.journal import WriteRefused
from signing.canonical import normalise_text
from sync_protocol.enrolment import parse_code
from sync_protocol.errors import RemoteFault

FIELDS: Final = ("hub_url", "code", "device_name", "officer_name", "officer_title")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed (PINs are never shown again) and what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    wish: Wish | None


def empty_form() -> Typed:
    """The form before anything was typed; the PC's network name is a good first guess."""
    return Typed({"device_name": socket.gethostname()[:NAME_MAX]}, {}, None)


def read_form(form: Mapping[str, str]) -> Typed:
    """Check every field; a wish only when all of them are right."""
    values = {name: normalise_text(form.get(name, "")).strip() for name in FIELDS}
    values["hub_url"] = complete_address(values["hub_url"])
    pin = normalise_text(form.get("pin", ""))
    errors = _errors(values, pin, normalise_text(form.get("pin_again", "")))
    wish = None if errors else Wish(**values, pin=pin)
    return Typed(values, errors, wish)


def complete_address(text: str) -> str:
    """People type the name of a server; the hub speaks TLS unless http was typed on purpose."""
    return text if not text or "://" in text else f"https://{text}"


def _errors(values: Mapping[str, str], pin: str, again: str) -> dict[str, str]:
    errors = {}
    if not values["hub_url"].startswith(("https://", "http://")):
        errors["hub_url"] = _("Nhập địa chỉ trung tâm tỉnh, ví dụ https://motcua.danang.gov.vn.")
    try:
        parse_code(values["code"])
    except RemoteFault:
        errors["code"] = _("Mã ghi danh gồm 25 ký tự; đối chiếu lại từng nhóm 5 ký tự.")
    for name, message in (
        ("device_name", _("Đặt tên máy, ví dụ «Quầy 1».")),
        ("officer_name", _("Nhập họ và tên người quản trị đơn vị.")),
    ):
        if not 0 < len(values[name]) <= NAME_MAX:
            errors[name] = message
    try:
        check_pin(pin)
    except WriteRefused:
        errors["pin"] = _("Chọn ít nhất 6 ký tự, không phải một ký tự lặp lại hay dãy liên tiếp.")
    if "pin" not in errors and pin != again:
        errors["pin_again"] = _("Hai lần nhập mã PIN không giống nhau.")
    return errors
