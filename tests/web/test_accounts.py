"""Log-in, lock, officers and PINs, as a browser meets them."""

from pathlib import Path

import pytest

from edge_node.accounts.throttle import FREE_TRIES
from signing.roles import Role
from tests.support.log_builder import hex32
from tests.support.node import PIN, Browser, browse, hire, make_app
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


def test_a_page_leads_to_the_log_in_and_back(office: TestOffice) -> None:
    browser = Browser(make_app(office).test_client(), office)
    answer = browser.client.get("/register?month=2026-11")
    assert (answer.status_code, answer.location) == (302, "/login?next=/register%3Fmonth%3D2026-11")
    browser.get("/login")
    given = {"officer": office.lan.officer, "pin": PIN, "next": "/register?month=2026-11"}
    assert browser.post("/login", given).location == "/register?month=2026-11"


def test_log_in_leads_to_no_other_site(office: TestOffice) -> None:
    browser = Browser(make_app(office).test_client(), office)
    browser.get("/login")
    for elsewhere in ("https://example.com/", "//example.com/", "/\\example.com"):
        given = {"officer": office.lan.officer, "pin": PIN, "next": elsewhere}
        assert browser.post("/login", given).location == "/", elsewhere
        browser.get("/account")
        browser.post("/logout")
        browser.get("/login")


def test_a_wrong_pin_is_refused_and_then_throttled(office: TestOffice) -> None:
    browser = Browser(make_app(office).test_client(), office)
    browser.get("/login")
    given = {"officer": office.lan.officer, "pin": "000000"}
    answers = [browser.post("/login", given) for _ in range(FREE_TRIES["officer"])]
    assert [answer.status_code for answer in answers[:-1]] == [403] * (len(answers) - 1)
    assert answers[-1].status_code == 429 and "30 giây" in answers[-1].text
    right = browser.post("/login", {**given, "pin": PIN})
    assert right.status_code == 429, "the right PIN does not shorten the wait"
    office.clock.advance(31_000)
    assert browser.post("/login", {**given, "pin": PIN}).status_code == 302


def test_no_answer_shows_a_pin_again(office: TestOffice) -> None:
    browser = Browser(make_app(office).test_client(), office)
    browser.get("/login")
    answer = browser.post("/login", {"officer": office.lan.officer, "pin": "k1nhdoanh"})
    assert "k1nhdoanh" not in answer.text


def test_a_locked_screen_asks_the_same_officer_and_returns(office: TestOffice) -> None:
    browser = browse(office)
    assert browser.post("/lock", {"next": "/register"}).location == "/login?next=%2Fregister"
    page = browser.get("/login?next=/register")
    assert "Màn hình đã khóa" in page and office.lan.name in page
    given = {"officer": office.lan.officer, "pin": PIN, "next": "/register"}
    assert browser.post("/login", given).location == "/register"


def test_an_idle_key_is_locked_by_the_node_itself(office: TestOffice) -> None:
    browser = browse(office)
    office.clock.advance(office.services.config.idle_lock_minutes * 60_000 + 1)
    assert browser.client.get("/account").status_code == 302


def test_looking_at_progress_keeps_no_screen_open(office: TestOffice) -> None:
    browser = browse(office)
    for _ in range(3):
        office.clock.advance(office.services.config.idle_lock_minutes * 30_000)
        browser.client.get("/sync/progress", headers={"X-Motcua-Background": "1"})
    assert browser.client.get("/account").status_code == 302


def test_what_was_sent_to_a_locked_screen_is_offered_again(office: TestOffice) -> None:
    administrator = office.actor("Hà", Role.UNIT_ADMINISTRATOR)
    browser = browse(office, administrator)
    browser.post("/lock")
    typed = {
        "name": "Lê Văn Minh",
        "title": "Công chức địa chính",
        "pin": "mat-khau-9",
        "roles": "specialist",
    }
    locked = browser.post("/officers", typed)
    assert locked.status_code == 401
    assert "Công chức địa chính" in locked.text and "mat-khau-9" not in locked.text
    carried = {"kept.name": "Lê Văn Minh", "kept.title": "Công chức địa chính", "kept_path": "/officers"}
    wrong = browser.post("/login", {"officer": administrator.officer, "pin": "999999", **carried})
    assert wrong.status_code == 403 and "Công chức địa chính" in wrong.text
    again = browser.post("/login", {"officer": administrator.officer, "pin": PIN, **carried})
    assert 'action="/officers"' in again.text and "Công chức địa chính" in again.text


def test_a_form_without_its_token_changes_nothing(office: TestOffice) -> None:
    browser = browse(office)
    answer = browser.client.post("/lock", data={})
    assert answer.status_code == 400
    assert browser.client.get("/account").status_code == 200


def test_another_officer_on_the_same_pc_starts_at_the_desk(office: TestOffice) -> None:
    cast = hire(office)
    browser = browse(office)
    browser.post("/lock")
    assert "Lê Văn Minh" in browser.get("/login?other=1&next=/register")
    given = {"officer": cast.minh.officer, "pin": PIN, "next": "/register"}
    assert browser.post("/login", given).location == "/"


