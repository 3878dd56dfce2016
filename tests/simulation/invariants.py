"""What must hold: after every step (`check_always`), after a power cut, and when a world has healed (`check_end`).

Each check raises `Broken` with the short name of the promise. They look at the databases themselves, past every cache,
and compare what production says with what is so; the merge has a second opinion in `oracle`, the figures are made anew.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, func, select, text

import dossiers.state_hash as folds
from central_hub.projection.conflicts import conflict_rows
from central_hub.projection.projector import scope_digest
from central_hub.projection.rows import DossierRow, row_of
from central_hub.projection.tallies import KEYS, Shape
from central_hub.projection.twins import open_duplicates
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import (
    DOSSIER,
    FOREIGN,
    KEY,
    LEASE,
    LOG,
    MEASURES,
    OPEN_CONFLICT,
    PLACE,
    STANDING,
    TALLY,
)
from dossiers.causality import arrange
from dossiers.codes import DEFAULT_PATTERN, parse_code
from dossiers.conflicts import ConflictKind
from dossiers.genealogy import receiving_log
from dossiers.kinds import FACT_FIELDS
from dossiers.merge import compared, fold, gather, state_hash
from dossiers.routes import Route
from dossiers.statistics import MOVING, contributions, summarise, unit_on
from dossiers.views import DossierView
from dossiers.views import Standing as Shown
from edge_node.erasure.service import scrub
from edge_node.journal.stamp import offset_now
from edge_node.keyring.trust import office_log_ids
from edge_node.projection.service import digest_total, quarantined_of, rebuild
from edge_node.projection.service import view as view_of
from edge_node.store import alerts
from edge_node.store.alerts import list_alerts
from edge_node.sync.status import office_logs
from signing.signatures import PublicKey
from sync_protocol.digest import dossier_digest, record_set_hash, to_bytes
from sync_protocol.erasure import ERASURE_KIND, Erasure
from sync_protocol.limits import CLOCK_AHEAD_MS_MAX, SEAL_EVERY_RECORDS
from sync_protocol.log import LogOpening, OpeningReason, Run, check_chain, verify_seal
from sync_protocol.reasons import RECORD_REVOKED, RECORD_VERSION
from sync_protocol.record import BodyState, Record, UnverifiedRecord, unverified
from sync_protocol.rounds import audience_of
from tests.simulation import oracle
from tests.simulation.broken import require
from tests.simulation.fleet_invariants import check_fleet
from tests.simulation.hub import PROVINCE, SeenLog, held_by_hub, hub_keys
from tests.simulation.node import SimNode
from tests.simulation.officers import TOKEN_START
from tests.simulation.relays import check_carried
from tests.simulation.units import check_units, genealogy_of, keeper_of
from tests.simulation.versions import UNKNOWN_KIND, Program

if TYPE_CHECKING:
    from tests.simulation.world import World

REQUEST_BYTES_IDLE = 600
ANSWER_BYTES_IDLE = 300
DEVICES_IDLE = 4
"""The idle budget is stated for a commune of so many devices (PROTOCOL.md §5.5)."""
BYTES_UP_A_RECORD = 300
BYTES_UP_A_SYNC = 10_000
"""A sync over an undisturbed line sends at most so many bytes for each record that waits, and so many for everything else."""
SYNC_REQUESTS = 6
RECORDS_A_REQUEST = 30
PARENT_REFUSED = "RECORD_PARENT_REFUSED"


# --- after every step ---


def check_always(world: "World") -> None:
    """What people are told is true at every moment, and what is carried for others stays closed."""
    for node in world.nodes:
        check_node(world, node)


def check_node(world: "World", node: SimNode) -> None:
    """What is told at one PC, and what it carries; nothing to ask again where neither its database nor the hub's has changed."""
    with world.hub.fuse.resting(), node.fuse.resting():
        seen = (world.hub.version(), node.version())
        if world.looked.get(node.name) == seen:
            return
        hub = world.hub.seen()
        if node.is_enrolled and node.office.hub_epoch == hub.epoch:
            # What a hub of an earlier life acknowledged is void from the first contact on; before it nobody can know.
            _check_status(node, hub.logs)
            _check_files(world, node, hub.epoch)
        check_carried(node)
        world.looked[node.name] = seen


