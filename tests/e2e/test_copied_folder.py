"""Two real nodes from one copied data folder against a real hub: nothing is lost, and the copy reads nothing unconfirmed."""

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from demo.processes import Server, free_port
from tests.support.running import NODE, NODE_SETTINGS, Ledger, Program, Running, running_office

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]


def records(office: Running) -> set[bytes]:
    with closing(sqlite3.connect(office.node_data / "node.db")) as db:
        return {row[0] for row in db.execute("SELECT id FROM record")}


def alerts(office: Running) -> set[str]:
    with closing(sqlite3.connect(office.node_data / "node.db")) as db:
        return {row[0] for row in db.execute("SELECT code FROM alert")}


def sync_until(office: Running, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, office.status()
        office.node_command("sync", expect=(0, 2))
        time.sleep(0.3)


def copied(office: Running) -> Running:
    """Somebody copies the whole folder of the node, keys and all, and starts it elsewhere."""
    folder = office.folder / "elsewhere"
    shutil.copytree(office.node_data, folder / "node")
    port = free_port()
    node = Server(
        NODE,
        ["serve", "--data", str(folder / "node"), "--port", str(port)],
        url=f"http://127.0.0.1:{port}",
        log=folder / "node.log",
        environment=NODE_SETTINGS | {"MOTCUA_NODE_HUB_URL": f"http://127.0.0.1:{office.line.port}"},
    )
    return replace(office, folder=folder, node=node, orphans=[])


def test_two_nodes_from_one_folder_keep_and_merge_what_both_recorded(tmp_path: Path) -> None:
    """Lesson 1, with real processes and the operator's commands."""
    with running_office(tmp_path) as office:
        people = Ledger()
        Program(office, people, 1, 1).receive()
        sync_until(office, lambda: office.status()["waiting"] == 0)
        office.node.stop()
        clone = copied(office)
        office.node.start()
        office.allow_program()
        clone.node.start()
        try:
            clone.allow_program()
            Program(office, people, 2, 2).receive()
            Program(clone, people, 3, 3).receive()
            assert people.surprises == []
            written = {bytes.fromhex(record) for record in people.records}
            sync_until(office, lambda: office.status()["waiting"] == 0)
            sync_until(clone, lambda: clone.status()["waiting"] == 0)
            # Both sync by themselves too: whoever comes second is the one of whom somebody is asked.
            both = (clone, office)
            sync_until(clone, lambda: any({"fork", "copy_waiting"} <= alerts(each) for each in both))
            suspect = next(each for each in both if "copy_waiting" in alerts(each))
            assert not written <= records(suspect)
            before = records(suspect)
            suspect.node_command("sync", expect=(0, 2))
            assert records(suspect) == before, "it reads nothing until somebody has signed"
            (waiting,) = office.hub_command("copies", expect=2)["copies"]
            assert office.hub_command("copies", "--confirm", waiting["life"])["code"]
            for each in both:
                sync_until(each, lambda each=each: written <= records(each))  # type: ignore[misc]
            sync_until(suspect, lambda: "copy_confirmed" in alerts(suspect))
        finally:
            clone.node.stop()
