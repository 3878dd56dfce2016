"""The desk at 100,000 dossiers: saving, searching as one types, and the memory of the serving process.

Saving is measured inside one process, with the disk's own time to make it durable. Searching and memory are those of the
real command `motcua-node serve`, asked over HTTP like a browser does.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import psutil
import requests

from benchmarks.figure import Figure, at_most
from benchmarks.office import DOSSIERS, PIN, Office, large_office
from benchmarks.timing import timed
from benchmarks.workspace import Workspace
from demo.cases import make_case
from demo.plan import MIX
from demo.processes import Server, free_port
from dossiers.axes import Channel, PaymentMethod
from dossiers.local_time import local_date
from dossiers.procedures import Procedure
from edge_node.receive.forms import Payment, Reception
from edge_node.receive.service import Received, receive

SAVED = 300
TYPED_TIMES = 15
PAPERS = 20
SEARCHES = 50
MIB = 1024 * 1024
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')


def measure_save(workspace: Workspace) -> list[Figure]:
    """Receive dossiers one after the other: code, due date, signature, fsync, list row, search index, counters."""
    office = large_office(workspace)
    receptions = list(_receptions(office, SAVED))

    def save(reception: Reception) -> None:
        found = receive(office.db, office.services, office.actor, reception)
        assert isinstance(found, Received)

    times = timed([partial(save, reception) for reception in receptions])
    size = office.services.config.database.stat().st_size
    return [
        Figure(
            name="save",
            title=f"save one dossier on a node that holds {DOSSIERS:,} (median)",
            value=times.median_ms,
            unit="ms",
            target=at_most(25),
            detail={
                "of it CPU ms": times.cpu_ms,
                "p95 ms": times.p95_ms,
                "max ms": times.max_ms,
                "database MiB": size // MIB,
            },
        ),
        Figure(
            name="absorb",
            title="records that the same node takes in from a sync",
            value=office.absorbed_per_s,
            unit="records/s",
        ),
        Figure(
            name="rebuild",
            title=f"make all views of {DOSSIERS:,} dossiers anew",
            value=office.rebuilt_s,
            unit="s",
            detail={"records": office.records},
        ),
    ]


def measure_desk(workspace: Workspace) -> list[Figure]:
    """Log in, print, search; then look at the process."""
    office = large_office(workspace)
    port = free_port()
    server = Server(
        "edge_node",
        ["serve", "--port", str(port), "--data", str(office.services.config.data)],
        url=f"http://127.0.0.1:{port}",
        log=workspace.folder / "node.log",
    ).start()
    try:
        with requests.Session() as browser:
            return _use(office, server, browser)
    finally:
        server.stop()


def _use(office: Office, server: Server, browser: requests.Session) -> list[Figure]:
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    browser.get(f"{server.url}/login").raise_for_status()
    _forget_peak(server.pid)
    _log_in(browser, server.url, office.actor.officer)
    peak = _peak(server.pid)
    _get(browser, f"{server.url}/")
    for dossier in _some_dossiers(office, PAPERS):
        paper = browser.get(f"{server.url}/dossiers/{dossier}/papers/mau01")
        paper.raise_for_status()
        assert paper.content.startswith(b"%PDF-")
    typed = list(_queries(office))
    for number in range(SEARCHES):
        _search(browser, server.url, typed[number % len(typed)])
    rss = process.memory_info().rss
    searches = {text: timed([partial(_search, browser, server.url, text)] * TYPED_TIMES) for text in typed}
    pages = {
        path: timed([partial(_get, browser, server.url + path)] * TYPED_TIMES)
        for path in ("/", "/dossiers", f"/dossiers/{dossier}", "/receive")
    }
    slowest = max(searches.values(), key=lambda times: times.median_ms)
    return [
        Figure(
            name="memory",
            title=f"memory of the node after log-in, {PAPERS} PDFs and {SEARCHES} searches",
            value=rss / MIB,
            unit="MiB",
            target=at_most(120),
            detail={
                "before log-in": before / MIB,
                "peak while unlocking (argon2id 64 MiB)": peak / MIB,
                "after as many searches again": process.memory_info().rss / MIB,
            },
        ),
        Figure(
            name="search",
            title="search as one types: the slowest query's median, over HTTP",
            value=slowest.median_ms,
            unit="ms",
            target=at_most(50),
            detail={f"«{text}»": times.median_ms for text, times in searches.items()},
        ),
        Figure(
            name="pages",
            title="the slowest of desk, list, dossier and counter, over HTTP (median)",
            value=max(times.median_ms for times in pages.values()),
            unit="ms",
            detail={path.replace(dossier, "…"): times.median_ms for path, times in pages.items()},
        ),
    ]


def _log_in(browser: requests.Session, url: str, officer: str) -> None:
    page = browser.get(f"{url}/login")
    token = _TOKEN.search(page.text)
    assert token, "no form on the log-in page"
    form = {"csrf_token": token[1], "officer": officer, "pin": PIN}
    answer = browser.post(f"{url}/login", data=form, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.status_code


def _get(browser: requests.Session, address: str) -> None:
    browser.get(address).raise_for_status()


def _search(browser: requests.Session, url: str, text: str) -> None:
    answer = browser.get(f"{url}/search", params={"q": text, "part": "box"}, headers={"HX-Request": "true"})
    answer.raise_for_status()


def _queries(office: Office) -> Iterator[str]:
    """What people type: the worst first letter, a frequent surname, a month, and one dossier by code, person, name."""
    code, person, name = office.db.execute(
        "SELECT code, id_number, applicant FROM dossier WHERE code IS NOT NULL ORDER BY number LIMIT 1 OFFSET ?",
        [DOSSIERS // 3],
    ).fetchone()
    yield from ("n", "nguyen", "2611", code.split("-")[1][:4], code, person, name, "đặng thị")


def _some_dossiers(office: Office, count: int) -> list[str]:
    rows = office.db.execute("SELECT hex(id) FROM dossier ORDER BY number DESC LIMIT ?", [count]).fetchall()
    return [row[0].lower() for row in rows]


def _receptions(office: Office, count: int) -> Iterator[Reception]:
    """People come with the frequent procedures of a ward, as the counter hands them to the service."""
    rng = Random("desk")
    today = local_date(office.services.clock())
    in_force = office.services.references.catalogue(office.db).at(today)
    procedures = [procedure for procedure in in_force.procedures if procedure.code in MIX]
    weights = [MIX[procedure.code].ward for procedure in procedures]
    for procedure in rng.choices(procedures, weights, k=count):
        yield _reception(rng, office, procedure)


def _reception(rng: Random, office: Office, procedure: Procedure) -> Reception:
    case = make_case(rng, procedure, office.unit, today=local_date(office.services.clock()))
    payment = None
    if case.fee_due:
        payment = Payment(
            fee=case.fee_code, amount=case.fee_due, method=int(PaymentMethod.CASH), receipt_number="0000123"
        )
    return Reception(
        procedure=procedure,
        is_accepted=True,
        channel=int(Channel.DIRECT),
        competent=office.unit.code,
        sets=procedure.sets,
        fee_due=case.fee_due,
        fields=case.fields | {"return_method": "desk"},
        papers=case.papers,
        verification=False,
        agreed_ms=None,
        payment=payment,
        settlement=None,
        is_repeated=False,
    )


def _forget_peak(pid: int) -> None:
    """Let the kernel measure the peak from here on (Linux)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(found.split()[1]) * 1024
