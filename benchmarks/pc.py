"""A PC as far as the hub can tell: it signs rounds over the hub's challenge and remembers what a node would.

Its log is an author's, in memory; its requests are the node's, byte for byte: frontier, digest, receipt, beacon, runs.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from benchmarks.workload import Author
from sync_protocol.frame import decode_run
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX
from sync_protocol.rounds import choose_runs, differences
from sync_protocol.versions import PROTOCOL_VERSION
from sync_protocol.wire import (
    Beacon,
    RoundAnswer,
    RoundRequest,
    encode_request,
    entries_of,
    receipt_prefix,
)

BEACON = Beacon(
    version="0", fold=1, unsent=1, oldest_unsent_s=60, conflicts=0, refused=0, offset_ms=137,
    disk_free_mb=50_000, database_mb=40, codes_left=400,
)  # fmt: skip


@lru_cache(64)
def _end_of(frame: bytes) -> FrontierEntry:
    """How far a run leads; all PCs of a province are given the same ones."""
    run = decode_run(frame)
    return FrontierEntry(log=run.log, length=run.stop, head=run.records[-1].link)


@dataclass
class Pc:
    """One PC of a commune, as far as the hub can tell."""

    author: Author
    held: dict[str, FrontierEntry] = field(default_factory=dict)
    challenge: bytes = b""
    hub_epoch: bytes = bytes(16)
    receipt: bytes = b""

    def request(self, frames: Iterable[bytes], *, own: FrontierEntry) -> bytes:
        """A signed round."""
        mine = Frontier([own, *self.held.values()])
        request = RoundRequest(
            protocol=PROTOCOL_VERSION,
            device=bytes.fromhex(self.author.device.public.id),
            challenge=self.challenge,
            hub_epoch=self.hub_epoch,
            sent_ms=time.time_ns() // 1_000_000,
            frontier=entries_of(mine),
            digest=bytes(32),
            receipt=receipt_prefix(self.receipt),
            beacon=BEACON,
            bytes_max=ROUND_SIZE_BYTES_MAX // 2,
            runs=list(frames),
        )
        return encode_request(request, self.author.device)

    def take(self, answer: RoundAnswer) -> None:
        """Remember what a node would."""
        self.challenge, self.hub_epoch = answer.challenge, answer.hub_epoch
        self.receipt = answer.receipt or self.receipt
        for frame in answer.runs:
            entry = _end_of(frame)
            self.held[entry.log] = entry

    def position(self, length: int) -> FrontierEntry:
        """Where the own log stands at that length."""
        return FrontierEntry(log=self.author.log, length=length, head=self.author.records[length - 1].link)

    def payloads(self, done: int, *, bytes_max: int) -> Iterator[bytes]:
        """What follows the first `done` records of the log, in requests as a node makes them."""
        length, log = len(self.author.records), self.author.log
        store = self.author.store()
        while done < length:
            theirs = Frontier([self.position(done)] if done else [])
            ahead = differences(store, store.frontier(), theirs, [log])
            chosen = choose_runs(store, ahead, bytes_max=bytes_max)
            yield self.request(chosen.frames, own=self.position(length))
            done += chosen.records
