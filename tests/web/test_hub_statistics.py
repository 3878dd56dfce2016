"""Figures and the lists behind them: what a page says is what its list holds, for every column and every grouping."""

import csv
import io
import re
from datetime import date
from html import unescape

import pytest

from central_hub.statistics.choice import ChoiceInvalid, parse_day, previous, quarter_of, read_strictly
from central_hub.statistics.courses import Step, course, courses_by, cut, step_of
from central_hub.statistics.lists import Figure, count_by_scan, value_of
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Statistics
from central_hub.statistics.sums import Slice
from central_hub.store.engine import reading
from dossiers.statistics import total
from tests.support.hub import ProvinceHub, Visitor, shared_province

TODAY = 20261120
QUARTER = Period.quarter(2026, 4)
PERIODS = (QUARTER, Period.month(2026, 8), Period.year(2026), Period(first=20260907, last=20261103))


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("thongke")


def statistics(hub: ProvinceHub, connection) -> Statistics:  # type: ignore[no-untyped-def]
    return Statistics(
        connection, catalogue=hub.services.catalogue, units=hub.services.units, today=TODAY, language="vi"
    )


@pytest.mark.parametrize("group", ["commune", "field", "procedure", "month"])
def test_every_number_of_the_table_opens_a_list_of_as_many_dossiers(visitor: Visitor, group: str) -> None:
    page = visitor.page(f"/statistics?group={group}")
    cells = re.findall(
        r'<td class="mc-number[^"]*" data-label="[^"]*"><a href="([^"]*)">([\d.]+)</a></td>', page
    )
    assert len(cells) > 10
    for href, number in cells:
        behind = visitor.page(unescape(href))
        counted = re.search(r'mc-why-count">([\d.]+)<', behind)
        assert counted and counted[1] == number, href
        rows = len(re.findall(r'class="mc-row-link mc-code"', behind))
        assert rows == min(int(number.replace(".", "")), 50), href


def test_a_name_leads_further_in_and_the_filter_can_be_taken_off(visitor: Visitor) -> None:
    page = visitor.page("/statistics?commune=20195")
    assert "Phường Hải Vân" in page
    further = re.findall(
        r'class="mc-row-link" href="([^"]*)"', visitor.page("/statistics?commune=20195&group=field")
    )
    assert all("commune=20195" in link and "field=" in link for link in further)
    assert "commune=20195" not in re.findall(r'mc-chip" href="([^"]*)" title="Bỏ lọc"', page)[0]


@pytest.mark.parametrize(
    "sort", ["name", "in_period", "solved", "overdue", "rate_a", "rate_b", "withdrawn", "nonsense"]
)
def test_the_table_sorts_both_ways(visitor: Visitor, sort: str) -> None:
    orders = []
    for direction in ("asc", "desc"):
        page = visitor.page(f"/statistics?sort={sort}&dir={direction}")
        orders.append(re.findall(r'class="mc-row-link" href="[^"]*">([^<]+)<', page))
    assert sorted(orders[0]) == sorted(orders[1])
    if sort in ("name", "in_period", "solved"):
        assert orders[0] != orders[1]


