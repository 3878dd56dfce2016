"""`docs/testing.md` is true: every test it names exists, no field failure is passed over, and fewer and fewer are open."""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
LESSONS = 48
OPEN: frozenset[int] = frozenset()
"""Not built or not proven. A number may leave this list together with its mark in the table; none may enter it."""


def rows() -> dict[int, str]:
    table = TEXT.partition("<!-- lessons:begin -->")[2].partition("<!-- lessons:end -->")[0]
    return {int(row[1]): row[2] for row in re.finditer(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", table, re.M)}


def named_tests(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)


@functools.cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_lesson_has_its_row() -> None:
    assert sorted(rows()) == list(range(1, LESSONS + 1))


def test_every_row_names_a_test_a_reason_or_that_it_is_open() -> None:
    silent = [
        number
        for number, answer in rows().items()
        if not (named_tests(answer) or "**open**:" in answer or "cannot occur:" in answer)
    ]
    assert not silent


def test_every_named_test_exists() -> None:
    named = named_tests(TEXT)
    assert len(named) > 60
    assert not [f"{path}::{name}" for path, name in named if name not in functions_of(path)]


def test_a_name_that_is_wrong_would_be_noticed() -> None:
    assert "test_every_lesson_has_its_row" in functions_of("tests/test_lessons.py")
    assert "test_no_such_thing" not in functions_of("tests/test_lessons.py")
    assert not functions_of("tests/test_no_such_file.py")


def test_what_is_open_only_becomes_less() -> None:
    assert {number for number, answer in rows().items() if "**open**" in answer} == OPEN
