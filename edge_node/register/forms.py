"""What may be asked of the register: read once from the address, then typed.

Whatever cannot be read means "not chosen": an address typed wrong shows the present month, never an error page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from dossiers.local_time import instant, local_date

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
YEARS: Final = range(2000, 2100)
PAGES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in Vietnam."""

    year: int
    number: int

    @property
    def text(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def next(self) -> "Month":
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    @property
    def before(self) -> "Month":
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    @property
    def last(self) -> date:
        return date.fromordinal(self.next.first.toordinal() - 1)

    @property
    def start_ms(self) -> int:
        return instant(self.first)

    @property
    def end_ms(self) -> int:
        return instant(self.next.first)

    @classmethod
    def of(cls, ms: int) -> "Month":
        day = local_date(ms)
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month | None":
        found = _MONTH.fullmatch(text)
        if not found or int(found[1]) not in YEARS or not 1 <= int(found[2]) <= 12:
            return None
        return cls(int(found[1]), int(found[2]))


class Show(StrEnum):
    """Which rows of the month's book are shown."""

    ALL = ""
    OPEN = "open"
    READY = "ready"
    RETURNED = "returned"
    LATE = "late"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A register as asked for."""

    month: Month
    show: Show = Show.ALL
    sector: str = ""
    page: int = 1
    format: str = ""


def read_request(given: Mapping[str, str], *, now_ms: int) -> Request:
    show = given.get("show", "")
    page = given.get("page", "")
    return Request(
        month=Month.parse(given.get("month", "")) or Month.of(now_ms),
        show=Show(show) if show in set(Show) else Show.ALL,
        sector=given.get("sector", "")[:40],
        page=max(1, min(int(page), PAGES_MAX)) if page.isascii() and page.isdigit() else 1,
        format=given.get("format", ""),
    )
