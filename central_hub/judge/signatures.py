"""Verify the signatures of a batch in threads: libsodium works outside the interpreter's lock."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from signing.signatures import pae, verify_batch
from signing.trust import Trust
from sync_protocol.record import RECORD_PURPOSE, UnverifiedRecord

_PART_RECORDS_MIN = 64


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
    """A few threads, kept for the life of the judge."""

    def __init__(self, threads: int) -> None:
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="verify")

    def start(self, records: Sequence[UnverifiedRecord], trust: Trust) -> Verification:
        """Begin to verify under the keys that are known."""
        positions: list[int] = []
        items: list[tuple[bytes, bytes, bytes]] = []
        statement = trust.statements.get
        for position, record in enumerate(records):
            known = statement(record.header.by)
            if known is not None:
                positions.append(position)
                items.append((known.key.raw, pae(RECORD_PURPOSE, record.header_bytes), record.signature))
        size = max(_PART_RECORDS_MIN, -(-len(items) // self._threads))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        return Verification(
            len(records), positions, [self._pool.submit(verify_batch, part) for part in parts]
        )

    def close(self) -> None:
        """End the threads; what is being verified is finished first."""
        self._pool.shutdown()
