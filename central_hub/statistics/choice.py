"""What a page of figures was asked for, read once from the address: period, grouping, filter, figure, page.

The address holds the whole state, so it can be kept and sent. Dates come as dd/mm/yyyy from the form or as yyyy-mm-dd
from links and programs. What cannot be read is named in `problem`, and the page shows the present quarter instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from central_hub.statistics.lists import Figure
from central_hub.statistics.periods import Period, PeriodInvalid
from central_hub.statistics.service import Filter, Group
from dossiers.local_time import from_yyyymmdd, to_yyyymmdd

_FIRST_YEAR, _LAST_YEAR = 2000, 2099
_PERIOD_DAYS_MAX = 366 * 10


class ChoiceInvalid(ValueError):
    """A value in the address that cannot be read; the message names the parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to show."""

    period: Period
    group: Group = Group.COMMUNE
    filter: Filter = field(default_factory=Filter)
    figure: Figure = Figure.RECEIVED
    page: int = 1
    problem: str = ""

    def address(self, path: str, **changes: Any) -> str:
        """The address of a page with this choice; `changes` are parameters, None leaves one out."""
        values: dict[str, Any] = {
            "from": iso(self.period.first),
            "to": iso(self.period.last),
            "commune": self.filter.commune,
            "field": self.filter.field,
            "procedure": self.filter.procedure,
        } | changes
        if values.get("group") == Group.COMMUNE.value:
            del values["group"]
        kept = {name: value for name, value in values.items() if value not in (None, "")}
        return f"{path}?{urlencode(kept)}" if kept else path

    def behind(self, figure: Figure, **changes: Any) -> str:
        """The list of dossiers that a figure counts."""
        return self.address("/statistics/dossiers", figure=figure.value, **changes)


def read_choice(args: Mapping[str, str], *, today: int) -> Choice:
    """The choice of a page; what cannot be read becomes the present quarter and a problem."""
    try:
        return read_strictly(args, today=today)
    except ChoiceInvalid as error:
        return replace(Choice(period=quarter_of(today)), problem=str(error))


def read_strictly(args: Mapping[str, str], *, today: int) -> Choice:
    """The choice of a program; ChoiceInvalid names the parameter that cannot be read."""
    return Choice(
        period=_period(args, today),
        group=_one_of(Group, args, "group", Group.COMMUNE),
        filter=Filter(
            commune=_code(args, "commune"), field=_code(args, "field"), procedure=_code(args, "procedure")
        ),
        figure=_one_of(Figure, args, "figure", Figure.RECEIVED),
        page=_whole(args, "page"),
    )


def quarter_of(day: int) -> Period:
    """The quarter that holds a day."""
    year, month = divmod(day // 100, 100)
    return Period.quarter(year, (month + 2) // 3)


def presets(today: int) -> list[tuple[str, Period]]:
    """The periods people ask for, by name."""
    year, month = divmod(today // 100, 100)
    before = from_yyyymmdd(Period.month(year, month).first) - timedelta(days=1)
    quarter = quarter_of(today)
    last_quarter = quarter_of(to_yyyymmdd(quarter.first_date - timedelta(days=1)))
    return [
        ("this_month", Period.month(year, month)),
        ("last_month", Period.month(before.year, before.month)),
        ("this_quarter", quarter),
        ("last_quarter", last_quarter),
        ("this_year", Period.year(year)),
    ]


def previous(period: Period, today: int) -> Period:
    """What to compare with: the month, quarter or year before, up to as many days as have passed; else as many days."""
    past = period.until(today)
    before = period.first_date - timedelta(days=1)
    whole = _whole_before(period, before)
    if whole is None:
        return Period(first=to_yyyymmdd(before - timedelta(days=past.days - 1)), last=to_yyyymmdd(before))
    if past == period:
        return whole
    end = min(whole.last, to_yyyymmdd(whole.first_date + timedelta(days=past.days - 1)))
    return Period(first=whole.first, last=end)


def iso(day: int) -> str:
    """yyyy-mm-dd of yyyymmdd."""
    return from_yyyymmdd(day).isoformat()


def parse_day(text: str) -> int:
    """yyyymmdd of dd/mm/yyyy or yyyy-mm-dd; raises ValueError."""
    found: date
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        found = datetime.strptime(text.strip(), "%d/%m/%Y").date()  # noqa: DTZ007 — a day has no zone
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(text)
    return to_yyyymmdd(found)


def _whole_before(period: Period, before: date) -> Period | None:
    year, month = divmod(period.first // 100, 100)
    if period == Period.month(year, month):
        return Period.month(before.year, before.month)
    if period == Period.year(year):
        return Period.year(year - 1)
    quarter = quarter_of(period.first)
    return quarter_of(to_yyyymmdd(before)) if period == quarter else None


def _period(args: Mapping[str, str], today: int) -> Period:
    usual = quarter_of(today)
    if not args.get("from") and not args.get("to"):
        return usual
    first = _day(args, "from", usual.first)
    last = _day(args, "to", max(first, today))
    try:
        period = Period(first=first, last=last)
    except PeriodInvalid as error:
        raise ChoiceInvalid("to") from error
    if period.days > _PERIOD_DAYS_MAX:
        raise ChoiceInvalid("from")
    return period


def _day(args: Mapping[str, str], name: str, usual: int) -> int:
    text = args.get(name, "")
    if not text:
        return usual
    try:
        return parse_day(text)
    except ValueError as error:
        raise ChoiceInvalid(name) from error


def _one_of(kind: Any, args: Mapping[str, str], name: str, usual: Any) -> Any:
    text = args.get(name, "")
    try:
        return kind(text) if text else usual
    except ValueError as error:
        raise ChoiceInvalid(name) from error


def _code(args: Mapping[str, str], name: str) -> str | None:
    text = args.get(name, "").strip()
    if len(text) > 40 or not all(letter.isalnum() or letter in "._-" for letter in text):
        raise ChoiceInvalid(name)
    return text or None


def _whole(args: Mapping[str, str], name: str) -> int:
    text = args.get(name, "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 10**6:
        raise ChoiceInvalid(name)
    return int(text)
