"""The fleet's pages and enrolment codes: what a technician is handed works once, and can be withdrawn."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from central_hub.api.answers import nodes_answer
from central_hub.config import ConfigInvalid, HubConfig
from central_hub.doctor import Finding, Health, examine
from central_hub.nodes.service import _SORTS
from central_hub.nodes.states import NodeState, look_at, state_of
from central_hub.projection.rebuild import rebuild
from central_hub.registry.enrolment import list_codes
from central_hub.store.engine import reading, writing
from central_hub.store.tables import LOG
from central_hub.sync.fleet import DeviceState, list_devices
from dossiers.state_hash import FOLD_VERSION
from sync_protocol.enrolment import parse_code
from sync_protocol.log import OpeningReason
from tests.support.hub import (
    BEACON,
    DAY_MS,
    NOW_MS,
    PASSWORD,
    Desk,
    ProvinceHub,
    Visitor,
    found_province,
    shared_province,
    suspect_copy,
)
from tests.unit.central_hub.test_hub_twins import receive

CODE = re.compile(r"<output>([0-9A-Z-]{29})</output>")


@pytest.fixture(scope="module")
def full() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def make_code(visitor: Visitor, **fields: object) -> str:
    values = {"unit": "20242", "device_name": "PC quầy 1", "roles": ["unit_administrator", "receptionist"]}
    answer = visitor.post("/nodes/codes", **(values | fields))
    assert answer.status_code == 200, answer.text
    found = CODE.search(answer.text)
    assert found, answer.text
    return found[1]


def test_the_fleet_tells_who_needs_a_look(full: ProvinceHub) -> None:
    visitor = full.browser("kiemtra")
    page = visitor.page("/nodes")
    assert "8 đơn vị, 8 máy đã ghi danh; 86 đơn vị chưa có máy" in page
    assert page.count("mc-row-link") == 8
    assert visitor.page("/nodes?state=silent").count("mc-row-link") == 1
    attention = visitor.page("/nodes?state=attention")
    assert attention.count("mc-row-link") == 3
    for text in (
        "Im lặng 4 ngày.",
        "Còn 23 bản ghi chưa về tỉnh, cũ nhất 2 ngày.",
        "Đồng hồ lệch 6 phút.",
        "−412,0 s",
    ):
        assert text in attention
    assert visitor.page("/nodes?q=hai+van").count("mc-row-link") == 1
    assert "Không có máy nào khớp" in visitor.page("/nodes?q=zzz")


@pytest.mark.parametrize("sort", [*_SORTS, "x"])
def test_the_fleet_sorts(full: ProvinceHub, sort: str) -> None:
    page = full.browser("kiemtra").page(f"/nodes?sort={sort}&dir=desc")
    assert page.count("mc-row-link") == 8
    assert page.count("aria-sort=") == page.count('class="mc-sorted"') == 1
    assert all(f"sort={key}&amp;" in page for key in _SORTS), "each can be chosen by its heading"


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    """Three PCs: an old one that was put back twice, a copied one, a new one of a later version."""
    hub = found_province(tmp_path_factory.mktemp("uneven"))
    for number, unit in enumerate(("20242", "20257", "20195")):
        hub.clock.now = NOW_MS - (30 - 10 * number) * DAY_MS
        desk = hub.enrol(unit)
        desk.log.a_dossier()
        hub.deliver(desk)
    put_back, copied, later = hub.desks
    for _ in range(2):
        hub.put_back(put_back)
    hub.put_back(later, OpeningReason.REORGANISATION)
    suspect_copy(hub, copied)
    hub.clock.now = NOW_MS
    hub.contact(put_back, version="0.9.0")
    hub.contact(copied, version="0.9.1")
    hub.contact(later, version="0.10.0", fold=FOLD_VERSION + 1)
    return hub


@pytest.mark.parametrize(
    ("sort", "column", "said"),
    [
        ("lives", "Đời dữ liệu", {"20242": "3", "20257": "1", "20195": "1"}),
        ("forks", "Nhánh khác", {"20257": "1", "20242": "0", "20195": "0"}),
        ("key", "Tuổi khóa (ngày)", {"20242": "30", "20257": "20", "20195": "10"}),
        ("version", "Phiên bản", {"20195": "0.10.0", "20257": "0.9.1", "20242": "0.9.0"}),
    ],
)
def test_epochs_forks_and_the_age_of_keys_are_columns(
    uneven: ProvinceHub, sort: str, column: str, said: dict[str, str]
) -> None:
    """They stood on the PC's page and in the file alone: nobody could see whose were many or old."""
    visitor = uneven.browser("kiemtra")
    found = lines(visitor, f"/nodes?sort={sort}&dir=desc&format=csv")
    names = {uneven.services.units.name(unit): value for unit, value in said.items()}
    assert {line["Đơn vị"]: line[column] for line in found} == names
    assert found[0]["Đơn vị"] == next(iter(names))
    rows = visitor.page(f"/nodes?sort={sort}&dir=desc").split("<tr role")[2:]
    shown = re.sub(r"<[^>]+>", " ", rows[0])
    assert next(iter(names)) in shown
    words = {"lives": r"\b3\b", "forks": "1 nhánh khác", "key": "30 ngày", "version": "bản 0.10.0"}
    assert re.search(words[sort], shown)


