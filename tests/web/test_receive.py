"""Receiving at the counter: from what is typed to signed records, a code, a due date and a slip."""

import re
from pathlib import Path

import pytest

from dossiers.codes import provisional_code
from dossiers.local_time import instant
from dossiers.states import Status
from edge_node.accounts.openings import openings_of
from edge_node.casework.numbering import number_waiting, waiting_for_number
from edge_node.catalogue.service import AllocatedCode
from edge_node.drafts.service import read_draft
from edge_node.projection.lists import DossierFilter, count_dossiers, find_dossiers
from signing.roles import Role
from tests.support.counter import CERTIFY, COPIES, DUYEN, MARITAL, TODAY, WILL, open_office, seen
from tests.support.node import Browser, browse, lend_codes
from tests.support.office import TestOffice

WILLING = {
    **DUYEN,
    "form.testator_name": "Trần Thị Mỹ Duyên",
    "form.testator_birth_date": "12/03/1992",
    "form.property": "Nhà ở tại 15 Lê Duẩn",
    "papers_complete": "1",
}


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return open_office(tmp_path)[0]


@pytest.fixture
def counter(office: TestOffice) -> Browser:
    return browse(office)


def receive(counter: Browser, code: str, form: dict[str, str], then: str = "receive") -> str:
    answer = counter.post(f"/receive/{code}", {**form, "then": then})
    assert answer.status_code == 303, answer.text
    return str(answer.location).rsplit("/", 1)[1].split("?")[0]


def test_a_procedure_is_found_without_marks_and_by_code(counter: Browser) -> None:
    assert "Chứng thực bản sao từ bản chính" in counter.get("/receive?q=chung+thuc+ban+sao")
    part = counter.client.get("/receive?q=di+chuc", headers={"HX-Request": "true"}).text
    assert "2.001019" in part and "<html" not in part
    assert counter.client.get("/receive?q=2.001019").location == "/receive/2.001019"


def test_a_dossier_is_received_with_code_due_date_and_fee(office: TestOffice, counter: Browser) -> None:
    dossier = receive(counter, CERTIFY, COPIES)
    view = seen(office, dossier)
    assert view.code == "H17.20242-261123-0001"
    assert view.status == Status.RECEIVED and view.due == instant(TODAY, 17 * 60)
    assert view.fee_due == 2 * (2 * 2_000 + 1_000), "three pages, two copies"
    assert view.text("applicant.phone") == "0905118227" and view.text("applicant.birth_date") == "1992-03-12"
    assert {(p.paper, p.form, p.count) for p in view.papers} == {("original", 1, 1), ("copy", 3, 1)}


def test_two_counters_never_give_the_same_code(office: TestOffice, counter: Browser) -> None:
    other = browse(office)
    first = receive(counter, CERTIFY, COPIES)
    second = receive(other, WILL, WILLING)
    codes = {seen(office, first).code, seen(office, second).code}
    assert codes == {"H17.20242-261123-0001", "H17.20242-261123-0002"}


def test_the_form_takes_no_due_date_code_or_role_from_the_browser(
    office: TestOffice, counter: Browser
) -> None:
    forged = {
        "due": "31/12/2026",
        "code": "H17.20242-261123-9999",
        "received": "1",
        "fee_due": "0",
        "status": "9",
    }
    view = seen(office, receive(counter, CERTIFY, COPIES | forged))
    assert view.code == "H17.20242-261123-0001" and view.due == instant(TODAY, 17 * 60)
    assert view.fee_due == 10_000 and view.status == Status.RECEIVED


