"""What people type, one value at a time: the door that every screen's `forms.py` uses.

An `Entry` reads a posted form and gathers what is wrong, by field, in the order of reading; nothing raises, so one
answer names every mistake. Text is made fit to be signed here (`normalise_text`) and nowhere deeper. What the form as a
whole means is the business of each room's `forms.py`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from flask_babel import get_locale
from flask_babel import gettext as _

from dossiers.local_time import instant, to_yyyymmdd
from dossiers.presentation import fmt_number
from signing.canonical import normalise_text

LINE_MAX: Final = 500
TEXT_MAX: Final = 4_000
MONEY_MAX: Final = 10**12
_ID_NUMBER: Final = re.compile(r"[0-9]{12}|[0-9]{9}")
_PASSPORT: Final = re.compile(r"[A-Z][0-9]{6,9}")
_PHONE: Final = re.compile(r"\+?[0-9]{9,13}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s.]{2,63}")
_DAY: Final = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_DIGITS_DAY: Final = re.compile(r"(\d{2})(\d{2})(\d{4})")
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:hH]([0-5]\d)?")
_YEARS: Final = range(1900, 2100)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A form that cannot be taken yet: the message for each field that is wrong."""

    errors: dict[str, str]


@dataclass(slots=True)
class Entry:
    """Reads typed values and remembers what is wrong with them."""

    form: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def fail(self, name: str, message: str) -> None:
        """Note a mistake; the first one of a field stays."""
        self.errors.setdefault(name, message)

    @property
    def rejected(self) -> Rejected | None:
        return Rejected(self.errors) if self.errors else None

    def line(self, name: str, *, needed: str = "", most: int = LINE_MAX) -> str:
        """One line of text; `needed` is the message where it is empty."""
        text = " ".join(normalise_text(self.form.get(name, "")).split())
        return self._bounded(name, text, needed, most)

    def text(self, name: str, *, needed: str = "", most: int = TEXT_MAX) -> str:
        """Text with its line breaks."""
        lines = normalise_text(self.form.get(name, "")).strip().split("\n")
        return self._bounded(name, "\n".join(line.rstrip() for line in lines), needed, most)

    def flag(self, name: str) -> bool:
        return self.form.get(name, "") not in ("", "0")

    def choice(self, name: str, allowed: Collection[str], *, default: str = "", needed: str = "") -> str:
        """One of the values offered; anything else is refused like an empty one."""
        chosen = self.form.get(name, "") or default
        if chosen in allowed:
            return chosen
        if chosen or needed:
            self.fail(name, needed or _("Hãy chọn một trong các mục được nêu."))
        return ""

    def whole(self, name: str, *, least: int = 0, most: int = 999, default: int = 0) -> int:
        """A whole number; 8.000 and 8,000 are eight thousand."""
        typed = self.form.get(name, "").strip()
        if not typed:
            return default
        digits = re.sub(r"[.,\s\u00a0đ]", "", typed)
        is_number = digits.isascii() and digits.isdigit()
        # Zeros in front count for nothing, and what is longer than any bound is never made a number.
        number = int(digits.lstrip("0")[: len(str(most)) + 1] or "0") if is_number else -1
        if not least <= number <= most:
            self.fail(
                name, _("Nhập một số từ %(least)s đến %(most)s.", least=_grouped(least), most=_grouped(most))
            )
            return default
        return number

    def money(self, name: str) -> int:
        return self.whole(name, most=MONEY_MAX)

    def day(self, name: str, *, needed: str = "") -> int | None:
        """A date as yyyymmdd, typed dd/mm/yyyy or ddmmyyyy."""
        typed = self.form.get(name, "").strip()
        if not typed:
            if needed:
                self.fail(name, needed)
            return None
        found = read_day(typed)
        if found is None:
            self.fail(name, _("Nhập ngày theo dạng ngày/tháng/năm, ví dụ 05/02/1992."))
            return None
        return to_yyyymmdd(found)

    def moment(self, name: str, *, default_minutes: int, needed: str = "") -> int | None:
        """An instant from the fields `name` (date) and `name.time` (HH:mm, optional)."""
        day = self.day(name, needed=needed)
        minutes = self.time_of_day(f"{name}.time")
        if day is None:
            return None
        on = date(day // 10_000, day // 100 % 100, day % 100)
        return instant(on, default_minutes if minutes is None else minutes)

    def time_of_day(self, name: str) -> int | None:
        """Minutes after midnight."""
        typed = self.form.get(name, "").strip()
        if not typed:
            return None
        found = _TIME.fullmatch(typed)
        if found is None:
            self.fail(name, _("Nhập giờ theo dạng giờ:phút, ví dụ 14:30."))
            return None
        return int(found[1]) * 60 + int(found[2] or 0)

    def id_number(self, name: str, *, needed: str = "") -> str:
        """12 digits; old 9-digit numbers and passports occur too."""
        text = re.sub(r"[\s.\-]", "", self.line(name, needed=needed, most=40)).upper()
        if text and not _ID_NUMBER.fullmatch(text) and not _PASSPORT.fullmatch(text):
            self.fail(name, _("Số định danh có 12 chữ số; hộ chiếu gồm 1 chữ cái và các chữ số."))
        return text

    def phone(self, name: str) -> str:
        text = re.sub(r"[\s.\-()]", "", self.line(name, most=40))
        if text and not _PHONE.fullmatch(text):
            self.fail(name, _("Số điện thoại có từ 9 đến 13 chữ số."))
        return text

    def email(self, name: str) -> str:
        text = self.line(name, most=320)
        if text and not _EMAIL.fullmatch(text):
            self.fail(name, _("Thư điện tử phải có dạng ten@tenmien.vn."))
        return text

    def _bounded(self, name: str, text: str, needed: str, most: int) -> str:
        if not text and needed:
            self.fail(name, needed)
        if len(text) > most:
            self.fail(
                name,
                _(
                    "Dài quá %(most)s ký tự (đang có %(count)s); hãy rút gọn.",
                    most=_grouped(most),
                    count=_grouped(len(text)),
                ),
            )
        return text


def _grouped(number: int) -> str:
    return fmt_number(number, str(get_locale()))


def read_day(typed: str) -> date | None:
    """The date somebody typed, or None where it is none."""
    found = _DAY.fullmatch(typed) or _DIGITS_DAY.fullmatch(typed)
    if found is None:
        return None
    try:
        day = date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    return day if day.year in _YEARS else None
