"""What both sides of an exchange on the office network do: what there is to say, and what becomes of what was said.

Only logs of this commune and of the province take part, and of them only what their own device has sealed. Nothing is
believed because a colleague says it: runs, receipts, bundles and beacons carry the signatures of those who made them, and
that this PC's own log is longer or other than here counts only under its own seal.
"""

import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlite_utils import Database

from edge_node.enrolment.epochs import open_log
from edge_node.erasure.service import carry_out
from edge_node.journal.service import JournalReadOnly, require_office
from edge_node.journal.stamp import offset_now
from edge_node.keyring.trust import office_log_ids
from edge_node.keyring.units import may_hold, read_genealogy
from edge_node.lan.aside import keep_aside
from edge_node.lan.beacons import take_beacons
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts, write_transaction
from edge_node.store.local import Office, read_local, write_local, write_office
from edge_node.sync.absorb import absorb
from edge_node.sync.bundles import take_bundles
from edge_node.sync.foreign import absorb_foreign
from edge_node.sync.receipt import keep_receipt, receipted, signed_receipt, void_receipt
from edge_node.sync.runner import HUB_MS, newest_hub_ms
from edge_node.sync.status import LAST_FULL, read_status
from edge_node.witness.sharing import take_shared
from edge_node.witness.status import take_status
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import (
    HEAD_PREFIX_BYTES,
    Frontier,
    FrontierEntry,
    Relation,
    length_of,
    same_head,
)
from sync_protocol.lan import SEALS_MAX, LanAnswer, LanRequest, SealEntry
from sync_protocol.log import OpeningReason, Seal, verify_seal
from sync_protocol.receipts import newer, open_receipt
from sync_protocol.record import Record
from sync_protocol.rounds import Chosen, Difference, MayHold, choose_history, choose_runs, differences
from sync_protocol.wire import Entry

