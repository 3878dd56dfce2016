"""Who may open which page of the hub: every route of the URL map, for every role and for nobody."""

import re

import pytest
from werkzeug.routing import Rule

from signing.roles import Role
from sync_protocol.reasons import ROUND_DEVICE
from tests.support.hub import ACCOUNTS, ProvinceHub, found_province, shared_province

EVERYBODY = frozenset({"", *ACCOUNTS})
PROVINCE = frozenset(ACCOUNTS)
ADMINISTRATORS = frozenset({"quantri"})
ENROLLERS = frozenset({"quantri", "khoa"})
AUDITORS = frozenset({"quantri", "kiemtra"})
KEY_AUTHORITIES = frozenset({"khoa"})
STICK_TAKERS = frozenset({"quantri", "khoa"})

TABLE = {
    "GET /": PROVINCE,
    "GET /login": EVERYBODY,
    "POST /login": EVERYBODY,
    "POST /logout": PROVINCE,
    "POST /language": EVERYBODY,
    "GET /statistics": PROVINCE,
    "GET /statistics/dossiers": PROVINCE,
    "GET /statistics/dossiers/<dossier>": PROVINCE,
    "GET /reports": PROVINCE,
    "GET /routing": PROVINCE,
    "GET /nodes": PROVINCE,
    "GET /nodes/<device>": PROVINCE,
    "GET /nodes/codes": ENROLLERS,
    "GET /copies": PROVINCE,
    "GET /copies/<life>": ENROLLERS,
    "POST /copies/<life>": ENROLLERS,
    "POST /nodes/codes": ENROLLERS,
    "POST /nodes/codes/file": ENROLLERS,
    "POST /nodes/<device>/confirm/<key>": KEY_AUTHORITIES,
    "POST /nodes/<device>/look": ENROLLERS,
    "POST /nodes/codes/<int:no>/withdraw": ENROLLERS,
    "GET /quarantine": PROVINCE,
    "GET /quarantine/records/<record>": PROVINCE,
    "GET /quarantine/requests/<record>": PROVINCE,
    "POST /quarantine/requests/<record>": KEY_AUTHORITIES,
    "GET /catalogue": PROVINCE,
    "GET /catalogue/procedures/<code>": PROVINCE,
    "GET /catalogue/procedures/<code>/edit": ADMINISTRATORS,
    "POST /catalogue/procedures/<code>/edit": ADMINISTRATORS,
    "GET /catalogue/calendar/edit": ADMINISTRATORS,
    "POST /catalogue/calendar/edit": ADMINISTRATORS,
    "GET /catalogue/upload": ADMINISTRATORS,
    "POST /catalogue/upload": ADMINISTRATORS,
    "POST /catalogue/publish": ADMINISTRATORS,
    "GET /verify": EVERYBODY,
    "POST /verify": EVERYBODY,
    "GET /verify/guide": EVERYBODY,
    "GET /verify/guide/agency": ADMINISTRATORS,
    "GET /verify/proof": AUDITORS,
    "GET /verify/proof/choose": AUDITORS,
    "GET /api/v1/dossiers/<dossier>/proof": frozenset(),  # a token of its own, whoever is logged in
    "GET /api/v1/dossiers/<dossier>/proof/readiness": frozenset(),
    "POST /api/v1/verify": EVERYBODY,
    "GET /api/report.schema.json": EVERYBODY,
    "GET /verify/trust.json": EVERYBODY,
    "GET /administration": PROVINCE,
    "POST /administration/password": PROVINCE,
    "GET /administration/accounts/new": ADMINISTRATORS,
    "POST /administration/accounts/new": ADMINISTRATORS,
    "GET /administration/accounts/<login>": ADMINISTRATORS,
    "POST /administration/accounts/<login>/roles": ADMINISTRATORS,
    "POST /administration/accounts/<login>/active": ADMINISTRATORS,
    "POST /administration/accounts/<login>/password": ADMINISTRATORS,
    "POST /administration/target": ADMINISTRATORS,
    "POST /administration/tokens": ADMINISTRATORS,
    "POST /administration/tokens/withdraw": ADMINISTRATORS,
    "GET /administration/log": AUDITORS,
    "GET /nodes/<device>/keys": KEY_AUTHORITIES,
    "POST /nodes/<device>/keys": KEY_AUTHORITIES,
    "GET /nodes/<device>/replace": KEY_AUTHORITIES,
    "POST /nodes/<device>/replace": KEY_AUTHORITIES,
    "POST /quarantine/review": KEY_AUTHORITIES,
    "GET /stick": STICK_TAKERS,
    "POST /stick": STICK_TAKERS,
    "GET /stick/<device>/answer": STICK_TAKERS,
    "GET /stick/<device>/everything": STICK_TAKERS,
    "GET /stick/<device>/snapshot": STICK_TAKERS,
    "GET /units": PROVINCE,
    "GET /units/<record>": PROVINCE,
    "GET /units/new": ADMINISTRATORS,
    "GET /units/plan": ADMINISTRATORS,
    "POST /units/plan": ADMINISTRATORS,
    "GET /units/upload": ADMINISTRATORS,
    "POST /units/upload": ADMINISTRATORS,
    "POST /units/publish": ADMINISTRATORS,
    "GET /units/allot": ADMINISTRATORS,
    "POST /units/allot": ADMINISTRATORS,
    "GET /erasure/<dossier>": ADMINISTRATORS,
    "POST /erasure/<dossier>": ADMINISTRATORS,
    "GET /verify/verify.html": EVERYBODY,
    "GET /verify/status.json": EVERYBODY,
    "GET /transparency": PROVINCE,
    "GET /tlog/checkpoint": EVERYBODY,
    "GET /tlog/proof/<int:index>": EVERYBODY,
    "POST /tlog/checkpoint": EVERYBODY,
    "GET /tlog/tile/<path:path>": EVERYBODY,
    "GET /search": PROVINCE,
    "GET /api/v1/statistics": PROVINCE,
    "GET /api/v1/nodes": PROVINCE,
    "GET /api/openapi.json": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /enrol/v1/hello": EVERYBODY,
    "POST /enrol/v1/device": EVERYBODY,
    "POST /sync/v1/round": EVERYBODY,
    "POST /sync/v1/files": EVERYBODY,
    "POST /sync/v1/beacon": EVERYBODY,
    "POST /sync/v1/relay": EVERYBODY,
    "GET /static/<path:filename>": EVERYBODY,
    "GET /look/<path:filename>": EVERYBODY,
}
"""Whose log-in opens it; "" is somebody without one. /metrics asks for loopback instead, which a test client is."""

