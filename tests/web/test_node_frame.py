"""The frame around every page of the node: headers, token, cookies, who may see what, problems."""

import errno
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Blueprint, Flask, Response, flash
from flask.testing import FlaskClient

from edge_node import create_app, reasons, session
from edge_node.accounts.service import log_in
from edge_node.config import EdgeConfig
from edge_node.database import get_services
from edge_node.enrolment.service import initialise
from edge_node.journal import JournalReadOnly
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.protection import POLICY
from edge_node.services import build_services
from edge_node.session import begin, public, required, safe_next
from edge_node.store import StorageFull, open_database
from look import MESSAGES_KEPT
from signing.keys import LockCost
from tests.support.office import PIN, TestOffice, make_office


def probe() -> Blueprint:
    """Views that show what the frame does."""
    room = Blueprint("probe", __name__, url_prefix="/probe")

    @room.get("/open")
    @public
    def open_page() -> str:
        return "open"

    @room.get("/closed")
    def closed_page() -> str:
        return required().name

    @room.post("/closed")
    def closed_form() -> str:
        return "written"

    @room.get("/login/<token>/<officer>")
    @public
    def enter(token: str, officer: str) -> str:
        begin(token, officer)
        return "in"

    @room.get("/full")
    @public
    def full() -> str:
        raise StorageFull

    @room.get("/no-room")
    @public
    def no_room() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    @room.get("/read-only")
    @public
    def read_only() -> str:
        raise JournalReadOnly(reasons.DISK_FULL)

    @room.get("/locked")
    @public
    def locked() -> str:
        path = get_services().config.data / "locked.db"
        one, other = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
        one.execute("BEGIN IMMEDIATE")
        try:
            other.execute("BEGIN IMMEDIATE")
        finally:
            one.close()
            other.close()
        return "written"

    @room.get("/fault")
    @public
    def fault() -> str:
        raise RuntimeError("secret detail")

    @room.get("/said/<number>")
    @public
    def said(number: str) -> str:
        flash(f"{number}: đã đồng bộ xong với máy chủ tỉnh.", "done")
        return "said"

    @room.get("/paper.pdf")
    @public
    def paper() -> Response:
        return Response(b"%PDF-1.7", mimetype="application/pdf")

    return room


def app_of(office: TestOffice, *, https: bool = False) -> Flask:
    app = create_app(replace(office.services.config, https=https), office.services)
    app.register_blueprint(probe())
    return app


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


@pytest.fixture
def client(office: TestOffice) -> FlaskClient:
    return app_of(office).test_client()


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as held:
        held["csrf_token"] = "ab" * 16
    return "ab" * 16


def log_client_in(client: FlaskClient, office: TestOffice) -> None:
    token = log_in(office.db, office.services, officer=office.lan.officer, pin=PIN, address="::1")
    client.get(f"/probe/login/{token}/{office.lan.officer}")


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    for path in ("/probe/open", "/probe/closed", "/health", "/nothing-here", "/static/app.css"):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        answer.close()
    assert "unsafe" not in POLICY and "default-src 'self'" in POLICY
    assert client.get("/probe/open").headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" not in client.get("/probe/paper.pdf").headers


