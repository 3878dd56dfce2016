"""Take the pictures of the manuals anew: real screens of a real node and a real hub with believable work in them, in real Chromium.

``make screenshots`` writes ``docs/vi/images/can-bo-*.png`` and ``tinh-*.png``. Names, numbers and dates come from the tests'
cast and a fixed clock, so a picture changes only when its screen does.
"""

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from edge_node.keyring import Actor
from tests.support.hub import PASSWORD, ProvinceHub, found_province, populate
from tests.support.node import PIN, Cast, make_app, make_week

IMAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "vi" / "images"
SIZE_BYTES_MAX: Final = 150_000
_VIEW: Final = {"width": 1366, "height": 768}
# The guide shows them 736 px wide; at full size a long list is heavier than a manual should carry.
_SCALE: Final = 0.75


class Album:
    """Takes pictures of one page after another and keeps them under their names."""

    def __init__(self, page: Page, base: str, prefix: str) -> None:
        self._page, self._base, self._prefix = page, base, prefix

    def open(self, path: str) -> Page:
        self._page.goto(self._base + path)
        self._page.wait_for_load_state("load")
        return self._page

    def take(self, name: str, path: str | None = None) -> None:
        if path is not None:
            self.open(path)
        target = IMAGES / f"{self._prefix}-{name}.png"
        self._page.screenshot(path=str(target))
        size = target.stat().st_size
        if size > SIZE_BYTES_MAX:
            raise SystemExit(f"{target.name}: {size} bytes, at most {SIZE_BYTES_MAX}")


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """An app on loopback; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def log_in(album: Album, officer: Actor) -> None:
    page = album.open("/login?other=1")
    page.check(f'input[value="{officer.officer}"]')
    page.fill("#field-pin", PIN)
    page.click("button[data-primary]")
    page.wait_for_load_state("load")


def commune_pictures(browser: Browser) -> None:
    """Every picture of docs/vi/can-bo-mot-cua.md."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        office, cast, dossiers = make_week(Path(folder))
        with serving(make_app(office)) as base:
            context = browser.new_context(viewport=_VIEW, device_scale_factor=_SCALE, locale="vi-VN")  # type: ignore[arg-type]
            album = Album(context.new_page(), base, "can-bo")
            _take_commune(album, cast, dossiers)
            context.close()


def _take_commune(album: Album, cast: Cast, dossiers: list[str]) -> None:
    album.take("dang-nhap", "/login")
    log_in(album, cast.lan)
    album.take("ban-lam-viec", "/")
    page = album.open("/receive/2.000815")
    for field, text in (
        ("applicant.id_number", "048192007735"),
        ("applicant.name", "Trần Thị Mỹ Duyên"),
        ("applicant.phone", "0914220981"),
        ("applicant.address", "42 Trần Phú, phường Hải Châu"),
    ):
        page.fill(f'[name="{field}"]', text)
    page.wait_for_timeout(1_200)
    page.evaluate("window.scrollTo(0, 0)")
    album.take("tiep-nhan")
    album.take("ho-so", f"/dossiers/{dossiers[8]}")
    album.open("/conflicts").click(".mc-row-link")
    album.take("thong-nhat")
    album.take("so-theo-doi", "/register?month=2026-12")
    album.take("bao-cao", "/reports")
    album.take("dong-bo", "/sync")
    log_in_as(album, cast.ha)
    album.take("can-bo", "/officers")


def log_in_as(album: Album, officer: Actor) -> None:
    album.open("/account").click('form[action="/logout"] button')
    log_in(album, officer)


def province_pictures(browser: Browser) -> None:
    """Every picture of docs/vi/quan-tri-tinh.md."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        hub = found_province(Path(folder))
        populate(hub, communes=24, a_day=1.6)
        with serving(hub.app) as base:
            context = browser.new_context(viewport=_VIEW, device_scale_factor=_SCALE, locale="vi-VN")  # type: ignore[arg-type]
            album = Album(context.new_page(), base, "tinh")
            _take_province(album, hub)
            context.close()


def _take_province(album: Album, hub: ProvinceHub) -> None:
    album.take("dang-nhap", "/login")
    _log_in_province(album, "quantri")
    album.take("tong-quan", "/")
    album.take("thong-ke", "/statistics?commune=20195")
    album.take("danh-sach", "/statistics/dossiers?figure=overdue")
    album.take("bieu-06a", "/reports?group=field&from=2026-07-01&to=2026-09-30")
    album.take("may-tram", "/nodes")
    page = album.open("/nodes/codes")
    page.select_option("[name=unit]", "20242")
    page.fill("[name=device_name]", "PC quầy 1")
    page.click("[data-primary]")
    page.wait_for_load_state("load")
    album.take("phieu-ghi-danh")
    album.take("cho-xem-xet", "/quarantine?show=refused")
    page = album.open("/catalogue/procedures/1.004194/edit")
    page.fill("[name=effective]", "01/01/2027")
    page.fill("[name=amount]", "2")
    page.click("[data-primary]")
    page.wait_for_load_state("load")
    album.take("cong-bo")
    album.take("quan-tri", "/administration")
    _log_in_province(album, "khoa")
    album.open("/quarantine?show=requests").click(".mc-row-link")
    album.take("duyet-quyen")


def _log_in_province(album: Album, login: str) -> None:
    page = album.open("/login")
    if page.locator("#lock-form button").count():
        page.click("#lock-form button")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("[data-primary]")
    page.wait_for_load_state("load")


ALBUMS: Final[tuple[Callable[[Browser], None], ...]] = (commune_pictures, province_pictures)


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for album in ALBUMS:
            album(browser)
        browser.close()


if __name__ == "__main__":
    main()
