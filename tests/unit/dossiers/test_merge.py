"""The fold of one dossier: what its records make of it, and what becomes of records written unseen."""

import pytest

from dossiers.axes import DeliveryState, FinanceState
from dossiers.conflicts import ConflictKind, conflict_id
from dossiers.deadlines import Frozen, FrozenUnit, Timeliness
from dossiers.merge import field_changes, fold, state_hash
from dossiers.states import Status
from dossiers.views import DossierView, DueCause, EndedAs, Standing
from sync_protocol.record import BodyState, Record
from tests.support.histories import COMMUNE, History, at, random_id, without_body


def standing(view: DossierView, record: Record) -> Standing:
    return next(entry.standing for entry in view.timeline if entry.record == record.id)


def in_process(history: History) -> Record:
    history.receive()
    return history.move(2, 4, "forward")


def test_a_plain_dossier_from_the_desk_to_the_hand_over() -> None:
    history = History()
    history.receive()
    history.write("paid", {"amount": 8_000, "method": 1, "fee": "le_phi"}, content={"receipt_number": "0001"})
    history.move(2, 4, "forward", options={"officer": random_id("lan")})
    result = {"number": "12/UBND-XN", "date": "23/11/2026", "signer": "Lê Văn Cường", "kind": "Giấy xác nhận"}
    issued = history.move(4, 9, "finish", at_ms=at(3, 9), content={"result": result})
    last = history.move(
        9,
        10,
        "return_result",
        options={"method": 1},
        at_ms=at(5, 9),
        content={"received_by": {"name": "Bình"}},
    )
    view = fold(history.records)
    assert (view.status, view.ended_as, view.timeliness) == (
        Status.RETURNED,
        EndedAs.SOLVED,
        Timeliness.ON_TIME,
    )
    assert (view.finance, view.delivery, view.paid) == (FinanceState.PAID, DeliveryState.HANDED_OVER, 8_000)
    assert (view.received, view.accepted, view.due, view.finished) == (at(), at(), at(3, 17), at(3, 9))
    assert (view.commune, view.competent, view.code) == (COMMUNE, COMMUNE, "H17.20242-261120-0001")
    assert view.result is not None
    assert (view.result.record, view.result.number) == (issued.id, "12/UBND-XN")
    assert view.handed_over is not None
    assert view.handed_over.name == "Bình"
    assert view.assigned is not None
    assert view.assigned.officer == random_id("lan")
    assert view.heads == (last.id,)
    assert view.text("applicant.name") == "Trần Văn Bình"
    assert [entry.record for entry in view.timeline] == [record.id for record in history.records]
    assert view.conflicts == ()


def test_the_end_is_when_the_result_is_ready_not_when_it_is_collected() -> None:
    history = History()
    in_process(history)
    history.move(4, 9, "finish", at_ms=at(1))
    history.move(9, 10, "return_result", options={"method": 1}, at_ms=at(30))
    assert fold(history.records).timeliness is Timeliness.EARLY


def test_a_dossier_registered_online_starts_its_clock_at_acceptance() -> None:
    history = History()
    history.receive(channel=2, status=1, due=None)
    assert fold(history.records).accepted is None
    history.move(1, 2, "receive", options={"due": at(4, 17)}, at_ms=at(0, 14))
    view = fold(history.records)
    assert (view.received, view.accepted, view.due, view.original_due) == (
        at(),
        at(0, 14),
        at(4, 17),
        at(4, 17),
    )


def test_asked_for_papers_before_acceptance_it_is_accepted_when_they_come() -> None:
    history = History()
    history.receive(channel=2, status=1, due=None)
    history.move(1, 5, "request_supplement", at_ms=at(1))
    history.move(5, 4, "complete_supplement", options={"due": at(6, 17)}, at_ms=at(3))
    assert fold(history.records).accepted == at(3)


