"""`POST /api/v1/verify`: the same finding as the function on every golden case, nothing kept, and not too often."""

import io
import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import segno
from jsonschema import Draft202012Validator
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from sqlalchemy import inspect
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from central_hub.database import _EXTENSION
from central_hub.store.engine import reading
from central_hub.verify import service
from signing import opening
from signing.bundles import open_unpinned_bundle
from signing.report_schema import REPORT_SCHEMA
from signing.snapshot import open_snapshot
from signing.verification import VerifyPolicy, verify
from tests.support.corpus.cases import stored
from tests.support.hub import ProvinceHub, Visitor, found_province
from tests.support.paper import paper_code
from tests.support.pdfs import sample_pdfs
from tests.support.proof_world import NOON_MS

CASES = list(stored())
PATH = "/api/v1/verify"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def agency_key(hub: ProvinceHub) -> str:
    answer = hub.browser("quantri").post("/administration/tokens", label="Công an thành phố", scope="verify")
    found = re.search(r"<output>(mch_[0-9a-f]{48})</output>", answer.text)
    assert found, answer.text
    return found[1]


def send(visitor: Visitor, data: bytes, query: str = "", **headers: str) -> TestResponse:
    return visitor.client.post(PATH + query, data=data, content_type="application/json", headers=headers)


def held_against_the_document(hub: ProvinceHub, answer: TestResponse) -> None:
    document = OpenAPI.from_dict(
        hub.browser().get("/api/openapi.json").json,
        config=Config(extra_media_type_deserializers={"application/problem+json": json.loads}),
    )
    environ = EnvironBuilder(path=PATH, base_url="http://localhost", method="POST").get_environ()
    document.validate_response(WerkzeugOpenAPIRequest(Request(environ)), WerkzeugOpenAPIResponse(answer))


def test_the_hub_says_what_the_function_says(hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """All golden cases, each under its own trust, status and time: no disagreement."""
    visitor, key = hub.browser(), agency_key(hub)
    schema = Draft202012Validator(REPORT_SCHEMA)
    for case in CASES:
        bundle = open_unpinned_bundle(case["trust_bytes"])
        status = None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)
        now = NOON_MS if case["now"] is None else case["now"]
        services = replace(
            hub.services, keys=replace(hub.services.keys, bundle=bundle), clock=lambda now=now: now
        )
        hub.app.extensions[_EXTENSION] = services
        monkeypatch.setattr(service, "live_status", lambda *_, status=status: status)
        query = "?require_log=true" if case["require_log"] else ""
        answer = send(visitor, case["data"], query, Authorization=f"Bearer {key}")
        policy = VerifyPolicy(require_log=case["require_log"])
        expected = verify(case["data"], bundle, now, status=status, policy=policy)
        if not case["data"]:
            assert answer.status_code == 422, case["name"]
            continue
        assert answer.status_code == 200, case["name"]
        assert answer.json == json.loads(json.dumps(expected.json())), case["name"]
        assert answer.json["indication"] == case["expected"]["indication"], case["name"]
        assert not list(schema.iter_errors(answer.json)), case["name"]


def test_the_schema_is_served_and_is_one(hub: ProvinceHub) -> None:
    served = hub.browser().get("/api/report.schema.json").json
    assert served == REPORT_SCHEMA
    Draft202012Validator.check_schema(served)


def test_answers_are_as_described(hub: ProvinceHub) -> None:
    visitor = hub.browser()
    for data in (CASES[0]["data"], b"{}", b""):
        held_against_the_document(hub, send(visitor, data))
    held_against_the_document(hub, send(visitor, b"{}", Authorization="Bearer mch_wrong"))


def test_nothing_that_was_sent_is_kept(hub: ProvinceHub, tmp_path: Path) -> None:
    """Not in a table, not in a file: a mark in the input is found nowhere afterwards."""
    mark = b"dau-vet-rieng-7f3a"
    assert send(hub.browser(), b'{"format":"' + mark + b'"}').json["exit_code"] == 3
    page = hub.browser().post("/verify", text=mark.decode())
    assert page.status_code == 200
    with reading(hub.services.engine) as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').fetchall()
            assert mark not in repr(rows).encode(), table
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and mark in path.read_bytes()]


