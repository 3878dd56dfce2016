"""Real Chromium for tests: an app served on loopback, a tab whose every complaint is kept, and axe-core's judgement.

The page's policy stays as it is: what is asked of a page goes through the browser's own protocol, never through markup.
"""

import json
import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright
from werkzeug.serving import make_server

FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE: Final = (1366, 768)
NARROW: Final = (390, 844)
_AXE: Final = Path(__file__).resolve().parents[2] / "assets/node_modules/axe-core/axe.min.js"
_GRAVE: Final = frozenset({"serious", "critical"})
_WATCH_POLICY: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy report: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_JUDGE: Final = """
axe.run(document, {resultTypes: ["violations"], preload: false}).then((found) => JSON.stringify(
  found.violations.map((each) => [each.impact, each.id, each.nodes.map((node) => node.html.slice(0, 160))])))
"""


@contextmanager
def launch() -> Iterator[Browser]:
    """Chromium without a screen."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The app on loopback, in threads of this process; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Tab:
    """A page of a browser of its own, and what the browser complained about since it was last asked."""

    base: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Response:
        """Go there and wait until everything is loaded."""
        answer = self.page.goto(self.base + path, wait_until="load")
        assert answer is not None, path
        return answer

    def complained(self) -> list[str]:
        """The complaints, once."""
        taken, self.complaints = self.complaints, []
        return taken

    def resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def grave_findings(self) -> list[str]:
        """What axe-core calls serious or critical on the page as it stands.

        It runs in a world of its own beside the page's scripts, so neither sees the other.
        """
        devtools = self.page.context.new_cdp_session(self.page)
        frame = devtools.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = devtools.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
        asked: dict[str, Any] = {"contextId": world, "returnByValue": True, "awaitPromise": True}
        devtools.send("Runtime.evaluate", {**asked, "expression": _axe()})
        answer = devtools.send("Runtime.evaluate", {**asked, "expression": _JUDGE})
        devtools.detach()
        assert "exceptionDetails" not in answer, answer
        return [
            f"{impact} {rule}: {' '.join(nodes[:3])}"
            for impact, rule, nodes in json.loads(answer["result"]["value"])
            if impact in _GRAVE
        ]


@contextmanager
def new_tab(browser: Browser, base: str, *, size: tuple[int, int] = WIDE, **options: Any) -> Iterator[Tab]:
    """A tab with cookies of its own, watched."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", **options
    )  # fmt: skip
    tab = Tab(base, context.new_page())
    _watch(context, tab)
    yield tab
    for page in context.pages:
        leave(page)
    context.close()


def leave(page: Page) -> None:
    """Go to an empty page before closing: Chromium can hang for good when it is closed while a page is arriving."""
    page.goto("about:blank")


def _watch(context: BrowserContext, tab: Tab) -> None:
    def say(text: str) -> None:
        tab.complaints.append(text)

    def failed(request: Request) -> None:
        # A page that is left gives up what it was still fetching; a download takes over a navigation.
        if request.failure != "net::ERR_ABORTED":
            say(f"{request.method} {request.url} failed: {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            say(f"{response.request.method} {response.url}: {response.status}")

    context.add_init_script(_WATCH_POLICY)
    context.on("console", lambda message: say(message.text) if message.type in ("error", "warning") else None)
    context.on("weberror", lambda error: say(str(error.error)))
    context.on("requestfailed", failed)
    context.on("response", answered)


@cache
def _axe() -> str:
    return _AXE.read_text(encoding="utf-8") + "; 0"
