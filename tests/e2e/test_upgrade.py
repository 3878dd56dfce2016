"""Data folders of every version that ever ran (tests/golden/data) under this one: nothing is lost, nothing is made up, and
what was waiting arrives."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.released import RECORDINGS, facts_of, unpack
from tests.support.running import Ledger, Program, Running, Syncer, office_again
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
NAMES = sorted(path.name.removesuffix(".tar.zst") for path in RECORDINGS.glob("*.tar.zst"))


def deliver(office: Running) -> None:
    """Sync until the node says that all is at the province and judged."""
    syncer, deadline = Syncer(office, Ledger(), 1, 1), time.monotonic() + 60
    while (status := office.status())["waiting"] or status["unjudged"]:
        assert time.monotonic() < deadline, f"{status}\n{office.node.tail()}\n{office.hub.tail()}"
        syncer.work()
        time.sleep(0.3)
    assert not syncer.ledger.surprises


def positions(database: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return sorted(db.execute(query).fetchall())


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_makes_no_record_and_delivers_what_was_waiting(name: str, tmp_path: Path) -> None:
    expected = unpack(name, tmp_path)
    waiting = expected.pop("waiting")
    assert waiting > 0
    with office_again(tmp_path, start=warm_start) as office:
        assert facts_of(office.node_data) == expected, "the new version changed what was written"
        assert office.status()["waiting"] == waiting, "the upgrade itself gave something to send"
        page = office.log_in().get("/dossiers")
        code, person, _ = expected["dossiers"][-1]
        assert code in page.text and person in page.text
        office.hub.start()
        deliver(office)
        assert facts_of(office.node_data) == expected
        at_node = positions(
            office.node_data / "node.db",
            "SELECT l.id, count(*) FROM record r JOIN log l ON l.number = r.log GROUP BY l.id",
        )
        at_hub = dict(positions(office.hub_data / "hub.db", "SELECT id, length FROM log"))
        assert [(log, at_hub.get(log)) for log, _ in at_node] == at_node
        office.allow_program()
        program = Program(office, Ledger(), 7, 1)
        program.receive()
        assert not program.ledger.surprises and len(program.ledger.people) == 1, "and work goes on"
        deliver(office)
        findings = office.node_command("doctor", expect=(0, 2))["findings"]
        assert {"chain", "database", "projection"} <= {
            finding["check"] for finding in findings if finding["health"] == "ok"
        }
