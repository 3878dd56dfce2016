"""What the counter looks up: who was here before, the same dossier today, what this office receives most."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlite_utils import Database

from dossiers.local_time import instant, local_date
from edge_node.projection.lists import DossierFilter, DossierRow, find_dossiers, newest_by_id_number
from edge_node.projection.service import view
from edge_node.receive.forms import PERSON_FIELDS

_LOOKED_BACK: Final = 500
_FREQUENT: Final = (
    "SELECT procedure FROM (SELECT procedure FROM dossier WHERE procedure IS NOT NULL ORDER BY number DESC LIMIT ?) "
    "GROUP BY procedure ORDER BY count(*) DESC, procedure LIMIT ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPerson:
    """An applicant as the newest dossier with this id number has them; values as the form writes them."""

    dossier: str
    received: int | None
    values: dict[str, str]


def find_person(db: Database, id_number: str) -> EarlierPerson | None:
    """Who handed in a dossier here with this id number."""
    row = newest_by_id_number(db, id_number)
    found = view(db, row.id) if row else None
    if row is None or found is None:
        return None
    values = {code: found.text(code) or "" for code in PERSON_FIELDS}
    values["applicant.birth_date"] = as_typed(values["applicant.birth_date"])
    return EarlierPerson(dossier=row.id, received=row.received, values=values)


def as_typed(day: str) -> str:
    """A record's date (1992-03-12) as people type it."""
    parts = day.split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 else day


def same_today(db: Database, *, id_number: str, procedure: str, now: int) -> list[DossierRow]:
    """Dossiers of this person for this procedure received on the same day."""
    if not id_number:
        return []
    day = local_date(now)
    wanted = DossierFilter(
        id_number=id_number,
        procedures=(procedure,),
        received_from=instant(day),
        received_until=instant(day + timedelta(days=1)),
    )
    return find_dossiers(db, wanted, limit=5)


def frequent_procedures(db: Database, *, limit: int = 9) -> list[str]:
    """Codes of what was received most among the newest dossiers."""
    return [row[0] for row in db.conn.execute(_FREQUENT, (_LOOKED_BACK, limit))]