def test_a_stopped_clock_keeps_what_is_left_and_every_due_date_is_kept() -> None:
    history = History()
    in_process(history)
    frozen = {"unit": "minutes", "amount": 700}
    asked = history.move(
        4, 5, "request_supplement", options={"frozen": frozen, "deadline": at(10)}, at_ms=at(0, 10),
        content={"ground": "Thiếu giấy chứng sinh", "items": ["Giấy chứng sinh"]},
    )  # fmt: skip
    view = fold(history.records)
    assert view.frozen == Frozen(unit=FrozenUnit.MINUTES, amount=700)
    assert (view.deadline, view.due) == (at(10), at(3, 17))
    assert [span.runs for span in view.clock] == [True, False]
    history.move(5, 4, "complete_supplement", options={"due": at(7, 11)}, at_ms=at(5))
    extended = history.write(
        "extended",
        {"due": at(9, 17), "previous": at(7, 11), "ordinal": 1},
        content={"ground": "Chờ xác minh"},
    )
    view = fold(history.records)
    assert (view.frozen, view.deadline, view.due, view.original_due) == (None, None, at(9, 17), at(3, 17))
    assert [(change.due, change.cause) for change in view.due_history] == [
        (at(3, 17), DueCause.RECEIVED),
        (at(7, 11), DueCause.MOVED),
        (at(9, 17), DueCause.EXTENDED),
    ]
    assert (view.due_history[2].record, view.due_history[2].ground) == (extended.id, "Chờ xác minh")
    assert [(span.due, span.runs) for span in view.clock] == [
        (at(3, 17), True),
        (at(3, 17), False),
        (at(7, 11), True),
        (at(9, 17), True),
    ]
    assert next(entry.words for entry in view.timeline if entry.record == asked.id) == "Thiếu giấy chứng sinh"


def test_a_pause_over_a_pause_keeps_the_time_frozen_first() -> None:
    history = History()
    in_process(history)
    history.move(4, 5, "request_supplement", options={"frozen": {"unit": "days", "amount": -2}})
    history.move(5, 8, "pause")
    assert fold(history.records).frozen == Frozen(unit=FrozenUnit.DAYS, amount=-2)


def test_a_correction_opens_the_dossier_again_under_the_same_due_date() -> None:
    history = History()
    in_process(history)
    history.move(4, 9, "finish", at_ms=at(1))
    history.move(9, 4, "correct", at_ms=at(2))
    view = fold(history.records)
    assert (view.status, view.finished, view.ended_as, view.due) == (Status.PROCESSING, None, None, at(3, 17))
    history.move(4, 9, "finish", at_ms=at(4))
    view = fold(history.records)
    assert (view.finished, view.timeliness) == (at(4), Timeliness.LATE)


@pytest.mark.parametrize(
    ("target", "action", "ended"),
    [(7, "withdraw", EndedAs.WITHDRAWN), (3, "refuse_expired", EndedAs.REFUSED)],
)
def test_an_end_without_a_result_has_no_timeliness(target: int, action: str, ended: EndedAs) -> None:
    history = History()
    in_process(history)
    history.move(4, 5, "request_supplement")
    history.move(5, target, action, at_ms=at(2))
    view = fold(history.records)
    assert (view.ended_as, view.finished, view.timeliness) == (ended, at(2), None)


# Fields


def test_later_in_causality_wins_over_later_by_clock() -> None:
    history = History()
    history.receive()
    history.amend({"summary": "first"}, at_ms=at(100))
    history.amend({"summary": "second"}, at_ms=at(1))
    view = fold(history.records)
    assert view.text("summary") == "second"
    assert view.conflicts == ()


def test_two_fields_written_unseen_both_stand() -> None:
    history = History()
    root = history.receive()
    history.amend({"summary": "x"}, after=[root], desk="north")
    history.amend({"applicant.phone": "y"}, after=[root], desk="south")
    view = fold(history.records)
    assert (view.text("summary"), view.text("applicant.phone"), view.conflicts) == ("x", "y", ())


def test_one_field_written_unseen_is_a_conflict_that_keeps_both() -> None:
    history = History()
    root = history.receive()
    early = history.amend({"summary": "early"}, after=[root], desk="north", at_ms=at(1))
    late = history.amend({"summary": "late"}, after=[root], desk="south", at_ms=at(2))
    view = fold(history.records)
    assert view.text("summary") == "late"
    assert [loser.value for loser in view.fields["summary"].losers] == ["early"]
    (conflict,) = view.conflicts
    assert conflict.id == conflict_id(ConflictKind.FIELD, "summary", (late.id, early.id))
    assert (conflict.field, conflict.provisional, conflict.unit) == ("summary", late.id, COMMUNE)
    assert {side.record: side.value for side in conflict.sides} == {early.id: "early", late.id: "late"}
    assert standing(view, early) is standing(view, late) is Standing.DISPUTED


