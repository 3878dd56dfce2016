"""Publishing: what would change is shown first, the officer signs with their own key, and old versions never change."""

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from central_hub.catalogue.forms import FILE_BYTES_MAX, FormInvalid, read_file
from central_hub.publishing.published import current_catalogue, list_publications, published_content
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from dossiers.calendar import WorkingCalendar
from dossiers.data import read_json
from signing.roles import Role
from signing.trust import Trust
from tests.support.hub import PASSWORD, ProvinceHub, Visitor, found_province


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("quantri")


def upload(visitor: Visitor, content: Any) -> Any:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return visitor.post("/catalogue/upload", file=(io.BytesIO(data), "danh-muc.json"))


def hidden_content(page: str) -> str:
    found = re.search(r'<textarea name="content" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert found, page
    return unescape(found[1])


def sign(visitor: Visitor, page: str, kind: str, password: str = PASSWORD) -> Any:
    return visitor.post("/catalogue/publish", kind=kind, content=hidden_content(page), password=password)


def newer(**changes: Any) -> dict[str, Any]:
    """The shipped catalogue's residence procedure as version 2, in a file of its own."""
    content = read_json("procedures.json")
    assert isinstance(content, dict)
    procedure = next(p for p in content["procedures"] if p["code"] == "1.004194")
    changed = {**procedure, "version": 2, "effective_from": 20270101, **changes}
    return {"version": 2, "effective": 20270101, "procedures": [changed], "sectors": content["sectors"]}


def test_procedures_are_found_without_diacritics(visitor: Visitor) -> None:
    page = visitor.page("/catalogue?q=dang+ky+tam+tru")
    assert page.count('class="mc-row-link"') == 1
    assert "Đăng ký tạm trú" in page
    assert visitor.page("/catalogue?field=land").count('class="mc-row-link"') == 1
    assert "Không có thủ tục nào khớp" in visitor.page("/catalogue?q=zzz")
    assert "Phiếu" not in visitor.page("/catalogue/procedures/1.004194")
    assert visitor.get("/catalogue/procedures/9.999").status_code == 404


def test_a_new_version_is_shown_signed_and_in_the_history(hub: ProvinceHub, visitor: Visitor) -> None:
    page = visitor.post(
        "/catalogue/procedures/1.004194/edit", effective="01/01/2027", amount="2", **{"fee.temporary": "7000"},
        **{"fee.residence": "7000"}, verified="1",
    ).text  # fmt: skip
    for text in (
        "phiên bản 2, có hiệu lực từ 01/01/2027",
        "3 ngày làm việc",
        "2 ngày làm việc",
        "đã kiểm chứng",
    ):
        assert text in page, text
    answer = sign(visitor, page, "catalogue")
    assert answer.headers["Location"] == "/catalogue?show=history"
    history = visitor.page("/catalogue?show=history")
    assert "Trần Quốc Bảo" in history
    assert "Đã ký và công bố phiên bản 2" in history
    with reading(hub.services.engine) as connection:
        catalogue = current_catalogue(connection)
        assert catalogue is not None
        old, new = catalogue.find("1.004194", 1), catalogue.find("1.004194", 2)
    assert old is not None and new is not None
    assert (old.rule.amount, new.rule.amount) == (3, 2)
    detail = visitor.page("/catalogue/procedures/1.004194")
    assert "Sắp có hiệu lực" in detail
    assert "1 phiên bản sắp có hiệu lực" in visitor.page("/catalogue")


def test_what_is_published_is_signed_by_the_officer_and_every_node_can_check_it(
    hub: ProvinceHub, visitor: Visitor
) -> None:
    sign(visitor, upload(visitor, newer()).text, "catalogue")
    with reading(hub.services.engine) as connection:
        newest = next(p for p in list_publications(connection) if (p.kind, p.version) == ("catalogue", 2))
        record = HubLogStore(connection, hub.services.opened).record(newest.record)
        trust: Trust = hub.services.trust.current(connection)
    assert record is not None
    statement = trust.require(record.header.by, kind="catalogue.published", unit=record.header.commune)
    assert statement.roles == {Role.ADMINISTRATOR}
    assert record.header.by != hub.services.keys.hub.public.id


def test_the_same_officer_is_stated_once(hub: ProvinceHub, visitor: Visitor) -> None:
    sign(visitor, upload(visitor, newer()).text, "catalogue")
    third = newer(version=3)
    sign(visitor, upload(visitor, {**third, "version": 3}).text, "catalogue")
    with reading(hub.services.engine) as connection:
        publications = [p.version for p in list_publications(connection) if p.kind == "catalogue"]
        log = HubLogStore(connection, hub.services.opened).held_logs(commune="48")[0]
        kinds = [
            record.header.kind for record in HubLogStore(connection, hub.services.opened).span(log.id, 0)
        ]
    assert publications == [3, 2, 1]
    assert kinds.count("key.stated") == 1


def test_a_wrong_password_signs_nothing(hub: ProvinceHub, visitor: Visitor) -> None:
    page = upload(visitor, newer()).text
    answer = sign(visitor, page, "catalogue", "sai mat khau roi")
    assert answer.status_code == 422
    assert "Mật khẩu không đúng. Chưa có gì được công bố." in answer.text
    assert hidden_content(answer.text) == hidden_content(page)
    with reading(hub.services.engine) as connection:
        assert [p.version for p in list_publications(connection)] == [1, 1]


def test_passwords_for_signing_are_throttled_like_log_in(hub: ProvinceHub, visitor: Visitor) -> None:
    page = upload(visitor, newer()).text
    for _ in range(8):
        assert sign(visitor, page, "catalogue", "sai mat khau roi").status_code == 422
    assert sign(visitor, page, "catalogue").status_code == 422


def test_a_published_version_cannot_be_changed(hub: ProvinceHub, visitor: Visitor) -> None:
    content = newer(version=1, rule={"type": "n_working_days", "amount": 9})
    page = upload(visitor, content).text
    assert "Không công bố được: tệp sửa phiên bản đã công bố." in page
    assert "Đăng ký tạm trú, phiên bản 1" in page
    assert "Ký và công bố" not in page
    answer = visitor.post(
        "/catalogue/publish", kind="catalogue", content=json.dumps(content), password=PASSWORD
    )
    assert answer.status_code == 422
    # Nor may it travel along with something that is new.
    both = {**content, "procedures": [*content["procedures"], *newer()["procedures"]]}
    answer = visitor.post("/catalogue/publish", kind="catalogue", content=json.dumps(both), password=PASSWORD)
    assert answer.status_code == 422
    assert "Tệp sửa phiên bản đã công bố: Đăng ký tạm trú, phiên bản 1." in answer.text
    with reading(hub.services.engine) as connection:
        assert len(list_publications(connection)) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Chọn một tệp JSON."),
        (b"{", "Tệp không phải JSON hợp lệ"),
        (b"[1]", "Tệp phải là một đối tượng JSON."),
        (b'{"procedures": []}', "version"),
        (b'{"version": 1, "effective": 20270101, "procedures": []}', "Số phiên bản phải từ 2 trở lên."),
        (b'{"version": 2}', "Chưa công bố được."),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(visitor: Visitor, data: bytes, message: str) -> None:
    answer = upload(visitor, data)
    assert answer.status_code == 422
    assert message in answer.text


def test_nothing_new_is_not_published(visitor: Visitor) -> None:
    content = {**newer(), "procedures": []}
    page = upload(visitor, content).text
    assert "Không có gì thay đổi" in page
    answer = visitor.post(
        "/catalogue/publish", kind="catalogue", content=json.dumps(content), password=PASSWORD
    )
    assert "Không có gì thay đổi so với bản đang dùng." in answer.text


def test_the_calendar_is_edited_line_by_line(hub: ProvinceHub, visitor: Visitor) -> None:
    page = visitor.page("/catalogue/calendar/edit?year=2027")
    days = unescape(re.search(r'name="days_off"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])  # type: ignore[index]
    assert "01/01/2027 Tết Dương lịch" in days
    changed = days.replace(
        "24/11/2027 Ngày Văn hóa Việt Nam", "03/05/2027 Nghỉ bù Ngày Quốc tế lao động\n02/01/2027 Nghỉ thêm"
    )
    shown = visitor.post(
        "/catalogue/calendar/edit",
        year="2027",
        days_off=changed,
        working_days="09/01/2027 Làm bù cho ngày 02/01/2027",
        last="31/12/2027",
    ).text
    for text in (
        "02/01/2027 Nghỉ thêm",
        "24/11/2027 Ngày Văn hóa Việt Nam",
        "09/01/2027 Làm bù cho ngày 02/01/2027",
    ):
        assert text in shown
    assert sign(visitor, shown, "calendar").status_code == 302
    with reading(hub.services.engine) as connection:
        content = published_content(connection, "calendar")
    calendar = WorkingCalendar.from_data(content)
    assert calendar.version == 2
    year = {day for day in calendar.days_off if day.year == 2027}
    assert len([d for d in calendar.days_off if d.year == 2026]) == 15
    assert not any((day.month, day.day) == (11, 24) for day in year)
    english = next(day for day in calendar.days_off.values() if day.date == 20270101)
    assert english.name_en == "New Year's Day"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"days_off": "Tết Dương lịch"}, "Dòng 1"),
        ({"days_off": "01/01/2026 Tết"}, "Dòng 1"),
        ({"working_days": "\n31/02/2027 Không có"}, "Dòng 2"),
        ({"last": "hôm nay"}, "Nhập ngày cuối của lịch"),
        ({"last": "01/01/2024"}, "Nhập ngày cuối của lịch"),
    ],
)
def test_a_line_that_is_no_day_is_named(visitor: Visitor, fields: dict[str, str], message: str) -> None:
    values = {"year": "2027", "days_off": "", "working_days": "", "last": "31/12/2027"} | fields
    answer = visitor.post("/catalogue/calendar/edit", **values)
    assert answer.status_code == 422
    assert message in answer.text


