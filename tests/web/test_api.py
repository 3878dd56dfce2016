"""The local API: tokens, the officer who lets a program sign, and real answers held against the document."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIResponse
from openapi_core.testing import MockRequest
from werkzeug.test import TestResponse

from edge_node.accounts.throttle import FREE_TRIES
from edge_node.api.openapi import document
from edge_node.api.payloads import BODY_SIZE_BYTES_MAX
from edge_node.api.tokens import Scope, list_tokens, make_token
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from signing.opening import opened_input
from signing.proof_file import decode_proof
from signing.roles import Role
from tests.support.node import (
    PIN,
    Browser,
    Cast,
    browse,
    hire,
    lend_codes,
    make_app,
    receive,
    settle_dossier,
    step,
)
from tests.support.office import TestOffice, make_office

DOCUMENT = OpenAPI.from_dict(
    document(), config=Config(extra_media_type_deserializers={"application/problem+json": json.loads})
)
COPIES = {
    "procedure": "2.000815",
    "fields": {
        "applicant.name": "Phạm Văn Hùng",
        "applicant.id_number": "048085004417",
        "form.document_name": "Căn cước công dân",
        "form.pages": "2",
        "form.copies": "3",
    },
    "papers_complete": True,
}


class Program:
    """Another program of the office; every answer it gets is held against the document."""

    def __init__(self, office: TestOffice, token: str) -> None:
        self.client = make_app(office).test_client()
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            more = {"data": json.dumps(body), "content_type": "application/json", **more}
        answer = self.client.open(path, method=method, headers=headers, **more)
        asked = MockRequest("http://localhost", method.lower(), path.partition("?")[0])
        DOCUMENT.validate_response(asked, WerkzeugOpenAPIResponse(answer))
        return answer

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def post(self, path: str, body: Any, **more: Any) -> TestResponse:
        return self.call("POST", path, body, **more)


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path)
    lend_codes(made)
    return made


@pytest.fixture
def cast(office: TestOffice) -> Cast:
    return hire(office)


@pytest.fixture
def reader(office: TestOffice, cast: Cast) -> Program:
    return Program(office, make_token(office.db, office.services, cast.ha, name="Ki-ốt", scope=Scope.READ))


@pytest.fixture
def writer(office: TestOffice, cast: Cast) -> Program:
    return Program(
        office, make_token(office.db, office.services, cast.ha, name="Máy quét", scope=Scope.WRITE)
    )


@pytest.fixture
def lan(office: TestOffice, writer: Program) -> Browser:
    """Lan at the screen, who lets the writing program sign."""
    browser = browse(office)
    (token,) = list_tokens(office.db)
    browser.get("/connections")
    assert browser.post(f"/connections/{token.id}/allow").status_code == 302
    return browser


def test_the_document_is_one() -> None:
    DOCUMENT.check_spec()


def test_the_document_names_every_route_of_the_api(office: TestOffice) -> None:
    app = make_app(office)
    routes = {
        (rule.rule.replace("<dossier>", "{id}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert routes == described
    assert app.test_client().get("/api/openapi.json").json == document()


@pytest.mark.parametrize("token", ["", "x", "motcua_00000000_00", "motcua_1_2_3", "Ünï"])
def test_without_a_token_in_force_there_is_a_problem(office: TestOffice, cast: Cast, token: str) -> None:
    answer = Program(office, token.encode().decode("latin-1")).get("/api/v1/status")
    assert (answer.status_code, answer.json["code"]) == (401, "NODE_API_TOKEN")
    assert (
        answer.content_type == "application/problem+json" and "Bearer" in answer.headers["WWW-Authenticate"]
    )


def test_a_cookie_is_no_token(office: TestOffice, cast: Cast) -> None:
    browser = browse(office)
    assert browser.client.get("/api/v1/status").status_code == 401
    assert browser.client.post("/api/v1/dossiers", json=COPIES).status_code == 401


def test_guessing_tokens_is_slowed_down(office: TestOffice, reader: Program) -> None:
    thief = Program(office, "motcua_00000000_00")
    codes = [thief.get("/api/v1/status").status_code for _ in range(FREE_TRIES["address"] + 1)]
    assert codes[-1] == 429 and codes[-2] == 401
    assert int(thief.get("/api/v1/status").headers["Retry-After"]) > 0


def test_tokens_are_kept_as_a_hash_and_revoked_at_once(
    office: TestOffice, cast: Cast, reader: Program
) -> None:
    secret = reader.token.split("_")[2]
    assert secret.encode() not in Path(office.services.config.database).read_bytes()
    (token,) = list_tokens(office.db)
    browser = browse(office, cast.ha)
    browser.get("/connections")
    assert reader.get("/api/v1/status").status_code == 200
    browser.post(f"/connections/{token.id}/revoke")
    assert reader.get("/api/v1/status").status_code == 401


def test_status_says_what_the_sync_page_says(office: TestOffice, reader: Program) -> None:
    found = reader.get("/api/v1/status").json
    assert found["unit"] == office.office.unit and found["waiting"] >= 1 and found["is_full"] is False


def test_procedures_are_found_without_diacritics(reader: Program) -> None:
    found = reader.get("/api/v1/procedures?q=khai sinh").json["procedures"]
    assert found[0]["name"] == "Đăng ký khai sinh" and found[0]["papers"]


def test_dossiers_are_found_with_masked_numbers(office: TestOffice, reader: Program) -> None:
    dossiers = [receive(office, who, "2.000815") for who in range(3)]
    found = reader.get("/api/v1/dossiers?q=pham van").json
    assert [each["id"] for each in found["dossiers"]] == [dossiers[0]]
    assert found["dossiers"][0]["id_number"] == "0480••••4417"
    code = found["dossiers"][0]["code"]
    assert reader.get(f"/api/v1/dossiers?q={code}").json["dossiers"][0]["id"] == dossiers[0]
    page = reader.get("/api/v1/dossiers?limit=2").json
    assert len(page["dossiers"]) == 2 and page["has_more"] is True
    rest = reader.get("/api/v1/dossiers?limit=2&offset=2&open=true&status=2").json
    assert len(rest["dossiers"]) == 1 and rest["has_more"] is False


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "limit=201",
        "offset=-1",
        "status=11",
        "status=a",
        "open=maybe",
        "status=²",
        "status=001" + "9" * 30,
    ],
)
def test_a_query_that_means_nothing_is_named(reader: Program, query: str) -> None:
    answer = reader.get(f"/api/v1/dossiers?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == query.split("=")[0]


def test_reading_a_dossier_is_logged(office: TestOffice, reader: Program) -> None:
    dossier = receive(office, 0, "2.000815")
    found = reader.get(f"/api/v1/dossiers/{dossier}").json
    assert found["fields"]["applicant.id_number"]["value"] == "048085004417"
    assert found["history"][0]["by"] == "Nguyễn Thị Lan"
    assert {move["action"] for move in found["transitions"]} >= {"forward", "withdraw"}
    assert office.db.conn.execute("SELECT officer, purpose FROM opening").fetchall() == [("Ki-ốt", "api")]


def test_a_proof_is_read_with_the_bodies_asked_for(office: TestOffice, reader: Program) -> None:
    dossier = receive(office, 0, "2.000815")
    found = reader.get(f"/api/v1/dossiers/{dossier}/proof").json
    assert found["format"] == "motcua-proof/1" and "content" not in found["records"][0]
    record = reader.get(f"/api/v1/dossiers/{dossier}").json["history"][0]["record"]
    found = reader.get(f"/api/v1/dossiers/{dossier}/proof?record={record}&disclose={record}").json
    assert "content" in found["records"][0]
    answer = reader.get(f"/api/v1/dossiers/{dossier}/proof/readiness").json
    assert (answer["complete"], answer["lacks"]) == (True, []), (
        "this province keeps no log: nothing to wait for"
    )
    file = reader.get(f"/api/v1/dossiers/{dossier}/proof")
    assert file.headers["Motcua-Proof-Lacks"] == ""
    assert reader.get(f"/api/v1/dossiers/{'0' * 32}/proof/readiness").status_code == 404
    assert reader.get(f"/api/v1/dossiers/{dossier}/proof?record={'0' * 64}").status_code == 404
    assert reader.get(f"/api/v1/dossiers/{'0' * 32}/proof").status_code == 404
    assert ("Ki-ốt", "api") in office.db.conn.execute("SELECT officer, purpose FROM opening").fetchall()


def test_a_proof_comes_inside_the_result_pdf(office: TestOffice, cast: Cast, reader: Program) -> None:
    dossier = receive(office, 0, "2.000815")
    address = f"/api/v1/dossiers/{dossier}/proof/pdf"
    assert reader.get(address).status_code == 404, "nothing is handed over yet"
    settle_dossier(office, cast, dossier, "88/CT-UBND")
    answer = reader.get(address)
    assert answer.content_type == "application/pdf" and answer.headers["Motcua-Proof-Lacks"] == ""
    assert len(decode_proof(opened_input(answer.data)).records) == 4
    assert reader.get(f"{address}?carrier=mau01").status_code == 404


@pytest.mark.parametrize("dossier", ["0" * 32, "x", "0" * 31 + "Z"])
def test_an_unknown_dossier_is_a_problem(reader: Program, dossier: str) -> None:
    answer = reader.client.get(
        f"/api/v1/dossiers/{dossier}", headers={"Authorization": f"Bearer {reader.token}"}
    )
    assert (answer.status_code, answer.json["code"]) == (404, "NODE_NOT_FOUND")


def test_a_reading_token_writes_nothing(reader: Program) -> None:
    answer = reader.post("/api/v1/dossiers", COPIES)
    assert (answer.status_code, answer.json["code"]) == (403, "NODE_API_SCOPE")


def test_nothing_is_written_while_no_officer_lets_it(writer: Program) -> None:
    answer = writer.post("/api/v1/dossiers", COPIES)
    assert (answer.status_code, answer.json["code"]) == (423, "NODE_API_LOCKED")


def test_a_dossier_is_received_in_the_officers_name(
    office: TestOffice, writer: Program, lan: Browser
) -> None:
    given = {
        **COPIES,
        "fields": {**COPIES["fields"], "applicant.birth_date": "1985-03-12", "owner.name": "Phạm Gia Bảo"},
    }
    answer = writer.post("/api/v1/dossiers", given)
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert answer.location == f"/api/v1/dossiers/{made['id']}" and made["status"] == 2 and made["due"]
    assert made["code"].startswith("H17.") and made["fields"]["applicant.birth_date"]["value"] == "1985-03-12"
    (record,) = SqliteLogStore(office.db).dossier_records(made["id"])
    assert record.header.by == office.lan.key, "signed by the officer, not by the device"


@pytest.mark.parametrize("how", ["lock", "logout", "idle", "withdraw"])
def test_the_permission_ends_with_the_officers_session(
    office: TestOffice, writer: Program, lan: Browser, how: str
) -> None:
    lan.get("/connections")
    if how == "idle":
        for _ in range(4):  # the program's own requests must not keep the screen open
            office.clock.advance(office.services.config.idle_lock_minutes * 20_000)
            writer.post("/api/v1/dossiers", {"procedure": "0", "fields": {}})
    elif how == "withdraw":
        (token,) = list_tokens(office.db)
        lan.post(f"/connections/{token.id}/withdraw")
    else:
        lan.post(f"/{how}")
    assert writer.post("/api/v1/dossiers", COPIES).status_code == 423
    assert office.db.conn.execute("SELECT count(*) FROM dossier").fetchone() == (0,)


def test_mistakes_are_named_field_by_field(writer: Program, lan: Browser) -> None:
    bad = {**COPIES, "fields": {**COPIES["fields"], "applicant.name": "", "applicant.id_number": "12"}}
    answer = writer.post("/api/v1/dossiers", bad)
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json["errors"]} == {"applicant.name", "applicant.id_number"}
    unknown = writer.post("/api/v1/dossiers", {**COPIES, "fields": {**COPIES["fields"], "form.nothing": "x"}})
    assert unknown.json["errors"][0]["field"] == "fields.form.nothing"
    nowhere = writer.post("/api/v1/dossiers", {**COPIES, "procedure": "9.999999"})
    assert nowhere.json["errors"][0]["field"] == "procedure"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422), (b"{", 422), (b"[]", 422), (b'{"procedure": 1}', 422), (b'{"a":' * 3000, 422), (b"\xff\xfe", 422),
        (json.dumps({**COPIES, "more": 1}).encode(), 422), (b" " * (BODY_SIZE_BYTES_MAX + 1), 413),
    ],
)  # fmt: skip
def test_what_is_no_such_payload_is_refused(writer: Program, lan: Browser, data: bytes, status: int) -> None:
    answer = writer.call("POST", "/api/v1/dossiers", data=data, content_type="application/json")
    assert answer.status_code == status


def test_only_json_is_taken(writer: Program, lan: Browser) -> None:
    answer = writer.call(
        "POST", "/api/v1/dossiers", data=b"a=b", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 415


def test_the_same_again_today_is_asked_about(writer: Program, lan: Browser) -> None:
    first = writer.post("/api/v1/dossiers", COPIES)
    again = writer.post("/api/v1/dossiers", COPIES)
    assert (again.status_code, again.json["code"]) == (409, "NODE_REPEATED")
    assert again.json["dossiers"][0]["id"] == first.json["id"]
    assert writer.post("/api/v1/dossiers", {**COPIES, "repeated": True}).status_code == 201


def test_a_step_is_taken_on_the_state_that_was_read(
    office: TestOffice, writer: Program, lan: Browser
) -> None:
    made = writer.post("/api/v1/dossiers", COPIES).json
    path = f"/api/v1/dossiers/{made['id']}/transitions"
    after = writer.post(path, {"action": "forward", "heads": made["heads"]})
    assert after.status_code == 200 and after.json["status"] == 4
    late = writer.post(
        path, {"action": "request_supplement", "heads": made["heads"], "ground": "Thiếu", "items": ["Sổ"]}
    )
    assert (late.status_code, late.json["code"]) == (409, "NODE_CHANGED")
    assert late.json["heads"] == after.json["heads"]
    asked = {
        "action": "request_supplement",
        "ground": "Thiếu giấy tờ",
        "items": ["Sổ hộ khẩu"],
        "deadline": "2026-12-30",
    }
    assert writer.post(path, asked).json["status"] == 5
    view = view_of(office.db, made["id"])
    assert view is not None and view.frozen is not None and view.deadline is not None


def test_a_step_that_cannot_be_taken_says_why(office: TestOffice, writer: Program, lan: Browser) -> None:
    dossier = receive(office, 0, "2.000815")
    path = f"/api/v1/dossiers/{dossier}/transitions"
    impossible = writer.post(path, {"action": "return_result"})
    assert impossible.status_code == 409 and impossible.json["code"] == "DOSSIER_MOVE"
    assert impossible.json["transitions"]
    assert writer.post(path, {"action": "withdraw", "ground": "x"}).status_code == 403, "that is the leader's"
    empty = writer.post(path, {"action": "request_supplement"})
    assert {each["field"] for each in empty.json["errors"]} == {"ground", "further"}
    assert writer.post(f"/api/v1/dossiers/{'0' * 32}/transitions", {"action": "forward"}).status_code == 404


def test_a_result_is_issued_and_handed_over(office: TestOffice, cast: Cast, writer: Program) -> None:
    dossier = receive(office, 0, "2.000815")
    step(office, cast.lan, dossier, "forward")
    (token,) = list_tokens(office.db)
    path = f"/api/v1/dossiers/{dossier}/transitions"
    result = {"number": "12/UBND", "date": "2026-11-20", "signer": "Trần Quốc Hưng"}
    for officer, body, status in (
        (cast.hung, {"action": "finish", "result": result}, 9),
        (cast.lan, {"action": "return_result", "method": 1, "received_by": {"name": "Phạm Văn Hùng"}}, 10),
    ):
        browser = browse(office, officer)
        browser.get("/connections")
        browser.post(f"/connections/{token.id}/allow")
        assert writer.post(path, body).json["status"] == status


def test_the_page_shows_a_token_once_and_to_the_administrator_alone(office: TestOffice, cast: Cast) -> None:
    browser = browse(office, cast.ha)
    browser.get("/connections")
    assert browser.post("/connections", {"name": "", "scope": "all"}).status_code == 422
    answer = browser.post("/connections", {"name": "Ki-ốt sảnh", "scope": "read"})
    (token,) = list_tokens(office.db)
    assert f"motcua_{token.id}_" in answer.text and answer.headers["Cache-Control"] == "no-store"
    assert f"motcua_{token.id}_" not in browser.get("/connections")
    other = browse(office)
    assert "Tạo mã truy cập" not in other.get("/connections")
    assert other.post("/connections", {"name": "x", "scope": "read"}).status_code == 403
    assert other.post(f"/connections/{token.id}/revoke").status_code == 403
    assert other.post(f"/connections/{token.id}/allow").status_code == 404, "a reading token signs nothing"
    assert other.post("/connections/zzz/allow").status_code == 404


def test_a_full_disk_is_a_problem_too(
    office: TestOffice, writer: Program, lan: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(office.services.space), "is_writable", property(lambda self: False))
    answer = writer.post("/api/v1/dossiers", COPIES)
    assert (answer.status_code, answer.json["code"]) == (507, "NODE_DISK_FULL")


def test_a_pin_reset_ends_what_was_allowed(
    office: TestOffice, cast: Cast, writer: Program, lan: Browser
) -> None:
    browser = browse(office, cast.ha)
    browser.get(f"/officers/{office.lan.officer}/pin")
    assert (
        browser.post(
            f"/officers/{office.lan.officer}/pin", {"pin": "moi-2026", "again": "moi-2026"}
        ).status_code
        == 302
    )
    assert writer.post("/api/v1/dossiers", COPIES).status_code == 423
    assert PIN and Role.CLERK in cast.ha.roles
