"""After an outage everybody comes at once: a small storm on the real hub. The whole one is `make bench ONLY=storm`."""

import sys
from pathlib import Path

import pytest

from benchmarks.storm import play_storm
from benchmarks.workspace import Workspace

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
NODES = 60


def test_sixty_pcs_at_once_lose_nothing_and_see_no_error(tmp_path: Path) -> None:
    """Every PC does what the hub tells it; at the end each record is there, judged, applied and found once."""
    storm = play_storm(Workspace(tmp_path), nodes=NODES, dossiers=4)
    assert storm.nodes == NODES and storm.records > 10 * NODES
    assert storm.errors == []
    assert storm.lost == 0
    # At a question every five seconds each, the questions alone would keep the hub busy.
    assert storm.questions <= 2 * NODES
