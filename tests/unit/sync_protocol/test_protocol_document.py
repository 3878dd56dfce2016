"""PROTOCOL.md is true: its example is what this code signs, and the tests it names exist."""

import json
import re
from pathlib import Path

from tests.support.device_log import DeviceLog

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "sync_protocol" / "PROTOCOL.md").read_text(encoding="utf-8")


def test_the_example_is_what_this_code_signs() -> None:
    log = DeviceLog()
    log.write("dossier.noted", "5f" * 16, {}, {"note": "Đã gọi điện cho người nộp"})
    note = log.records[1]
    assert note.body is not None
    for part in (log.records[0].header_bytes.decode(), note.header_bytes.decode(), note.id, note.link):
        assert part in TEXT
    assert note.body.salt.hex() in TEXT
    assert json.loads(note.body.content)["note"] in TEXT


def test_the_tests_it_names_exist() -> None:
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", TEXT))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in tests} == set()
