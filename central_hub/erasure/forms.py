"""The form of an erasure order of the province."""

import re
from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _

from central_hub.erasure.service import Wish
from dossiers.erasures import GROUNDS
from dossiers.local_time import to_yyyymmdd
from signing.canonical import normalise_text

_DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_LINE_MAX = 200


def read_order(values: Mapping[str, str], dossier: str) -> tuple[Wish | None, dict[str, str]]:
    """The order, or what is wrong with it, by field."""
    number, signer = _line(values, "number"), _line(values, "signer")
    note = normalise_text(values.get("note", "")).strip()[:4_000]
    ground, day = values.get("ground", ""), _day(values.get("date", ""))
    errors: dict[str, str] = {}
    if not number:
        errors["number"] = _("Nhập số quyết định.")
    if day is None:
        errors["date"] = _("Nhập ngày quyết định theo dạng ngày/tháng/năm.")
    if ground not in GROUNDS:
        errors["ground"] = _("Chọn căn cứ pháp lý.")
    if not values.get("understood"):
        errors["understood"] = _("Xác nhận rằng nội dung đã xóa không khôi phục được.")
    if errors or day is None:
        return None, errors
    wish = Wish(dossier=dossier, ground=ground, number=number, date=day, signer=signer, note=note)
    return wish, errors


def _line(values: Mapping[str, str], name: str) -> str:
    return " ".join(normalise_text(values.get(name, "")).split())[:_LINE_MAX]


def _day(text: str) -> int | None:
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return to_yyyymmdd(date(int(found[3]), int(found[2]), int(found[1])))
    except ValueError:
        return None
