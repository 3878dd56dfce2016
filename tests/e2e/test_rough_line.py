"""The lines of the field between a real office and a real hub: far, slow, lossy and cut; one that lets 64 KiB through at
most; and one whose connections fall silent with both ends open.

Everything arrives by itself, only later, and on the narrow line for hardly more bytes than on a clean one. With 5,000 records, and
on the far line with cuts every 20 s, that is measured by `python -m benchmarks rough`: it takes minutes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.province import found_province, port_of, serving
from benchmarks.rough import enrolled_node, write_records
from demo.processes import run_json
from demo.rough_line import RoughLine, Roughness
from dossiers.units import load_default_units
from tests.support.running import NODE, NODE_SETTINGS, Ledger, Program, Running, running_office
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
DOSSIERS = 100
ATTEMPTS_MAX = 60
LINES = {
    "far, slow, lossy and cut": Roughness(bytes_per_s=32_000, round_trip_s=0.6, cut_every_s=5.0, loss=0.05),
    "falling silent": Roughness(round_trip_s=0.1, silent_after_bytes=12_000, silent_times=3),
}
"""Cut every 5 s, since all that a test sends is through in less than 20."""
CLEAN, NARROW = Roughness(), Roughness(round_trip_s=0.6, reset_after_bytes=64 * 1024)
RECORDS = 1_000
DEARER_MAX = 1.10
ANSWER_WITHIN_S = {"falling silent": 5}
"""How long the node waits on that line; 90 s where nothing is said."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_office(tmp_path_factory.mktemp("office"), start=warm_start) as office:
        yield office


def sync_over(data: Path, line: RoughLine, answer_within_s: int) -> Any:
    """`motcua-node sync` over this line; it ends with 1 where the line broke."""
    environment = NODE_SETTINGS | {
        "MOTCUA_NODE_HUB_URL": f"http://127.0.0.1:{line.port}",
        "MOTCUA_NODE_ANSWER_WITHIN_S": str(answer_within_s),
    }
    return run_json(
        NODE, "sync", "--data", str(data), expect=(0, 1, 2), environment=environment, start=warm_start
    )


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
            sync_over(office.node_data, line, ANSWER_WITHIN_S.get(name, 90))
            if office.status()["waiting"] == 0:
                break
        faults = line.resets + line.silences
        lost, silences = line.losses, line.silences
    assert office.status()["waiting"] == 0, f"{office.status()}\n{office.hub.tail()}"
    assert faults or lost, "the line was not rough"
    assert bool(lost) == bool(LINES[name].loss)
    assert silences == LINES[name].silent_times
    assert program.ledger.records


def test_a_line_that_resets_every_connection_costs_hardly_more_than_a_clean_one(tmp_path: Path) -> None:
    """A connection or two are lost until the node knows the line, and it does not forget it."""
    hub = found_province(tmp_path)
    carried: dict[Roughness, list[int]] = {}
    resets = []
    with serving(hub) as server:
        for unit, roughness in zip(load_default_units().communes[:2], (CLEAN, NARROW), strict=True):
            folder = tmp_path / unit.code
            node = enrolled_node(folder, hub, port_of(server), unit)
            for seed in (7, 8):
                write_records(node, RECORDS, seed=seed)
                with RoughLine(port_of(server), roughness) as line:
                    for _ in range(ATTEMPTS_MAX):
                        told = sync_over(folder, line, 90)
                        if "code" not in told:
                            break
                    assert "code" not in told, told
                    carried.setdefault(roughness, []).append(line.bytes_up + line.bytes_down)
                    resets.append(line.resets)
            node.db.conn.close()
    learning, knowing = carried[NARROW]
    first, second = carried[CLEAN]
    assert sum(carried[NARROW]) > 2 * NARROW.reset_after_bytes, "the line was not narrow"
    assert knowing <= DEARER_MAX * second, (carried, resets)
    assert learning <= DEARER_MAX * first + NARROW.reset_after_bytes, (carried, resets)
