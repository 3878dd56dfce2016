"""A week without a line: what the office recorded reaches the province by USB stick, and its answer the desk, by real processes."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.processes import run, run_json
from tests.support.kept import check_hub, check_same_everywhere
from tests.support.running import (
    HAI_CHAU,
    HUB,
    NODE,
    NODE_SETTINGS,
    PIN,
    Ledger,
    Program,
    Running,
    running_office,
)
from tests.support.warm_starts import warm_start

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_office(tmp_path_factory.mktemp("usb"), start=warm_start) as running:
        running.node_command("sync", "--wait", "30")
        running.line.cut()
        yield running


def work(office: Running, dossiers: int, *, number: int) -> None:
    ledger = Ledger()
    program = Program(office, ledger, number=number, seed=1)
    for _ in range(dossiers):
        program.receive()
        program.forward(program.mine.pop())
    assert ledger.surprises == []


def test_a_stick_takes_records_to_the_province_and_brings_the_outcome_back(
    office: Running, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    work(office, 6, number=1)
    before = office.node_command("status", expect=2)
    assert before["waiting"] >= 12

    written = office.node_command("export", str(stick))
    assert written["records"] == before["waiting"]
    again = office.node_command("export", str(stick))
    assert len(list((stick / "motcua").iterdir())) == again["parts"] == 1

    taken = office.hub_command("import", str(stick))
    assert [parcel["outcome"] for parcel in taken["parcels"]] == ["done"]
    assert taken["parcels"][0]["records"] == before["waiting"]
    assert taken["is_judged"]
    assert office.hub_command("import", str(stick))["parcels"][0]["records"] == 0

    back = office.node_command("import", str(stick))
    assert {parcel["outcome"] for parcel in back["parcels"]} == {"done"}
    assert (back["waiting"], back["unjudged"], back["refused"]) == (0, 0, 0)
    assert office.node_command("status")["waiting"] == 0
    assert "Đã về tỉnh đủ" in office.log_in().get("/sync").text

    # The outcome is known, so there is nothing left to carry; and what was carried may come again without harm.
    assert office.node_command("export", str(stick))["records"] == 0
    assert office.node_command("import", str(stick), expect=1)["code"] == "PARCEL_NONE"


def of_database(path: Path, question: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(question).fetchone()[0] or 0)


def killed_halfway(module: str, data: Path, stick: Path, database: Path, question: str) -> bool:
    """`import` of a stick, killed as soon as the first of it is in the database; whether it was still at work then."""
    before = of_database(database, question)
    with Path(os.devnull).open("wb") as nowhere:
        process = warm_start(
            module, ["import", str(stick), "--data", str(data)],
            environment={**os.environ, "PYTHONUTF8": "1", **NODE_SETTINGS}, stdout=nowhere, stderr=nowhere,
        )  # fmt: skip
    while process.poll() is None and of_database(database, question) == before:
        time.sleep(0.001)
    process.kill()
    code = process.wait()
    assert of_database(database, question) > before, "it came to nothing"
    return code != 0


STORED_AT_HUB = "SELECT sum(length) FROM log"
RECEIPTED_AT_NODE = "SELECT sum(held) FROM receipt_log"


def test_an_import_that_is_killed_halfway_is_simply_repeated(office: Running, tmp_path: Path) -> None:
    """At the province and at the office: nothing is lost by it, and nothing comes twice."""
    stick = tmp_path / "stick"
    stick.mkdir()
    kills = set()
    for number in (4, 5, 6):  # each part of it ends within a moment
        work(office, 4, number=number)
        waiting = office.node_command("export", str(stick))["records"]
        stored = of_database(office.hub_data / "hub.db", STORED_AT_HUB)
        if killed_halfway(HUB, office.hub_data, stick, office.hub_data / "hub.db", STORED_AT_HUB):
            kills.add(HUB)
        check_hub(office)
        taken = office.hub_command("import", str(stick))
        assert [parcel["outcome"] for parcel in taken["parcels"]] == ["done"] and taken["is_judged"]
        assert of_database(office.hub_data / "hub.db", STORED_AT_HUB) >= stored + waiting
        assert office.hub_command("import", str(stick))["parcels"][0]["records"] == 0

        if killed_halfway(NODE, office.node_data, stick, office.node_data / "node.db", RECEIPTED_AT_NODE):
            kills.add(NODE)
        office.node_command("import", str(stick), expect=(0, 1))
        after = office.node_command("status")
        assert (after["waiting"], after["unjudged"], after["refused"]) == (0, 0, 0)
        check_hub(office)
        if kills == {HUB, NODE}:
            break
    else:
        pytest.fail(f"only these were ever killed halfway: {kills}")
    check_same_everywhere(office)
    with closing(sqlite3.connect(f"file:{office.hub_data / 'hub.db'}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT count(*) FROM dossier").fetchone()[0] == of_database(
            office.node_data / "node.db", "SELECT count(*) FROM dossier"
        )


@pytest.fixture
def neighbour(office: Running, tmp_path: Path) -> Callable[..., Any]:
    """Commands of a PC of another commune, which has a line."""
    issued = office.hub_command(
        "enrol", "--commune", "20257", "--device-name", "Quầy 2", "--role", "receptionist"
    )
    data = str(tmp_path / "neighbour")
    run(
        NODE, "enrol", "--data", data, "--hub", office.hub.url, "--code", issued["code"], "--device-name", "Quầy 2",
        "--officer-name", "Trần Văn Bình", "--pin", PIN, environment=NODE_SETTINGS, start=warm_start,
    )  # fmt: skip

    def command(*words: str, expect: int = 0) -> Any:
        return run_json(
            NODE, *words, "--data", data, expect=expect, environment=NODE_SETTINGS, start=warm_start
        )

    command("sync", "--wait", "30")
    return command


def test_the_next_commune_carries_a_stick_it_cannot_read(
    office: Running, neighbour: Callable[..., Any], tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    work(office, 4, number=2)
    waiting = office.node_command("status", expect=2)["waiting"]
    assert waiting >= 8
    assert office.node_command("export", str(stick))["records"] == waiting

    taken = neighbour("relay", "take", str(stick))
    assert [load["unit"] for load in taken["taken"]] == [HAI_CHAU]
    sent = neighbour("relay", "send", "--wait", "60")
    assert (sent["delivered"], sent["fetched"]) == (1, 1)
    assert len(neighbour("relay", "take", str(stick))["given"]) == 1

    back = office.node_command("import", str(stick))
    assert {parcel["outcome"] for parcel in back["parcels"]} == {"done"}
    assert (back["waiting"], back["unjudged"], back["refused"]) == (0, 0, 0)
    assert "Đã về tỉnh đủ" in office.log_in().get("/sync").text
    listed = neighbour("relay", "list")
    assert {load["outcome"] for load in listed["list"]} == {"done"}
    assert listed["loads"] == 0
    carried = b"".join(path.read_bytes() for path in (tmp_path / "neighbour").rglob("*") if path.is_file())
    assert "Người 02".encode() not in carried
