"""The first page: five numbers, each with the dossiers behind it; communes ranked; what needs a look."""

import re
from html import unescape
from pathlib import Path

import pytest

from central_hub.nodes.states import NodeState
from central_hub.overview.service import _ORDER
from sync_protocol import reasons
from tests.support.hub import ProvinceHub, Visitor, found_province, shared_province

TILE = re.compile(
    r'<a class="mc-tile [^"]*" href="([^"]*)">\s*<span class="mc-tile-label">(.*?)</span>\s*'
    r'<span class="mc-tile-value">([^<]*)</span>',
    re.DOTALL,
)
COUNT = re.compile(r'mc-why-count">([\d.]+)<')


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def leader(hub: ProvinceHub) -> Visitor:
    return hub.browser("thongke")


def tiles(page: str) -> list[tuple[str, str, str]]:
    return [
        (unescape(href), re.sub(r"<.*?>", "", label).strip(), value)
        for href, label, value in TILE.findall(page)
    ]


def test_the_five_numbers_each_open_the_list_that_adds_up_to_it(leader: Visitor) -> None:
    found = tiles(leader.page("/"))
    assert [label for _href, label, _value in found] == [
        "Tiếp nhận trong kỳ",
        "Đã giải quyết",
        "A · Đúng hạn trên đã giải quyết",
        "B · Đúng hạn trên tiếp nhận",
        "Đang quá hạn",
    ]
    for href, label, value in found:
        counted = COUNT.search(leader.page(href))
        assert counted, href
        if "·" not in label:
            assert counted[1] == value, label


def test_every_number_of_the_first_page_opens_a_page(leader: Visitor) -> None:
    page = leader.page("/")
    links = {
        unescape(link) for link in re.findall(r'href="(/[^"]*)"', page) if not link.startswith("/static")
    }
    assert len(links) > 30
    for link in sorted(links):
        assert leader.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "days",
    ["from=2026-11-01&to=2026-11-30", "from=2026-01-01&to=2026-12-31", "from=2026-09-07&to=2026-09-07"],
)
def test_any_period_is_drawn(leader: Visitor, days: str) -> None:
    page = leader.page(f"/?{days}")
    assert page.count("<figure") == 4
    assert "Địa chỉ có giá trị" not in page


@pytest.mark.parametrize(
    "days", ["from=31/02/2026", "from=2026-10-02&to=2026-10-01", "from=quatsch", "from=1900-01-01"]
)
def test_days_that_are_none_are_named_and_the_quarter_is_shown(leader: Visitor, days: str) -> None:
    page = leader.page(f"/?{days}")
    assert "Khoảng ngày không đọc được" in page
    assert 'value="01/10/2026"' in page


def test_communes_are_ranked_and_the_order_can_be_turned(leader: Visitor) -> None:
    def names(page: str) -> list[str]:
        return re.findall(r'mc-ranked-place">\d+</span><a class="mc-row-link" href="[^"]*">([^<]+)</a>', page)

    best, worst = names(leader.page("/")), names(leader.page("/?order=worst"))
    assert len(best) == 8
    assert best != worst
    assert set(best) == set(worst)


def test_what_needs_a_look_is_there_and_what_is_well_is_not(leader: Visitor) -> None:
    page = leader.page("/")
    assert "Im lặng 4 ngày." in page
    assert "Còn 23 bản ghi chưa về tỉnh, cũ nhất 2 ngày." in page
    assert "Đề nghị cấp quyền chờ duyệt" in page
    assert page.count('class="mc-strip-') == 3


def strip(page: str) -> list[tuple[str, str]]:
    """The PCs to look at: how each is, and what is said of it."""
    return re.findall(r'class="mc-strip-(\w+)".*?<span class="mc-sub">([^<]*)</span>', page, re.DOTALL)


def test_a_pc_whose_sync_fails_is_named_first_whatever_else_it_has(tmp_path: Path) -> None:
    """It was left out: neither silent nor merely late, and no longer one with refusals."""
    hub = found_province(tmp_path)
    refused, failing, new, well = (hub.enrol(unit) for unit in ("20242", "20257", "20195", "20197"))
    hub.contact(refused, refused=3)
    hub.contact(failing, refused=2, problem=reasons.ROUND_FORMAT.code)
    hub.contact(well)
    page = hub.browser("quantri").page("/")
    assert [state for state, _words in strip(page)] == ["failing", "refused", "new"]
    said = strip(page)[0][1]
    assert said.startswith("Máy báo: ") and reasons.ROUND_FORMAT.vi in said
    assert f'href="/nodes/{failing.device}"' in page and f'href="/nodes/{new.device}"' in page


def test_more_pcs_than_are_named_are_counted_and_listed(tmp_path: Path) -> None:
    hub = found_province(tmp_path)
    for number in range(8):
        hub.enrol("20242", f"PC quầy {number + 1}")
    visitor = hub.browser("quantri")
    page = visitor.page("/")
    assert len(strip(page)) == 6 and "Xem đủ 8 máy cần để ý" in page
    assert 'href="/nodes?state=attention"' in page
    assert visitor.page("/nodes?state=attention").count("mc-row-link") == 8


def test_whatever_is_not_well_can_be_named_and_drawn(hub: ProvinceHub) -> None:
    assert sorted(_ORDER) == sorted(set(NodeState) - {NodeState.WELL})
    macros = hub.app.jinja_env.get_template("macros/figures.html")
    with hub.app.test_request_context():
        for state in NodeState:
            node = {"name": "Xã", "device": "PC", "href": "/", "state": state, "words": ""}
            drawn = str(macros.make_module({}).node_strip([node]))  # type: ignore[attr-defined]
            assert f"mc-strip-{state.value}" in drawn and "<svg" in drawn


def test_an_empty_province_says_what_to_do_first(tmp_path: Path) -> None:
    page = found_province(tmp_path).browser("quantri").page("/")
    assert "Chưa có máy trạm nào" in page
    assert "Cấp mã ghi danh" in page
    assert "Không có việc nào chờ" in page
