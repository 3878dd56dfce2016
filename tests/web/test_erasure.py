"""Erasing content at the screen: who is offered it, what must be given, what the page says afterwards."""

from pathlib import Path

import pytest

from edge_node.drafts.service import list_drafts
from edge_node.projection.service import view
from edge_node.receive.queries import find_person
from edge_node.store import SqliteLogStore
from signing.verification import verify
from sync_protocol.record import BodyState
from tests.support.counter import heads, open_office
from tests.support.node import Browser, Cast, browse, receive
from tests.support.office import TestOffice

NUMBER = "048192007735"
DECISION = {
    "scope": "whole",
    "ground": "subject_request",
    "number": "15/QĐ-UBND",
    "date": "22/11/2026",
    "understood": "1",
}


@pytest.fixture
def opened(tmp_path: Path) -> tuple[TestOffice, Cast]:
    return open_office(tmp_path)


@pytest.fixture
def office(opened: tuple[TestOffice, Cast]) -> TestOffice:
    return opened[0]


@pytest.fixture
def leader(opened: tuple[TestOffice, Cast]) -> Browser:
    return browse(opened[0], opened[1].hung)


def states(office: TestOffice, dossier: str) -> set[BodyState]:
    records = SqliteLogStore(office.db).dossier_records(dossier)
    return {record.body_state for record in records if record.header.body}


def test_the_head_of_the_unit_erases_and_the_page_says_why(office: TestOffice, leader: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    assert f"/dossiers/{dossier}/erase" in leader.get(f"/dossiers/{dossier}")
    page = leader.get(f"/dossiers/{dossier}/erase")
    assert "không khôi phục được" in page and "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15" in page
    answer = leader.post(f"/dossiers/{dossier}/erase", {**heads(office, dossier), **DECISION})
    assert answer.status_code == 303
    page = leader.get(f"/dossiers/{dossier}")
    assert "15/QĐ-UBND" in page and "22/11/2026" in page and "Toàn bộ nội dung" in page
    assert "đã xóa theo quyết định" in page and f"/dossiers/{dossier}/erase" not in page
    assert states(office, dossier) == {BodyState.ERASED}
    found = view(office.db, dossier)
    assert found is not None and found.status is not None
    for address in ("/amend", "/note", "/papers/mau01", "/export"):
        answer = leader.client.get(f"/dossiers/{dossier}{address}")
        assert answer.status_code < 500 and NUMBER.encode() not in answer.data
    assert leader.post(f"/dossiers/{dossier}/reveal/applicant.id_number").status_code == 404


def test_a_wholly_erased_dossier_offers_nothing_that_would_only_vanish_and_says_why(
    office: TestOffice, leader: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    wanted = [f"/dossiers/{dossier}/{action}" for action in ("amend", "note", "files")]
    assert all(f'href="{address}"' in leader.get(f"/dossiers/{dossier}") for address in wanted)
    leader.post(f"/dossiers/{dossier}/erase", {**heads(office, dossier), **DECISION})
    page = leader.get(f"/dossiers/{dossier}")
    assert all(f'class="btn btn-sm" href="{address}"' not in page for address in wanted)
    assert "không sửa thông tin, ghi chú hay đính kèm tệp được nữa" in page
    assert 'enctype="multipart/form-data"' not in leader.get(f"/dossiers/{dossier}/files")
    answer = leader.post(f"/dossiers/{dossier}/note", {**heads(office, dossier), "note": "Ghi thêm"})
    assert answer.status_code != 303


def test_single_records_can_be_chosen(office: TestOffice, leader: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    (record,) = (r for r in SqliteLogStore(office.db).dossier_records(dossier) if r.body)
    form = {**DECISION, "scope": "chosen", f"record.{record.id}": "1"}
    assert record.id in leader.get(f"/dossiers/{dossier}/erase")
    assert leader.post(f"/dossiers/{dossier}/erase", {**heads(office, dossier), **form}).status_code == 303
    assert "Nội dung 1 bản ghi" in leader.get(f"/dossiers/{dossier}")


@pytest.mark.parametrize("field", ["ground", "number", "date", "understood", "scope"])
def test_an_order_needs_its_decision_and_a_confirmation(
    office: TestOffice, leader: Browser, field: str
) -> None:
    dossier = receive(office, 1, "2.000815")
    form = {**heads(office, dossier), **{name: text for name, text in DECISION.items() if name != field}}
    answer = leader.post(f"/dossiers/{dossier}/erase", form)
    assert answer.status_code == 422 and f"error-{field}" in answer.text
    assert states(office, dossier) == {BodyState.PRESENT}


def test_news_from_a_colleague_come_first(office: TestOffice, leader: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    form = {**DECISION, "heads": "0" * 64}
    assert leader.post(f"/dossiers/{dossier}/erase", form).status_code == 409
    assert states(office, dossier) == {BodyState.PRESENT}


def test_others_are_neither_offered_nor_allowed_it(
    office: TestOffice, opened: tuple[TestOffice, Cast]
) -> None:
    dossier = receive(office, 1, "2.000815")
    lan = browse(office)
    assert f"/dossiers/{dossier}/erase" not in lan.get(f"/dossiers/{dossier}")
    assert lan.client.get(f"/dossiers/{dossier}/erase").status_code == 403
    form = {**heads(office, dossier), **DECISION}
    assert lan.post(f"/dossiers/{dossier}/erase", form).status_code == 403
    assert states(office, dossier) == {BodyState.PRESENT} and list_drafts(office.db, office.lan) == []


def test_an_erased_applicant_fills_no_new_form(office: TestOffice, leader: Browser) -> None:
    """The number is typed again for another dossier: nothing of the erased one is offered."""
    dossier = receive(office, 1, "2.000815")
    assert find_person(office.db, NUMBER) is not None
    leader.post(f"/dossiers/{dossier}/erase", {**heads(office, dossier), **DECISION})
    assert find_person(office.db, NUMBER) is None


def test_a_proof_says_by_which_order_it_was_erased(office: TestOffice, leader: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    leader.post(f"/dossiers/{dossier}/erase", {**heads(office, dossier), **DECISION})
    data = leader.client.get(f"/dossiers/{dossier}/proof/file").data
    bundle = office.services.trust.trust(office.db).bundle
    report = verify(data, bundle)
    content = [check for check in report.checks if check.id == "content" and check.record == 0]
    assert [check.sub_indication for check in content] == ["SIGNED_DATA_NOT_FOUND"]
    assert "erased by the order" in content[0].why_en and NUMBER.encode() not in data
