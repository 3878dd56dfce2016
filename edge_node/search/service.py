"""From what was typed or scanned to dossiers and procedures.

A whole code (official, provisional, as typed or from the slip's QR) names one dossier. Anything else is words: every one
must occur, marks do not matter, the last may be unfinished.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.codes import scanned_text
from edge_node.casework.listing import Listed, listed
from edge_node.projection.lists import DossierFilter, count_dossiers, find_by_code, find_dossiers
from edge_node.receive.reading import Choice, find_choices
from edge_node.services import Services

SHOWN_MAX: Final = 50
SUGGESTED_MAX: Final = 8
COUNTED_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search gave."""

    text: str
    lines: tuple[Listed, ...]
    count: int
    procedures: tuple[Choice, ...]

    @property
    def is_more(self) -> bool:
        return self.count >= COUNTED_MAX


def find_one(db: Database, services: Services, text: str) -> str | None:
    """The dossier that a whole code names; None where it names none, or two (a clash shows both)."""
    code = services.references.parse_code(db, text)
    rows = find_by_code(db, code.code) if code else []
    return rows[0].id if len(rows) == 1 else None


def search(db: Database, services: Services, text: str, *, limit: int = SHOWN_MAX) -> Found:
    """Dossiers and procedures for what was typed."""
    text = scanned_text(text)[:200]
    if not text:
        return Found(text="", lines=(), count=0, procedures=())
    code = services.references.parse_code(db, text)
    rows = find_by_code(db, code.code) if code else []
    wanted = DossierFilter(text=text)
    rows = rows or find_dossiers(db, wanted, limit=limit)
    count = len(rows) if len(rows) < limit else count_dossiers(db, wanted, at_most=COUNTED_MAX)
    return Found(
        text=text,
        lines=tuple(listed(db, services, rows)),
        count=count,
        procedures=tuple(find_choices(db, services, text)[:5]),
    )
