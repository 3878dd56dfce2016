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
from tests.support.running import NODE, NODE_SETTINGS, PIN, Ledger, Program, Running, running_office
from tests.support.warm_starts import warm_start

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
        start=warm_start,
    )
    return replace(office, folder=folder, node=node, orphans=[])


def test_two_nodes_from_one_folder_keep_and_merge_what_both_recorded(tmp_path: Path) -> None:
    """Lesson 1, with real processes and the operator's commands."""
    with running_office(tmp_path, start=warm_start) as office:
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
            other = next(each for each in both if each is not suspect)
            life = confirm_at(other)
            sync_until(other, lambda: other.status()["waiting"] == 0)
            for each in both:
                sync_until(each, lambda each=each: written <= records(each))  # type: ignore[misc]
            sync_until(suspect, lambda: "copy_confirmed" in alerts(suspect))
            take_own_identity(suspect, office, life, people)
            made = records(suspect)
            assert made > {bytes.fromhex(record) for record in people.records} > written
            sync_until(other, lambda: made <= records(other))
        finally:
            clone.node.stop()


def confirm_at(office: Running) -> str:
    """The unit's administrator confirms the copy at a PC that is none; returns the copy's id."""
    sync_until(office, lambda: bool(office.node_command("copies", expect=(0, 2))["copies"]))
    (seen,) = office.node_command("copies", expect=2)["copies"]
    who = ("--officer", "Nguyễn Thị Lan", "--pin", PIN, "--ground", "Chép sang máy mới")
    office.node_command("copies", "--confirm", seen["life"], *who)
    return str(seen["life"])


def take_own_identity(pc: Running, hub: Running, life: str, people: Ledger) -> None:
    """The confirmed copy works once more as it was, delivers that, takes keys of its own, enrols and works on."""
    Program(pc, people, 4, 4).receive()
    pc.node.stop()
    if pc.status()["waiting"]:
        pc.node_command("new-identity", expect=1)
    sync_until(pc, lambda: pc.status()["waiting"] == 0)
    code = hub.hub_command("copies", "--confirm", life)["code"]
    pc.node_command("new-identity")
    pc.node_command(
        "enrol", "--hub", f"http://127.0.0.1:{pc.line.port}", "--code", code, "--device-name", "Quầy 2",
        "--officer-name", "Trần Văn Bình", "--pin", PIN,
    )  # fmt: skip
    pc.node.start()
    browser = pc.log_in()
    form = {"name": "Lê Thị Mai", "roles": "receptionist", "pin": PIN, "again": PIN}
    browser.send(browser.get("/officers"), r"^/officers", form)
    assert people.surprises == []
    sync_until(pc, lambda: pc.status()["waiting"] == 0)
