"""What waits: records held back with their reason, and keys asked for, stated only by who may."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central_hub.projection.rebuild import rebuild
from central_hub.registry.holders import list_holders
from central_hub.store.engine import reading
from central_hub.store.tables import KEY_REQUEST, STANDING
from tests.support.device_log import key_of
from tests.support.hub import MINUTE_MS, NOW_MS, Desk, ProvinceHub, found_province, shared_province
from tests.unit.central_hub.test_hub_routes import note, send
from tests.unit.central_hub.test_hub_routes import receive as receive_for


@pytest.fixture(scope="module")
def full() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def ask(hub: ProvinceHub, desk: Desk, **changes: Any) -> str:
    """The unit administrator of a desk asks for a key; the id of the request's record."""
    facts = {
        "key": key_of("Đỗ Thị Kim Oanh").public.hex, "box": None, "roles": ["clerk", "leader"], "unit": desk.unit,
        "officer": "5" * 32, "device": desk.device, "delegated": False, "from_size": 0, "until_size": None,
    } | changes  # fmt: skip
    content = {"name": "Đỗ Thị Kim Oanh", "title": "Phó Chủ tịch UBND"}
    record = desk.write_at(NOW_MS - 60 * MINUTE_MS, "key.requested", None, facts, content=content)
    hub.deliver(desk)
    hub.judge()
    return str(record.id)


def test_each_list_says_how_many_and_why(full: ProvinceHub) -> None:
    visitor = full.browser("kiemtra")
    page = visitor.page("/quarantine")
    assert "Đỗ Thị Kim Oanh" in page
    refused = visitor.page("/quarantine?show=refused")
    assert "2 bản ghi" in refused
    for text in ("Tỉnh chưa biết khóa đã ký bản ghi này.", "RECORD_KEY_UNKNOWN", "RECORD_ROLE", "Tự xét lại"):
        assert text in refused
    assert "Không có bản ghi nào" in visitor.page("/quarantine?show=pending")
    assert "Không có đoạn nào để riêng" in visitor.page("/quarantine?show=set_aside")


def test_rows_name_the_dossier_by_its_code(hub: ProvinceHub, full: ProvinceHub) -> None:
    home, third = hub.enrol("20242"), hub.enrol("20209", officer="Phạm Thu Hằng")
    dossier, opening = receive_for(home, "20242")
    note(third, dossier, opening)
    send(hub, home, third)
    page = hub.browser("kiemtra").page("/quarantine?show=refused")
    assert f'<a class="mc-code" href="/statistics/dossiers/{dossier}">H17.20242-261123-0001</a>' in page
    assert "hồ sơ chưa được ghi nhận" in full.browser("kiemtra").page("/quarantine?show=refused")


def test_one_record_says_what_to_do_and_holds_nothing_personal(full: ProvinceHub) -> None:
    visitor = full.browser("kiemtra")
    with reading(full.services.engine) as connection:
        records = connection.scalars(select(STANDING.c.record)).all()
    for record in records:
        page = visitor.page(f"/quarantine/records/{record}")
        assert "Việc cần làm" in page
        assert "&#34;kind&#34;: &#34;dossier." in page
        assert "Võ Thị Thanh Hằng" not in page
    assert visitor.get("/quarantine/records/" + "0" * 64).status_code == 404
    assert visitor.get("/quarantine/records/x").status_code == 404


