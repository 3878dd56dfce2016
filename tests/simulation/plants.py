"""More bugs to plant: what others forgot about restores, refusals, receipts and the tables beside the log.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlite_utils import Database

import central_hub.backup.restoring as backup
import central_hub.ingest.service as ingest
import central_hub.judge.deciding as judging
import central_hub.projection.projector as hub_projector
import central_hub.sync.service as rounds_at_hub
import dossiers.merge as merge
import edge_node.catalogue.service as catalogue
import edge_node.enrolment.epochs as epochs
import edge_node.projection.service as projection
import edge_node.store.record_log as record_log
import edge_node.sync.foreign as foreign_at_node
import edge_node.sync.runner as runner
import edge_node.sync.status as status
from central_hub.projection.foreign import Audience
from central_hub.projection.rows import DossierRow
from central_hub.projection.tallies import TallyChanges
from dossiers.codes import Lease
from dossiers.gathering import Gathering
from sync_protocol.admission import Judgement, Outcome
from sync_protocol.frontier import Frontier
from sync_protocol.reasons import RECORD_PARENT_REFUSED
from sync_protocol.receipts import ReceiptEntry
from sync_protocol.record import Record
from tests.simulation.schedule import COMMUNES

Plant = Callable[[pytest.MonkeyPatch], None]


def keep_the_epoch_of_a_restored_hub(patch: pytest.MonkeyPatch) -> None:
    """A hub that was put back says nothing of it: nodes believe receipts for what it no longer has."""
    patch.setattr(backup, "put_setting", lambda connection, name, value: None)


def show_no_voucher(patch: pytest.MonkeyPatch) -> None:
    """A PC enrolled after the back-up is refused for ever by the hub that was put back."""
    patch.setattr(runner, "own_voucher", lambda db, office: [])


def say_nothing_of_a_restore(patch: pytest.MonkeyPatch) -> None:
    """A new epoch opens and no screen tells it."""
    patch.setattr(epochs.alerts, "raise_alert", lambda *values, **more: None)


def refuse_everything_after_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """One bad record blocks all that its device wrote later."""
    judge_record, refused = judging.judge_record, set[str]()

    def strictly(record: Any, **more: Any) -> Judgement:
        judgement = judge_record(record, **more)
        if judgement.outcome is Outcome.QUARANTINED:
            refused.add(record.header.log)
        elif record.header.log in refused:
            return Judgement(Outcome.QUARANTINED, RECORD_PARENT_REFUSED)
        return judgement

    patch.setattr(judging, "judge_record", strictly)


def let_the_earlier_win(patch: pytest.MonkeyPatch) -> None:
    """Of two concurrent values the earlier stands."""
    patch.setattr(Gathering, "last", Gathering.first)


def leave_refusals_out_of_the_digest(patch: pytest.MonkeyPatch) -> None:
    """The hub's digest does not know which records are refused."""
    record_set_hash = hub_projector.record_set_hash

    def blind(ids: Iterable[str], refused: Iterable[str] = ()) -> Any:
        return record_set_hash(ids, ())

    patch.setattr(hub_projector, "record_set_hash", blind)


def believe_that_what_was_sent_arrived(patch: pytest.MonkeyPatch) -> None:
    """The PC takes its own position for the hub's."""

    def everything(db: Database) -> Frontier:
        return record_log.SqliteLogStore(db).frontier()

    patch.setattr(runner, "receipted", everything)


def show_nothing_of_the_others(patch: pytest.MonkeyPatch) -> None:
    """Records of the office's other PCs are stored and never shown."""
    patch.setattr(projection.Projector, "take_over", lambda self, records: None)


def forget_verdicts(patch: pytest.MonkeyPatch) -> None:
    """What the province says of a record reaches nobody."""
    patch.setattr(projection.Projector, "take_verdict", lambda self, record: None)


def always_say_that_all_is_there(patch: pytest.MonkeyPatch) -> None:
    """The screen is green."""
    read = status.status_of

    def green(logs: Any, **more: Any) -> status.SyncStatus:
        return replace(read(logs, **more), waiting=0)

    patch.setattr(status, "status_of", green)


def rebuild_without_verdicts(patch: pytest.MonkeyPatch) -> None:
    """Making all views anew forgets what was refused."""
    note = projection.Projector.note

    def deaf(self: projection.Projector, records: Iterable[Record]) -> list[str]:
        known = list(records)
        alone = len(known) > 1 and all(record.header.dossier is None for record in known)
        return note(self, [r for r in known if not (alone and r.header.kind == projection.VERDICT)])

    patch.setattr(projection.Projector, "note", deaf)


