"""The interface for programs: real answers held against its own OpenAPI document."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from tests.support.hub import ProvinceHub, Visitor, found_province, shared_province


@pytest.fixture(scope="module")
def full() -> ProvinceHub:
    return shared_province()


@pytest.fixture(scope="module")
def document(full: ProvinceHub) -> OpenAPI:
    return OpenAPI.from_dict(
        full.browser().get("/api/openapi.json").json,
        config=Config(extra_media_type_deserializers={"application/problem+json": json.loads}),
    )


def token_of(hub: ProvinceHub, label: str = "Cổng dữ liệu") -> str:
    answer = hub.browser("quantri").post("/administration/tokens", label=label)
    found = re.search(r"<output>(mch_[0-9a-f]{48})</output>", answer.text)
    assert found, answer.text
    return found[1]


def held_against(document: OpenAPI, path: str, answer: TestResponse) -> None:
    request = Request(EnvironBuilder(path=path, base_url="http://localhost").get_environ())
    document.validate_response(WerkzeugOpenAPIRequest(request), WerkzeugOpenAPIResponse(answer))


@pytest.mark.parametrize(
    "query",
    [
        "", "?group=commune", "?group=field", "?group=procedure", "?group=month&from=2026-01-01&to=2026-12-31",
        "?from=2026-07-01&to=2026-09-30&commune=20195", "?field=civil_status", "?from=2020-01-01&to=2020-01-31",
    ],
)  # fmt: skip
def test_statistics_are_as_described(full: ProvinceHub, document: OpenAPI, query: str) -> None:
    answer = full.browser("thongke").get(f"/api/v1/statistics{query}")
    assert answer.status_code == 200
    held_against(document, f"/api/v1/statistics{query}", answer)


def test_statistics_are_the_figures_of_the_report(full: ProvinceHub) -> None:
    visitor = full.browser("thongke")
    said = visitor.get("/api/v1/statistics?from=2026-07-01&to=2026-09-30").json
    lines = (
        visitor.get("/reports?from=2026-07-01&to=2026-09-30&format=csv").data.decode("utf-8-sig").splitlines()
    )
    assert len(said["rows"]) == len(lines) - 2
    assert str(said["total"]["received"]["total"]) == lines[-1].split(",")[2]
    assert said["period"] == {"from": "2026-07-01", "to": "2026-09-30", "as_of": "2026-09-30"}
    rate = said["total"]["rates"]["A"]
    assert rate["value"] == round(rate["numerator"] / rate["denominator"], 6)


@pytest.mark.parametrize("query", ["from=x", "from=2026-02-01&to=2026-01-01", "group=all", "commune=a b"])
def test_a_question_that_cannot_be_read_is_a_problem(
    full: ProvinceHub, document: OpenAPI, query: str
) -> None:
    answer = full.browser("thongke").get(f"/api/v1/statistics?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "HUB_INPUT"
    held_against(document, "/api/v1/statistics", answer)


def test_nodes_health_and_the_document_itself_are_as_described(full: ProvinceHub, document: OpenAPI) -> None:
    visitor = full.browser("thongke")
    for path in ("/api/v1/nodes", "/health", "/api/openapi.json", "/metrics"):
        answer = visitor.get(path)
        assert answer.status_code == 200
        held_against(document, path, answer)
    nodes = visitor.get("/api/v1/nodes").json["nodes"]
    assert len(nodes) == 8
    assert sorted(node["state"] for node in nodes) == ["lagging", "lagging", "silent", *["well"] * 5]
    silent = next(node for node in nodes if node["state"] == "silent")
    assert silent["last_contact"] == "2026-11-16T14:05:00+07:00"


def test_a_pc_whose_sync_fails_is_described_too(tmp_path: Path, document: OpenAPI) -> None:
    """The document listed five of six states: a program that checks its answers refused the fleet of a bad day."""
    hub = found_province(tmp_path)
    hub.contact(hub.enrol("20242"), problem="ROUND_FORMAT")
    answer = hub.browser("kiemtra").get("/api/v1/nodes")
    held_against(document, "/api/v1/nodes", answer)
    assert [node["state"] for node in answer.json["nodes"]] == ["failing"]


def test_without_a_token_nothing_is_told(tmp_path: Path, document: OpenAPI) -> None:
    nobody = found_province(tmp_path).browser()
    for path in ("/api/v1/statistics", "/api/v1/nodes"):
        for header in ({}, {"Authorization": "Bearer mch_wrong"}, {"Authorization": "Basic eDp5"}):
            answer = nobody.get(path, headers=header)
            assert answer.status_code == 401
            assert answer.json["code"] == "HUB_API_TOKEN"
            held_against(document, path, answer)


def test_a_token_reads_until_it_is_withdrawn(tmp_path: Path) -> None:
    hub = found_province(tmp_path)
    token = token_of(hub)
    nobody = Visitor(hub.app.test_client())
    header = {"Authorization": f"Bearer {token}"}
    assert nobody.get("/api/v1/statistics", headers=header).status_code == 200
    assert nobody.get("/api/v1/nodes", headers=header).status_code == 200
    assert nobody.get("/reports", headers=header).status_code == 302
    visitor = hub.browser("quantri")
    page = visitor.page("/administration")
    assert "Cổng dữ liệu" in page
    assert token not in page
    visitor.post("/administration/tokens/withdraw", label="Cổng dữ liệu")
    assert nobody.get("/api/v1/nodes", headers=header).status_code == 401
    assert "Cổng dữ liệu" not in visitor.page("/administration")


def test_a_token_has_a_name_of_its_own(tmp_path: Path) -> None:
    visitor = found_province(tmp_path).browser("quantri")
    for label, status in (("Cổng", 200), ("Cổng", 422), ("", 422), ("x" * 61, 422)):
        assert visitor.post("/administration/tokens", label=label).status_code == status


def test_public_figures_need_no_token_but_the_fleet_does(tmp_path: Path) -> None:
    nobody = found_province(tmp_path, public_statistics=True).browser()
    assert nobody.get("/api/v1/statistics").status_code == 200
    assert nobody.get("/api/v1/nodes").status_code == 401


def test_the_document_names_every_program_route_and_no_other(full: ProvinceHub) -> None:
    said: dict[str, Any] = full.browser().get("/api/openapi.json").json
    rules = {rule.rule for rule in full.app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    routes = {rule.replace("<", "{").replace(">", "}") for rule in rules}
    assert set(said["paths"]) == routes | {"/health", "/metrics"}
