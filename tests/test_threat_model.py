"""Every attacker of the threat model has a test, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("| ")][1:]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")

ATTACKERS = (
    "stolen PC", "malicious officer", "malicious hub administrator", "network attacker", "restored backup", "clone",
    "restored hub", "lying clock", "replay", "forged paper", "hostile input", "rotated root", "PDF shadow", "broken algorithm",
)  # fmt: skip
NOT_BUILT = ("legal signatures", "second suite")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20 and all(len(row) == 3 for row in ROWS)


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_every_attacker_of_the_design_has_a_row(attacker: str) -> None:
    assert any(attacker in row[0] for row in ROWS)


def test_what_is_not_built_is_said() -> None:
    assert all(word in TEXT.partition("## Not built yet")[2] for word in NOT_BUILT)


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip() for row in ROWS])
def test_every_row_names_tests_that_exist(row: list[str]) -> None:
    named = _NAMED.findall(row[2])
    assert named and len(named) == row[2].count("::"), "a row names its tests as `file::test`"
    for file, name in named:
        assert name in names_in(file), f"{file} has no {name}"
