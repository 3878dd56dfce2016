"""How dates, numbers, money and identity numbers are written for people, in Vietnamese and in English.

The rule of the room: a value and a locale go in, a short text comes out; the same text on node, hub and paper.
Instants are milliseconds since 1970 (UTC) and are always shown in Vietnam's time, whatever the PC's zone says; dates are
integers ``yyyymmdd``. "Now" is an argument. The room translates no sentences: those live in the apps' catalogues.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, TypeAlias

# Vietnam keeps one offset and no summer time; the constant needs no time-zone database on a Windows PC.
_VIETNAM: Final = timezone(timedelta(hours=7))
_NOTHING: Final = "–"
_NBSP: Final = "\u00a0"
_MINUS: Final = "\u2212"  # a hyphen is read as a dash before a figure, and a line may end after it
_MASK: Final = "••••"
_INSTANT_FLOOR: Final = (
    100_000_000  # a yyyymmdd date has eight digits; any instant after 2 January 1970 has more
)
_DAY_MS: Final = 86_400_000

Number: TypeAlias = int | Fraction | Decimal | float


class DueTone(StrEnum):
    """How pressing a due date is; the screen gives each tone a colour, an icon and a word."""

    NONE = "none"
    LATER = "later"
    SOON = "soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeDue:
    """A due date seen from now: how pressing, and in words."""

    tone: DueTone
    text: str


def fmt_date(value: int | date | None, locale: str = "vi") -> str:
    """``dd/mm/yyyy`` of a ``yyyymmdd`` date or of an instant; both languages write it alike."""
    day = _as_date(value)
    return _NOTHING if day is None else f"{day:%d/%m/%Y}"


def fmt_time(instant: int | None, locale: str = "vi") -> str:
    """``HH:mm`` in Vietnam's time."""
    return _NOTHING if instant is None else f"{_local(instant):%H:%M}"


def fmt_datetime(instant: int | None, locale: str = "vi") -> str:
    """``HH:mm dd/mm/yyyy``, the order used on administrative papers."""
    return _NOTHING if instant is None else f"{_local(instant):%H:%M %d/%m/%Y}"


def fmt_number(value: Number | None, locale: str = "vi", digits: int = 0) -> str:
    """``32.548`` or ``32,548``, ``−412,0`` with a true minus; decimals are rounded half up, never to even."""
    if value is None:
        return _NOTHING
    text = f"{_rounded(value, digits):,.{digits}f}".replace("-", _MINUS)
    return text if _is_english(locale) else text.translate(str.maketrans(",.", ".,"))


def fmt_percent(ratio: Number | None, locale: str = "vi", digits: int = 2) -> str:
    """``97,54 %`` of a ratio such as ``Fraction(31747, 32548)``; no ratio (nothing to divide by) is a dash."""
    if ratio is None:
        return _NOTHING
    return f"{fmt_number(_exact(ratio) * 100, locale, digits)}{_NBSP}%"


def fmt_money(dong: int | None, locale: str = "vi") -> str:
    """``8.000 đ``."""
    return _NOTHING if dong is None else f"{fmt_number(dong, locale)}{_NBSP}đ"


def fmt_bytes(size: int | None, locale: str = "vi") -> str:
    """``1,4 MB``; decimal units, as Windows and USB sticks print them for people."""
    if size is None:
        return _NOTHING
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if size >= 1000**power:
            return f"{fmt_number(Fraction(size, 1000**power), locale, 1)}{_NBSP}{unit}"
    return f"{size}{_NBSP}B"


def fmt_when(instant: int | None, now: int, locale: str = "vi") -> str:
    """``10:42 hôm nay``, ``16:05 hôm qua``, otherwise time and date."""
    if instant is None:
        return _NOTHING
    days = (_local(now).date() - _local(instant).date()).days
    words = {0: ("hôm nay", "today"), 1: ("hôm qua", "yesterday")}.get(days)
    return fmt_datetime(instant, locale) if words is None else f"{fmt_time(instant)} {_pick(words, locale)}"


