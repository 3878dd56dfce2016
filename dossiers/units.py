"""The administrative units of Đà Nẵng after the 2025 re-organisation: the province and its 94 communes.

Codes are those of the statistical office, as text. Departments of the province, to which dossiers are referred, have no
such code: theirs are this system's own, the province's digits and three more (no commune of the country has them), and their names are to be checked against the
province's decision on its organisation (`domain.md` §12). Whether the national dossier code uses them is not verified
(`codes.CodePattern.verified`); as identifiers of units in records they are.
"""

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
    """One province, its communes in the statistical office's order, and the departments that work on referred dossiers."""

    province: Unit
    communes: tuple[Unit, ...]
    departments: tuple[Unit, ...] = ()

    @property
    def offices(self) -> tuple[Unit, ...]:
        """The units that have a PC of their own and can work on a dossier: communes, then departments."""
        return (*self.communes, *self.departments)

    def find(self, code: str) -> Unit | None:
        return next((unit for unit in (self.province, *self.offices) if unit.code == code), None)

    def name(self, code: str) -> str:
        """The unit's name, or its code when it is not one of ours (a record may name units of another time)."""
        unit = self.find(code)
        return unit.name if unit else code

    def search(self, text: str) -> tuple[Unit, ...]:
        wanted = fold_text(text)
        return tuple(u for u in self.communes if wanted in fold_text(u.name) or u.code.startswith(wanted))


@cache
def load_default_units() -> Units:
    return msgspec.convert(read_json("units_da_nang.json"), Units)
