"""Every GET route of both URL maps in real Chromium, with a believable week and a believable province behind them.

Nothing may be answered with an error, break the page's policy, be complained about in the console, fail to load, be hard to
use by axe-core's judgement, or be wider than a telephone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser
from sqlalchemy import select

from central_hub.api.tokens import Scope, make_token
from central_hub.judge.standings import list_standings
from central_hub.quarantine.queries import list_requests
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DOSSIER
from central_hub.sync.asked import keep_asked
from central_hub.sync.parcels import asked_by_nobody
from central_hub.tlog.sequencer import Step, advance
from dossiers.lifecycle import MOVES
from dossiers.states import Status
from dossiers.views import DossierView
from edge_node import create_app as create_node
from edge_node.casework.service import Target
from edge_node.config import EdgeConfig
from edge_node.conflicts.reading import open_questions
from edge_node.enrolment.epochs import open_log
from edge_node.files.capture import capture
from edge_node.files.service import Placed, attach
from edge_node.migrations import prepare
from edge_node.projection.duplicates import open_duplicates
from edge_node.projection.service import view
from edge_node.routing.service import give_papers, refer
from edge_node.services import build_services
from edge_node.store import open_database
from signing.keys import LockCost
from sync_protocol.admission import Outcome
from sync_protocol.log import OpeningReason
from tests.support.browser import Tab, launch, new_tab, serve
from tests.support.hub import (
    ACCOUNTS,
    PASSWORD,
    ProvinceHub,
    found_province,
    populate,
    reorganise,
    suspect_copy,
)
from tests.support.node import PIN, PROCEDURES, hear_of_copy, make_app, receive
from tests.support.walking import Examples, Walk, addresses, first_of_each
from tests.support.week import MARITAL, Week, furnish

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return furnish(tmp_path_factory.mktemp("week"))


def double(week: Week) -> str:
    """The same person for the same thing in two lives of the PC; the conflict's id."""
    receive(week.office, 5, MARITAL)
    open_log(week.office.db, week.office.services, reason=OpeningReason.RESTORE)
    receive(week.office, 5, MARITAL, code=None, provisional=None)
    (found,) = open_duplicates(week.office.db)
    return found.id


