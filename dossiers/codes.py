"""Dossier codes: the pattern, numbers leased to a log, provisional codes, and reading what was typed or scanned.

An official code must be unique in (unit, day) without asking anybody: every log draws from sub-ranges of 0001–9999 that
the hub leased to it alone, valid on every day. When they run out (or do not hold yet) a dossier gets a provisional code
of another shape, unique because it names its log; it stays a valid alias for ever. The pattern is data, not verified.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final

from dossiers.calendar import from_yyyymmdd, to_yyyymmdd
from dossiers.errors import CodeInvalid
from signing import qr
from signing.errors import NotCanonical

NUMBER_MAX: Final = 9999
# A lease is renewed from the day less than this share of its numbers was left.
_LOW_WATER_SHARE: Final = 5
_PROVISIONAL_PREFIX: Final = "TAM"
# Crockford's alphabet: no I, L, O, U, so a tag read out over the telephone or typed from paper has one reading.
_TAG_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TAG_LENGTH: Final = 8
_TAG_READINGS: Final = str.maketrans("ILO", "110")
_UNIT: Final = re.compile(r"[0-9]{5}")
_LOG: Final = re.compile(r"[0-9a-f]{32}")
_HOLES: Final = ("<unit>", "YYMMDD", "NNNN")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePattern:
    """How official codes look: literal text around `<unit>`, `YYMMDD` and `NNNN`, in this order."""

    template: str = "H17.<unit>-YYMMDD-NNNN"
    verified: bool = False

    def __post_init__(self) -> None:
        literals = _split_template(self.template)
        if not re.fullmatch(r"[A-Z0-9.\-/]*", "".join(literals)):
            raise CodeInvalid("a pattern is made of capitals, digits, dots, dashes and slashes")
        if literals[0].startswith(_PROVISIONAL_PREFIX):
            raise CodeInvalid("this pattern would look like a provisional code")

    def format(self, unit: str, day: date, number: int) -> str:
        if not _UNIT.fullmatch(unit) or not 1 <= number <= NUMBER_MAX:
            raise CodeInvalid(f"no code for unit {unit!r}, number {number}")
        before, middle, dash, after = _split_template(self.template)
        return f"{before}{unit}{middle}{day:%y%m%d}{dash}{number:04d}{after}"


def _split_template(template: str) -> tuple[str, str, str, str]:
    parts = re.fullmatch("(.*)" + "(.*)".join(map(re.escape, _HOLES)) + "(.*)", template)
    if parts is None:
        raise CodeInvalid("a pattern holds <unit>, YYMMDD and NNNN, in this order")
    before, middle, dash, after = parts.groups()
    return before, middle, dash, after


DEFAULT_PATTERN: Final = CodePattern()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Numbers `first`…`last` of a unit, on every day from `start` on, for one log alone."""

    unit: str
    first: int
    last: int
    start: date
    log: str

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= NUMBER_MAX:
            raise CodeInvalid(f"no such range: {self.first}–{self.last}")

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Lease":
        """From the facts of a `lease.granted` record."""
        return cls(
            unit=str(facts["unit"]),
            first=int(facts["first"]),
            last=int(facts["last"]),
            start=from_yyyymmdd(int(facts["from"])),
            log=str(facts["log"]),
        )

    def to_facts(self) -> dict[str, str | int]:
        start = to_yyyymmdd(self.start)
        return {"unit": self.unit, "first": self.first, "last": self.last, "from": start, "log": self.log}

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An official code, how many numbers are left today, and whether to ask for more at the next sync."""

    code: str
    number: int
    left: int
    is_low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """No leased number for this log today: use a provisional code and ask for more."""


def next_code(
    leases: Iterable[Lease],
    used_today: AbstractSet[int],
    day: date,
    *,
    unit: str,
    log: str,
    pattern: CodePattern = DEFAULT_PATTERN,
) -> Issued | Exhausted:
    """The lowest free number of this log for the unit and day. `used_today`: numbers anybody is known to have used."""
    own = [lease for lease in leases if (lease.unit, lease.log) == (unit, log) and lease.start <= day]
    leased = {number for lease in own for number in range(lease.first, lease.last + 1)}
    free = leased - used_today
    if not free:
        return Exhausted()
    number = min(free)
    left = len(free) - 1
    is_low = left * _LOW_WATER_SHARE < len(leased)
    return Issued(code=pattern.format(unit, day, number), number=number, left=left, is_low=is_low)


def free_ranges(granted: Collection[Lease], unit: str) -> Iterator[tuple[int, int]]:
    """What the hub has not leased yet of a unit's 0001–9999, lowest first."""
    lowest = 1
    for lease in sorted((lease for lease in granted if lease.unit == unit), key=lambda lease: lease.first):
        if lowest < lease.first:
            yield lowest, lease.first - 1
        lowest = max(lowest, lease.last + 1)
    if lowest <= NUMBER_MAX:
        yield lowest, NUMBER_MAX


