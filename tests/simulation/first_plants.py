"""Bugs to plant: what others have shipped of chains, clocks, figures, merging and the status. `planting` knows them all.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection
from sqlite_utils import Database

import central_hub.ingest.service as ingest
import central_hub.judge.deciding as judging
import central_hub.judge.verdicts as verdicts
import central_hub.registry.leases as leasing
import central_hub.store.erasures as erasures_at_hub
import central_hub.store.record_log as hub_log
import central_hub.sync.service as rounds_at_hub
import dossiers.differences as differences
import dossiers.merge as merge
import edge_node.catalogue.service as catalogue
import edge_node.journal.service as journal
import edge_node.journal.stamp as stamp
import edge_node.projection.service as projection
import edge_node.store.bodies as bodies
import edge_node.store.connection as connection
import edge_node.sync.status as status
import sync_protocol.rounds as rounds
from central_hub.judge.standings import Standing
from central_hub.projection.rows import DossierRow
from central_hub.projection.tallies import TallyChanges
from dossiers.gathering import Gathering, Version
from sync_protocol.admission import APPLIED
from sync_protocol.erasure import Erasure
from sync_protocol.frontier import Frontier, length_of
from sync_protocol.record import Record, UnverifiedRecord, unverified

Plant = Callable[[pytest.MonkeyPatch], None]


def skip_the_chain_check(patch: pytest.MonkeyPatch) -> None:
    """The hub takes runs whose records do not follow one another."""
    patch.setattr(ingest, "check_chain", lambda run, prev: run.records[-1].link)


def acknowledge_before_commit(patch: pytest.MonkeyPatch) -> None:
    """The desk shows a record as done before it is on the disk."""
    patch.setattr(connection, "_commit", lambda db: None)


def receipt_for_what_was_announced(patch: pytest.MonkeyPatch) -> None:
    """The hub receipts what the node says it has instead of what has arrived (an early cursor)."""
    announced: list[Frontier] = []
    parse, receipt = rounds_at_hub.frontier_of, rounds_at_hub._receipt

    def remember(entries: Any) -> Frontier:
        announced.append(parse(entries))
        return announced[-1]

    def early(connection: Any, services: Any, unit: str, epoch: str, scope: Any, now_ms: int) -> bytes:
        logs = [
            replace(log, acknowledged=max(log.acknowledged, length_of(announced[-1], log.id)))
            for log in scope.devices
        ]
        return receipt(connection, services, unit, epoch, replace(scope, devices=tuple(logs)), now_ms)

    patch.setattr(rounds_at_hub, "frontier_of", remember)
    patch.setattr(rounds_at_hub, "_receipt", early)


def drop_the_losing_value(patch: pytest.MonkeyPatch) -> None:
    """Of two values only the winner is kept."""
    patch.setattr(merge, "_losers", lambda *values: ())


def see_no_difference(patch: pytest.MonkeyPatch) -> None:
    """The last writer simply wins; nobody is asked."""
    patch.setattr(differences, "_differ", lambda versions: False)


def trust_the_wall_clock(patch: pytest.MonkeyPatch) -> None:
    """The latest by clock wins, whatever its author had seen."""

    def latest(self: Gathering, versions: list[Version]) -> list[Version]:
        return [self.last(versions)] if versions else []

    patch.setattr(Gathering, "_standing_of", latest)


def ignore_quarantine_on_the_node(patch: pytest.MonkeyPatch) -> None:
    """Refused records go on having an effect at the office."""

    def nothing(db: Database, dossier: str) -> frozenset[str]:
        return frozenset()

    patch.setattr(projection, "quarantined_of", nothing)


def admit_everything(patch: pytest.MonkeyPatch) -> None:
    """The judge believes whoever signs whatever."""
    patch.setattr(judging, "judge_record", lambda *values, **more: APPLIED)


def send_bodies_to_everyone(patch: pytest.MonkeyPatch) -> None:
    """Names of other communes' people travel along."""

    def whole(record: Record, unit: str) -> UnverifiedRecord:
        return unverified(record)

    patch.setattr(rounds, "withhold", whole)


