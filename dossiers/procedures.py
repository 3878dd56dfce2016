"""Administrative procedures as versioned data: papers, form fields, time rule, fees, dates of force.

A dossier pins (code, version) when it is received; a version once published never changes and is never dropped, so a
later catalogue cannot move an existing due date. Every value nobody has checked against the decision that publishes the
procedure is named in `unverified`, and screens show the mark. Law changes every year: nothing of this is code.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec

from dossiers.calendar import from_yyyymmdd, to_yyyymmdd
from dossiers.calendar import load_default_calendar as load_default_calendar
from dossiers.codes import DEFAULT_PATTERN, CodePattern
from dossiers.components import Fee as Fee
from dossiers.components import FeeUnit as FeeUnit
from dossiers.components import FieldKind as FieldKind
from dossiers.components import FormField as FormField
from dossiers.components import Option as Option
from dossiers.components import Paper as Paper
from dossiers.components import PaperForm as PaperForm
from dossiers.components import Words as Words
from dossiers.data import read_json
from dossiers.errors import CatalogueInvalid, DossierError
from dossiers.text import fold_text
from dossiers.time_rules import TimeRule


class Unverified(StrEnum):
    """The parts of a procedure that may carry the mark "chưa kiểm chứng"."""

    NAME = "name"
    TIME = "time"
    FEE = "fee"
    PAPERS = "papers"
    FORM = "form"
    EFFECTIVE = "effective"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One version of one procedure.

    `field` is the code of its sector. `system` names the ministry whose software owns the dossier's state, where we may
    only record, queue and track. `keywords` are what people call it at the desk.
    """

    code: str
    version: int
    name: Words
    field: str
    rule: TimeRule
    effective_from: int
    effective_until: int | None = None
    papers: tuple[Paper, ...] = ()
    form_fields: tuple[FormField, ...] = ()
    fees: tuple[Fee, ...] = ()
    sets: int = 1
    system: str | None = None
    keywords: tuple[str, ...] = ()
    note: Words | None = None
    unverified: frozenset[Unverified] = frozenset()

    def __post_init__(self) -> None:
        if self.version < 1 or self.sets < 1:
            raise ValueError(f"{self.code}: version and sets count from 1")
        from_yyyymmdd(self.effective_from)
        if self.effective_until is not None:
            from_yyyymmdd(self.effective_until)
        for codes in (self.papers, self.form_fields, self.fees):
            _refuse_twins(self.code, [item.code for item in codes])

    @property
    def key(self) -> tuple[str, int]:
        return self.code, self.version

    def is_verified(self, part: Unverified) -> bool:
        return part not in self.unverified

    def is_in_force(self, day: date) -> bool:
        number = to_yyyymmdd(day)
        return self.effective_from <= number and (
            self.effective_until is None or number <= self.effective_until
        )

    def paper(self, code: str) -> Paper | None:
        return next((paper for paper in self.papers if paper.code == code), None)

    def fee_due(self, *, online: bool = False) -> int:
        """What is owed by default, in đồng: one unit of every fee that always applies and is known."""
        return sum(fee.total(1, online=online) or 0 for fee in self.fees if fee.always)


