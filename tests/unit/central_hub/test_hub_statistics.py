"""Every figure against a count of the dossiers themselves, for any period, grouping and filter."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import Connection

from central_hub.publishing.keeper import CatalogueKeeper
from central_hub.statistics.lists import (
    DossierPage,
    Figure,
    count_by_scan,
    dossier_page,
    find_by_code,
    value_of,
)
from central_hub.statistics.periods import Period, PeriodInvalid
from central_hub.statistics.service import OTHER_FIELD, Filter, Grain, Group, Statistics
from central_hub.store.engine import reading
from dossiers.statistics import total
from tests.support.hub import ProvinceHub, found_province, populate

TODAY = 20261120
PERIODS = (
    Period.month(2026, 10),
    Period.quarter(2026, 3),
    Period.year(2026),
    Period(first=20261105, last=20261105),
    Period(first=20260915, last=20261107),
    Period(first=20261001, last=20261118),
    Period(first=20260810, last=20261231),
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    hub = found_province(tmp_path_factory.mktemp("hub"))
    populate(hub, communes=4, a_day=1.5)
    return hub


@pytest.fixture
def connection(hub: ProvinceHub) -> Iterator[Connection]:
    with reading(hub.services.engine) as connection:
        yield connection


@pytest.fixture
def statistics(hub: ProvinceHub, connection: Connection) -> Statistics:
    services = hub.services
    return Statistics(connection, catalogue=services.catalogue, units=services.units, today=TODAY)


def filter_of(group: Group, key: str) -> Filter:
    match group:
        case Group.COMMUNE:
            return Filter(commune=key)
        case Group.FIELD:
            return Filter(field=key)
        case _:
            return Filter(procedure=key)


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_totals_are_what_a_scan_counts(
    connection: Connection, statistics: Statistics, period: Period
) -> None:
    row = statistics.report(period, Group.COMMUNE).total
    for figure in Figure:
        assert value_of(row, figure) == count_by_scan(
            connection, statistics, period, figure, Filter(), today=TODAY
        ), figure


@pytest.mark.parametrize("group", [Group.COMMUNE, Group.FIELD, Group.PROCEDURE])
@pytest.mark.parametrize("period", PERIODS[::3], ids=str)
def test_rows_add_up_and_every_list_has_as_many_dossiers_as_its_figure(
    connection: Connection, statistics: Statistics, period: Period, group: Group
) -> None:
    report = statistics.report(period, group)
    assert report.rows and total(row.row for row in report.rows) == report.total
    for row in report.rows[:3]:
        for figure in Figure:
            page = dossier_page(
                connection,
                statistics,
                period,
                figure,
                filter_of(group, row.key),
                today=TODAY,
                page_rows=5_000,
            )
            assert page.total == len(page.lines) == value_of(row.row, figure), (row.key, figure)


def test_filters_narrow_a_report(statistics: Statistics) -> None:
    period = Period.year(2026)
    for row in statistics.report(period, Group.COMMUNE).rows:
        inner = statistics.report(period, Group.PROCEDURE, Filter(commune=row.key))
        assert inner.total == row.row == total(part.row for part in inner.rows)
    for row in statistics.report(period, Group.FIELD).rows:
        inner = statistics.report(period, Group.COMMUNE, Filter(field=row.key))
        assert inner.total == row.row


def test_months_carry_over_from_one_to_the_next(statistics: Statistics) -> None:
    rows = [row.row for row in statistics.report(Period.year(2026), Group.MONTH).rows]
    assert len(rows) == 11, "months to come are not shown"
    for earlier, later in pairwise(rows):
        assert later.carried_over == earlier.processing
    whole = statistics.report(Period.year(2026), Group.COMMUNE).total
    assert sum(row.solved for row in rows) == whole.solved


def test_a_period_that_is_not_over_tells_stocks_as_of_today(statistics: Statistics) -> None:
    report = statistics.report(Period.month(2026, 11), Group.COMMUNE)
    assert report.as_of == TODAY
    assert report.total == statistics.report(Period(first=20261101, last=TODAY), Group.COMMUNE).total


def test_the_overview_agrees_with_the_report(statistics: Statistics) -> None:
    period = Period(first=20260915, last=TODAY)
    overview, report = statistics.overview(period), statistics.report(period, Group.FIELD)
    assert overview.total == report.total
    assert overview.by_field == report.rows
    assert overview.grain is Grain.MONTH
    assert sum(moment.received for moment in overview.over_time) == report.total.online + report.total.other
    assert sum(moment.solved for moment in overview.over_time) == report.total.solved
    days = statistics.overview(Period.month(2026, 10))
    assert days.grain is Grain.DAY and len(days.over_time) == 31
    assert sum(moment.solved for moment in days.over_time) == days.total.solved


def test_the_ranking_puts_the_best_rate_first(statistics: Statistics) -> None:
    ranked = [row.row for row in statistics.ranking(Period.year(2026))]
    rates = [(row.early + row.on_time) / row.solved for row in ranked if row.solved]
    assert rates == sorted(rates, reverse=True)


def test_pages_of_a_list_show_each_dossier_once(connection: Connection, statistics: Statistics) -> None:
    def page(number: int) -> DossierPage:
        return dossier_page(
            connection,
            statistics,
            Period.year(2026),
            Figure.RECEIVED,
            Filter(),
            today=TODAY,
            page=number,
            page_rows=40,
        )

    first = page(1)
    seen = [line.dossier for number in range(1, first.pages + 1) for line in page(number).lines]
    assert len(seen) == len(set(seen)) == first.total
    assert page(10_000).page == first.pages


def test_a_dossier_is_found_by_the_beginning_of_its_code(connection: Connection) -> None:
    found = find_by_code(connection, "h17.", today=TODAY, limit=5)
    assert len(found) == 5
    assert find_by_code(connection, found[0].code, today=TODAY)[0].dossier == found[0].dossier
    assert find_by_code(connection, "  ", today=TODAY) == ()


def test_procedures_that_no_catalogue_names_have_a_row_of_their_own(
    hub: ProvinceHub, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = CatalogueKeeper()
    monkeypatch.setattr(catalogue, "field_of", lambda _: {})
    statistics = Statistics(connection, catalogue=catalogue, units=hub.services.units, today=TODAY)
    report = statistics.report(Period.year(2026), Group.FIELD)
    assert [row.key for row in report.rows] == [OTHER_FIELD]
    narrowed = statistics.report(Period.year(2026), Group.COMMUNE, Filter(field=OTHER_FIELD))
    assert narrowed.total == report.total


@pytest.mark.parametrize(
    ("first", "last"), [(20261301, 20261302), (20261102, 20261101), (20260230, 20260301)]
)
def test_days_that_are_none_are_no_period(first: int, last: int) -> None:
    with pytest.raises(PeriodInvalid):
        Period(first=first, last=last)


def test_a_period_is_cut_into_days_and_months() -> None:
    pieces = [(p.grain, p.first, p.last) for p in Period(first=20260115, last=20260410).within()]
    assert pieces == [
        (Grain.DAY, 20260115, 20260131),
        (Grain.DAY, 20260401, 20260410),
        (Grain.MONTH, 202602, 202603),
    ]
    assert [p.grain for p in Period.year(2026).within()] == [Grain.MONTH]
    assert [p.grain for p in Period(first=20260103, last=20260128).within()] == [Grain.DAY]
    assert [(p.first, p.last) for p in Period(first=20260103, last=20260128).before()] == [
        (0, 202512),
        (20260101, 20260102),
    ]
