"""The administrative units of Đà Nẵng after the 2025 re-organisation: the province and its 94 communes.

Codes are those of the statistical office, as text. Departments of the province, to which dossiers are referred, have no
such code: theirs are this system's own, the province's digits and three more (no commune of the country has them), and their names are to be checked against the
province's decision on its organisation (`domain.md` §12). Whether the national dossier code uses them is not verified
(`codes.CodePattern.verified`); as identifiers of units in records they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import msgspec

from dossiers.data import read_json
from dossiers.text import fold_text


class UnitKind(StrEnum):
    PROVINCE = "province"
    WARD = "ward"
    COMMUNE = "commune"
    SPECIAL_ZONE = "special_zone"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    code: str
    name: str
    kind: UnitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """One province, its communes in the statistical office's order, and the departments that work on referred dossiers;
    `former` are communes that are no more."""

    province: Unit
    communes: tuple[Unit, ...]
    departments: tuple[Unit, ...] = ()
    former: tuple[Unit, ...] = ()

    @property
    def offices(self) -> tuple[Unit, ...]:
        """The units that have a PC of their own and can work on a dossier: communes, then departments."""
        return (*self.communes, *self.departments)

    def find(self, code: str) -> Unit | None:
        known = (self.province, *self.offices, *self.former)
        return next((unit for unit in known if unit.code == code), None)

    def renamed(self, names: Mapping[str, str], *, ended: Collection[str] = ()) -> "Units":
        """These units after a re-organisation: new names and new units, and those that are no more set apart."""
        if not names and not ended:
            return self
        known = {unit.code: unit for unit in (*self.communes, *self.former)}
        for code, name in sorted(names.items()):
            known[code] = Unit(code=code, name=name, kind=_kind_of(name))
        return Units(
            province=self.province,
            departments=self.departments,
            communes=tuple(unit for unit in known.values() if unit.code not in ended),
            former=tuple(unit for unit in known.values() if unit.code in ended),
        )

    def name(self, code: str) -> str:
        """The unit's name, or its code when it is not one of ours (a record may name units of another time)."""
        unit = self.find(code)
        return unit.name if unit else code

    def search(self, text: str) -> tuple[Unit, ...]:
        wanted = fold_text(text)
        return tuple(u for u in self.communes if wanted in fold_text(u.name) or u.code.startswith(wanted))


def _kind_of(name: str) -> UnitKind:
    """A unit's kind, by the word with which its name begins."""
    first = fold_text(name)
    if first.startswith("phuong "):
        return UnitKind.WARD
    return UnitKind.SPECIAL_ZONE if first.startswith("dac khu ") else UnitKind.COMMUNE


@cache
def load_default_units() -> Units:
    return msgspec.convert(read_json("units_da_nang.json"), Units)
