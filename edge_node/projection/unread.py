"""What this program could not read: kinds of records that a later version wrote, kept and passed on until one that can comes.

The note of them is the alert that people see; it names the kinds, so that a program which has learnt one of them makes its
tables anew by itself. Nothing here looks into such a record.
"""

from typing import Final

from sqlite_utils import Database

from dossiers.kinds import KINDS
from edge_node.store import alerts
from sync_protocol.record import knows_version

KINDS_NOTED_MAX: Final = 64


def note_unread(db: Database, kind: str, *, now: int) -> None:
    """A record came that this program cannot read."""
    kinds = _noted(db)
    if kind not in kinds and len(kinds) < KINDS_NOTED_MAX:
        alerts.raise_alert(db, alerts.NEWER, now=now, detail=" ".join(sorted({*kinds, kind})))


def can_read_more(db: Database) -> bool:
    """Whether this program knows something that an earlier one could not read."""
    return any(is_readable(kind) for kind in _noted(db))


def forget_readable(db: Database) -> None:
    """Only what cannot be read even now stays noted."""
    for alert in alerts.list_alerts(db):
        if alert.code == alerts.NEWER:
            left = [kind for kind in alert.detail.split() if not is_readable(kind)]
            alerts.clear_alert(db, alerts.NEWER)
            if left:
                alerts.raise_alert(db, alerts.NEWER, now=alert.at, detail=" ".join(left))


def is_readable(kind: str) -> bool:
    """Whether this program knows the kind, in the version that it names (`dossier.noted@2`)."""
    name, _, version = kind.partition("@")
    return name in KINDS and (not version or knows_version(int(version)))


def _noted(db: Database) -> frozenset[str]:
    return frozenset(
        kind
        for alert in alerts.list_alerts(db)
        if alert.code == alerts.NEWER
        for kind in alert.detail.split()
    )
