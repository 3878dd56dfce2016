"""Every page of the hub in real Chromium: nothing is refused by the policy, nothing is wider than the screen, charts are
drawn, and the keys work.
"""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from central_hub.copies.service import list_copies
from central_hub.store.engine import reading
from central_hub.store.tables import DOSSIER, KEY_REQUEST, REORGANISATION, STANDING
from tests.support.browser import launch, leave
from tests.support.hub import PASSWORD, ProvinceHub, filled_province, reorganise, suspect_copy

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    return filled_province(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def base(hub: ProvinceHub) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, hub.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, base: str) -> Iterator[Page]:
    """An administrator's page; any complaint of the browser fails the test."""
    complaints: list[str] = []
    tab = browser.new_page(viewport={"width": 1366, "height": 768}, base_url=base, locale="vi-VN")
    tab.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto("/login")
    tab.fill("[name=login]", "quantri")
    tab.fill("[name=password]", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/")
    yield tab
    leave(tab)
    tab.close()
    assert complaints == []


NO_PAGES = (
    "/static", "/look", "/api", "/health", "/metrics", "/enrol", "/stick/<", "/tlog", "/verify/trust.json", "/verify/status.json",
    "/verify/verify.html", "/verify/proof", "/verify/guide/agency",
)  # fmt: skip
"""Files and answers for programs; tests/e2e/test_every_page_in_browser.py looks at these, and at every role's pages."""
NOT_HERS = ("/nodes/<device>/keys", "/nodes/<device>/replace")


def addresses(hub: ProvinceHub) -> list[str]:
    """Every page that a GET shows, with something on it."""
    with reading(hub.services.engine) as connection:
        dossier = connection.scalar(select(DOSSIER.c.id).where(DOSSIER.c.records > 3))
        standing = connection.scalar(select(STANDING.c.record))
        request = connection.scalar(select(KEY_REQUEST.c.record))
        copies = [copy.life for copy in list_copies(connection, hub.services)]
        merging = connection.scalar(select(REORGANISATION.c.record))
    assert dossier is not None
    life = copies[0] if copies else suspect_copy(hub, hub.desks[1])
    merging = merging or reorganise(hub, "20195", days_ago=-30)
    values = {"life": life} | {
        "dossier": dossier.hex(),
        "device": hub.desks[0].device,
        "code": "1.004194",
        "login": "kiemtra",
    }
    found = []
    for rule in hub.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(NO_PAGES) or rule.rule in NOT_HERS:
            continue
        record = (
            request if "/requests/" in rule.rule else merging if rule.rule.startswith("/units/") else standing
        )
        given = {**values, "record": str(record)}
        found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda name, given=given: given[name[1]], rule.rule))
    more = ["/catalogue?show=calendar", "/catalogue?show=history", "/quarantine?show=refused", "/statistics?commune=20195",
            "/statistics/dossiers?figure=overdue", "/search?q=hai", "/reports?group=procedure", "/quarantine?show=set_aside"]  # fmt: skip
    return sorted([*found, *more])


@pytest.mark.parametrize("width", [1366, 683, 390])
def test_every_page_fits_the_screen_and_the_browser_never_complains(
    hub: ProvinceHub, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    pages = addresses(hub)
    assert len(pages) > 25
    for address in pages:
        answer = page.goto(address, wait_until="load")
        assert answer is not None and answer.status == 200, address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.locator("h1").count() == 1, address


def test_a_long_label_of_a_card_does_not_run_into_its_value_on_a_phone(page: Page) -> None:
    """Values that never wrap (`mc-nowrap`) must not keep their labels from wrapping: "Gói gửi lên nhập lúc" lay over the hour."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/nodes")
    wraps = "cells => cells.map(cell => getComputedStyle(cell, '::before').whiteSpace)"
    assert set(page.eval_on_selector_all("td.mc-nowrap[data-label]", wraps)) == {"normal"}


def test_charts_are_drawn_named_at_their_ends_and_kept_as_tables(page: Page) -> None:
    page.goto("/")
    expect(page.locator("figure[data-chart] canvas")).to_have_count(4)
    expect(page.locator("[data-chart-tools]:not([hidden])")).to_have_count(4)
    table = page.locator("figure[data-chart=flow-data] table")
    page.locator("figure[data-chart=flow-data] summary").click()
    expect(table).to_be_visible()
    expect(table.locator("tbody tr")).to_have_count(8)


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("csv", b"\xef\xbb\xbf")])
def test_a_chart_is_saved(page: Page, kind: str, begins: bytes) -> None:
    page.goto("/")
    with page.expect_download() as saving:
        page.locator(f"figure[data-chart=rates-data] [data-chart-{kind}]").click()
    assert saving.value.suggested_filename == f"rates.{kind}"
    assert saving.value.path().read_bytes().startswith(begins)


def test_from_the_overview_a_commune_and_from_there_its_dossiers(page: Page) -> None:
    page.goto("/")
    first = page.locator(".mc-ranked .mc-row-link").first
    name = first.inner_text()
    first.click()
    expect(page.locator("h1")).to_have_text(name)
    page.locator(".mc-tile").first.click()
    expect(page.locator(".mc-why")).to_contain_text("hồ sơ tạo nên số này")
    expect(page.locator(".mc-table tbody tr").first).to_contain_text(name)


def test_search_by_key_and_the_language(page: Page) -> None:
    page.goto("/reports?group=field")
    page.keyboard.press("Control+k")
    page.keyboard.type("hai van")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Tìm «hai van»")
    page.goto("/reports?group=field")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Form II.06a")
    assert page.url.endswith("/reports?group=field")
    page.get_by_role("button", name="Tiếng Việt").click()


def test_the_report_prints_as_the_form(page: Page) -> None:
    page.goto("/reports")
    page.emulate_media(media="print")
    for shown in (".mc-paper-head", ".mc-paper-title", ".mc-paper-foot", ".mc-report"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in (".mc-top", ".mc-period", ".mc-heading"):
        expect(page.locator(hidden)).to_be_hidden()


def test_a_large_parcel_shows_how_far_it_has_been_sent_and_then_what_came_of_it(
    page: Page, tmp_path: Path
) -> None:
    large = tmp_path / "hai-chau.motcua"
    large.write_bytes(b"motcua parcel 1\n" + bytes(3_000_000))
    page.goto("/stick")
    bar = page.locator("[data-upload-bar]")
    expect(bar).to_be_hidden()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
    devtools.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("#field-files", [large])
    page.click("main button[data-primary]")
    expect(bar).to_be_visible()
    expect(page.locator("[data-upload-told]")).to_have_text(re.compile(r"^[\d,]+ / 3 MB$"))
    expect(page.locator("[data-upload-sending]")).to_be_visible()
    page.wait_for_function(
        "() => { const line = document.querySelector('#upload'); return line && line.value > 0 && line.value < line.max }"
    )
    expect(page.locator("main button[data-primary]")).to_be_disabled()
    expect(page.locator("#taken")).to_contain_text("hai-chau.motcua", timeout=20_000)
    expect(page.locator("#taken")).to_contain_text("Cần xem lại")
    expect(page.locator("[data-upload-bar]")).to_be_hidden()
    assert page.url.endswith("/stick")
    page.set_input_files("#field-files", [large])
    devtools.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.click("main button[data-primary]")
    expect(page.locator("#taken")).to_contain_text("hai-chau.motcua", timeout=20_000)
