"""Which keys were cut off, as far as this PC has heard: revocations and reinstatements held here, by whoever may say them.

It answers one question before somebody signs: may this key still be used here? Where a record of such a key stands
to the cut is the province's business and the verifier's; what was signed before is not touched.
"""

import threading
from typing import Final

from sqlite_utils import Database

from edge_node import reasons
from edge_node.keyring.trust import TrustBook, TrustMissing
from edge_node.store import SqliteLogStore
from signing.cuts import Cause, Cut
from signing.errors import SigningError
from signing.reasons import Reason
from signing.status import Event, Reinstated, Revoked, Status
from signing.trust import Trust
from sync_protocol.record import Record

REVOKED: Final = "key.revoked"
REINSTATED: Final = "key.reinstated"

_NEWEST: Final = (
    "SELECT max(number) FROM record WHERE kind IN ('key.revoked', 'key.reinstated') AND dossier IS NULL"
)


class StatusBook:
    """The status of keys, remembered until there is something new."""

    def __init__(self, trust: TrustBook) -> None:
        self._book = trust
        self._lock = threading.Lock()
        self._state: tuple[Trust, int | None] | None = None
        self._status = Status.of((), size=0)

    def status(self, db: Database) -> Status:
        """What is known now; nobody is cut off before enrolment."""
        try:
            trust = self._book.trust(db)
        except TrustMissing:
            return self._status
        newest: int | None = db.conn.execute(_NEWEST).fetchone()[0]
        with self._lock:
            if self._state is None or self._state[0] is not trust or self._state[1] != newest:
                self._status = read_status(db, trust)
                self._state = trust, newest
            return self._status

    def refusal(self, db: Database, key: str, *, device: str) -> Reason | None:
        """Why nothing may be signed with `key` on this PC any more, or None."""
        revoked = self.status(db).revoked
        if device in revoked:
            return reasons.DEVICE_REVOKED
        causes = {event.cause for event in revoked.get(key, ())}
        if not causes:
            return None
        return reasons.KEY_SUSPENDED if causes == {Cause.SUSPENDED} else reasons.KEY_REVOKED


def read_status(db: Database, trust: Trust) -> Status:
    """Read the events anew, in order of arrival; what their signers may not say is passed over."""
    records = SqliteLogStore(db).records_of_kinds(REVOKED, REINSTATED)
    events = [
        event for number, record in enumerate(records) if (event := _event(trust, record, number)) is not None
    ]
    return Status.of(events, size=len(records))


def _event(trust: Trust, record: Record, number: int) -> Event | None:
    header = record.header
    try:
        trust.require(header.by, kind=header.kind, unit=header.commune)
        key = str(header.facts["key"])
        trust.require_revoker(header.by, of=key)
        if header.kind == REINSTATED:
            return Reinstated(index=number, record=record.id, by=header.by, key=key)
        cause, cut = Cause(header.facts["reason"]), Cut.from_facts(header.facts)
    except (SigningError, KeyError, ValueError):
        return None
    return Revoked(index=number, record=record.id, by=header.by, key=key, cause=cause, cut=cut)