def test_another_fold_version_is_shown_and_alarms_nobody(uneven: ProvinceHub) -> None:
    """PROTOCOL §7: shown in the fleet. No screen said it."""
    visitor, later = uneven.browser("kiemtra"), uneven.desks[2]
    told = f"Máy gộp hồ sơ theo quy tắc {FOLD_VERSION + 1}, mới hơn tỉnh ({FOLD_VERSION})"
    for address in ("/nodes", f"/nodes/{later.device}"):
        page = visitor.page(address)
        assert page.count(told) == 1 and "Bình thường" in page
    assert "chưa so được: khác phiên bản" in page
    assert told not in visitor.page("/") and state_of(seen(uneven, later)) is NodeState.WELL
    assert told not in visitor.page(f"/nodes/{uneven.desks[0].device}")
    folds = {line["Quy tắc gộp"] for line in lines(visitor, "/nodes?format=csv")}
    assert folds == {str(FOLD_VERSION), str(FOLD_VERSION + 1)}
    device = replace(seen(uneven, later), beacon=msgspec.structs.replace(BEACON, fold=FOLD_VERSION - 1))
    with uneven.app.test_request_context():
        older = look_at(device, now_ms=NOW_MS)
    assert older.is_of_another_fold and "cũ hơn tỉnh" in older.notes[-1] and older.state is NodeState.WELL


def test_programs_are_told_the_same(uneven: ProvinceHub) -> None:
    with reading(uneven.services.engine) as connection, uneven.app.test_request_context():
        nodes = {node["unit"]: node for node in nodes_answer(connection, uneven.services)["nodes"]}
    assert [nodes[unit]["epochs"] for unit in ("20242", "20257", "20195")] == [3, 1, 1]
    assert [nodes[unit]["forks"] for unit in ("20242", "20257", "20195")] == [0, 1, 0]
    assert nodes["20242"]["restored"] and nodes["20195"]["restored"] is None
    assert nodes["20195"]["fold"] == FOLD_VERSION + 1


def test_one_pc_shows_its_logs_officers_and_numbers(full: ProvinceHub) -> None:
    desk = full.desks[0]
    page = full.browser("kiemtra").page(f"/nodes/{desk.device}")
    assert desk.log.log[:12] in page
    assert "Nguyễn Thị Lan" in page
    assert "0001–0500" in page
    assert "bằng nhau" in page


