"""Shapes that the facts and the bodies of records may take, as data, and their compilation into fast checks.

Facts may hold codes, whole numbers, ids, instants and lists and objects of these; there is no shape for a free
string among them, which is what keeps personal data out of signed headers (design §4). `Text` and `Anything` exist
for bodies only, and `is_closed` says whether a shape is free of both. A compiled check takes any value, answers yes
or no, and never raises: it runs on the hub for every record that arrives.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Check = Callable[[object], bool]

INSTANT_MS_MAX = 4_102_444_800_000
"""1 January 2100: no due date and no receipt lies beyond it."""

_CACHED_CODES_MAX = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Text of a closed alphabet: a code from a catalogue. `distinct` marks codes that hardly ever repeat."""

    pattern: str
    distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hex:
    """An id or a hash: lower-case hexadecimal digits of one length."""

    digits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day as the number yyyymmdd."""


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A bounded list; `ascending` asks for strictly rising text items, so that a set has one byte string."""

    item: "Shape"
    most: int
    least: int = 0
    ascending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One of several shapes."""

    shapes: tuple["Shape", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """An object with exactly the members of `always` and perhaps some of `perhaps`; `nullable` ones may be null."""

    always: Mapping[str, "Shape"]
    perhaps: Mapping[str, "Shape"]
    nullable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An object whose members have coded names and values of one shape."""

    name: Code
    value: "Shape"
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words of a person, in NFC, without control characters but line ends. For bodies only."""

    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever the record's own reader checks (catalogue, calendar). For bodies only."""


Shape = Code | Hex | Whole | Date | Flag | Choice | ListOf | Either | Members | Table | Text | Anything


def members(
    always: Mapping[str, Shape] | None = None,
    perhaps: Mapping[str, Shape] | None = None,
    *,
    nullable: tuple[str, ...] = (),
) -> Members:
    """An object's shape; every name in `nullable` must be a member."""
    shape = Members(always=dict(always or {}), perhaps=dict(perhaps or {}), nullable=frozenset(nullable))
    if not shape.nullable <= {*shape.always, *shape.perhaps}:
        raise ValueError("only a member can be null")
    return shape


def is_closed(shape: Shape) -> bool:
    """Whether no value of this shape can carry free text."""
    match shape:
        case Text() | Anything():
            return False
        case ListOf(item=item):
            return is_closed(item)
        case Table(value=value):
            return is_closed(value)
        case Either(shapes=shapes):
            return all(map(is_closed, shapes))
        case Members(always=always, perhaps=perhaps):
            return all(is_closed(member) for member in (*always.values(), *perhaps.values()))
        case _:
            return True


def compile_check(shape: Shape) -> Check:
    """Turn a shape into one function of a value."""
    match shape:
        case Code(pattern=pattern, distinct=distinct):
            return _check_code(pattern, distinct=distinct)
        case Hex(digits=digits):
            return _check_code(f"[0-9a-f]{{{digits}}}", distinct=True)
        case Whole(least=least, most=most):
            return lambda value: type(value) is int and least <= value <= most
        case Date():
            return _is_date
        case Flag():
            return lambda value: value is True or value is False
        case Choice(words=words):
            return lambda value: type(value) is str and value in words
        case ListOf():
            return _check_list(shape)
        case Either(shapes=shapes):
            checks = tuple(map(compile_check, shapes))
            return lambda value: any(check(value) for check in checks)
        case Members():
            return _check_members(shape)
        case Table():
            return _check_table(shape)
        case Text(least=least, most=most):
            return lambda value: type(value) is str and least <= len(value) <= most and _is_clean(value)
        case Anything():
            return lambda value: True


def _check_code(pattern: str, *, distinct: bool) -> Check:
    matches = re.compile(pattern, re.ASCII).fullmatch
    if distinct:
        return lambda value: type(value) is str and matches(value) is not None
    # Codes repeat in every record: remembering them is several times cheaper than matching them again.
    remembered = lru_cache(_CACHED_CODES_MAX)(lambda text: matches(text) is not None)
    return lambda value: type(value) is str and remembered(value)


def _check_list(shape: ListOf) -> Check:
    check, least, most = compile_check(shape.item), shape.least, shape.most
    if shape.ascending:
        return _check_ascending(check, least, most)

    def check_list(value: object) -> bool:
        if type(value) is not list or not least <= len(value) <= most:
            return False
        for item in value:  # noqa: SIM110 — `all` over a generator costs twice as much
            if not check(item):
                return False
        return True

    return check_list


def _check_ascending(check: Check, least: int, most: int) -> Check:
    @lru_cache(_CACHED_CODES_MAX)
    def remembered(items: tuple[object, ...]) -> bool:
        return all(map(check, items)) and all(a < b for a, b in pairwise(items))  # type: ignore[operator]

    def check_ascending(value: object) -> bool:
        if type(value) is not list or not least <= len(value) <= most:
            return False
        try:
            return remembered(tuple(value))
        except TypeError:  # an item that cannot be hashed or compared is no code
            return False

    return check_ascending


def _check_members(shape: Members) -> Check:
    always = tuple((name, _or_null(shape, name, member)) for name, member in shape.always.items())
    perhaps = tuple((name, _or_null(shape, name, member)) for name, member in shape.perhaps.items())
    names = len(always)

    def check_members(value: object) -> bool:
        if type(value) is not dict:
            return False
        get = value.get
        for name, check in always:
            if not check(get(name, _MISSING)):
                return False
        if len(value) == names:
            return True
        found = names
        for name, check in perhaps:
            if name in value:
                if not check(value[name]):
                    return False
                found += 1
        return len(value) == found

    return check_members


def _or_null(shape: Members, name: str, member: Shape) -> Check:
    check = compile_check(member)
    if name not in shape.nullable:
        return check
    return lambda value: value is None or check(value)


def _check_table(shape: Table) -> Check:
    name_ok, value_ok, most = compile_check(shape.name), compile_check(shape.value), shape.most

    def check_table(value: object) -> bool:
        if type(value) is not dict or len(value) > most:
            return False
        return all(name_ok(name) and value_ok(member) for name, member in value.items())

    return check_table


def _is_date(value: object) -> bool:
    if type(value) is not int or not 19_000_101 <= value <= 21_991_231:
        return False
    month, day = value // 100 % 100, value % 100
    return 1 <= month <= 12 and 1 <= day <= 31


def _is_clean(text: str) -> bool:
    if text.isascii():
        return text.isprintable() or not _CONTROL.search(text)
    return unicodedata.is_normalized("NFC", text) and not _CONTROL.search(text)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MISSING = object()
