"""How the province's units were re-organised, kept current; and their names as they stand today.

The records are in the province's log; `reorganisation` holds what they say. Shared by the threads of one process, which
read it again only when there is something new.
"""

from threading import Lock

import orjson
from sqlalchemy import Connection, select

from central_hub.store.tables import REORGANISATION
from dossiers.genealogy import NOTHING, Genealogy, read_event
from dossiers.units import Units, load_default_units

_NEWEST = select(REORGANISATION.c.no, REORGANISATION.c.record).order_by(REORGANISATION.c.no.desc()).limit(1)


class GenealogyKeeper:
    """The newest genealogy that this process has read."""

    def __init__(self) -> None:
        self._seen: tuple[int, str] | None = None
        self._genealogy = NOTHING
        self._units: tuple[tuple[int, str] | None, int, Units] | None = None
        self._lock = Lock()

    def current(self, connection: Connection) -> Genealogy:
        """The genealogy as of this transaction."""
        row = connection.execute(_NEWEST).first()
        newest = None if row is None else (row.no, row.record)
        with self._lock:
            if newest == self._seen:
                return self._genealogy
        rows = connection.execute(select(REORGANISATION).order_by(REORGANISATION.c.no)).all()
        genealogy = Genealogy(
            read_event(
                row.kind,
                row.record,
                (row.at_ms, row.at_counter),
                orjson.loads(row.facts),
                orjson.loads(row.content),
            )
            for row in rows
        )
        with self._lock:
            self._seen, self._genealogy = newest, genealogy
        return genealogy

    def units(self, today: int) -> Units:
        """All units with their names of today, by what this process has read so far."""
        with self._lock:
            if self._units is None or self._units[:2] != (self._seen, today):
                names = self._genealogy.names_at(today)
                ended = self._genealogy.ended_at(today)
                self._units = self._seen, today, load_default_units().renamed(names, ended=ended)
            return self._units[2]