def _refuse_twins(where: str, codes: list[str]) -> None:
    if len(set(codes)) != len(codes):
        raise ValueError(f"{where}: the same code twice in one list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A field of administration (lĩnh vực)."""

    code: str
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRules:
    """Limits of the office itself; none could be checked against the decrees, so all are data."""

    reception_hours: int = 8
    apology_days_before: int = 1
    extensions_max: int = 1
    supplements_max: int | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All published versions of all procedures known to a replica."""

    version: int
    effective: int
    procedures: tuple[Procedure, ...]
    sectors: tuple[Sector, ...] = ()
    code_pattern: CodePattern = DEFAULT_PATTERN
    office_rules: OfficeRules = OfficeRules()
    _by_key: dict[tuple[str, int], Procedure] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {procedure.key: procedure for procedure in self.procedures}
        if len(by_key) != len(self.procedures):
            raise ValueError("the same version of a procedure twice")
        object.__setattr__(self, "_by_key", by_key)

    def find(self, code: str, version: int) -> Procedure | None:
        """The pinned version, in force or not."""
        return self._by_key.get((code, version))

    def current(self, code: str, day: date) -> Procedure | None:
        """The version a dossier received on that day is to be settled by."""
        versions = [p for p in self.procedures if p.code == code and p.is_in_force(day)]
        return max(versions, key=lambda p: (p.effective_from, p.version), default=None)

    def at(self, day: date) -> "Catalogue":
        """What can be received on that day: one version of each procedure in force."""
        codes = dict.fromkeys(procedure.code for procedure in self.procedures)
        in_force = (self.current(code, day) for code in codes)
        return replace(self, procedures=tuple(found for found in in_force if found is not None))

    def sector_name(self, code: str) -> Words:
        return next((s.name for s in self.sectors if s.code == code), Words(vi=code, en=code))

    def search(self, text: str) -> tuple[Procedure, ...]:
        """Procedures holding every word typed, marks or not; whose name or code begins so come first."""
        wanted = fold_text(text)
        found = [(_rank(p, wanted), p) for p in self.procedures if _holds_all(p, wanted.split())]
        return tuple(procedure for _, procedure in sorted(found, key=lambda pair: pair[0]))

    def altered_by(self, later: "Catalogue") -> tuple[Procedure, ...]:
        """Versions a later catalogue would define otherwise: whoever publishes must give them a new number."""
        return tuple(p for p in later.procedures if self._by_key.get(p.key, p) != p)

    def with_published(self, later: "Catalogue") -> "Catalogue":
        """This catalogue and a later one. Known versions stay as they are, so pinned dossiers keep their rules."""
        newest = later if later.version > self.version else self
        return replace(newest, **_merged(self, later))

    def with_shipped(self, shipped: "Catalogue") -> "Catalogue":
        """What the province published, and from the package only what it did not speak of."""
        return replace(self, **_merged(self, shipped))

    @classmethod
    def from_data(cls, content: object, *, version: int, effective: int) -> "Catalogue":
        """From the body of a `catalogue.published` record and its facts; raises `CatalogueInvalid`."""
        try:
            published = msgspec.convert(content, _Published)
            return cls(
                version=version,
                effective=effective,
                procedures=tuple(published.procedures),
                sectors=tuple(published.sectors),
                code_pattern=published.code_pattern,
                office_rules=published.office_rules,
            )
        except (ValueError, DossierError) as error:  # msgspec.ValidationError is a ValueError
            raise CatalogueInvalid(str(error)) from error

    def to_data(self) -> dict[str, Any]:
        """The body of a `catalogue.published` record: plain JSON values."""
        published = _Published(
            procedures=list(self.procedures),
            sectors=list(self.sectors),
            code_pattern=self.code_pattern,
            office_rules=self.office_rules,
        )
        content: dict[str, Any] = _without_blanks(msgspec.to_builtins(published, order="deterministic"))
        return content


def _without_blanks(value: Any) -> Any:
    """Drop None and empty lists, which are defaults everywhere here: a whole catalogue must fit into one record."""
    if isinstance(value, dict):
        return {key: _without_blanks(inner) for key, inner in value.items() if inner not in (None, [], ())}
    return [_without_blanks(inner) for inner in value] if isinstance(value, list | tuple) else value


def _merged(first: Catalogue, second: Catalogue) -> dict[str, Any]:
    known = {procedure.key for procedure in first.procedures}
    sectors = {sector.code: sector for sector in (*second.sectors, *first.sectors)}
    added = (procedure for procedure in second.procedures if procedure.key not in known)
    return {"procedures": (*first.procedures, *added), "sectors": tuple(sectors.values())}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Published:
    procedures: list[Procedure]
    sectors: list[Sector] = field(default_factory=list)
    code_pattern: CodePattern = DEFAULT_PATTERN
    office_rules: OfficeRules = OfficeRules()


_RANK_LAST: Final = 3


def _names(procedure: Procedure) -> str:
    return fold_text(" ".join((procedure.code, procedure.name.vi, procedure.name.en, *procedure.keywords)))


def _holds_all(procedure: Procedure, words: Iterable[str]) -> bool:
    names = _names(procedure)
    return all(word in names for word in words)


def _rank(procedure: Procedure, wanted: str) -> int:
    """Lower comes first: code, then beginning of the name, then what people call it, then anywhere."""
    if procedure.code.startswith(wanted):
        return 0
    if wanted in fold_text(procedure.name.vi):
        return 1
    return 2 if any(wanted in fold_text(keyword) for keyword in procedure.keywords) else _RANK_LAST


@cache
def load_default_catalogue() -> Catalogue:
    """The catalogue shipped with the package, until the province publishes one."""
    content = read_json("procedures.json")
    head = msgspec.convert(content, _Head)
    return Catalogue.from_data(content, version=head.version, effective=head.effective)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    version: int
    effective: int
