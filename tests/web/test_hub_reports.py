"""Biểu II.06a as page, CSV and workbook: the same numbers, nothing a spreadsheet would run."""

import csv
import io
import re
from fractions import Fraction
from html import unescape

import openpyxl
import pytest

from central_hub.tables import csv_bytes, guarded, xlsx_bytes
from tests.support.hub import ProvinceHub, Visitor, shared_province


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("thongke")


def shown(page: str) -> list[list[str]]:
    """The rows of the report as text."""
    body = page[
        page.index('<table class="mc-report">') : page.index(
            "</table>", page.index('<table class="mc-report">')
        )
    ]
    rows = re.findall(r"<tr>(.*?)</tr>", body[body.index("<tbody>") :], re.DOTALL)
    return [
        [
            unescape(re.sub(r"<.*?>", "", cell)).strip()
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("group", ["commune", "field", "procedure", "month"])
def test_page_csv_and_workbook_hold_the_same_numbers(visitor: Visitor, group: str) -> None:
    address = f"/reports?group={group}&from=2026-07-01&to=2026-09-30"
    page = shown(visitor.page(address))
    lines = rows_of(visitor.get(f"{address}&format=csv").data)[1:]
    assert len(page) == len(lines)
    for drawn, line in zip(page, lines, strict=True):
        assert drawn[1] == line[1]
        assert [cell.replace(".", "") for cell in drawn[2:15]] == line[2:15]
    book = openpyxl.load_workbook(io.BytesIO(visitor.get(f"{address}&format=xlsx").data))
    sheet = book["II.06a"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]
    assert [[str(c) for c in row[2:15]] for row in cells] == [line[2:15] for line in lines]
    assert sheet["A1"].value == "Thành phố Đà Nẵng"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_every_row_of_the_report_agrees_with_itself(visitor: Visitor) -> None:
    for line in rows_of(visitor.get("/reports?from=2026-07-01&to=2026-09-30&format=csv").data)[1:]:
        (
            received,
            online,
            other,
            carried,
            solved,
            early,
            on_time,
            late,
            open_,
            in_term,
            overdue,
            gone,
            refused,
        ) = map(int, line[2:15])
        assert received == online + other + carried == solved + open_ + gone + refused
        assert solved == early + on_time + late
        assert open_ == in_term + overdue
        rate_a, rate_b = (Fraction(cell) if cell else None for cell in line[15:17])
        if rate_a is not None:
            assert abs(rate_a - Fraction(early + on_time, solved)) <= Fraction(1, 20_000)
        if rate_b is not None:
            assert abs(rate_b - Fraction(early + on_time + in_term, received - gone - refused)) <= Fraction(
                1, 20_000
            )


def test_the_sum_is_that_of_the_rows_but_for_months(visitor: Visitor) -> None:
    *rows, last = rows_of(visitor.get("/reports?from=2026-07-01&to=2026-09-30&format=csv").data)[1:]
    for column in range(2, 15):
        assert sum(int(row[column]) for row in rows) == int(last[column])
    page = visitor.page("/reports?group=month&from=2026-07-01&to=2026-09-30")
    assert "dòng tổng là của cả kỳ" in page


def test_numbers_of_the_report_open_their_dossiers(visitor: Visitor) -> None:
    page = visitor.page("/reports?from=2026-07-01&to=2026-09-30")
    links = re.findall(r'<td[^>]*><a href="([^"]*)">([\d.]+)</a></td>', page)
    assert len(links) > 50
    for href, number in links[::7]:
        counted = re.search(r'mc-why-count">([\d.]+)<', visitor.page(unescape(href)))
        assert counted and counted[1] == number


def test_the_report_explains_its_columns(visitor: Visitor) -> None:
    page = visitor.page("/reports")
    for text in ("Rút: công dân rút hồ sơ", "Tỷ lệ A =", "Tỷ lệ B =", "766/QĐ-TTg", "định nghĩa phiên bản 1"):
        assert text in page


@pytest.mark.parametrize("text", ["=1+1", "+84905", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_never_becomes_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert rows_of(csv_bytes(["a"], [[text]]))[1][0].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes("s", ["a"], [[text, 1]]))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"


def test_ordinary_text_and_numbers_stay_as_they_are() -> None:
    assert guarded("Phường Hải Châu") == "Phường Hải Châu"
    assert rows_of(csv_bytes(["a", "b"], [["x, y", -5], [None, Fraction(1, 3)]])) == [
        ["a", "b"],
        ["x, y", "-5"],
        ["", "0.3333"],
    ]
