"""«Máy trong cơ quan»: the unit administrator switches the office network and says where PCs are; everybody sees how it stands."""

from pathlib import Path

import pytest

from edge_node.lan.asking import Known, Met
from edge_node.lan.found import Found, short_id, take_found
from edge_node.lan.peers import add_peer, is_on, list_peers, note_met, switch
from signing.roles import Role
from sync_protocol import reasons
from tests.support.node import Browser, browse, lend_codes, receive
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path / "office")
    lend_codes(made)
    receive(made, 0, "1.001193")
    return made


@pytest.fixture
def chief(office: TestOffice) -> Browser:
    return browse(office, office.actor("Hà", Role.UNIT_ADMINISTRATOR))


def test_it_is_off_until_the_unit_administrator_switches_it_on(office: TestOffice, chief: Browser) -> None:
    assert not is_on(office.db)
    assert "Đang tắt" in chief.get("/lan")
    assert chief.post("/lan/switch", {"on": "1"}).status_code == 303
    assert is_on(office.db)
    assert "Đang bật" in chief.get("/lan")
    chief.post("/lan/switch", {"on": "0"})
    assert not is_on(office.db)


def test_other_officers_look_and_change_nothing(office: TestOffice) -> None:
    browser = browse(office)
    page = browser.get("/lan")
    assert "Quản trị đơn vị bật, tắt" in page and "/lan/switch" not in page
    for path, form in (("/lan/switch", {"on": "1"}), ("/lan/peers", {"address": "10.0.0.2"})):
        assert browser.post(path, form).status_code == 403
    assert browser.post("/lan/peers/remove", {"address": "x"}).status_code == 403
    assert not is_on(office.db) and list_peers(office.db) == []


def test_addresses_are_typed_checked_and_removed(office: TestOffice, chief: Browser) -> None:
    chief.get("/lan")
    wrong = chief.post("/lan/peers", {"address": "192.168.1.999"})
    assert wrong.status_code == 422 and "192.168.1.20:8481" in wrong.text
    assert chief.post("/lan/peers", {"address": "192.168.1.20"}).status_code == 303
    assert [peer.address for peer in list_peers(office.db)] == ["192.168.1.20:8481"]
    assert "192.168.1.20:8481" in chief.get("/lan")
    chief.post("/lan/peers/remove", {"address": "192.168.1.20:8481"})
    assert list_peers(office.db) == []


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (None, "Đã trao đổi đủ"),
        (reasons.LINE_DOWN, "Chưa gặp"),
        (reasons.ROUND_DEVICE, "Không phải máy của đơn vị này"),
        (reasons.ROUND_SIGNATURE, "không chứng minh được khóa"),
        (reasons.THROTTLED, "Thử quá nhiều lần"),
    ],
)
def test_how_a_meeting_went_is_said_in_plain_words(
    office: TestOffice, chief: Browser, problem: reasons.Reason | None, said: str
) -> None:
    add_peer(office.db, "10.0.0.7:8481")
    met = Met(known=Known(device=office.office.device), sent=3, received=12, problem=problem)
    note_met(office.db, "10.0.0.7:8481", met, now=office.clock())
    page = chief.get("/lan")
    assert said in page and "nhận 12" in page


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (reasons.LINE_DOWN, "mở trang này ở máy đó"),
        (reasons.ROUND_DEVICE, "cho máy nào có mạng đồng bộ với tỉnh một lần"),
        (reasons.ROUND_SIGNATURE, "báo người cài đặt xem ai đang dùng địa chỉ đó"),
        (reasons.THROTTLED, reasons.THROTTLED.next_vi),
    ],
)
def test_a_pc_that_was_not_met_comes_with_what_to_do(
    office: TestOffice, chief: Browser, problem: reasons.Reason, told: str
) -> None:
    add_peer(office.db, "10.0.0.7:8481")
    note_met(office.db, "10.0.0.7:8481", Met(known=Known(device=""), problem=problem), now=office.clock())
    assert told in chief.get("/lan")


def test_the_code_by_which_a_pc_announces_itself_is_shown_on_both_pcs(
    office: TestOffice, chief: Browser
) -> None:
    """A strange PC named a code that stood nowhere else, so nobody could tell whose it was."""
    switch(office.db, on=True)
    take_found(
        office.db,
        office.services,
        office.office,
        [Found(unit=office.office.unit, short="0a1b2c3d", address="10.0.0.9:8481")],
    )
    page = chief.get("/lan")
    assert "0a1b2c3d" in page and "Có máy tự giới thiệu trong mạng" in page
    assert "Mã của máy này" in page and short_id(office.office.device) in page


def test_the_ranges_of_numbers_of_the_office_are_shown(office: TestOffice, chief: Browser) -> None:
    page = chief.get("/lan")
    assert "Dải số" in page and "1–" in page and "máy này" in page
    assert 'href="/lan"' in chief.get("/sync")
