"""Three PCs of one office as real processes, two of them without a line: what they record reaches the province by the third.

The hub is away for a while; meanwhile the PCs have each other's dossiers within seconds.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from demo.processes import Server, free_port, run, run_json
from tests.support.running import (
    HAI_CHAU,
    NODE,
    NODE_SETTINGS,
    PIN,
    Ledger,
    Program,
    Running,
    WatchedLine,
    running_office,
)
from tests.support.warm_starts import warm_start

pytestmark = pytest.mark.process
PATIENCE_S = 60.0
ANY = (0, 1, 2)
FAST = {**NODE_SETTINGS, "MOTCUA_NODE_LAN_EVERY_S": "1", "MOTCUA_NODE_LAN_HOST": "127.0.0.1"}


@dataclass
class Colleague:
    """One more PC of the office, with a line of its own that can be cut."""

    data: Path
    server: Server
    line: WatchedLine
    settings: dict[str, str] = field(default_factory=dict)

    def command(self, name: str, *options: str, expect: int | Collection[int] = 0) -> Any:
        return run_json(
            NODE, name, "--data", str(self.data), *options,
            expect=expect, environment=self.settings, start=warm_start,
        )  # fmt: skip


def add(office: Running, number: int) -> Colleague:
    code = office.hub_command("enrol", "--commune", HAI_CHAU, "--device-name", f"Quầy {number}")["code"]
    settings = {**FAST, "MOTCUA_NODE_LAN_PORT": str(free_port())}
    data, port, line = (
        office.folder / f"node{number}",
        free_port(),
        WatchedLine(int(office.hub.url.rsplit(":", 1)[1])),
    )
    run(
        NODE, "enrol", "--data", str(data), "--hub", f"http://127.0.0.1:{line.port}", "--code", code,
        "--device-name", f"Quầy {number}", "--officer-name", "Trần Văn Bình", "--pin", PIN, environment=settings,
        start=warm_start,
    )  # fmt: skip
    server = Server(
        NODE,
        ["serve", "--data", str(data), "--port", str(port)],
        url=f"http://127.0.0.1:{port}",
        log=office.folder / f"node{number}.log",
        environment=settings,
        start=warm_start,
    ).start()
    return Colleague(data, server, line, settings)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Running]:
    with running_office(tmp_path, start=warm_start) as running:
        running.node_command("sync", "--wait", "30")
        yield running


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)


def test_one_line_is_enough_for_an_office(office: Running) -> None:
    others = [add(office, 2), add(office, 3)]

    def first(name: str, *options: str) -> Any:
        return run_json(
            NODE, name, "--data", str(office.node_data), *options,
            expect=ANY, environment=FAST, start=warm_start,
        )  # fmt: skip

    try:
        for other in others:
            other.command("sync", "--wait", "20", expect=ANY)
            other.line.cut()
            other.command("lan", "--on")
        # The first PC writes its records while the hub is away, and meets the others.
        office.line.cut()
        ledger = Ledger()
        program = Program(office, ledger, number=1, seed=1)
        for _ in range(3):
            program.receive()
        assert ledger.surprises == []
        assert first("status")["waiting"] >= 3
        peers = [
            flag
            for other in others
            for flag in ("--add", f"127.0.0.1:{other.settings['MOTCUA_NODE_LAN_PORT']}")
        ]
        until(lambda: first("lan", "--on", *peers, "--meet")["sent"] > 0)
        for other in others:
            until(lambda other=other: other.command("status", expect=ANY)["waiting"] >= 3)  # type: ignore[misc]
        # Only the last one gets its line back: everybody's records arrive by it, and the receipts come back the same way.
        others[1].line.restore()
        until(lambda: others[1].command("sync", "--wait", "20", expect=ANY)["waiting"] == 0)
        until(lambda: bool(first("lan", "--meet")) and first("status")["waiting"] == 0)
        page = office.log_in().get("/lan").text
        assert "Đã trao đổi đủ" in page and "Quầy 3" in page
    finally:
        for other in others:
            other.line.cut()
            other.server.stop()
