"""What people and programs may type or send: every form, the API, enrolment and verification bear everything.

Each answer is a message at the field or a problem of the catalogue, never a fault, and nothing that was typed is lost:
it is stored as it was meant (normalised), or it stands in the form that comes back.
"""

import html
import itertools
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central_hub.reasons import CATALOGUE as HUB_CATALOGUE
from central_hub.registry.enrolment import issue_code
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DEVICE
from edge_node.api.tokens import Scope, list_tokens, make_token
from edge_node.casework.exporting import export_record
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from edge_node.sync.service import find_reason
from signing.canonical import normalise_text
from signing.keys import new_box_key, new_signing_key
from sync_protocol.enrolment import KeyOffer, parse_code, prove
from tests.support.hostile import MIB, NASTY_TEXTS, fuzzed
from tests.support.hub import ProvinceHub, Visitor, found_province
from tests.support.node import Browser, Cast, browse, hire, lend_codes, make_app, receive
from tests.support.office import TestOffice, make_office

HAI_CHAU = "20242"
PROCEDURE = "2.000815"
FUZZ = int(os.environ.get("MOTCUA_FUZZ", "120"))
SEED = int(os.environ.get("MOTCUA_FUZZ_SEED", "20242"))
_FIELD = re.compile(r'<(?:input|textarea|select)\b[^>]*\bname="([^"]+)"')
_HIDDEN = {"csrf_token", "next", "seen", "heads", "then"}
NASTY = {name: text for name, text in NASTY_TEXTS.items() if name != "surrogate"}
"""A browser cannot send half a surrogate pair in a form; JSON can."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> TestOffice:
    made = make_office(tmp_path_factory.mktemp("office"))
    lend_codes(made, last=9_000)
    return made


@pytest.fixture(scope="module")
def cast(office: TestOffice) -> Cast:
    return hire(office)


@pytest.fixture(scope="module")
def lan(office: TestOffice, cast: Cast) -> Browser:
    browser = browse(office)
    browser.client.application.config["PROPAGATE_FAULTS"] = False
    return browser


@pytest.fixture(scope="module")
def hung(office: TestOffice, cast: Cast) -> Browser:
    return browse(office, cast.hung)


def plain(text: str) -> str:
    """A page's text as its reader sees it, white space aside."""
    return " ".join(html.unescape(text).split())


def keeps(answer: TestResponse, typed: str) -> bool:
    """Whether the form that came back still holds what was typed."""
    page = plain(answer.text)
    return plain(normalise_text(typed)) in page or " ".join(typed.split()) in page


def is_refusal(answer: TestResponse) -> bool:
    assert answer.status_code < 500, (answer.status_code, answer.text[:400])
    return answer.status_code not in (200, 302, 303)


# --- the screens of the node ----------------------------------------------------------------------------------------------


def reception(number: int, **changes: str) -> dict[str, str]:
    form = {
        "applicant.name": "Phạm Văn Hùng", "applicant.id_number": f"048085{number:06d}", "form.document_name": "Bằng lái",
        "form.pages": "2", "form.copies": "1", "papers_complete": "1", "repeated": "1", "then": "receive",
    }  # fmt: skip
    return form | changes