def grantable_range(granted: Collection[Lease], unit: str, size: int) -> tuple[int, int] | None:
    """The range the hub grants next: `size` numbers, or the widest it still has; None when nothing is left."""
    ranges = list(free_ranges(granted, unit))
    fitting = [(first, first + size - 1) for first, last in ranges if last - first + 1 >= size]
    widest = max(ranges, key=lambda found: found[1] - found[0], default=None)
    return fitting[0] if fitting else widest


def provisional_code(unit: str, log: str, day: date, counter: int) -> str:
    """The code of a dossier without a leased number: names log, day and the log's own count of that day."""
    if not _UNIT.fullmatch(unit) or counter < 1:
        raise CodeInvalid(f"no provisional code for unit {unit!r}, count {counter}")
    return f"{_PROVISIONAL_PREFIX}.{unit}-{day:%y%m%d}-{log_tag(log)}-{counter:03d}"


def log_tag(log: str) -> str:
    """The first 40 bits of a log id, in letters people can read out."""
    if not _LOG.fullmatch(log):
        raise CodeInvalid("a log id is 32 lower-case hexadecimal digits")
    bits = int(log[:10], 16)
    return "".join(_TAG_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(_TAG_LENGTH)))


class CodeKind(StrEnum):
    OFFICIAL = "official"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCode:
    """A code as it was issued (`code`), whatever way it was typed; `tag` names the log of a provisional one."""

    kind: CodeKind
    code: str
    unit: str
    day: date
    number: int
    tag: str | None = None


def scanned_text(text: str) -> str:
    """What to look for: of a paper code its dossier code (nothing is verified, it merely finds the dossier), else the text."""
    text = text.strip()
    if not text.startswith(qr.PREFIX):
        return text
    try:
        return qr.read(text).paper.code
    except NotCanonical:
        return text


def parse_code(text: str, *, pattern: CodePattern = DEFAULT_PATTERN) -> ParsedCode | None:
    """Read a code from the keyboard or a scanner: case, spaces, dashes and dots do not matter. None if it is none."""
    compact = re.sub(r"[^0-9A-Z]", "", scanned_text(text)[:200].upper())
    official = _official_shape(pattern).fullmatch(compact)
    if official is not None:
        unit, when, number = official.groups()
        return _parsed_official(pattern, unit, _parse_day(when), int(number))
    provisional = _PROVISIONAL_SHAPE.fullmatch(compact)
    if provisional is not None:
        unit, when, tag, count = provisional.groups()
        return _parsed_provisional(unit, _parse_day(when), tag.translate(_TAG_READINGS), int(count))
    return None


_PROVISIONAL_SHAPE: Final = re.compile(
    _PROVISIONAL_PREFIX + r"([0-9]{5})([0-9]{6})([0-9A-TV-Z]{8})([0-9]{3,6})", re.ASCII
)


@cache
def _official_shape(pattern: CodePattern) -> re.Pattern[str]:
    before, middle, dash, after = (
        re.sub(r"[^0-9A-Z]", "", part) for part in _split_template(pattern.template)
    )
    return re.compile(f"{before}([0-9]{{5}}){middle}([0-9]{{6}}){dash}([0-9]{{4}}){after}", re.ASCII)


def _parse_day(yymmdd: str) -> date | None:
    try:
        return from_yyyymmdd(20_000_000 + int(yymmdd))
    except ValueError:
        return None


def _parsed_official(pattern: CodePattern, unit: str, day: date | None, number: int) -> ParsedCode | None:
    if day is None or number < 1:
        return None
    code = pattern.format(unit, day, number)
    return ParsedCode(kind=CodeKind.OFFICIAL, code=code, unit=unit, day=day, number=number)


def _parsed_provisional(unit: str, day: date | None, tag: str, count: int) -> ParsedCode | None:
    if day is None or count < 1:
        return None
    code = f"{_PROVISIONAL_PREFIX}.{unit}-{day:%y%m%d}-{tag}-{count:03d}"
    return ParsedCode(kind=CodeKind.PROVISIONAL, code=code, unit=unit, day=day, number=count, tag=tag)
