"""A PC without a line is enrolled at the screens: the request on the stick to the province, the answer back."""

from io import BytesIO
from pathlib import Path

import pytest

from central_hub.registry.enrolment import issue_code
from central_hub.store.engine import writing
from edge_node import create_app
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import initialise
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import build_services
from edge_node.store import open_database
from edge_node.store.local import read_office
from signing.keys import LockCost
from tests.support.hub import ProvinceHub, found_province
from tests.support.node import PIN


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def test_request_and_answer_travel_as_files(hub: ProvinceHub, tmp_path: Path) -> None:
    services = build_services(EdgeConfig(data=tmp_path / "pc", reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    app = create_app(services.config, services)
    app.testing = True
    client = app.test_client()
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit="20242", device_name="Quầy 1").code
    assert "ghi yêu cầu vào tệp" in client.get("/setup").text
    with client.session_transaction() as session:
        token = session["csrf_token"]
    typed = {
        "csrf_token": token, "hub_url": "http://tinh", "code": code, "device_name": "Quầy 1", "officer_name": "Quý",
        "officer_title": "", "pin": PIN, "pin_again": PIN, "to_file": "1",
    }  # fmt: skip
    assert client.post("/setup", data=typed | {"code": "X"}).status_code == 422
    request = client.post("/setup", data=typed)
    assert request.status_code == 200 and request.mimetype == "application/json"
    keeper = hub.browser("khoa")
    wrong = keeper.post("/nodes/codes/file", file=(BytesIO(b"{}"), "x.json"))
    assert wrong.status_code == 422
    answer = keeper.post("/nodes/codes/file", file=(BytesIO(request.data), "x.json"))
    assert answer.status_code == 200, answer.text
    bad = {"csrf_token": token, "answer": (BytesIO(b"no"), "x.json")}
    assert client.post("/setup/answer", data=bad).status_code == 422
    good = {"csrf_token": token, "answer": (BytesIO(answer.data), "x.json")}
    assert client.post("/setup/answer", data=good).location == "/login"
    office = read_office(db)
    assert office is not None and office.unit == "20242"
    db.conn.close()