def test_the_device_breaks_a_tie_of_clocks() -> None:
    history = History()
    root = history.receive()
    sides = [
        history.amend({"summary": desk}, after=[root], desk=desk, at_ms=at(1)) for desk in ("north", "south")
    ]
    winner = max(sides, key=lambda record: record.header.log)
    assert fold(history.records).fields["summary"].record == winner.id


def test_the_same_value_written_unseen_is_no_conflict_and_both_signatures_stay() -> None:
    history = History()
    root = history.receive()
    sides = [history.amend({"summary": "same"}, after=[root], desk=desk) for desk in ("north", "south")]
    view = fold(history.records)
    assert view.conflicts == ()
    assert {write.record for write in view.fields["summary"].history} == {
        root.id,
        *(side.id for side in sides),
    }


def test_who_has_seen_both_and_writes_the_field_decides_it() -> None:
    history = History()
    root = history.receive()
    history.amend({"summary": "a"}, after=[root], desk="north")
    history.amend({"summary": "b"}, after=[root], desk="south")
    history.amend({"summary": "c"})
    view = fold(history.records)
    assert (view.text("summary"), view.conflicts) == ("c", ())


def test_fields_kept_in_facts_conflict_alike() -> None:
    history = History()
    root = history.receive()
    history.amend(options={"fee_due": 0}, after=[root], desk="north", at_ms=at(1))
    history.amend(options={"fee_due": 16_000}, after=[root], desk="south", at_ms=at(2))
    view = fold(history.records)
    assert view.fee_due == 16_000
    assert [conflict.field for conflict in view.conflicts] == ["fee_due"]


@pytest.mark.parametrize("state", [BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST])
def test_a_winner_whose_body_is_gone_stays_the_winner(state: BodyState) -> None:
    history = History()
    history.receive()
    amended = history.amend({"summary": "changed"})
    whole = fold(history.records)
    view = fold([history.records[0], without_body(amended, state)])
    field = view.fields["summary"]
    assert (field.value, field.state, field.record) == (None, state, amended.id)
    assert state_hash(view) == state_hash(whole)


def test_an_erased_copy_prevails_over_a_copy_that_still_has_its_body() -> None:
    history = History()
    received = history.receive()
    erased = without_body(received, BodyState.ERASED)
    for records in ([received, erased], [erased, received]):
        assert fold(records).fields["summary"].state is BodyState.ERASED


def test_where_one_of_two_values_is_not_here_they_cannot_be_called_equal() -> None:
    history = History()
    root = history.receive()
    north = history.amend({"summary": "same"}, after=[root], desk="north")
    south = history.amend({"summary": "same"}, after=[root], desk="south")
    assert len(fold([root, north, without_body(south, BodyState.WITHHELD)]).conflicts) == 1
    assert fold([root, north, without_body(south, BodyState.ERASED)]).conflicts == ()
    bare = [without_body(record, BodyState.WITHHELD) for record in (root, north, south)]
    assert fold(bare).conflicts == ()


def test_history_tells_what_its_author_saw_and_what_it_became() -> None:
    history = History()
    root = history.receive()
    north = history.amend({"summary": "north"}, after=[root], desk="north")
    south = history.amend({"summary": "south"}, after=[root], desk="south")
    view = fold(history.records)
    for side in (north, south):
        ((code, before, after),) = field_changes(view, side.id)
        assert (code, before and before.value) == ("summary", "Xác nhận")
        assert after.record == side.id


@pytest.mark.parametrize("taken", ["north", "south"])
def test_history_tells_of_a_settlement_what_was_given_up(taken: str) -> None:
    history = History()
    root = history.receive()
    sides = {
        side: history.amend({"summary": side}, after=[root], desk=side, at_ms=at(hour))
        for hour, side in enumerate(("north", "south"), 1)
    }
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, sides[taken])
    ((_, before, after),) = field_changes(fold(history.records), settled.id)
    assert before is not None and {before.value, after.value} == {"north", "south"}
    assert after.value == taken


# Settlements