def test_mistakes_are_named_and_everything_typed_stays(office: TestOffice, counter: Browser) -> None:
    wrong = COPIES | {
        "applicant.name": "",
        "applicant.id_number": "123",
        "papers_complete": "",
        "summary": "Bản sao gấp",
    }
    answer = counter.post(f"/receive/{CERTIFY}", {**wrong, "then": "receive"})
    assert answer.status_code == 422
    for field in ("applicant.name", "applicant.id_number", "papers_complete"):
        assert f'id="error-{field}"' in answer.text and f'href="#field-{field}"' in answer.text
    for typed in ("Bản sao gấp", "15 Lê Duẩn, phường Hải Châu", "Bằng tốt nghiệp đại học", 'value="123"'):
        assert typed in answer.text, typed
    assert count_dossiers(office.db) == 0


def test_missing_papers_can_be_accepted_knowingly(office: TestOffice, counter: Browser) -> None:
    form = COPIES | {"papers_complete": "", "papers.original.original": "1"}
    refused = counter.post(f"/receive/{CERTIFY}", {**form, "then": "receive"})
    assert refused.status_code == 422 and "Bản sao cần chứng thực" in refused.text
    dossier = receive(counter, CERTIFY, form | {"papers_missing_ok": "1"})
    assert [paper.paper for paper in seen(office, dossier).papers] == ["original"]


def test_a_person_who_was_here_before_fills_the_form(office: TestOffice, counter: Browser) -> None:
    before = receive(counter, CERTIFY, COPIES)
    part = counter.post(
        f"/receive/{WILL}/person", {"applicant.id_number": "048192007735", "applicant.phone": "0911"}
    )
    assert 'value="Trần Thị Mỹ Duyên"' in part.text and 'value="12/03/1992"' in part.text
    assert 'value="0911"' in part.text, "what is typed stays"
    assert "prefill" in [opening.purpose for opening in openings_of(office.db, before)]
    unknown = counter.post(f"/receive/{WILL}/person", {"applicant.id_number": "048192000000"})
    assert unknown.status_code == 204


def test_an_identity_card_scanned_into_the_field_fills_the_form(office: TestOffice, counter: Browser) -> None:
    card = "048192007735|201234567|Trần Thị Mỹ Duyên|12031992|Nữ|15 Lê Duẩn, Hải Châu, Đà Nẵng|05082021"
    answer = counter.post(f"/receive/{WILL}", {"applicant.id_number": card, "then": "check"})
    assert answer.status_code == 303 and count_dossiers(office.db) == 0, "the scanner's Enter saves nothing"
    page = counter.get(answer.location)
    assert 'value="048192007735"' in page and 'value="15 Lê Duẩn, Hải Châu, Đà Nẵng"' in page


def test_the_foot_shows_due_date_and_fee_before_saving(office: TestOffice, counter: Browser) -> None:
    plain = counter.post(f"/receive/{CERTIFY}/foot", {"fee.page.units": "12", "channel": "1"}).text
    assert "17:00 23/11/2026" in plain and "14.000" in plain
    longer = counter.post(f"/receive/{CERTIFY}/foot", {"verification": "1"}).text
    assert "17:00 26/11/2026" in longer
    agreed = counter.post(f"/receive/{CERTIFY}/foot", {"agreed": "30/11/2026", "agreed.time": "10:00"}).text
    assert "10:00 30/11/2026" in agreed
    office.clock.now = instant(TODAY, 15 * 60 + 1)
    later = browse(office).post(f"/receive/{CERTIFY}/foot", {}).text
    assert "17:00 25/11/2026" in later, "after the 15:00 limit"


def test_watching_the_foot_does_not_keep_the_screen_unlocked(office: TestOffice, counter: Browser) -> None:
    page = counter.get(f"/receive/{CERTIFY}")
    assert '{"X-Motcua-Background": "1"}' in page
    for _minute in range(20):
        office.clock.advance(60_000)
        headers = {"X-Motcua-Background": "1"}
        answer = counter.post(f"/receive/{CERTIFY}/foot", {}, headers=headers)
    assert answer.status_code == 401


