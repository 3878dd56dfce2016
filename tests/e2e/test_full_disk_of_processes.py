"""A full disk under `motcua-node serve` and under `motcua-hub serve`: a small file system, filled to its last block while people work.

Nobody is told "saved" or given a receipt for what is not stored, whoever is refused reads why and what to do, and once there is
room everything goes on by itself: no process is started again.
"""

import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
import requests

from demo.browser import Browser
from edge_node import reasons as node_reasons
from sync_protocol import reasons
from tests.support.kept import check_hub, check_node, check_same_everywhere
from tests.support.running import PROCEDURE, Ledger, Program, Running, running_office
from tests.support.small_disk import fill, small_disk
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
DISK_MB = 24
TRIES = 300
LONG_CHARS = 1_000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as disks:
        patch.setenv("MOTCUA_NODE_RESERVE_MB", "2")
        for name in ("node", "hub"):
            disks.enter_context(small_disk(folder / name, DISK_MB))
        with running_office(folder, start=warm_start) as office:
            yield office


def form_of(desk: Browser, number: str) -> tuple[Any, dict[str, str]]:
    """The reception form, and what an officer types into it."""
    return desk.get(f"/receive/{PROCEDURE}"), {
        "applicant.name": "Trần Thị Đầy Đĩa", "applicant.id_number": number, "form.document_name": "Bằng tốt nghiệp",
        "form.pages": "2", "form.copies": "1", "papers_complete": "1", "result.signer": "Nguyễn Thị Lan",
        "result.number": "7",
    }  # fmt: skip


def people_at(office: Running) -> set[str]:
    with closing(sqlite3.connect(f"file:{office.node_data / 'node.db'}?mode=ro", uri=True)) as db:
        return {row[0] for row in db.execute("SELECT id_number FROM dossier")}


def figures_of(office: Running) -> tuple[int, int]:
    """How many leaves the province's log has, and 1 where it stands still."""
    told = requests.get(f"{office.hub.url}/metrics", timeout=30).text
    return tuple(  # type: ignore[return-value]
        int(float(re.search(rf"^motcua_hub_{name} (\S+)", told, re.MULTILINE)[1]))  # type: ignore[index]
        for name in ("log_size", "log_stopped")
    )


def test_the_full_disk_of_a_node_is_told_keeps_what_was_typed_and_heals_by_itself(office: Running) -> None:
    ledger, process = Ledger(), office.node.pid
    program = Program(office, ledger, 1, 1)
    program.summary_chars = LONG_CHARS
    desk = office.log_in()
    page, typed = form_of(desk, "048003000001")
    for _ in range(3):
        program.receive()
    photos = fill(office.node_data)
    for _ in range(TRIES):
        program.receive()
        if ledger.surprises:
            break
    assert ledger.surprises and "507" in ledger.surprises[0], ledger.surprises
    assert node_reasons.DISK_FULL.code in ledger.surprises[0]

    # Nothing that was refused is there, and everything that was shown as done is.
    assert people_at(office) == set(ledger.people)
    check_node(office, ledger)

    # The officer reads why and what to do, and finds what was typed.
    refused = desk.send(page, rf"^/receive/{PROCEDURE}$", typed, button="then=settle")
    assert refused.status == 507, refused.text[:300]
    assert node_reasons.DISK_FULL.vi in refused.text and node_reasons.DISK_FULL.next_vi in refused.text
    kept = refused.form(rf"^/receive/{PROCEDURE}$").values
    assert {name: kept.get(name) for name in typed} == typed
    assert "048003000001" not in people_at(office)
    for path in ("/", "/dossiers", "/sync"):
        desk.get(path)

    # What is recorded goes out all the same.
    desk.send(desk.get("/sync"), r"^/sync$")
    assert office.status()["waiting"] == 0
    check_hub(office)

    # Room again: the same form goes through, in the same process.
    photos.unlink()
    saved = desk.send(refused, rf"^/receive/{PROCEDURE}$", button="then=settle")
    assert saved.status == 200, saved.text[:300]
    assert "048003000001" in people_at(office)
    ledger.surprises.clear()
    program.receive()
    assert not ledger.surprises
    assert (
        office.node.pid == process and office.node.process is not None and office.node.process.poll() is None
    )
    check_node(office, ledger)


def test_the_full_disk_of_a_hub_is_told_receipts_nothing_and_heals_by_itself(office: Running) -> None:
    ledger, processes = Ledger(), office.hub_processes()
    program = Program(office, ledger, 2, 1)
    program.summary_chars = LONG_CHARS
    desk = office.log_in()
    photos = fill(office.hub_data)
    leaves, _ = figures_of(office)
    for _ in range(TRIES):
        program.receive()
        told = desk.send(desk.get("/sync"), r"^/sync$").text
        check_hub(office)
        if reasons.HUB_DISK_FULL.vi in told:
            break
    assert reasons.HUB_DISK_FULL.vi in told and reasons.HUB_DISK_FULL.next_vi in told, told[:600]
    assert office.node_command("sync", expect=1)["code"] == reasons.HUB_DISK_FULL.code

    # People at the office go on working; nothing of it counts as being at the province.
    program.receive()
    assert not ledger.surprises
    assert office.status()["waiting"] > 0
    check_node(office, ledger)
    check_hub(office)

    # At the province a page says so too.
    hub = Browser(office.hub.url)
    told = hub.send(hub.get("/login"), r"^/login", {"login": "quantri", "password": "mot-cua-da-nang"})
    assert told.status == 507, told.text
    assert reasons.HUB_DISK_FULL.vi in told.text and reasons.HUB_DISK_FULL.next_vi in told.text

    # Room again: everything arrives and is judged, in the same processes.
    photos.unlink()
    for _ in range(TRIES):
        desk.send(desk.get("/sync"), r"^/sync$")
        if program.session.get(f"{office.node.url}/api/v1/status", timeout=30).json()["is_full"]:
            break
    else:
        pytest.fail(f"stuck: {office.status()}\n{office.hub.tail()}")
    assert office.hub_processes() == processes
    check_hub(office)
    check_same_everywhere(office)

    # The province's log goes on too.
    for _ in range(TRIES):
        size, stopped = figures_of(office)
        if size > leaves:
            break
        time.sleep(0.1)
    assert (size > leaves, stopped) == (True, 0), (leaves, size, stopped)
