"""The two clocks in a record's header: the hybrid clock of this PC, and how far the PC is from the province's time."""

from sqlite_utils import Database

from edge_node.store.local import CLOCK_OFFSET, HYBRID_CLOCK, forget_local, read_local, write_local
from sync_protocol.clock import Instant, observe, tick
from sync_protocol.record import Header


def next_instant(db: Database, *, wall_ms: int) -> tuple[int, int]:
    """Advance the hybrid clock for one more record; inside the write transaction."""
    instant = tick(_read(db), wall_ms=wall_ms)
    _write(db, instant)
    return (instant.ms, instant.counter)


def observe_header(db: Database, header: Header, *, wall_ms: int) -> None:
    """Take notice of a record from elsewhere; a far-off clock is not believed (lessons 18)."""
    offset = offset_now(db, wall_ms)
    last = _read(db)
    seen = observe(last, Instant(*header.at), wall_ms=wall_ms + (offset[0] if offset else 0))
    if seen != last:
        _write(db, seen)


def begin_epoch(db: Database) -> None:
    """Forget the hybrid clock: the first record of an epoch may lower it."""
    forget_local(db, HYBRID_CLOCK)


def keep_offset(db: Database, *, offset_ms: int, measured_ms: int) -> None:
    """Keep a fresh measurement of province time minus this PC's time."""
    write_local(db, CLOCK_OFFSET, f"{offset_ms} {measured_ms}")


def offset_now(db: Database, now_ms: int) -> tuple[int, int] | None:
    """The last measurement and its age in seconds, as a header states it."""
    found = read_local(db, CLOCK_OFFSET)
    if found is None:
        return None
    offset_ms, measured_ms = (int(part) for part in found.split())
    return (offset_ms, max(0, (now_ms - measured_ms) // 1000))


def _read(db: Database) -> Instant | None:
    found = read_local(db, HYBRID_CLOCK)
    if found is None:
        return None
    ms, counter = (int(part) for part in found.split())
    return Instant(ms, counter)


def _write(db: Database, instant: Instant) -> None:
    write_local(db, HYBRID_CLOCK, f"{instant.ms} {instant.counter}")
