"""The register: the month's dossiers in the order of receipt, on screen, as CSV and on paper."""

import csv
import io
from pathlib import Path

import pytest

from edge_node.printing import render
from edge_node.register import service
from edge_node.register.forms import Month, Show, read_request
from tests.support.node import Browser, Cast, browse, make_week
from tests.support.office import TestOffice, make_office

Week = tuple[TestOffice, Cast, list[str]]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return make_week(tmp_path_factory.mktemp("week"))


@pytest.fixture
def browser(week: Week) -> Browser:
    return browse(week[0])


def test_the_book_numbers_the_month_in_the_order_of_receipt(browser: Browser, week: Week) -> None:
    page = browser.get("/register?month=2026-12")
    places = [page.index(f'href="/dossiers/{dossier}"') for dossier in week[2]]
    assert places == sorted(places) and len(places) == 25
    assert "15 Lê Duẩn, phường Hải Châu" in page and "25 dòng" in page


def test_a_filtered_row_keeps_its_number(browser: Browser, week: Week) -> None:
    page = browser.get("/register?month=2026-12&show=withdrawn")
    assert page.count("mc-row-link") == 1 and week[2][4] in page
    assert '<td class="mc-number" data-label="STT">5</td>' in page


@pytest.mark.parametrize("show", list(Show))
def test_each_chip_counts_what_it_shows(browser: Browser, show: Show) -> None:
    page = browser.get(f"/register?month=2026-12&show={show}")
    rows = page.count("mc-row-link")
    expected = {Show.ALL: 25, Show.WITHDRAWN: 1, Show.RETURNED: 10, Show.READY: 0}
    assert f"{rows} dòng" in page
    assert show not in expected or rows == expected[show]


def test_a_field_narrows_the_book(browser: Browser) -> None:
    page = browser.get("/register?month=2026-12&sector=construction")
    assert page.count("mc-row-link") == 3 and 'value="construction" selected' in page


def test_another_month_is_empty_and_says_what_would_be_there(browser: Browser) -> None:
    page = browser.get("/register?month=2026-11")
    assert "Chưa có dòng nào" in page and "11/2026" in page


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=x", "page=-1", "page=99999999999", "show=%27", "sector=zz"]
)
def test_an_address_typed_wrong_is_no_fault(browser: Browser, query: str) -> None:
    browser.get(f"/register?{query}")


def test_the_csv_holds_every_row_and_no_formula(browser: Browser) -> None:
    answer = browser.client.get("/register?month=2026-12&format=csv")
    assert answer.mimetype == "text/csv" and answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 25 and rows[0]["Mã hồ sơ"] == "H17.20242-261207-0001"
    assert rows[0]["Tiếp nhận"] == "07/12/2026 08:00"


def test_a_name_that_looks_like_a_formula_is_defused(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    office.receive('=HYPERLINK("http://example.com")')
    month = Month.of(office.clock()).text
    text = browse(office).client.get(f"/register?month={month}&format=csv").text
    assert "'=HYPERLINK" in text


def test_the_paper_is_a_pdf_in_vietnamese_whatever_the_screen_says(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(render, "pdf_of", lambda _, job, **more: seen.append(job) or b"%PDF-1.7")
    browser.post("/language", {"language": "en"})
    answer = browser.client.get("/register?month=2026-12&format=pdf")
    assert answer.mimetype == "application/pdf" and "inline" in answer.headers["Content-Disposition"]
    job = seen[0].decode().encode().decode("unicode_escape")
    assert "Đăng ký khai sinh" in job and "Công dân rút hồ sơ" in job and "01/12/2026" in job


def test_too_long_a_paper_says_what_to_do(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAPER_ROWS_MAX", 10)
    answer = browser.client.get("/register?month=2026-12&format=pdf")
    assert answer.status_code == 302 and answer.location == "/register?month=2026-12"
    assert "Tháng này có 25 dòng" in browser.get("/register?month=2026-12")


def test_months_go_round_the_year() -> None:
    assert Month(2026, 12).next == Month(2027, 1) and Month(2026, 1).before == Month(2025, 12)
    assert Month(2026, 2).last.day == 28 and Month(2026, 12).end_ms == Month(2027, 1).start_ms
    assert read_request({"month": "2026-02"}, now_ms=0).month == Month(2026, 2)