def lose_bodies_that_come_late(patch: pytest.MonkeyPatch) -> None:
    """Every third body is not written."""
    insert, count = record_log.insert_body, [0]

    def sometimes(db: Database, number: int, record: Any) -> None:
        count[0] += 1
        if count[0] % 3:
            insert(db, number, record)

    patch.setattr(record_log, "insert_body", sometimes)


def reopen_what_was_settled(patch: pytest.MonkeyPatch) -> None:
    """A signed decision changes nothing about the question."""
    find = merge.find_conflicts

    def again(gathering: Gathering, unit: str | None) -> Any:
        open_, settled = find(gathering, unit)
        return (*open_, *settled), ()

    patch.setattr(merge, "find_conflicts", again)


def call_judged_what_is_only_held(patch: pytest.MonkeyPatch) -> None:
    """The receipt says judged before anybody judged."""
    patch.setattr(rounds_at_hub, "ReceiptEntry", lambda held, head, judged: ReceiptEntry(held, head, held))


def take_numbers_from_any_lease(patch: pytest.MonkeyPatch) -> None:
    """A PC draws from the ranges of its neighbours."""
    next_code = catalogue.next_code

    def greedy(leases: Sequence[Lease], *values: Any, log: str, **more: Any) -> Any:
        return next_code([replace(lease, log=log) for lease in leases], *values, log=log, **more)

    patch.setattr(catalogue, "next_code", greedy)


def send_routed_bodies_to_everyone(patch: pytest.MonkeyPatch) -> None:
    """What concerns two units is listed for every unit of the province."""
    ask = hub_projector.audience

    def everyone(order: Any, refused: Any) -> Audience:
        found = ask(order, refused)
        units = {unit: dict.fromkeys(found.signers, True) for unit in COMMUNES}
        return Audience(units, found.signers)

    patch.setattr(hub_projector, "audience", everyone)


def count_routed_twice(patch: pytest.MonkeyPatch) -> None:
    """A dossier received for another commune counts for both."""
    replace_row = TallyChanges.replace

    def twice(self: TallyChanges, old: DossierRow | None, new: DossierRow | None) -> None:
        replace_row(self, old, new)
        if new is not None and new.commune != new.home:
            self._add(new._replace(commune=new.home), 1)

    patch.setattr(TallyChanges, "replace", twice)


def go_on_reading_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """A unit whose leg is over still gets every body."""
    ask = hub_projector.audience

    def open_for_good(order: Any, refused: Any) -> Audience:
        found = ask(order, refused)
        return Audience({u: dict.fromkeys(r, True) for u, r in found.units.items()}, found.signers)

    patch.setattr(hub_projector, "audience", open_for_good)


def lose_what_was_routed(patch: pytest.MonkeyPatch) -> None:
    """Every third foreign record is thrown away when it arrives, and nobody asks for it again."""
    keep, seen = record_log.SqliteLogStore.keep_foreign, [0]

    def forgetful(self: record_log.SqliteLogStore, record: Any) -> None:
        seen[0] += 1
        if seen[0] % 3:
            keep(self, record)

    patch.setattr(record_log.SqliteLogStore, "keep_foreign", forgetful)
    patch.setattr(foreign_at_node, "wanted_foreign", lambda db, *, most: [])


def clone_gets_data_before_confirmation(patch: pytest.MonkeyPatch) -> None:
    """A copied disk, perhaps a stolen one, is answered like any PC."""
    patch.setattr(rounds_at_hub, "gets_nothing", lambda state: False)


def drop_the_second_branch(patch: pytest.MonkeyPatch) -> None:
    """Of two continuations of one log only the first is kept."""
    patch.setattr(ingest, "_store_branch", lambda *values: 0)


def reuse_the_epoch_after_an_image(patch: pytest.MonkeyPatch) -> None:
    """A PC whose whole disk was put back goes on in the log that the hub holds more of."""
    patch.setattr(runner.Rounds, "_heal", lambda self, office, answer, held: office)


MORE: Sequence[Plant] = (
    clone_gets_data_before_confirmation,
    drop_the_second_branch,
    reuse_the_epoch_after_an_image,
    keep_the_epoch_of_a_restored_hub,
    show_no_voucher,
    say_nothing_of_a_restore,
    refuse_everything_after_a_refusal,
    let_the_earlier_win,
    leave_refusals_out_of_the_digest,
    believe_that_what_was_sent_arrived,
    show_nothing_of_the_others,
    forget_verdicts,
    always_say_that_all_is_there,
    rebuild_without_verdicts,
    lose_bodies_that_come_late,
    reopen_what_was_settled,
    call_judged_what_is_only_held,
    take_numbers_from_any_lease,
    send_routed_bodies_to_everyone,
    count_routed_twice,
    go_on_reading_after_the_end,
    lose_what_was_routed,
)
