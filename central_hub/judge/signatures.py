"""Verify the signatures of a batch beside the judge: in threads, each of which hands what is much to a process of its own."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from central_hub.judge.verifier import Item, VerifierGone, VerifierProcess
from signing.signatures import pae, verify_batch
from signing.trust import Trust
from sync_protocol.record import RECORD_PURPOSE, UnverifiedRecord

_LOG = logging.getLogger(__name__)
_PART_RECORDS_MIN = 64
_MUCH = 256
"""From here on the way to another process is shorter than waiting for the interpreter's lock."""


@dataclass(slots=True)
class Verification:
    """Signatures that are being verified."""

    _count: int
    _positions: list[int]
    _parts: "list[Future[list[bool]]]"

    def answers(self) -> list[bool | None]:
        """Wait, and tell for each record whether its signature holds; None where its key was not known."""
        answers: list[bool | None] = [None] * self._count
        found = (holds for part in self._parts for holds in part.result())
        for position, holds in zip(self._positions, found, strict=True):
            answers[position] = holds
        return answers


class Verifiers:
    """A few threads, kept for the life of the judge; their processes start with the first large batch."""

    def __init__(self, threads: int) -> None:
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="verify")
        self._idle: SimpleQueue[VerifierProcess | None] = SimpleQueue()
        for _ in range(self._threads):
            self._idle.put(None)

    def start(self, records: Sequence[UnverifiedRecord], trust: Trust) -> Verification:
        """Begin to verify under the keys that are known."""
        positions: list[int] = []
        items: list[Item] = []
        statement = trust.statements.get
        for position, record in enumerate(records):
            known = statement(record.header.by)
            if known is not None:
                positions.append(position)
                items.append((known.key.raw, pae(RECORD_PURPOSE, record.header_bytes), record.signature))
        size = max(_PART_RECORDS_MIN, -(-len(items) // self._threads))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        return Verification(
            len(records), positions, [self._pool.submit(self._verify, part) for part in parts]
        )

    def close(self) -> None:
        """End threads and processes; what is being verified is finished first."""
        self._pool.shutdown()
        for _ in range(self._threads):
            process = self._idle.get()
            if process is not None:
                process.close()

    def _verify(self, items: list[Item]) -> list[bool]:
        if len(items) < _MUCH:
            return verify_batch(items)
        process = self._idle.get()
        try:
            process = process or VerifierProcess()
            return process.verify(items)
        except (VerifierGone, OSError):
            _LOG.warning("a verifying process has ended; the judge verifies this part itself")
            if process is not None:
                process.close()
            process = None
            return verify_batch(items)
        finally:
            self._idle.put(process)
