"""kill -9 of the node and of the hub while people write and a sync runs: nothing that was shown as done is lost.

MOTCUA_KILLS sets the number of kills, MOTCUA_KILL_SEED another course of events. `make soak` plays such rounds with new seeds.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.killing import Killed, play_kills
from tests.support.warm_starts import warm_start

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
_LOG = logging.getLogger(__name__)
KILLS = int(os.environ.get("MOTCUA_KILLS", "100"))
SEED = int(os.environ.get("MOTCUA_KILL_SEED", "20242"))


def test_kill_9_at_any_moment_loses_nothing_that_was_shown_as_done(
    tmp_path: Path, record_property: Any
) -> None:
    killed = Killed(SEED, KILLS)
    play_kills(tmp_path, killed, start=warm_start)
    _LOG.info(str(killed))
    record_property("kills", str(killed))
    assert killed.kills == KILLS
    assert killed.inside * 2 >= KILLS, f"only {killed.inside} of {KILLS} kills hit a request"
    assert killed.dossiers > KILLS