def test_a_settlement_by_somebody_who_saw_both_closes_the_conflict() -> None:
    history = History()
    root = history.receive()
    north = history.amend({"summary": "north"}, after=[root], desk="north", at_ms=at(1))
    history.amend({"summary": "south"}, after=[root], desk="south", at_ms=at(2))
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, north)
    view = fold(history.records)
    assert (view.text("summary"), view.conflicts) == ("north", ())
    assert view.fields["summary"].record == settled.id
    assert [loser.value for loser in view.fields["summary"].losers] == ["south"]
    assert [one.settled_by for one in view.settled_conflicts] == [settled.id]
    assert view.settled_conflicts[0].id == conflict.id


def test_a_settlement_may_bring_a_third_value() -> None:
    history = History()
    root = history.receive()
    history.amend({"summary": "north"}, after=[root], desk="north")
    history.amend({"summary": "south"}, after=[root], desk="south")
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, content={"fields": {"summary": "third"}})
    view = fold(history.records)
    assert (view.text("summary"), view.conflicts) == ("third", ())
    bare = [*history.records[:-1], without_body(settled, BodyState.WITHHELD)]
    assert state_hash(fold(bare)) == state_hash(view)


def test_a_settlement_whose_author_saw_one_side_closes_nothing() -> None:
    history = History()
    root = history.receive()
    north = history.amend({"summary": "north"}, after=[root], desk="north")
    history.amend({"summary": "south"}, after=[root], desk="south")
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, north, after=[north])
    view = fold(history.records)
    assert [one.id for one in view.conflicts] == [conflict.id]
    assert standing(view, settled) is Standing.WITHOUT_EFFECT
    assert not view.settlements[0].is_matched


@pytest.mark.parametrize("is_same", [True, False])
def test_two_settlements_written_unseen_are_a_new_conflict_if_they_differ(is_same: bool) -> None:
    history = History()
    root = history.receive()
    sides = [history.amend({"summary": desk}, after=[root], desk=desk) for desk in ("north", "south")]
    (conflict,) = fold(history.records).conflicts
    chosen = [sides[0], sides[0] if is_same else sides[1]]
    settled = [
        history.settle(conflict.id, choice, after=sides, desk=desk)
        for choice, desk in zip(chosen, ("north", "south"), strict=True)
    ]
    view = fold(history.records)
    expected = [] if is_same else [conflict_id(ConflictKind.FIELD, "summary", (one.id for one in settled))]
    assert [one.id for one in view.conflicts] == expected


def test_a_settlement_cannot_choose_what_is_on_no_side() -> None:
    history = History()
    root = history.receive()
    history.amend({"summary": "north"}, after=[root], desk="north")
    history.amend({"summary": "south"}, after=[root], desk="south")
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, root)
    view = fold(history.records)
    assert len(view.conflicts) == 1
    assert standing(view, settled) is Standing.WITHOUT_EFFECT


def test_a_version_that_arrives_after_the_settlement_opens_the_question_again() -> None:
    history = History()
    root = history.receive()
    sides = [history.amend({"summary": desk}, after=[root], desk=desk) for desk in ("north", "south")]
    (conflict,) = fold(history.records).conflicts
    settled = history.settle(conflict.id, sides[0])
    west = history.amend({"summary": "west"}, after=[root], desk="west")
    (again,) = fold(history.records).conflicts
    assert set(again.side_ids) == {settled.id, west.id}


# Steps


def test_forward_beside_a_supplement_request_asks_a_person_and_keeps_the_clock_running() -> None:
    history = History()
    root = history.receive()
    frozen = {"unit": "minutes", "amount": 900}
    asked = history.move(2, 5, "request_supplement", options={"frozen": frozen}, after=[root], desk="north")
    forwarded = history.move(2, 4, "forward", after=[root], desk="south")
    view = fold(history.records)
    assert (view.status, view.frozen, view.due) == (Status.PROCESSING, None, at(3, 17))
    (conflict,) = view.conflicts
    assert (conflict.kind, conflict.provisional, conflict.is_review) == (
        ConflictKind.STATUS,
        forwarded.id,
        False,
    )
    history.settle(conflict.id, asked)
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.SUPPLEMENT, ())
    assert view.frozen == Frozen(unit=FrozenUnit.MINUTES, amount=900)
    assert standing(view, forwarded) is Standing.SUPERSEDED


