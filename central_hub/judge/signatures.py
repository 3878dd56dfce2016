"""Verify the signatures of a batch in threads: libsodium works outside the interpreter's lock."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from signing.signatures import pae, verify_batch
from signing.trust import Trust
from sync_protocol.record import RECORD_PURPOSE, UnverifiedRecord

_PART_RECORDS_MIN = 64


class Verifiers:
    """A few threads, kept for the life of the judge."""

    def __init__(self, threads: int) -> None:
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="verify")

    def verify(self, records: Sequence[UnverifiedRecord], trust: Trust) -> list[bool | None]:
        """For each record whether its signature holds; None where its key is not known (yet)."""
        answers: list[bool | None] = [None] * len(records)
        positions: list[int] = []
        items: list[tuple[bytes, bytes, bytes]] = []
        statement = trust.statements.get
        for position, record in enumerate(records):
            known = statement(record.header.by)
            if known is not None:
                positions.append(position)
                items.append((known.key.raw, pae(RECORD_PURPOSE, record.header_bytes), record.signature))
        for position, holds in zip(positions, self._verify(items), strict=True):
            answers[position] = holds
        return answers

    def _verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        size = max(_PART_RECORDS_MIN, -(-len(items) // self._threads))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        if len(parts) < 2:
            return verify_batch(items)
        return [holds for part in self._pool.map(verify_batch, parts) for holds in part]
