"""Our own vectors through the page's own code, in Chromium and in Firefox: canonical JSON and places in trees.

What is expected comes from elsewhere: PyPI `rfc8785` for canonical JSON, and Python's Merkle tree, which Go's tlog believes
(`tests/contracts/test_go_oracle.py`). Signatures are in `test_verify_page_in_browser.py`. Nothing here needs published files.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from signing.errors import LogInvalid
from signing.tlog import merkle
from tests.support.browser import launch
from tests.support.canonical_cases import REFUSED, made_values
from tests.support.corpus.cases import stored
from tests.support.firefox import PROGRAM, launch_firefox
from tests.support.tree_cases import tree_cases
from tests.support.verify_page import opened_page, write_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Ask = Callable[[str, Any], Any]

WRITE = """
async (texts) => texts.map((text) => motcua.toBase64(motcua.encodeCanonical(JSON.parse(text))))
"""
READ = """
async (cases) => cases.map((text) => {
  try {
    motcua.decodeCanonical(motcua.fromBase64(text), 100000);
    return true;
  } catch {
    return false;
  }
})
"""
INCLUDED = """
async (cases) => cases.map(([leaf, index, size, proof, root]) =>
  motcua.isIncluded(motcua.fromBase64(leaf), index, size, proof.map((each) => motcua.fromBase64(each)), motcua.fromBase64(root)))
"""


@pytest.fixture(
    scope="module",
    params=[
        "Chromium",
        pytest.param("Firefox", marks=pytest.mark.skipif(PROGRAM is None, reason="Firefox is not installed")),
    ],
)
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The page of one browser: runs a function of one JSON value in it."""
    path: Path = write_page(tmp_path_factory.mktemp("page"), next(iter(stored()))["trust_bytes"])
    if request.param == "Firefox":
        with launch_firefox() as firefox:
            firefox.go(path.as_uri())
            yield firefox.evaluate
    else:
        with launch() as browser, opened_page(browser, path) as tab:
            yield tab.page.evaluate


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_values_are_written_as_an_independent_implementation_writes_them(ask: Ask) -> None:
    values = made_values(seed=1, count=400)
    written = ask(WRITE, [json.dumps(value) for value in values])
    assert [
        value
        for value, text in zip(values, written, strict=True)
        if base64.b64decode(text) != rfc8785.dumps(value)
    ] == []
    assert all(ask(READ, written))


def test_bytes_that_are_no_canonical_form_are_refused(ask: Ask) -> None:
    answers = ask(READ, [text_of(each) for each in REFUSED])
    assert [data for data, is_read in zip(REFUSED, answers, strict=True) if is_read] == []


def test_places_in_trees_are_judged_as_in_python(ask: Ask) -> None:
    cases = tree_cases()
    texts = [[text_of(leaf), index, size, [text_of(each) for each in proof], text_of(root)] for leaf, index, size, proof, root, _ in cases]  # fmt: skip
    assert ask(INCLUDED, texts) == [holds for *_, holds in cases]
    for leaf, index, size, proof, root, holds in cases:
        try:
            merkle.verify_inclusion(leaf, index, size, proof, root)
        except LogInvalid:
            assert not holds
        else:
            assert holds
