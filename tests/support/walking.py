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
from playwright.sync_api import APIResponse

from tests.support.browser import NARROW, WIDE, Tab

Examples = Mapping[str, Iterable[str]]
_TOKEN: Final = re.compile(r'(name="csrf(?:_token|-token)" (?:value|content)=")[0-9a-f]+')


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
    is_refusal: Callable[[APIResponse], bool] = lambda answer: False
    wrong: list[str] = field(default_factory=list)
    walked: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    judged: set[bytes] = field(default_factory=set)

    def visit(self, paths: Iterable[str]) -> None:
        for path in paths:
            answer = self.tab.page.context.request.get(
                self.tab.base + path, headers=dict(self.headers) if path.startswith("/api/") else None
            )
            if self.is_refusal(answer):
                continue
            if answer.status >= 400:
                self.wrong.append(f"{path}: {answer.status}")
            elif answer.headers.get("content-type", "").startswith("text/html"):
                self._look(path, answer.body())
            else:
                self.files.append(path)
                self.wrong += [f"{path}: {problem}" for problem in _of_file(path, answer)]

    def _look(self, path: str, markup: bytes) -> None:
        self.walked.append(path)
        self.tab.open(path)
        # Two roles, or two addresses, may show the same words: they need judging once.
        sight = hashlib.sha256(_main(markup)).digest()
        if sight not in self.judged:
            self.judged.add(sight)
            self.wrong += [f"{path}: {finding}" for finding in self.tab.grave_findings()]
            self.tab.resize(NARROW)
            if wider := self.tab.overflow():
                self.wrong.append(f"{path}: {wider} px wider than {NARROW[0]}")
            self.tab.resize(WIDE)
        self.wrong += [f"{path}: {complaint}" for complaint in self.tab.complained()]


def _main(markup: bytes) -> bytes:
    text = _TOKEN.sub(r"\1", markup.decode())
    return text[text.find("<main") :].encode()


def _of_file(path: str, answer: APIResponse) -> list[str]:
    """What is wrong with a file: its type has to be what its address and its first bytes say."""
    kind, body = answer.headers.get("content-type", ""), answer.body()
    for told, wanted, is_so in (
        ("format=csv", "text/csv", lambda: body.startswith(b"\xef\xbb\xbf")),
        ("format=pdf", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("/papers/", "application/pdf", lambda: body.startswith(b"%PDF-")),
        ("format=xlsx", "application/vnd.openxml", lambda: body.startswith(b"PK")),
        ("/export", "application/json", lambda: bool(json.loads(body))),
        ("/api/", "application/json", lambda: bool(json.loads(body))),
        ("/health", "application/json", lambda: bool(json.loads(body))),
        ("/metrics", "text/plain", lambda: b"# HELP" in body),
        (".png", "image/png", lambda: body.startswith(b"\x89PNG")),
        (".svg", "image/svg+xml", lambda: b"<svg" in body),
        ("/enrol/", "application/", lambda: bool(body)),
    ):
        if told in path:
            return [] if kind.startswith(wanted) and is_so() else [f"{kind} {body[:40]!r}"]
    return [f"{kind}: say in _of_file what belongs in this file"]