def test_one_changes_ones_own_pin(office: TestOffice) -> None:
    browser = browse(office)
    weak = browser.post("/account/pin", {"old": PIN, "pin": "123456", "again": "123456"})
    assert weak.status_code == 422 and "dãy liên tiếp" in weak.text
    differing = browser.post("/account/pin", {"old": PIN, "pin": "ba8-con7", "again": "ba8-con8"})
    assert differing.status_code == 422 and "không giống nhau" in differing.text
    wrong = browser.post("/account/pin", {"old": "000111", "pin": "ba8-con7", "again": "ba8-con7"})
    assert wrong.status_code == 403
    assert (
        browser.post("/account/pin", {"old": PIN, "pin": "ba8-con7", "again": "ba8-con7"}).status_code == 302
    )
    assert browser.client.get("/account").status_code == 200, "the officer stays logged in"
    browser.post("/logout")
    browser.get("/login")
    assert browser.post("/login", {"officer": office.lan.officer, "pin": PIN}).status_code == 403
    assert browser.post("/login", {"officer": office.lan.officer, "pin": "ba8-con7"}).status_code == 302


def test_only_the_unit_administrator_sees_the_officers(office: TestOffice) -> None:
    browser = browse(office)
    for path in ("/officers", f"/officers/{office.lan.officer}/pin"):
        browser.get(path, status=403)
    assert browser.post("/officers", {"name": "X"}).status_code == 403
    assert browser.post(f"/officers/{office.lan.officer}/pin", {"pin": "mo-lai-7"}).status_code == 403


def test_a_new_officer_works_at_once_or_waits_for_the_province(office: TestOffice) -> None:
    browser = browse(office, office.actor("Hà", Role.UNIT_ADMINISTRATOR))
    empty = browser.post("/officers", {"name": "", "pin": "a", "again": "b"})
    assert empty.status_code == 422
    for message in ("Hãy nhập họ và tên cán bộ.", "Hãy chọn ít nhất một vai trò.", "không giống nhau"):
        assert message in empty.text
    given = {
        "name": "Võ Thị Sáu",
        "title": "",
        "roles": ["specialist", "leader"],
        "pin": "ngay-19x",
        "again": "ngay-19x",
    }
    answer = browser.post("/officers", given)
    assert answer.status_code == 302, answer.text
    page = browser.get("/officers")
    assert "Vai trò Lãnh đạo chờ tỉnh xác nhận" in page
    assert "xin thêm: Lãnh đạo" in page
    browser.post("/logout")
    assert "Võ Thị Sáu" in browser.get("/login")


def test_a_forgotten_pin_is_replaced_with_a_new_key(office: TestOffice) -> None:
    browser = browse(office, office.actor("Hà", Role.UNIT_ADMINISTRATOR))
    before = office.services.keyring.files.officers()[office.lan.officer].key
    browser.get(f"/officers/{office.lan.officer}/pin")
    assert (
        browser.post(f"/officers/{office.lan.officer}/pin", {"pin": "moi-2026", "again": "khac"}).status_code
        == 422
    )
    assert (
        browser.post(
            f"/officers/{office.lan.officer}/pin", {"pin": "moi-2026", "again": "moi-2026"}
        ).status_code
        == 302
    )
    assert office.services.keyring.files.officers()[office.lan.officer].key != before
    browser.post("/logout")
    browser.get("/login")
    assert browser.post("/login", {"officer": office.lan.officer, "pin": PIN}).status_code == 403
    assert browser.post("/login", {"officer": office.lan.officer, "pin": "moi-2026"}).status_code == 302


def test_an_unknown_officer_is_not_found(office: TestOffice) -> None:
    browser = browse(office, office.actor("Hà", Role.UNIT_ADMINISTRATOR))
    browser.get(f"/officers/{hex32('nobody')}/pin", status=404)


def test_the_language_is_switched_before_and_after_log_in(office: TestOffice) -> None:
    browser = Browser(make_app(office).test_client(), office)
    assert 'lang="vi"' in browser.get("/login")
    assert browser.post("/language", {"language": "en", "next": "/login"}).location == "/login"
    assert 'lang="en"' in browser.get("/login")
    browser.log_in(office.lan)
    assert 'lang="en"' in browser.get("/account")
    browser.post("/language", {"language": "xx"})
    assert 'lang="en"' in browser.get("/account")


def test_the_administrator_revokes_an_officer_who_is_told_so(office: TestOffice) -> None:
    chief = browse(office, office.actor("Quý", Role.UNIT_ADMINISTRATOR))
    lan = browse(office)
    path = f"/officers/{office.lan.officer}/revoke"
    assert "Có hiệu lực ngay trên máy này" in chief.get(path)
    assert chief.post(path, {"cause": "lost", "ground": ""}).status_code == 422
    assert chief.post(path, {"cause": "burn", "ground": "Mất"}).status_code == 422
    assert chief.post(path, {"cause": "lost", "ground": "Lộ mã PIN"}).location == "/officers"
    assert "Đã thu hồi khóa" in chief.get("/officers")
    assert lan.client.get("/").status_code == 302
    lan.get("/login")
    refused = lan.post("/login", {"officer": office.lan.officer, "pin": PIN})
    assert refused.status_code == 403
    assert "Khóa ký của bạn đã bị thu hồi" in refused.text
    assert chief.post(path, {"cause": "lost", "ground": "Lần nữa"}).status_code == 403


def test_nobody_but_the_administrator_revokes(office: TestOffice) -> None:
    lan = browse(office)
    path = f"/officers/{office.lan.officer}/revoke"
    lan.get(path, status=403)
    assert lan.post(path, {"cause": "lost", "ground": "Mất"}).status_code == 403
