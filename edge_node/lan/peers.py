"""The other PCs of the office as this one knows them: whether to speak with them at all, where they answer, how it went."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from sqlite_utils import Database

from edge_node.lan.asking import Known, Met
from edge_node.store import write_transaction
from edge_node.store.local import read_local, write_local

_ON: Final = "lan.on"
_FAULT: Final = "lan.fault"
_UNHEARD: Final = "lan.unheard"
DONE: Final = "done"
NEIGHBOUR: Final = "neighbour"
"""Outcome of a meeting with a PC of another commune: it takes loads, and nothing else passes."""
PEERS_MAX: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?:\.[A-Za-z0-9\-]{1,63}){0,8}")


class TooManyPeers(Exception):
    """More addresses than an office has PCs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One address. `outcome` is DONE, NEIGHBOUR, a reason code or "" before the first try; times are this PC's; `is_found`: nobody typed it."""

    address: str
    device: str | None
    challenge: bytes
    tried: int | None
    met: int | None
    outcome: str
    sent: int
    received: int
    is_found: bool = False

    @property
    def known(self) -> Known:
        return Known(device=self.device, challenge=self.challenge)


def is_on(db: Database) -> bool:
    """Whether the unit administrator has switched the office network on."""
    return read_local(db, _ON) == "1"


def switch(db: Database, *, on: bool) -> None:
    write_local(db, _ON, "1" if on else "0")


def read_fault(db: Database) -> str:
    """Why the door could not be opened, "" where it could."""
    return read_local(db, _FAULT) or ""


def note_fault(db: Database, fault: str) -> None:
    if read_fault(db) != fault:
        write_local(db, _FAULT, fault)


def read_unheard(db: Database) -> str:
    """Why this PC neither announces itself nor hears others, "" where it does."""
    return read_local(db, _UNHEARD) or ""


def note_unheard(db: Database, fault: str) -> None:
    if read_unheard(db) != fault:
        write_local(db, _UNHEARD, fault)


def parse_address(typed: str, *, port: int) -> str | None:
    """`host:port` from what somebody typed (a port is optional), None where it is no address."""
    text = typed.strip().removeprefix("http://").rstrip("/")
    host, _, number = text.rpartition(":") if text.count(":") == 1 else (text, "", str(port))
    if not number.isascii() or not number.isdigit() or not 0 < int(number[:6]) < 65_536:
        return None
    if not _NAME.fullmatch(host):
        return None
    if re.fullmatch(r"[0-9.]+", host):
        try:
            ip_address(host)
        except ValueError:
            return None
    return f"{host.lower()}:{int(number)}"


def add_peer(db: Database, address: str) -> None:
    """Know one more address, typed or accepted by a person; raises TooManyPeers."""
    with write_transaction(db):
        if db.conn.execute("SELECT count(*) FROM lan_peer").fetchone()[0] >= PEERS_MAX:
            raise TooManyPeers
        db.conn.execute(
            "INSERT INTO lan_peer (address, is_found) VALUES (?, 0) ON CONFLICT (address) DO UPDATE SET is_found = 0",
            (address,),
        )


def remove_peer(db: Database, address: str) -> None:
    with write_transaction(db):
        db.conn.execute("DELETE FROM lan_peer WHERE address = ?", (address,))


def list_peers(db: Database) -> list[Peer]:
    rows = db.conn.execute(
        "SELECT address, device, ifnull(challenge, x''), tried, met, outcome, sent, received, is_found FROM lan_peer "
        "ORDER BY address"
    )
    return [
        Peer(
            address=row[0],
            device=row[1],
            challenge=bytes(row[2]),
            tried=row[3],
            met=row[4],
            outcome=row[5],
            sent=row[6],
            received=row[7],
            is_found=bool(row[8]),
        )
        for row in rows
    ]


def note_met(db: Database, address: str, met: Met, *, now: int) -> None:
    """Remember how a meeting went; who answers there is kept as the key that answered."""
    is_done = met.problem is None
    with write_transaction(db):
        db.conn.execute(
            "UPDATE lan_peer SET tried = ?1, met = CASE WHEN ?2 THEN ?1 ELSE met END, outcome = ?3, "
            "device = ?4, challenge = ?5, sent = sent + ?6, received = received + ?7 WHERE address = ?8",
            (
                now,
                int(is_done),
                met.problem.code if met.problem else NEIGHBOUR if met.is_neighbour else DONE,
                met.known.device,
                met.known.challenge,
                met.handed if met.is_neighbour else met.sent,
                met.fetched if met.is_neighbour else met.received,
                address,
            ),
        )
