"""What this PC carries for others, and its own parcels on their way over the office network: a row for each load, its bytes as a
file named by its content.

Order of effects: a row says that a load is on its way here, then its bytes become durable, then the row says that they are here; on
the way out the row says that they are not, then they go. After a crash between two of these a load is on its way for ever, or
bytes are there that no row wants: `tidy` removes both.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import write_transaction
from edge_node.store.space import MIB
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.chunks import FileTree
from sync_protocol.limits import RELAY_AGE_MS_MAX, RELAY_COMING_MS_MAX
from sync_protocol.relay import Queue, is_expired, refusal
from vault import Vault

UP: Final = "up"
DOWN: Final = "down"
DONE: Final = "done"
PASSED: Final = "passed"
REPLACED: Final = "replaced"
REMEMBERED_MS: Final = 2 * RELAY_AGE_MS_MAX
"""So long a load that was delivered is known again when its stick comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One load.

    Attributes:
        direction: UP to the province, DOWN from it.
        device, unit: the PC that wrote it, or for which the province did, and its unit as the label says.
        came, settled: when it came here, and when it was delivered or written to a stick, by this PC's clock.
        outcome: "" while it waits, DONE at the province or on a stick, PASSED to another PC of the office network, REPLACED by a
            newer answer, or the code of the reason why it went no further.
        is_answered: of one that went up: the answer is here; is_here: its bytes are.
        is_own: of this PC itself; parts: of one that came down, how many make up the answer (0: not told).
    """

    load: str
    direction: str
    device: str
    unit: str
    size: int
    came: int
    outcome: str = ""
    settled: int | None = None
    is_answered: bool = False
    is_here: bool = True
    is_own: bool = False
    parts: int = 0

    @property
    def reason(self) -> Reason | None:
        return reasons.BY_CODE.get(self.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """The sentence on the screens: how many loads lie here on their way, of how many units, how large, since when."""

    loads: int = 0
    units: int = 0
    size_bytes: int = 0
    oldest: int | None = None


_COLUMNS: Final = (
    "load, direction, device, unit, size, came, outcome, settled, is_answered, is_here, is_own, parts"
)
_LEFT: Final = f"outcome IN ('{DONE}', '{PASSED}')"


def relayed(services: Services) -> Vault:
    """Where the bytes lie."""
    return Vault(services.config.relayed)


def find_load(db: Database, load: str) -> Load | None:
    """A load that is or was here; one that is only on its way is not known yet."""
    return next(iter(_loads(db, "load = ? AND (is_here OR outcome <> '')", load)), None)


def list_loads(db: Database, *, limit: int = 100) -> list[Load]:
    """Everything of others that is remembered: what waits first, then the newest."""
    query = (
        f"SELECT {_COLUMNS} FROM relay_load WHERE (is_here OR outcome <> '') AND NOT is_own "  # noqa: S608 — our names
        "ORDER BY outcome <> '', came DESC, load LIMIT ?"
    )
    return [_load(row) for row in db.conn.execute(query, (limit,))]


def to_deliver(db: Database) -> list[Load]:
    """What waits for a line, the oldest first."""
    return _loads(db, "direction = 'up' AND outcome = '' AND is_here AND NOT is_own")


def own_loads(db: Database, direction: str = UP) -> list[Load]:
    """This PC's own parcels and their answers, as far as they are remembered, the oldest first."""
    return _loads(db, "is_own AND direction = ?", direction)


def to_give(db: Database, devices: set[str] | None = None) -> list[Load]:
    """Answers that lie here for these PCs, or for all; those that were written to a stick before are among them."""
    found = _loads(db, "direction = 'down' AND is_here AND NOT is_own")
    return [load for load in found if devices is None or load.device in devices]


def expecting(db: Database, *, now_ms: int) -> list[str]:
    """PCs of which everything went on and no answer has come yet."""
    waiting = {load.device for load in to_deliver(db)}
    asked = _loads(db, f"direction = 'up' AND {_LEFT} AND NOT is_answered AND NOT is_own")
    fresh = [load.device for load in asked if not is_expired(load.settled or load.came, now_ms)]
    return [device for device in dict.fromkeys(fresh) if device not in waiting]


def is_owed(db: Database, device: str) -> bool:
    """Whether something of a PC lies here, or went to the province, that no answer here answers."""
    return bool(
        _loads(db, "direction = 'up' AND device = ? AND NOT is_answered AND outcome IN ('', 'done')", device)
    )


def carrying(db: Database) -> Carrying:
    """What lies here on its way."""
    row = db.conn.execute(
        "SELECT count(*), count(DISTINCT unit), ifnull(sum(size), 0), min(came) FROM relay_load "
        "WHERE is_here AND NOT is_own AND (direction = 'up' OR settled IS NULL)"
    ).fetchone()
    return Carrying(loads=row[0], units=row[1], size_bytes=row[2], oldest=row[3])


def refused(db: Database, services: Services, device: str, size: int, *, load: str = "") -> Reason | None:
    """Why this PC takes no load of this size from this PC now; None where it does. What is on its way here has its room
    already; `load` itself is not counted."""
    row = db.conn.execute(
        "SELECT count(*), ifnull(sum(size), 0), ifnull(sum(size) FILTER (WHERE device = ?), 0) "
        "FROM relay_load WHERE (is_here OR outcome = '') AND NOT is_own AND load <> ?",
        (device, load),
    ).fetchone()
    queue = Queue(loads=row[0], size_bytes=row[1], of_device_bytes=row[2])
    found = refusal(size, queue, quota_bytes=services.config.relay_mb * MIB)
    return reasons.RELAY_ROOM if found is None and not services.space.is_writable else found


