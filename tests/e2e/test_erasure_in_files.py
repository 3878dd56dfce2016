"""After an erasure order no file of a running office or of its hub holds the words: databases, logs, backups made since."""

import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support.running import PIN, PROCEDURE, Running, running_office
from tests.support.traces import find_traces, spellings
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
NAME, NUMBER, OTHER = "Tôn Nữ Quỳnh Xuyến", "048200998877", "Đỗ Khắc Thịnh"
SYLLABLES = ("quynh", "xuyen", "998877", "48200998877")
"""What the search index may keep of them, which leaves out beginnings that words share."""


def receive(office: Running, name: str, number: str) -> str:
    fields = {
        "applicant.name": name, "applicant.id_number": number, "form.document_name": "Căn cước công dân",
        "form.pages": "2", "form.copies": "1",
    }  # fmt: skip
    body = {"procedure": PROCEDURE, "fields": fields, "papers_complete": True, "paid": {"method": 1}}
    answer = requests.post(
        f"{office.node.url}/api/v1/dossiers",
        json=body,
        headers={"Authorization": f"Bearer {office.token}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def needles() -> dict[str, bytes]:
    words = spellings(NAME) | spellings(NUMBER) | spellings("Quỳnh Xuyến")
    return words | {f"{each} (search)": each.encode() for each in SYLLABLES}


def traces(office: Running) -> list[str]:
    found = find_traces(office.node_data, needles()) + find_traces(office.hub_data, needles())
    return [f"{trace.file}: {trace.what}" for trace in found]


@pytest.fixture
def office(tmp_path: Path) -> Running:  # type: ignore[misc]
    with running_office(tmp_path, start=warm_start) as running:
        yield running


def test_no_file_keeps_what_an_order_erased(office: Running) -> None:
    dossier = receive(office, NAME, NUMBER)
    receive(office, OTHER, "048200112233")
    office.node_command("sync", "--wait", "60")
    assert {trace.partition(":")[0] for trace in traces(office)} >= {"node.db", "hub.db"}
    told = office.node_command(
        "erase", dossier, "--ground", "subject_request", "--number", "15/QĐ-UBND", "--date", "20261122",
        "--officer", "Nguyễn Thị Lan", "--pin", PIN,
    )  # fmt: skip
    assert told["dossier"] == dossier
    office.node_command("sync", "--wait", "60")
    office.node_command("backup")
    office.hub_command("backup")
    deadline = time.monotonic() + 120
    while (left := traces(office)) and time.monotonic() < deadline:
        time.sleep(1)  # the schedules of both sides clean what a reader kept from being cleaned
    assert left == []
    for folder in (office.node_data, office.hub_data):
        assert find_traces(folder, spellings(OTHER)), folder
    assert office.node_command("status")["waiting"] == 0
    office.hub_command("doctor")