def test_an_issued_result_stands_beside_a_withdrawal() -> None:
    history = History()
    root = in_process(history)
    withdrawn = history.move(4, 7, "withdraw", after=[root], desk="north", at_ms=at(2))
    issued = history.move(4, 9, "finish", after=[root], desk="south", at_ms=at(1))
    view = fold(history.records)
    assert (view.status, view.ended_as, view.finished) == (Status.SOLVED, EndedAs.SOLVED, at(1))
    assert view.conflicts == ()
    assert (standing(view, withdrawn), standing(view, issued)) == (Standing.SUPERSEDED, Standing.APPLIED)


def test_an_issued_result_beside_a_rejection_stands_and_is_reviewed() -> None:
    history = History()
    root = in_process(history)
    rejected = history.move(4, 4, "send_back", after=[root], desk="north", at_ms=at(2))
    issued = history.move(4, 9, "finish", after=[root], desk="south", at_ms=at(1))
    (conflict,) = fold(history.records).conflicts
    assert (conflict.is_review, conflict.provisional) == (True, issued.id)
    history.settle(conflict.id, rejected)
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.SOLVED, ())


def test_a_result_handed_over_stands_beside_a_correction() -> None:
    history = History()
    in_process(history)
    issued = history.move(4, 9, "finish")
    history.move(9, 10, "return_result", options={"method": 1}, after=[issued], desk="north")
    history.move(9, 4, "correct", after=[issued], desk="south", at_ms=at(5))
    view = fold(history.records)
    assert (view.status, [one.is_review for one in view.conflicts]) == (Status.RETURNED, [True])


def test_two_results_issued_unseen_are_reviewed_and_the_first_stands() -> None:
    history = History()
    root = in_process(history)
    later = history.move(4, 9, "finish", after=[root], desk="north", at_ms=at(2))
    first = history.move(4, 9, "finish", after=[root], desk="south", at_ms=at(1))
    view = fold(history.records)
    assert view.result is not None
    assert (view.result.record, view.finished) == (first.id, at(1))
    assert [set(one.side_ids) for one in view.conflicts] == [{later.id, first.id}]


def test_an_approval_beside_a_rejection_is_still_seen_after_the_branch_went_on() -> None:
    history = History()
    root = in_process(history)
    rejected = history.move(4, 4, "send_back", after=[root], desk="north")
    approved = history.move(4, 4, "approve", after=[root], desk="south")
    history.move(4, 4, "transfer", after=[approved], desk="south")
    view = fold(history.records)
    assert [set(one.side_ids) for one in view.conflicts] == [{rejected.id, approved.id}]


def test_a_pause_that_was_resumed_unseen_is_nobodys_quarrel() -> None:
    history = History()
    root = in_process(history)
    asked = history.move(4, 5, "request_supplement", after=[root], desk="north")
    history.move(4, 4, "transfer", after=[root], desk="south")
    assert len(fold(history.records).conflicts) == 1
    history.move(5, 4, "complete_supplement", options={"due": at(6, 17)}, after=[asked], desk="north")
    view = fold(history.records)
    assert (view.conflicts, view.status, view.due) == ((), Status.PROCESSING, at(6, 17))


def test_a_step_that_follows_both_sides_does_not_bury_the_conflict() -> None:
    history = History()
    root = history.receive()
    history.move(2, 5, "request_supplement", after=[root], desk="north")
    history.move(2, 4, "forward", after=[root], desk="south")
    (conflict,) = fold(history.records).conflicts
    history.move(4, 4, "transfer")
    assert [one.id for one in fold(history.records).conflicts] == [conflict.id]
    history.settle(conflict.id)
    view = fold(history.records)
    assert (view.conflicts, view.status) == ((), Status.PROCESSING)


def test_a_settlement_cannot_undo_what_legally_happened_meanwhile() -> None:
    history = History()
    root = history.receive()
    asked = history.move(2, 5, "request_supplement", after=[root], desk="north")
    history.move(2, 4, "forward", after=[root], desk="south")
    (conflict,) = fold(history.records).conflicts
    history.move(4, 9, "finish")
    history.settle(conflict.id, asked)
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.SOLVED, ())


def test_one_step_taken_twice_unseen_happens_once() -> None:
    history = History()
    root = history.receive()
    for desk in ("north", "south"):
        history.move(2, 4, "forward", after=[root], desk=desk)
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.PROCESSING, ())
    assert {entry.standing for entry in view.timeline} == {Standing.APPLIED}


