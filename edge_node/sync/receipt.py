"""The hub's newest receipt as kept here: signed, and per log for joining."""

from collections.abc import Collection

from sqlite_utils import Database

from edge_node.store import write_transaction
from signing.signatures import PublicKey
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.reasons import ROUND_FORMAT
from sync_protocol.receipts import Receipt, newer, open_receipt


def signed_receipt(db: Database) -> bytes:
    """The receipt's bytes, b"" for none."""
    row = db.conn.execute("SELECT signed FROM receipt").fetchone()
    return bytes(row[0]) if row else b""


def keep_receipt(db: Database, signed: bytes, *, hub: PublicKey, units: Collection[str]) -> Receipt:
    """Check and keep a receipt unless the one held is newer; raises RemoteFault."""
    receipt = open_receipt(signed, hub)
    if receipt.commune not in units:
        raise RemoteFault(ROUND_FORMAT, "a receipt for another unit")
    with write_transaction(db):
        held = signed_receipt(db)
        if held and newer(receipt, open_receipt(held, hub)) is not receipt:
            return receipt
        _forget(db)
        if held and open_receipt(held, hub).epoch != receipt.epoch:
            forget_places(db)
        _keep_places(db, receipt)
        db.conn.execute("INSERT INTO receipt (one, signed) VALUES (1, ?)", (signed,))
        for log, entry in receipt.logs.items():
            db.conn.execute(
                "INSERT INTO receipt_log (log, held, head, judged) VALUES (?, ?, ?, ?)",
                (log, entry.held, entry.head, entry.judged),
            )
    return receipt


def void_receipt(db: Database) -> None:
    """A hub of another epoch holds nothing until it says so."""
    with write_transaction(db):
        _forget(db)
        forget_places(db)


def forget_places(db: Database) -> None:
    """What receipts said of places counts no more: another life of the hub, or another origin of its log."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM receipt_place")


def _forget(db: Database) -> None:
    db.conn.execute("DELETE FROM receipt")
    db.conn.execute("DELETE FROM receipt_log")


def _keep_places(db: Database, receipt: Receipt) -> None:
    """What earlier receipts said stays: each says only where the newest records stand."""
    for log, spans in receipt.places.items():
        for span in spans:
            db.conn.execute(
                "INSERT INTO receipt_place (log, first, count, position) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (log, first) DO UPDATE SET count = max(count, ?3), position = ?4",
                (log, span.first, span.count, span.position),
            )


def receipted_place(db: Database, log: str, seq: int) -> int | None:
    """The leaf at which the province's receipts place this record; None while they say nothing of it."""
    row = db.conn.execute(
        "SELECT position + ?2 - first FROM receipt_place "
        "WHERE log = ?1 AND first <= ?2 AND ?2 < first + count ORDER BY first DESC LIMIT 1",
        (log, seq),
    ).fetchone()
    return None if row is None else int(row[0])


def receipted(db: Database) -> Frontier:
    """Where the hub stands by its receipt."""
    rows = db.conn.execute("SELECT log, held, head FROM receipt_log WHERE held > 0")
    return Frontier(FrontierEntry(log=log, length=held, head=head) for log, held, head in rows)
