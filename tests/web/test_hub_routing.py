"""The province's page of routed dossiers: where each waits, filtered, counted, saved as a file; no personal data."""

from pathlib import Path

import pytest

from central_hub.app import create_app
from tests.support.hub import PASSWORD, ProvinceHub, Visitor, found_province
from tests.unit.central_hub.test_hub_routes import OTHER, THIRD, receive, send

HOME = "20242"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    hub = found_province(tmp_path)
    home = hub.enrol(HOME)
    for competent in (OTHER, OTHER, THIRD):
        receive(home, competent)
    dossier, opening = receive(home, HOME)
    home.log.write("dossier.referred", dossier, {"to": "48003"}, {"ground": "x"}, parents=(opening,))
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
    assert len(visitor.get("/routing?show=ended&format=csv").text.splitlines()) == 1
    assert visitor.get("/routing?unit=zz&show=xx&page=-1").status_code == 200
