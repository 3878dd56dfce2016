"""Daily counters of this office's own dossiers: each dossier contributes, and takes back what it contributed before."""

from sqlite_utils import Database

from dossiers.views import DossierView


def contributions_of(view: DossierView) -> dict[str, int]:
    """What a dossier counts for, by "day key"."""
    return {}


def replace(db: Database, *, old: dict[str, int], new: dict[str, int]) -> None:
    """Count `new` instead of `old`."""
    for place in old.keys() | new.keys():
        change = new.get(place, 0) - old.get(place, 0)
        if change:
            day, _, key = place.partition(" ")
            db.conn.execute(
                "INSERT INTO day_counter (day, key, amount) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (day, key) DO UPDATE SET amount = amount + ?3",
                (int(day), key, change),
            )
            db.conn.execute(
                "DELETE FROM day_counter WHERE day = ? AND key = ? AND amount = 0", (int(day), key)
            )
