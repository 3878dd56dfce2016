"""One office and its hub as real processes on loopback, with people and programs at work, to be killed at any moment.

Built on the demo's processes and line; programs start as at an office where a test hands over no other `start`. It knows
what was shown as done (an answer that was read whole) and whether a kill hit a request under way (the request began
before the kill and never got its answer).
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil
import requests

from central_hub.config import HubConfig
from central_hub.founding import RootCeremony, found_hub
from central_hub.registry.enrolment import issue_code
from central_hub.store.engine import writing
from demo.browser import Browser, PageWrong
from demo.line import Line
from demo.processes import Server, Start, free_port, run, run_json, start_anew
from signing.keys import LockCost

HUB: Final = "central_hub"
NODE: Final = "edge_node"
HAI_CHAU: Final = "20242"
PROCEDURE: Final = "2.000815"
PIN: Final = "246810"
ROLES: Final = ("leader", "receptionist", "specialist", "unit_administrator")
NODE_SETTINGS: Final = {
    "MOTCUA_NODE_PIN_MEMORY_MB": "8",
    "MOTCUA_NODE_PROBE_EVERY_S": "1",
    "MOTCUA_NODE_SYNC_EVERY_S": "5",
    "MOTCUA_NODE_THREADS": "10",
}
HUB_SETTINGS: Final = {"MOTCUA_HUB_NEXT_SYNC_AFTER_S": "5"}
_TOKEN: Final = re.compile(r"motcua_([0-9a-f]{8})_[0-9a-f]{40}")
_ID: Final = re.compile(r"/([0-9a-f]{32})")
_ORPHANS_S: Final = 30.0
_REQUEST_S: Final = 60.0


class WatchedLine(Line):
    """A line that says when something asked has not been answered."""

    def is_asked(self) -> bool:
        """Whether a connection is open at this moment."""
        with self._lock:
            return bool(self._open)


@dataclass
class Running:
    """Hub, node and the line between them. `line` counts bytes; `token` opens the node's API; `start` makes processes."""

    folder: Path
    hub: Server
    node: Server
    line: WatchedLine
    start: Start = start_anew
    token: str = ""
    orphans: list[psutil.Process] = field(default_factory=list)

    @property
    def node_data(self) -> Path:
        return self.folder / "node"

    @property
    def hub_data(self) -> Path:
        return self.folder / "hub"

    def node_command(self, name: str, *options: str, expect: int | Collection[int] = 0) -> Any:
        """`motcua-node NAME … --json`, beside the running node."""
        return run_json(
            NODE, name, "--data", str(self.node_data), *options,
            expect=expect, environment=NODE_SETTINGS, start=self.start,
        )  # fmt: skip

    def status(self) -> Any:
        """What `motcua-node status` says; it ends with 2 while something is undecided."""
        return self.node_command("status", expect=(0, 2))

    def hub_command(self, name: str, *options: str, expect: int | Collection[int] = 0) -> Any:
        return run_json(HUB, name, "--data", str(self.hub_data), *options, expect=expect, start=self.start)

    def log_in(self) -> Browser:
        """The office's officer at the screen."""
        browser = Browser(self.node.url)
        page = browser.send(browser.get("/login"), r"^/login", {"pin": PIN})
        if page.path == "/login":
            raise PageWrong(page.text[:400])
        return browser

    def allow_program(self) -> None:
        """The officer lets the program sign (again): a grant ends with the process."""
        browser = self.log_in()
        page = browser.get("/connections")
        if not self.token:
            made = browser.send(page, r"^/connections$", {"name": "Máy quét", "scope": "write"})
            found = _TOKEN.search(made.text)
            if found is None:
                raise PageWrong(made.text[:400])
            self.token = found[0]
            page = browser.get("/connections")
        browser.send(page, rf"/connections/{self.token.split('_')[1]}/allow$")

    def hub_processes(self) -> tuple[psutil.Process, psutil.Process, psutil.Process]:
        """The hub's serving process, its worker and its judge; waits until all three are there."""
        parent = psutil.Process(self.hub.pid)
        for _ in range(400):
            judges: list[psutil.Process] = []
            workers: list[psutil.Process] = []
            for child in parent.children():
                with contextlib.suppress(psutil.Error):
                    (judges if "central_hub.judge" in child.cmdline() else workers).append(child)
            if judges and workers:
                return parent, workers[0], judges[0]
            time.sleep(0.05)
        raise TimeoutError(self.hub.tail())

    def start_hub_again(self) -> None:
        """Start the hub after a kill; worker and judge that outlived it must have noticed and gone by themselves."""
        await_ends(self.orphans, seconds=_ORPHANS_S)
        self.hub.start()

    def stop(self) -> None:
        """End what was started, and only that."""
        self.line.cut()
        self.node.stop()
        self.hub.stop()
        for process in self.orphans:
            with contextlib.suppress(psutil.Error):
                if process.is_running():
                    process.kill()


