"""Bugs to plant on the way to the province: at its door, in how much is sent at once and anew, and in orders that lapse.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

import central_hub.ingest.service as ingest
import central_hub.judge.deciding as judging
import central_hub.store.erasures as erasures_at_hub
import edge_node.store.bodies as bodies
import edge_node.sync.runner as runner
from dossiers.rules import RULES
from edge_node.keyring.trust import office_log_ids
from edge_node.store.local import Office
from edge_node.sync.pace import Pace
from signing.trust import Trust
from sync_protocol.admission import Outcome, judge_record
from sync_protocol.erasure import Erasure
from sync_protocol.frontier import Frontier
from sync_protocol.log import Run
from sync_protocol.reasons import RECORD_SIGNATURE
from sync_protocol.record import Header, UnverifiedRecord
from sync_protocol.rounds import opening_of
from tests.simulation.clock import DAY_MS, WorldTime

Plant = Callable[[pytest.MonkeyPatch], None]
ORDERS_KEPT_MS = 20 * DAY_MS


def judge_before_store(patch: pytest.MonkeyPatch) -> None:
    """The hub judges at its door, and keeps nothing of a run with a record that it does not admit."""
    checked = ingest._checked

    def strictly(
        frame: bytes, services: Any, epoch: str, trust: Trust, store: Any, refused: Any
    ) -> Run | None:
        run = checked(frame, services, epoch, trust, store, refused)
        if run is None:
            return None
        held = store.held(run.log)
        device = held.device if held else opening_of(run).device if run.first == 0 else ""
        for record in run.records if device else ():
            judgement = judge_record(
                record,
                signature_holds=judging._holds(record, trust) is True,
                trust=trust,
                rules=RULES,
                parents=[Outcome.APPLIED for _ in record.header.parents],
                log_device=device,
            )
            if judgement.outcome is Outcome.QUARANTINED:
                reason = judgement.reason or RECORD_SIGNATURE
                refused.append((ingest.Refusal(log=run.log, first=run.first, reason=reason), frame))
                return None
        return run

    patch.setattr(ingest, "_checked", strictly)


def expire_tombstones(patch: pytest.MonkeyPatch) -> None:
    """What orders to erase said is forgotten after twenty days; whoever was away for longer brings it back."""
    known, now_ms = dict[str, int](), [0]
    said, passes, ordered = Erasure.of, WorldTime.pass_ms, erasures_at_hub.as_ordered

    def passing(self: WorldTime, ms: int) -> None:
        passes(self, ms)
        now_ms[0] = self.now_ms

    def noting(order: str, header: Header) -> Erasure:
        known.setdefault(order, now_ms[0])
        return said(order, header)

    def lapsing(record: UnverifiedRecord, erasures: Iterable[Erasure]) -> UnverifiedRecord:
        valid = [each for each in erasures if now_ms[0] - known.get(each.order, 0) <= ORDERS_KEPT_MS]
        return ordered(record, valid)

    patch.setattr(WorldTime, "pass_ms", passing)
    patch.setattr(Erasure, "of", staticmethod(noting))
    patch.setattr(bodies, "as_ordered", lapsing)
    patch.setattr(erasures_at_hub, "as_ordered", lapsing)


def never_shrink(patch: pytest.MonkeyPatch) -> None:
    """Requests stay as large as they are, however often a line cuts them."""

    def stubborn(self: Pace, *, carried_bytes: int) -> Pace:
        return replace(self, cuts=self.cuts + 1, calm=0)

    patch.setattr(Pace, "after_cut", stubborn)


def send_everything_anew(patch: pytest.MonkeyPatch) -> None:
    """Whenever there is something new, all that the office ever wrote goes to the province once more."""
    theirs = runner.Rounds._theirs

    def from_nothing(self: runner.Rounds, mine: Frontier, office: Office) -> Frontier:
        known, own = theirs(self, mine, office), set(office_log_ids(self._db))
        if self._stated or all(known.get(log) == entry for log, entry in mine.items() if log in own):
            return known
        return Frontier(entry for log, entry in known.items() if log not in own)

    patch.setattr(runner.Rounds, "_theirs", from_nothing)


ON_THE_ROAD: Sequence[Plant] = (judge_before_store, expire_tombstones, never_shrink, send_everything_anew)
