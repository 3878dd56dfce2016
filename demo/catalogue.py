"""The catalogue that a replay of 2025 works by: today's procedures, as a version of their own in force from 01/01/2025.

What came with later law is left out. The content is the file that `motcua-hub publish` takes.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from dossiers.local_time import to_yyyymmdd
from dossiers.procedures import Catalogue, Procedure

REPLAY_FROM: Final = date(2025, 1, 1)
_LATER_LAW: Final = frozenset({"1.014028", "1.013949", "1.013227"})
"""Pension allowance, land and building matters came to the communes in July 2025."""


def replay_catalogue(today: Catalogue) -> Catalogue:
    """Every procedure of then, under the next version number: a published version never changes."""
    effective = to_yyyymmdd(REPLAY_FROM)
    then = [p for p in today.procedures if p.code not in _LATER_LAW]
    return replace(
        today,
        version=today.version + 1,
        effective=effective,
        procedures=tuple(_in_force_then(today, procedure, effective) for procedure in then),
    )


def catalogue_file(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as the content of its file."""
    return catalogue.to_data() | {"version": catalogue.version, "effective": catalogue.effective}


def _in_force_then(today: Catalogue, procedure: Procedure, effective: int) -> Procedure:
    version = 1 + max(p.version for p in today.procedures if p.code == procedure.code)
    return replace(procedure, version=version, effective_from=effective)