def _check_status(node: SimNode, held: Mapping[str, SeenLog]) -> None:
    """The desk never says that something is at the province which is not, and never forgets a record."""
    status, missing, written = node.status(), 0, 0
    receipted = {own.log: own for own in office_logs(node.db)}
    heads = dict(node.db.conn.execute("SELECT log, head FROM receipt_log").fetchall())
    for log, entry in node.store.frontier(office_log_ids(node.db)).items():
        at_hub = held.get(log)
        # What a branch has in common with its log is not in it, and not missing either.
        begin = entry.base if node.store.origin_of(log) != log else 0
        acknowledged = max(at_hub.acknowledged if at_hub else 0, begin)
        own = receipted[log]
        written += entry.length
        missing += max(0, entry.length - acknowledged)
        if begin <= acknowledged < entry.base:  # what a colleague's snapshot left out is not here to be sent
            missing -= _absent(node, log, acknowledged, entry.base)
        require(own.length == entry.length, "status counts every record of the office", node.name)
        require(own.held <= acknowledged, "a receipt is kept", f"{node.name} {own.held} > {acknowledged}")
        require(own.judged <= max(at_hub.judged if at_hub else 0, begin), "a judgement is kept", node.name)
        if at_hub and begin < own.held <= entry.length:
            link = node.store.link_at(log, own.held)
            if link is None and own.held < entry.base:
                continue  # below what a colleague's snapshot brought: its history is still to come
            require(heads[log] == link, "a receipt names the head held here", node.name)
            if own.held == acknowledged:
                require(at_hub.acknowledged_head == link, "the hub holds what its receipt names", node.name)
    require(status.waiting >= missing, "status tells the truth", f"{node.name} {status.waiting} < {missing}")
    require(status.waiting <= written, "status tells the truth", f"{node.name} {status.waiting} > {written}")
    if status.is_full:
        require(missing == 0, "full means full", node.name)


def _check_files(world: "World", node: SimNode, epoch: str) -> None:
    """A scan is said to be at the province only when it lies there whole, whoever said so."""
    rows = node.db.conn.execute(
        "SELECT file.file, max(file.size) FROM file_copy JOIN file ON file.file = file_copy.file "
        "WHERE hub_epoch = ? GROUP BY file.file",
        (epoch,),
    )
    for file, size in rows.fetchall():
        require(
            world.hub.holds_file(file.hex(), size),
            "a file is where it is said to be",
            f"{node.name} {file.hex()[:8]}",
        )


def _absent(node: SimNode, log: str, first: int, stop: int) -> int:
    query = "SELECT count(*) FROM record JOIN log ON log.number = record.log WHERE log.id = ? AND seq >= ? AND seq < ?"
    held: int = node.db.conn.execute(query, (log, first, stop)).fetchone()[0]
    return stop - first - held


def check_suspected(node: SimNode) -> None:
    """A PC that may run from a copied disk reads nothing until somebody has confirmed it; it may open a log of its own."""
    if node.before_sync is None or not node.is_suspected():
        return
    own = {record.id for record in node.store.span(node.office.log, 0)}
    read = node.held_ids() - node.before_sync - own
    require(not read, "a suspected copy reads nothing", f"{node.name} {sorted(read)[:2]}")


def check_spent(node: SimNode) -> None:
    """A sync that nothing disturbed costs no more than what there was to send."""
    spent = node.link.spent()
    is_one_of_two = node.has_twin or node.is_copy
    if not spent.is_undisturbed or node.has_fed_a_restored_hub or is_one_of_two:
        return  # what a restored hub lost, and what two PCs with one key wrote, nobody knew to be waiting
    up = BYTES_UP_A_RECORD * spent.waiting + BYTES_UP_A_SYNC
    require(spent.up <= up, "a sync sends what is new", f"{node.name} {spent.up} bytes for {spent.waiting}")
    most = SYNC_REQUESTS + spent.waiting // RECORDS_A_REQUEST
    require(spent.requests <= most, "a sync takes few requests", f"{node.name} {spent.requests}")


def check_written(node: SimNode, records: Sequence[Record]) -> None:
    """Records that were just written: their authors' place in history, and a clock that no stranger moved."""
    wall, offset = node.clock(), offset_now(node.db, node.clock())
    ahead = max(*node.walls_ms, wall, wall + (offset[0] if offset else 0)) + CLOCK_AHEAD_MS_MAX
    by_dossier: dict[str, set[str]] = {}
    for record in records:
        header = record.header
        require(header.at[0] <= ahead, "a far-off clock moves nobody else's", f"{node.name} {header.at}")
        if header.dossier is not None:
            by_dossier.setdefault(header.dossier, set()).add(record.id)
    for dossier, written in by_dossier.items():
        _check_parents(node, dossier, written)


def _check_parents(node: SimNode, dossier: str, written: set[str]) -> None:
    rows = node.db.conn.execute(
        "SELECT id, signed_header(header) FROM record WHERE dossier = ? ORDER BY number",
        (bytes.fromhex(dossier),),
    ).fetchall()
    foreign = node.db.conn.execute(
        "SELECT 1 FROM foreign_record WHERE dossier = ? LIMIT 1", (bytes.fromhex(dossier),)
    )
    if foreign.fetchone() is not None:
        return  # when each of those came, this PC does not keep
    quarantined = quarantined_of(node.db, dossier)
    earlier: dict[str, list[str]] = {}
    for row in rows:
        record_id, parents = row[0].hex(), orjson.loads(row[1])["parents"]
        if record_id in written:
            heads = oracle.heads_of(earlier, quarantined)
            require(tuple(sorted(parents)) == heads, "parents are the heads that were seen", record_id)
        earlier[record_id] = parents


