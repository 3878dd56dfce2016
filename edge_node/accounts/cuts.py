"""Cut off a key of the unit: which keys an officer still has in use, and the statement that one of them ends here.

The cut is what this PC holds of the logs of the PC on which the key lives, and the size of the newest checkpoint that this
PC has checked itself: what the province showed to be logged below it counts, too.
"""

from typing import Any

from sqlite_utils import Database

from edge_node.journal import Draft, require_office
from edge_node.keyring.status import REVOKED
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.witness.state import anchor_of
from signing.cuts import LOGS_MAX, Cause, Cut, Position


def keys_in_use(db: Database, services: Services, officer: str) -> list[tuple[str, str]]:
    """The stated keys of an officer that nobody has cut off, each with the device on which it lives."""
    revoked = services.status.status(db).revoked
    rows = db.conn.execute(
        "SELECT key, device FROM key_holder WHERE officer = ? AND is_stated = 1 ORDER BY number", (officer,)
    )
    return [(key, device or "") for key, device in rows if key not in revoked]


def revocation(
    db: Database, services: Services, key: str, device: str, *, cause: Cause, ground: str = ""
) -> Draft:
    """The statement that a key counts up to what is held here now."""
    office = require_office(db)
    store = SqliteLogStore(db)
    logs = store.logs_of(device=device, commune=office.unit)[-LOGS_MAX:]
    positions = [
        Position(log=entry.log, length=entry.length, head=entry.head)
        for _, entry in sorted(store.frontier(logs).items())
        if entry.length
    ]
    checked = anchor_of(services.config.keys)
    cut: dict[str, Any] = Cut.of(0 if checked is None else checked.size, *positions).facts()
    facts = {"key": key, "unit": office.unit, "reason": cause.value, **cut}
    return Draft(kind=REVOKED, facts=facts, content={"ground": ground} if ground else None)
