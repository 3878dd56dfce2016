"""This PC's own parcels for a PC next door: what would be written to a stick, as loads; and their answers, taken like a stick's.

Only while there is no line, and one at a time: each holds everything that the newest receipt does not name, so a newer one replaces
those that nobody has taken yet. Nothing here is believed to have arrived before the hub's receipt is in; a line that comes back
makes all of it superfluous.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from sqlite_utils import Database

from edge_node.casework.numbering import number_waiting
from edge_node.journal.service import require_office
from edge_node.relay.queue import (
    DONE,
    DOWN,
    PASSED,
    UP,
    Load,
    drop,
    keep,
    note_answered,
    own_loads,
    relayed,
    settle,
)
from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.parcels import compose_requests, import_answer
from edge_node.sync.status import read_status
from sync_protocol.limits import PART_SIZE_BYTES_USUAL
from sync_protocol.parcel import Label
from sync_protocol.relay import is_expired

MARK: Final = "relay.own.mark"
MADE: Final = "relay.own.made"
AGAIN_MS: Final = 10 * 60 * 1000
"""Not sooner than this for what is written meanwhile: each parcel repeats all that has no receipt yet."""
RETRY_MS: Final = 24 * 60 * 60 * 1000
"""After so long without an answer the same goes once more; the PC that took it may never have come to its line."""
FILES_BYTES_MAX: Final = 4 * 1024 * 1024
"""Scans that go along: another office's line has other work, too."""


def is_due(*, waiting: int, is_news: bool, since_ms: int, is_pressed: bool) -> bool:
    """Whether to compose a parcel. `since_ms`: since the last one; below 0 where this PC's clock was put back."""
    if not waiting:
        return False
    if is_news:
        return is_pressed or not 0 <= since_ms < AGAIN_MS
    return not 0 <= since_ms < RETRY_MS


def compose_own(db: Database, services: Services, *, mark: bytes, is_pressed: bool = False) -> bool:
    """Compose a parcel where it is due; whether one was. `mark` changes when there is something else to say.

    The loads are durable before the mark; after a crash between the two the next try composes again, and the older loads go.
    """
    now_ms = services.clock()
    is_wanted = is_due(
        waiting=read_status(db, now=now_ms).waiting,
        is_news=read_local(db, MARK) != mark.hex(),
        since_ms=now_ms - int(read_local(db, MADE) or -RETRY_MS),
        is_pressed=is_pressed,
    )
    if not is_wanted or not services.space.is_writable:
        return False
    before, office, made = own_waiting(db), require_office(db), set[str]()

    class Kept(BytesIO):
        """One part; closed, it is a load."""

        def close(self) -> None:
            load = keep(
                db,
                services,
                self.getvalue(),
                direction=UP,
                device=office.device,
                unit=office.unit,
                is_own=True,
            )
            made.add(load.load)
            super().close()

    def open_part(_label: Label, _number: int) -> Kept:
        return Kept()

    compose_requests(
        db, services, open_part, part_bytes_max=PART_SIZE_BYTES_USUAL, files_bytes_max=FILES_BYTES_MAX
    )
    for load in before:
        if load.load not in made:
            drop(db, services, load.load)
    write_local(db, MADE, str(now_ms))
    write_local(db, MARK, mark.hex())
    return True


def own_waiting(db: Database) -> list[Load]:
    """Own loads that nobody has taken yet."""
    return [load for load in own_loads(db) if load.is_here and not load.outcome]


def is_own_expected(db: Database, *, now_ms: int) -> bool:
    """Whether an own parcel went to another PC and nothing has come back yet."""
    return any(
        load.outcome == PASSED and not load.is_answered and not is_expired(load.settled or load.came, now_ms)
        for load in own_loads(db)
    )


@dataclass(frozen=True, slots=True)
class OwnWay:
    """How far this PC's own parcel is on its way by another PC: `passed` when one took it, None while it lies here."""

    passed: int | None


def own_way(db: Database, *, now_ms: int) -> OwnWay | None:
    """For a page; None where no own parcel is under way."""
    if is_own_expected(db, now_ms=now_ms):
        return OwnWay(max(load.settled or load.came for load in own_loads(db) if load.outcome == PASSED))
    return OwnWay(None) if own_waiting(db) else None


def take_own_answer(db: Database, services: Services, loads: set[str]) -> None:
    """Take an answer once every part of it is here. A crash meanwhile takes it again, which changes nothing."""
    parts = [load for load in own_loads(db, DOWN) if load.load in loads and load.is_here]
    if len(parts) < len(loads):
        return
    carried = import_answer(db, services, [relayed(services).path(part.load) for part in parts])
    if carried.records:
        number_waiting(db, services)
    note_answered(db, services, require_office(db).device, by=loads)
    for part in parts:
        settle(db, services, part.load, outcome=DONE if carried.reason is None else carried.outcome)


def forget_own(db: Database, services: Services) -> None:
    """The line is back and everything went over it."""
    for load in (*own_loads(db), *own_loads(db, DOWN)):
        drop(db, services, load.load)