def check_nothing_was_lost(world: "World", node: SimNode) -> None:
    """After a restart every record that was shown as done is there, and the PC knows its own place."""
    for log, length in node.acknowledged.items():
        if len(node.store.family_of(log)) > 1:
            continue  # what differed lies in a branch now, and the rest comes back; record by record below
        held = node.store.frontier([log]).get(log)
        require(
            (held.length if held else 0) >= length,
            "an acknowledged record survives",
            f"{node.name} {log[:6]}",
        )
    for record_id in node.shown & world.ledger.acknowledged.keys():
        kept = node.store.record(record_id)
        same = kept is not None and kept.link == world.ledger.acknowledged[record_id].link
        require(same, "an acknowledged record survives", record_id)
    if node.is_enrolled:
        require(not node.is_put_back, "a power cut is not a restored backup", node.name)


# --- when all is healed ---


def check_end(world: "World") -> None:
    """Everything is everywhere it belongs, and nowhere else, and means the same."""
    with world.hub.reading() as (connection, store):
        truth = _Truth(connection, store)
        _check_logs(truth)
        _check_acknowledged(world, truth)
        _check_verdicts(world, truth)
        _check_codes(truth)
        _check_figures(connection, truth)
        if not truth.genealogy.is_empty:
            check_units(world, truth.genealogy, truth.dossiers)
        for node in world.nodes:
            _check_frontier(node, truth)
            _check_records(world, node, truth)
            _check_foreign(node, truth)
            _check_secrecy(world, node, truth)
            _check_digest(connection, node, is_log_waiting=world.hub.is_log_waiting)
            check_fleet(connection, node, now_ms=world.hub.clock())
            _check_views(node, truth)
            _check_rebuild(node)
            _check_erased(world, node, truth)


class _Truth:
    """Everything the hub holds, read and folded anew."""

    def __init__(self, connection: Connection, store: HubLogStore) -> None:
        self.store, self.connection = store, connection
        self.logs = held_by_hub(connection)
        self.records = {log: store.span(log, 0) for log in self.logs}
        self.by_id = {record.id: record for records in self.records.values() for record in records}
        self.standings = list(connection.execute(select(STANDING)))
        self.quarantined = frozenset(row.record for row in self.standings if row.outcome == "quarantined")
        self.genealogy = genealogy_of(self.by_id, {row.record for row in self.standings})
        self.pending = frozenset(row.record for row in self.standings if row.outcome == "pending")
        self.dossiers: dict[str, list[Record]] = {}
        for record in self.by_id.values():
            if record.header.dossier:
                self.dossiers.setdefault(record.header.dossier, []).append(record)
        self.dossiers = {
            dossier: compared(records, self.quarantined, self.genealogy)
            for dossier, records in self.dossiers.items()
        }
        self.dossiers = {dossier: records for dossier, records in self.dossiers.items() if records}
        self.views = {
            dossier: fold(records, quarantined=self.quarantined) for dossier, records in self.dossiers.items()
        }
        devices = {log: row.device for log, row in self.logs.items()}
        self.keepers = {d: keeper_of(self.genealogy, view, devices) for d, view in self.views.items()}
        self.devices = {
            dossier: None if self.genealogy.is_empty else devices[receiving_log(view)]
            for dossier, view in self.views.items()
        }
        self.with_refusals = {
            record.header.dossier for record in self.by_id.values() if record.id in self.quarantined
        }
        self.routes = {dossier: self._route(records) for dossier, records in self.dossiers.items()}

        self.orders = [
            Erasure.of(record.id, record.header)
            for record in self.by_id.values()
            if record.header.kind == ERASURE_KIND and record.id not in {row.record for row in self.standings}
        ]

    def judged(self, record: Record) -> int:
        """When this hub judged a record, or wrote it: its place is kept then, and rows are numbered as they come."""
        query = (
            select(text("place.rowid")).select_from(PLACE).join(LOG, LOG.c.no == PLACE.c.log_no)
            .where(LOG.c.id == record.header.log, PLACE.c.seq == record.header.seq)
        )  # fmt: skip
        return int(self.connection.execute(query).scalar_one())

    def _route(self, records: list[Record]) -> Route:
        order = arrange(records)
        return Route(gather(order, self.quarantined)[0])

    def readable(self, unit: str) -> set[str]:
        """Records of dossiers whose bodies nodes of this unit may have."""
        return {record for route in self.routes.values() for record in route.readable(unit)}

    def sent_before(self) -> set[str]:
        """Records of dossiers in which a review took something back: what sent them on their way may be among it, and what
        had been sent by then stays where it is."""
        reviewed = {row.dossier for row in self.standings if row.code == RECORD_REVOKED.code}
        return {each.id for dossier in reviewed for each in self.dossiers.get(dossier, ())}

    def foreign(self, unit: str) -> set[str]:
        """Records of other communes that nodes of this unit must hold; of re-organised ones logs bring them."""
        if not self.genealogy.is_empty:
            return set()
        return {
            record.id
            for dossier, records in self.dossiers.items()
            if unit == self.routes[dossier].home or unit in self.routes[dossier].units
            for record in records
            if record.header.commune != unit and not self._is_out(dossier, record.id)
        }

    def _is_out(self, dossier: str, record: str) -> bool:
        marks = {entry.record: entry.standing for entry in self.views[dossier].timeline}
        return marks[record] in (Shown.QUARANTINED, Shown.HELD)

    def is_covered(self, record: Record | UnverifiedRecord) -> bool:
        """Whether an order that stands says that this body must be nowhere."""
        return any(order.covers(record.id, record.header) for order in self.orders)

    def of_commune(self, unit: str) -> Iterator[str]:
        """Ids of the logs that a node of `unit` must hold."""
        scope = self.genealogy.scope(unit)
        return (log for log, row in self.logs.items() if row.commune in scope or row.commune == PROVINCE)

    def is_for(self, record: Record, unit: str) -> bool:
        """Whether a node of `unit` may have this body now."""
        audience = audience_of(record)
        if audience == PROVINCE or record.header.dossier is None or self.genealogy.is_empty:
            return audience == PROVINCE or audience in self.genealogy.scope(unit)
        # Where nothing of a dossier stands, nobody keeps it: it is with those in whose log it lies.
        return self.keepers.get(record.header.dossier, audience) == unit


