"""Bugs to plant in the province's log and where versions meet: what others did who signed twice, forgot, or could not read on.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from sqlite_utils import Database

import central_hub.judge.deciding as deciding
import central_hub.sync.service as rounds_at_hub
import central_hub.tlog.sequencer as sequencer
import edge_node.projection.schema as schema
import edge_node.server as server
import tests.simulation.hub as hub
import tests.simulation.node as node
from central_hub.services import Services
from central_hub.store.record_log import HeldLog, HubLogStore
from edge_node.enrolment.epochs import open_log
from edge_node.store.local import read_office
from sync_protocol import reasons
from sync_protocol.admission import Judgement, Outcome
from sync_protocol.log import OpeningReason

Plant = Callable[[pytest.MonkeyPatch], None]


def sign_on_after_a_restore(patch: pytest.MonkeyPatch) -> None:
    """A hub that was put back signs on without the records of the leaves that it has signed."""
    match = sequencer._match

    def skip(services: Any, tree: Any, matched: int, size: int) -> sequencer.Step:
        if match(services, tree, matched, size) is not sequencer.Step.WAITING:
            return sequencer.Step.MATCHED
        with sequencer.reading(services.engine) as connection:
            _, leaves = sequencer._fresh(connection, services, size)
        tree.publish(leaves, services.keys.log)
        return sequencer.Step.SIGNED

    patch.setattr(sequencer, "_match", skip)


def put_the_tree_back_too(patch: pytest.MonkeyPatch) -> None:
    """The back-up holds the log's files as well, and putting it back takes signatures back."""
    take, restore = hub.take_backup, hub.restore_backup

    def taken(services: Services) -> Any:
        written = take(services)
        shutil.copytree(services.config.tree, _beside(written.path), dirs_exist_ok=True)
        return written

    def restored(services: Services, path: Path) -> Any:
        done = restore(services, path)
        shutil.rmtree(services.config.tree)
        shutil.copytree(_beside(path), services.config.tree)
        return done

    patch.setattr(hub, "take_backup", taken)
    patch.setattr(hub, "restore_backup", restored)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + "-tree")


def look_in_the_log_alone(patch: pytest.MonkeyPatch) -> None:
    """A restored hub looks for the records of its leaves in the log that they name, and not in its branches."""

    def alone(self: HubLogStore, log: str) -> list[HeldLog]:
        held = self.held(log)
        return [] if held is None else [held]

    patch.setattr(HubLogStore, "family", alone)


def leave_verdicts_out_of_the_log(patch: pytest.MonkeyPatch) -> None:
    """What the province itself says is no part of its public log."""
    fresh = sequencer._fresh

    def without(connection: Connection, services: Services, size: int) -> Any:
        spans, leaves = fresh(connection, services, size)
        kept = [leaf for leaf in leaves if b'"kind":"verdict.given"' not in leaf]
        return spans, kept

    patch.setattr(sequencer, "_fresh", without)


def enter_twice_after_a_power_cut(patch: pytest.MonkeyPatch) -> None:
    """Where records stand is noted late: a record that is in the log already gets another leaf."""
    note = sequencer.note_spans
    patch.setattr(sequencer, "note_spans", lambda connection, spans: note(connection, spans[:-1]))


def tell_the_next_place(patch: pytest.MonkeyPatch) -> None:
    """Receipts tell places that are off by one."""
    spans = rounds_at_hub.newest_spans

    def off(connection: Connection, log: str, *, limit: int) -> Any:
        return [replace(span, position=span.position + 1) for span in spans(connection, log, limit=limit)]

    patch.setattr(rounds_at_hub, "newest_spans", off)


def be_alarmed_by_other_versions(patch: pytest.MonkeyPatch) -> None:
    """Sums of two fold versions are compared, so everybody who has not been brought up to date is alarmed."""
    compared = rounds_at_hub._compared

    def whatever(connection: Connection, place: Any, request: Any) -> Any:
        beacon = msgspec.structs.replace(request.beacon, fold=rounds_at_hub.FOLD_VERSION)
        return compared(connection, place, msgspec.structs.replace(request, beacon=beacon))

    patch.setattr(rounds_at_hub, "_compared", whatever)


def refuse_what_is_not_known(patch: pytest.MonkeyPatch) -> None:
    """A kind of a later version is refused."""
    judge = deciding.judge_record

    def strict(record: Any, **more: Any) -> Judgement:
        if more["rules"].knows(record.header.kind):
            return judge(record, **more)
        return Judgement(Outcome.QUARANTINED, reasons.RECORD_FACTS)

    patch.setattr(deciding, "judge_record", strict)


def keep_tables_of_the_older_program(patch: pytest.MonkeyPatch) -> None:
    """A new program shows what the old one made of the records."""
    made = schema._version()
    patch.setattr(schema, "_version", lambda: made)


def write_a_record_at_an_upgrade(patch: pytest.MonkeyPatch) -> None:
    """A new program begins with a new log, so that every upgrade of a province gives everybody something to send."""
    ensure, ready = server.ensure_current, node.make_ready
    made_anew: list[bool] = []

    def noting(db: Database) -> bool:
        made_anew.append(ensure(db))
        return made_anew[-1]

    def and_open(services: Any) -> None:
        made_anew.clear()
        ready(services)
        db = server.open_database(services.config.database)
        if any(made_anew) and read_office(db) is not None:
            open_log(db, services, reason=OpeningReason.RESTORE)
        db.conn.close()

    patch.setattr(server, "ensure_current", noting)
    patch.setattr(node, "make_ready", and_open)


IN_THE_LOG: Sequence[Plant] = (
    sign_on_after_a_restore,
    put_the_tree_back_too,
    look_in_the_log_alone,
    leave_verdicts_out_of_the_log,
    enter_twice_after_a_power_cut,
    tell_the_next_place,
    be_alarmed_by_other_versions,
    refuse_what_is_not_known,
    keep_tables_of_the_older_program,
    write_a_record_at_an_upgrade,
)