def test_a_visitor_may_not_ask_for_ever_and_an_agency_longer(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "VISITOR_ASKS_MAX", 3)
    monkeypatch.setattr(service, "AGENCY_ASKS_MAX", 5)
    visitor, key = hub.browser(), agency_key(hub)
    assert [send(visitor, b"{}").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = send(visitor, b"{}")
    assert (answer.json["code"], answer.content_type) == ("THROTTLED", "application/problem+json")
    held_against_the_document(hub, answer)
    assert visitor.post("/verify", text="x").status_code == 429
    agency = {"Authorization": f"Bearer {key}"}
    assert [send(visitor, b"{}", **agency).status_code for _ in range(6)] == [200] * 5 + [429]
    hub.clock.now += 31 * 60 * 1000
    assert send(visitor, b"{}").status_code == 200


def test_an_agency_key_opens_nothing_else(hub: ProvinceHub) -> None:
    visitor, key = hub.browser(), agency_key(hub)
    header = {"Authorization": f"Bearer {key}"}
    assert visitor.get("/api/v1/statistics", headers=header).status_code == 401
    assert visitor.get("/api/v1/nodes", headers=header).status_code == 401
    figures = hub.browser("quantri").post("/administration/tokens", label="Số liệu")
    other = re.search(r"mch_[0-9a-f]{48}", figures.text)
    assert other
    assert send(visitor, b"{}", Authorization=f"Bearer {other[0]}").status_code == 401
    hub.browser("quantri").post("/administration/tokens/withdraw", label="Công an thành phố")
    assert send(visitor, b"{}", **header).status_code == 401


@pytest.mark.parametrize("size", [2 << 20, (3 << 20) + 2])
def test_more_than_the_limit_is_none_of_the_known_forms(hub: ProvinceHub, size: int) -> None:
    for data in (b"[" * size, b"%PDF-1.7 " + b"[" * size, b"\x89PNG\r\n\x1a\n" + b"[" * size):
        answer = send(hub.browser(), data)
        assert (answer.status_code, answer.json["exit_code"]) == (200, 3)
        assert answer.json["input"]["size"] <= (3 << 20) + 1
    assert send(hub.browser(), b"[" * (5 << 20)).status_code in (200, 413)


def as_form(data: bytes, name: str) -> dict[str, object]:
    return {"file": (io.BytesIO(data), name)}


def test_a_pdf_and_a_picture_are_opened_as_at_the_portal(hub: ProvinceHub) -> None:
    """However it is sent: as the content, under any name of its type, or as a file of a form."""
    visitor, proof, code = hub.browser(), CASES[0]["data"], paper_code()
    picture = io.BytesIO()
    segno.make(code, error="q").save(picture, kind="png", scale=4)
    bundle = hub.services.keys.bundle
    for data, inside, kinds in (
        (sample_pdfs(proof)["deflated"], proof, ("application/pdf", "application/octet-stream")),
        (picture.getvalue(), code.encode(), ("image/png", "image/webp", "application/json")),
        (
            code.encode() + b"\r\n",
            code.encode() + b"\r\n",
            ("text/plain", "application/x-www-form-urlencoded"),
        ),
    ):
        wanted = json.loads(json.dumps(verify(inside, bundle, hub.clock.now).json()))
        for kind in kinds:
            answer = visitor.client.post(PATH, data=data, content_type=kind)
            assert answer.status_code == 200
            assert answer.json["input"]["sha256"] == sha256(inside).hexdigest()
            assert answer.json["sub_indications"] == wanted["sub_indications"]
        answer = visitor.client.post(PATH, data=as_form(data, "x.bin"), content_type="multipart/form-data")
        assert answer.json["input"]["sha256"] == sha256(inside).hexdigest()
    typed = visitor.client.post(PATH, data={"text": f" {code} "}, content_type="multipart/form-data")
    assert typed.json["input"]["sha256"] == sha256(code.encode()).hexdigest()


def test_a_hub_without_the_reader_of_pictures_says_so(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No finding about a paper that nobody looked at."""
    picture = io.BytesIO()
    segno.make(paper_code(), error="q").save(picture, kind="png", scale=4)
    monkeypatch.setattr(opening, "zxingcpp", None)
    visitor = hub.browser()
    answer = visitor.client.post(PATH, data=picture.getvalue(), content_type="image/png")
    assert (answer.status_code, answer.json["code"]) == (415, "MC_PICTURES_UNREAD")
    held_against_the_document(hub, answer)
    page = visitor.post("/verify", **as_form(picture.getvalue(), "x.png"))
    assert page.status_code == 415
    assert "Bản cài đặt này không đọc được ảnh" in page.text and "mc-finding" not in page.text


def test_a_code_that_was_typed_over_is_to_be_scanned_again(hub: ProvinceHub) -> None:
    typed = paper_code().replace("A", "Â", 1)
    assert not typed.isascii()
    answer = send(hub.browser(), typed.encode())
    assert (answer.status_code, answer.json["code"]) == (422, "MC_TYPED_OVER")
    held_against_the_document(hub, answer)
    page = hub.browser().post("/verify", text=typed)
    assert page.status_code == 422
    assert "Tắt bộ gõ tiếng Việt" in page.text and 'id="error-text"' in page.text
    assert "mc-finding" not in page.text


def test_forms_count_and_are_bounded_as_all_else(hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "VISITOR_ASKS_MAX", 3)
    monkeypatch.setattr(service, "AGENCY_ASKS_MAX", 4)
    visitor, key = hub.browser(), agency_key(hub)

    def ask(data: dict[str, object], **headers: str) -> int:
        return visitor.client.post(
            PATH, data=data, content_type="multipart/form-data", headers=headers
        ).status_code

    assert [ask({}), ask({"text": "  "}), ask(as_form(b"", "nothing"))] == [422, 422, 422]
    assert ask(as_form(b"{}", "a")) == 429
    agency = {"Authorization": f"Bearer {key}"}
    assert [ask(as_form(b"{}", "a"), **agency) for _ in range(5)] == [200] * 4 + [429]
    assert ask(as_form(b"{}", "a"), Authorization="Bearer mch_wrong") == 401


def test_the_guide_for_other_agencies_needs_no_account(hub: ProvinceHub) -> None:
    page = hub.browser().page("/verify/guide")
    compact = re.sub(r"\s", "", page)
    assert hub.services.keys.bundle.fingerprint in compact
    for text in ("motcua-verify", "/verify/trust.json", "Chưa kết luận được", "/api/v1/verify",
                 "requirements-verify.lock", "tắt bộ gõ tiếng Việt"):  # fmt: skip
        assert text in page


def test_an_agency_with_a_key_has_a_guide_of_its_own_without_the_key(hub: ProvinceHub) -> None:
    administrator = hub.browser("quantri")
    administrator.post("/administration/tokens", label="Bảng số liệu", scope="figures")
    answer = administrator.post("/administration/tokens", label="Công an phường & Cẩm Lệ", scope="verify")
    key = re.findall(r"mch_[0-9a-f]{48}", answer.text)[0]
    links = re.findall(r'href="(/verify/guide/agency[^"]+)"', administrator.page("/administration"))
    assert len(links) == 1
    page = administrator.page(links[0])
    assert "Công an phường &amp; Cẩm Lệ" in page and "6.000" in page and "Authorization: Bearer" in page
    assert key not in page
    for name in ("Bảng số liệu", "không có"):
        asked = administrator.get("/verify/guide/agency", query_string={"name": name})
        assert asked.status_code == 404
