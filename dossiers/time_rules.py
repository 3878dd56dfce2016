"""The kinds of statutory time limit a procedure can have, as data, and how they read.

A rule says how long; `deadlines` says until when. Internal step hours of an office never replace the limit here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CUTOFF_MINUTES: Final = 15 * 60


class RuleType(StrEnum):
    SAME_DAY_CUTOFF = "same_day_cutoff"
    N_WORKING_DAYS = "n_working_days"
    N_CALENDAR_DAYS = "n_calendar_days"
    N_HOURS = "n_hours"
    CONDITIONAL_EXTENSION = "conditional_extension"
    BY_AGREEMENT = "by_agreement"
    NONE = "none"


class Area(StrEnum):
    """Some limits are longer where travel is hard."""

    ORDINARY = "ordinary"
    DIFFICULT = "difficult"


class Condition(StrEnum):
    """What makes the longer limb of a conditional rule apply; an officer states it."""

    VERIFICATION = "verification"
    MANY_PAGES = "many_pages"


_COUNTED: Final = {
    RuleType.N_WORKING_DAYS: ("ngày làm việc", "working days"),
    RuleType.N_CALENDAR_DAYS: ("ngày", "days"),
    RuleType.N_HOURS: ("giờ làm việc", "working hours"),
}
_WHEN: Final = {
    Condition.VERIFICATION: ("khi phải xác minh", "when verification is needed"),
    Condition.MANY_PAGES: ("khi hồ sơ nhiều trang, phức tạp", "when there are many pages"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """A time limit. `agreement`: a longer time may be agreed in writing with the applicant.

    A conditional rule has two limbs: `base`, and `extended` which replaces it or, with `adds`, is counted after it.
    """

    type: RuleType
    amount: int = 0
    amount_difficult: int | None = None
    cutoff_minutes: int = _CUTOFF_MINUTES
    agreement: bool = False
    base: "TimeRule | None" = None
    extended: "TimeRule | None" = None
    adds: bool = False
    condition: Condition = Condition.VERIFICATION

    def __post_init__(self) -> None:
        if (self.type in _COUNTED) != (self.amount > 0):
            raise ValueError(f"{self.type}: an amount belongs to counted limits, and only there")
        if self.amount_difficult is not None and self.amount_difficult < self.amount:
            raise ValueError("the limit of difficult areas is not shorter than the ordinary one")
        if not 0 < self.cutoff_minutes < 24 * 60:
            raise ValueError("the cut-off is a minute of the day")
        if self.type is RuleType.CONDITIONAL_EXTENSION:
            self._check_limbs(*self.limbs)
        elif self.base or self.extended:
            raise ValueError("only a conditional rule has limbs")

    def _check_limbs(self, base: "TimeRule", extended: "TimeRule") -> None:
        if RuleType.CONDITIONAL_EXTENSION in (base.type, extended.type):
            raise ValueError("a limb is a plain rule")
        if self.adds and extended.type not in (RuleType.N_WORKING_DAYS, RuleType.N_HOURS):
            raise ValueError("only working time can be added after the base limit")

    @property
    def limbs(self) -> tuple["TimeRule", "TimeRule"]:
        if self.base is None or self.extended is None:
            raise ValueError("a conditional rule needs both limbs")
        return self.base, self.extended

    @property
    def allows_agreement(self) -> bool:
        return self.agreement or self.type is RuleType.BY_AGREEMENT

    def amount_in(self, area: Area) -> int:
        longer = area is Area.DIFFICULT and self.amount_difficult is not None
        return self.amount_difficult if longer and self.amount_difficult is not None else self.amount

    def applied(self, *, verification: bool) -> "TimeRule":
        """The plain rule whose kind of time is being counted."""
        if self.type is not RuleType.CONDITIONAL_EXTENSION:
            return self
        base, extended = self.limbs
        return extended if verification else base


def describe_rule(rule: TimeRule, *, english: bool = False) -> str:
    """The limit in words, as the slip prints it."""
    text = _describe(rule, english)
    if rule.agreement:
        text += ", or as agreed in writing" if english else ", hoặc theo thời gian thỏa thuận bằng văn bản"
    return text


def _describe(rule: TimeRule, english: bool) -> str:
    match rule.type:
        case RuleType.SAME_DAY_CUTOFF:
            return _describe_same_day(rule, english)
        case RuleType.CONDITIONAL_EXTENSION:
            return _describe_conditional(rule, english)
        case RuleType.BY_AGREEMENT:
            return "As agreed in writing" if english else "Theo thời gian thỏa thuận bằng văn bản"
        case RuleType.NONE:
            return "No time limit set" if english else "Không quy định thời hạn"
        case _:
            return _describe_counted(rule, english)


def _describe_same_day(rule: TimeRule, english: bool) -> str:
    cutoff = f"{rule.cutoff_minutes // 60:02d}:{rule.cutoff_minutes % 60:02d}"
    if english:
        return f"The same day; the next working day when received after {cutoff}"
    return f"Trong ngày; tiếp nhận sau {cutoff} thì trả trong ngày làm việc tiếp theo"


def _describe_conditional(rule: TimeRule, english: bool) -> str:
    base, extended = (_describe(limb, english) for limb in rule.limbs)
    when = _WHEN[rule.condition][english]
    if english:
        return f"{base}; {extended} {'more ' if rule.adds else ''}{when}"
    return f"{base}; {'thêm' if rule.adds else 'không quá'} {extended} {when}"


def _describe_counted(rule: TimeRule, english: bool) -> str:
    unit = _COUNTED[rule.type][english]
    if english and rule.amount == 1:
        unit = unit.removesuffix("s")
    text = f"{rule.amount} {unit}"
    if rule.amount_difficult is not None:
        where = "in difficult areas" if english else "ở địa bàn khó khăn"
        text += f" ({rule.amount_difficult} {unit} {where})"
    return text
