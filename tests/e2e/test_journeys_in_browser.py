"""Whole pieces of work in real Chromium: a dossier from the counter to the hand-over, a difference settled, a figure traced.

The keyboard does what an officer's keyboard does; at the end the signed records are looked at, not only the screen.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from dossiers.states import Status
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from tests.support.browser import Tab, launch, new_tab, serve
from tests.support.counter import COPIES, open_office, seen
from tests.support.hub import PASSWORD, found_province, populate
from tests.support.node import PIN, disagree, exchange, hire, make_app, receive
from tests.support.office import TestOffice, make_office

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUARTER = "from=01/07/2026&to=30/09/2026"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as chromium:
        yield chromium


def log_in_at_node(tab: Tab, officer: str) -> None:
    tab.open("/login?other=1")
    tab.page.check(f'input[value="{officer}"]')
    tab.page.fill("#field-pin", PIN)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"{tab.base}/")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something that fits is focused, as somebody without a mouse does."""
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never reached {selector}")


def kill(tab: Tab) -> None:
    """End the page's process: nothing of it can say a last word. Its cookies stay with the browser."""
    with pytest.raises(Error, match="crash"):
        tab.page.goto("chrome://crash", timeout=5_000)
    tab.page.close()
    tab.page = tab.page.context.new_page()
    tab.complained()


def send_with_keys(page: Page, leads_to: str) -> None:
    page.keyboard.press("Control+Enter")
    page.wait_for_url(leads_to)


def test_a_dossier_from_the_counter_to_the_hand_over(browser: Browser, tmp_path: Path) -> None:
    office, cast = open_office(tmp_path)
    with (
        serve(make_app(office)) as base,
        new_tab(browser, base) as counter,
        new_tab(browser, base) as leader,
    ):
        log_in_at_node(counter, cast.lan.officer)
        page = counter.page
        page.keyboard.press("Alt+n")
        page.wait_for_url("**/receive")
        page.keyboard.type("chung thuc ban sao tu ban chinh", delay=5)
        chosen = page.locator("#found .mc-row-link", has_text="Chứng thực bản sao từ bản chính").first
        expect(page.locator("#found")).to_contain_text("thủ tục")
        chosen.press("Enter")
        page.wait_for_url("**/receive/2.000815")
        fill_in(page)
        expect(page.locator("#foot")).to_contain_text("17:00 23/11/2026")
        page.locator('[name="applicant.address"]').press("End")
        page.keyboard.type(", Đà Nẵng", delay=5)
        page.wait_for_timeout(2_100)  # what was typed longer than two seconds ago is kept

        kill(counter)
        page = counter.page
        counter.open("/receive")
        page.locator("#drafts a", has_text="Trần Thị Mỹ Duyên").press("Enter")
        page.wait_for_url("**/receive/2.000815")
        expect(page.locator('[name="applicant.address"]')).to_have_value(
            "15 Lê Duẩn, phường Hải Châu, Đà Nẵng"
        )
        expect(page.locator('[name="form.pages"]')).to_have_value("3")

        page.locator('[name="applicant.name"]').focus()
        with page.expect_response("**/papers/mau01") as slip:
            send_with_keys(page, "**/receive/done/*")
        assert slip.value.headers["content-type"] == "application/pdf"
        printed = page.context.request.get(slip.value.url).body()
        assert printed.startswith(b"%PDF-") and len(printed) > 5_000
        dossier = page.url.rsplit("/", 1)[1]
        code = page.locator(".mc-done-code").inner_text()
        assert code == "H17.20242-261123-0001"

        page.keyboard.press("Control+k")
        page.keyboard.type(code + "\n", delay=2)  # a scanner types fast and ends with Enter
        page.wait_for_url(f"**/dossiers/{dossier}")
        send_with_keys(page, "**/act/forward")
        send_with_keys(page, f"**/dossiers/{dossier}")
        assert seen(office, dossier).status == Status.PROCESSING

        log_in_at_node(leader, cast.hung.officer)
        leader.open(f"/dossiers/{dossier}")
        send_with_keys(leader.page, "**/act/finish")
        leader.page.keyboard.type("131/CTBS")  # the first field is focused
        expect(leader.page.locator('[name="result.number"]')).to_have_value("131/CTBS")
        send_with_keys(leader.page, f"**/dossiers/{dossier}")
        assert seen(office, dossier).status == Status.SOLVED

        counter.open("/results")
        page.locator(".mc-row-link", has_text=code).press("Enter")
        page.wait_for_load_state()
        counter.open(f"/dossiers/{dossier}")
        send_with_keys(page, "**/act/return_result")
        page.fill('[name="received_by.name"]', "Trần Thị Mỹ Duyên")
        send_with_keys(page, f"**/dossiers/{dossier}?printed=bien-nhan")
        view = seen(office, dossier)
        assert view.status == Status.RETURNED and view.conflicts == ()
        expect(page.locator("#history")).to_contain_text("Trần Quốc Hưng")
        assert counter.complained() + leader.complained() == []