def test_an_approved_request_is_stated_by_the_registry_and_named_in_the_diary(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    record = ask(hub, desk)
    visitor = hub.browser("khoa")
    page = visitor.page(f"/quarantine/requests/{record}")
    for text in (
        "Đỗ Thị Kim Oanh",
        "Phó Chủ tịch UBND",
        "Lãnh đạo, Văn thư",
        "chưa có",
        "Duyệt và công bố khóa",
    ):
        assert text in page
    assert visitor.post(f"/quarantine/requests/{record}", decision="approve").status_code == 302
    with reading(hub.services.engine) as connection:
        stated = next(h for h in list_holders(connection) if h.name == "Đỗ Thị Kim Oanh")
    assert stated.roles == ("clerk", "leader")
    assert stated.issuer == hub.services.keys.registry.public.id
    assert not stated.delegated
    assert stated.device == desk.device
    assert "khoa đã quyết định" in visitor.page(f"/quarantine/requests/{record}")
    assert "Duyệt đề nghị cấp quyền" in hub.browser("kiemtra").page("/administration/log")


def test_records_that_waited_for_the_key_are_judged_again(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    desk.write_at(NOW_MS - 30 * MINUTE_MS, "dossier.noted", desk.log.new_dossier(), {},
                  content={"note": "Đã duyệt"}, signer=key_of("Đỗ Thị Kim Oanh"))  # fmt: skip
    record = ask(hub, desk, roles=["specialist"])
    visitor = hub.browser("khoa")
    assert "RECORD_KEY_UNKNOWN" in visitor.page("/quarantine?show=refused")
    visitor.post(f"/quarantine/requests/{record}", decision="approve")
    hub.judge()
    assert "Không có bản ghi nào" in visitor.page("/quarantine?show=refused")


def test_a_declined_request_states_nothing_and_cannot_be_decided_twice(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    record = ask(hub, desk)
    visitor = hub.browser("khoa")
    visitor.post(f"/quarantine/requests/{record}", decision="decline")
    assert "Đã từ chối" in visitor.page("/quarantine?show=requests")
    visitor.post(f"/quarantine/requests/{record}", decision="approve")
    assert "đã được người khác quyết định" in visitor.page("/quarantine?show=requests")
    with reading(hub.services.engine) as connection:
        assert "Đỗ Thị Kim Oanh" not in {holder.name for holder in list_holders(connection)}


@pytest.mark.parametrize("role", ["administrator", "verifier"])
def test_an_office_cannot_ask_for_a_role_of_the_province(hub: ProvinceHub, role: str) -> None:
    desk = hub.enrol("20242")
    record = ask(hub, desk, roles=[role])
    visitor = hub.browser("khoa")
    visitor.post(f"/quarantine/requests/{record}", decision="approve")
    assert "không thể cấp như vậy" in visitor.page("/quarantine?show=requests")
    with reading(hub.services.engine) as connection:
        assert "Đỗ Thị Kim Oanh" not in {holder.name for holder in list_holders(connection)}


def test_a_request_must_say_yes_or_no(hub: ProvinceHub) -> None:
    record = ask(hub, hub.enrol("20242"))
    assert hub.browser("khoa").post(f"/quarantine/requests/{record}", decision="maybe").status_code == 422


def test_others_may_read_a_request_but_see_no_button(hub: ProvinceHub) -> None:
    record = ask(hub, hub.enrol("20242"))
    page = hub.browser("quantri").page(f"/quarantine/requests/{record}")
    assert "Chỉ người có vai trò quản lý khóa được duyệt." in page
    assert "Duyệt và công bố khóa" not in page


def test_requests_come_back_from_the_logs(hub: ProvinceHub) -> None:
    record = ask(hub, hub.enrol("20242"))

    def rows() -> list[Any]:
        with reading(hub.services.engine) as connection:
            return [tuple(row) for row in connection.execute(select(KEY_REQUEST))]

    before = rows()
    assert [row[0] for row in before] == [record]
    rebuild(hub.services)
    assert rows() == before


def test_the_count_in_the_menu_is_that_of_the_page(full: ProvinceHub) -> None:
    page = full.browser("kiemtra").page("/quarantine")
    chips = re.findall(r'href="/quarantine\?show=(\w+)".*?mc-chip-count">(\d+)<', page)
    of_units = {"duplicates", "conflicts"}  # units settle those
    assert of_units < {name for name, _ in chips}
    counts = [int(count) for name, count in chips if name not in of_units]
    menu = re.search(r'href="/quarantine"[^>]*>Chờ xem xét<span class="mc-menu-count">(\d+)<', page)
    assert menu
    assert int(menu[1]) == sum(counts)