def test_an_issued_result_stands_beside_a_withdrawal_though_it_was_corrected_since() -> None:
    history = History()
    root = in_process(history)
    issued = history.move(4, 9, "finish", after=[root], desk="south")
    history.move(9, 4, "correct", after=[issued], desk="south")
    history.move(4, 7, "withdraw", after=[root], desk="north")
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.PROCESSING, ())


def test_of_two_results_the_one_issued_first_stands_whenever_they_were_handed_over() -> None:
    history = History()
    root = in_process(history)
    first = history.move(4, 9, "finish", after=[root], desk="north", at_ms=at(1))
    second = history.move(4, 9, "finish", after=[root], desk="south", at_ms=at(2))
    for issued, desk, day in ((second, "south", 3), (first, "north", 9)):
        history.move(9, 10, "return_result", options={"method": 1}, after=[issued], desk=desk, at_ms=at(day))
    view = fold(history.records)
    assert view.result is not None
    assert view.result.record == first.id
    assert [set(one.side_ids) for one in view.conflicts] == [{first.id, second.id}]


def test_a_clash_is_settled_only_by_somebody_who_saw_both_steps() -> None:
    history = History()
    root = history.receive()
    asked = history.move(2, 5, "request_supplement", after=[root], desk="north", at_ms=at(1))
    forwarded = history.move(2, 4, "forward", after=[root], desk="south", at_ms=at(1))
    history.move(4, 4, "transfer", after=[asked, forwarded], desk="south", at_ms=at(2))
    (conflict,) = fold(history.records).conflicts
    blind = history.settle(conflict.id, asked, after=[asked], desk="north", at_ms=at(3))
    view = fold(history.records)
    assert conflict.id in {one.id for one in view.conflicts}
    assert standing(view, blind) is Standing.WITHOUT_EFFECT


def test_three_desks_at_once() -> None:
    history = History()
    root = in_process(history)
    history.move(4, 5, "request_supplement", after=[root], desk="north")
    history.move(4, 8, "pause", after=[root], desk="west")
    issued = history.move(4, 9, "finish", after=[root], desk="south")
    view = fold(history.records)
    assert (view.status, view.conflicts) == (Status.SOLVED, ())
    assert view.result is not None
    assert view.result.record == issued.id


# Due dates, assignments, numbers


def test_of_two_extensions_written_unseen_the_earlier_due_date_stands_for_now() -> None:
    history = History()
    root = in_process(history)
    for desk, day in (("north", 6), ("south", 9)):
        facts = {"due": at(day, 17), "previous": at(3, 17), "ordinal": 1}
        history.write("extended", facts, content={"ground": "x"}, after=[root], desk=desk)
    view = fold(history.records)
    assert (view.due, view.clock[-1].due) == (at(6, 17), at(6, 17))
    (conflict,) = view.conflicts
    assert conflict.field == "due"
    later = next(side.record for side in conflict.sides if side.value == at(9, 17))
    history.settle(conflict.id, next(record for record in history.records if record.id == later))
    view = fold(history.records)
    assert (view.due, view.due_history[-1].cause, view.conflicts) == (at(9, 17), DueCause.SETTLED, ())


def superseded_pause(history: History) -> Record:
    """A branch with a due date of its own that comes to nothing beside an issued result; returns the branching point."""
    root = in_process(history)
    asked = history.move(4, 5, "request_supplement", after=[root], desk="north")
    resumed = history.move(
        5, 4, "complete_supplement", options={"due": at(8, 17)}, after=[asked], desk="north"
    )
    history.move(4, 7, "withdraw", after=[resumed], desk="north")
    return root


def test_the_due_date_of_a_superseded_step_is_not_in_force() -> None:
    history = History()
    root = superseded_pause(history)
    history.move(4, 9, "finish", after=[root], desk="south", at_ms=at(4))
    view = fold(history.records)
    assert (view.due, view.timeliness, view.conflicts) == (at(3, 17), Timeliness.LATE, ())


def test_a_settlement_names_due_dates_as_its_author_saw_them() -> None:
    history = History()
    root = superseded_pause(history)
    history.move(4, 9, "finish", after=[root], desk="south")
    for desk, day in (("south", 5), ("west", 6)):
        facts = {"due": at(day, 17), "previous": at(3, 17), "ordinal": 1}
        history.write("extended", facts, content={"ground": "x"}, after=[root], desk=desk)
    (conflict,) = fold(history.records).conflicts
    assert {side.value for side in conflict.sides} == {at(5, 17), at(6, 17)}
    history.settle(conflict.id, history.records[-1])
    view = fold(history.records)
    assert (view.due, view.conflicts) == (at(6, 17), ())


