"""A thousand syncs in a row between a real office and a real hub: nothing grows but what was written (lessons 33).

How long they take is measured by `python -m benchmarks syncs`: on a busy machine even processor time varies by more than growth would show.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import psutil
import pytest

from tests.support.running import Ledger, Program, Running, running_office

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
SYNCS = 1_000
WARM = 200
"""The list of past syncs is full by then, and what is loaded when first used is loaded."""
MEMORY_GROWTH_BYTES_MAX = 16 * 2**20
"""The hub looks for cycles once 50,000 objects are young (`central_hub.memory`): idle syncs leave up to 12 MB until then."""
DISK_GROWTH_BYTES_MAX = 256 * 1024
"""Pages that the lists of past syncs and rounds move through."""
AHEAD = ("-wal", "-shm")
AHEAD_BYTES_MAX = 8 * 2**20
"""SQLite begins anew after 1,000 pages unless somebody reads; a bulk may have made it longer."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_office(tmp_path_factory.mktemp("office")) as office:
        yield office


def memory_bytes(process: psutil.Process) -> int:
    """Unique memory of a process and its children."""
    return sum(each.memory_full_info().uss for each in (process, *process.children(recursive=True)))


def disk_bytes(folder: Path) -> int:
    """Whatever lies in a data folder but the write-ahead log, which is written over from its start."""
    return sum(size for path, size in _files(folder) if not path.name.endswith(AHEAD))


def ahead_bytes(folder: Path) -> int:
    """The write-ahead log and its index."""
    return sum(size for path, size in _files(folder) if path.name.endswith(AHEAD))


def _files(folder: Path) -> list[tuple[Path, int]]:
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a file of a moment
            if path.is_file():
                found.append((path, path.stat().st_size))
    return found


def test_a_thousand_syncs_leave_memory_and_disk_as_they_were(office: Running) -> None:
    program = Program(office, Ledger(), 1, 1)
    for _ in range(20):
        program.receive()
    assert not program.ledger.surprises
    desk = office.log_in()
    page = desk.get("/sync")

    def sync(times: int) -> int:
        before = office.line.bytes_up + office.line.bytes_down
        for _ in range(times):
            assert desk.press(page, r"^/sync$") == HTTPStatus.SEE_OTHER
        return (office.line.bytes_up + office.line.bytes_down - before) // times

    sync(WARM)
    assert office.status()["waiting"] == 0
    node, hub = psutil.Process(office.node.pid), psutil.Process(office.hub.pid)
    here, there = memory_bytes(node), memory_bytes(hub)
    node_disk, hub_disk = disk_bytes(office.node_data), disk_bytes(office.hub_data)
    early = sync((SYNCS - WARM) // 2)
    late = sync((SYNCS - WARM) // 2)
    grown = {
        "node": (memory_bytes(node) - here, disk_bytes(office.node_data) - node_disk),
        "hub": (memory_bytes(hub) - there, disk_bytes(office.hub_data) - hub_disk),
    }
    assert late <= 1.1 * early, ("an idle sync grew on the line", early, late)
    for memory, disk in grown.values():
        assert memory < MEMORY_GROWTH_BYTES_MAX, grown
        assert disk < DISK_GROWTH_BYTES_MAX, grown
    for folder in (office.node_data, office.hub_data):
        assert ahead_bytes(folder) < AHEAD_BYTES_MAX
