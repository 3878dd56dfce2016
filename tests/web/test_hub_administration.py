"""Accounts, passwords, the target and the diary; the province never loses its last administrator."""

import re
from pathlib import Path

import pytest

from tests.support.hub import PASSWORD, ProvinceHub, Visitor, found_province

NEW_PASSWORD = "mot mat khau khac hon"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("quantri")


def log_in(hub: ProvinceHub, login: str, password: str) -> int:
    return hub.browser().post("/login", login=login, password=password).status_code


def test_a_new_account_can_log_in_and_do_what_its_role_allows(hub: ProvinceHub, visitor: Visitor) -> None:
    answer = visitor.post(
        "/administration/accounts/new",
        login="ha.vy",
        name=" Ngô  Hà Vy ",
        roles="auditor",
        password=NEW_PASSWORD,
    )
    assert answer.status_code == 302
    assert "Ngô Hà Vy" in visitor.page("/administration")
    fresh = hub.browser()
    assert fresh.post("/login", login="ha.vy", password=NEW_PASSWORD).status_code == 302
    assert fresh.get("/administration/log").status_code == 200
    assert fresh.get("/nodes/codes").status_code == 403


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"login": "quantri"}, "Tên đăng nhập này đã có."),
        ({"login": "Hà Vy"}, "chữ thường không dấu"),
        ({"name": ""}, "Nhập họ tên."),
        ({"roles": ["leader", "hub", "root"]}, "Chọn ít nhất một vai trò."),
        ({"password": "ngan"}, "Mật khẩu có ít nhất 10 ký tự"),
    ],
)
def test_an_account_that_makes_no_sense_is_not_made(
    visitor: Visitor, fields: dict[str, object], message: str
) -> None:
    values = {"login": "havy", "name": "Ngô Hà Vy", "roles": "auditor", "password": NEW_PASSWORD} | fields
    answer = visitor.post("/administration/accounts/new", **values)
    assert answer.status_code == 422
    assert message in answer.text
    assert visitor.page("/administration").count("/administration/accounts/") == 6  # five accounts and «new»


def test_a_password_is_changed_by_who_knows_the_old_one(hub: ProvinceHub) -> None:
    visitor, elsewhere = hub.browser("thongke"), hub.browser("thongke")
    wrong = visitor.post("/administration/password", old="x", new=NEW_PASSWORD, new_again=NEW_PASSWORD)
    assert wrong.status_code == 422
    assert "Mật khẩu đang dùng không đúng." in wrong.text
    differing = visitor.post("/administration/password", old=PASSWORD, new=NEW_PASSWORD, new_again="x")
    assert "Hai lần nhập không giống nhau." in differing.text
    assert (
        visitor.post(
            "/administration/password", old=PASSWORD, new=NEW_PASSWORD, new_again=NEW_PASSWORD
        ).status_code
        == 302
    )
    assert visitor.get("/administration").status_code == 200
    assert elsewhere.get("/administration").status_code == 302
    assert log_in(hub, "thongke", PASSWORD) == 403
    assert log_in(hub, "thongke", NEW_PASSWORD) == 302


def test_an_account_switched_off_is_out_at_once(hub: ProvinceHub, visitor: Visitor) -> None:
    other = hub.browser("kiemtra")
    assert visitor.post("/administration/accounts/kiemtra/active", active="0").status_code == 302
    assert other.get("/").status_code == 302
    assert log_in(hub, "kiemtra", PASSWORD) == 403
    visitor.post("/administration/accounts/kiemtra/active", active="1")
    assert log_in(hub, "kiemtra", PASSWORD) == 302


def test_other_roles_count_from_the_next_log_in(hub: ProvinceHub, visitor: Visitor) -> None:
    other = hub.browser("thongke")
    visitor.post("/administration/accounts/thongke/roles", roles=["auditor", "statistician"])
    assert other.get("/").status_code == 302
    assert hub.browser("thongke").get("/administration/log").status_code == 200
    refused = visitor.post("/administration/accounts/thongke/roles")
    assert refused.status_code == 422


def test_the_last_administrator_stays(hub: ProvinceHub, visitor: Visitor) -> None:
    visitor.post("/administration/accounts/founder/active", active="0")
    for path, fields in (("active", {"active": "0"}), ("roles", {"roles": "auditor"})):
        answer = visitor.post(f"/administration/accounts/quantri/{path}", **fields)
        assert answer.status_code == 422
        assert "quản trị tỉnh cuối cùng" in answer.text
    assert visitor.get("/administration").status_code == 200


def test_a_forgotten_password_is_set_anew_by_an_administrator(hub: ProvinceHub, visitor: Visitor) -> None:
    assert visitor.post("/administration/accounts/khoa/password", password="ngan").status_code == 422
    assert visitor.post("/administration/accounts/khoa/password", password=NEW_PASSWORD).status_code == 302
    assert log_in(hub, "khoa", NEW_PASSWORD) == 302
    assert visitor.post("/administration/accounts/nobody/password", password=NEW_PASSWORD).status_code == 404
    assert visitor.post("/administration/accounts/nobody/active", active="0").status_code in (404, 422)


@pytest.mark.parametrize(("typed", "shown"), [("97,5", "97,50"), ("98", "98"), ("95 %", "95")])
def test_the_target_is_the_line_on_the_charts(visitor: Visitor, typed: str, shown: str) -> None:
    assert visitor.post("/administration/target", target=typed).status_code == 302
    assert f'value="{shown}"' in visitor.page("/administration")
    drawn = re.search(r'"target": ?(0\.\d+)', visitor.page("/"))
    assert drawn
    assert float(drawn[1]) == float(shown.replace(",", ".")) / 100


@pytest.mark.parametrize("typed", ["", "0", "101", "-1", "abc", "97,555"])
def test_a_target_that_is_no_share_is_refused(visitor: Visitor, typed: str) -> None:
    assert visitor.post("/administration/target", target=typed).status_code == 422


def test_the_diary_names_who_did_what_to_whom(hub: ProvinceHub, visitor: Visitor) -> None:
    visitor.post("/administration/accounts/kiemtra/active", active="0")
    visitor.post("/nodes/codes", unit="20242", device_name="PC quầy 1", roles="clerk")
    hub.enrol("20257")
    page = visitor.page("/administration/log")
    for text in (
        "Khóa tài khoản",
        "kiemtra",
        "Phường Hải Châu · PC quầy 1",
        "Máy trạm ghi danh",
        "Trần Quốc Bảo",
    ):
        assert text in page
    assert "Khóa tài khoản" not in visitor.page("/administration/log?action=enrolment").split("<tbody")[1]
    assert "0 dòng" in visitor.page("/administration/log?actor=nobody")


def test_the_diary_is_paged(hub: ProvinceHub, visitor: Visitor) -> None:
    for number in range(101):
        visitor.post("/administration/target", target=str(90 + number % 9))
    assert "Trang 1 / 2" in visitor.page("/administration/log")
    assert "Trang 2 / 2" in visitor.page("/administration/log?page=2")
    assert "Trang 2 / 2" in visitor.page("/administration/log?page=99")
    assert visitor.get("/administration/log?page=x").status_code == 200


def test_a_role_without_the_diary_sees_no_way_to_it(hub: ProvinceHub) -> None:
    page = hub.browser("thongke").page("/administration")
    assert "/administration/log" not in page
    assert "/administration/accounts" not in page
