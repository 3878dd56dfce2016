"""Two communes, a department and the hub as real processes: a dossier goes round all of them, one end being offline."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from central_hub.config import HubConfig
from central_hub.founding import RootCeremony, found_hub
from central_hub.registry.enrolment import issue_code
from central_hub.store.engine import writing
from demo.browser import Browser, Page
from demo.processes import Server, free_port, run, run_json
from signing.keys import LockCost
from signing.roles import OFFICE_ROLES
from tests.support.counter import COPIES
from tests.support.running import HUB, HUB_SETTINGS, NODE, NODE_SETTINGS, PIN
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
HOME, OTHER, JUSTICE = "20242", "20257", "48003"
NAME = COPIES["applicant.name"]


@dataclass
class Office:
    """A unit's PC: its process and its data."""

    data: Path
    node: Server

    def sync(self, *, expect: tuple[int, ...] = (0, 2)) -> Any:
        return run_json(
            NODE, "sync", "--data", str(self.data),
            expect=expect, environment=NODE_SETTINGS, start=warm_start,
        )  # fmt: skip

    def log_in(self) -> Browser:
        browser = Browser(self.node.url)
        browser.send(browser.get("/login"), r"^/login", {"pin": PIN})
        return browser


@pytest.fixture
def province(tmp_path: Path) -> Iterator[tuple[Server, dict[str, Office]]]:
    founded = found_hub(
        HubConfig(data=tmp_path / "hub", tls=False),
        RootCeremony(folder=tmp_path / "root"),
        password="mot-cua-da-nang",
        lock_cost=LockCost.TEST,
    )
    with writing(founded.services.engine) as connection:
        codes = {
            unit: issue_code(
                connection, founded.services, unit=unit, device_name="Quầy 1", roles=sorted(OFFICE_ROLES)
            ).code
            for unit in (HOME, OTHER, JUSTICE)
        }
    founded.services.engine.dispose()
    port = free_port()
    hub = Server(
        HUB, ["serve", "--http", "--data", str(tmp_path / "hub"), "--port", str(port)],
        url=f"http://127.0.0.1:{port}", log=tmp_path / "hub.log", environment=HUB_SETTINGS,
        start=warm_start,
    )  # fmt: skip
    quiet = NODE_SETTINGS | {"MOTCUA_NODE_SYNC_EVERY_S": "3600", "MOTCUA_NODE_PROBE_EVERY_S": "3600"}
    with ExitStack() as stack:
        hub.start()
        stack.callback(hub.stop)
        offices = {}
        for unit, code in codes.items():
            data, own = tmp_path / unit, free_port()
            run(
                NODE, "enrol", "--data", str(data), "--hub", hub.url, "--code", code, "--device-name", "Quầy 1",
                "--officer-name", "Nguyễn Thị Lan", "--pin", PIN, environment=NODE_SETTINGS,
                start=warm_start,
            )  # fmt: skip
            node = Server(
                NODE, ["serve", "--data", str(data), "--port", str(own)], url=f"http://127.0.0.1:{own}",
                log=tmp_path / f"{unit}.log", environment=quiet, start=warm_start,
            )  # fmt: skip
            node.start()
            stack.callback(node.stop)
            offices[unit] = Office(data, node)
        yield hub, offices


def until_seen(office: Office, browser: Browser, path: str, text: str) -> Page:
    """Sync until the page says so: the judge decides a moment after the round."""
    for _ in range(20):
        office.sync()
        page = browser.get(path)
        if text in page.text:
            return page
    raise AssertionError(f"{text!r} is not on {path}: {page.text[:2_000]}")


def test_a_dossier_goes_to_another_commune_and_a_department_and_back(
    province: tuple[Server, dict[str, Office]],
) -> None:
    hub, offices = province
    home, other, justice = offices[HOME], offices[OTHER], offices[JUSTICE]
    for office in offices.values():
        office.sync()
    desk = home.log_in()
    form = {**COPIES, "competent": OTHER}
    done = desk.send(desk.get("/receive/2.000815"), r"^/receive/2\.000815$", form, button="then=receive")
    found = re.search(r"/([0-9a-f]{32})", done.path)
    assert found, done.text[:1_000]
    dossier = found[1]
    home.sync()

    there = other.log_in()
    until_seen(other, there, "/routing", NAME)
    assert NAME not in justice.log_in().get("/routing").text
    hub.stop()  # the line is down for everybody; the work goes on
    steps = there.get(f"/dossiers/{dossier}").links(rf"^/routing/{dossier}/leg/[0-9a-f]+/accepted$")
    there.send(there.get(steps[0]), rf"^/routing/{dossier}/leg/", {"note": "Đã nhận"})
    wish = {"to": JUSTICE, "ground": "Xác minh giúp bản chính"}
    there.send(there.get(f"/routing/{dossier}/refer"), rf"^/routing/{dossier}/refer", wish)
    other.sync(expect=(1, 2))
    hub.start()
    other.sync()

    asked = justice.log_in()
    until_seen(justice, asked, "/routing", NAME)
    page = asked.get(f"/dossiers/{dossier}")
    assert "Xác minh giúp bản chính" in page.text and not page.links("/act/forward")
    answer = page.links(rf"^/routing/{dossier}/leg/[0-9a-f]+/answered$")[0]
    asked.send(asked.get(answer), rf"^/routing/{dossier}/leg/", {"note": "Đúng bản chính"})
    justice.sync()
    until_seen(home, desk, f"/dossiers/{dossier}", "Đúng bản chính")
    until_seen(other, there, f"/dossiers/{dossier}", "Đúng bản chính")
    for text in ("Nguyễn Thị Lan", "Sở Tư pháp"):
        assert text in desk.get(f"/dossiers/{dossier}").text