def _check_logs(truth: _Truth) -> None:
    """Every log at the hub is a sealed chain, judged to its end."""
    devices = {row.id: row for row in truth.connection.execute(select(KEY))}
    for log, row in truth.logs.items():
        records = tuple(unverified(r) for r in truth.records[log])
        run = Run(log=log, first=row.base, records=records)
        require(check_chain(run, truth.store.link_at(log, row.base)) == row.head, "a log is a chain", log)
        require(row.base + len(run.records) == row.length, "a log is as long as it says", log)
        require(row.origin is None or run.begins_branch, "a branch begins with what differs", log)
        require(row.length == row.acknowledged == row.judged, "everything is judged", log)
        for record in run.records:
            require(
                record.body is None or record.body.hash == record.header.body,
                "a body is the signed one",
                record.id,
            )
            is_held = record.header.body is None or record.body is not None
            require(is_held or truth.is_covered(record), "the hub holds every body", record.id)
        key = hub_keys().hub.public if row.device == hub_keys().hub.public.id else None
        if key is None:
            require(row.device in devices, "the hub knows who writes each log", log)
            key = _device_key(devices[row.device])
        sealed = 0
        while (seal := truth.store.seal(log, at_most=row.length - sealed)) and seal.length:
            verify_seal(seal, key, origin=run.origin)
            require(truth.store.link_at(log, seal.length) == seal.head, "a seal stands on its log", log)
            sealed = row.length - seal.length + 1
            if sealed > SEAL_EVERY_RECORDS:
                break


def _device_key(row: Any) -> PublicKey:
    key = row.facts.split('"key":"')[1][:64]
    return PublicKey.from_hex(key)


def _check_acknowledged(world: "World", truth: _Truth) -> None:
    """Whatever was shown to an officer as done is at the hub, byte for byte."""
    for record_id, record in world.ledger.acknowledged.items():
        held = truth.by_id.get(record_id)
        require(held is not None, "an acknowledged record reaches the hub", record_id)
        assert held is not None
        same = (held.header_bytes, held.signature) == (record.header_bytes, record.signature)
        require(
            same and (held.body == record.body or truth.is_covered(record)),
            "an acknowledged record reaches the hub unchanged",
            record_id,
        )


def _check_verdicts(world: "World", truth: _Truth) -> None:
    """Exactly one outcome per record: applied without a word, or one standing verdict that every node knows."""
    ids = Counter(record.id for records in truth.records.values() for record in records)
    require(max(ids.values(), default=0) <= 1, "a record is held once")
    require(
        len({row.record for row in truth.standings}) == len(truth.standings), "one standing per record", "hub"
    )
    given: dict[tuple[str, str], Record] = {}
    verdicts = [r for records in truth.records.values() for r in records if r.header.kind == "verdict.given"]
    for record in sorted(verdicts, key=lambda record: record.header.at):
        facts = record.header.facts
        told_whom = facts["record"], record.header.commune
        before = given.get(told_whom)
        is_again = before is not None and _said(before) == _said(record)
        # A hub that was put back may have judged anew before it read what it had said in its former life.
        is_news = before is None or truth.judged(before) > truth.judged(record)
        require(not is_again or is_news, "no verdict is given twice", facts["record"])
        given[told_whom] = record
    standing = {row.record: row.outcome for row in truth.standings}
    for (record_id, commune), verdict in given.items():
        said, stands = verdict.header.facts["outcome"], standing.get(record_id, "applied")
        require(
            said == stands,
            "the newest verdict is the one that stands",
            f"{commune} {record_id}: {said} | {stands}",
        )
    untold = standing.keys() - {record_id for record_id, _ in given}
    require(not untold, "what waits or is refused has a verdict", sorted(untold)[:2])
    unread = {row.record for row in truth.standings if row.code == RECORD_VERSION.code}
    require(
        not unread or world.hub.program is Program.OLDER, "an update reads what could not be read", unread
    )
    waiting = truth.pending - unread
    require(not waiting, "nothing waits for what is there", sorted(waiting)[:2])
    _check_fairness(world, truth)
    for node in world.nodes:
        rows = node.db.conn.execute("SELECT record, outcome FROM verdict").fetchall()
        known = {row[0].hex(): row[1] for row in rows if row[1] != "applied"}
        told_too = set(truth.connection.scalars(select(FOREIGN.c.record).where(FOREIGN.c.unit == node.unit)))
        mine = {
            row.record: row.outcome
            for row in truth.standings
            if row.commune in truth.genealogy.scope(node.unit) or row.record in told_too
        }
        require(
            known == mine,
            "a node knows every verdict on its commune",
            f"{node.name} {_differing(known, mine)}",
        )


