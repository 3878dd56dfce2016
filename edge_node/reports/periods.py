"""The period of a report: two days, what people call it, and the usual ones to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask_babel import gettext as _

from dossiers.local_time import instant, to_yyyymmdd
from dossiers.presentation import fmt_date
from edge_node.entry import read_day

_QUARTERS: Final = ("I", "II", "III", "IV")
MONTHS_CHARTED: Final = 12


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted."""

    first: date
    last: date

    @property
    def first_number(self) -> int:
        return to_yyyymmdd(self.first)

    @property
    def last_number(self) -> int:
        return to_yyyymmdd(self.last)

    @property
    def start_ms(self) -> int:
        return instant(self.first)

    @property
    def end_ms(self) -> int:
        return instant(self.last + timedelta(days=1))

    @property
    def query(self) -> dict[str, str]:
        """The period as it stands in an address and in the two fields."""
        return {"from": fmt_date(self.first), "to": fmt_date(self.last)}

    @property
    def name(self) -> str:
        """Tháng, quý or năm where it is exactly one; else both days."""
        first, last = self.first, self.last
        if self == year_of(first):
            return _("Năm %(year)s", year=first.year)
        if self == quarter_of(first):
            return _(
                "Quý %(quarter)s năm %(year)s", quarter=_QUARTERS[(first.month - 1) // 3], year=first.year
            )
        if self == month_of(first):
            return _("Tháng %(month)s năm %(year)s", month=f"{first.month:02d}", year=first.year)
        return _("Từ %(first)s đến %(last)s", first=fmt_date(first), last=fmt_date(last))


def month_of(day: date) -> Period:
    return _months(day.replace(day=1), 1)


def quarter_of(day: date) -> Period:
    return _months(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3)


def year_of(day: date) -> Period:
    return Period(date(day.year, 1, 1), date(day.year, 12, 31))


def usual(today: date) -> list[tuple[str, Period]]:
    """What is asked for most, by name."""
    month, quarter = month_of(today), quarter_of(today)
    before = timedelta(days=1)
    return [
        (_("Tháng này"), month),
        (_("Tháng trước"), month_of(month.first - before)),
        (_("Quý này"), quarter),
        (_("Quý trước"), quarter_of(quarter.first - before)),
        (_("Năm nay"), year_of(today)),
    ]


def read_period(given: Mapping[str, str], today: date) -> tuple[Period, dict[str, str]]:
    """The period asked for and what is wrong with it; without one, the present quarter."""
    typed = {name: given.get(name, "").strip() for name in ("from", "to")}
    if not any(typed.values()):
        return quarter_of(today), {}
    days = {name: read_day(text) for name, text in typed.items()}
    errors = {
        name: _("Nhập ngày theo dạng ngày/tháng/năm, ví dụ 01/10/2026.")
        for name, day in days.items()
        if day is None
    }
    first, last = days["from"], days["to"]
    if first is None or last is None:
        return quarter_of(today), errors
    if first > last:
        return quarter_of(today), {"to": _("Ngày cuối phải từ ngày đầu trở đi.")}
    if first > today:
        return quarter_of(today), {"from": _("Kỳ này chưa bắt đầu.")}
    return Period(first, last), {}


def charted_months(last: date) -> list[Period]:
    """The months of the chart: twelve, ending with that of `last`."""
    found = [month_of(last)]
    while len(found) < MONTHS_CHARTED:
        found.append(month_of(found[-1].first - timedelta(days=1)))
    return found[::-1]


def _months(first: date, count: int) -> Period:
    whole = first.month - 1 + count
    following = date(first.year + whole // 12, whole % 12 + 1, 1)
    return Period(first, following - timedelta(days=1))
