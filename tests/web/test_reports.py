"""The own Biểu II.06a: figures, both rates, and the list behind every figure."""

import csv
import io
import re
from datetime import date
from html import unescape

import pytest

from edge_node.printing import render
from edge_node.reports.periods import (
    Period,
    charted_months,
    month_of,
    quarter_of,
    read_period,
    usual,
    year_of,
)
from edge_node.reports.service import FIGURES
from tests.support.node import Browser, Cast, browse, make_week
from tests.support.office import TestOffice

Week = tuple[TestOffice, Cast, list[str]]
WHOLE = "from=01/10/2026&to=31/12/2026"


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return make_week(tmp_path_factory.mktemp("week"))


@pytest.fixture
def browser(week: Week) -> Browser:
    return browse(week[0])


def test_the_quarter_is_shown_with_both_rates_labelled(browser: Browser) -> None:
    page = browser.get("/reports")
    assert "Quý IV năm 2026" in page
    for text in ("Tỷ lệ A", "9 / 10", "90,00\u00a0%", "Tỷ lệ B", "16 / 24", "66,67\u00a0%", "766/QĐ-TTg"):
        assert text in page, text
    assert "không nằm trong tử số, mẫu số của tỷ lệ nào" in page


@pytest.mark.parametrize("group", ["field", "procedure"])
@pytest.mark.parametrize("period", [WHOLE, "from=09/12/2026&to=10/12/2026", "from=11/12/2026&to=13/12/2026"])
def test_every_figure_opens_the_list_that_adds_up_to_it(browser: Browser, group: str, period: str) -> None:
    page = browser.get(f"/reports?{period}&group={group}")
    links = re.findall(r'<a href="(/reports/dossiers\?[^"]+)">([\d.]+)</a>', page)
    assert len(links) > 10
    for address, figure in links:
        listed = browser.get(unescape(address))
        assert f"{figure} hồ sơ: cộng đúng bằng con số trong biểu." in listed, address
        assert listed.count("mc-row-link") == int(figure)


def test_a_list_that_does_not_add_up_says_so(browser: Browser, week: Week) -> None:
    db = week[0].db
    row = db.conn.execute("SELECT * FROM day_counter WHERE metric = 'solved_late' LIMIT 1").fetchone()
    key = "commune = ? AND procedure = ? AND day = ? AND metric = ?"
    db.conn.execute(f"UPDATE day_counter SET amount = amount - 1 WHERE {key}", row[:4])
    db.conn.execute(
        f"UPDATE day_counter SET amount = amount + 1 WHERE {key.replace('metric = ?', 'metric = ?')}",
        (*row[:3], "solved_on_time"),
    )
    db.conn.commit()
    try:
        page = browser.get(f"/reports/dossiers?{WHOLE}&column=late")
        assert "motcua-node rebuild" in page
    finally:
        db.conn.execute(f"UPDATE day_counter SET amount = amount + 1 WHERE {key}", row[:4])
        db.conn.execute(
            f"UPDATE day_counter SET amount = amount - 1 WHERE {key}", (*row[:3], "solved_on_time")
        )
        db.conn.commit()


def test_the_csv_names_every_figure_and_both_rates(browser: Browser) -> None:
    answer = browser.client.get(f"/reports?{WHOLE}&format=csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows[0]) == 1 + len(FIGURES) + 4
    total = dict(zip(rows[0], next(row for row in rows if row[:1] == ["Tổng số"]), strict=True))
    assert (total["Tổng số nhận giải quyết"], total["Tỷ lệ A: tử số"], total["Tỷ lệ B: mẫu số"]) == (
        "25",
        "9",
        "24",
    )
    assert "Công dân rút" in rows[0]


def test_the_list_goes_out_as_csv(browser: Browser) -> None:
    answer = browser.client.get(f"/reports/dossiers?{WHOLE}&column=withdrawn&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["Mã hồ sơ"] for row in rows] == ["H17.20242-261207-0005"]


def test_the_paper_names_what_is_in_no_column(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(render, "pdf_of", lambda _, job, **more: seen.append(job) or b"%PDF-1.7")
    assert browser.client.get(f"/reports?{WHOLE}&format=pdf").mimetype == "application/pdf"
    job = seen[0].decode("unicode_escape")
    assert "Quý IV năm 2026" in job and "Hồ sơ công dân rút (1)" in job


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=31/12/2026&to=01/01/2026", "Ngày cuối phải từ ngày đầu trở đi."),
        ("from=x&to=01/01/2026", "ngày/tháng/năm"),
    ],
)
def test_a_period_typed_wrong_keeps_what_was_typed(browser: Browser, query: str, message: str) -> None:
    page = browser.get(f"/reports?{query}")
    assert message in page and f'value="{query.split("=")[1].split("&")[0]}"' in page


def test_what_is_due_later_in_a_running_period_is_not_overdue(browser: Browser) -> None:
    """On 14/12 a dossier due on 16/12 is in term, also in the report of the whole quarter."""
    page = browser.get(f"/reports?{WHOLE}")
    assert "tính đến hết ngày 14/12/2026" in page
    due_later = browser.get(f"/reports/dossiers?{WHOLE}&column=in_term")
    dues = re.findall(r'data-label="Hẹn trả">(\d\d)/12/2026', due_later)
    assert len(dues) == 7 and [day for day in dues if int(day) < 14] == ["11"], "that one waits for papers"
    assert "tính đến hết ngày" not in browser.get("/reports?from=01/12/2026&to=13/12/2026")


def test_a_period_that_has_not_begun_is_refused(browser: Browser) -> None:
    assert "Kỳ này chưa bắt đầu." in browser.get("/reports?from=01/01/2027&to=31/12/2027")
    browser.get("/reports/dossiers?from=01/01/2027&to=31/12/2027&column=received", status=404)


def test_a_figure_that_does_not_exist_is_not_found(browser: Browser) -> None:
    browser.get(f"/reports/dossiers?{WHOLE}&column=__class__", status=404)


def test_the_chart_has_a_table_beside_it(browser: Browser) -> None:
    page = browser.get("/reports")
    assert page.count('class="mc-bar-received"') == 1 and "Xem dạng bảng" in page
    assert "style=" not in page


def test_periods_have_their_names_and_ends() -> None:
    today = date(2026, 2, 14)
    assert quarter_of(today) == Period(date(2026, 1, 1), date(2026, 3, 31))
    assert month_of(today).last == date(2026, 2, 28) and year_of(today).last == date(2026, 12, 31)
    assert month_of(date(2026, 12, 5)) == Period(date(2026, 12, 1), date(2026, 12, 31))
    assert charted_months(today)[0].first == date(2025, 3, 1)
    assert read_period({}, today) == (quarter_of(today), {})


def test_the_usual_periods_cross_the_year(browser: Browser) -> None:
    with browser.client.application.test_request_context():
        named = dict(usual(date(2026, 1, 10)))
    assert named["Tháng trước"].first == date(2025, 12, 1) and named["Quý trước"].first == date(2025, 10, 1)