def _said(verdict: Record) -> tuple[str, str | None]:
    """What waits may come to wait for something else."""
    return verdict.header.facts["outcome"], verdict.header.facts["code"]


def _check_fairness(world: "World", truth: _Truth) -> None:
    """What was forged is refused; what is honest is refused only where it descends from something refused."""
    refused = {row.record: row.code for row in truth.standings if row.code != RECORD_VERSION.code}
    for record_id in world.ledger.forged & truth.by_id.keys():
        if truth.by_id[record_id].header.kind != UNKNOWN_KIND:
            require(record_id in refused, "what is forged is refused", record_id)
    for record_id, code in refused.items():
        if record_id in world.ledger.forged | world.ledger.reviewed_away:
            continue
        parents = truth.by_id[record_id].header.parents
        reason = f"{truth.by_id[record_id].header.kind} {code}"
        require(any(parent in refused for parent in parents), "honest work is not refused", reason)


def _check_codes(truth: _Truth) -> None:
    """No number stands on two slips, and every official one is from a lease of the log that gave it."""
    owner: dict[str, str] = {}
    asked = {side.record for one in open_duplicates(truth.connection) for side in one.sides}
    branched = {row.origin for row in truth.logs.values() if row.origin is not None}
    require(
        bool(truth.connection.scalar(select(func.count()).select_from(LEASE))), "offices get their numbers"
    )
    leases = [(row.unit, row.first, row.last, row.log) for row in truth.connection.execute(select(LEASE))]
    for record in truth.by_id.values():
        header = record.header
        if header.kind not in ("dossier.received", "dossier.numbered") or header.dossier is None:
            continue
        for code in {header.facts["code"], header.facts["provisional"]} - {None}:
            is_first = owner.setdefault(code, header.dossier) == header.dossier
            # Two PCs from one disk give the same numbers: then both dossiers are asked about.
            is_told = header.log in branched and record.id in asked
            require(is_first or is_told, "no code is given twice", code)
            parsed = parse_code(code, pattern=DEFAULT_PATTERN)
            require(parsed is not None, "a code can be read", code)
            assert parsed is not None
            if parsed.tag is None:
                fits = [
                    log
                    for unit, first, last, log in leases
                    if unit == parsed.unit and first <= parsed.number <= last
                ]
                require(fits == [header.log], "a code comes from a lease of its log", code)


def _check_frontier(node: SimNode, truth: _Truth) -> None:
    held = node.store.frontier()
    theirs = truth.store.frontier(list(truth.of_commune(node.unit)))
    mine = {log: (entry.length, entry.head) for log, entry in held.items()}
    hub = {log: (entry.length, entry.head) for log, entry in theirs.items()}
    require(mine == hub, "frontiers are equal", f"{node.name} {_differing(mine, hub)}")
    status = node.status()
    require(
        status.waiting == 0 and status.unjudged == 0, "status says that all is there", f"{node.name} {status}"
    )


def _check_records(world: "World", node: SimNode, truth: _Truth) -> None:
    """The node's records are the hub's, with the bodies that are meant for it and no others."""
    for log in node.store.frontier():
        for mine, theirs in zip(node.store.span(log, 0), truth.records[log], strict=True):
            same = (mine.id, mine.header_bytes, mine.signature) == (
                theirs.id,
                theirs.header_bytes,
                theirs.signature,
            )
            require(same, "records are the same here and there", mine.id)
            if truth.is_for(mine, node.unit):
                require(mine.body == theirs.body, "a body reaches its audience", f"{node.name} {mine.id}")
            elif theirs.body is not None and mine.id not in _known_before(world, node):
                withheld = mine.body is None and mine.body_state is BodyState.WITHHELD
                require(withheld, "nobody reads what is not theirs", f"{node.name} {mine.header.kind}")


def _known_before(world: "World", node: SimNode) -> set[str]:
    """What stays on a PC when its dossiers go to another unit: what it held when the province spoke, and wrote itself. PCs
    of one office that have not heard of it yet go on giving each other what they have."""
    others = [each for each in world.nodes if each.origin == node.origin] if world.plan.has_lan else [node]
    return {record for each in others for record in each.shown | world.said.knew.get(each.name, set[str]())}


