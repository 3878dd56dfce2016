"""The judge as a process of its own: looks for work, works, and ends with the process that started it.

The sequencer of the province's log lives here too, in a thread of its own: there is one judge per hub, so there is one
sequencer, and while it waits for the disk the judge goes on.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType

from central_hub.judge.service import Judge
from central_hub.locks import Locked, held_lock
from central_hub.memory import RETURNS, collect_seldom, share_one_heap
from central_hub.scheduler import start_schedule
from central_hub.services import Services
from central_hub.settings import JUDGE_SEEN, put_setting
from central_hub.store.engine import Writes, writing
from central_hub.tlog.sequencer import advance as sequence

_LOG = logging.getLogger(__name__)
_GLANCE_EVERY_S, _LOOK_EVERY_S = 0.02, 0.25
"""How often an idle judge glances whether anybody has written, and how often it looks for work whatever it saw."""
_SEEN_EVERY_S = 10.0
_SEQUENCE_EVERY_S = 1.0
_FAULT_WAIT_S = 2.0
_SWITCH_EVERY_S = 0.001
_NICE = 5
"""Who waits for an acknowledgement goes before what can be judged a moment later; inherited by the verifiers."""


class _Stop:
    """Set by the signals that ask a process to end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run_judge(services: Services, *, parent: int) -> None:
    """Judge until asked to stop, or until the parent process is gone."""
    stop = _Stop()
    with _the_one_judge(services, stop, parent) as is_first:
        if not is_first:
            return
        # Threads that verify need the interpreter's lock for an instant after each signature; let them have it soon.
        sys.setswitchinterval(_SWITCH_EVERY_S)
        share_one_heap()
        collect_seldom()
        os.nice(_NICE)
        scheduler = start_schedule(services)
        ended = threading.Event()
        sequencer = threading.Thread(target=_sequence, args=(services, ended), name="sequencer")
        sequencer.start()
        try:
            _work(services, stop, parent)
        finally:
            ended.set()
            sequencer.join()
            scheduler.shutdown(wait=False)


@contextmanager
def _the_one_judge(services: Services, stop: _Stop, parent: int) -> Iterator[bool]:
    """Wait for the judge before this one to end; False when this one is no longer wanted."""
    path = services.config.data / "judge.lock"
    while not stop.asked and os.getppid() == parent:
        try:
            with held_lock(path, patience_s=_FAULT_WAIT_S):
                yield True
                return
        except Locked:
            continue
    yield False


def _sequence(services: Services, ended: threading.Event) -> None:
    while not ended.wait(_SEQUENCE_EVERY_S):
        try:
            sequence(services)
        except Exception:  # noqa: BLE001 — whatever it was: what has no leaf yet gets it with the next step
            _LOG.exception("the province's log could not be continued; trying again")
            ended.wait(_FAULT_WAIT_S)


def _work(services: Services, stop: _Stop, parent: int) -> None:
    with closing(Writes(services.engine)) as writes:
        _judge_until_stopped(services, stop, parent, writes)


def _judge_until_stopped(services: Services, stop: _Stop, parent: int, writes: Writes) -> None:
    judge = Judge(services)
    seen = 0.0
    while not stop.asked and os.getppid() == parent:
        try:
            judged = judge.judge_pending(batches_max=1)
            if judged:
                RETURNS.give_back()
            if time.monotonic() - seen > _SEEN_EVERY_S:
                with writing(services.engine) as connection:
                    put_setting(connection, JUDGE_SEEN, str(services.clock()))
                seen = time.monotonic()
            if not judged:
                _await_change(writes)
        except Exception:  # noqa: BLE001 — whatever it was: what is stored waits, nothing is lost
            # The database may be full or locked, or no single record is to blame; that it is not seen working is shown.
            _LOG.exception("the judge could not work; trying again")
            judge.close()
            judge = Judge(services)
            time.sleep(_FAULT_WAIT_S)


def _await_change(writes: Writes) -> None:
    """Until somebody has written to the database, or for a moment."""
    until = time.monotonic() + _LOOK_EVERY_S
    while not writes.happened() and time.monotonic() < until:
        time.sleep(_GLANCE_EVERY_S)
