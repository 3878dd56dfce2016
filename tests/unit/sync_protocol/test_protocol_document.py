"""PROTOCOL.md is true: its examples are what this code makes, every MUST names a test that exists, its tables are the code's."""

import json
import re
from pathlib import Path

from sync_protocol import limits
from sync_protocol.reasons import REASONS
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


def statements(text: str) -> list[str]:
    """Paragraphs and numbered points, each with its tests; code blocks and the introduction's sentence about MUST left out."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).partition("## 1.")[2]
    return [point for part in re.split(r"\n\s*\n", plain) for point in re.split(r"\n(?=\d+\. )", part)]


def names_a_test(statement: str) -> bool:
    return re.search(r"\btest_[a-z0-9_]+\b(?!\.py)", statement) is not None


def test_every_must_names_its_test() -> None:
    demanding = [each for each in statements(TEXT) if "MUST" in each]
    assert len(demanding) > 25
    assert [each for each in demanding if not names_a_test(each)] == []


def test_a_must_without_a_test_would_be_noticed() -> None:
    text = "## 1. One\n\n1. It MUST hold. *(test_x.py: test_it_holds)*\n2. It MUST not.\n"
    assert [names_a_test(each) for each in statements(text) if "MUST" in each] == [True, False]


_UNITS = {"BYTES": "bytes", "RECORDS": "records", "MS": "milliseconds", "S": "seconds"}


def unit_of(name: str) -> str:
    """Units stand last in a limit's name, before MAX, MIN or START; what has none is a count."""
    words = [word for word in name.split("_") if word not in ("MAX", "MIN", "START")]
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "a count")


def limits_table() -> str:
    rows = [
        f"| `limits.{name}` | {value} | {unit_of(name)} |"
        for name, value in sorted(vars(limits).items())
        if name.isupper()
    ]
    return "\n".join(("| limit | value | unit |", "|---|---|---|", *rows))


def reasons_table() -> str:
    rows = [
        f"| `{reason.code}` | {reason.status} | {'yes' if reason.retryable else 'no'} | {reason.en} |"
        for reason in REASONS
    ]
    return "\n".join(("| code | status | try again | meaning |", "|---|---|---|---|", *rows))


def between(mark: str) -> str:
    return TEXT.partition(f"<!-- {mark}:begin -->\n")[2].partition(f"\n<!-- {mark}:end -->")[0]


def test_its_limits_are_the_codes() -> None:
    assert between("limits") == limits_table()


def test_its_reasons_are_the_codes() -> None:
    assert between("reasons") == reasons_table()


def test_the_recorded_round_it_describes_is_there() -> None:
    rounds = ROOT / "tests" / "golden" / "rounds" / "1"
    section = TEXT.partition("## 12.")[2].partition("## 13.")[0]
    for name in ("00-request.bin", "00-answer.bin", "07-request.bin", "07-answer.bin"):
        assert f"{(rounds / name).stat().st_size} bytes" in section.replace("\n", " "), name
