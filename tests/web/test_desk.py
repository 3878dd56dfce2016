"""The desk of today: numbers that open their lists, the news, what lies unfinished."""

import re
from pathlib import Path

import pytest

from dossiers.local_time import instant
from edge_node.store.alerts import COPY_REFUSED, raise_alert
from edge_node.store.space import Space
from tests.support.counter import TODAY, open_office
from tests.support.node import Cast, browse, exchange, make_week, receive, step
from tests.support.office import TestOffice, make_office


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestOffice, Cast, list[str]]:
    return make_week(tmp_path_factory.mktemp("week"))


def test_the_numbers_of_the_day_open_the_lists_they_count(week: tuple[TestOffice, Cast, list[str]]) -> None:
    browser = browse(week[0])
    page = browser.get("/")
    counters = re.findall(r'href="(/[^"]*)"[^>]*>\s*<span class="mc-counter-value">(\d+)</span>', page)
    assert len(counters) == 7
    for href, value in counters:
        opened = browser.get(href)
        rows = len(re.findall(r'<a class="mc-row-link', opened))
        assert rows == int(value), (href, value, rows)


def test_overdue_and_paused_are_told_apart(week: tuple[TestOffice, Cast, list[str]]) -> None:
    browser = browse(week[0])
    overdue, waiting = browser.get("/?show=overdue"), browser.get("/?show=waiting")
    assert "Yêu cầu bổ sung" not in overdue[overdue.index("<tbody") :]
    assert "Tạm dừng tính hạn" in waiting


def test_an_unknown_number_is_the_desk(week: tuple[TestOffice, Cast, list[str]]) -> None:
    assert "Theo ngày hẹn trả" in browse(week[0]).get("/?show=<script>")


def test_news_from_another_pc_stays_until_the_officer_looked(tmp_path: Path) -> None:
    office, cast = open_office(tmp_path / "PC1")
    other = make_office(tmp_path / "PC2", name="PC2", province=office.province)
    dossier = receive(office, 1, "2.000815")
    other.clock.now = office.clock.now + 60_000
    exchange(office, other)
    step(other, cast.minh, dossier, "forward")
    exchange(office, other)
    browser = browse(office)
    assert "Vừa về từ tỉnh" in browser.get("/")
    office.clock.advance(120_000)
    browser.get(f"/dossiers/{dossier}")
    assert "Vừa về từ tỉnh" not in browser.get("/")


def test_an_empty_desk_says_what_would_be_there(tmp_path: Path) -> None:
    office, _cast = open_office(tmp_path)
    page = browse(office).get("/")
    assert "Không còn hồ sơ nào chờ" in page and 'href="/receive"' in page


def test_what_is_assigned_to_me_is_mine(tmp_path: Path) -> None:
    office, cast = open_office(tmp_path)
    dossier = receive(office, 1, "2.001019")
    page = browse(office)
    page.get(f"/dossiers/{dossier}/assign")
    from_form = re.search(r'name="heads" value="([0-9a-f ]+)"', page.get(f"/dossiers/{dossier}/assign"))
    assert from_form
    page.post(f"/dossiers/{dossier}/assign", {"heads": from_form[1], "officer": cast.minh.officer})
    assert f"/dossiers/{dossier}" in browse(office, cast.minh).get("/?show=mine")
    assert f"/dossiers/{dossier}" not in browse(office).get("/?show=mine")


def test_due_at_the_end_of_today_is_due_today_until_midnight(tmp_path: Path) -> None:
    office, _cast = open_office(tmp_path)
    dossier = receive(office, 1, "2.000815")
    office.clock.now = instant(TODAY, 23 * 60 + 59)
    assert f"/dossiers/{dossier}" in browse(office).get("/?show=today")
    office.clock.now = instant(TODAY.replace(day=24), 1)
    assert f"/dossiers/{dossier}" in browse(office).get("/?show=overdue")


def test_a_pc_that_only_reads_says_so_before_anybody_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer filled in a whole form and heard of the full disk when signing; the header said «vẫn làm việc bình thường»."""
    office = make_office(tmp_path)
    browser = browse(office)
    assert "chỉ đọc" not in browser.get("/receive") and "Vẫn làm việc bình thường" in browser.get("/")
    office.services.space.release()
    monkeypatch.setattr(Space, "free_bytes", 512 * 1024)
    for path in ("/", "/receive", "/sync", "/sync/stick"):
        page = browser.get(path)
        assert "Máy này đang chỉ đọc vì ổ đĩa đầy." in page and "cần thêm ít nhất 1,6\u00a0MB" in page, path
        assert "chưa về tỉnh, cũ nhất" in page and "Vẫn làm việc bình thường" not in page, path
    monkeypatch.undo()
    assert "chỉ đọc" not in browser.get("/") and "Vẫn làm việc bình thường" in browser.get("/")


def test_a_pc_whose_key_was_revoked_does_not_say_that_work_goes_on(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    browser = browse(office)
    raise_alert(office.db, COPY_REFUSED, now=office.clock(), detail="x")
    page = browser.get("/sync")
    assert "khóa của máy đã bị thu hồi" in page and "Vẫn làm việc bình thường" not in page