def await_ends(processes: Collection[psutil.Process], *, seconds: float) -> None:
    """Wait until none of them runs any more, whether or not anybody has taken note of its end: whoever inherits an orphan
    may take a second for that."""
    deadline = time.monotonic() + seconds
    for process in processes:
        while _runs(process):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still there: {process}")
            time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def running_office(folder: Path, *, start: Start = start_anew) -> Iterator[Running]:
    """A founded hub, an enrolled node with one officer of every role, and a program that may sign."""
    code = _found_hub(folder)
    office = _office_in(folder, start)
    try:
        office.hub.start()
        run(
            NODE, "enrol", "--data", str(office.node_data), "--hub", f"http://127.0.0.1:{office.line.port}",
            "--code", code, "--device-name", "Quầy 1", "--officer-name", "Nguyễn Thị Lan", "--pin", PIN,
            environment=NODE_SETTINGS, start=start,
        )  # fmt: skip
        office.node.start()
        office.allow_program()
        yield office
    finally:
        office.stop()


@contextlib.contextmanager
def office_again(folder: Path, *, start: Start = start_anew) -> Iterator[Running]:
    """The node, and a hub yet to be started, over data folders that another version left in `folder`."""
    office = _office_in(folder, start)
    try:
        office.node.start()
        yield office
    finally:
        office.stop()


def _office_in(folder: Path, start: Start) -> Running:
    hub_port, node_port = free_port(), free_port()
    line = WatchedLine(hub_port)
    hub = Server(
        HUB,
        ["serve", "--http", "--data", str(folder / "hub"), "--port", str(hub_port)],
        url=f"http://127.0.0.1:{hub_port}",
        log=folder / "hub.log",
        environment=HUB_SETTINGS,
        start=start,
    )
    node = Server(
        NODE,
        ["serve", "--data", str(folder / "node"), "--port", str(node_port)],
        url=f"http://127.0.0.1:{node_port}",
        log=folder / "node.log",
        environment=NODE_SETTINGS | {"MOTCUA_NODE_HUB_URL": f"http://127.0.0.1:{line.port}"},
        start=start,
    )
    return Running(folder=folder, hub=hub, node=node, line=line, start=start)


def _found_hub(folder: Path) -> str:
    """What `motcua-hub init` and `enrol` do, in this process; returns the enrolment code."""
    config = HubConfig(data=folder / "hub", tls=False)
    ceremony = RootCeremony(folder=folder / "root")
    founded = found_hub(config, ceremony, password="mot-cua-da-nang", lock_cost=LockCost.TEST)
    services = founded.services
    try:
        with writing(services.engine) as connection:
            issued = issue_code(
                connection, services, unit=HAI_CHAU, device_name="Quầy 1", roles=ROLES, issued_by="quantri"
            )
    finally:
        services.engine.dispose()
    return issued.code


@dataclass(frozen=True)
class Flight:
    """One request: when it began and ended, and whether its answer was read whole."""

    began: float
    ended: float
    was_cut: bool


