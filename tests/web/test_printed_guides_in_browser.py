"""What people print and keep beside the counter: on how many sheets it comes out, and that nothing on it asks to be pressed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Tab, launch, new_tab, serve
from tests.support.hub import found_province
from tests.support.node import browse
from tests.support.office import make_office

pytestmark = pytest.mark.browser
_SHEET = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launch() as found:
        yield found


def sheets(tab: Tab) -> int:
    """On how many A4 pages the browser prints what it shows."""
    return len(_SHEET.findall(tab.page.pdf(format="A4", prefer_css_page_size=True)))


def test_the_agencies_guide_fits_on_two_pages_without_words_to_press(
    chromium: Browser, tmp_path: Path
) -> None:
    """Its last line stood alone on a third page, and «Tải trang kiểm tra» as if paper could be pressed."""
    with serve(found_province(tmp_path).app) as base, new_tab(chromium, base) as tab:
        tab.open("/verify/guide")
        assert tab.page.locator("ol a[download]").is_visible()
        assert sheets(tab) == 2
        tab.page.emulate_media(media="print")
        assert not tab.page.locator("ol a[download]").is_visible()
        assert "/verify/verify.html" in tab.page.locator("ol").first.inner_text()


def test_the_officers_guide_is_printed_on_few_pages(chromium: Browser, tmp_path: Path) -> None:
    """It took twelve, with headings alone at the foot of a page."""
    there = browse(make_office(tmp_path))
    with serve(there.client.application) as base, new_tab(chromium, base) as tab:
        cookies = (there.client._cookies or {}).values()
        tab.page.context.add_cookies([{"name": c.key, "value": c.value, "url": base} for c in cookies])
        tab.open("/help")
        assert tab.page.locator(".mc-guide-text h2").count() > 5
        assert sheets(tab) <= 6