RECEPTION_FIELDS = (
    "applicant.name", "applicant.id_number", "applicant.birth_date", "applicant.phone", "applicant.email",
    "applicant.address", "owner.name", "owner.id_number", "owner.address", "summary", "return_method", "channel",
    "competent", "sets", "form.document_name", "form.pages", "form.copies", "fee.page.units", "fee.page.amount",
    "papers.original.original", "papers.original.plain", "paid.method", "paid.receipt_number", "agreed", "agreed.time",
    "verification", "then",
)  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_the_receiving_form_bears_everything_in_every_field(
    office: TestOffice, lan: Browser, name: str
) -> None:
    nasty, number = NASTY[name], list(NASTY).index(name) * 100
    for place, field in enumerate(RECEPTION_FIELDS):
        extra = {"has_owner": "1", "owner.name": "Công ty"} if field.startswith("owner.") else {}
        paid = {"paid": "1", "paid.method": "1"} if field.startswith("paid.") else {}
        form = reception(number + place, **extra, **paid) | {field: nasty}
        answer = lan.post(f"/receive/{PROCEDURE}", form)
        if is_refusal(answer):
            assert answer.status_code == 422, (field, answer.status_code)
            assert (
                'class="invalid-feedback' in answer.text
                or "mc-error" in answer.text
                or 'role="alert"' in answer.text
            )
            assert keeps(answer, form["applicant.name"]) and keeps(answer, form["form.document_name"]), field
            if field in _shown_fields(answer.text) and len(nasty) < 3_000:
                assert keeps(answer, nasty), (field, "what was typed there is gone")
        elif field in (
            "applicant.name",
            "applicant.address",
            "form.document_name",
            "owner.name",
            "owner.address",
        ):
            dossier = str(answer.location).rsplit("/", 1)[-1].partition("?")[0]
            found = view_of(office.db, dossier)
            assert found is not None
            assert (found.text(field) or "") == " ".join(normalise_text(nasty).split()), field


def _shown_fields(page: str) -> set[str]:
    """Fields for free text: a choice that was not offered is not shown again."""
    return {
        found[1]
        for found in re.finditer(r'<(?:input|textarea)\b[^>]*\bname="([^"]+)"[^>]*>', page)
        if not re.search(r'type="(?:radio|checkbox|hidden)"', found[0])
    }


ACTIONS = (
    "note",
    "amend",
    "act/forward",
    "act/request_supplement",
    "act/withdraw",
    "pay",
    "papers",
    "assign",
    "extend",
)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_on_a_dossier_bears_everything(
    office: TestOffice, lan: Browser, hung: Browser, action: str
) -> None:
    for who in (lan, hung):
        dossier = receive(office, 0, PROCEDURE)
        path = f"/dossiers/{dossier}/{action}"
        page = who.client.get(path)
        if page.status_code != 200:
            continue
        fields = sorted(set(_FIELD.findall(page.text)) - _HIDDEN)
        for name, nasty in NASTY.items():
            who.get(f"/dossiers/{dossier}")
            answer = who.post(path, dict.fromkeys(fields, nasty))
            if is_refusal(answer):
                assert answer.status_code in (403, 404, 409, 422), (action, name, answer.status_code)
                for field in sorted(_shown_fields(answer.text) & set(fields)):
                    assert len(nasty) >= 3_000 or keeps(answer, nasty), (action, field, name)
            else:
                dossier = receive(office, 0, PROCEDURE)
                path = f"/dossiers/{dossier}/{action}"
        assert view_of(office.db, dossier) is not None


@pytest.mark.parametrize("name", NASTY)
def test_every_search_and_address_bears_everything(lan: Browser, name: str) -> None:
    nasty = NASTY[name][:1_500]
    for path in ("/search", "/dossiers", "/receive", "/register", "/reports", "/results", "/conflicts"):
        for argument in ("q", "from", "to", "status", "page", "sort", "sector", "procedure", "first", "last"):
            answer = lan.client.get(path, query_string={argument: nasty})
            assert answer.status_code < 500, (path, argument, name)
            assert "<script>alert" not in answer.text
    for path in (
        "/dossiers/{}",
        "/receive/{}",
        "/receive/done/{}",
        "/conflicts/{}",
        "/dossiers/{}/papers/mau01",
        "/help/{}",
    ):
        answer = lan.client.get(path.format(nasty.replace("/", "").replace("\\", "") or "x"))
        assert answer.status_code < 500, (path, name)


