"""Results that wait at the counter."""

from pathlib import Path

from tests.support.counter import open_office
from tests.support.node import Cast, browse, receive, step
from tests.support.office import TestOffice

RESULT = {"number": "88/CT", "date": 20261123, "signer": "Trần Quốc Hưng"}


def finish(office: TestOffice, cast: Cast, who: int) -> str:
    dossier = receive(office, who, "2.000815")
    step(office, cast.lan, dossier, "forward")
    step(office, cast.hung, dossier, "finish", result=RESULT)
    return dossier


def test_ready_results_can_be_found_and_handed_over(tmp_path: Path) -> None:
    office, cast = open_office(tmp_path)
    dossier, other = finish(office, cast, 1), finish(office, cast, 2)
    browser = browse(office)
    page = browser.get("/results")
    assert f"/dossiers/{dossier}/act/return_result" in page and "2 hồ sơ" in page
    found = browser.client.get("/results?q=my+duyen", headers={"HX-Request": "true"}).text
    assert dossier in found and other not in found and "<html" not in found


def test_a_result_handed_over_moves_to_the_other_list(tmp_path: Path) -> None:
    office, cast = open_office(tmp_path)
    dossier = finish(office, cast, 1)
    step(office, cast.lan, dossier, "return_result", method=1, received_by={"name": "Trần Thị Mỹ Duyên"})
    browser = browse(office)
    assert "Chưa có kết quả nào chờ trả" in browser.get("/results")
    assert dossier in browser.get("/results?state=returned")


def test_only_the_counter_hands_over(tmp_path: Path) -> None:
    office, cast = open_office(tmp_path)
    finish(office, cast, 1)
    assert "act/return_result" not in browse(office, cast.minh).get("/results")
