"""Types by content, names made harmless, what is missing, and what travels first."""

import msgspec
import pytest

from dossiers.files import FILE_TYPES, MEDIA_TYPES, arrival, completeness, file_name, travel_order, type_of
from dossiers.merge import fold
from dossiers.views import FileHeld
from sync_protocol.record import BodyState
from tests.support.histories import History


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"<html><script>", None),
        (b"MZ\x90\x00", None),
        (b" %PDF-1.7", None),
        (b"", None),
    ],
)
def test_the_type_is_what_the_first_bytes_say(content: bytes, code: str | None) -> None:
    assert type_of(content) == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Căn cước mặt trước.JPG", "Căn cước mặt trước.jpg"),
        ("C:\\Users\\lan\\scan.exe", "scan.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("a\r\nb\x00.png", "ab.jpg"),
        ("", "tep.jpg"),
        (".jpg", "tep.jpg"),
        ("a" * 300, "a" * 196 + ".jpg"),
    ],
)
def test_a_name_is_kept_without_what_could_do_harm(given: str, kept: str) -> None:
    assert file_name(given, "jpeg") == kept


def test_every_type_has_a_name_to_be_handed_out_under() -> None:
    assert set(MEDIA_TYPES) == FILE_TYPES
    assert all(file_name("x", code).startswith("x.") for code in FILE_TYPES)


def test_completeness_counts_each_paper_once() -> None:
    history = History()
    paper = {"form": 1, "count": 1, "digitised": False, "reused": False}
    history.receive(papers=[{"paper": code, **paper} for code in ("don", "can_cuoc", "don")])
    file = {"file": "a" * 64, "size": 9, "type": "pdf", "pages": 0, "paper": "don", "is_result": False}
    secret = {"a" * 64: {"name": "don.pdf", "key": "1" * 64, "sha256": "2" * 64}}
    history.write("file_added", {"files": [file]}, content={"files": secret})
    view = fold(history.records)
    found = completeness(view.papers, view.files)
    assert (found.papers, found.covered, found.missing, found.is_complete) == (2, 1, ("can_cuoc",), False)
    assert completeness([], []).is_complete


@pytest.mark.parametrize(
    ("at_province", "here", "counts"),
    [
        ("", "", (3, 0, 0, 3, 3)),
        ("", "abc", (3, 0, 2, 0, 0)),
        ("ab", "bc", (3, 2, 0, 1, 0)),
        ("ac", "c", (3, 2, 0, 2, 1)),
        ("abc", "", (3, 3, 0, 3, 0)),
    ],
)
def test_each_file_that_stands_is_counted_once_where_it_is(
    at_province: str, here: str, counts: tuple[int, ...]
) -> None:
    """Of `c` the key is not here, so this PC sends it to nobody; `d` was erased by order, `a` stands twice."""
    held = {letter: _file(letter) for letter in "abcd"}
    held["c"] = msgspec.structs.replace(held["c"], key=None, state=BodyState.WITHHELD)
    held["d"] = msgspec.structs.replace(held["d"], key=None, state=BodyState.ERASED)
    again = msgspec.structs.replace(held["a"], record="7" * 64)
    found = arrival([*held.values(), again], at_province=set(at_province), here=set(here))
    assert (found.files, found.at_province, found.waiting, found.absent, found.unknown) == counts
    assert found.is_complete == (at_province == "abc")


def _file(name: str) -> FileHeld:
    return FileHeld(
        record="8" * 64, file=name, size=9, type="pdf", pages=0, paper=None, is_result=False, at_ms=0, by="9" * 32,
        commune="20242", state=BodyState.PRESENT, name="don.pdf", key="1" * 64, sha256="2" * 64,
    )  # fmt: skip


def test_results_travel_first_then_the_oldest_day_then_the_small_ones() -> None:
    day = 86_400_000
    files = {
        "result": travel_order(is_result=True, at_ms=9 * day, size=60_000_000),
        "old": travel_order(is_result=False, at_ms=day, size=5_000_000),
        "small": travel_order(is_result=False, at_ms=2 * day + 900, size=10),
        "large": travel_order(is_result=False, at_ms=2 * day + 1, size=9_000),
    }
    assert sorted(files, key=files.__getitem__) == ["result", "old", "small", "large"]
