"""Which keys are believed on this PC: the newest trust bundle and every key statement held, in order of arrival.

Kept as one immutable value and extended when new statements are stored; several threads and processes may ask. A
statement whose issuer is not entitled (yet) is passed over and tried again whenever another one arrives. What a registry
key said after the roots cut it off is not believed, unless the province has reviewed it.
"""

import threading
from functools import lru_cache
from typing import Final

from sqlite_utils import Database

from edge_node.keyring.units import read_genealogy
from edge_node.store import SqliteLogStore
from signing.bundles import TrustBundle, open_bundle, open_unpinned_bundle
from signing.cuts import Place, Side
from signing.errors import SigningError
from signing.statements import KIND, KeyStatement
from signing.trust import NO_SUCCESSION, Succession, Trust
from sync_protocol.log import log_id
from sync_protocol.record import Record

REVIEWED: Final = "review.given"
_NEWEST: Final = (
    "SELECT (SELECT max(version) FROM trust_bundle), "
    # The newest of each kind by the end of its index: to sort all of both took three times as long.
    "(SELECT id FROM record WHERE number = (SELECT max(number) FROM ("
    "SELECT max(number) AS number FROM record WHERE kind = 'key.stated' AND dossier IS NULL "
    "UNION ALL SELECT max(number) FROM record WHERE kind = 'review.given' AND dossier IS NULL))), "
    "(SELECT max(number) FROM foreign_record WHERE kind = 'key.stated' AND dossier IS NULL), "
    "(SELECT count(*) FROM unit_event)"
)


class TrustMissing(Exception):
    """No trust bundle yet: the PC is not enrolled."""


class TrustBook:
    """The believed keys, remembered until there is something new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[int, bytes | None, int | None, int] | None = None
        self._trust: Trust | None = None

    def trust(self, db: Database) -> Trust:
        """What is believed now; raises TrustMissing before enrolment."""
        state = db.conn.execute(_NEWEST).fetchone()
        if state[0] is None:
            raise TrustMissing
        with self._lock:
            if self._trust is None or state != self._state:
                succession = read_genealogy(db).succession if state[3] else NO_SUCCESSION
                self._trust, self._state = build_trust(db, succession), state
            return self._trust


def build_trust(db: Database, succession: Succession = NO_SUCCESSION) -> Trust:
    """Read bundle and statements anew; `succession` says for which other units keys may act."""
    bundle = newest_bundle(db)
    if bundle is None:
        raise TrustMissing
    store = SqliteLogStore(db)
    stated = store.records_of_kinds(KIND)
    cut_off = {record.id for record in stated if _is_cut_off(bundle, store, record)}
    if not cut_off:
        return trust_of(bundle, stated, succession)
    inside = [record for record in stated if record.id not in cut_off]
    trust = trust_of(bundle, inside, succession)
    reviewed = _reviewed(trust, store) & cut_off
    return (
        trust_of(bundle, [r for r in stated if r.id in reviewed or r.id not in cut_off], succession)
        if reviewed
        else trust
    )


def _is_cut_off(bundle: TrustBundle, store: SqliteLogStore, record: Record) -> bool:
    """Whether a former registry key said this after the cut that the roots made: who had the key then, nobody knows."""
    former = next((each for each in bundle.former if each.key.id == record.header.by), None)
    if former is None:
        return False
    header = record.header
    position = former.cut.frontier.get(header.log)
    links = {record.link}
    if position is not None and store.link_at(header.log, position.length) == position.head:
        links.add(position.head)
    place = Place(record=record.id, by=header.by, log=header.log, seq=header.seq, links=frozenset(links))
    return former.cut.side(place) is not Side.INSIDE


def _reviewed(trust: Trust, store: SqliteLogStore) -> set[str]:
    """The records that somebody entitled has let stand, and nobody has refused."""
    said: dict[str, bool] = {}
    for record in store.records_of_kinds(REVIEWED):
        try:
            trust.require(record.header.by, kind=REVIEWED, unit=record.header.commune)
        except SigningError:
            continue
        for target in record.header.facts["records"]:
            said[target] = bool(record.header.facts["stands"])
    return {target for target, stands in said.items() if stands}


def trust_of(bundle: TrustBundle, records: list[Record], succession: Succession = NO_SUCCESSION) -> Trust:
    """Accept statements until no more can be; the order of arrival need not be the order of dependence."""
    try:  # nearly always everything is in order, and one pass over thousands is quick
        return Trust.of(
            bundle,
            [KeyStatement.from_facts(r.header.facts, issuer=r.header.by) for r in records],
            succession=succession,
        )
    except SigningError:
        waiting, accepted = records, Trust.of(bundle, succession=succession)
    while waiting:
        left = []
        for record in waiting:
            try:
                statement = KeyStatement.from_facts(record.header.facts, issuer=record.header.by)
                accepted = accepted.accept(statement, issuer_key_id=record.header.by)
            except SigningError:
                left.append(record)
        if len(left) == len(waiting):
            break
        waiting = left
    return accepted


def newest_bundle(db: Database) -> TrustBundle | None:
    envelope = newest_envelope(db)
    return None if envelope is None else open_unpinned_bundle(envelope)


def newest_envelope(db: Database) -> bytes | None:
    """The newest trust bundle as the roots signed it."""
    row = db.conn.execute("SELECT envelope FROM trust_bundle ORDER BY version DESC LIMIT 1").fetchone()
    return bytes(row[0]) if row else None


def hub_keys(db: Database) -> frozenset[str]:
    """Ids of the keys that were the province's hub's under any bundle held here: theirs alone are verdicts."""
    rows = db.conn.execute("SELECT envelope FROM trust_bundle").fetchall()
    return frozenset(_hub_of(bytes(row[0])) for row in rows)


def hub_log_ids(db: Database, epoch: str) -> frozenset[str]:
    """Logs held here that the hub writes in this life of its own (its epoch): of these nobody knows more than it does."""
    rows = db.conn.execute("SELECT id, device, commune FROM log").fetchall()
    hubs = hub_keys(db)
    return frozenset(
        log for log, device, commune in rows if device in hubs and log == log_id(device, commune, epoch)
    )


@lru_cache(maxsize=64)
def _hub_of(envelope: bytes) -> str:
    return open_unpinned_bundle(envelope).hub.key.id


def office_log_ids(db: Database) -> list[str]:
    """Logs of this office's PCs that are held here, oldest first: this PC's, and all of its unit but the hub's own."""
    hubs = hub_keys(db)
    rows = db.conn.execute(
        "SELECT id, device, commune, device IS (SELECT value FROM local WHERE name = 'office.device'), "
        "(SELECT value FROM local WHERE name = 'office.unit') FROM log ORDER BY number"
    ).fetchall()
    genealogy = read_genealogy(db)
    return [
        log
        for log, device, commune, is_own, unit in rows
        if device not in hubs and (is_own or (unit is not None and commune in genealogy.scope(unit)))
    ]


def keep_bundle(db: Database, envelope: bytes, *, pin: TrustBundle | str | None) -> TrustBundle:
    """Keep a bundle that follows from what is pinned (a fingerprint, or the bundle held before)."""
    bundle = open_unpinned_bundle(envelope) if pin is None else open_bundle(envelope, roots=pin)
    db.execute(
        "INSERT INTO trust_bundle (version, envelope) VALUES (?1, ?2) ON CONFLICT (version) DO NOTHING",
        (bundle.version, envelope),
    )
    return bundle