VALUES = {
    "index": "0",
    "dossier": "0" * 32,
    "device": "0" * 32,
    "life": "0" * 32,
    "record": "0" * 64,
    "code": "1.001193",
    "login": "nobody",
    "no": "9999",
    "filename": "icon.svg",
    "path": "0/000",
    "key": "0" * 32,
}


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


def routes(hub: ProvinceHub) -> dict[str, Rule]:
    rules = hub.app.url_map.iter_rules()
    return {f"{m} {rule.rule}": rule for rule in rules for m in rule.methods or () if m in ("GET", "POST")}


def test_the_table_names_every_route(hub: ProvinceHub) -> None:
    assert set(routes(hub)) == set(TABLE)


@pytest.mark.parametrize("login", ["", *ACCOUNTS])
def test_every_route_opens_to_its_roles_and_to_nobody_else(hub: ProvinceHub, login: str) -> None:
    for route, allowed in TABLE.items():
        method, path = route.split(" ", 1)
        # A session of its own each time: some of these requests end it.
        visitor = hub.browser(login or None)
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: VALUES[name[1]], path)
        answer = visitor.get(path) if method == "GET" else visitor.post(path)
        is_turned_away = answer.status_code in (401, 403) or (
            answer.status_code == 302 and "/login?" in answer.headers["Location"]
        )
        if ROUND_DEVICE.vi in answer.text:
            is_turned_away = False  # let in, and then told that there is no such PC
        expected = login not in allowed
        if route == "POST /login":
            expected = True  # an empty password is wrong for everybody
        if route.startswith("POST /sync/v1/") or route == "POST /enrol/v1/device":
            continue  # no log-in counts here; what they refuse is tested with the protocol
        assert is_turned_away == expected, (route, login, answer.status_code)


@pytest.mark.parametrize("route", [route for route in TABLE if route.startswith("POST ")])
def test_a_form_without_its_token_changes_nothing(hub: ProvinceHub, route: str) -> None:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: VALUES[name[1]], route.split(" ", 1)[1])
    if path.startswith(("/sync/", "/enrol/", "/tlog/", "/api/")):
        return  # no cookie is read there
    visitor = hub.browser("quantri")
    answer = visitor.client.post(path, data={"csrf_token": "1" * 32})
    assert answer.status_code == 400
    assert "HUB_CSRF" in answer.text


def test_the_roles_of_the_accounts_are_the_roles_of_the_hub() -> None:
    assert {role for _name, roles in ACCOUNTS.values() for role in roles} == {
        Role.ADMINISTRATOR,
        Role.STATISTICIAN,
        Role.AUDITOR,
        Role.KEY_AUTHORITY,
    }


def test_log_in_goes_on_to_where_it_was_asked_for_and_never_to_another_site(hub: ProvinceHub) -> None:
    visitor = hub.browser()
    asked = visitor.get("/reports?group=field")
    assert asked.headers["Location"] == "/login?next=/reports%3Fgroup%3Dfield"
    for wanted, leads in (
        ("/reports?group=field", "/reports?group=field"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
    ):
        answer = hub.browser().post("/login", login="thongke", password="mat khau thu nghiem", next=wanted)
        assert answer.headers["Location"] == leads


def test_wrong_passwords_are_counted_until_even_the_right_one_waits(tmp_path) -> None:  # type: ignore[no-untyped-def]
    hub = found_province(tmp_path)
    visitor = hub.browser()
    for _ in range(8):
        assert visitor.post("/login", login="thongke", password="sai").status_code == 403
    answer = visitor.post("/login", login="thongke", password=hub.password)
    assert answer.status_code == 429
    hub.clock.now += 31 * 60_000
    assert visitor.post("/login", login="thongke", password=hub.password).status_code == 302


def test_the_language_is_kept_and_only_a_known_one_is_taken(hub: ProvinceHub) -> None:
    visitor = hub.browser("thongke")
    assert 'lang="vi"' in visitor.page("/reports")
    assert visitor.post("/language", language="en", next="/reports").headers["Location"] == "/reports"
    assert 'lang="en"' in visitor.page("/reports")
    visitor.post("/language", language="fr")
    assert 'lang="en"' in visitor.page("/reports")
