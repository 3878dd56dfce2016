"""Every GET route of an app, with addresses that show it, and the walk over them in a browser.

A route with parts to fill that nobody gave an example for stops the walk: a new page is seen or named, never forgotten.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Flask
from playwright.sync_api import APIResponse, Error, Response

from tests.support.browser import NARROW, WIDE, Tab

Examples = Mapping[str, Iterable[str]]
_PART: Final = re.compile(r"<(/?[\w-]+)((?:[^>\"]|\"[^\"]*\")*)>([^<]*)")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)(?:=\"([^\"]*)\")?")
_JUDGED_VALUES: Final = frozenset(
    {
        "id",
        "class",
        "for",
        "role",
        "type",
        "scope",
        "tabindex",
        "lang",
        "aria-labelledby",
        "aria-describedby",
        "aria-current",
    }
)


def first_of_each(app: Flask, paths: Iterable[str]) -> list[str]:
    """One address of every route."""
    router = app.url_map.bind("127.0.0.1")
    return list({router.match(path.partition("?")[0])[0]: path for path in reversed(list(paths))}.values())


def addresses(app: Flask, examples: Examples, *, elsewhere: Iterable[str] = ()) -> list[str]:
    """One address or more for every GET route of the URL map.

    Args:
        examples: addresses by rule; a rule without parts to fill and without examples is its own address.
        elsewhere: rules that the caller walks in another way.
    """
    rules = {rule.rule: rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    strange = examples.keys() - rules.keys() | set(elsewhere) - rules.keys()
    assert not strange, f"no such route: {sorted(strange)}"
    found: list[str] = []
    for text, rule in sorted(rules.items()):
        if text in set(elsewhere):
            continue
        given = list(examples.get(text, ()))
        assert given or not rule.arguments, f"{text}: no example; add one, so that the page is walked"
        found += given or [text]
    return found


@dataclass
class Walk:
    """A walk over addresses in one tab; what was wrong gathers, so that one run tells everything.

    Attributes:
        headers: what a program sends along, for the addresses of programs.
        is_refusal: whether an answer means that this role may not open the page, so that there is nothing to walk.
        walked, files: the addresses of pages and of files that were seen.
        judged: digests of what axe-core has judged.
    """

    tab: Tab
    headers: Mapping[str, str] = field(default_factory=dict)
    is_refusal: Callable[[APIResponse | Response], bool] = lambda answer: False
    wrong: list[str] = field(default_factory=list)
    walked: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    judged: set[bytes] = field(default_factory=set)

    def visit(self, paths: Iterable[str]) -> None:
        for path in paths:
            answer = None if path.startswith("/api/") else self._show(path)
            if answer is None:
                # How a browser shows a bare file is its own affair; what the file is, is ours. Leaving it first lets
                # every complaint about it arrive.
                self.tab.page.goto("about:blank")
                self.tab.complained()
                self._fetch(path)
            elif self.is_refusal(answer):
                self.tab.complained()
            else:
                self._look(path, answer)
                self.wrong += [f"{path}: {complaint}" for complaint in self.tab.complained()]

    def _show(self, path: str) -> Response | None:
        """The page, shown; None for what a browser saves as a file."""
        try:
            answer = self.tab.open(path)
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            return None
        return answer if answer.headers.get("content-type", "").startswith("text/html") else None

    def _fetch(self, path: str) -> None:
        answer = self.tab.page.context.request.get(self.tab.base + path, headers=dict(self.headers))
        if not self.is_refusal(answer):
            self.files.append(path)
            self.wrong += [f"{path}: {problem}" for problem in _of_file(path, answer)]

    def _look(self, path: str, answer: Response) -> None:
        self.walked.append(path)
        if answer.status >= 400:
            self.wrong.append(f"{path}: status {answer.status}")
        markup = answer.text()
        shape = _shape(markup)
        if shape not in self.judged and "<html" in markup:  # a part of a page is judged in its page
            self.judged.add(shape)
            self.wrong += [f"{path}: {finding}" for finding in self.tab.grave_findings()]
        self.tab.resize(NARROW)
        if wider := self.tab.overflow():
            self.wrong.append(f"{path}: {wider} px wider than {NARROW[0]}")
        self.tab.resize(WIDE)


def _shape(markup: str) -> bytes:
    """A digest of what axe-core judges: elements, their attributes, what refers to what, whether there is text at all.

    Other words in the same shape get the same judgement, so the judge, who is slow, is asked once.
    """
    parts = []
    for element, attributes, text in _PART.findall(markup):
        kept = [
            name if name not in _JUDGED_VALUES else f"{name}={value}"
            for name, value in _ATTRIBUTE.findall(attributes)
        ]
        parts.append(f"<{element} {' '.join(kept)}>{'x' if text.strip() else ''}")
    return hashlib.sha256("".join(parts).encode()).digest()


def _of_file(path: str, answer: APIResponse) -> list[str]:
    """What is wrong with a file: its type has to be what its address and its first bytes say."""
    if answer.status >= 400:
        return [f"status {answer.status}"]
    kind, body = answer.headers.get("content-type", ""), answer.body()
    for told, wanted, is_so in (
        ("format=csv", "text/csv", lambda: body.startswith(b"\xef\xbb\xbf")),
        ("format=pdf", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("/paper", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("/proof/pdf", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("format=xlsx", "application/vnd.openxml", lambda: body.startswith(b"PK")),
        ("format=units-xlsx", "application/vnd.openxml", lambda: body.startswith(b"PK")),
        ("/export", "application/json", lambda: bool(json.loads(body))),
        ("/api/v1/", "application/json", lambda: bool(json.loads(body))),
        (".json", "application/json", lambda: bool(json.loads(body))),
        ("/health", "application/json", lambda: bool(json.loads(body))),
        ("/metrics", "text/plain", lambda: b"# HELP" in body),
        (".css", "text/css", lambda: b"{" in body),
        (".png", "image/png", lambda: body.startswith(b"\x89PNG")),
        (".svg", "image/svg+xml", lambda: b"<svg" in body),
        ("/enrol/", "application/", lambda: bool(body)),
        ("/tlog/checkpoint", "text/plain", lambda: body.startswith(b"motcua/")),
        ("/tlog/proof/", "text/plain", lambda: body.startswith(b"c2sp.org/tlog-proof@v1\n")),
        ("/tlog/tile/", "application/octet-stream", lambda: len(body) % 32 == 0),
        ("/stick/", "application/octet-stream", lambda: bool(body)),
        ("/verify.html", "text/html", lambda: b"<html" in body),
        ("/files/", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("/proof", "application/json", lambda: bool(json.loads(body))),
        (".css", "text/css", lambda: b"{" in body),
    ):
        if told in path:
            return [] if kind.startswith(wanted) and is_so() else [f"{kind} {body[:40]!r}"]
    return [f"{kind}: say in _of_file what belongs in this file"]
