"""What a procedure is made of: names in two languages, papers, questions of its form, fees. Plain data with its rules."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class PaperForm(IntEnum):
    """In which form a paper is handed in; the numbers stand in records."""

    ORIGINAL = 1
    CERTIFIED_COPY = 2
    PLAIN_COPY = 3


class FieldKind(StrEnum):
    """How the screen asks for a value; the value itself is text."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    ID_NUMBER = "id_number"
    CHOICE = "choice"


class FeeUnit(StrEnum):
    """What one unit of a fee is charged for."""

    CASE = "case"
    COPY = "copy"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A name in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A component of the dossier (thành phần hồ sơ)."""

    code: str
    name: Words
    form: PaperForm = PaperForm.ORIGINAL
    count: int = 1
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A question of the procedure's own form; in records its code is `form.<code>`."""

    code: str
    label: Words
    kind: FieldKind = FieldKind.TEXT
    is_required: bool = True
    options: tuple[Option, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is FieldKind.CHOICE) != bool(self.options):
            raise ValueError("a choice has options, and nothing else has")

    @property
    def record_code(self) -> str:
        return f"form.{self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """In đồng; None where the province's council sets it and the desk fills it in.

    `amount` for each unit, `amount_after` for each beyond the first `first_units`, no more than `amount_max` in all.

    `always` fees are owed by default; the others the desk adds where they apply (late registration, business use).
    """

    code: str
    name: Words
    unit: FeeUnit = FeeUnit.CASE
    amount: int | None = None
    amount_online: int | None = None
    first_units: int | None = None
    amount_after: int | None = None
    amount_max: int | None = None
    always: bool = True

    def __post_init__(self) -> None:
        if (self.first_units is None) != (self.amount_after is None):
            raise ValueError("a second price needs the number of units at the first, and the other way round")

    def total(self, units: int, *, online: bool = False) -> int | None:
        """What so many units cost; None where the amount is not known here."""
        each = self.amount_online if online and self.amount_online is not None else self.amount
        if each is None:
            return None
        cost = each * units
        if self.first_units is not None and self.amount_after is not None:
            beyond = max(0, units - self.first_units)
            cost = each * (units - beyond) + self.amount_after * beyond
        return cost if self.amount_max is None else min(cost, self.amount_max)
