"""An officer in front of the node's screens: log in, receive, take a step, print, settle a difference.

Each action opens the page, fills in its form and reads the answer, as a person would; what a page does not offer cannot
be done here.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from demo.browser import Browser, Page, PageWrong
from demo.cases import Case
from demo.story.stage import Pc
from dossiers.components import FieldKind

_ID: Final = re.compile(r"/([0-9a-f]{32})")
_CODE: Final = re.compile(r"H17\.\d{5}-\d{6}-\d{4}|TAM\.\d{5}-\d{6}-[0-9A-Z]{8}-\d{3}")
_WAITING: Final = re.compile(r"Chưa về tỉnh ([\d.]+) bản ghi")
_UNJUDGED: Final = re.compile(r"Đã về tỉnh, chờ kết luận ([\d.]+) bản ghi")
_SENTENCE: Final = re.compile(
    r"(Đã về tỉnh đủ[^.]*\.|Còn [\d.]+ bản ghi chưa về tỉnh[^.]*\.|[^.]*chờ kết luận[^.]*\.)"
)
PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A dossier as the counter's answer names it."""

    dossier: str
    code: str
    case: Case
    settled: bool = False

    @property
    def path(self) -> str:
        return f"/dossiers/{self.dossier}"


class Desk:
    """One officer at one PC."""

    def __init__(self, pc: Pc) -> None:
        self.pc = pc
        self.browser = Browser(pc.server.url)

    @property
    def officer(self) -> str:
        return self.pc.role.name

    def try_log_in(self, pin: str) -> Page:
        """Type a PIN at the log-in page."""
        return self.browser.send(self.browser.get("/login"), r"^/login", {"pin": pin})

    def log_in(self) -> Page:
        """Log in with the right PIN."""
        page = self.try_log_in(self.pc.role.pin)
        if page.path == "/login":
            raise PageWrong(f"{self.officer} could not log in: {page.text[:400]}")
        return page

    def receive(self, case: Case, *, settle: bool = False) -> Filed:
        """Take a dossier in; with `settle` its result is given while the person waits."""
        address = f"/receive/{case.procedure.code}"
        typed = typed_form(case)
        if settle:
            typed |= {"result.number": "", "result.signer": self.officer}
        button = "then=settle" if settle else "then=receive"
        page = self.browser.send(self.browser.get(address), f"^{address}$", typed, button=button)
        found = _ID.search(page.path)
        code = _CODE.search(page.text)
        if page.status != 200 or not found or not code:
            raise PageWrong(f"not received ({page.status}): {page.text[:800]}")
        return Filed(dossier=found[1], code=code[0], case=case, settled=settle)

    def slip(self, filed: Filed) -> bytes:
        """The paper slip as PDF."""
        return self.paper(filed, "mau01")

    def paper(self, filed: Filed, name: str) -> bytes:
        """A printed form of the dossier as PDF."""
        return self.browser.get(f"{filed.path}/papers/{name}").content

    def open(self, filed: Filed) -> Page:
        """The dossier's page."""
        return self.browser.get(filed.path)

    def has(self, filed: Filed) -> bool:
        """Whether this PC holds the dossier."""
        try:
            return filed.code in self.open(filed).text
        except PageWrong:
            return False

    def step(self, filed: Filed, action: str, values: dict[str, str] | None = None) -> Page:
        """Take a step of the life cycle."""
        return self._act(filed, f"act/{action}", values)

    def amend(self, filed: Filed, values: dict[str, str]) -> Page:
        """Write fields anew."""
        return self._act(filed, "amend", values)

    def note(self, filed: Filed, text: str) -> Page:
        return self._act(filed, "note", {"note": text})

    def finish(self, filed: Filed, number: str) -> Page:
        """Issue the result."""
        return self.step(filed, "finish", {"result.number": number, "result.signer": self.officer})

    def hand_over(self, filed: Filed) -> Page:
        """Give the result to the applicant."""
        return self.step(filed, "return_result", {"received_by.name": filed.case.applicant.name})

    def _act(self, filed: Filed, where: str, values: dict[str, str] | None) -> Page:
        address = f"{filed.path}/{where}"
        page = self.browser.send(self.browser.get(address), f"^{re.escape(address)}", values)
        if page.status != 200 or page.path == address:
            raise PageWrong(f"{self.officer}: {where} was not taken ({page.status}): {page.text[:800]}")
        return page

    # Sync

    def sync_now(self) -> Page:
        """Press «Đồng bộ ngay»."""
        return self.browser.send(self.browser.get("/sync"), r"^/sync$")

    def waiting(self) -> int:
        """Records that the sync page calls not yet at the province."""
        return _number(_WAITING, self.browser.get("/sync"))

    def await_full(self) -> str:
        """Wait until the node says that everything is at the province and judged; returns its sentence."""
        wait_for(f"{self.pc.name}: everything at the province", self._is_full)
        return self.sentence()

    def push(self, what: str, holds: Callable[[], bool]) -> None:
        """Press «Đồng bộ ngay» until something holds: an officer who does not want to wait for the next sync."""

        def pressed() -> bool:
            self.sync_now()
            return holds()

        wait_for(f"{self.pc.name}: {what}", pressed)

    def _is_full(self) -> bool:
        page = self.browser.get("/sync")
        return _number(_WAITING, page) == 0 and _number(_UNJUDGED, page) == 0 and "Đã về tỉnh đủ" in page.text

    def sentence(self) -> str:
        """The sentence in the head of every page."""
        found = _SENTENCE.search(self.browser.get("/sync").text)
        return found[1].strip() if found else "?"

    # Differences

    def differences(self, filed: Filed) -> list[str]:
        """Addresses of what has to be settled about a dossier."""
        links = dict.fromkeys(self.browser.get("/conflicts").links(r"^/conflicts/[0-9a-f]{64}"))
        return [link for link in links if filed.code in self.browser.get(link).text]

    def settle(self, address: str, keep: str, ground: str) -> Page:
        """Settle a difference; `keep` is a text of the version that shall stand."""
        page = self.browser.get(address)
        choice = _version_with(page, keep)
        answer = self.browser.send(page, r"^/conflicts/", {"choose": choice, "ground": ground})
        if answer.status != 200 or answer.path.startswith("/conflicts"):
            raise PageWrong(f"{address} was not settled ({answer.status}): {answer.text[:800]}")
        return answer


