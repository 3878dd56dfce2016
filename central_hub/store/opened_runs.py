"""Recently opened runs, kept a while: a frame is decoded once, not once per question.

Bounded by the number of records. Shared by the threads of one process; frames never change, so nothing is invalidated.
"""

from collections import OrderedDict
from threading import Lock

from sync_protocol.frame import decode_run
from sync_protocol.record import UnverifiedRecord

Records = tuple[UnverifiedRecord, ...]


class OpenedRuns:
    """The least recently used runs are forgotten first."""

    def __init__(self, *, records_max: int = 8_192) -> None:
        self._records_max = records_max
        self._runs: OrderedDict[int, Records] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def open(self, no: int, frame: bytes) -> Records:
        """The records of run `no`, whose stored bytes are `frame`."""
        with self._lock:
            found = self._runs.get(no)
            if found is not None:
                self._runs.move_to_end(no)
                return found
        records = decode_run(frame).records
        self.keep(no, records)
        return records

    def keep(self, no: int, records: Records) -> None:
        """Remember a run that was opened elsewhere."""
        with self._lock:
            if no not in self._runs:
                self._runs[no] = records
                self._held += len(records)
            while self._held > self._records_max and len(self._runs) > 1:
                _, oldest = self._runs.popitem(last=False)
                self._held -= len(oldest)

    def forget(self, no: int) -> None:
        """Drop a run whose row was removed (an unsealed tail that did not stand)."""
        with self._lock:
            self._held -= len(self._runs.pop(no, ()))