def _check_foreign(node: SimNode, truth: _Truth) -> None:
    """Both ends of a dossier's way hold all of it, with the bodies that are for them; nobody else holds any of it."""
    rows = node.db.conn.execute("SELECT id FROM foreign_record WHERE dossier IS NOT NULL").fetchall()
    held = {row[0].hex() for row in rows}
    expected = truth.foreign(node.unit)
    require(expected <= held, "a routed dossier reaches both ends", f"{node.name} {len(expected - held)}")
    surplus = held - expected - truth.quarantined - truth.sent_before()
    require(not surplus, "records go to both ends and to nobody else", f"{node.name} {sorted(surplus)[:2]}")
    readable = truth.readable(node.unit)
    for record_id in sorted(held & expected):
        mine, theirs = node.store.record(record_id), truth.by_id[record_id]
        assert mine is not None
        same = (mine.header_bytes, mine.signature) == (theirs.header_bytes, theirs.signature)
        require(same, "records are the same here and there", record_id)
        if record_id in readable:
            require(mine.body == theirs.body, "a body reaches both ends", f"{node.name} {record_id}")
        elif theirs.body is not None:
            require(mine.body is None, "a leg that is over brings no more bodies", f"{node.name} {record_id}")


def _check_secrecy(world: "World", node: SimNode, truth: _Truth) -> None:
    """No word of another commune stands anywhere in the node's files but those of dossiers that are on their way here."""
    own = truth.genealogy.scope(node.unit)  # what of its line is not for it is asked record by record
    units = "|".join(unit for unit in world.units() if unit not in own)
    if not units:
        return
    # What was erased is in the file until the schedule cleans it, and the only one who could say whose it was may be a PC that
    # was erased as well before anybody had noted what it wrote.
    require(scrub(node.db), "an office's file is cleaned", node.name)
    content = node.files()
    pattern = rf"{TOKEN_START}(?:{units})x(?:same|[0-9a-f]{{10}})"
    found = {word.decode() for word in re.findall(pattern.encode(), content)}
    readable = truth.readable(node.unit) | truth.sent_before()
    if not truth.genealogy.is_empty:
        readable |= {id for id, record in truth.by_id.items() if truth.is_for(record, node.unit)}
        readable |= _known_before(world, node)
    said = [truth.by_id[record].body for record in readable & truth.by_id.keys()]
    told = {word for body in said if body for word in re.findall(pattern, body.content.decode())}
    erased = world.ledger.acknowledged
    told |= {  # what was erased since: whether it is gone is asked elsewhere
        word
        for record in readable
        if record in erased and erased[record].body
        for word in re.findall(pattern, erased[record].body.content.decode())  # type: ignore[union-attr]
    }
    require(not found - told, "nobody reads what is not theirs", f"{node.name} {sorted(found - told)[:2]}")


def _check_erased(world: "World", node: SimNode, truth: _Truth) -> None:
    """Nobody holds a body that was ordered to go, in whatever order things arrived; both sides say why it is not there."""
    covered = [r for r in truth.by_id.values() if r.header.body is not None and truth.is_covered(r)]
    for record in covered:
        require(record.body_state is BodyState.ERASED, "what was ordered is erased", f"hub {record.id}")
    mine = [r for r in covered if r.header.commune == node.unit or node.store.record(r.id) is not None]
    for record in mine:
        held = node.store.record(record.id)
        is_gone = held is not None and held.body is None and held.body_state is BodyState.ERASED
        require(is_gone, "what was ordered is erased", f"{node.name} {record.id}")
    require(scrub(node.db), "an office's file is cleaned", node.name)
    content = node.files()
    for record in mine:
        known = world.ledger.acknowledged.get(record.id)
        said = known.body.content.decode() if known and known.body else ""
        for word in re.findall(rf"{TOKEN_START}[0-9]+x[0-9a-f]{{10}}", said):
            require(word.encode() not in content, "nobody holds an erased word", f"{node.name} {word}")


def _check_digest(connection: Connection, node: SimNode, *, is_log_waiting: bool) -> None:
    mine, theirs = digest_total(node.db), scope_digest(connection, node.unit)
    require(mine == theirs, "equal frontiers, equal digests", node.name)
    codes = [alert.code for alert in list_alerts(node.db)]
    own = node.own_logs()
    if any(node.store.origin_of(log) != log for log in own):
        require(alerts.FORK in codes, "a copied disk is told", f"{node.name} {codes}")
    elif not node.has_twin:
        moved = {alerts.UNIT_CHANGED} & set(codes)
        if (
            is_log_waiting
        ):  # for records that nobody has: told truly after a week, until the roots open another log
            moved |= {alerts.NOT_LOGGED} & set(codes)
        if _was_put_back_past_a_life(node, own):
            # Put back a second time, to before it opened a log for the first: that life may go on elsewhere, and the province
            # cannot tell such a PC from two (ADR 24). It asks, and is told that the PC is the office's.
            moved |= {alerts.COPY_CONFIRMED} & set(codes)
        if _holds_unread(node):
            moved |= {alerts.NEWER} & set(codes)
        codes = [code for code in codes if code not in moved]
        expected = [alerts.PUT_BACK] if _lives(node, own) > 1 else []
        require(
            codes == expected, "an alert stands exactly where a database was put back", f"{node.name} {codes}"
        )
    require(alerts.COPY_WAITING not in codes, "a confirmed copy is told so", f"{node.name} {codes}")


