"""Recently opened runs, kept a while: a frame is decoded once, not once per question.

Bounded by the number of records. Shared by the threads of one process. The frame itself is part of the key, because a
tail that did not stand may have given its number back. What the province's log says of a run, which is asked once more some
seconds later, is kept longer than the run: it is a small part of it.
"""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple, Self

from sync_protocol.frame import decode_run
from sync_protocol.record import UnverifiedRecord

Records = tuple[UnverifiedRecord, ...]
OPENED_RECORDS = 4_096
WORKER_OPENED_RECORDS = 1_024
"""A web worker hands out each PC's share once; the judge comes back to what it opened."""
_LINK_BYTES = 32


class Outline(NamedTuple):
    """Of the records of one run: the log that they name, the first one's place in it, who signed, what kind as it was
    signed, and the links one after the other."""

    log: str
    first: int
    signers: tuple[str, ...]
    kinds: tuple[str, ...]
    links: bytes

    @classmethod
    def of(cls, records: Records) -> Self:
        """The outline of a run."""
        header = records[0].header
        return cls(
            header.log,
            header.seq,
            tuple([record.header.by for record in records]),
            tuple([record.header.name for record in records]),
            bytes.fromhex("".join([record.link for record in records])),
        )

    def link(self, position: int) -> str:
        """The link of the record at a position of the run."""
        return self.links[position * _LINK_BYTES : (position + 1) * _LINK_BYTES].hex()


class OpenedRuns:
    """The least recently used runs are forgotten first."""

    def __init__(self, *, records_max: int = OPENED_RECORDS, outlined_max: int = 32_768) -> None:
        self._records_max = records_max
        self._outlined_max = outlined_max
        self._runs: OrderedDict[tuple[int, int], Records] = OrderedDict()
        self._outlines: OrderedDict[tuple[int, int], Outline] = OrderedDict()
        self._held = self._outlined = 0
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

    def outline(self, no: int, frame: bytes) -> Outline:
        """The outline of run `no`, whose stored bytes are `frame`."""
        with self._lock:
            found = self._outlines.get((no, hash(frame)))
        return found or Outline.of(self.open(no, frame))

    def _keep(self, key: tuple[int, int], records: Records) -> None:
        with self._lock:
            if key not in self._runs:
                self._runs[key] = records
                self._held += len(records)
            while self._held > self._records_max and len(self._runs) > 1:
                before, oldest = self._runs.popitem(last=False)
                self._held -= len(oldest)
                self._keep_outline(before, Outline.of(oldest))

    def _keep_outline(self, key: tuple[int, int], outline: Outline) -> None:
        if key not in self._outlines:
            self._outlined += len(outline.kinds)
        self._outlines[key] = outline
        while self._outlined > self._outlined_max and len(self._outlines) > 1:
            _, oldest = self._outlines.popitem(last=False)
            self._outlined -= len(oldest.kinds)