def begin(
    db: Database,
    services: Services,
    load: str,
    *,
    size: int,
    direction: str,
    device: str,
    unit: str,
    is_own: bool = False,
    parts: int = 0,
) -> None:
    """A load is on its way here; one that is known stays as it is."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT OR IGNORE INTO relay_load (load, direction, device, unit, size, came, is_here, is_own, parts) "
            "VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
            (load, direction, device, unit, size, services.clock(), int(is_own), parts),
        )


def belongs(db: Database, load: str, *, device: str, unit: str) -> None:
    """Whose a load is, once it is whole and its label says so."""
    with write_transaction(db):
        db.conn.execute("UPDATE relay_load SET device = ?, unit = ? WHERE load = ?", (device, unit, load))


def keep(
    db: Database,
    services: Services,
    content: bytes,
    *,
    direction: str,
    device: str,
    unit: str,
    is_own: bool = False,
) -> Load:
    """Put a load into the queue; one that is known stays as it is. Raises OSError where there is no room."""
    tree = FileTree.of([content])
    begin(db, services, tree.id, size=tree.size, direction=direction, device=device, unit=unit, is_own=is_own)
    relayed(services).keep(content)
    arrived(db, tree.id)
    made = Load(
        load=tree.id, direction=direction, device=device, unit=unit, size=tree.size, came=services.clock()
    )
    return find_load(db, tree.id) or made


def arrived(db: Database, load: str) -> None:
    """Its bytes are here, whole."""
    with write_transaction(db):
        db.conn.execute("UPDATE relay_load SET is_here = 1 WHERE load = ? AND outcome = ''", (load,))


def settle(db: Database, services: Services, load: str, *, outcome: str, keeps: bool = False) -> None:
    """It went on, or goes no further; `keeps` its bytes, for an answer whose stick may be lost."""
    with write_transaction(db):
        db.conn.execute(
            "UPDATE relay_load SET outcome = ?, settled = ifnull(settled, ?), is_here = ? WHERE load = ?",
            (outcome, services.clock(), int(keeps), load),
        )
    if not keeps:
        relayed(services).remove(load)


def note_answered(db: Database, services: Services, device: str, *, by: set[str]) -> None:
    """The answer to everything that was delivered of a PC is here; it holds what older ones hold, as far as the PC lacked it."""
    with write_transaction(db):
        db.conn.execute(
            f"UPDATE relay_load SET is_answered = 1 WHERE direction = 'up' AND device = ? AND {_LEFT}",  # noqa: S608 — our words
            (device,),
        )
    for load in _loads(db, "direction = 'down' AND outcome = '' AND NOT is_here AND device = ?", device):
        drop(db, services, load.load)  # a part of an answer of which there is a newer one
    for load in to_give(db, {device}):
        if load.load not in by:
            settle(db, services, load.load, outcome=REPLACED)


def unit_of(db: Database, device: str) -> str:
    """The unit that a PC's own label names; "" where nothing of it lies here."""
    row = db.conn.execute(
        "SELECT unit FROM relay_load WHERE direction = 'up' AND device = ? ORDER BY came DESC LIMIT 1",
        (device,),
    ).fetchone()
    return row[0] if row else ""


def drop(db: Database, services: Services, load: str) -> bool:
    """Forget a load that somebody does not want to carry; whether there was one."""
    is_known = bool(_loads(db, "load = ?", load))
    with write_transaction(db):
        db.conn.execute("DELETE FROM relay_load WHERE load = ?", (load,))
    relayed(services).remove(load)
    return is_known


def tidy(db: Database, services: Services) -> int:
    """Let go of what lay here for too long, and of bytes that no row names; returns how many loads expired."""
    now_ms, vault = services.clock(), relayed(services)
    expired = [load for load in _loads(db, "is_here") if is_expired(load.came, now_ms)]
    for load in expired:
        is_given = load.direction == DOWN and load.settled is not None
        settle(db, services, load.load, outcome=load.outcome if is_given else reasons.RELAY_EXPIRED.code)
    for load in _loads(db, "outcome = '' AND NOT is_here"):
        is_given_up = load.direction == UP and now_ms - load.came > RELAY_COMING_MS_MAX
        if is_given_up or is_expired(load.came, now_ms):
            drop(db, services, load.load)
    with write_transaction(db):
        db.conn.execute("DELETE FROM relay_load WHERE NOT is_here AND came < ?", (now_ms - REMEMBERED_MS,))
    wanted = {row[0] for row in db.conn.execute("SELECT load FROM relay_load WHERE is_here OR outcome = ''")}
    for load_id, _ in list(vault.listed()):
        if load_id not in wanted:
            vault.remove(load_id)
    return len(expired)


def _loads(db: Database, where: str, *values: object) -> list[Load]:
    query = f"SELECT {_COLUMNS} FROM relay_load WHERE {where} ORDER BY came, load"  # noqa: S608 — our words
    return [_load(row) for row in db.conn.execute(query, values)]


def _load(row: tuple[object, ...]) -> Load:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values |= {name: bool(values[name]) for name in ("is_answered", "is_here", "is_own")}
    return Load(**values)  # type: ignore[arg-type]
