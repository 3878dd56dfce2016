"""Until when: due dates, stopping and resuming the clock, and whether a dossier was early, on time or late.

A due date is a function of the time of receipt, the rule of the *pinned* procedure version and the calendar; it is
computed once, written into the record, and moves only by a signed record (pause, extension). Seconds never count.
Early, on time and late compare dates in Vietnam, not clock times. Time a day can be counted in is `calendar`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from dossiers.calendar import MINUTE_MS, WorkingCalendar, local_date, minute_of_day
from dossiers.time_rules import Area as Area
from dossiers.time_rules import Condition as Condition
from dossiers.time_rules import RuleType as RuleType
from dossiers.time_rules import TimeRule as TimeRule
from dossiers.time_rules import describe_rule as describe_rule


def due(
    received_ms: int,
    rule: TimeRule,
    calendar: WorkingCalendar,
    *,
    verification: bool = False,
    agreed_ms: int | None = None,
    area: Area = Area.ORDINARY,
) -> int | None:
    """When the result is due; None where the rule sets no date.

    `verification` states that the condition of a conditional rule holds (verification, many pages).
    """
    if agreed_ms is not None:
        if not rule.allows_agreement:
            raise ValueError("this rule leaves no room for an agreed time")
        return chosen_due(agreed_ms, calendar)
    if rule.type is not RuleType.CONDITIONAL_EXTENSION:
        return _plain_due(received_ms, rule, calendar, area)
    base, extended = rule.limbs
    if not verification:
        return _plain_due(received_ms, base, calendar, area)
    start = _plain_due(received_ms, base, calendar, area) if rule.adds else received_ms
    return None if start is None else _plain_due(start, extended, calendar, area)


def _plain_due(received_ms: int, rule: TimeRule, calendar: WorkingCalendar, area: Area) -> int | None:
    start = calendar.start_of_work(received_ms)
    amount = rule.amount_in(area)
    match rule.type:
        case RuleType.SAME_DAY_CUTOFF:
            return _same_day_due(start, rule.cutoff_minutes, calendar)
        case RuleType.N_WORKING_DAYS:
            return calendar.add_working_days(start, amount)
        case RuleType.N_HOURS:
            return calendar.add_minutes(start, amount * 60)
        case RuleType.N_CALENDAR_DAYS:
            return _calendar_days_due(start, amount, calendar)
        case _:
            return None


def _same_day_due(start: int, cutoff_minutes: int, calendar: WorkingCalendar) -> int:
    """Closing time of the day; of the next working day after the cut-off. 15:00 itself is not "after 15:00"."""
    day = local_date(start)
    return calendar.closing(calendar.next_working_day(day) if minute_of_day(start) > cutoff_minutes else day)


def _calendar_days_due(start: int, days: int, calendar: WorkingCalendar) -> int:
    """Closing time of the last day; the day of receipt is not counted, a closed last day rolls forward."""
    return calendar.closing(calendar.working_day_from(local_date(start) + timedelta(days=days)))


def chosen_due(ms: int, calendar: WorkingCalendar) -> int:
    """A moment people chose (agreement, Mẫu 04) as a due date: kept if in office hours, else closing time of that day."""
    ms -= ms % MINUTE_MS
    day = calendar.working_day_from(local_date(ms))
    return ms if calendar.is_working_time(ms) and ms > calendar.opening(day) else calendar.closing(day)


def reception_due(submitted_ms: int, calendar: WorkingCalendar, *, hours: int) -> int:
    """Until when an online dossier must be checked and answered; apart from the time for settling it."""
    return calendar.add_minutes(calendar.start_of_work(submitted_ms), hours * 60)


def apology_due(due_ms: int, calendar: WorkingCalendar, *, days: int) -> int:
    """Until when a written apology (Mẫu 04) must go out if the result will be late."""
    return calendar.add_minutes(due_ms, -days * calendar.working_day_minutes)


class FrozenUnit(StrEnum):
    MINUTES = "minutes"
    DAYS = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What is left of the time while the clock stands; negative when the dossier was overdue already."""

    unit: FrozenUnit
    amount: int

    def to_facts(self) -> dict[str, str | int]:
        return {"unit": self.unit.value, "amount": self.amount}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Frozen":
        return cls(unit=FrozenUnit(facts["unit"]), amount=int(facts["amount"]))


def freeze(
    now_ms: int, due_ms: int, rule: TimeRule, calendar: WorkingCalendar, *, verification: bool = False
) -> Frozen:
    """The remaining working minutes, or for a limit in calendar days the remaining days."""
    if rule.applied(verification=verification).type is RuleType.N_CALENDAR_DAYS:
        return Frozen(unit=FrozenUnit.DAYS, amount=(local_date(due_ms) - local_date(now_ms)).days)
    return Frozen(unit=FrozenUnit.MINUTES, amount=calendar.minutes_between(now_ms, due_ms))


def resume(now_ms: int, frozen: Frozen, calendar: WorkingCalendar, *, not_before: int | None = None) -> int:
    """The new due date. `not_before` is the old one: a calendar changed meanwhile must not shorten the time either."""
    if frozen.unit is FrozenUnit.DAYS:
        last = local_date(now_ms) + timedelta(days=frozen.amount)
        resumed = calendar.closing(calendar.working_day_from(last))
    else:
        resumed = calendar.after_break(calendar.add_minutes(now_ms, frozen.amount))
    return resumed if not_before is None else max(resumed, not_before)


class Timeliness(StrEnum):
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"


def classify(finished_ms: int, due_ms: int | None) -> Timeliness:
    """By date: the day the result was ready against the day it was due; no due date is on time."""
    if due_ms is None:
        return Timeliness.ON_TIME
    finished, promised = local_date(finished_ms), local_date(due_ms)
    if finished == promised:
        return Timeliness.ON_TIME
    return Timeliness.EARLY if finished < promised else Timeliness.LATE


def is_overdue(now_ms: int, due_ms: int | None) -> bool:
    """Whether an open dossier is past its day."""
    return due_ms is not None and local_date(now_ms) > local_date(due_ms)
