"""Suspected copies of this unit's PCs, as the province has stated them, and the administrator's signed word about one.

Computed when asked, from records: the suspicion in the unit's log of the hub, and the words of the province and of this unit.
A copy itself hears of none of this; it only knows that it waits, and may not speak for any copy (ADR 0038).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from dossiers.kinds import check_facts
from edge_node import reasons
from edge_node.journal import Draft, WriteRefused, require_office, write
from edge_node.keyring import Actor
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts
from signing.errors import NotEntitled
from signing.roles import Role
from signing.trust import Trust
from sync_protocol.copies import REVIEWED, SUSPECTED, CopyWord
from sync_protocol.record import Record

_ITSELF = frozenset({alerts.COPY_WAITING, alerts.COPY_REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectedCopy:
    """A suspected copy of the disk of one of the unit's PCs.

    Attributes:
        cause: `fork` (one log continued in two ways) or `two_lives` (a PC put back while the other goes on).
        word: what counts of all that was said, None while nobody has spoken.
    """

    life: str
    device: str
    cause: str
    since_ms: int
    word: CopyWord | None

    @property
    def waits(self) -> bool:
        """Whether nobody has spoken yet."""
        return self.word is None


def list_copies(db: Database, *, also: Iterable[Record] = ()) -> list[SuspectedCopy]:
    """Those of which this PC has heard: the ones that wait first, then the newest; `also` are words not stored yet."""
    store = SqliteLogStore(db)
    stated = {
        str(record.header.facts["life"]): record for record in _readable(store.records_of_kinds(SUSPECTED))
    }
    if not stated:
        return []
    words: dict[str, CopyWord] = {}
    refused = _not_taken(db)
    for record in _readable([*store.records_of_kinds(REVIEWED), *also]):
        word = CopyWord.of(record.id, record.header)
        if word.record not in refused and word.prevails_over(words.get(word.life)):
            words[word.life] = word
    found = [
        SuspectedCopy(
            life=life,
            device=str(record.header.facts["device"]),
            cause=str(record.header.facts["cause"]),
            since_ms=record.header.corrected_ms,
            word=words.get(life),
        )
        for life, record in stated.items()
    ]
    return sorted(found, key=lambda each: (not each.waits, -each.since_ms, each.life))


def count_waiting(db: Database) -> int:
    """How many copies wait for somebody's word; costs one look at an index where there are none."""
    return sum(each.waits for each in list_copies(db))


def is_entitled(trust: Trust, record: Record) -> bool:
    """Whether the signer of a word may speak for that unit."""
    header = record.header
    try:
        trust.require(header.by, kind=header.kind, unit=header.commune)
    except NotEntitled:
        return False
    return True


def may_be_copied(db: Database, device: str, *, also: Iterable[Record] = ()) -> bool:
    """Whether two disks may speak for this PC's key: a copy of it is neither confirmed nor cut off yet, or this is one.

    Nobody makes it a snapshot and nobody takes one from it: the other disk may be in a thief's hands.
    """
    if device == require_office(db).device and _ITSELF & {alert.code for alert in alerts.list_alerts(db)}:
        return True
    return any(
        each.device == device and not (each.word and each.word.stands) for each in list_copies(db, also=also)
    )


def review_copy(
    db: Database, services: Services, administrator: Actor, life: str, *, stands: bool, ground: str
) -> Record:
    """Sign that this copy is the unit's own PC, or that it is not; the province takes it over with the next sync.

    Raises WriteRefused: for other roles, at a PC that is itself suspected, for a copy that does not wait.
    """
    if Role.UNIT_ADMINISTRATOR not in administrator.roles:
        raise WriteRefused(reasons.ROLE, REVIEWED)
    if _ITSELF & {alert.code for alert in alerts.list_alerts(db)}:
        raise WriteRefused(reasons.COPY_ITSELF)
    copy = next((each for each in list_copies(db) if each.life == life), None)
    if copy is None or not copy.waits:
        raise WriteRefused(reasons.NOT_FOUND, life)
    facts = {"device": copy.device, "life": life, "stands": stands, "unit": require_office(db).unit}
    draft = Draft(kind=REVIEWED, facts=facts, content={"ground": ground} if ground else None)
    return write(db, services, administrator, [draft])[0]


def _readable(records: list[Record]) -> list[Record]:
    return [r for r in records if check_facts(r.header.kind, r.header.facts) is None]


def _not_taken(db: Database) -> frozenset[str]:
    """Words that the province refused or has not decided about."""
    rows = db.conn.execute(
        "SELECT verdict.record FROM verdict JOIN record ON record.id = verdict.record "
        "WHERE record.kind = ? AND record.dossier IS NULL AND verdict.outcome <> 'applied'",
        (REVIEWED,),
    )
    return frozenset(row[0].hex() for row in rows)