def scan(week: Week, dossier: str) -> str:
    """A file attached to the dossier; its id."""
    office = week.office
    captured = capture(b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n", "Đơn đề nghị.pdf")
    record = attach(office.db, office.services, week.van, dossier, [captured], Placed())
    assert record is not None
    file: str = record.header.facts["files"][0]["file"]
    return file


def way(week: Week) -> Examples:
    """Addresses about a dossier that a department was asked about, and whose papers went along."""
    db, services, dossier = week.office.db, week.office.services, week.by_status[Status.PROCESSING]
    refer(
        db,
        services,
        week.van,
        Target(dossier=dossier, seen=seen_of(week, dossier).heads),
        to="48003",
        ground="Xác minh giúp",
    )
    leg = seen_of(week, dossier).legs[-1].record
    slip = give_papers(db, services, week.van, [dossier], to="48003")
    return {
        "/routing": ["/routing", "/routing?side=out", "/routing?side=papers", "/routing?side=out&format=csv"],
        "/routing/<dossier>/refer": [f"/routing/{dossier}/refer"],
        "/routing/<dossier>/leg/<leg>/<step>": [f"/routing/{dossier}/leg/{leg}/recalled"],
        "/routing/slips/<slip>": [f"/routing/slips/{slip}"],
        "/routing/slips/<slip>/paper": [f"/routing/slips/{slip}/paper"],
    }


def seen_of(week: Week, dossier: str) -> DossierView:
    found = view(week.office.db, dossier)
    assert found is not None
    return found


def pages_of_node(week: Week) -> Examples:
    """Addresses for the node's routes; tests/support/walking.py adds the routes that need none."""
    with make_app(week.office).test_request_context():
        (question,) = open_questions(week.office.db, week.office.services)
    case = week.by_status[Status.PROCESSING]
    several = f"id={week.by_status[Status.RECEIVED]}&id={week.dossiers[6]}"
    one = {
        name: (f"/dossiers/{case}/{name}",)
        for name in (
            "amend",
            "assign",
            "erase",
            "extend",
            "note",
            "papers-held",
            "pay",
            "proof",
            "proof/file",
        )
    }
    received = week.by_status[Status.RECEIVED]
    records = week.records(week.dossiers[7]) + week.records(week.for_paper["mau04"])
    return {
        "/": ["/", *(f"/?show={name}" for name in ("mine", "today", "overdue", "waiting", "ready", "attention"))],
        "/api/v1/dossiers": ["/api/v1/dossiers", "/api/v1/dossiers?q=tran&open=true"],
        "/api/v1/dossiers/<dossier>": [f"/api/v1/dossiers/{case}"],
        "/api/v1/dossiers/<dossier>/proof": [f"/api/v1/dossiers/{case}/proof"],
        "/api/v1/dossiers/<dossier>/proof/readiness": [f"/api/v1/dossiers/{case}/proof/readiness"],
        "/api/v1/dossiers/<dossier>/proof/pdf": [f"/api/v1/dossiers/{week.for_paper['bien-nhan']}/proof/pdf"],
        "/dossiers/<dossier>/proof/pdf": [f"/dossiers/{week.for_paper['bien-nhan']}/proof/pdf?carrier=bien-nhan"],
        "/conflicts/<conflict>": [f"/conflicts/{question.id}"],
        "/conflicts/duplicates/<conflict>": [f"/conflicts/duplicates/{double(week)}"],
        "/dossiers": ["/dossiers", "/dossiers?state=attention", "/dossiers?state=ended&sort=finished", "/dossiers?q=khong+co+ai", "/dossiers?format=csv"],
        "/dossiers/<dossier>": [f"/dossiers/{each}" for each in (*week.by_status.values(), week.dossiers[7], week.for_paper["mau04"])]
        + [f"/dossiers/{week.for_paper['mau02']}?printed=mau02"],
        "/dossiers/<dossier>/act/<action>": [
            f"/dossiers/{week.by_status[move.source]}/act/{move.action}" for move in MOVES
        ],
        **{f"/dossiers/<dossier>/{name}": paths for name, paths in one.items()},
        "/dossiers/<dossier>/paper-taken": [
            f"/dossiers/{received}/paper-taken?record={week.records(received)[0]}&paper=form"
        ],
        "/dossiers/<dossier>/papers/<name>": [
            f"/dossiers/{dossier}/papers/{name}" for name, dossier in week.for_paper.items()
        ],
        "/dossiers/<dossier>/records/<record>": [f"/dossiers/{week.dossiers[7]}/records/{records[0]}",
            f"/dossiers/{week.for_paper['mau04']}/records/{records[-1]}"],
        "/dossiers/<dossier>/records/<record>/export": [f"/dossiers/{week.dossiers[7]}/records/{records[0]}/export"],
        "/dossiers/<dossier>/files": [f"/dossiers/{received}/files"],
        "/dossiers/<dossier>/files/<file>": [f"/dossiers/{received}/files/{scan(week, received)}"],
        "/copies/<life>": [f"/copies/{hear_of_copy(week.office)}"],
        "/dossiers/decide": [f"/dossiers/decide?{several}"],
        "/help/images/<name>": ["/help/images/can-bo-ho-so.png"],
        "/login": ["/login", "/login?other=1"],
        "/officers/<officer>/revoke": [f"/officers/{week.cast.minh.officer}/revoke"],
        "/officers/<officer>/pin": [f"/officers/{week.cast.lan.officer}/pin"],
        "/receive": ["/receive", "/receive?q=chung+thuc", "/receive?q=khong+co"],
        "/receive/<code>": [f"/receive/{code}" for code in {*PROCEDURES, MARITAL}],
        "/receive/done/<dossier>": [f"/receive/done/{received}", f"/receive/done/{week.for_paper['bien-nhan']}?settled=1"],
        "/register": ["/register", "/register?month=2026-12", "/register?month=2026-12&format=pdf", "/register?month=2026-12&format=csv"],
        "/reports": ["/reports", "/reports?group=procedure", "/reports?format=pdf", "/reports?format=csv"],
        "/reports/dossiers": ["/reports/dossiers?column=received", "/reports/dossiers?column=overdue&format=csv"],
        "/results": ["/results", "/results?state=returned", "/results?q=khong+co+ai"],
        "/search": ["/search", "/search?q=tran+thi", "/search?q=khong+co+ai"],
        "/look/<path:filename>": ["/look/icon.svg"],
        "/static/<path:filename>": ["/static/app.css"],
        **way(week),
    }  # fmt: skip


def log_in_at_node(tab: Tab, officer: str) -> None:
    tab.open("/login?other=1")
    tab.page.check(f'input[value="{officer}"]')
    tab.page.fill("#field-pin", PIN)
    tab.page.click("button[data-primary]")
    tab.page.wait_for_url(f"{tab.base}/")


def test_every_page_of_the_node(browser: Browser, week: Week) -> None:
    app = make_app(week.office)
    paths = addresses(app, pages_of_node(week), elsewhere=["/setup"])
    with serve(app) as base, new_tab(browser, base) as tab:
        stranger = Walk(tab)
        stranger.visit(["/login", "/help"])
        log_in_at_node(tab, week.van.officer)
        walk = Walk(tab, headers={"Authorization": f"Bearer {week.token}"}, judged=stranger.judged)
        walk.visit(paths)
        tab.open("/account")
        tab.page.locator("#lock-form button").click()
        tab.page.wait_for_url("**/login?*")
        walk.visit(["/login"])  # the locked screen: the same address, another page
    wrong = stranger.wrong + walk.wrong
    assert not wrong, "\n".join(wrong)
    assert len(walk.walked) > 80 and len(walk.files) > 15


def test_a_node_before_its_set_up(browser: Browser, tmp_path: Path) -> None:
    config = EdgeConfig(data=tmp_path, reserve_mb=1)
    prepare(open_database(config.database))
    app = create_node(config, build_services(config, lock_cost=LockCost.TEST))
    with serve(app) as base, new_tab(browser, base) as tab:
        walk = Walk(tab)
        walk.visit(["/setup", "/"])
    assert not walk.wrong, "\n".join(walk.wrong)
    assert walk.walked == ["/setup", "/"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    found = found_province(tmp_path_factory.mktemp("province"))
    populate(found, communes=8, a_day=0.6)
    return found


def agency_key(hub: ProvinceHub) -> str:
    """The name of an agency that holds a key."""
    with writing(hub.services.engine) as connection:
        make_token(connection, hub.services, label="congan", actor="quantri", scope=Scope.VERIFY)
    return "congan"


def pages_of_hub(hub: ProvinceHub) -> Examples:
    """Addresses for the hub's routes; those that need no part filled are their own."""
    with reading(hub.services.engine) as connection:
        dossier = connection.execute(select(DOSSIER.c.id).limit(1)).scalar_one().hex()
        (request,) = list_requests(connection)
        held = [
            f"/quarantine/records/{standing.record}"
            for outcome in (Outcome.QUARANTINED, Outcome.PENDING)
            for standing in list_standings(connection, outcome=outcome).lines
        ]
    while advance(hub.services, at_once=True) is not Step.IDLE:
        pass
    tile = next(
        path for path in sorted((hub.services.config.tree / "tile" / "0").rglob("*")) if path.is_file()
    )
    tile = tile.relative_to(hub.services.config.tree)
    quarter, unit = "from=2026-07-01&to=2026-09-30", hub.desks[0].unit
    reorganised = reorganise(hub, hub.desks[5].unit, hub.desks[6].unit)
    keep_asked(hub.services, asked_by_nobody(hub.services, hub.desks[0].device))
    return {
        "/": ["/", f"/?{quarter}&order=worst", "/?from=31/12/2026&to=01/01/2026"],
        "/administration/accounts/<login>": ["/administration/accounts/thongke"],
        "/api/v1/statistics": [f"/api/v1/statistics?{quarter}"],
        "/catalogue": ["/catalogue", "/catalogue?show=calendar", "/catalogue?q=khong+co"],
        "/catalogue/procedures/<code>": ["/catalogue/procedures/1.001193"],
        "/catalogue/procedures/<code>/edit": ["/catalogue/procedures/1.001193/edit"],
        "/nodes": ["/nodes", "/nodes?state=silent", "/nodes?format=csv"],
        "/nodes/<device>/keys": [f"/nodes/{hub.desks[0].device}/keys"],
        "/nodes/<device>/replace": [f"/nodes/{hub.desks[0].device}/replace"],
        "/nodes/<device>": [f"/nodes/{hub.desks[0].device}", f"/nodes/{hub.desks[2].device}"],
        "/quarantine": [f"/quarantine?show={name}" for name in ("requests", "refused", "pending", "set_aside", "conflicts", "duplicates")],
        "/quarantine/records/<record>": held,
        "/quarantine/requests/<record>": [f"/quarantine/requests/{request.record}"],
        "/reports": ["/reports", f"/reports?{quarter}&group=field", f"/reports?{quarter}&format=csv", f"/reports?{quarter}&format=xlsx"],
        "/search": ["/search", "/search?q=hoa", "/search?q=khong+co+ai"],
        "/look/<path:filename>": ["/look/icon.svg"],
        "/static/<path:filename>": ["/static/app.css"],
        "/stick/<device>/answer": [f"/stick/{hub.desks[0].device}/answer"],
        "/stick/<device>/snapshot": [f"/stick/{hub.desks[1].device}/snapshot"],
        "/copies/<life>": [f"/copies/{suspect_copy(hub, hub.desks[2])}"],
        "/units/<record>": [f"/units/{reorganised}", f"/units/{reorganised}?sort=received&dir=desc", f"/units/{reorganised}?format=units-xlsx"],
        "/units/plan": [f"/units/plan?form=split&unit={hub.desks[4].unit}", "/units/plan"],
        "/units/allot": ["/units/allot", "/units/allot?old=20991"],
        "/stick/<device>/everything": [f"/stick/{hub.desks[1].device}/everything"],
        "/tlog/tile/<path:path>": [f"/tlog/{tile}"],
        "/tlog/proof/<int:index>": ["/tlog/proof/0"],
        "/statistics": ["/statistics", f"/statistics?{quarter}&group=month", f"/statistics?{quarter}&group=procedure&commune={unit}"],
        "/statistics/dossiers": [f"/statistics/dossiers?{quarter}&figure=late", f"/statistics/dossiers?{quarter}&figure=received&format=csv"],
        "/statistics/dossiers/<dossier>": [f"/statistics/dossiers/{dossier}"],
        "/erasure/<dossier>": [f"/erasure/{dossier}"],
        "/verify/guide/agency": [f"/verify/guide/agency?name={agency_key(hub)}"],
        "/verify/proof": [f"/verify/proof?dossier={dossier}"],
        "/verify/proof/choose": [f"/verify/proof/choose?dossier={dossier}"],
    }  # fmt: skip


def log_in_at_hub(tab: Tab, login: str) -> None:
    tab.open("/login")
    tab.page.fill("#field-login", login)
    tab.page.fill("#field-password", PASSWORD)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"{tab.base}/")


def test_every_page_of_the_hub(browser: Browser, hub: ProvinceHub) -> None:
    """Each role sees all it may open; tests/web/test_hub_access.py says what that is."""
    for_a_program = "/api/v1/dossiers/<dossier>/proof"  # tests/web/test_hub_proof.py
    paths = addresses(hub.app, pages_of_hub(hub), elsewhere=[for_a_program, f"{for_a_program}/readiness"])
    # The administrator sees nearly everything; the others each page once, for what differs with the role.
    paths_of = {login: first_of_each(hub.app, paths) for login in ACCOUNTS} | {"quantri": paths}
    opened: set[str] = set()
    wrong: list[str] = []
    judged: set[bytes] = set()
    with serve(hub.app) as base:
        with new_tab(browser, base) as tab:
            stranger = Walk(tab, judged=judged, wrong=wrong)
            stranger.visit(["/login"])
        for login, walked in paths_of.items():
            with new_tab(browser, base) as tab:
                log_in_at_hub(tab, login)
                walk = Walk(tab, is_refusal=lambda answer: answer.status == 403, judged=judged)
                walk.visit(walked)
            opened |= {*walk.walked, *walk.files}
            wrong += [f"{login}: {problem}" for problem in walk.wrong]
    assert not wrong, "\n".join(wrong)
    assert set(paths) <= opened, "every page opens to some role"


FAULTS = {
    "policy": ("<p>x</p><script>document.title = 'x'</script>", "policy report: script-src-elem inline"),
    "style": ('<p style="color: red">x</p>', "policy report: style-src-attr inline"),
    "missing": ('<img alt="x" src="/nowhere.png">', "/nowhere.png: 404"),
    "warning": ('<p>x</p><script src="/script/warning"></script>', "careful"),
    "error": ('<p>x</p><script src="/script/error"></script>', "thrown"),
    "wide": ('<svg width="900" height="9" aria-hidden="true"></svg>', "px wider than 390"),
    "nameless": ('<img src="/icon.svg">', "critical image-alt"),
    "pale": (
        '<p class="pale">hard to read</p><link rel="stylesheet" href="/pale.css">',
        "serious color-contrast",
    ),
}
_FILES = {
    "/script/warning": ("text/javascript", "console.warn('careful')"),
    "/script/error": ("text/javascript", "throw new Error('thrown')"),
    "/pale.css": ("text/css", ".pale { color: #ccc; background: #fff }"),
    "/icon.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
}


def faulty() -> Flask:
    """An app with a page of each fault that the walk is there to see, and files to make them."""
    app = Flask("faulty", static_folder=None)

    @app.get("/<fault>")
    def page(fault: str) -> Response | tuple[str, int]:
        if f"/{fault}" in _FILES:
            return file(f"/{fault}")
        if fault == "broken" or fault not in {*FAULTS, "sound"}:
            return "<!doctype html><html lang=en><title>x</title><main>x</main></html>", 404
        body = FAULTS.get(fault, ("<p>x</p>", ""))[0]
        head = '<head><title>x</title><link rel="icon" href="/icon.svg"></head>'
        answer = Response(
            f'<!doctype html><html lang="en">{head}<body><main><h1>x</h1>{body}</main></body></html>'
        )
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
        )
        return answer

    @app.get("/script/<name>")
    def script(name: str) -> Response:
        return file(f"/script/{name}")

    def file(path: str) -> Response:
        return Response(_FILES[path][1], mimetype=_FILES[path][0])

    return app


def test_the_walk_sees_every_kind_of_fault(browser: Browser) -> None:
    with serve(faulty()) as base, new_tab(browser, base) as tab:
        sound = Walk(tab)
        sound.visit(["/sound"])
        assert sound.wrong == []
        for fault, (_markup, told) in FAULTS.items():
            walk = Walk(tab)
            walk.visit([f"/{fault}"])
            assert any(told in problem for problem in walk.wrong), (fault, walk.wrong)
        walk = Walk(tab)
        walk.visit(["/nowhere"])
        assert "/nowhere: status 404" in walk.wrong


def test_a_route_without_an_example_stops_the_walk() -> None:
    app = faulty()
    with pytest.raises(AssertionError, match="no example"):
        addresses(app, {"/<fault>": ["/sound"]})
    with pytest.raises(AssertionError, match="no such route"):
        addresses(app, {"/gone": ["/gone"]})
    assert addresses(app, {"/<fault>": ["/sound"], "/script/<name>": ["/script/error"]}) == [
        "/sound",
        "/script/error",
    ]