def test_a_list_is_paged_and_exported_whole(visitor: Visitor) -> None:
    first = visitor.page("/statistics/dossiers?figure=solved&from=2026-07-01&to=2026-09-30")
    count = int(re.search(r'mc-why-count">([\d.]+)<', first)[1].replace(".", ""))  # type: ignore[index]
    assert count > 100
    assert 'rel="next"' in first
    codes = set()
    for page in range(1, count // 50 + 2):
        found = visitor.page(f"/statistics/dossiers?figure=solved&from=2026-07-01&to=2026-09-30&page={page}")
        codes |= set(re.findall(r'mc-row-link mc-code" href="/statistics/dossiers/([0-9a-f]{32})"', found))
    assert len(codes) == count
    answer = visitor.get("/statistics/dossiers?figure=solved&from=2026-07-01&to=2026-09-30&format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="solved-2026-07-01-2026-09-30.csv"'
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == count + 1
    assert rows[0][0] == "Mã hồ sơ"


def test_lists_and_dossiers_hold_nothing_personal(visitor: Visitor) -> None:
    page = visitor.page("/statistics/dossiers?figure=received")
    link = re.search(r'href="(/statistics/dossiers/[0-9a-f]{32})"', page)
    assert link
    for text in (
        page,
        visitor.page(link[1]),
        visitor.get("/statistics/dossiers?figure=received&format=csv").text,
    ):
        for secret in ("Nguyễn Văn An", "Võ Thị Thanh Hằng", "048090003318"):
            assert secret not in text


def test_one_dossier_shows_who_signed_what(visitor: Visitor) -> None:
    page = visitor.page("/statistics/dossiers?figure=solved&commune=20195")
    link = re.search(r'href="(/statistics/dossiers/[0-9a-f]{32})"', page)
    assert link
    card = visitor.page(link[1])
    assert "Tiếp nhận hồ sơ" in card
    assert "Ban hành kết quả" in card
    assert "Nguyễn Thị Lan" in card
    assert visitor.get("/statistics/dossiers/" + "0" * 32).status_code == 404
    assert visitor.get("/statistics/dossiers/../../etc").status_code == 404


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("figure", list(Figure))
def test_figures_are_the_rows_of_dossiers_counted_one_by_one(
    hub: ProvinceHub, period: Period, figure: Figure
) -> None:
    with reading(hub.services.engine) as connection:
        figures = statistics(hub, connection)
        for chosen in (Filter(), Filter(commune="20195"), Filter(field="civil_status")):
            shown = value_of(figures.report(period, Group.COMMUNE, chosen).total, figure)
            assert shown == count_by_scan(connection, figures, period, figure, chosen, today=TODAY)


@pytest.mark.parametrize("period", PERIODS)
def test_a_course_is_the_reports_of_its_points(hub: ProvinceHub, period: Period) -> None:
    past = period.until(TODAY)
    with reading(hub.services.engine) as connection:
        figures = statistics(hub, connection)
        whole = course(connection, past, Slice())
        by_commune = courses_by(connection, past, "commune", Slice())
        assert whole.points == cut(past)
        for at, point in enumerate(whole.points):
            assert whole.rows[at] == figures.report(point, Group.MONTH).total
            assert total(each.rows[at] for each in by_commune.values()) == whole.rows[at]
        some = sorted(by_commune)[1:3]
        assert courses_by(connection, past, "commune", Slice(), keys=some) == {
            key: by_commune[key] for key in some
        }


def test_points_are_days_weeks_or_months() -> None:
    assert step_of(Period.month(2026, 11)) is Step.DAY
    assert step_of(QUARTER) is Step.WEEK
    assert step_of(Period.year(2026)) is Step.MONTH
    weeks = cut(QUARTER)
    assert weeks[0] == Period(first=20261001, last=20261004)
    assert all(week.first_date.weekday() == 0 for week in weeks[1:])
    assert [week.last_date for week in weeks][-1] == date(2026, 12, 31)


def test_a_period_is_compared_with_as_much_of_the_one_before() -> None:
    assert previous(QUARTER, TODAY) == Period(first=20260701, last=20260820)
    assert previous(Period.quarter(2026, 3), TODAY) == Period.quarter(2026, 2)
    assert previous(Period.month(2026, 3), TODAY) == Period.month(2026, 2)
    assert previous(Period.year(2026), TODAY) == Period(first=20250101, last=20251120)
    assert previous(Period(first=20261110, last=20261116), TODAY) == Period(first=20261103, last=20261109)


def test_an_address_is_read_strictly() -> None:
    assert parse_day("01/10/2026") == parse_day("2026-10-01") == 20261001
    assert quarter_of(20261231) == QUARTER
    good = read_strictly(
        {"from": "2026-10-01", "to": "2026-10-31", "group": "field", "page": "2"}, today=TODAY
    )
    assert (good.period, good.group, good.page) == (Period.month(2026, 10), Group.FIELD, 2)
    for wrong in (
        {"group": "x"},
        {"page": "0"},
        {"page": "x"},
        {"commune": "a b"},
        {"figure": "all"},
        {"to": "1"},
    ):
        with pytest.raises(ChoiceInvalid):
            read_strictly(wrong, today=TODAY)


def test_an_address_leads_back_to_the_same_choice() -> None:
    args = {"from": "2026-10-01", "to": "2026-10-31", "commune": "20195", "procedure": "1.001193"}
    choice = read_strictly(args, today=TODAY)
    assert choice.address("/reports") == (
        "/reports?from=2026-10-01&to=2026-10-31&commune=20195&procedure=1.001193"
    )
