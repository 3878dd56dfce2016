"""What this PC knows of itself: single values beside the logs, none of which is signed or travels.

They are facts of this installation (which unit, which epoch, which hub), not of any dossier. All survive a rebuild; none
survives a restore on another PC, because `backup` opens a new epoch there.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.store.connection import write_transaction

HYBRID_CLOCK: Final = "hybrid_clock"
CLOCK_OFFSET: Final = "clock_offset"
ADOPTED_DEVICE: Final = "adopted.device"
"""The device whose logs came here with a backup taken on another PC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What enrolment told this PC, and the log it writes.

    Attributes:
        unit, unit_name: the commune; province: its two-digit code.
        device: key id of this PC; epoch and log: where it writes now.
        hub_url: address of the province's hub; hub_ca: certificate to pin (PEM), "" for plain http.
        hub_epoch: the hub's life as last seen; a change voids receipts.
    """

    unit: str
    unit_name: str
    province: str
    device: str
    epoch: str
    log: str
    hub_url: str
    hub_ca: str
    hub_epoch: str


_OFFICE_NAMES: Final = tuple(Office.__dataclass_fields__)


def read_local(db: Database, name: str) -> str | None:
    row = db.conn.execute("SELECT value FROM local WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def newest_instant_ms(db: Database) -> int:
    """The newest moment that any record written or taken in here names; 0 before the first."""
    found = read_local(db, HYBRID_CLOCK)
    return int(found.split()[0]) if found else 0


def write_local(db: Database, name: str, value: str) -> None:
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO local (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            (name, value),
        )


def forget_local(db: Database, name: str) -> None:
    with write_transaction(db):
        db.conn.execute("DELETE FROM local WHERE name = ?", (name,))


def read_office(db: Database) -> Office | None:
    """The office of this PC, or None before enrolment."""
    # GLOB, because LIKE passes over upper and lower case and so looks at every row.
    rows = dict(db.conn.execute("SELECT name, value FROM local WHERE name GLOB 'office.*'").fetchall())
    values = {name: rows.get(f"office.{name}") for name in _OFFICE_NAMES}
    if any(value is None for value in values.values()):
        return None
    return Office(**{name: str(value) for name, value in values.items()})


def write_office(db: Database, office: Office) -> None:
    with write_transaction(db):
        for name in _OFFICE_NAMES:
            write_local(db, f"office.{name}", getattr(office, name))


def forget_office(db: Database) -> None:
    """This PC belongs to no unit any more (a backup of another PC was restored); the logs stay."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM local WHERE name LIKE 'office.%'")