def _holds_unread(node: SimNode) -> bool:
    """Whether a PC was given what only a later program can read."""
    query = "SELECT 1 FROM record WHERE kind = ?1 UNION ALL SELECT 1 FROM foreign_record WHERE kind = ?1"
    held = node.db.conn.execute(query, (UNKNOWN_KIND,)).fetchone()
    return node.program is Program.OLDER and held is not None


def _lives(node: SimNode, logs: Sequence[str]) -> int:
    """How many lives the database had: a log for a successor is opened in the same one."""
    openings = _openings(node, logs).values()
    return sum(opening.reason is not OpeningReason.REORGANISATION for opening in openings)


def _was_put_back_past_a_life(node: SimNode, logs: Sequence[str]) -> bool:
    """Whether two logs were opened after a restore and neither knows of the other."""
    restored = {
        log: {each.log for each in opening.predecessors}
        for log, opening in _openings(node, logs).items()
        if opening.reason is OpeningReason.RESTORE
    }
    return any(
        one not in restored[other] and other not in restored[one]
        for one, other in combinations(sorted(restored), 2)
    )


def _openings(node: SimNode, logs: Sequence[str]) -> dict[str, LogOpening]:
    return {log: LogOpening.from_header(node.store.span(log, 0, stop=1)[0].header) for log in logs}


def _check_views(node: SimNode, truth: _Truth) -> None:
    """Each dossier means the same on the node, on the hub and to an independent reader."""
    here = {row[0].hex() for row in node.db.conn.execute("SELECT id FROM dossier")}
    home = {d for d in truth.views if truth.keepers[d] == node.unit}
    guests = {d for d, route in truth.routes.items() if node.unit in route.units} - home
    own = {
        row[0].hex()
        for row in node.db.conn.execute("SELECT DISTINCT dossier FROM record WHERE dossier NOT NULL")
    }
    guests_before = {truth.by_id[record].header.dossier for record in truth.sent_before()}
    require(
        home <= here <= home | guests | guests_before | own, "a node lists its commune's dossiers", node.name
    )
    require(guests <= here, "a node lists the dossiers that are sent to it", node.name)
    for dossier in sorted(guests - truth.with_refusals):
        mine = view_of(node.db, dossier)
        same = mine is not None and state_hash(mine) == state_hash(truth.views[dossier])
        require(same, "a dossier is the same at both ends of its way", f"{node.name} {dossier}")
    for dossier in sorted(home):
        mine, theirs = view_of(node.db, dossier), truth.views[dossier]
        assert mine is not None
        require(_ids(mine) == _ids(theirs), "conflicts are the same here and there", f"{node.name} {dossier}")
        require(mine == theirs, "a dossier is the same here and there", f"{node.name} {dossier}")
        _check_opinion(mine, oracle.judge_dossier(truth.dossiers[dossier], truth.quarantined))
        for settlement in mine.settlements:
            settled = not settlement.is_matched or settlement.conflict not in _ids(mine)
            require(settled, "a settled conflict is gone", settlement.conflict)


def _check_opinion(view: DossierView, expected: oracle.Verdicts) -> None:
    where = view.dossier
    require(view.heads == expected.heads, "heads are what nobody has followed", where)
    require({n.record for n in view.notes} == expected.notes, "no note is lost", where)
    require({p.record for p in view.payments} == expected.payments, "no payment is lost", where)
    fields = {code: state for code, state in view.fields.items() if code not in FACT_FIELDS}
    require(fields.keys() == expected.winners.keys(), "every field that was written is there", where)
    for code, winner in expected.winners.items():
        state = fields[code]
        require(
            (state.record, state.value) == (winner.record, winner.value),
            "the winner follows causality, then clock",
            f"{where} {code}",
        )
        lost = {write.record for write in state.losers}
        require(expected.losers[code] <= lost, "a losing value is never discarded", f"{where} {code}")
    personal = {c.id for c in view.conflicts if c.kind is ConflictKind.FIELD and c.field in fields}
    require(personal == expected.conflicts, "different concurrent values are a conflict", where)


def _check_rebuild(node: SimNode) -> None:
    """Tables that grew are those that a rebuild makes."""
    before = _derived(node)
    rebuild(node.db)
    require(before == _derived(node), "what grew is what a rebuild makes", node.name)


def _derived(node: SimNode) -> list[Any]:
    conn = node.db.conn
    dossiers = conn.execute("SELECT * FROM dossier ORDER BY number").fetchall()
    others = [
        conn.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        for table in ("verdict", "key_holder", "day_counter")
    ]
    return [dossiers, others, digest_total(node.db)]