@dataclass
class Ledger:
    """What clients were told is done. All clients share it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    records: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    repeated: int = 0
    surprises: list[str] = field(default_factory=list)

    def done(self, person: str, dossier: str, records: list[str], *, is_settled: bool = False) -> None:
        with self.lock:
            self.records.update(records)
            self.people[person] = dossier
            if is_settled:
                self.settled.add(dossier)

    def surprise(self, text: str) -> None:
        with self.lock:
            self.surprises.append(text)


class Client(threading.Thread):
    """A client that works until told to stop. `is_up` closes while its server is known to be down."""

    def __init__(self, office: Running, ledger: Ledger, number: int, seed: int) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.office, self.ledger, self.number = office, ledger, number
        self.random = Random(f"{seed} {number}")
        self.is_up = threading.Event()
        self.ending = threading.Event()
        self.began: float | None = None
        self.flights: list[Flight] = []

    def run(self) -> None:
        while not self.ending.is_set():
            if not self.is_up.wait(0.05):
                continue
            try:
                self.work()
            except requests.RequestException:
                self.start_over()
            except Exception as error:  # noqa: BLE001 — a client's own fault must fail the test, not vanish
                self.ledger.surprise(f"{self.name}: {type(error).__name__}: {error}")
                return

    def work(self) -> None:
        """One or a few requests."""
        raise NotImplementedError

    def start_over(self) -> None:
        """After a cut: wait for the server to be back, with nothing remembered but what was promised."""
        time.sleep(0.05)

    def fly(self, send: Callable[[], requests.Response]) -> requests.Response:
        """Send one request and read its answer whole; a cut raises RequestException."""
        began = self.began = time.monotonic()
        was_cut = True
        try:
            answer = send()
            was_cut = False
            return answer
        finally:
            self.began = None
            self.flights.append(Flight(began=began, ended=time.monotonic(), was_cut=was_cut))

    def person(self, count: int) -> tuple[str, str]:
        """A name and an identity number that nobody else in the test has."""
        return f"Người {self.number:02d} {count:05d}", f"048{self.number:03d}{count:06d}"


class Program(Client):
    """Receives dossiers over the local API and forwards some; a cut request is sent again as it was.

    `summary_chars`: length of a text in each that nothing compresses by more than half.
    """

    def __init__(self, office: Running, ledger: Ledger, number: int, seed: int) -> None:
        super().__init__(office, ledger, number, seed)
        self.count = 0
        self.summary_chars = 0
        self.mine: list[str] = []
        self.session = self._session()

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self.office.token}"
        return session

    def start_over(self) -> None:
        self.session.close()
        self.session = self._session()
        super().start_over()

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        url = f"{self.office.node.url}/api/v1/dossiers{path}"
        return self.fly(lambda: self.session.post(url, json=body, timeout=_REQUEST_S))

    def work(self) -> None:
        if self.mine and self.random.random() < 0.4:
            self.forward(self.mine.pop())
        else:
            self.receive()

    def receive(self) -> None:
        name, number = self.person(self.count)
        with self.ledger.lock:
            self.ledger.asked.add(number)
        fields = {
            "applicant.name": name, "applicant.id_number": number, "form.document_name": "Căn cước công dân",
            "form.pages": "2", "form.copies": "1", "summary": self.random.randbytes(self.summary_chars // 2).hex(),
        }  # fmt: skip
        body = {"procedure": PROCEDURE, "fields": fields, "papers_complete": True, "paid": {"method": 1}}
        answer = self.post("", body)
        content = answer.json()
        if answer.status_code == 201:
            self.ledger.done(number, content["id"], [entry["record"] for entry in content["history"]])
            self.mine.append(content["id"])
        elif content["code"] == "NODE_REPEATED":
            # The first try was kept and only its answer was lost.
            with self.ledger.lock:
                self.ledger.repeated += 1
            self.ledger.done(number, content["dossiers"][0]["id"], [])
        elif content["code"] in ("NODE_API_LOCKED", "NODE_API_TOKEN"):
            time.sleep(0.05)  # the officer has not said yes again
            return
        else:
            self.ledger.surprise(f"receive: {answer.status_code} {answer.text[:300]}")
        self.count += 1

    def forward(self, dossier: str) -> None:
        answer = self.post(f"/{dossier}/transitions", {"action": "forward"})
        content = answer.json()
        if answer.status_code == 200:
            with self.ledger.lock:
                self.ledger.records.update(entry["record"] for entry in content["history"])
        elif content["code"] in ("NODE_API_LOCKED", "NODE_API_TOKEN"):
            self.mine.append(dossier)
            time.sleep(0.05)
        elif answer.status_code != 409:  # 409: forwarded by the request that was cut
            self.ledger.surprise(f"forward: {answer.status_code} {answer.text[:300]}")


class Counter(Client):
    """An officer at the screens who settles dossiers at once: one form, five records, all or none."""

    def __init__(self, office: Running, ledger: Ledger, number: int, seed: int) -> None:
        super().__init__(office, ledger, number, seed)
        self.count = 0
        self.browser: Browser | None = None

    def start_over(self) -> None:
        self.browser = None
        super().start_over()

    def work(self) -> None:
        if self.browser is None:
            self.browser = self.office.log_in()
        page = self.browser.get(f"/receive/{PROCEDURE}")
        if page.path == "/login":
            self.browser = None
            return
        name, number = self.person(self.count)
        with self.ledger.lock:
            self.ledger.asked.add(number)
        form = page.form(rf"^/receive/{PROCEDURE}$").values | {
            "applicant.name": name, "applicant.id_number": number, "form.document_name": "Bằng tốt nghiệp",
            "form.pages": "2", "form.copies": "1", "papers_complete": "1", "result.signer": "Nguyễn Thị Lan",
            "result.number": str(self.count), "then": "settle",
        }  # fmt: skip
        session, url = self.browser._session, f"{self.office.node.url}/receive/{PROCEDURE}"
        answer = self.fly(lambda: session.post(url, data=form, timeout=_REQUEST_S, allow_redirects=False))
        found = _ID.search(answer.headers.get("Location", ""))
        if answer.status_code == 303 and found:
            self.ledger.done(number, found[1], [], is_settled=True)
        elif answer.status_code == 409:
            with self.ledger.lock:
                self.ledger.repeated += 1
        elif answer.status_code in (302, 401):
            self.browser = None
            return
        else:
            self.ledger.surprise(f"settle: {answer.status_code} {answer.text[:300]}")
        self.count += 1


class Syncer(Client):
    """Somebody who presses «Đồng bộ ngay» again and again, so that a round is always under way or about to be."""

    def __init__(self, office: Running, ledger: Ledger, number: int, seed: int) -> None:
        super().__init__(office, ledger, number, seed)
        self.browser: Browser | None = None

    def start_over(self) -> None:
        self.browser = None
        super().start_over()

    def work(self) -> None:
        if self.browser is None:
            self.browser = self.office.log_in()
        page = self.browser.get("/sync")
        if page.path == "/login":
            self.browser = None
            return
        values = page.form(r"^/sync$").values
        session, url = self.browser._session, f"{self.office.node.url}/sync"
        answer = self.fly(lambda: session.post(url, data=values, timeout=_REQUEST_S, allow_redirects=False))
        if answer.status_code >= 500:
            self.ledger.surprise(f"sync: {answer.status_code} {answer.text[:300]}")
        time.sleep(0.02)
