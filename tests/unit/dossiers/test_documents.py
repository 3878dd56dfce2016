"""What became of results and receipts: every way in which one stops being simply in force."""

import pytest

from dossiers.documents import document_changes, makes_documents
from dossiers.merge import fold
from dossiers.views import Standing
from signing.status import DocumentState
from sync_protocol.record import Record
from tests.support.histories import History

RESULT = {"result": {"number": "12/QĐ-UBND", "signer": "Nguyễn Văn Anh"}}


@pytest.fixture
def history() -> History:
    """A dossier in process."""
    made = History()
    made.receive()
    made.move(2, 4, "forward")
    return made


def issue(history: History, **how: object) -> Record:
    return history.move(4, 9, "finish", content=RESULT, **how)


def hand_over(history: History) -> Record:
    return history.move(9, 10, "return_result", content={"received_by": {"name": "Hoa"}})


def correct(history: History, source: int = 10) -> Record:
    return history.move(source, 4, "correct", content={"ground": "Sai năm sinh"})


def changes(history: History, *refused: Record) -> list[tuple[str, DocumentState, str]]:
    view = fold(history.records, quarantined={record.id for record in refused})
    return [(each.document, each.state, each.by) for each in document_changes(view)]


def test_a_result_that_was_issued_and_handed_over_is_simply_in_force(history: History) -> None:
    assert not makes_documents(history.records)
    issue(history)
    hand_over(history)
    assert makes_documents(history.records) and changes(history) == []


def test_a_correction_concerns_the_result_and_its_receipt_and_the_next_result_replaces_both(
    history: History,
) -> None:
    result, receipt = issue(history), hand_over(history)
    corrected = correct(history)
    at_first = [(each.id, DocumentState.CORRECTED, corrected.id) for each in (result, receipt)]
    assert changes(history) == at_first
    second = issue(history)
    replaced = [(each.id, DocumentState.SUPERSEDED, second.id) for each in (result, receipt)]
    assert changes(history) == [*at_first, *replaced]
    hand_over(history)
    assert changes(history) == [*at_first, *replaced]


def test_a_result_under_correction_is_withdrawn_when_the_dossier_ends_without_another(
    history: History,
) -> None:
    result = issue(history)
    correct(history, 9)
    ended = history.move(4, 7, "withdraw", content={"ground": "Công dân rút"})
    assert changes(history)[-1] == (result.id, DocumentState.WITHDRAWN, ended.id)


def test_a_result_that_the_province_refused_is_withdrawn(history: History) -> None:
    result, receipt = issue(history), hand_over(history)
    # What rests on a refused result is no better than that result.
    void = [(each.id, DocumentState.WITHDRAWN, each.id) for each in (result, receipt)]
    assert changes(history, result) == void
    assert changes(history) == []


def test_two_results_unseen_by_each_other_stay_until_a_person_settles_and_then_one_is_superseded(
    history: History,
) -> None:
    before = history.records[-1:]
    one = issue(history)
    other = history.move(4, 9, "finish", content=RESULT, after=before, desk="other")
    view = fold(history.records)
    assert {entry.standing for entry in view.timeline if entry.action == "finish"} == {Standing.DISPUTED}
    assert changes(history) == []
    history.settle(view.conflicts[0].id, one)
    found = changes(history)
    assert len(found) == 1 and found[0][1] is DocumentState.SUPERSEDED
    assert {found[0][0], found[0][2]} == {one.id, other.id}
