"""What app.js and charts.js do, in real Chromium, on the sample pages: keys, drafts, questions, masked numbers, charts."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import BaseWSGIServer, make_server

from tests.support.browser import launch, leave
from tests.support.gallery import create_gallery, pages

pytestmark = pytest.mark.browser


@dataclass
class Served:
    """A gallery on loopback and every form it was sent."""

    url: str
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def served(app: Flask) -> Iterator[Served]:
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    gallery = Served(url=f"http://127.0.0.1:{server.server_port}")

    def note() -> None:
        if request.method == "POST":
            gallery.posts.append((request.path, request.form.to_dict()))
        if request.method == "POST" and request.path == "/receive":
            time.sleep(0.5)  # slow enough for an impatient second press to arrive before the answer

    app.before_request(note)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield gallery
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def node() -> Iterator[Served]:
    yield from served(create_gallery("node"))


@pytest.fixture(scope="module")
def hub() -> Iterator[Served]:
    yield from served(create_gallery("hub"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which any complaint of the browser (policy, script, console) fails the test."""
    complaints: list[str] = []
    tab = browser.new_page(viewport={"width": 1366, "height": 768})
    tab.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    leave(tab)
    tab.close()
    assert complaints == []


@pytest.mark.parametrize("width", [1366, 683, 390])
def test_no_page_is_wider_than_the_screen_and_the_browser_never_complains(
    node: Served, hub: Served, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    for gallery, name in [(node, "node"), (hub, "hub")]:
        for sample in pages(name):
            page.goto(f"{gallery.url}/{sample}", wait_until="load")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, sample


def test_keys_reach_search_rows_and_the_sheet(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/desk")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".mc-row-link").nth(1)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("?")  # typed into the field, not taken as a command
    assert page.input_value("#search") == "?"
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Alt+n")
    page.wait_for_url("**/receive")


def test_what_was_just_saved_does_not_come_back_as_a_draft(node: Served, page: Page) -> None:
    """Who saved within a second of the last key found the dossier among the unfinished forms again."""
    page.goto(f"{node.url}/receive")
    node.posts.clear()
    page.locator("#field-address").fill("7 Bạch Đằng")
    page.wait_for_timeout(400)
    with page.expect_navigation():
        page.locator("[data-primary]").click()
    page.wait_for_timeout(500)
    assert [path for path, _ in node.posts] == ["/receive"]


def test_what_is_typed_is_kept_as_a_draft_within_a_second(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/receive")
    with page.expect_request("**/drafts/receive", timeout=1500) as sent:
        page.locator("#field-name").press_sequentially("Trần Thị Mỹ", delay=5)
    assert sent.value.headers["x-csrf-token"] == "sample"
    expect(page.locator("[data-draft-status]")).to_contain_text("Đã lưu nháp")


def test_what_was_typed_last_is_sent_when_the_page_is_left(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/receive")
    node.posts.clear()
    page.locator("#field-address").fill("51 Lê Duẩn")
    page.goto(f"{node.url}/desk")
    drafts = [form for path, form in node.posts if path == "/drafts/receive"]
    assert drafts[-1]["address"] == "51 Lê Duẩn"
    assert drafts[-1]["csrf_token"] == "sample"


def test_control_enter_sends_the_form_once_with_its_main_button(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/receive")
    node.posts.clear()
    page.locator("#field-name").focus()
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
        page.keyboard.press("Control+Enter")
    assert [path for path, _ in node.posts].count("/receive") == 1


def test_a_refusal_is_asked_about_first(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/dossier")
    node.posts.clear()
    page.get_by_role("button", name="Từ chối").click()
    expect(page.locator("#confirm")).to_contain_text("Mẫu 03")
    page.get_by_role("button", name="Quay lại").locator("visible=true").click()
    assert node.posts == []
    page.get_by_role("button", name="Từ chối").click()
    page.locator("[data-confirm-yes]").click()
    page.wait_for_url("**/x")
    assert [path for path, _ in node.posts] == ["/x"]


def test_a_masked_number_is_shown_on_request_and_hidden_again(node: Served, page: Page) -> None:
    page.goto(f"{node.url}/dossier")
    number = page.locator("[data-masked]").first
    assert number.text_content() == "0481••••7735"
    page.locator("[data-reveal-url]").click()
    expect(number).to_have_text("048201001234")
    page.locator("[data-reveal-url]").click()
    expect(number).to_have_text("0481••••7735")


def test_an_idle_screen_locks_itself(node: Served, page: Page) -> None:
    page.clock.install()
    page.goto(f"{node.url}/desk")
    page.clock.run_for(571_000)
    expect(page.locator("#toast")).to_contain_text("Màn hình sẽ khóa sau")
    page.clock.run_for(31_000)
    page.wait_for_url("**/lock")


def test_charts_are_drawn_and_can_be_taken_along(hub: Served, page: Page) -> None:
    page.goto(f"{hub.url}/overview")
    expect(page.locator("[data-chart-plot] canvas")).to_have_count(3)
    with page.expect_download() as taken:
        page.locator("[data-chart-csv]").first.click()
    text = taken.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[:2] == ["Kỳ,Tiếp nhận,Đã giải quyết", "28/09,3412,3280"]
    with page.expect_download() as picture:
        page.locator("[data-chart-png]").first.click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")


def test_everything_is_readable_without_scripts(hub: Served, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{hub.url}/overview")
    page.get_by_text("Xem dạng bảng").first.click()
    expect(page.get_by_role("cell", name="3.412")).to_be_visible()
    context.close()
