"""Whether this PC has a line to the province, as far as its last sync tells."""

from sqlite_utils import Database

from sync_protocol.limits import RELAY_CONTACT_MS_MAX
from sync_protocol.reasons import LINE_DOWN

_NEWEST = "SELECT outcome, ended FROM sync_attempt ORDER BY number DESC LIMIT 1"


def lacks_line(db: Database) -> bool:
    """Whether the last sync found no line; a PC that has not tried yet is about to."""
    row = db.conn.execute(_NEWEST).fetchone()
    return row is not None and row[0] == LINE_DOWN.code


def has_line(db: Database, *, now_ms: int) -> bool:
    """Whether the last sync spoke with the province, not long ago by this PC's clock."""
    row = db.conn.execute(_NEWEST).fetchone()
    return row is not None and row[0] != LINE_DOWN.code and 0 <= now_ms - row[1] <= RELAY_CONTACT_MS_MAX
