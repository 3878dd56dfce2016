"""The province's log in real processes: signed by the judge's process, served over HTTP, witnessed by a node as it syncs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from signing.bundles import open_unpinned_bundle
from signing.tlog import merkle, tiles
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from tests.support.running import Running, running_office
from tests.support.warm_starts import warm_start

pytestmark = [pytest.mark.process, pytest.mark.slow]
_PATIENCE_S = 120.0


def waited_for(found: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if found():
            return True
        time.sleep(0.5)
    return False


def served(office: Running, path: str) -> bytes:
    answer = requests.get(f"{office.hub.url}/tlog/{path}", timeout=10)
    answer.raise_for_status()
    return answer.content


def test_a_running_hub_signs_and_a_running_node_witnesses(tmp_path: Path) -> None:
    with running_office(tmp_path, start=warm_start) as office:
        policy = open_unpinned_bundle((office.hub_data / "keys" / "trust.json").read_bytes()).policy
        assert policy is not None
        kept = office.node_data / "keys" / "checkpoint"
        assert waited_for(kept.exists), office.hub.tail()

        def is_cosigned() -> bool:
            return any(
                "may-tram" in line.name for line in Note.parse(served(office, "checkpoint")).signatures
            )

        assert waited_for(is_cosigned), office.node.tail()
        note = Note.parse(served(office, "checkpoint"))
        head = policy.open_unwitnessed(note)
        reader = tiles.hash_reader(head.size, lambda tile: served(office, tile.path))
        assert merkle.read_edge(head.size, reader).root == head.root
        seen = Checkpoint.parse(Note.parse(kept.read_bytes()).text)
        assert 0 < seen.size <= head.size

        _, _, judge = office.hub_processes()
        judge.kill()
        judge.wait(_PATIENCE_S)
        again = office.hub_processes()[2]
        assert again.pid != judge.pid

        def is_caught_up() -> bool:
            """The kill may have hit between the tree's files and the database: the next judge matches them again."""
            # 2: there is no backup yet; 1: nor has the database what the tree's files hold
            findings = office.hub_command("doctor", expect=(1, 2))["findings"]
            (check,) = [each for each in findings if each["check"] == "log"]
            return bool(check["health"] == "ok")

        assert waited_for(is_caught_up), office.hub.tail()
        assert policy.open_unwitnessed(Note.parse(served(office, "checkpoint"))).size >= head.size