_LOG: Final = logging.getLogger(__name__)
_NOWHERE: Final = bytes(HEAD_PREFIX_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a message."""

    records: int
    problem: RemoteFault | None = None


def shared_frontier(db: Database, office: Office) -> Frontier:
    """Where this PC stands in the logs that a colleague may have: the commune's and the province's."""
    store = SqliteLogStore(db)
    units = [office.province, *sorted(read_genealogy(db).scope(office.unit))]
    return store.frontier([log for unit in units for log in store.logs_of(commune=unit)])


def theirs_of(entries: Frontier) -> Frontier:
    """A position as it was told; a log told with length 0 is not there."""
    return Frontier(entry for entry in entries.values() if entry.length)


def choose(
    db: Database, office: Office, ahead: Iterable[Difference], theirs: Frontier, *, bytes_max: int
) -> Chosen:
    """Runs of logs in which the other is behind, as far as their devices have sealed them; what the hub says goes first.

    Of a log that is held here from a base on, nothing can be given to one who holds less than that. When nothing newer is
    left, what lies below the bases of one that began with a snapshot, where more of it is here.
    """
    store, offices = SqliteLogStore(db), frozenset(office_log_ids(db))
    found = sorted(
        (each for each in ahead if each.relation is Relation.AHEAD),
        key=lambda each: (each.log in offices, each.log),
    )
    sealed = {each.log: _sealed_length(store, each.log) for each in found}
    chosen = choose_runs(store, found, bytes_max=bytes_max, stop=sealed, may_hold=_given(db, office, offices))
    if chosen.frames:
        return chosen
    mine = shared_frontier(db, office)
    lacking = [each for each in theirs.values() if each.log in mine and each.base > mine[each.log].base]
    return choose_history(store, lacking, bytes_max=bytes_max, may_hold=may_hold(db, office))


def _given(db: Database, office: Office, offices: Collection[str]) -> MayHold:
    """What travels with its content: what a colleague may have and, of the office's own logs, all that the province is not known
    to hold. Whoever gets a record may be the one who delivers it, and what arrives there without content stays without."""
    usual, held = may_hold(db, office), receipted(db)

    def answer(record: Record) -> bool:
        header = record.header
        is_to_be_delivered = header.log in offices and header.seq >= length_of(held, header.log)
        return is_to_be_delivered or usual(record)

    return answer


def is_another_branch(store: SqliteLogStore, stands: Iterable[Difference], device: str) -> bool:
    """Whether a PC's own log is here in another branch than it has itself: perhaps a copy of its disk asks, perhaps it is the
    copy that was here before. Until the province has told them apart, it gets nothing (design §6)."""
    own = set(store.logs_of(device=device))
    return any(each.log in own and each.relation is Relation.FORKED for each in stands)


def told(mine: Frontier, theirs: Frontier) -> list[Entry]:
    """Where this PC stands in every log in which the other stands otherwise."""
    found = []
    for log in sorted({*mine, *theirs}):
        entry, other = mine.get(log), theirs.get(log)
        if entry is None:
            found.append(Entry(bytes.fromhex(log), 0, 0, _NOWHERE))
        elif (
            other is None
            or other.base != entry.base
            or other.length != entry.length
            or not same_head(entry.head, other.head)
        ):
            head = bytes.fromhex(entry.head)[:HEAD_PREFIX_BYTES]
            found.append(Entry(bytes.fromhex(log), entry.base, entry.length, head))
    return found


def seals_about(store: SqliteLogStore, stands: Iterable[Difference], device: str) -> list[SealEntry]:
    """Proof for another PC that it once wrote more, or otherwise, than it holds: its own newest seals."""
    own = set(store.logs_of(device=device))
    found = []
    for difference in stands:
        if difference.log not in own:
            continue
        seal = store.seal(difference.log)
        if seal is not None:
            found.append(
                SealEntry(bytes.fromhex(seal.log), seal.length, bytes.fromhex(seal.head), seal.signature)
            )
    return found[-SEALS_MAX:]


def compare(store: SqliteLogStore, mine: Frontier, theirs: Frontier) -> list[Difference]:
    """The logs in which the two stand otherwise."""
    return differences(store, mine, theirs, dict.fromkeys((*mine, *theirs)))


def take(db: Database, services: Services, message: LanRequest | LanAnswer) -> Taken:
    """Store everything of a message, each part by itself; the receipt after the runs, because it speaks of them."""
    office = require_office(db)
    is_writable = services.space.is_writable
    if is_writable:
        take_bundles(db, services, message.bundles)
    with suppress(JournalReadOnly):
        office = heal(db, services, office, [entry.opened() for entry in message.seals])
    absorbed = absorb(db, services, office, message.runs if is_writable else [], is_lan=True)
    if is_writable and absorbed.untaken:
        keep_aside(db, services, office, absorbed.untaken)
    if is_writable and message.foreign:
        kept, problems = absorb_foreign(db, services, office, message.foreign)
        absorbed.records += kept
        absorbed.problems += problems
    if is_writable and absorbed.records:
        carry_out(db, services)
    problem: RemoteFault | None = absorbed.problems[0] if absorbed.problems else None
    try:
        if message.receipt and take_receipt(db, services, require_office(db), message.receipt):
            _note_full(db, services)
    except RemoteFault as fault:
        _LOG.warning("a receipt from another PC was not taken: %s", fault)
        problem = problem or fault
    if is_writable:
        take_beacons(db, services, office, message.beacons)
        take_shared(db, services, office, message.steps, message.places)
        take_status(db, services, message.status)
    if absorbed.forked:
        _LOG.error("another PC holds another branch of %s", sorted(absorbed.forked))
    return Taken(records=absorbed.records, problem=problem)


def take_receipt(db: Database, services: Services, office: Office, signed: bytes) -> bool:
    """Keep a receipt of the hub that a colleague passed on; whether it was news. Raises RemoteFault.

    One of another life of the hub is the later life's only if the hub signed it after everything known here.
    """
    hub = services.trust.trust(db).bundle.hub.key
    receipt = open_receipt(signed, hub)
    genealogy = read_genealogy(db)
    # A colleague may have followed a re-organisation before this PC.
    units = genealogy.scope(office.unit) | genealogy.heirs(office.unit)
    if receipt.commune not in units:
        raise RemoteFault(reasons.ROUND_FORMAT, "a receipt for another unit")
    held = signed_receipt(db)
    if held == signed:
        return False
    before = open_receipt(held, hub) if held else None
    if before is not None and before.epoch == receipt.epoch and newer(before, receipt) is before:
        return False
    with write_transaction(db):
        if receipt.epoch != office.hub_epoch:
            known = newest_hub_ms(db)
            if before is not None:
                known = max(known, before.at)
            if receipt.at <= known:
                return False
            void_receipt(db)
            write_office(db, replace(office, hub_epoch=receipt.epoch))
            write_local(db, HUB_MS, str(receipt.at))
        keep_receipt(db, signed, hub=hub, units=units)
    return signed_receipt(db) == signed


def _note_full(db: Database, services: Services) -> None:
    """By a colleague's line, too, everything here is at the province: as of the hub's moment, told by this PC's clock."""
    now = services.clock()
    if read_status(db, now=now).waiting:
        return
    hub = services.trust.trust(db).bundle.hub.key
    offset = offset_now(db, now)
    said = open_receipt(signed_receipt(db), hub).at - (offset[0] if offset else 0)
    last = int(read_local(db, LAST_FULL) or 0)
    write_local(db, LAST_FULL, str(max(last, min(now, said))))


def heal(db: Database, services: Services, office: Office, seals: Iterable[Seal]) -> Office:
    """Believe this PC's own seals against its own database: what it sealed and does not hold was put back or copied.

    A new epoch opens before anybody writes where a colleague already holds another record. Raises JournalReadOnly.
    """
    store = SqliteLogStore(db)
    for seal in seals:
        mine = store.frontier([office.log]).get(office.log)
        if seal.log != office.log or mine is None:
            continue
        try:
            verify_seal(seal, services.keyring.device.public)
        except RemoteFault:
            continue
        if seal.length > mine.length:
            _LOG.warning("another PC holds more of log %s: this database was put back", office.log)
            return open_log(db, services, reason=OpeningReason.RESTORE, instead_of=office.log)
        if store.link_at(seal.log, seal.length) != seal.head:
            detail = f"log {office.log}: another PC holds another branch"
            alerts.raise_alert(db, alerts.FORK, now=services.clock(), detail=detail)
            return open_log(db, services, reason=OpeningReason.CLONE, instead_of=office.log)
    return office


def positions(mine: Frontier, answered: Frontier) -> Frontier:
    """Where the other stands: as it said, and where it was silent, as we do."""
    silent: list[FrontierEntry] = [entry for log, entry in mine.items() if log not in answered]
    return theirs_of(Frontier([*silent, *answered.values()]))


def _sealed_length(store: SqliteLogStore, log: str) -> int:
    seal = store.seal(log)
    return seal.length if seal else 0