def fill_in(page: Page) -> None:
    for name, text in COPIES.items():
        place = page.locator(f'main [name="{name}"]').first
        match place.get_attribute("type"):
            case "checkbox":
                place.check()
            case "radio":
                page.check(f'main [name="{name}"][value="{text}"]')
            case _ if place.evaluate("(it) => it.tagName") == "SELECT":
                place.select_option(text)
            case _:
                place.fill(text)


def test_a_difference_is_settled_with_the_keyboard_and_both_versions_stay(
    browser: Browser, tmp_path: Path
) -> None:
    office = make_office(tmp_path / "PC1")
    other = make_office(tmp_path / "PC2", name="PC2", province=office.province)
    cast = hire(office)
    dossier = receive(office, 0, "1.004873")
    exchange(office, other)
    other.clock.now = office.clock.now
    disagree(office, other, cast, dossier)
    with serve(make_app(office)) as base, new_tab(browser, base) as tab:
        log_in_at_node(tab, cast.lan.officer)
        page = tab.page
        tab.open("/conflicts")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/conflicts/*")
        for text in ("15 Lê Duẩn", "51 Lê Duẩn", "Nguyễn Thị Lan", "Lê Văn Minh"):
            expect(page.locator(".mc-versions")).to_contain_text(text)
        tab_to(page, "input[name=choose]")
        page.keyboard.press("Space")
        kept = page.locator("input[name=choose]:checked").get_attribute("value")
        tab_to(page, "textarea[name=ground]")
        page.keyboard.type("Đã đối chiếu thẻ căn cước bản chính.")
        send_with_keys(page, f"**/dossiers/{dossier}")
        for text in ("15 Lê Duẩn", "51 Lê Duẩn", "Đã đối chiếu thẻ căn cước bản chính."):
            expect(page.locator("#history")).to_contain_text(text)
        expect(page.locator("#history .mc-timeline > li")).to_have_count(len(records_of(office, dossier)))
        expect(page.locator("main")).not_to_contain_text("cần thống nhất")
        assert tab.complained() == []
    exchange(office, other)
    for here in (office, other):
        view = view_of(here.db, dossier)
        assert view is not None and view.conflicts == () and len(view.settled_conflicts) == 2
        address = view.fields["applicant.address"]
        assert {write.value for write in address.history} >= {
            "15 Lê Duẩn, phường Hải Châu",
            "51 Lê Duẩn, phường Hải Châu",
        }
        assert any(write.record == kept and write.value == address.value for write in address.history)


def records_of(office: TestOffice, dossier: str) -> list[str]:
    return [record.id for record in SqliteLogStore(office.db).dossier_records(dossier)]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Tab]:
    """The hub's pages before a statistician."""
    hub = found_province(tmp_path_factory.mktemp("province"))
    populate(hub, communes=6, a_day=0.5)
    with serve(hub.app) as base, new_tab(browser, base) as tab:
        tab.open("/login")
        tab.page.fill("#field-login", "thongke")
        tab.page.fill("#field-password", PASSWORD)
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url(f"{base}/")
        yield tab


def number(text: str) -> int:
    return int(text.replace(".", ""))