def test_an_agreed_time_is_only_for_procedures_that_allow_one(office: TestOffice, counter: Browser) -> None:
    dossier = receive(counter, WILL, WILLING | {"agreed": "25/12/2026"})
    assert seen(office, dossier).due == instant(TODAY, 3 * 24 * 60 + 9 * 60), "two working days and a holiday"
    past = counter.post(f"/receive/{CERTIFY}", {**COPIES, "agreed": "01/01/2020", "then": "receive"})
    assert past.status_code == 422 and 'id="error-agreed"' in past.text


def test_verification_lengthens_the_time_and_is_remembered(office: TestOffice, counter: Browser) -> None:
    form = {
        **DUYEN, "form.person_name": "Trần Thị Mỹ Duyên", "form.person_birth_date": "12/03/1992",
        "form.residence": "15 Lê Duẩn", "form.marital_status": "single", "form.residence_period": "Từ 2010",
        "form.purpose": "Kết hôn", "papers_complete": "1", "verification": "1",
    }  # fmt: skip
    view = seen(office, receive(counter, MARITAL, form))
    assert view.rule == "n_calendar_days" and view.due is not None
    assert view.due > instant(TODAY, 20 * 24 * 60)


def test_the_same_person_and_procedure_on_one_day_is_asked_about(
    office: TestOffice, counter: Browser
) -> None:
    receive(counter, CERTIFY, COPIES)
    again = counter.post(f"/receive/{CERTIFY}", {**COPIES, "then": "receive"})
    assert again.status_code == 409 and "H17.20242-261123-0001" in again.text
    assert "Bằng tốt nghiệp đại học" in again.text
    receive(counter, CERTIFY, COPIES | {"repeated": "1"})
    assert count_dossiers(office.db) == 2


def test_the_fee_taken_at_the_counter_is_its_own_record(office: TestOffice, counter: Browser) -> None:
    paid = {"paid": "1", "paid.method": "2", "paid.receipt_number": "0004517"}
    view = seen(office, receive(counter, CERTIFY, COPIES | paid))
    assert [(p.amount, p.method, p.fee, p.receipt_number) for p in view.payments] == [
        (10_000, 2, "page", "0004517")
    ]
    assert [entry.kind for entry in view.timeline] == ["dossier.received", "dossier.paid"]


def test_settled_at_once_by_whoever_holds_the_roles(office: TestOffice) -> None:
    chair = office.actor("Nguyễn Văn Bảy", Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER)
    result = {"result.number": "88/CT", "result.date": "23/11/2026", "result.signer": "Nguyễn Văn Bảy"}
    browser = browse(office, chair)
    assert "Giải quyết ngay" in browser.get(f"/receive/{CERTIFY}")
    view = seen(office, receive(browser, CERTIFY, COPIES | result, then="settle"))
    assert view.status == Status.RETURNED and view.timeliness == "on_time"
    assert view.result and view.result.number == "88/CT" and view.result.date == 20261123
    assert view.handed_over and view.handed_over.name == "Trần Thị Mỹ Duyên"
    assert [entry.action for entry in view.timeline] == [None, "forward", "finish", "return_result"]


def test_nobody_settles_at_once_without_the_roles(office: TestOffice, counter: Browser) -> None:
    assert "Giải quyết ngay" not in counter.get(f"/receive/{CERTIFY}")
    answer = counter.post(f"/receive/{CERTIFY}", {**COPIES, "result.signer": "Lan", "then": "settle"})
    assert answer.status_code == 403 and "Bằng tốt nghiệp đại học" in answer.text
    assert count_dossiers(office.db) == 0


def test_only_entitled_officers_open_the_form(office: TestOffice) -> None:
    leader = office.actor("Trần Quốc Bình", Role.LEADER)
    assert browse(office, leader).client.get(f"/receive/{CERTIFY}").status_code == 403


def test_what_cannot_be_received_yet_is_registered_without_code(office: TestOffice, counter: Browser) -> None:
    dossier = receive(counter, CERTIFY, {**DUYEN}, then="register")
    view = seen(office, dossier)
    assert view.status == Status.NEW and view.code is None and view.due is None
    page = counter.get(f"/dossiers/{dossier}")
    assert "Tiếp nhận hồ sơ" in page and "Từ chối tiếp nhận" in page and "Yêu cầu bổ sung" in page