def test_a_day_cannot_be_off_and_worked(visitor: Visitor) -> None:
    answer = visitor.post(
        "/catalogue/calendar/edit",
        year="2027",
        days_off="01/01/2027 Tết",
        working_days="01/01/2027 Làm bù",
        last="31/12/2027",
    )
    assert answer.status_code == 422
    assert "Chưa công bố được." in answer.text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"effective": "01/01/2026"}, "từ hôm nay trở đi"),
        ({"effective": "x"}, "từ hôm nay trở đi"),
        ({"amount": "0"}, "Nhập thời hạn"),
        ({"amount": "-3"}, "Nhập thời hạn"),
        ({"amount": "366"}, "Nhập thời hạn"),
    ],
)
def test_a_version_that_makes_no_sense_is_not_shown(
    visitor: Visitor, fields: dict[str, str], message: str
) -> None:
    values = {"effective": "01/01/2027", "amount": "2"} | fields
    answer = visitor.post("/catalogue/procedures/1.004194/edit", **values)
    assert answer.status_code == 422
    assert message in answer.text


def test_a_file_has_a_size_at_most(hub: ProvinceHub) -> None:
    with hub.app.test_request_context(), pytest.raises(FormInvalid) as refused:
        read_file(b" " * (FILE_BYTES_MAX + 1))
    assert "Tệp quá lớn" in refused.value.errors["file"]
