"""Records of keys that were cut off: which of them stand, which wait for a review, which are refused.

Prepared from the database for one batch (`read_cuts`); asked while judging without it. The hub holds the logs itself, so
it knows what leads to a cut's head without asking for a leaf number. Two continuations of one log name the same log in
their headers: a record stands where it is kept, in the log or in a branch of it, and a cut names each by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from central_hub.judge.standings import Standing
from central_hub.registry.status import read_events
from central_hub.store.record_log import HeldLog, HubLogStore
from central_hub.store.tables import KEY, LOG
from signing.cuts import Place, Position
from signing.report import Indication
from signing.status import Revoked, Status, StatusFinding, finding
from signing.trust import Trust
from sync_protocol import reasons
from sync_protocol.admission import APPLIED, Judgement, Outcome
from sync_protocol.record import Record, UnverifiedRecord


@dataclass(frozen=True, slots=True)
class Cuts:
    """What is known of cut-off keys, as far as one batch needs it.

    Attributes:
        heads: head links of cuts that logs held here do lead to, by log, with their lengths.
        statements: places of the statements above each key whose issuer was cut off, the nearest first.
        branches: the branch that keeps a record, by record id; whatever is not named stands in the log of its header.
    """

    status: Status
    heads: Mapping[str, tuple[Position, ...]]
    statements: Mapping[str, tuple[Place, ...]]
    branches: Mapping[str, str]

    def judge(self, record: UnverifiedRecord, device: str) -> Judgement:
        """Applied, unless the signer's key, its device's or a key that stated it was cut off before this record."""
        if not self.status.revoked:  # the normal case: nobody was ever cut off
            return APPLIED
        keys = dict.fromkeys((record.header.by, device))
        found = [self._finding(record, key) for key in keys if self._is_in_question(key)]
        indications = {each.indication for each in found}
        if Indication.FAILED in indications:
            return Judgement(Outcome.QUARANTINED, reasons.RECORD_REVOKED)
        if Indication.INDETERMINATE in indications:
            row = next(each.row for each in found if each.indication is Indication.INDETERMINATE)
            return Judgement(Outcome.PENDING, reasons.RECORD_AFTER_CUT, row.value)
        return APPLIED

    def _is_in_question(self, key: str) -> bool:
        return key in self.statements or not self.status.is_silent(key)

    def _finding(self, record: UnverifiedRecord, key: str) -> StatusFinding:
        return finding(self.status, self.place(record, key), self.statements.get(key, ()))

    def place(self, record: UnverifiedRecord | Record, key: str) -> Place:
        """Where a record stands; its links are the cuts' heads that it leads to here."""
        seq = record.header.seq
        log = self.branches.get(record.id, record.header.log)
        links = {p.head for p in self.heads.get(log, ()) if seq < p.length}
        return Place(record=record.id, by=key, log=log, seq=seq, links=frozenset({record.link, *links}))


def read_cuts(
    connection: Connection,
    store: HubLogStore,
    status: Status,
    trust: Trust,
    records: Iterable[UnverifiedRecord],
) -> Cuts:
    """What these records need; nothing is read where nobody was ever cut off."""
    if not status.revoked:
        return Cuts(status, {}, {}, {})
    at_hand = list(records)
    heads = _held_heads(store, status)
    keys = {record.header.by for record in at_hand}
    stating = {
        key: found for key in keys if (found := _statements_above(connection, store, status, trust, key))
    }
    all_records: list[UnverifiedRecord | Record] = [
        *at_hand,
        *(record for found in stating.values() for record, _ in found),
    ]
    cuts = Cuts(status, heads, {}, _branches_of(store, all_records))
    above = {key: tuple(cuts.place(*each) for each in found) for key, found in stating.items()}
    return replace(cuts, statements=above)


def records_after_new_cuts(
    connection: Connection, store: HubLogStore, status: Status, trust: Trust, *, seen: int
) -> list[tuple[Record, Standing, str]]:
    """Judged records that events after number `seen` may have cut off: each with its standing and its device."""
    new = {event.key for event in read_events(connection, after=seen) if isinstance(event, Revoked)}
    keys = _with_stated(trust, new)
    if not keys:
        return []
    devices = {(statement.device or key) for key in keys if (statement := trust.statement(key))}
    rows = connection.execute(
        select(LOG).where(LOG.c.device.in_(devices), LOG.c.judged > 0).order_by(LOG.c.no)
    )
    found = []
    for row in rows.all():
        first = _first_in_question(status, keys, row.id)
        for record in store.span(row.id, first, stop=row.judged):
            if record.header.by in keys or row.device in keys:
                found.append((record, _stood(record, row.no), row.device))
    return found


def _held_heads(store: HubLogStore, status: Status) -> dict[str, tuple[Position, ...]]:
    held: dict[str, tuple[Position, ...]] = {}
    for event in (event for events in status.revoked.values() for event in events):
        for position in event.cut.frontier.values():
            if store.link_at(position.log, position.length) == position.head:
                held[position.log] = (*held.get(position.log, ()), position)
    return held


def _branches_of(store: HubLogStore, records: Iterable[UnverifiedRecord | Record]) -> dict[str, str]:
    """The branch that keeps each record, for those which no log keeps under the id that they name."""
    found: dict[str, str] = {}
    families: dict[str, list[HeldLog]] = {}
    for record in records:
        header = record.header
        if header.log not in families:
            families[header.log] = store.branches_of(header.log)
        for branch in families[header.log]:
            is_reached = branch.base <= header.seq < branch.length
            if is_reached and store.link_at(branch.id, header.seq + 1) == record.link:
                found[record.id] = branch.id
    return found


def _statements_above(
    connection: Connection, store: HubLogStore, status: Status, trust: Trust, key: str
) -> list[tuple[Record, str]]:
    """The statements from a key upwards with who issued each, if any issuer was cut off."""
    found: list[tuple[Record, str]] = []
    is_in_question = False
    statement = trust.statement(key)
    while statement is not None and statement.issuer in trust.statements:
        row = connection.execute(
            select(KEY.c.record).where(KEY.c.id == key).order_by(KEY.c.no.desc()).limit(1)
        ).first()
        record = store.record(row.record) if row else None
        if record is None:
            break
        is_in_question = is_in_question or not status.is_silent(statement.issuer)
        found.append((record, statement.issuer))
        key, statement = statement.issuer, trust.statement(statement.issuer)
    return found if is_in_question else []


def _with_stated(trust: Trust, keys: set[str]) -> set[str]:
    """These keys and all that were stated by them, at any distance."""
    found: set[str] = set()
    wanted: Sequence[str] = [*keys]
    while wanted:
        found.update(wanted)
        wanted = [
            key
            for key, statement in trust.statements.items()
            if statement.issuer in wanted and key not in found
        ]
    return found


def _first_in_question(status: Status, keys: set[str], log: str) -> int:
    """From where on records of a log may be cut off: the lowest cut, or all where a key is in question by its issuer."""
    lengths = []
    for key in keys:
        events = status.revoked.get(key)
        if not events:
            return 0
        lengths += [event.cut.frontier[log].length if log in event.cut.frontier else 0 for event in events]
    return min(lengths, default=0)


def _stood(record: Record, log_no: int) -> Standing:
    header = record.header
    return Standing(
        log_no=log_no,
        log=header.log,
        seq=header.seq,
        record=record.id,
        dossier=header.dossier,
        commune=header.commune,
        kind=header.kind,
        by=header.by,
        outcome=Outcome.APPLIED,
        code="",
        retryable=True,
        detail="",
        since_ms=0,
    )