def typed_form(case: Case) -> dict[str, str]:
    """A case as it is typed into the receiving form."""
    dates = {
        question.record_code for question in case.procedure.form_fields if question.kind is FieldKind.DATE
    }
    dates.add("applicant.birth_date")
    typed = {name: _typed_day(text) if name in dates else text for name, text in case.fields.items()}
    typed["papers_complete"] = "1"
    if case.fee_code:
        typed[f"fee.{case.fee_code}.units"] = str(case.fee_units)
    if case.fee_due:
        typed["paid"] = "1"
    return typed


def wait_for(what: str, holds: Callable[[], bool], *, seconds: float = PATIENCE_S) -> float:
    """Look until something holds; returns how long it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not after {seconds:.0f} s")
        time.sleep(0.25)
    return time.monotonic() - began


def _typed_day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _number(pattern: re.Pattern[str], page: Page) -> int:
    found = pattern.search(page.text)
    if found is None:
        raise PageWrong(f"{page.url} does not show {pattern.pattern!r}: {page.text[:600]}")
    return int(found[1].replace(".", ""))


def _version_with(page: Page, text: str) -> str:
    """The record of the version whose card shows `text`; cards and choices stand in the same order."""
    content = page.content.decode("utf-8")
    cards = re.findall(r'<article class="mc-version.*?</article>', content, re.DOTALL)
    choices = re.findall(r'name="choose" value="([0-9a-f]{64})"', content)
    for card, choice in zip(cards, choices, strict=False):
        if text in card:
            return choice
    raise PageWrong(f"{page.url}: no version shows {text!r}")