def _check_figures(connection: Connection, truth: _Truth) -> None:
    """Rows and counters of the hub, made anew from all records."""
    rows = {row.id: DossierRow._make(row) for row in connection.execute(select(DOSSIER))}
    expected = {}
    conflicts = []
    for dossier, view in truth.views.items():
        records = truth.dossiers[dossier]
        refused = truth.quarantined.intersection(record.id for record in records)
        if len(refused) < len(records):
            set_hash = record_set_hash((record.id for record in records), refused)
            digest = dossier_digest(dossier, set_hash, folds.FOLD_VERSION, state_hash(view))
            row = row_of(
                view,
                records=len(records),
                digest=to_bytes(digest),
                genealogy=truth.genealogy,
                device=truth.devices[dossier],
            )
            expected[row.id] = row
            conflicts += conflict_rows(view, genealogy=truth.genealogy, device=truth.devices[dossier])
    require(rows == expected, "the province's rows follow from the records", _differing(rows, expected))
    listed = sorted(map(tuple, connection.execute(select(OPEN_CONFLICT))))
    require(listed == sorted(conflicts), "open conflicts are listed with their owner", str(listed[:2]))
    tallies: Counter[tuple[Any, ...]] = Counter()
    for row in expected.values():
        dossier = row.id.hex()
        summary = summarise(truth.views[dossier], genealogy=truth.genealogy, device=truth.devices[dossier])
        for day, metric, amount in contributions(summary) if summary else ():
            unit = unit_on(summary.held, day, metric) if summary else ""
            for shape, commune, procedure, period in (
                (Shape.DAY, unit, row.procedure, day),
                (Shape.MONTH, unit, row.procedure, day // 100),
                (Shape.DAY_COMMUNE, unit, "", day),
                (Shape.MONTH_COMMUNE, unit, "", day // 100),
                (Shape.DAY_PROCEDURE, "", row.procedure, day),
                (Shape.MONTH_PROCEDURE, "", row.procedure, day // 100),
            ):
                if not commune and metric in MOVING:
                    continue  # for all units together nothing moves
                tallies[int(shape), commune, procedure, period, metric.value] += amount
    counted: Counter[tuple[Any, ...]] = Counter()
    for tally in connection.execute(select(TALLY)):
        key = tuple(getattr(tally, name) for name in KEYS)
        for measure in MEASURES:
            if getattr(tally, measure):
                counted[*key, measure] = getattr(tally, measure)
    require(counted == tallies, "figures follow from the records", _differing(dict(counted), dict(tallies)))


def check_nothing_is_open(world: "World") -> None:
    """After everything was settled no difference is left anywhere."""
    for node in world.nodes:
        # What went to another unit stays here as it was then.
        left = [v.dossier for v in open_views(node) if keeper_at(node, v.dossier) == node.unit]
        require(not left, "what was settled is gone everywhere", f"{node.name} {left[:2]}")
    with world.hub.reading() as (connection, _):
        open_rows = connection.execute(select(DOSSIER.c.id).where(DOSSIER.c.conflicts > 0)).all()
    require(not open_rows, "what was settled is gone everywhere", "hub")


def check_idle_is_cheap(world: "World") -> None:
    """With nothing to say a sync is one small request and one small answer."""
    for node in world.nodes:
        node.sync()  # what colleagues last said of themselves goes to the province; after that there is nothing new
        before = (node.link.traffic.requests, node.link.traffic.up, node.link.traffic.down)
        result = node.sync()
        after = (node.link.traffic.requests, node.link.traffic.up, node.link.traffic.down)
        requests, up, down = (now - then for now, then in zip(after, before, strict=True))
        require(result.is_done and requests == 1, "an idle sync is one request", f"{node.name} {requests}")
        if len(node.store.frontier()) <= DEVICES_IDLE + 2:
            require(up <= REQUEST_BYTES_IDLE, "an idle request is small", f"{node.name} {up} bytes")
            require(down <= ANSWER_BYTES_IDLE, "an idle answer is small", f"{node.name} {down} bytes")


def keeper_at(node: SimNode, dossier: str) -> str:
    """The unit that keeps a dossier, as the PC knows."""
    row = node.db.conn.execute(
        "SELECT keeper FROM dossier WHERE id = ?", (bytes.fromhex(dossier),)
    ).fetchone()
    return str(row[0]) if row else ""


def open_views(node: SimNode) -> list[DossierView]:
    """Dossiers of the node's office with open conflicts."""
    rows = node.db.conn.execute("SELECT id FROM dossier ORDER BY number").fetchall()
    views = [view_of(node.db, row[0].hex()) for row in rows]
    return [view for view in views if view is not None and view.conflicts]


def _ids(view: DossierView) -> list[str]:
    return [conflict.id for conflict in view.conflicts]


def _differing(one: Any, other: Any) -> str:
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return "; ".join(f"{key}: {one.get(key)} | {other.get(key)}" for key in keys[:2])[:600]
