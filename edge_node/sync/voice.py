"""Tell the province how this PC is when a sync did not succeed: a small request on a path of its own (lesson 22).

It must get out whatever is wrong here: it writes nothing, and where the database cannot be read (locked, damaged, disk
full) it says the numbers that were read last, with what went wrong. Where the line itself is down there is nobody to tell.
"""

import logging
import sqlite3
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec.structs import replace
from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import StorageFull
from edge_node.store.local import Office, read_local, read_office
from edge_node.store.space import MIB
from edge_node.sync.beacon import read_beacon
from edge_node.sync.runner import CHALLENGE
from edge_node.sync.transport import LineFault
from sync_protocol.direct_beacon import DirectBeacon, decode_direct_answer, sign_direct
from sync_protocol.errors import RemoteFault
from sync_protocol.wire import Beacon

_LOG: Final = logging.getLogger(__name__)
_ATTEMPTS: Final = 2
_UNREADABLE: Final = (sqlite3.Error, StorageFull)


class BeaconLine(Protocol):
    """What the voice needs of the line."""

    def is_up(self) -> bool: ...

    def post_beacon(self, payload: bytes) -> bytes: ...


@dataclass(slots=True)
class Voice:
    """What was read last, for when nothing can be read."""

    services: Services
    office: Office | None = None
    _beacon: Beacon | None = None
    _challenge: bytes = b""

    def listen(self, db: Database) -> None:
        """Read how things are, as far as that is possible now."""
        try:
            self.office = read_office(db) or self.office
            if self.office is not None:
                self._challenge = bytes.fromhex(read_local(db, CHALLENGE) or "") or self._challenge
                self._beacon = read_beacon(db, self.services, self.office, now=self.services.clock())
        except _UNREADABLE as error:
            _LOG.warning("the beacon says what was read before: %s", error)

    def say(self, line: BeaconLine, *, problem: str) -> bool:
        """Tell the hub; whether it has heard. Never raises for a bad line, hub or database."""
        if self.office is None or self._beacon is None or not line.is_up():
            return False
        free = self.services.space.free_bytes // MIB
        beacon = replace(self._beacon, problem=problem, disk_free_mb=free)
        device = self.services.keyring.device
        try:
            for _ in range(_ATTEMPTS):
                said = DirectBeacon(
                    device=bytes.fromhex(self.office.device), challenge=self._challenge, beacon=beacon
                )
                answer = decode_direct_answer(line.post_beacon(sign_direct(said, device)))
                self._challenge = answer.challenge
                if answer.is_taken:
                    return True
        except (LineFault, RemoteFault) as error:
            _LOG.info("the beacon was not taken: %s", error)
        return False
