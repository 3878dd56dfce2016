"""Recently opened runs, kept a while: a frame is decoded once, not once per question.

Bounded by the number of records. Shared by the threads of one process. The frame itself is part of the key, because a
tail that did not stand may have given its number back.
"""

from collections import OrderedDict
from threading import Lock

from sync_protocol.frame import decode_run
from sync_protocol.record import UnverifiedRecord

Records = tuple[UnverifiedRecord, ...]


class OpenedRuns:
    """The least recently used runs are forgotten first."""

    def __init__(self, *, records_max: int = 4_096) -> None:
        self._records_max = records_max
        self._runs: OrderedDict[tuple[int, int], Records] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def open(self, no: int, frame: bytes) -> Records:
        """The records of run `no`, whose stored bytes are `frame`."""
        key = (no, hash(frame))
        with self._lock:
            found = self._runs.get(key)
            if found is not None:
                self._runs.move_to_end(key)
                return found
        records = decode_run(frame).records
        self._keep(key, records)
        return records

    def _keep(self, key: tuple[int, int], records: Records) -> None:
        with self._lock:
            if key not in self._runs:
                self._runs[key] = records
                self._held += len(records)
            while self._held > self._records_max and len(self._runs) > 1:
                _, oldest = self._runs.popitem(last=False)
                self._held -= len(oldest)
