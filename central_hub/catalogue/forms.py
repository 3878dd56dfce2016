"""What a person types or uploads to publish, read at the door: it becomes the content of the next publication.

A form never changes what is published: a new version of a procedure takes the next number, and a calendar is published
whole under its next version.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from flask_babel import gettext as _

from central_hub.statistics.choice import parse_day
from dossiers.components import Fee
from dossiers.procedures import Catalogue, Procedure
from dossiers.time_rules import RuleType
from signing.canonical import normalise_text

FILE_BYTES_MAX = 1024 * 1024
COUNTED = frozenset({RuleType.N_WORKING_DAYS, RuleType.N_CALENDAR_DAYS, RuleType.N_HOURS})
_AMOUNT_MAX = 365
_MONEY_MAX = 10**10
_LINE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})\s+(.{1,120})")


class FormInvalid(ValueError):
    """What was typed cannot be taken; `errors` by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def read_file(data: bytes) -> dict[str, Any]:
    """The content of an uploaded file; FormInvalid if it is not one JSON object."""
    if not data:
        raise FormInvalid({"file": _("Chọn một tệp JSON.")})
    if len(data) > FILE_BYTES_MAX:
        raise FormInvalid({"file": _("Tệp quá lớn: tối đa 1 MB.")})
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FormInvalid({"file": _("Tệp không phải JSON hợp lệ: %(detail)s", detail=str(error))}) from error
    if not isinstance(content, dict):
        raise FormInvalid({"file": _("Tệp phải là một đối tượng JSON.")})
    return content


def read_procedure(
    form: Mapping[str, str], known: Procedure, catalogue: Catalogue, *, today: int, version: int
) -> dict[str, Any]:
    """The content that publishes a new version of one procedure; FormInvalid names what is wrong."""
    errors: dict[str, str] = {}
    effective = _day(form.get("effective", ""))
    if effective is None or effective < today:
        errors["effective"] = _("Nhập ngày hiệu lực từ hôm nay trở đi, ví dụ 01/01/2027.")
    amount = _whole(form.get("amount", ""), _AMOUNT_MAX) if known.rule.type in COUNTED else None
    if known.rule.type in COUNTED and not amount:
        errors["amount"] = _("Nhập thời hạn là số từ 1 đến %(most)s.", most=_AMOUNT_MAX)
    fees = tuple(_fee(form, fee, errors) for fee in known.fees)
    if errors or effective is None:
        raise FormInvalid(errors)
    newest = max(each.version for each in catalogue.procedures if each.code == known.code)
    difficult = known.rule.amount_difficult
    rule = known.rule
    if amount:
        rule = replace(rule, amount=amount, amount_difficult=max(difficult, amount) if difficult else None)
    changed = replace(
        known,
        version=newest + 1,
        effective_from=effective,
        effective_until=None,
        rule=rule,
        fees=fees,
        unverified=frozenset() if form.get("verified") else known.unverified,
    )
    later = replace(catalogue, version=version, effective=effective, procedures=(changed,))
    return later.to_data() | {"version": version, "effective": effective}


def read_calendar(form: Mapping[str, str], known: Mapping[str, Any], *, version: int) -> dict[str, Any]:
    """The content that publishes the next calendar; FormInvalid names what is wrong."""
    errors: dict[str, str] = {}
    last = _day(form.get("last", ""))
    if last is None or last <= known["first"]:
        errors["last"] = _("Nhập ngày cuối của lịch, ví dụ 31/12/2027.")
    year = _whole(form.get("year", ""), 2099) or 0
    days = {
        name: _days(form.get(name, ""), known[name], year, name, errors)
        for name in ("days_off", "working_days")
    }
    if errors:
        raise FormInvalid(errors)
    return {**known, **days, "version": version, "last": last}


def lines_of(days: list[dict[str, Any]]) -> str:
    """Special days as they are typed: one line each."""
    return "\n".join(
        f"{d['date'] % 100:02d}/{d['date'] // 100 % 100:02d}/{d['date'] // 10000} {d['name_vi']}"
        for d in days
    )


def _days(
    text: str, known: list[dict[str, Any]], year: int, name: str, errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Days of other years as they are, those of `year` as typed."""
    kept = [day for day in known if day["date"] // 10_000 != year]
    before = {day["date"]: day for day in known}
    typed: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(normalise_text(text).splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        date = _day("/".join(found.groups()[:3])) if found else None
        if found is None or date is None or date // 10_000 != year:
            errors[name] = _("Dòng %(number)s: viết ngày trong năm %(year)s rồi tên, ví dụ «02/09/%(year)s Quốc khánh».", number=number, year=year)  # fmt: skip
            return kept
        words = " ".join(found.group(4).split())
        same = before.get(date)
        is_same = same is not None and same["name_vi"] == words
        typed[date] = {
            "date": date,
            "name_vi": words,
            "name_en": same["name_en"] if same is not None and is_same else words,
            "verified": True,
        }
    return sorted([*kept, *typed.values()], key=lambda day: day["date"])


def _fee(form: Mapping[str, str], fee: Fee, errors: dict[str, str]) -> Fee:
    text = form.get(f"fee.{fee.code}", "").replace(".", "").replace(" ", "")
    if not text:
        return replace(fee, amount=None)
    amount = _whole(text, _MONEY_MAX)
    if amount is None:
        errors[f"fee.{fee.code}"] = _("Nhập số tiền bằng đồng, ví dụ 8.000.")
    return replace(fee, amount=amount)


def _whole(text: str, most: int) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= most else None


def _day(text: str) -> int | None:
    try:
        return parse_day(text.replace(".", "/").replace("-", "/"))
    except ValueError:
        return None