def give_numbers_twice(patch: pytest.MonkeyPatch) -> None:
    """The PC forgets which numbers of the day are used."""
    patch.setattr(catalogue, "used_numbers", lambda *values: set())


def lease_ranges_twice(patch: pytest.MonkeyPatch) -> None:
    """The hub forgets which ranges it has granted."""
    patch.setattr(leasing, "leases_of_unit", lambda connection, unit: [])


def count_only_this_session(patch: pytest.MonkeyPatch) -> None:
    """The status forgets what was unsent before the restart."""
    count, at_start = status.office_logs, WeakKeyDictionary[Database, dict[str, int]]()

    def since_start(db: Database) -> list[status.UnitLog]:
        logs = count(db)
        base = at_start.setdefault(db, {each.log: each.length for each in logs})
        return [replace(each, held=max(each.held, min(base.get(each.log, 0), each.length))) for each in logs]

    patch.setattr(status, "office_logs", since_start)


def believe_any_clock(patch: pytest.MonkeyPatch) -> None:
    """A PC ten years ahead takes the others with it."""
    patch.setattr(stamp, "observe", lambda last, seen, *, wall_ms: max(last or seen, seen))


def forget_the_parents(patch: pytest.MonkeyPatch) -> None:
    """Records do not say what their authors had seen."""
    patch.setattr(journal._Writer, "_heads_of", lambda self, dossier: ())


def repeat_verdicts(patch: pytest.MonkeyPatch) -> None:
    """Every look at a waiting record gives another verdict."""
    told = verdicts._told

    def misread(connection: Connection, records: Sequence[str]) -> Any:
        found = told(connection, records).items()
        return {
            record: {unit: word._replace(code="") for unit, word in words.items()} for record, words in found
        }

    patch.setattr(verdicts, "_told", misread)
    patch.setattr(Standing, "differs", lambda self, outcome, reason: True)


def count_changes_as_new(patch: pytest.MonkeyPatch) -> None:
    """A dossier that changes is counted again."""

    def add(self: TallyChanges, old: DossierRow | None, new: DossierRow) -> None:
        self._add(new, 1)

    patch.setattr(TallyChanges, "replace", add)


def let_the_digest_drift(patch: pytest.MonkeyPatch) -> None:
    """The node's sum forgets to take back what a dossier was before."""
    add = projection.Projector._sum

    def drifting(self: projection.Projector, *, old: int, new: int) -> None:
        add(self, old=0, new=new)

    patch.setattr(projection.Projector, "_sum", drifting)


def project_only_the_first(patch: pytest.MonkeyPatch) -> None:
    """Of the dossiers that a run touches only one is shown anew."""
    note = projection.Projector.note

    def lazily(self: projection.Projector, records: Iterable[Record]) -> list[str]:
        return note(self, records)[:1]

    patch.setattr(projection.Projector, "note", lazily)


def forget_the_orders(patch: pytest.MonkeyPatch) -> None:
    """What an order erased is stored again when it arrives later (a replica that slept brings it back)."""

    def believing(record: UnverifiedRecord, erasures: Iterable[Erasure]) -> UnverifiedRecord:
        return record

    patch.setattr(bodies, "as_ordered", believing)
    patch.setattr(erasures_at_hub, "as_kept", lambda connection, records: (records, False))
    patch.setattr(hub_log, "as_kept", lambda connection, records: (records, False))


FIRST_PLANTS: Sequence[Plant] = (
    skip_the_chain_check,
    acknowledge_before_commit,
    receipt_for_what_was_announced,
    drop_the_losing_value,
    see_no_difference,
    trust_the_wall_clock,
    ignore_quarantine_on_the_node,
    admit_everything,
    send_bodies_to_everyone,
    give_numbers_twice,
    lease_ranges_twice,
    count_only_this_session,
    believe_any_clock,
    forget_the_parents,
    repeat_verdicts,
    count_changes_as_new,
    let_the_digest_drift,
    project_only_the_first,
    forget_the_orders,
)
