"""Official codes for dossiers that got a provisional one while no leased number was left.

Runs after a sync that brought a lease, signed by the device: binding the number decides nothing. The provisional code stays
a valid alias for ever. Dossiers of the oldest days come first; each is its own transaction, so a stop in between loses
nothing.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.casework.service import number
from edge_node.services import Services

AT_ONCE_MAX: Final = 500


def waiting_for_number(db: Database, *, limit: int = AT_ONCE_MAX) -> list[str]:
    """Dossiers of this PC that only have a provisional code, oldest first."""
    rows = db.conn.execute(
        "SELECT dossier.id FROM dossier JOIN log ON log.id = dossier.own_log "
        "WHERE dossier.provisional IS NOT NULL AND dossier.code IS NULL AND dossier.commune = log.commune ORDER BY dossier.number LIMIT ?",
        (limit,),
    )
    return [bytes(row[0]).hex() for row in rows]


def number_waiting(db: Database, services: Services) -> int:
    """Give official codes while leased numbers last; returns how many were given."""
    given = 0
    for dossier in waiting_for_number(db):
        if number(db, services, None, dossier) is None:
            break
        given += 1
    return given
