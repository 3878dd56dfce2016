"""The hub's trust, kept current: the roots' bundle and every accepted key statement, in order of acceptance."""

from threading import Lock

import orjson
from sqlalchemy import Connection, select

from central_hub.registry.units import GenealogyKeeper
from central_hub.store.bulk import chunks
from central_hub.store.tables import KEY
from signing.statements import KeyStatement
from signing.trust import Succession, Trust, TrustBundle

_NEWEST = select(KEY.c.no, KEY.c.record).order_by(KEY.c.no.desc()).limit(1)
"""The record with its number: what a transaction that was undone had written gave its number back."""


class TrustKeeper:
    """Reads a statement once, and all of them in order again when there is a new one; shared by the threads of one process."""

    def __init__(self, bundle: TrustBundle, genealogy: GenealogyKeeper) -> None:
        self._bundle = bundle
        self._genealogy = genealogy
        self._succession: Succession = {}
        self._seen: tuple[int, str] | None = None
        self._trust = Trust.of(bundle)
        self._read: dict[str, KeyStatement] = {}
        self._lock = Lock()

    def current(self, connection: Connection) -> Trust:
        """The trust as of this transaction."""
        row = connection.execute(_NEWEST).first()
        newest = None if row is None else (row.no, row.record)
        succession = self._genealogy.current(connection).succession
        with self._lock:
            if newest == self._seen and succession is self._succession:
                return self._trust
            read = self._read
        records = connection.scalars(select(KEY.c.record).order_by(KEY.c.no)).all()
        fresh = _read(connection, [record for record in records if record not in read])
        held = {record: read[record] if record in read else fresh[record] for record in records}
        trust = Trust.of(self._bundle, held.values(), succession=succession)
        with self._lock:
            self._seen, self._trust, self._succession, self._read = newest, trust, succession, held
        return trust


def _read(connection: Connection, records: list[str]) -> dict[str, KeyStatement]:
    """The statements that these records made."""
    found: dict[str, KeyStatement] = {}
    for part in chunks(records):
        query = select(KEY.c.record, KEY.c.facts, KEY.c.issuer).where(KEY.c.record.in_(part))
        for row in connection.execute(query):
            found[row.record] = KeyStatement.from_facts(orjson.loads(row.facts), issuer=row.issuer)
    return found