def test_a_figure_is_traced_from_the_overview_to_its_dossiers(province: Tab) -> None:
    page = province.page
    province.open(f"/?{QUARTER}")
    commune = page.locator(".mc-ranked .mc-row-link").first
    name = commune.inner_text()
    commune.click()
    page.wait_for_url("**/statistics?*")
    expect(page.locator("h1")).to_have_text(name)
    cells = page.locator('#list td[data-label="Tiếp nhận"]')
    expect(cells).to_have_count(1)
    in_all = number(cells.inner_text())
    page.locator("#list .mc-row-link").click()
    page.wait_for_url("**/statistics?*group=field*")
    parts = [number(text) for text in cells.all_inner_texts()]
    assert len(parts) > 2 and sum(parts) == in_all > 20, "the fields add up to the commune"

    first = cells.locator("a").first
    shown, address = number(first.inner_text()), str(first.get_attribute("href"))
    first.click()
    page.wait_for_url("**/statistics/dossiers?*")
    assert number(page.locator(".mc-why-count").inner_text()) == shown
    whole = [(key, value) for key, value in parse_qsl(urlsplit(address).query) if key != "field"]
    province.open(f"/statistics/dossiers?{urlencode(whole)}")
    assert number(page.locator(".mc-why-count").inner_text()) == sum(parts), (
        "the fields add up to the commune"
    )
    with page.expect_download() as taken:
        page.locator('a[href*="format=csv"]').first.click()
    lines = list(csv.reader(io.StringIO(taken.value.path().read_text(encoding="utf-8-sig"))))
    assert len(lines) - 1 == in_all, "and the list holds every one of them"
    page.locator("#list .mc-row-link").first.click()
    page.wait_for_url(re.compile(r"/statistics/dossiers/[0-9a-f]{32}$"))
    expect(page.locator("main")).not_to_contain_text("Nguyễn Văn An")
    assert province.complained() == []


def test_the_downloads_of_the_report_equal_its_table(province: Tab) -> None:
    page = province.page
    province.open(f"/reports?{QUARTER}&group=field")
    rows = page.locator(".mc-report tbody tr, .mc-report tfoot tr").all()
    table = [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows]
    figures = [[number(cell) for cell in row[2:15]] for row in table]
    assert len(figures) > 3 and figures[-1][0] > 50
    files = {}
    for kind in ("csv", "xlsx"):
        with page.expect_download() as taken:
            page.locator(f'a[href*="format={kind}"]').click()
        files[kind] = taken.value.path().read_bytes()
    lines = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"))))[1:]
    assert [[int(cell) for cell in line[2:15]] for line in lines] == figures
    assert [line[1] for line in lines] == [row[1] for row in table]
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))["II.06a"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]
    assert [row[2:15] for row in cells[: len(figures)]] == figures
    assert province.complained() == []


def test_what_the_province_did_not_take_is_told_with_its_reason(province: Tab) -> None:
    page = province.page
    province.open("/")
    page.locator("#decisions a", has_text="Bản ghi").first.click()
    page.wait_for_url("**/quarantine?*")
    expect(page.locator("h1")).to_have_text("Chờ xem xét")
    why, code = page.locator('#list td[data-label="Vì sao"]').first.inner_text().strip().splitlines()
    assert len(why) > 10 and re.fullmatch(r"[A-Z_]+", code)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/quarantine/records/*")
    expect(page.locator("main")).to_contain_text(why)
    expect(page.locator("main")).to_contain_text(code)
    assert province.complained() == []


def test_a_chart_can_be_read_as_a_table(province: Tab) -> None:
    page = province.page
    province.open(f"/?{QUARTER}")
    chart = page.locator('[data-chart="flow-data"]')
    expect(chart.locator("canvas")).to_have_count(1)
    table = chart.locator("table.mc-table")
    expect(table).to_be_hidden()
    chart.locator("summary", has_text="Xem dạng bảng").press("Enter")
    expect(table).to_be_visible()
    labels = table.locator('tbody td[data-label="Kỳ"]').all_inner_texts()
    received = table.locator('tbody td[data-label="Tiếp nhận"]').all_inner_texts()
    drawn = chart.evaluate("(it) => JSON.parse(document.getElementById(it.dataset.chart).textContent)")
    assert labels == drawn["labels"] and len(labels) >= 3
    assert [number(text) for text in received] == drawn["series"][0]["values"]
    assert province.complained() == []