def test_of_two_assignments_written_unseen_the_first_holds() -> None:
    history = History()
    root = history.receive()
    second = history.write(
        "assigned", {"officer": random_id("b"), "unit": COMMUNE}, after=[root], desk="north", at_ms=at(2)
    )
    history.write(
        "assigned", {"officer": random_id("a"), "unit": COMMUNE}, after=[root], desk="south", at_ms=at(1)
    )
    view = fold(history.records)
    assert view.assigned is not None
    assert (view.assigned.officer, view.assigned.others) == (random_id("a"), (second.id,))
    assert view.conflicts == ()


def test_every_number_ever_given_finds_the_dossier() -> None:
    history = History()
    history.receive(code=None, provisional="T-20242-1f")
    view = fold(history.records)
    assert (view.code, view.display_code, view.aliases) == (None, "T-20242-1f", ())
    root = history.records[0]
    for desk, number, day in (("north", "0007", 2), ("south", "0008", 1)):
        facts = {"code": f"H17.20242-261120-{number}", "provisional": "T-20242-1f"}
        history.write("numbered", facts, after=[root], desk=desk, at_ms=at(day))
    view = fold(history.records)
    assert view.display_code == "H17.20242-261120-0008"
    assert view.aliases == ("H17.20242-261120-0007", "T-20242-1f")


# Collections


def test_a_paper_added_unseen_by_the_remover_stays() -> None:
    history = History()
    root = history.receive()
    again = [{"paper": "giay_to", "form": 2, "count": 1, "digitised": True, "reused": False}]
    removed = history.write(
        "paper_removed", {"record": root.id, "paper": "giay_to"}, after=[root], desk="north"
    )
    added = history.write("paper_added", {"papers": again}, after=[root], desk="south")
    blind = history.write(
        "paper_removed", {"record": added.id, "paper": "giay_to"}, after=[root], desk="west"
    )
    view = fold(history.records)
    assert [(paper.record, paper.form) for paper in view.papers] == [(added.id, 2)]
    assert [paper.removed_by for paper in view.papers_removed] == [removed.id]
    assert standing(view, blind) is Standing.WITHOUT_EFFECT


def _file(letter: str, **more: object) -> dict[str, object]:
    return {
        "file": letter * 64, "size": 1_000, "type": "jpeg", "pages": 1, "paper": "giay_to", "is_result": False, **more,
    }  # fmt: skip


def _secret(letter: str) -> dict[str, object]:
    return {"files": {letter * 64: {"name": f"{letter}.jpg", "key": "1" * 64, "sha256": "2" * 64}}}


def test_a_file_is_replaced_by_who_has_seen_it_and_stays_otherwise() -> None:
    history = History()
    root = history.receive()
    first = history.write("file_added", {"files": [_file("a")]}, content=_secret("a"), after=[root])
    old = {"record": first.id, "file": "a" * 64}
    better = history.write(
        "file_added", {"files": [_file("b", replaces=old)]}, content=_secret("b"), after=[first], desk="north"
    )
    blind = history.write(
        "file_added", {"files": [_file("c", replaces=old)]}, content=_secret("c"), after=[root], desk="south"
    )
    removed = history.write("file_removed", old, after=[root], desk="west")
    view = fold(history.records)
    assert sorted(held.file[0] for held in view.files) == ["b", "c"]
    assert [(held.file[0], held.removed_by) for held in view.files_removed] == [("a", better.id)]
    assert standing(view, blind) is Standing.APPLIED
    assert standing(view, removed) is Standing.WITHOUT_EFFECT


def test_a_file_whose_body_was_erased_is_known_and_has_no_key() -> None:
    history = History()
    history.receive()
    added = history.write("file_added", {"files": [_file("a")]}, content=_secret("a"))
    here = fold(history.records)
    bare = fold([*history.records[:-1], without_body(added, BodyState.ERASED)])
    assert (here.files[0].name, here.files[0].key, here.files[0].sha256) == ("a.jpg", "1" * 64, "2" * 64)
    assert (bare.files[0].name, bare.files[0].key, bare.files[0].state) == (None, None, BodyState.ERASED)
    assert state_hash(bare) == state_hash(here)


