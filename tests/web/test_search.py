"""One field finds everything; a scanned code opens its dossier."""

from pathlib import Path

import pytest

from tests.support.counter import open_office, seen
from tests.support.node import Browser, browse, receive
from tests.support.office import TestOffice


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return open_office(tmp_path)[0]


@pytest.fixture
def browser(office: TestOffice) -> Browser:
    return browse(office)


@pytest.mark.parametrize("shape", ["{}", " {} ", "{}\n"])
def test_a_scanned_code_opens_its_dossier(office: TestOffice, browser: Browser, shape: str) -> None:
    dossier = receive(office, 1, "2.000815")
    code = seen(office, dossier).code or ""
    for typed in (code, code.lower(), code.replace("-", "").replace(".", "")):
        answer = browser.client.get("/search", query_string={"q": shape.format(typed)})
        assert answer.location == f"/dossiers/{dossier}", typed


def test_names_are_found_without_marks_and_unfinished(office: TestOffice, browser: Browser) -> None:
    dossier = receive(office, 6, "2.000815")  # Đặng Quang Vinh
    for typed in ("dang quang", "vinh", "Đặng", "DANG VI", "048083002211", "0918764433", "0001"):
        assert dossier in browser.get(f"/search?q={typed}"), typed
    assert "Không thấy hồ sơ nào" in browser.get("/search?q=khong+ai+ca")


def test_suggestions_are_a_part_with_dossiers_and_procedures(office: TestOffice, browser: Browser) -> None:
    receive(office, 1, "2.000815")
    headers = {"HX-Request": "true"}
    box = browser.client.get("/search?part=box&q=chung+thuc", headers=headers).text
    assert "Trần Thị Mỹ Duyên" in box and "/receive/2.000884" in box and "<html" not in box
    assert browser.client.get("/search?part=box&q=", headers=headers).text.strip() == ""


@pytest.mark.parametrize("text", ['"', "*", "AND OR NOT", "') --", "a" * 3_000, "%", "🙂", "NEAR(a b)"])
def test_nothing_typed_breaks_the_search(browser: Browser, text: str) -> None:
    assert browser.client.get("/search", query_string={"q": text}).status_code == 200


def test_the_search_shows_no_identity_number(office: TestOffice, browser: Browser) -> None:
    receive(office, 1, "2.000815")
    assert "048192007735" not in browser.get("/search?q=duyen")