def test_the_fleet_as_a_file(full: ProvinceHub) -> None:
    answer = full.browser("kiemtra").get("/nodes?format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="may-tram.csv"'
    assert len(answer.data.decode("utf-8-sig").splitlines()) == 9


def lines(visitor: Visitor, address: str) -> list[dict[str, str]]:
    text = visitor.get(address).data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_conflicts_and_duplicates_are_counted_filtered_and_in_the_file(hub: ProvinceHub) -> None:
    first, second, third = hub.enrol("20242"), hub.enrol("20257"), hub.enrol("20195")
    for desk in (first, second, third):
        if desk is not third:
            receive(desk, code=f"H17.9-{desk.unit}")
        hub.deliver(desk)
        hub.contact(desk)
    hub.contact(third, conflicts=2)
    hub.enrol("20197")
    hub.judge()
    visitor = hub.browser("kiemtra")
    found = lines(visitor, "/nodes?state=differing&format=csv")
    said = sorted((line["Khác biệt"], line["Trùng chờ giải quyết"]) for line in found)
    assert said == [("0", "1"), ("0", "1"), ("2", "0")]
    page = visitor.page("/nodes?state=differing&sort=duplicates&dir=desc")
    assert page.count("mc-row-link") == 3 and page.count("/quarantine?show=duplicates") == 2
    assert len(lines(visitor, "/nodes?format=csv")) == 4


@pytest.mark.parametrize(("hours", "silent"), [(2, 1), (4, 0)])
def test_when_a_pc_counts_as_silent_is_a_setting(tmp_path: Path, hours: int, silent: int) -> None:
    hub = found_province(tmp_path, silent_after_hours=hours)
    hub.contact(hub.enrol("20242"), ago_ms=3 * 3_600_000)
    visitor = hub.browser("kiemtra")
    assert visitor.page("/nodes?state=silent").count("mc-row-link") == silent
    assert f"quá {hours} giờ" in visitor.page("/nodes")
    with reading(hub.services.engine) as connection:
        states = [node["state"] for node in nodes_answer(connection, hub.services)["nodes"]]
    assert states.count("silent") == silent, "programs are told the same"


@pytest.mark.parametrize("hours", [0, 721])
def test_a_silence_limit_out_of_bounds_is_refused(tmp_path: Path, hours: int) -> None:
    with pytest.raises(ConfigInvalid, match="silent_after_hours"):
        HubConfig.load(tmp_path, environment={}, silent_after_hours=hours)


def test_the_longest_waiting_are_drawn_first(hub: ProvinceHub) -> None:
    visitor = hub.browser("kiemtra")
    desks = [hub.enrol(unit) for unit in ("20242", "20257", "20195")]
    for desk, hours in zip(desks, (5, 50, 0), strict=True):
        hub.contact(desk, unsent=int(hours > 0), oldest_unsent_s=hours * 3_600)
    drawn = re.search(
        r'<script type="application/json" id="oldest-data">(.*?)</script>',
        visitor.page("/nodes?sort=oldest&dir=asc"),
    )
    assert drawn
    chart = json.loads(drawn[1])
    assert chart["series"][0]["values"] == [50, 5]
    assert chart["links"] == [f"/nodes/{desks[1].device}", f"/nodes/{desks[0].device}"]
    for desk in desks:
        hub.contact(desk, unsent=0)
    assert "oldest-data" not in visitor.page("/nodes")


def test_states_come_from_facts(full: ProvinceHub) -> None:
    with reading(full.services.engine) as connection, full.app.test_request_context():
        devices = list_devices(connection, now_ms=NOW_MS, silent_ms=DAY_MS)
        states = [look_at(device, now_ms=NOW_MS).state for device in devices]
        later = list_devices(connection, now_ms=NOW_MS + 2 * DAY_MS, silent_ms=DAY_MS)
        assert all(look_at(device, now_ms=NOW_MS + 2 * DAY_MS).state is NodeState.SILENT for device in later)
    assert sorted(states) == ["lagging", "lagging", "silent", *["well"] * 5]


def seen(hub: ProvinceHub, desk: Desk) -> DeviceState:
    with reading(hub.services.engine) as connection:
        devices = list_devices(connection, now_ms=hub.clock(), silent_ms=DAY_MS)
    return next(device for device in devices if device.id == desk.device)


def look(visitor: Visitor, desk: Desk, until_ms: int) -> str:
    visitor.post(f"/nodes/{desk.device}/look", until=str(until_ms))
    return visitor.page(f"/nodes/{desk.device}")


def test_a_pc_that_was_put_back_is_told_until_somebody_has_looked(hub: ProvinceHub) -> None:
    """The province said that all was well: its PC alone told that its data came from a copy."""
    desk, other = hub.enrol("20242"), hub.enrol("20257")
    for each in (desk, other):
        hub.deliver(each)
        hub.contact(each)
    hub.clock.now += DAY_MS // 2
    hub.put_back(desk)
    hub.put_back(other, OpeningReason.REORGANISATION)
    hub.judge()
    for each in (desk, other):
        hub.contact(each)
    visitor, told = hub.browser("quantri"), "Phục hồi từ bản sao lưu, tỉnh nhận biết 02:05 21/11/2026."
    assert [line.count(told) for line in (visitor.page("/"), visitor.page("/nodes?state=attention"))] == [
        1,
        1,
    ]
    page = visitor.page(f"/nodes/{desk.device}")
    assert told in page and "Dữ liệu của máy được phục hồi từ bản sao lưu." in page and "Đã xem" in page
    assert re.findall(r'data-label="Vì sao mở">([^<]*)<', page) == ["Phục hồi từ bản sao lưu", "Cài mới"]
    assert "Sắp xếp đơn vị" in visitor.page(f"/nodes/{other.device}")
    assert state_of(seen(hub, other)) is NodeState.WELL and not seen(hub, other).is_put_back
    assert "Đã xem</button>" not in hub.browser("kiemtra").page(f"/nodes/{desk.device}")
    diary = visitor.page("/administration/log?action=device")
    assert diary.count("Máy trạm được phục hồi từ bản sao lưu") == 1
    assert "Việc này đã được xem." in look(visitor, desk, 0)
    assert "Đã ghi là đã xem." in look(visitor, desk, hub.clock())
    assert state_of(seen(hub, desk)) is NodeState.WELL
    assert told not in visitor.page("/") and told not in visitor.page(f"/nodes/{desk.device}")
    assert "Đã xem máy phục hồi" in visitor.page("/administration/log?action=device")


def test_what_nobody_has_seen_yet_is_not_taken_as_looked_into(hub: ProvinceHub) -> None:
    """The page was opened, then another restore arrived, then the button was pressed."""
    desk = hub.enrol("20242")
    hub.deliver(desk)
    shown = hub.clock()
    hub.clock.now += DAY_MS
    hub.put_back(desk)
    hub.contact(desk)
    visitor = hub.browser("khoa")
    look(visitor, desk, shown)
    assert seen(hub, desk).is_put_back
    for wrong in ("", "x", "-1", "9" * 16, "١"):
        assert visitor.post(f"/nodes/{desk.device}/look", until=wrong).status_code == 422
    look(visitor, desk, 10**14)
    assert not seen(hub, desk).is_put_back
    hub.clock.now += DAY_MS
    hub.put_back(desk)
    assert seen(hub, desk).is_put_back, "a moment to come is not looked into"


def test_a_rebuild_learns_why_logs_were_opened_before_it_was_kept(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    hub.deliver(desk)
    hub.put_back(desk)
    hub.judge()
    with writing(hub.services.engine) as connection:
        connection.execute(update(LOG).values(reason=None))
    assert not seen(hub, desk).is_put_back
    assert 'data-label="Vì sao mở"></td>' in hub.browser("khoa").page(f"/nodes/{desk.device}")
    rebuild(hub.services)
    assert seen(hub, desk).is_put_back


def test_a_copied_disk_is_told_until_it_is_decided_and_looked_into(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    desk.log.a_dossier()
    life = suspect_copy(hub, desk)
    hub.contact(desk)
    visitor = hub.browser("quantri")
    page = visitor.page(f"/nodes/{desk.device}")
    assert "Có bản sao ổ đĩa chờ quyết định." in page and 'href="/copies"' in page
    assert "Nhật ký của máy đi tiếp thành hai nhánh." in page
    assert "Nhánh khác của" in page
    assert "Nhật ký của máy đi tiếp" not in look(visitor, desk, hub.clock())
    assert seen(hub, desk).copies == 1 and state_of(seen(hub, desk)) is NodeState.LAGGING
    visitor.post(f"/copies/{life}", decision="ours", password=PASSWORD, ground="Đổi ổ đĩa")
    hub.judge()
    assert seen(hub, desk).copies == 0 and state_of(seen(hub, desk)) is NodeState.WELL


def test_a_pc_put_back_and_copied_is_told_to_be_both(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    desk.log.a_dossier()
    suspect_copy(hub, desk)
    hub.put_back(desk)
    hub.judge()
    visitor = hub.browser("quantri")
    page = visitor.page(f"/nodes/{desk.device}")
    assert "Dữ liệu của máy được phục hồi từ bản sao lưu." in page
    assert "Nhật ký của máy đi tiếp thành hai nhánh." in page
    assert page.count("Đã xem</button>") == 1


def test_the_doctor_names_a_pc_that_was_put_back_until_somebody_has_looked(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    hub.deliver(desk)
    hub.put_back(desk)
    hub.contact(desk)

    def told() -> Finding:
        (found,) = [each for each in examine(hub.services) if each.check == "copies"]
        return found

    assert told().health is Health.UNDECIDED and seen(hub, desk).name in told().vi
    look(hub.browser("quantri"), desk, hub.clock())
    assert told().health is Health.OK


def test_records_that_came_by_a_colleague_are_not_said_to_be_none(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    hub.deliver(desk)
    page = hub.browser("kiemtra").page(f"/nodes/{desk.device}")
    assert "Bản ghi của máy về qua máy khác; máy chưa tự liên lạc lần nào." in page
    assert "chưa gửi bản ghi nào" not in page


def test_a_code_is_shown_once_and_pins_this_province(hub: ProvinceHub) -> None:
    visitor = hub.browser("quantri")
    code = parse_code(make_code(visitor))
    assert hub.services.keys.bundle.fingerprint.startswith(code.pin.hex())
    assert code.secret not in visitor.page("/nodes/codes")
    with reading(hub.services.engine) as connection:
        (issued,) = list_codes(connection)
    assert (issued.unit, issued.device_name, issued.issued_by) == ("20242", "PC quầy 1", "quantri")
    assert issued.roles == ("receptionist", "unit_administrator")


def test_the_sheet_says_where_to_type_it_and_until_when(hub: ProvinceHub) -> None:
    answer = hub.browser("khoa").post(
        "/nodes/codes", unit="20242", device_name="  PC   quầy 1 ", roles="clerk"
    )
    for text in ("http://localhost", "Phường Hải Châu · PC quầy 1", "14:05 27/11/2026", "Văn thư", "<svg"):
        assert text in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unit": "48"}, "Chọn đơn vị trong danh sách."),
        ({"unit": "99999"}, "Chọn đơn vị trong danh sách."),
        ({"device_name": "  "}, "Đặt tên máy"),
        ({"device_name": "x" * 61}, "Đặt tên máy"),
        ({"roles": ["administrator"]}, "Chọn ít nhất một vai trò"),
    ],
)
def test_a_code_that_makes_no_sense_is_not_made(
    hub: ProvinceHub, fields: dict[str, object], message: str
) -> None:
    values = {"unit": "20242", "device_name": "PC quầy 1", "roles": "clerk"} | fields
    answer = hub.browser("quantri").post("/nodes/codes", **values)
    assert answer.status_code == 422
    assert message in answer.text
    with reading(hub.services.engine) as connection:
        assert list_codes(connection) == []


def test_a_withdrawn_code_enrols_nobody(hub: ProvinceHub) -> None:
    visitor = hub.browser("quantri")
    code = parse_code(make_code(visitor))
    assert "Còn hạn đến 27/11/2026" in visitor.page("/nodes/codes")
    visitor.post("/nodes/codes/1/withdraw")
    page = visitor.page("/nodes/codes")
    assert "Đã thu hồi mã ghi danh." in page
    assert "Hết hạn hoặc đã thu hồi" in page
    hub.clock.now += 1
    offer = {"key": "0" * 64, "box": None, "holder": None, "name": "", "title": "", "proof": ""}
    desk_answer = hub.browser().client.post(
        "/enrol/v1/device", json={"secret": code.secret, "device": offer, "officer": None}
    )
    assert desk_answer.status_code >= 400
    visitor.post("/nodes/codes/1/withdraw")
    assert "Mã này đã dùng hoặc đã hết hạn." in visitor.page("/nodes/codes")


def test_a_pc_that_enrolled_stands_in_both_lists(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    visitor = hub.browser("quantri")
    assert "Chưa liên lạc" in visitor.page("/nodes")
    assert "Đã dùng 20/11/2026" in visitor.page("/nodes/codes")
    page = visitor.page(f"/nodes/{desk.device}")
    assert "Chưa nhận bản ghi nào" in page
    assert "Đã ghi danh, chưa gửi bản ghi nào." in page
