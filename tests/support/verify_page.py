"""The offline page for tests: built as the set-up builds it, with a trust bundle inside, opened from a folder."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from signing.verify_page import PAGE_FILE, with_trust
from tests.support.browser import WIDE, Tab, new_tab

WAIT_MS_MAX: Final = 120_000  # a machine that runs everything at once compiles the QR reader slowly
BUILT: Final = Path(__file__).resolve().parents[2] / "signing" / PAGE_FILE


def write_page(folder: Path, bundle: bytes, status: bytes | None = None) -> Path:
    """A page with this trust inside, on the disk."""
    path = folder / "verify.html"
    path.write_bytes(with_trust(BUILT.read_bytes(), bundle, status))
    return path


@contextmanager
def opened_page(browser: Browser, path: Path, *, size: tuple[int, int] = WIDE) -> Iterator[Tab]:
    """The page from the disk in a tab; every request that it makes for anything else is a complaint."""
    with new_tab(browser, path.resolve().parent.as_uri(), size=size) as tab:
        tab.page.set_default_timeout(WAIT_MS_MAX)
        tab.page.on("request", lambda request: _note(tab, request.url, path))
        tab.page.goto(path.resolve().as_uri(), wait_until="load")
        tab.page.evaluate("motcua.start")
        yield tab


def _note(tab: Tab, url: str, path: Path) -> None:
    if not url.startswith((path.resolve().as_uri(), "blob:", "about:")):
        tab.complaints.append(f"the page asked for {url}")


FIND: Final = """
async (cases) => {
  const found = [];
  for (const each of cases) {
    const bundle = await motcua.openBundle(motcua.fromBase64(each.bundle));
    const status = each.status === null ? null : await motcua.openSnapshot(motcua.fromBase64(each.status), bundle);
    const policy = { requireLog: each.require_log, statusOldDays: 7, statusDaysMax: 90 };
    found.push(await motcua.verify(motcua.fromBase64(each.data), { trust: { bundle, status }, now: each.now, policy }));
  }
  return found;
}
"""
"""The page's findings for cases as `as_case` makes them."""

JUDGE: Final = """
async ([engine, cases, isKeyRead]) => {
  const bytes = (text) => motcua.fromBase64(btoa(String.fromCharCode(...(text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)))));
  const answers = [];
  for (const [key, message, signature] of cases) {
    let holds = true;
    try {
      if (isKeyRead) motcua.publicKey(bytes(key));
    } catch {
      holds = false;
    }
    answers.push(holds && (await motcua.verifyRaw(bytes(key), bytes(message), bytes(signature), motcua.ENGINES[engine])));
  }
  return answers;
}
"""
"""An engine's answers for (key, message, signature) in hex; with `isKeyRead` a key must be acceptable first."""


def found_by_page(tab: Tab, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The page's finding for each case."""
    found: list[dict[str, Any]] = json.loads(
        tab.page.evaluate(f"async (cases) => JSON.stringify(await ({FIND})(cases))", cases)
    )
    return found


def as_case(
    data: bytes, bundle: bytes, status: bytes | None = None, *, now: int | None, require_log: bool = False
) -> dict[str, Any]:
    """One case for `found_by_page`."""

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "data": text(data),
        "bundle": text(bundle),
        "status": None if status is None else text(status),
        "now": now,
        "require_log": require_log,
    }