def test_the_log_in_bears_everything(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    hire(office)
    for name, nasty in NASTY.items():
        office.clock.advance(2 * 60 * 60 * 1000)
        browser = Browser(make_app(office).test_client(), office)
        browser.get("/login")
        for form in (
            {"officer": nasty, "pin": "1"},
            {"officer": office.lan.officer, "pin": nasty},
            {"next": nasty},
        ):
            answer = browser.post("/login", form)
            assert answer.status_code < 500, (name, form)
            assert not str(answer.location or "").startswith(("//", "http", "javascript"))


# --- the local API --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(office: TestOffice, cast: Cast) -> tuple[FlaskClient, dict[str, str]]:
    token = make_token(office.db, office.services, cast.ha, name="Máy quét", scope=Scope.WRITE)
    browser = browse(office)
    app = browser.client.application
    app.config["PROPAGATE_FAULTS"] = False
    (found,) = list_tokens(office.db)
    browser.get("/connections")
    assert browser.post(f"/connections/{found.id}/allow").status_code == 302
    return app.test_client(), {"Authorization": f"Bearer {token}"}


def send(program: tuple[FlaskClient, dict[str, str]], path: str, data: Any) -> TestResponse:
    client, headers = program
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    answer = client.post(
        f"/api/v1/dossiers{path}", data=body, headers=headers, content_type="application/json"
    )
    assert answer.status_code < 500, (answer.status_code, body[:300], answer.text[:300])
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json" and find_reason(answer.json["code"])
    return answer


def new_dossier(number: int) -> dict[str, Any]:
    return {
        "procedure": PROCEDURE,
        "fields": {
            "applicant.name": "Lê Hoàng Nam", "applicant.id_number": f"048078{number:06d}",
            "form.document_name": "Căn cước", "form.pages": "1", "form.copies": "1",
        },
        "papers_complete": True, "repeated": True,
        "papers": [{"paper": "original", "original": 1}], "fees": {"page": {"units": 1}}, "paid": {"method": 1},
    }  # fmt: skip


def test_the_api_bears_everything_in_every_field(office: TestOffice, program: Any) -> None:
    number = 0
    for name, nasty in NASTY_TEXTS.items():
        for field in (
            "applicant.name",
            "applicant.address",
            "form.pages",
            "applicant.birth_date",
            "summary",
            "x",
            nasty,
        ):
            number += 1
            body = new_dossier(number)
            body["fields"][field] = nasty
            answer = send(program, "", body)
            if answer.status_code == 201 and field in ("applicant.name", "applicant.address"):
                stored = answer.json["fields"].get(field, {}).get("value") or ""
                assert stored == " ".join(normalise_text(nasty).split()), name
            elif answer.status_code == 422 and "errors" in answer.json:
                assert all(error["field"] and error["message"] for error in answer.json["errors"])


HOSTILE_JSON: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"<xml/>",
    "not UTF-8": b'{"procedure":"\xff\xfe"}',
    "nested beyond all stacks": b'{"procedure":' + b"[" * 100_000,
    "nested objects": b'{"a":' * 50_000,
    "a list": b"[]",
    "a number": b"1",
    "a number of five thousand digits": b'{"procedure":"2.000815","fields":{},"channel":' + b"9" * 5_000 + b"}",
    "a fraction": b'{"procedure":"2.000815","fields":{},"channel":1.0}',
    "infinity": b'{"procedure":"2.000815","fields":{},"channel":1e999}',
    "not a number": b'{"procedure":"2.000815","fields":{},"channel":NaN}',
    "half a surrogate pair": b'{"procedure":"2.000815","fields":{"applicant.name":"\\ud800"}}',
    "a member twice": b'{"procedure":"2.000815","procedure":"x","fields":{}}',
    "an unknown member": b'{"procedure":"2.000815","fields":{},"__proto__":{}}',
    "ten thousand fields": json.dumps({"procedure": PROCEDURE, "fields": {f"f{n}": "x" for n in range(10_000)}}).encode(),
    "a megabyte": b" " * MIB,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_the_api_refuses_what_is_no_dossier(program: Any, name: str) -> None:
    assert send(program, "", HOSTILE_JSON[name]).status_code in (413, 422)


def test_fuzzed_payloads_are_taken_or_refused_and_never_a_fault(office: TestOffice, program: Any) -> None:
    chance = Random(SEED)
    dossier = receive(office, 1, PROCEDURE)
    step = {
        "action": "forward", "heads": ["0" * 64], "ground": "x", "note": "x", "items": ["a"], "officer": "0" * 32,
        "result": {"signer": "a", "date": "2026-12-01", "number": "1"}, "received_by": {"name": "a"}, "method": 1,
        "deadline": "2026-12-30", "agreed": "2026-12-30",
    }  # fmt: skip
    for number in range(FUZZ):
        for path, body in (("", new_dossier(500_000 + number)), (f"/{dossier}/transitions", step)):
            spoilt = fuzzed(body, chance, changes=chance.randint(1, 3))
            try:
                data = msgspec.json.encode(spoilt)
            except (UnicodeEncodeError, TypeError):
                continue
            send(program, path, data)


# --- enrolment at the hub -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    return found_province(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    return (f"10.0.{n // 250}.{n % 250}" for n in range(60_000))


def secret_of(hub: ProvinceHub) -> str:
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit=HAI_CHAU, device_name="PC quầy 1")
    return parse_code(code.code).secret


