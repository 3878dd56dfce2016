"""The steps of the province's log that this PC was shown: from one checkpoint to the next, with the proof, for colleagues.

A step is kept as it came and checked by whoever uses it; all of it can be lost.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import write_transaction
from edge_node.witness.state import read_seen
from signing.tlog.merkle import HASH_BYTES
from sync_protocol.lan import TreeStep
from sync_protocol.wire import tree_mark

STEPS_KEPT: Final = 256
WANTED_MAX: Final = 16


def own_mark(services: Services) -> bytes:
    """The mark of the newest checkpoint checked here, b"" for none."""
    seen = read_seen(services.config.keys)
    return tree_mark(seen[0].size, seen[0].root) if seen else b""


def keep_step(db: Database, *, start: bytes, stop: bytes, note: bytes, proof: list[bytes]) -> None:
    """Keep how the log went on from the checkpoint marked `start`."""
    if not start or start == stop:
        return
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO log_step (start, stop, note, proof) VALUES (?, ?, ?, ?) ON CONFLICT (start, stop) DO NOTHING",
            (start, stop, note, b"".join(proof)),
        )
        db.conn.execute("DELETE FROM log_step_wanted WHERE start = ?", (start,))
        db.conn.execute(
            "DELETE FROM log_step WHERE number <= (SELECT max(number) FROM log_step) - ?", (STEPS_KEPT,)
        )


def next_step(db: Database, mark: bytes) -> tuple[bytes, TreeStep] | None:
    """The longest step known from a checkpoint on, and where it leads."""
    row = db.conn.execute(
        "SELECT stop, note, proof FROM log_step WHERE start = ? ORDER BY stop DESC LIMIT 1", (mark,)
    ).fetchone()
    if row is None:
        return None
    proof = [row[2][at : at + HASH_BYTES] for at in range(0, len(row[2]), HASH_BYTES)]
    return bytes(row[0]), TreeStep(note=bytes(row[1]), proof=proof)


def want_step(db: Database, mark: bytes) -> None:
    """A colleague stands where no step begins: the next sync asks the province for one."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO log_step_wanted (start) SELECT ?1 WHERE (SELECT count(*) FROM log_step_wanted) < ?2 "
            "ON CONFLICT (start) DO NOTHING",
            (mark, WANTED_MAX),
        )


def wanted_step(db: Database) -> bytes:
    """A mark for which a step is to be asked, b"" for none."""
    row = db.conn.execute("SELECT start FROM log_step_wanted ORDER BY start LIMIT 1").fetchone()
    return bytes(row[0]) if row else b""


def forget_wanted(db: Database, mark: bytes) -> None:
    """The province was asked once."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM log_step_wanted WHERE start = ?", (mark,))


def forget_steps(db: Database) -> None:
    """Another log goes on: its sizes are other sizes."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM log_step")
        db.conn.execute("DELETE FROM log_step_wanted")
