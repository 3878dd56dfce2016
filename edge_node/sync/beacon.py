"""How this node is, in some numbers for the province's fleet page; no personal data."""

from typing import Final

from sqlite_utils import Database

from dossiers.merge import FOLD_VERSION
from edge_node.journal.stamp import offset_now
from edge_node.services import Services
from edge_node.store.local import Office
from edge_node.store.space import MIB
from edge_node.sync.status import own_logs, read_status, status_of
from signing.version import __version__
from sync_protocol.wire import Beacon

_CONFLICTS: Final = "SELECT count(*) FROM dossier WHERE (conflicts > 0 OR refused > 0) AND conflicts > 0"


def read_beacon(db: Database, services: Services, office: Office, *, now: int, problem: str = "") -> Beacon:
    """The numbers as they are now."""
    status = read_status(db, now=now)
    own = status_of(own_logs(db), refused=0, undecided=0, last=None, now=now)
    offset = offset_now(db, now)
    database = services.config.database
    return Beacon(
        version=__version__,
        fold=FOLD_VERSION,
        unsent=own.waiting,
        oldest_unsent_s=own.oldest_ms // 1000,
        conflicts=db.conn.execute(_CONFLICTS).fetchone()[0],
        refused=status.refused,
        offset_ms=offset[0] if offset else 0,
        disk_free_mb=services.space.free_bytes // MIB,
        database_mb=database.stat().st_size // MIB if database.exists() else 0,
        # By the province's time: a PC whose clock stands in the past would find no lease begun, and ask for ever more.
        codes_left=services.references.codes_left(db, office, now_ms=now + (offset[0] if offset else 0)),
        files=status.files,
        history=status.history,
        problem=problem,
    )


def last_problem(db: Database) -> str:
    """Reason code of what stopped the last sync with the province; "" where nothing did, or none was tried."""
    row = db.conn.execute("SELECT outcome FROM sync_attempt ORDER BY number DESC LIMIT 1").fetchone()
    return row[0] if row and row[0] != "done" else ""
