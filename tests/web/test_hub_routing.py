"""The province's lists of routed dossiers: where each waits, filtered, sorted, counted, saved as a file; no personal data."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from central_hub.app import create_app
from tests.support.hub import DAY_MS, NOW_MS, PASSWORD, ProvinceHub, Visitor, found_province
from tests.unit.central_hub.test_hub_routes import OTHER, THIRD, receive, send

HOME = "20242"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    hub = found_province(tmp_path)
    home = hub.enrol(HOME)
    for competent in (OTHER, OTHER, THIRD):
        receive(home, competent)
    dossier, opening = receive(home, HOME)
    facts = {"to": "48003", "deadline": NOW_MS - DAY_MS}
    home.log.write("dossier.referred", dossier, facts, {"ground": "x"}, parents=(opening,))
    send(hub, home)
    return hub


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    visitor = Visitor(create_app(hub.services.config, hub.services).test_client())
    answer = visitor.post("/login", login="quantri", password=PASSWORD)
    assert answer.status_code in (302, 303)
    return visitor


def test_every_leg_is_listed_with_where_it_waits(visitor: Visitor) -> None:
    page = visitor.page("/routing")
    assert page.count("Chờ tiếp nhận</span>") + page.count("Phường Hòa Cường") >= 3
    assert "Sở Tư pháp" in page and "Nguyễn Thị Lan" not in page
    assert "Hồ sơ chờ đơn vị khác tiếp nhận" in visitor.page("/")


def test_it_is_filtered_by_unit_and_state(visitor: Visitor) -> None:
    lines = visitor.get(f"/routing?unit={OTHER}&format=csv").text.splitlines()
    assert len(lines) == 3 and all("Phường Hòa Cường" in line for line in lines[1:])
    assert len(visitor.get("/routing?format=csv").text.splitlines()) == 5
    assert len(visitor.get("/routing?leg=ended&format=csv").text.splitlines()) == 1
    assert visitor.get("/routing?unit=zz&leg=xx&purpose=yy&sort=zz&page=-1").status_code == 200


def rows(visitor: Visitor, address: str) -> list[list[str]]:
    """The lines of a list's CSV file, without its header."""
    text = visitor.get(address).data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


@pytest.mark.parametrize(
    ("wish", "count"),
    [
        ("", 4),
        ("purpose=referral", 1),
        ("purpose=competent", 3),
        (f"receiver={OTHER}", 2),
        (f"sender={OTHER}", 0),
        (f"sender={HOME}&receiver=48003", 1),
        ("leg=waiting", 4),
        ("leg=accepted", 0),
        ("leg=late", 1),
        ("leg=ended", 0),
    ],
)
def test_legs_and_the_dossiers_behind_a_figure_are_narrowed_alike(
    visitor: Visitor, wish: str, count: int
) -> None:
    assert len(rows(visitor, f"/routing?format=csv&{wish}")) == count
    behind = "/statistics/dossiers?figure=received&from=2020-01-01&to=2026-12-31"
    assert len(rows(visitor, f"{behind}&routed=1&{wish}&format=csv")) == count
    if count:
        page = visitor.page(f"{behind}&routed=1&{wish}")
        assert f'<strong class="mc-why-count">{count}</strong>' in page and "→" in page


def test_only_routed_dossiers_are_left_and_the_rest_stays_as_it_was(
    hub: ProvinceHub, visitor: Visitor
) -> None:
    home = hub.desks[0]
    receive(home, HOME)
    send(hub, home)
    behind = "/statistics/dossiers?figure=received&from=2020-01-01&to=2026-12-31"
    assert len(rows(visitor, f"{behind}&format=csv")) == 5
    assert len(rows(visitor, f"{behind}&routed=1&format=csv")) == 4
    assert "Sở Tư pháp" not in "".join(map(str, rows(visitor, f"{behind}&format=csv")))


def test_a_leg_without_a_deadline_is_overdue_with_its_dossier(hub: ProvinceHub) -> None:
    hub.clock.now += 400 * DAY_MS
    visitor = hub.browser("quantri")
    assert len(rows(visitor, "/routing?leg=late&format=csv")) == 4
    assert visitor.page("/routing?leg=late").count("quá hạn</span>") == 4


def test_lists_are_sorted_both_ways_and_saved_as_a_workbook(visitor: Visitor) -> None:
    behind = "/statistics/dossiers?figure=received&from=2020-01-01&to=2026-12-31&routed=1"
    for address, column in (("/routing?sort=deadline", 7), (f"{behind}&sort=due", 5)):
        up = [row[column] for row in rows(visitor, f"{address}&format=csv")]
        down = [row[column] for row in rows(visitor, f"{address}&dir=desc&format=csv")]
        assert [value for value in up if value] == [value for value in down if value][::-1]
        assert up[-1] == down[-1] == min(up) or all(up)
    for address in ("/routing?format=xlsx", f"{behind}&format=xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(visitor.get(address).data)).active
        assert sheet is not None
        written = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        assert any("Sở Tư pháp" in str(cell) for cell in written)
        assert not any("Nguyễn Thị Lan" in str(cell) for cell in written)


def test_a_dossier_shows_its_way(hub: ProvinceHub, visitor: Visitor) -> None:
    code = next(row[0] for row in rows(visitor, "/routing?purpose=referral&format=csv"))
    page = visitor.client.get(f"/search?q={code}", follow_redirects=True).text
    if "Đường đi của hồ sơ" not in page:  # several dossiers of this hub have one code
        address = page.split('href="/statistics/dossiers/')
        page = "".join(visitor.page(f"/statistics/dossiers/{part[:32]}") for part in address[1:])
    assert "Đường đi của hồ sơ" in page and "Sở Tư pháp" in page and "quá hạn" in page