def offers(secret: str, **changes: Any) -> dict[str, Any]:
    """A request to be enrolled; the proofs hold for whatever was changed."""
    device, person = new_signing_key(), new_signing_key()
    made = KeyOffer(key=device.public.hex, box=new_box_key().hex, holder=None, name="PC", title="", proof="")
    officer = KeyOffer(
        key=person.public.hex, box=None, holder="5" * 32, name="Nguyễn Thị Lan", title="Công chức", proof=""
    )
    members = {name.partition("_")[2]: value for name, value in changes.items() if name.startswith("device_")}
    made = prove(secret, msgspec.structs.replace(made, **members), device)
    members = {
        name.partition("_")[2]: value for name, value in changes.items() if name.startswith("officer_")
    }
    officer = prove(secret, msgspec.structs.replace(officer, **members), person)
    return {"secret": secret, "device": msgspec.to_builtins(made), "officer": msgspec.to_builtins(officer)}


def enrol(hub: ProvinceHub, address: str, data: Any) -> TestResponse:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    answer = hub.app.test_client().post("/enrol/v1/device", data=body, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code < 500, (answer.status_code, body[:300], answer.text[:300])
    if answer.status_code != 200:
        assert answer.json["code"] in HUB_CATALOGUE and answer.content_type == "application/problem+json"
    return answer


@pytest.mark.parametrize("member", ["device_name", "device_box", "device_title", "device_holder", "officer_name", "officer_title", "officer_holder", "officer_box"])  # fmt: skip
def test_enrolment_bears_everything_in_every_member(
    hub: ProvinceHub, addresses: Iterator[str], member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, nasty in NASTY_TEXTS.items():
        if name == "surrogate":
            continue
        secret = secret_of(hub)
        answer = enrol(hub, next(addresses), offers(secret, **{member: nasty}))
        if answer.status_code != 200:
            honest = enrol(hub, next(addresses), offers(secret))
            assert honest.status_code == 200, (member, name, "the code is still good for an honest PC")
    with reading(hub.services.engine) as connection:
        assert connection.execute(DEVICE.select()).first() is not None
    page = hub.browser("quantri").get("/nodes")
    assert page.status_code == 200 and "<script>alert" not in page.text


HOSTILE_ENROLMENTS: dict[str, bytes] = {
    "nothing": b"",
    "nested beyond all stacks": b'{"secret":' + b"[" * 15_000,
    "too large": b" " * 20_000,
    "not UTF-8": b'{"secret":"\xff"}',
    "half a surrogate pair": b'{"secret":"\\ud800","device":{"key":"","box":null,"holder":null,"name":"","title":"","proof":""}}',
    "empty members": b'{"secret":"","device":{"key":"","box":null,"holder":null,"name":"","title":"","proof":""}}',
    "a secret of ten thousand letters": b'{"secret":"' + b"A" * 10_000 + b'","device":null}',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_ENROLMENTS)
def test_an_enrolment_that_is_none_is_refused(hub: ProvinceHub, addresses: Iterator[str], name: str) -> None:
    assert enrol(hub, next(addresses), HOSTILE_ENROLMENTS[name]).status_code in (403, 404, 413, 422)


@pytest.mark.parametrize("key", ["", "0" * 64, "1" + "0" * 63, "f" * 64, "zz" * 32, "ab", "é" * 64])
def test_a_key_that_is_none_is_refused(hub: ProvinceHub, addresses: Iterator[str], key: str) -> None:
    asked = offers(secret_of(hub))
    asked["device"]["key"] = key
    assert enrol(hub, next(addresses), asked).status_code in (400, 422)


# --- the verification of a file -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def auditor(hub: ProvinceHub) -> Visitor:
    return hub.browser("kiemtra")


@pytest.fixture(scope="module")
def exported(office: TestOffice, cast: Cast) -> bytes:
    dossier = receive(office, 2, PROCEDURE)
    return export_record(office.db, SqliteLogStore(office.db).dossier_records(dossier)[0])


_SENDERS = itertools.count()


def upload(visitor: Visitor, data: bytes, name: str = "ban-ghi.json") -> TestResponse:
    """Send the file as a browser does; written by hand, because the test client leaves its own large files open."""
    visitor.client.get("/verify")
    with visitor.client.session_transaction() as session:
        token = str(session["csrf_token"])
    part = '--cut\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = part.format("csrf_token", "").encode() + token.encode() + b"\r\n"
    body += part.format("file", f'; filename="{name}"').encode() + data + b"\r\n--cut--\r\n"
    # From somewhere else each time: how often one address may ask is another test's business.
    number = next(_SENDERS)
    address = f"10.0.{number // 256}.{number % 256}"
    answer = visitor.client.post(
        "/verify",
        data=body,
        content_type="multipart/form-data; boundary=cut",
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert answer.status_code < 500, (answer.status_code, data[:200], answer.text[:300])
    return answer


def test_a_fuzzed_file_is_never_a_fault_and_never_genuine(auditor: Visitor, exported: bytes) -> None:
    chance = Random(SEED)
    content = json.loads(exported)
    for number in range(FUZZ):
        raw = bytearray(exported)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        cut = exported[: chance.randrange(len(exported))]
        spoilt = fuzzed(content, chance, changes=chance.randint(1, 3))
        files = [bytes(raw), cut]
        with suppress(UnicodeEncodeError):
            files.append(json.dumps(spoilt, separators=(",", ":"), sort_keys=True, default=repr).encode())
        for data in files:
            page = upload(auditor, data).text
            assert "mc-finding-passed" not in page, (SEED, number, data[:200])


HOSTILE_FILES: dict[str, bytes] = {
    "no JSON": b"PK\x03\x04 not a record",
    "nested beyond all stacks": b"[" * 900_000,
    "nested objects": b'{"a":' * 150_000,
    "two megabytes": b'{"format":"' + b"a" * (2 * MIB) + b'"}',
    "not UTF-8": b"\xff\xfe\x00{",
    "a huge number": b'{"format":' + b"9" * 10_000 + b"}",
    "a statement that states itself": b'{"format":"motcua-record/1","record":{},"statements":[]}',
}


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the test client's own spooled upload
@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_file_that_is_no_record_is_told_so(auditor: Visitor, name: str) -> None:
    answer = upload(auditor, HOSTILE_FILES[name], name="<script>alert(1)</script>.json")
    assert answer.status_code in (200, 413, 422)
    assert "<script>alert" not in answer.text and "mc-finding-passed" not in answer.text


def test_the_honest_file_is_read(auditor: Visitor, exported: bytes) -> None:
    """Of another province, so undecided or refused; but read, which the damaged ones are not."""
    assert upload(auditor, exported).status_code == 200
