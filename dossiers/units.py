"""The administrative units of Đà Nẵng after the 2025 re-organisation: the province and its 94 communes.

Codes are those of the statistical office, as text. Whether the national dossier code uses them is not verified
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    code: str
    name: str
    kind: UnitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """One province and its communes, in the statistical office's order."""

    province: Unit
    communes: tuple[Unit, ...]

    def find(self, code: str) -> Unit | None:
        return next((unit for unit in (self.province, *self.communes) if unit.code == code), None)

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