def test_files_are_part_of_the_state_and_their_absence_changes_nothing() -> None:
    history = History()
    history.receive()
    before = state_hash(fold(history.records))
    history.write("file_added", {"files": [_file("a")]}, content=_secret("a"))
    assert state_hash(fold(history.records)) != before


def test_a_fee_taken_twice_unseen_is_kept_twice_and_asked_about() -> None:
    history = History()
    root = history.receive()
    paid = [
        history.write("paid", {"amount": 8_000, "method": 1, "fee": "le_phi"}, after=[root], desk=desk)
        for desk in ("north", "south")
    ]
    view = fold(history.records)
    assert (view.paid, view.finance) == (16_000, FinanceState.OVERPAID)
    (conflict,) = view.conflicts
    assert (conflict.kind, set(conflict.side_ids)) == (
        ConflictKind.DUPLICATE_PAYMENT,
        {one.id for one in paid},
    )
    settled = history.settle(conflict.id, paid[0])
    view = fold(history.records)
    assert (view.paid, view.finance, view.conflicts) == (8_000, FinanceState.PAID, ())
    assert [payment.set_aside_by for payment in view.payments if payment.record == paid[1].id] == [settled.id]


def test_two_payments_one_after_the_other_are_nobodys_mistake() -> None:
    history = History()
    history.receive()
    for _ in range(2):
        history.write("paid", {"amount": 4_000, "method": 1, "fee": "le_phi"})
    view = fold(history.records)
    assert (view.finance, view.conflicts) == (FinanceState.PAID, ())


# What is missing, refused, unknown or broken


def test_a_quarantined_record_and_what_follows_it_have_no_effect_but_are_shown() -> None:
    history = History()
    root = history.receive()
    refused = history.amend({"summary": "refused"}, after=[root])
    held = history.move(2, 4, "forward", after=[refused])
    behind = history.move(4, 9, "finish", after=[held])
    other = history.amend({"applicant.phone": "1"}, after=[root], desk="north")
    for records in (history.records, [root, held, behind, other]):
        view = fold(records, quarantined={refused.id})
        assert (view.status, view.text("summary"), view.heads) == (Status.RECEIVED, "Xác nhận", (other.id,))
        assert standing(view, held) is standing(view, behind) is Standing.HELD
    assert standing(fold(history.records, quarantined={refused.id}), refused) is Standing.QUARANTINED


def test_records_whose_cause_is_missing_are_folded_and_the_gap_is_named() -> None:
    history = History()
    root = history.receive()
    gap = history.move(2, 4, "forward")
    last = history.move(4, 9, "finish", at_ms=at(1))
    view = fold([root, last])
    assert (view.missing, view.status) == ((gap.id,), Status.SOLVED)
    assert fold([last]).procedure is None
    assert fold([last]).status is Status.SOLVED


def test_a_kind_of_a_later_version_is_a_head_and_a_line_of_history_and_nothing_else() -> None:
    history = History()
    history.receive()
    before = fold(history.records)
    later = history.write("blessed", {"x": 1})
    view = fold(history.records)
    assert view.heads == (later.id,)
    assert view.timeline[-1].kind == "dossier.blessed"
    assert view.fields == before.fields


def test_facts_outside_their_schema_do_not_stop_the_fold() -> None:
    history = History()
    history.receive()
    broken = history.write("moved", {"to": 4})
    view = fold(history.records)
    assert (view.status, standing(view, broken)) == (Status.RECEIVED, Standing.WITHOUT_EFFECT)


def test_a_body_of_the_wrong_shape_does_not_stop_the_fold() -> None:
    history = History()
    history.receive(content={"fields": ["no mapping"]})
    history.move(2, 9, "finish", content={"result": "no mapping", "ground": 5})
    history.write("noted", content={"note": ["x"]})
    view = fold(history.records)
    assert view.text("summary") is None
    assert (view.result is not None, view.notes[0].text) == (True, None)


def test_a_fold_takes_one_dossier() -> None:
    mine, other = History(), History(dossier="e0" * 16)
    mine.receive()
    other.receive()
    with pytest.raises(ValueError, match="one dossier"):
        fold([*mine.records, *other.records])
    with pytest.raises(ValueError, match="at least one"):
        fold([])