def test_when_numbers_run_out_the_code_is_provisional(tmp_path: Path) -> None:
    office, _cast = open_office(tmp_path)
    browser = browse(office)
    office.services.references.allocate_code = lambda db, unit, received_ms: _spent(unit.log)  # type: ignore[method-assign,assignment,misc]
    view = seen(office, receive(browser, CERTIFY, COPIES))
    assert view.code is None and view.provisional and view.provisional.startswith("TAM.20242-261123-")
    del office.services.references.allocate_code
    lend_codes(office, 501, 600)
    assert waiting_for_number(office.db) == [view.dossier]
    assert number_waiting(office.db, office.services) == 1 and number_waiting(office.db, office.services) == 0
    numbered = seen(office, view.dossier)
    assert numbered.code == "H17.20242-261123-0001" and numbered.provisional in numbered.aliases
    assert counter_finds(browser, view.provisional) == view.dossier


def _spent(log: str) -> object:
    return AllocatedCode(code=None, provisional=provisional_code("20242", log, TODAY, 1), left=0, is_low=True)


def counter_finds(browser: Browser, code: str) -> str:
    return str(browser.client.get(f"/search?q={code}").location).rsplit("/", 1)[1]


def test_what_is_typed_is_there_after_the_browser_is_killed(office: TestOffice, counter: Browser) -> None:
    counter.get(f"/receive/{WILL}")
    answer = counter.post(
        f"/drafts/receive.{WILL}", {"applicant.name": "Võ Thị Thanh Hằng", "form.property": "Nhà"}
    )
    assert answer.status_code == 204
    later = browse(office)
    assert "Võ Thị Thanh Hằng" in later.get(f"/receive/{WILL}")
    assert "Võ Thị Thanh Hằng" in later.get("/receive") and "Võ Thị Thanh Hằng" in later.get("/")


def test_a_saved_form_leaves_no_draft(office: TestOffice, counter: Browser) -> None:
    counter.post(f"/drafts/receive.{CERTIFY}", COPIES)
    assert read_draft(office.db, office.lan, f"receive.{CERTIFY}") is not None
    receive(counter, CERTIFY, COPIES)
    assert read_draft(office.db, office.lan, f"receive.{CERTIFY}") is None


def test_a_full_disk_keeps_what_was_typed(
    office: TestOffice, counter: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_node.store.space.Space.is_writable", False)
    answer = counter.post(f"/receive/{CERTIFY}", {**COPIES, "then": "receive"})
    assert answer.status_code == 507
    assert "Ổ đĩa đã đầy" in answer.text and "Bằng tốt nghiệp đại học" in answer.text


def test_the_page_after_saving_shows_code_slip_and_the_next_step(
    office: TestOffice, counter: Browser
) -> None:
    answer = counter.post(f"/receive/{CERTIFY}", {**COPIES, "then": "receive"})
    page = counter.get(answer.location)
    assert "H17.20242-261123-0001" in page and "/papers/mau01" in page
    again = re.search(r'href="(/receive/2.000815\?person=[0-9a-f]{32})"', page)
    assert again and "Trần Thị Mỹ Duyên" in counter.get(again[1])


def test_another_unit_may_settle_what_is_received_here(office: TestOffice, counter: Browser) -> None:
    view = seen(office, receive(counter, CERTIFY, COPIES | {"competent": "20257"}))
    assert (view.receiving, view.competent) == ("20242", "20257")
    forged = counter.post(
        f"/receive/{CERTIFY}", {**COPIES, "competent": "99999", "repeated": "1", "then": "receive"}
    )
    assert forged.status_code == 422
    assert len(find_dossiers(office.db, DossierFilter())) == 1