def fmt_span(milliseconds: int | None, locale: str = "vi") -> str:
    """``2 ngày``, ``3 giờ``, ``5 phút``, ``40 giây``: the largest whole unit."""
    if milliseconds is None:
        return _NOTHING
    seconds = max(0, milliseconds) // 1000
    for size, vi, en in ((86_400, "ngày", "day"), (3_600, "giờ", "hour"), (60, "phút", "minute")):
        if seconds >= size:
            return _counted(seconds // size, vi, en, locale)
    return _counted(seconds, "giây", "second", locale)


def mask_id(number: str | None) -> str:
    """``0482••••1234``: the first and last four of an identity number; shorter numbers show their last two at most."""
    if not number:
        return _NOTHING
    return f"{number[:4]}{_MASK}{number[-4:]}" if len(number) >= 10 else f"{_MASK}{number[-2:]}"


def relative_due(due: int | None, now: int, locale: str = "vi") -> RelativeDue:
    """A due instant seen from ``now``, in calendar days: overdue, within one day, or later."""
    if due is None:
        return RelativeDue(tone=DueTone.NONE, text=_pick(("Không hẹn ngày", "No due date"), locale))
    if due < now:
        late = fmt_span(now - due, locale)
        return RelativeDue(tone=DueTone.OVERDUE, text=_pick((f"Quá hạn {late}", f"Overdue {late}"), locale))
    days = (_local(due).date() - _local(now).date()).days
    tone = DueTone.SOON if due - now <= _DAY_MS else DueTone.LATER
    return RelativeDue(tone=tone, text=_until(days, due, locale))


def jinja_filters(locale: Callable[[], str]) -> dict[str, Callable[..., object]]:
    """The filters both apps register; ``locale`` is asked at each use, because one process serves both languages."""

    def bound(write: Callable[..., object]) -> Callable[..., object]:
        return lambda *values, **options: write(*values, locale=locale(), **options)

    localised = (
        fmt_date,
        fmt_time,
        fmt_datetime,
        fmt_number,
        fmt_percent,
        fmt_money,
        fmt_bytes,
        fmt_when,
        fmt_span,
    )
    filters = {write.__name__: bound(write) for write in (*localised, relative_due)}
    return {**filters, "mask_id": mask_id}


def _until(days: int, due: int, locale: str) -> str:
    words = {0: ("Hôm nay", "Today"), 1: ("Ngày mai", "Tomorrow")}.get(days)
    if words is not None:
        return f"{_pick(words, locale)} {fmt_time(due)}"
    return _pick((f"Còn {days} ngày", f"{days} days left"), locale)


def _counted(count: int, vi: str, en: str, locale: str) -> str:
    return _pick((f"{count} {vi}", f"{count} {en}" if count == 1 else f"{count} {en}s"), locale)


def _as_date(value: int | date | None) -> date | None:
    if value is None or isinstance(value, datetime):
        return value if value is None else value.astimezone(_VIETNAM).date()
    if isinstance(value, date):
        return value
    if value >= _INSTANT_FLOOR:
        return _local(value).date()
    return date(value // 10_000, value // 100 % 100, value % 100)


def _local(instant: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(_VIETNAM)


def _exact(value: Number) -> Fraction:
    # A float such as 0.975 means the decimal somebody typed, not its binary neighbour.
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _rounded(value: Number, digits: int) -> Decimal:
    exact = _exact(value)
    whole, rest = divmod(abs(exact.numerator) * 10 ** (digits + 1), exact.denominator)
    # One extra digit plus a sticky digit for the remainder decides every half-way case exactly.
    sticky = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-(digits + 2))
    rounded = sticky.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return -rounded if exact < 0 and rounded else rounded


def _pick(words: tuple[str, str], locale: str) -> str:
    return words[1] if _is_english(locale) else words[0]


def _is_english(locale: str) -> bool:
    return locale.startswith("en")
