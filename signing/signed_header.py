"""The members of a record's header that verification reads; the others are covered by the signature all the same.

What a header must hold to be stored is the protocol's matter (`sync_protocol.record`); this room knows just enough of it to
say who signed what, where in which log, and after which checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from signing import canonical
from signing.canonical import Json
from signing.errors import NotCanonical

HEADER_VERSION: Final = 1
HEADER_BYTES_MAX: Final = 1 << 20
ITEMS_MAX: Final = 65_536
"""Commas in anything that came from outside; the largest proof that its other limits allow has half of that."""

_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderAnchor:
    """The newest checkpoint that the signing computer itself had checked."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHeader:
    """Who says what for whom, and its place in the log of its computer. `claimed_ms` is for display, never for a rule."""

    version: int
    kind: str
    unit: str
    by: str
    log: str
    seq: int
    prev: str | None
    anchor: HeaderAnchor | None
    facts: dict[str, Json]
    body: str | None
    dossier: str | None
    claimed_ms: int | None

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read stored header bytes; NotCanonical if they are no header."""
        fields = canonical.decode(data, size_bytes_max=HEADER_BYTES_MAX, items_max=ITEMS_MAX)
        if not isinstance(fields, dict):
            raise NotCanonical("a header is an object")
        version, facts = fields.get("v"), fields.get("facts")
        if type(version) is not int or not isinstance(facts, dict):
            raise NotCanonical("a header has a version and facts")
        seq, prev = _count(fields, "seq"), _optional_text(fields, "prev", _HEX64)
        if (seq == 0) is not (prev is None):
            raise NotCanonical("exactly the first record of a log has none before it")
        return cls(
            version=version,
            kind=_text(fields, "kind"),
            unit=_text(fields, "commune"),
            by=_text(fields, "by"),
            log=_text(fields, "log", _HEX32),
            seq=seq,
            prev=prev,
            anchor=_anchor(fields.get("anchor")),
            facts=facts,
            body=_optional_text(fields, "body"),
            dossier=_optional_text(fields, "dossier"),
            claimed_ms=_claimed_ms(fields),
        )


def _text(fields: Mapping[str, Json], name: str, pattern: re.Pattern[str] | None = None) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or (pattern is not None and pattern.fullmatch(value) is None):
        raise NotCanonical(f"a header names its {name}")
    return value


def _optional_text(
    fields: Mapping[str, Json], name: str, pattern: re.Pattern[str] | None = None
) -> str | None:
    return None if fields.get(name) is None else _text(fields, name, pattern)


def _count(fields: Mapping[str, Json], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise NotCanonical(f"a header counts its {name}")
    return value


def _anchor(value: Json) -> HeaderAnchor | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise NotCanonical("an anchor is an object")
    return HeaderAnchor(
        origin=_text(value, "origin"), size=_count(value, "size"), root=_text(value, "root", _HEX64)
    )


def _claimed_ms(fields: Mapping[str, Json]) -> int | None:
    """The signer's clock plus the clock offset it had last measured; none where no report could tell the number."""
    at = _first_integer(fields.get("at"))
    if at is None:
        return None
    claimed = at + (_first_integer(fields.get("offset")) or 0)
    return claimed if abs(claimed) <= canonical.INTEGER_MAX else None


def _first_integer(value: Json) -> int | None:
    first = value[0] if isinstance(value, list) and value else None
    return first if type(first) is int else None
