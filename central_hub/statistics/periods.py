"""Periods of reports, and how a period is cut into whole months and single days so that few counters are read."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from dossiers.local_time import from_yyyymmdd, to_yyyymmdd


class PeriodInvalid(ValueError):
    """Days that are none, or in the wrong order."""


class Grain(StrEnum):
    """What one row of a counter spans."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Counters of one grain from `first` to `last`, both included (yyyymmdd or yyyymm)."""

    grain: Grain
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `first` to `last`, both included, as yyyymmdd."""

    first: int
    last: int

    def __post_init__(self) -> None:
        try:
            from_yyyymmdd(self.first), from_yyyymmdd(self.last)
        except ValueError as error:
            raise PeriodInvalid(f"{self.first}…{self.last}: {error}") from error
        if self.first > self.last:
            raise PeriodInvalid(f"{self.first} is after {self.last}")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        return cls(
            first=year * 10000 + month * 100 + 1, last=year * 10000 + month * 100 + monthrange(year, month)[1]
        )

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Self:
        last = quarter * 3
        return cls(first=cls.month(year, last - 2).first, last=cls.month(year, last).last)

    @classmethod
    def year(cls, year: int) -> Self:
        return cls(first=year * 10000 + 101, last=year * 10000 + 1231)

    @property
    def first_date(self) -> date:
        return from_yyyymmdd(self.first)

    @property
    def last_date(self) -> date:
        return from_yyyymmdd(self.last)

    @property
    def days(self) -> int:
        return (self.last_date - self.first_date).days + 1

    def until(self, today: int) -> "Period":
        """The part that is past: stocks are told as of today, not as of a day to come."""
        return self if self.last <= today else Period(first=min(self.first, today), last=today)

    def before(self) -> list[Piece]:
        """Everything before the period."""
        pieces = [Piece(grain=Grain.MONTH, first=0, last=_month_before(self.first // 100))]
        if self.first % 100 > 1:
            pieces.append(Piece(grain=Grain.DAY, first=self.first // 100 * 100 + 1, last=self.first - 1))
        return pieces

    def within(self) -> list[Piece]:
        """The period itself: days at its ends, months between."""
        first_month, last_month = self.first // 100, self.last // 100
        starts_whole = self.first % 100 == 1
        ends_whole = self.last == Period.month(*divmod(last_month, 100)).last
        if first_month == last_month and not (starts_whole and ends_whole):
            return [Piece(grain=Grain.DAY, first=self.first, last=self.last)]
        pieces = []
        if not starts_whole:
            end = Period.month(*divmod(first_month, 100)).last
            pieces.append(Piece(grain=Grain.DAY, first=self.first, last=end))
            first_month = _month_after(first_month)
        if not ends_whole:
            pieces.append(Piece(grain=Grain.DAY, first=last_month * 100 + 1, last=self.last))
            last_month = _month_before(last_month)
        if first_month <= last_month:
            pieces.append(Piece(grain=Grain.MONTH, first=first_month, last=last_month))
        return pieces

    def months(self) -> list["Period"]:
        """The period cut at the ends of months."""
        found, month = [], self.first // 100
        while month <= self.last // 100:
            whole = Period.month(*divmod(month, 100))
            found.append(Period(first=max(whole.first, self.first), last=min(whole.last, self.last)))
            month = _month_after(month)
        return found

    def day_numbers(self) -> list[int]:
        """Every day of the period."""
        return [to_yyyymmdd(self.first_date + timedelta(days=n)) for n in range(self.days)]


def _month_before(month: int) -> int:
    return month - 1 if month % 100 > 1 else month - 89


def _month_after(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89
