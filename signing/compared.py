"""What a person holds against the paper: facts and content of a signed record as names and values in words.

One rule for the command and the hub's portal; `verify.html` has the same in `web/compared.js`, and the corpus is shown by both. Words
are in `names`; programs read facts and content themselves in the JSON report, which nothing here touches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from signing.canonical import Json
from signing.names import (
    DAYS,
    FIELD_NAMES,
    FOR_PROGRAMS,
    GROUPED,
    INSTANTS,
    STATE_FIELDS,
    STATE_NAMES,
    UNIT_FIELDS,
    VALUE_NAMES,
)
from signing.report import Document

VIETNAM: Final = timezone(timedelta(hours=7))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def local_time(ms: int, *, has_seconds: bool = False) -> str:
    """Vietnamese time; a claimed instant outside the calendar is shown as the number it is."""
    clock = "%H:%M:%S" if has_seconds else "%H:%M"
    try:
        at = (_EPOCH + timedelta(milliseconds=ms)).astimezone(VIETNAM)
    except OverflowError:
        return f"{ms} ms"
    return f"{at:%d/%m/%Y {clock}} (UTC+07:00)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What whoever shows the record knows beyond the tables: what a unit and a procedure are called, by code, and a question of a
    form that the tables do not have (None: unknown here too); and how its pages write an instant."""

    unit: Callable[[str], str] = str
    procedure: Callable[[str], str] = str
    question: Callable[[str], str | None] = lambda code: None
    instant: Callable[[int], str] = local_time


_DAY_NUMBER_MAX: Final = 99_991_231  # a day is written as year, month and day; more is an instant (ms)
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_INNER: Final = frozenset({"fields", "set"})
_PLACES: Final = {name: place for place, name in enumerate(FIELD_NAMES)}


def compared(document: Document, *, is_english: bool, known: Known | None = None) -> list[tuple[str, str]]:
    """Name and value of every member to compare, in the order of a paper."""
    if document.facts is None:
        return []
    said = _Saying(document.kind.partition("@")[0], is_english, known or Known())
    values = [*said.members(document.facts), *said.members(document.content or {})]
    return [(name, value) for _place, name, value in sorted(values, key=lambda each: each[0])]


class _Saying:
    """The words of one record's members."""

    def __init__(self, kind: str, is_english: bool, known: Known) -> None:
        self._kind, self._is_english, self._known = kind, is_english, known
        own = {name.partition(" ")[2] for name in FIELD_NAMES if name.startswith(f"{kind} ")}
        self._hidden = FOR_PROGRAMS - own

    def members(
        self, values: Mapping[str, Json], prefix: str = "", *, is_form: bool = False
    ) -> Iterator[tuple[int, str, str]]:
        """Place, name and value of each; members of members by both names, the fields of a form by their own and all of them."""
        for name, value in values.items():
            if value is None or value in ("", [], {}) or (name in self._hidden and not is_form):
                continue
            key = prefix + name
            if isinstance(value, list):
                yield from self._listed(key, value)
            elif not isinstance(value, dict):
                yield self._line(key, key, value)
            elif key in ("files", "units"):
                yield from self._listed(key, [*value.values()])
            else:
                yield from self.members(value, "" if name in _INNER else f"{key}.", is_form=name == "fields")

    def _listed(self, key: str, items: list[Json]) -> Iterator[tuple[int, str, str]]:
        """A list of words in one line; of things that have members a line for each. Which fields the content has is told by it."""
        if key == "fields":
            return
        place, name, _value = self._line(key, key, "")
        if not any(isinstance(item, dict) for item in items):
            yield place, name, ", ".join(self._value(key, key, item) for item in items)
            return
        for number, item in enumerate(items, 1):
            value = self._item(key, item) if isinstance(item, dict) else self._value(key, key, item)
            if value:
                yield place, name if len(items) == 1 else f"{name} {number}", value

    def _item(self, key: str, item: Mapping[str, Json]) -> str:
        lines = [
            self._line(f"{key}.{name}", name, value)
            for name, value in item.items()
            if not (name in self._hidden or value is None or isinstance(value, dict | list))
        ]
        return "; ".join(
            f"{name}: {value}" for _place, name, value in sorted(lines, key=lambda each: each[0])
        )

    def _line(self, key: str, short: str, value: Json) -> tuple[int, str, str]:
        """Where a member stands, what it is called, what it says: by its kind, its full name, its own name."""
        found = next((each for each in self._keys(key, short) if each in FIELD_NAMES), None)
        if found is None:
            return len(_PLACES), self._known.question(short) or short, self._value(key, short, value)
        return _PLACES[found], FIELD_NAMES[found][self._is_english], self._value(key, short, value)

    def _keys(self, key: str, short: str) -> tuple[str, str, str]:
        return f"{self._kind} {key}", key, short

    def _value(self, key: str, short: str, value: Json) -> str:
        keys = self._keys(key, short)
        if isinstance(value, bool):
            return (("không", "có"), ("no", "yes"))[self._is_english][value]
        for each in keys:
            if each in VALUE_NAMES and str(value) in VALUE_NAMES[each]:
                return VALUE_NAMES[each][str(value)][self._is_english]
        if isinstance(value, str):
            if UNIT_FIELDS.intersection(keys):
                return self._known.unit(value)
            if short == "procedure":
                return self._known.procedure(value)
            day = _ISO_DAY.fullmatch(value)
            return value if day is None else f"{day[3]}/{day[2]}/{day[1]}"
        return self._number(keys, value) if isinstance(value, int) else str(value)

    def _number(self, keys: tuple[str, ...], value: int) -> str:
        if STATE_FIELDS.intersection(keys) and value in STATE_NAMES:
            return STATE_NAMES[value][self._is_english]
        if INSTANTS.intersection(keys) or ("due" in keys and value > _DAY_NUMBER_MAX):
            return self._known.instant(value)
        if DAYS.intersection(keys):
            digits = str(value)
            return f"{digits[6:8]}/{digits[4:6]}/{digits[:4]}"
        if GROUPED.intersection(keys):
            text = f"{value:,}"
            return text if self._is_english else text.replace(",", ".")
        return str(value)
