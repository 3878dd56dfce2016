"""A browser without a picture: opens pages over HTTP, fills in the forms that are there, presses their buttons.

The story is played through the screens that officers use. A form is sent as the page gave it (hidden fields, choices
already made, the token against forged requests) with what the officer changes, so a screen whose form does not work
makes the demo fail. Scripts are not run: every screen has to work without them.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT_S: Final = 60
_SILENT: Final = frozenset({"script", "style", "head", "template", "dialog"})
_UNSENT_TYPES: Final = frozenset({"submit", "button", "reset", "image", "file"})


class PageWrong(Exception):
    """The page is not what the story expects; says which page and what was missing."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes and what it would send."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """One answer."""

    url: str
    status: int
    content: bytes
    kind: str
    forms: list[Form]
    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, action: str) -> Form:
        """The form whose address matches this regular expression."""
        for form in self.forms:
            if re.search(action, form.action):
                return form
        found = ", ".join(form.action for form in self.forms) or "none"
        raise PageWrong(f"{self.url}: no form for {action!r} (found: {found})")

    def links(self, pattern: str) -> list[str]:
        """Addresses on the page that match, in their order."""
        found = re.findall(r'href="([^"]+)"', self.content.decode("utf-8", "replace"))
        return [link.replace("&amp;", "&") for link in found if re.search(pattern, link)]

    def expect(self, *texts: str) -> "Page":
        """The page, if it shows all of these; PageWrong otherwise."""
        missing = [text for text in texts if text not in self.text]
        if missing:
            raise PageWrong(f"{self.url} ({self.status}) does not show {missing}: {self.text[:600]}")
        return self


class Browser:
    """One person at one address."""

    def __init__(self, base: str, *, language: str = "vi", authority: Path | None = None) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(authority) if authority else True
        self._session.headers["Accept-Language"] = language

    def get(self, path: str) -> Page:
        """Open an address; anything but success is an error here."""
        page = self._page(self._session.get(urljoin(self.base, path), timeout=TIMEOUT_S))
        if page.status != 200:
            raise PageWrong(f"{page.url}: {page.status} {page.text[:400]}")
        return page

    def send(
        self, page: Page, action: str, values: dict[str, str] | None = None, *, button: str = ""
    ) -> Page:
        """Fill in a form of the page and send it; `button` is `name=value` of the one pressed."""
        form = page.form(action)
        filled = form.values | (values or {})
        unknown = sorted(set(values or {}) - form.names)
        if unknown:
            raise PageWrong(f"{page.url}: the form {form.action} has no field {unknown}")
        if button:
            name, _, value = button.partition("=")
            if (name, value) not in form.buttons:
                raise PageWrong(f"{page.url}: no button {button!r} among {form.buttons}")
            filled[name] = value
        answer = self._session.post(urljoin(page.url, form.action), data=filled, timeout=TIMEOUT_S)
        return self._page(answer)

    def press(self, page: Page, action: str) -> int:
        """Send a form as the page gave it and go nowhere; returns the status of the answer."""
        form = page.form(action)
        answer = self._session.post(
            urljoin(page.url, form.action), data=form.values, timeout=TIMEOUT_S, allow_redirects=False
        )
        return answer.status_code

    def _page(self, answer: requests.Response) -> Page:
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        reader = _Reader()
        if kind == "text/html":
            reader.feed(answer.content.decode("utf-8"))
            reader.close()
            for form in reader.forms:  # a form without an address goes to its own page
                form.action = _path(urljoin(answer.url, form.action or answer.url))
        return Page(
            url=answer.url,
            status=answer.status_code,
            content=answer.content,
            kind=kind,
            forms=reader.forms,
            text=" ".join("".join(reader.parts).split()) if kind == "text/html" else answer.text[:2000],
        )


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class _Reader(HTMLParser):
    """Collects visible text and forms."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.parts: list[str] = []
        self._open: Form | None = None
        self._silent = 0
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value if value is not None else "" for name, value in attrs}
        self._silent += tag in _SILENT
        if tag in (
            "td",
            "th",
            "p",
            "div",
            "li",
            "dt",
            "dd",
            "br",
            "span",
            "a",
            "option",
            "h1",
            "h2",
            "h3",
            "tr",
        ):
            self.parts.append(" ")
        if tag == "form":
            self._open = Form(action=given.get("action", ""), method=given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None:
            self._take(self._open, tag, given)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._open is not None:
            self._open.values[self._area] += (
                data.removeprefix("\n") if not self._open.values[self._area] else data
            )
        elif not self._silent:
            self.parts.append(data)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "input" and name and kind not in _UNSENT_TYPES and "disabled" not in given:
            self._take_input(form, name, kind, given)
        elif tag == "select" and name:
            self._select = name
            form.names.add(name)
        elif tag == "option" and self._select:
            if self._select not in form.values or "selected" in given:
                form.values[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            self._area = name
            form.names.add(name)
            form.values[name] = ""
        elif tag == "button" and name:
            form.buttons.append((name, given.get("value", "")))

    def _take_input(self, form: Form, name: str, kind: str, given: dict[str, str]) -> None:
        form.names.add(name)
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                form.values[name] = given.get("value", "on")
        else:
            form.values[name] = given.get("value", "")
