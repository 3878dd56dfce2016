"""Types by content, names made harmless, what is missing, and what travels first."""

import pytest

from dossiers.files import FILE_TYPES, MEDIA_TYPES, completeness, file_name, travel_order, type_of
from dossiers.merge import fold
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


def test_results_travel_first_then_the_oldest_day_then_the_small_ones() -> None:
    day = 86_400_000
    files = {
        "result": travel_order(is_result=True, at_ms=9 * day, size=60_000_000),
        "old": travel_order(is_result=False, at_ms=day, size=5_000_000),
        "small": travel_order(is_result=False, at_ms=2 * day + 900, size=10),
        "large": travel_order(is_result=False, at_ms=2 * day + 1, size=9_000),
    }
    assert sorted(files, key=files.__getitem__) == ["result", "old", "small", "large"]
