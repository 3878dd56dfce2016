"""A hub and PCs of two communes as real processes: the communes are merged while one PC is away; it comes back, delivers what it
did under the old unit, and everything counts once."""

import json
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from central_hub.config import HubConfig
from central_hub.founding import RootCeremony, found_hub
from central_hub.registry.enrolment import issue_code
from central_hub.services import system_clock_ms
from central_hub.store.engine import writing
from demo.browser import Browser
from demo.processes import Server, free_port, run, run_json
from dossiers.local_time import local_date, to_yyyymmdd
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
AWAY, OTHER, MERGED = "20242", "20257", "20991"
NAME = "Phường Hợp Nhất"
PASSWORD = "mot-cua-da-nang"
QUIET = NODE_SETTINGS | {"MOTCUA_NODE_SYNC_EVERY_S": "3600", "MOTCUA_NODE_PROBE_EVERY_S": "3600"}


@dataclass
class Office:
    """A commune's PC, and whoever sits at it."""

    node: Server
    desk: Browser

    @property
    def unit(self) -> str:
        return str(requests.get(f"{self.node.url}/health", timeout=60).json()["unit"])

    def log_in(self) -> None:
        self.desk = Browser(self.node.url)
        self.desk.send(self.desk.get("/login"), r"^/login", {"pin": PIN})

    def receive(self, person: int) -> str:
        form = {**COPIES, "applicant.id_number": f"04819200773{person}"}
        page = self.desk.get("/receive/2.000815")
        done = self.desk.send(page, r"^/receive/2\.000815$", form, button="then=receive")
        found = re.search(r"/([0-9a-f]{32})", done.path)
        assert found, done.text[:1_000]
        return found[1]

    def sync_until(self, unit: str) -> None:
        """Press «Đồng bộ ngay» until this PC serves the unit and the province holds everything."""
        for _ in range(60):
            page = self.desk.send(self.desk.get("/sync"), r"^/sync$")
            if self.unit == unit and "Chưa về tỉnh 0 bản ghi" in page.text:
                return
            time.sleep(0.2)
        raise AssertionError((self.unit, page.text[:1_000]))


@pytest.fixture
def province(tmp_path: Path) -> Iterator[tuple[Server, Office, Office]]:
    founded = found_hub(
        HubConfig(data=tmp_path / "hub", tls=False),
        RootCeremony(folder=tmp_path / "root"),
        password=PASSWORD,
        lock_cost=LockCost.TEST,
    )
    with writing(founded.services.engine) as connection:
        codes = [
            issue_code(
                connection, founded.services, unit=unit, device_name=unit, roles=sorted(OFFICE_ROLES)
            ).code
            for unit in (AWAY, OTHER)
        ]
    founded.services.engine.dispose()
    port = free_port()
    hub = Server(
        HUB, ["serve", "--http", "--data", str(tmp_path / "hub"), "--port", str(port)],
        url=f"http://127.0.0.1:{port}", log=tmp_path / "hub.log", environment=HUB_SETTINGS,
        start=warm_start,
    )  # fmt: skip
    with ExitStack() as stack:
        hub.start()
        stack.callback(hub.stop)

        def enrol(code: str) -> Server:
            own = free_port()
            data = str(tmp_path / f"node{own}")
            run(
                NODE, "enrol", "--data", data, "--hub", hub.url, "--code", code, "--device-name", "Quầy 1",
                "--officer-name", "Nguyễn Thị Lan", "--pin", PIN, environment=NODE_SETTINGS,
                start=warm_start,
            )  # fmt: skip
            node = Server(
                NODE, ["serve", "--data", data, "--port", str(own)], url=f"http://127.0.0.1:{own}",
                log=tmp_path / f"node{own}.log", environment=QUIET, start=warm_start,
            )  # fmt: skip
            stack.callback(node.stop)
            return node.start()

        with ThreadPoolExecutor() as both:
            away, other = (Office(node, Browser(node.url)) for node in both.map(enrol, codes))
        away.log_in()
        other.log_in()
        yield hub, away, other


def test_communes_merge_while_a_pc_is_away_and_everything_counts_once(
    province: tuple[Server, Office, Office], tmp_path: Path
) -> None:
    hub, away, other = province
    dossiers = [other.receive(1), away.receive(2)]
    away.sync_until(AWAY)
    away.node.stop()  # out of reach from here on
    day = to_yyyymmdd(local_date(system_clock_ms()) - timedelta(days=31))
    plan = tmp_path / "plan.json"
    changes = [{"from": unit, "to": MERGED} for unit in (AWAY, OTHER)]
    act = {"form": "merge", "effective": day, "number": "1659/NQ-UBTVQH15", "date": day}
    plan.write_text(json.dumps({**act, "units": {MERGED: NAME}, "changes": changes}), encoding="utf-8")
    said: Any = run_json(
        HUB, "publish", "units", str(plan), "--data", str(tmp_path / "hub"), "--login", "quantri",
        "--password", PASSWORD, environment=HUB_SETTINGS, start=warm_start,
    )  # fmt: skip
    other.sync_until(MERGED)
    hub.stop()
    away.node.start()
    away.log_in()
    dossiers.append(away.receive(3))  # a month after the day, under the unit that is no more
    assert away.unit == AWAY
    hub.start()
    away.sync_until(MERGED)
    other.sync_until(MERGED)
    away.sync_until(MERGED)

    assert NAME in away.desk.get("/").text
    for dossier in dossiers:
        assert COPIES["applicant.name"] in away.desk.get(f"/dossiers/{dossier}").text
    browser = Browser(hub.url)
    browser.send(browser.get("/login"), r"^/login", {"login": "quantri", "password": PASSWORD})
    counted = "Tổng: tiếp nhận 3 = đã kết thúc 0 + đang giải quyết 3"
    for _ in range(60):  # what has arrived is judged, and counted, in the province's own time
        page = browser.get(f"/units/{said['record']}").text
        if counted in page:
            break
        time.sleep(0.2)
    assert counted in page
    assert "Khớp: bảng đếm" in page and "0 máy chưa biết" in page
