"""The hub's newest receipt as kept here: signed, and per log for joining."""

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


def keep_receipt(db: Database, signed: bytes, *, hub: PublicKey, unit: str) -> Receipt:
    """Check and keep a receipt unless the one held is newer; raises RemoteFault."""
    receipt = open_receipt(signed, hub)
    if receipt.commune != unit:
        raise RemoteFault(ROUND_FORMAT, "a receipt for another unit")
    with write_transaction(db):
        held = signed_receipt(db)
        if held and newer(receipt, open_receipt(held, hub)) is not receipt:
            return receipt
        void_receipt(db)
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
        db.conn.execute("DELETE FROM receipt")
        db.conn.execute("DELETE FROM receipt_log")


def receipted(db: Database) -> Frontier:
    """Where the hub stands by its receipt."""
    rows = db.conn.execute("SELECT log, held, head FROM receipt_log WHERE held > 0")
    return Frontier(FrontierEntry(log=log, length=held, head=head) for log, held, head in rows)
