"""The interface that a store of logs must keep, whatever its database.

Three stores keep it: `MemoryLogStore` here (simulation, tests), the node's on SQLite through sqlite-utils and the
hub's on SQLAlchemy. The contract tests in `tests/contracts/test_log_store.py` run on all three; a fake is thereby
proven equal to the real.

Contract: `append` is atomic and idempotent. What is already held is skipped when it is byte-identical; a run that
starts beyond the end raises `LogGap`; a run that contradicts what is held raises `LogForked` and changes nothing.
A seal is kept once its length is held. A branch is held from the first record that differs on; below it `link_at` knows
only the link that this record follows. Bodies may arrive later than their headers. A body that an erasure order covers is
not kept, whether the order or the record came first, and never comes back.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sync_protocol.erasure import Erasure, as_ordered
from sync_protocol.errors import LogForked, LogGap
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import Run, Seal
from sync_protocol.record import Body, BodyState, Record, UnverifiedRecord, trusted


class LogStore(Protocol):
    """Where one replica keeps logs."""

    def frontier(self, logs: Iterable[str] | None = None) -> Frontier:
        """What is held, of all logs or of `logs` (those that are not held are left out)."""

    def link_at(self, log: str, length: int) -> str | None:
        """The head link of `log` when it was `length` records long, or None when that is not known."""

    def append(self, run: Run) -> int:
        """Store the new part of `run`, whose chain the caller has checked; returns how many records were new."""

    def span(
        self, log: str, first: int, *, stop: int | None = None, bytes_max: int | None = None
    ) -> list[Record]:
        """Records from `first` on, in order, up to `stop`; at least one, then as long as they fit in `bytes_max`."""

    def seal(self, log: str, *, at_most: int | None = None) -> Seal | None:
        """The newest seal of `log`, or the newest at a length ≤ `at_most`."""

    def add_seal(self, seal: Seal) -> None:
        """Keep a seal whose length is held; raises LogForked when it contradicts the held link."""

    def record(self, record_id: str) -> Record | None:
        """One record by id."""

    def dossier_records(self, dossier: str) -> list[Record]:
        """All records of a dossier that are held, in no particular order."""

    def put_body(self, record_id: str, body: Body) -> None:
        """Keep the body of a record that arrived without it, unless it is erased; the caller has checked its hash."""

    def erase(self, erasure: Erasure) -> None:
        """From now on hold no body that the order covers: those here go, later ones are not kept. Idempotent."""


class MemoryLogStore:
    """The contract in plain dictionaries: for simulation and tests, and the shortest way to read the contract."""

    def __init__(self) -> None:
        self._logs: dict[str, list[Record]] = {}
        self._bases: dict[str, int] = {}
        self._seals: dict[str, dict[int, Seal]] = {}
        self._by_id: dict[str, tuple[str, int]] = {}
        self._by_dossier: dict[str, list[str]] = {}
        self._erasures: dict[str, Erasure] = {}

    def frontier(self, logs: Iterable[str] | None = None) -> Frontier:
        wanted = self._logs if logs is None else [log for log in logs if log in self._logs]
        return Frontier(
            FrontierEntry(
                log=log, base=self._base(log), length=self._length(log), head=self._logs[log][-1].link
            )
            for log in wanted
        )

    def link_at(self, log: str, length: int) -> str | None:
        held, base = self._logs.get(log, []), self._base(log)
        if held and length == base:
            return held[0].header.prev
        return held[length - base - 1].link if base < length <= base + len(held) else None

    def append(self, run: Run) -> int:
        is_new = run.log not in self._logs
        length = first_length(run) if is_new else self._length(run.log)
        links = [record.link for record in self.span(run.log, run.first, stop=run.stop)]
        new = new_part(run, length, links)
        if new and is_new:
            self._logs[run.log], self._bases[run.log] = [], length
        for record in new:
            self._logs[run.log].append(trusted(as_ordered(record, self._erasures.values())))
            self._by_id[record.id] = (run.log, record.header.seq - self._base(run.log))
            if record.header.dossier:
                self._by_dossier.setdefault(record.header.dossier, []).append(record.id)
        if run.seal:
            self.add_seal(run.seal)
        return len(new)

    def span(
        self, log: str, first: int, *, stop: int | None = None, bytes_max: int | None = None
    ) -> list[Record]:
        base = self._base(log)
        end = None if stop is None else max(0, stop - base)
        return cut_to_size(self._logs.get(log, [])[max(0, first - base) : end], bytes_max)

    def seal(self, log: str, *, at_most: int | None = None) -> Seal | None:
        lengths = [n for n in self._seals.get(log, {}) if at_most is None or n <= at_most]
        return self._seals[log][max(lengths)] if lengths else None

    def add_seal(self, seal: Seal) -> None:
        if self.link_at(seal.log, seal.length) != seal.head:
            raise LogForked(seal.log, seal.length - 1)
        self._seals.setdefault(seal.log, {}).setdefault(seal.length, seal)

    def record(self, record_id: str) -> Record | None:
        place = self._by_id.get(record_id)
        return self._logs[place[0]][place[1]] if place else None

    def dossier_records(self, dossier: str) -> list[Record]:
        found = [self.record(record_id) for record_id in self._by_dossier.get(dossier, [])]
        return [record for record in found if record]

    def put_body(self, record_id: str, body: Body) -> None:
        log, seq = self._by_id[record_id]
        old = self._logs[log][seq]
        if old.body_state is not BodyState.ERASED:
            self._logs[log][seq] = _with_body(old, body, BodyState.PRESENT)

    def erase(self, erasure: Erasure) -> None:
        self._erasures[erasure.order] = erasure
        for log, seq in map(self._by_id.__getitem__, self._by_dossier.get(erasure.dossier, ())):
            old = self._logs[log][seq]
            if old.body_state is not BodyState.ABSENT and erasure.covers(old.id, old.header):
                self._logs[log][seq] = _with_body(old, None, BodyState.ERASED)

    def _base(self, log: str) -> int:
        return self._bases.get(log, 0)

    def _length(self, log: str) -> int:
        return self._base(log) + len(self._logs[log])


def _with_body(record: Record, body: Body | None, state: BodyState) -> Record:
    return Record(record.header, record.header_bytes, record.signature, record.id, record.link, body, state)


def first_length(run: Run) -> int:
    """How long a log counts that is not held yet: nothing, or all that a branch has in common with its log."""
    return run.first if run.begins_branch else 0


def new_part(run: Run, held: int, held_links: Sequence[str]) -> Sequence[UnverifiedRecord]:
    """The records of `run` that a store holding `held` records lacks, after comparing the overlap.

    Args:
        held_links: links of the held records at positions `run.first` … (as far as they are held).

    Raises LogGap or LogForked; a store calls it inside its own write transaction.
    """
    if run.first > held:
        raise LogGap(run.log, held)
    for record, link in zip(run.records, held_links, strict=False):
        if record.link != link:
            raise LogForked(run.log, record.header.seq)
    return run.records[max(0, held - run.first) :]


def cut_to_size(records: Sequence[Record], bytes_max: int | None) -> list[Record]:
    """The longest beginning of `records` that fits in `bytes_max`, but at least one record."""
    if bytes_max is None:
        return list(records)
    kept: list[Record] = []
    size = 0
    for record in records:
        size += len(record.header_bytes) + 64 + (len(record.body.content) + 16 if record.body else 0)
        if kept and size > bytes_max:
            break
        kept.append(record)
    return kept
