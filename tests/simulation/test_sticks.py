"""Sticks between two offices and the province: whatever becomes of them, what arrives is right, and in the end all arrives.

Production code on both sides; a stick is a folder, and what happens to it is drawn from the seed: it is copied, cut, changed,
lost, brought late or twice, and mixed with the other office's.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked
from edge_node.journal import Draft, write
from edge_node.journal.service import new_dossier_id
from edge_node.sync.parcels import export_parcel, import_parcels
from signing.roles import Role
from sync_protocol.errors import RemoteFault
from tests.simulation.clock import DAY_MS, HOUR_MS, SimClock, WorldTime
from tests.simulation.hub import SimHub
from tests.simulation.link import Link
from tests.simulation.node import SimNode

UNITS = ("20242", "20257")
PART_BYTES_MAX = 5_000
MESSAGE_BYTES_MAX = 4_096
"""Small, so that a parcel has several messages and parts."""


class Offices:
    """Two PCs of two communes, the hub, and a drawer with sticks."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.time = WorldTime()
        self.folder = folder
        self.hub = SimHub(folder / "hub", SimClock(self.time), self.chance)
        self.nodes = [self._enrolled(number, unit) for number, unit in enumerate(UNITS)]
        self.sticks: list[Path] = []
        self.problems: set[str] = set()

    def _enrolled(self, number: int, unit: str) -> SimNode:
        link = Link(
            f"PC{number}", self.time, self.hub.answer, self.chance, say=lambda _text: None, look=lambda: None
        )
        node = SimNode(
            f"PC{number}", unit, self.folder / f"node{number}", SimClock(self.time), link, self.chance
        )
        node.enrol(self.hub, roles=frozenset({Role.RECEPTIONIST, Role.SPECIALIST}), officer_name="Lan")
        self.hub.judge()
        for _ in range(3):
            assert node.sync().is_done
            self.hub.judge()
        return node

    def work(self, node: SimNode) -> None:
        drafts = [
            Draft(
                kind="dossier.noted",
                dossier=new_dossier_id(node.services),
                facts={},
                content={"note": "Ghi chú"},
            )
            for _ in range(self.chance.randint(1, 40))
        ]
        write(node.db, node.services, node.actor(node.officers[0]), drafts)

    def stick(self) -> Path:
        made = self.folder / f"stick{len(self.sticks)}"
        made.mkdir()
        self.sticks.append(made)
        return made

    def at_office(self, node: SimNode, stick: Path) -> None:
        self._note(lambda: import_parcels(node.db, node.services, stick))
        export_parcel(node.db, node.services, stick, part_bytes_max=PART_BYTES_MAX)

    def at_province(self, stick: Path) -> None:
        try:
            taken = take_parcels(self.hub.worker, files_on(stick))
        except RemoteFault as fault:
            self.problems.add(fault.reason.code)
            return
        self.problems |= {parcel.problem.reason.code for parcel in taken if parcel.problem}
        if self.chance.random() < 0.8:
            self.hub.judge()
        for asked in newest_asked(taken):
            answer_on(self.hub.worker, stick, asked, part_bytes_max=PART_BYTES_MAX)

    def _note(self, take: Callable[[], object]) -> None:
        try:
            take()
        except RemoteFault as fault:
            self.problems.add(fault.reason.code)

    def spoil(self, stick: Path) -> None:
        """Something happens to one file of a stick."""
        files = sorted((stick / "motcua").glob("*")) if (stick / "motcua").is_dir() else []
        if not files:
            return
        path = self.chance.choice(files)
        content = path.read_bytes()
        at = self.chance.randrange(len(content))
        match self.chance.randrange(4):
            case 0:
                path.write_bytes(content[:at])
            case 1:
                path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            case 2:
                path.unlink()
            case _:
                copy = self.stick()
                shutil.copytree(stick / "motcua", copy / "motcua")

    def check(self) -> None:
        """What a desk says has arrived is at the hub, byte for byte."""
        with self.hub.reading() as (_, store):
            for node in self.nodes:
                held = store.frontier(node.own_logs())
                rows = node.db.conn.execute("SELECT log, held, head FROM receipt_log").fetchall()
                for log, length, head in rows:
                    assert store.link_at(log, length) == head
                for log in node.own_logs():
                    assert held[log].head == node.store.link_at(log, held[log].length)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_becomes_of_sticks_everything_arrives_once(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_node.sync.runner.ROUND_SIZE_BYTES_MAX", MESSAGE_BYTES_MAX)
    monkeypatch.setattr("central_hub.sync.parcels.ROUND_SIZE_BYTES_MAX", MESSAGE_BYTES_MAX)
    offices = Offices(tmp_path, seed)
    chance = offices.chance
    offices.stick()
    for _ in range(14):
        offices.time.pass_ms(chance.randint(1, 40) * HOUR_MS)
        node, stick = chance.choice(offices.nodes), chance.choice(offices.sticks)
        match chance.randrange(6):
            case 0 | 1:
                offices.work(node)
                offices.at_office(node, stick)
            case 2 | 3:
                offices.at_province(stick)
            case 4:
                offices.spoil(stick)
            case _:
                node.sync()
        offices.check()
    # A good stick goes there and back twice: what was judged after it left comes with the second.
    last = offices.stick()
    for _ in range(2):
        offices.time.pass_ms(DAY_MS)
        for node in offices.nodes:
            offices.at_office(node, last)
        offices.at_province(last)
        offices.hub.judge()
        offices.at_province(last)
    for node in offices.nodes:
        taken = import_parcels(node.db, node.services, last)
        assert {each.outcome for each in taken} & {"done"}
        status = node.status()
        assert (status.waiting, status.unjudged, status.refused) == (0, 0, 0)
        with offices.hub.reading() as (_, store):
            for log, entry in node.store.frontier().items():
                assert store.link_at(log, entry.length) == entry.head
    offices.check()
    offices.hub.stop()
    for node in offices.nodes:
        node.stop()
