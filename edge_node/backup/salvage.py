"""Take over from a database that was set aside whatever the backup in its place does not know.

The disk may have spoilt pages of it, so it is read record by record, each log as far as it can be followed. Behind a
record that cannot be read the rest waits until the hub has sent that record back, and is then taken over too. What is
read goes in by the same door as what comes over a line: chain and signatures are checked. Nothing is repaired here and
nothing is deleted: the file stays as it was found.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge_node.journal import require_office
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office, forget_local, read_local, write_local
from edge_node.sync.absorb import absorb
from sync_protocol.errors import ProtocolError
from sync_protocol.frame import encode_run
from sync_protocol.limits import SEAL_EVERY_RECORDS
from sync_protocol.log import Run
from sync_protocol.record import UnverifiedRecord, unverified

_LOG: Final = logging.getLogger(__name__)
_ASIDE: Final = "salvage.aside"
"""Name of the database set aside that still holds records behind one that cannot be read."""


def salvage(db: Database, services: Services, office: Office, aside: Path) -> int:
    """Append to `db` what `aside` holds beyond it, as far as it is readable and true; returns how many records."""
    source = _Source(aside)
    with closing(source):
        frames = list(source.frames(db))
    absorbed = absorb(db, services, office, frames)
    with write_transaction(db):
        if source.is_spoilt:
            write_local(db, _ASIDE, aside.name)
        else:
            forget_local(db, _ASIDE)
    _LOG.info("%d records taken over from %s", absorbed.records, aside.name)
    return absorbed.records


def go_on_salvaging(db: Database, services: Services) -> int:
    """Try again after the hub has sent something, where a spoilt file still holds more; returns how many records."""
    name = read_local(db, _ASIDE)
    if name is None:
        return 0
    aside = services.config.database.with_name(name)
    if not aside.exists():
        return 0
    return salvage(db, services, require_office(db), aside)


class _Source:
    """A database of this program, some pages of which may be anything."""

    def __init__(self, path: Path) -> None:
        self.is_spoilt = False
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._store = SqliteLogStore(Database(self._connection, execute_plugins=False))

    def close(self) -> None:
        self._connection.close()

    def frames(self, db: Database) -> Iterator[bytes]:
        """What `db` lacks, as frames."""
        held = SqliteLogStore(db).frontier()
        try:
            logs = self._store.logs_of()
        except sqlite3.DatabaseError as error:
            self._note("the list of logs", error)
            return
        for log in logs:
            entry = held.get(log)
            for run in self._runs(log, entry.length if entry else 0):
                yield encode_run(run)

    def _runs(self, log: str, first: int) -> Iterator[Run]:
        records: list[UnverifiedRecord] = []
        for record in self._readable(log, first):
            records.append(record)
            if len(records) == SEAL_EVERY_RECORDS:
                yield Run(log=log, first=records[0].header.seq, records=tuple(records), seal=None)
                records = []
        if records:
            yield Run(log=log, first=records[0].header.seq, records=tuple(records), seal=None)

    def _readable(self, log: str, first: int) -> Iterator[UnverifiedRecord]:
        """The records of a log from `first` on, up to one that the disk spoilt or that breaks the chain."""
        link: str | None = None
        try:
            while records := self._store.span(log, first, stop=first + 1):
                if link not in (None, records[0].header.prev):
                    raise ValueError("the chain is broken")
                yield unverified(records[0])
                first, link = first + 1, records[0].link
        except (sqlite3.DatabaseError, ProtocolError, ValueError) as error:
            self._note(f"log {log} from {first} on", error)

    def _note(self, what: str, error: Exception) -> None:
        self.is_spoilt = True
        _LOG.warning("%s cannot be read: %s", what, error)