def test_no_page_has_inline_script_or_style(client: FlaskClient, tmp_path: Path) -> None:
    for path in ("/nothing-here", "/probe/full"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
        assert not re.search(r"\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize(("https", "name"), [(False, "motcua"), (True, "__Host-motcua")])
def test_cookies_are_secure_exactly_with_https(office: TestOffice, https: bool, name: str) -> None:
    client = app_of(office, https=https).test_client()
    answer = client.get("/probe/login/x/y", base_url=f"http{'s' if https else ''}://node")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is https
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert ("Strict-Transport-Security" in answer.headers) is https


def test_a_page_needs_an_officer(client: FlaskClient, office: TestOffice) -> None:
    answer = client.get("/probe/closed?a=1")
    assert (answer.status_code, answer.location) == (302, "/login?next=/probe/closed%3Fa%3D1")
    answer = client.get("/probe/closed", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")
    answer = client.post("/probe/closed", data={"csrf_token": token_of(client)})
    assert answer.status_code == 401 and "NODE_LOGGED_OUT" in answer.text
    log_client_in(client, office)
    assert client.get("/probe/closed").text == "Lan"
    assert client.get("/probe/open").text == "open"


def test_an_idle_screen_is_locked(client: FlaskClient, office: TestOffice) -> None:
    log_client_in(client, office)
    office.clock.advance(office.services.config.idle_lock_minutes * 60_000 + 1)
    assert client.get("/probe/closed").status_code == 302


def test_polling_does_not_keep_a_screen_open(client: FlaskClient, office: TestOffice) -> None:
    log_client_in(client, office)
    half = office.services.config.idle_lock_minutes * 40_000
    office.clock.advance(half)
    assert client.get("/probe/closed", headers={"X-Motcua-Background": "1"}).status_code == 200
    office.clock.advance(half)
    assert client.get("/probe/closed").status_code == 302


@pytest.mark.parametrize("how", ["field", "header"])
def test_a_form_needs_the_token(client: FlaskClient, office: TestOffice, how: str) -> None:
    log_client_in(client, office)
    assert client.post("/probe/closed").status_code == 400
    assert client.post("/probe/closed", data={"csrf_token": "é" * 16}).status_code == 400
    token = token_of(client)
    assert client.post("/probe/closed", data={"csrf_token": "0" * 32}).status_code == 400
    given = {"data": {"csrf_token": token}} if how == "field" else {"headers": {"X-CSRF-Token": token}}
    assert client.post("/probe/closed", **given).text == "written"  # type: ignore[arg-type]


def test_a_session_of_another_node_is_worth_nothing(client: FlaskClient, office: TestOffice) -> None:
    log_client_in(client, office)
    cookie = client.get_cookie("motcua")
    assert cookie is not None
    client.set_cookie("motcua", cookie.value[:-3] + "abc")
    assert client.get("/probe/closed").status_code == 302


def test_a_button_pressed_a_hundred_times_leaves_a_cookie_that_a_browser_keeps(client: FlaskClient) -> None:
    for number in range(100):
        client.get(f"/probe/said/{number}")
    cookie = client.get_cookie("motcua")
    assert cookie is not None and len(cookie.value) < 4_000
    with client.session_transaction() as held:
        told = [text.split(":")[0] for _, text in held["_flashes"]]
    assert told == [str(number) for number in range(100 - MESSAGES_KEPT, 100)]


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil", "evil", "", None, "javascript:alert(1)"]
)
def test_next_never_leads_away(path: str | None) -> None:
    assert safe_next(path) == "/"
    assert safe_next("/dossiers?page=2") == "/dossiers?page=2"


def test_a_full_disk_reads_as_one_and_switches_to_read_only(
    client: FlaskClient, office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.services.space.refill()
    monkeypatch.setattr("edge_node.store.space.Space.free_bytes", 0)
    answer = client.get("/probe/full")
    assert answer.status_code == 507 and "NODE_DISK_FULL" in answer.text
    assert client.get("/health").get_json()["is_writable"] is False
    assert client.get("/probe/read-only").status_code == 507
    # A file that found no room (a scan, a copy) reads the same.
    answer = client.get("/probe/no-room")
    assert answer.status_code == 507 and "NODE_DISK_FULL" in answer.text


def test_who_waited_in_vain_for_the_database_is_told_to_wait_and_save_again(client: FlaskClient) -> None:
    """A file being compacted, or lists being made anew: it read as a fault of the node."""
    answer = client.get("/probe/locked")
    assert answer.status_code == 503 and "NODE_BUSY" in answer.text
    assert "Chờ khoảng một phút" in answer.text


def test_a_fault_tells_nothing_but_a_code(client: FlaskClient) -> None:
    answer = client.get("/probe/fault")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text and "NODE_INTERNAL" in answer.text


def test_programs_get_problem_details(client: FlaskClient) -> None:
    answer = client.get("/nothing-here", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "NODE_NOT_FOUND"
    assert answer.get_json()["status"] == 404


def test_a_new_pc_shows_the_set_up_page(tmp_path: Path) -> None:
    services = build_services(EdgeConfig(data=tmp_path, reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    app = create_app(services.config, services)
    app.register_blueprint(probe())
    client = app.test_client()
    assert client.get("/probe/closed").location == "/setup"
    page = client.get("/setup")
    assert page.status_code == 200 and 'name="code"' in page.text
    form = {
        "csrf_token": token_of(client), "hub_url": "localhost:1", "code": "AAAAA-BBBBB", "device_name": "Quầy 1",
        "officer_name": "<b>Lê</b>", "pin": "246810", "pin_again": "246811",
    }  # fmt: skip
    answer = client.post("/setup", data=form)
    assert answer.status_code == 422
    assert 'id="error-code"' in answer.text and 'id="error-pin_again"' in answer.text
    assert "&lt;b&gt;Lê&lt;/b&gt;" in answer.text and "246810" not in answer.text
    db.conn.close()


def test_an_enrolled_pc_has_no_set_up_page(client: FlaskClient) -> None:
    assert client.get("/setup").location == "/"


def test_create_app_touches_nothing(tmp_path: Path) -> None:
    config = EdgeConfig(data=tmp_path / "absent")
    create_app(config, build_services(config))
    assert not (tmp_path / "absent").exists()


def test_the_room_named_session_is_ours() -> None:
    assert session.required is required
