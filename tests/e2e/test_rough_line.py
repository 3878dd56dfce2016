"""The lines of the field between a real office and a real hub: far, slow, lossy and cut; one that lets 64 KiB through at
most; and one whose connections fall silent with both ends open.

Everything arrives by itself, only later. How many bytes that costs is measured by `python -m benchmarks rough`.
"""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from demo.processes import run_json
from demo.rough_line import RoughLine, Roughness
from tests.support.running import NODE, NODE_SETTINGS, Ledger, Program, Running, running_office

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
DOSSIERS = 100
ATTEMPTS_MAX = 60
LINES = {
    "reset after 64 KiB": Roughness(round_trip_s=0.3, reset_after_bytes=64 * 1024),
    "far, slow, lossy and cut": Roughness(bytes_per_s=32_000, round_trip_s=0.6, cut_every_s=3.0, loss=0.05),
    "falling silent": Roughness(round_trip_s=0.1, silent_after_bytes=12_000, silent_times=3),
}
ANSWER_WITHIN_S = {"falling silent": 5}
"""How long the node waits on that line; 90 s where nothing is said."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_office(tmp_path_factory.mktemp("office")) as office:
        yield office


def sync_over(office: Running, line: RoughLine, answer_within_s: int) -> Any:
    """`motcua-node sync` over this line; it ends with 1 where the line broke."""
    environment = NODE_SETTINGS | {
        "MOTCUA_NODE_HUB_URL": f"http://127.0.0.1:{line.port}",
        "MOTCUA_NODE_ANSWER_WITHIN_S": str(answer_within_s),
    }
    return run_json(NODE, "sync", "--data", str(office.node_data), expect=(0, 1, 2), environment=environment)


@pytest.mark.parametrize("name", LINES)
def test_everything_arrives_over_a_line_that_breaks_again_and_again(office: Running, name: str) -> None:
    office.line.cut()
    program = Program(office, Ledger(), 1 + list(LINES).index(name), 1)
    program.summary_chars = 1_000
    for _ in range(DOSSIERS):
        program.receive()
    assert not program.ledger.surprises
    waiting = office.status()["waiting"]
    assert waiting >= DOSSIERS
    with RoughLine(int(office.hub.url.rsplit(":", 1)[1]), LINES[name]) as line:
        for _ in range(ATTEMPTS_MAX):
            sync_over(office, line, ANSWER_WITHIN_S.get(name, 90))
            if office.status()["waiting"] == 0:
                break
        carried, faults = line.bytes_up, line.resets + line.silences
        lost, silences = line.losses, line.silences
    assert office.status()["waiting"] == 0, f"{office.status()}\n{office.hub.tail()}"
    # A node that is careful is never reset on the narrow line; what went over it was more than one connection carries.
    assert faults or lost or carried > LINES[name].reset_after_bytes > 0, "the line was not rough"
    assert bool(lost) == bool(LINES[name].loss)
    assert silences == LINES[name].silent_times
    assert program.ledger.records
