"""Answers for PCs whose requests came by way of another one: composed once they are judged, enclosed for that PC alone.

An answer is the parcel that would lie on a stick (`sync.parcels.write_answer`), cut into parts that a relay can carry. It stays
until the PC asks for a newer one, so that a relay that loses it, or another relay, can have it again.
"""

from io import BytesIO
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from central_hub.relay.spool import LoadState, loads_in, loads_of, note_taken, spool_of
from central_hub.relay.taking import given
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import RELAY_ANSWER
from central_hub.sync.asked import KeptRequest, find_asked, find_files, keep_files
from central_hub.sync.carried_files import files_answers, take_files
from central_hub.sync.parcels import is_behind, write_answer
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import PART_SIZE_BYTES_USUAL
from sync_protocol.parcel import Label
from sync_protocol.relay import AnswerTold

WAIT_FOR_JUDGE_MS: Final = 10 * 60 * 1000
"""Longer than this nobody waits for the judge: that the province holds it is worth an answer, too."""
FILES_BYTES_MAX: Final = 64 * 1024 * 1024
"""How much of scans goes back to one PC by way of another."""


def told_for(services: Services, senders: list[str]) -> list[AnswerTold]:
    """What waits for these PCs, made now where it has become possible."""
    return [told for sender in dict.fromkeys(senders) for told in _told(services, sender)]


def wanted_sizes(services: Services, loads: list[str]) -> dict[str, int]:
    """Which of these loads are answers that wait here, with their lengths."""
    with reading(services.engine) as connection:
        query = select(RELAY_ANSWER.c.load, RELAY_ANSWER.c.size).where(RELAY_ANSWER.c.load.in_(loads))
        return {row.load: row.size for row in connection.execute(query)}


def settle_files(services: Services, sender: str, unit: str) -> None:
    """Take the scans of a PC's loads, now that the records before them are judged."""
    with reading(services.engine) as connection:
        waiting = loads_in(connection, sender, LoadState.FILES_LEFT)
        is_ready = bool(waiting) and not is_behind(connection, services, unit)
    if not is_ready:
        return
    files = [
        given(services, load.load, load.size)
        for load in waiting
        if spool_of(services).has(load.load, load.size)
    ]
    for device, asked in take_files(services, files).items():
        keep_files(services, device, asked)
    for load in waiting:
        note_taken(
            services, load.load, state=LoadState.DONE, sender=sender, unit=unit, records=load.records,
            outcome=load.outcome,
        )  # fmt: skip


def _told(services: Services, sender: str) -> list[AnswerTold]:
    kept = find_asked(services, sender)
    with reading(services.engine) as connection:
        newest = next(iter(loads_of(connection, sender, limit=1)), None)
    if kept is None or newest is None:
        return []
    settle_files(services, sender, newest.unit)
    with reading(services.engine) as connection:
        found = _kept(connection, sender)
        is_judged = not is_behind(connection, services, newest.unit)
        made_ms = (
            connection.scalar(select(RELAY_ANSWER.c.made_ms).where(RELAY_ANSWER.c.device == sender)) or 0
        )
    if made_ms and all(spool_of(services).has(told.load.hex(), told.size) for told in found):
        return found
    is_late = services.clock() - newest.at_ms > WAIT_FOR_JUDGE_MS
    return _compose(services, sender, kept) if is_judged or is_late else []


def _compose(services: Services, sender: str, kept: KeptRequest) -> list[AnswerTold]:
    spool, parts = spool_of(services), list[tuple[str, int]]()

    class Kept(BytesIO):
        """One part; closed, it lies in the folder."""

        def close(self) -> None:
            tree = spool.keep(self.getvalue())
            parts.append((tree.id, tree.size))
            super().close()

    def open_part(_label: Label, _number: int) -> Kept:
        return Kept()

    files = find_files(services, sender)
    then = files_answers(services, sender, files, bytes_max=FILES_BYTES_MAX) if files else ()
    try:
        write_answer(services, kept.asked, open_part, part_bytes_max=PART_SIZE_BYTES_USUAL, then=then)
    except RemoteFault:
        return []  # a PC without a key to enclose for is served over a line alone
    with writing(services.engine) as connection:
        rows = connection.execute(select(RELAY_ANSWER.c.load).where(RELAY_ANSWER.c.device == sender))
        before = [row.load for row in rows]
        connection.execute(delete(RELAY_ANSWER).where(RELAY_ANSWER.c.device == sender))
        for number, (load, size) in enumerate(parts, 1):
            connection.execute(
                insert(RELAY_ANSWER).values(
                    device=sender, part=number, load=load, size=size, parcel=kept.asked.parcel or "",
                    made_ms=services.clock(),
                )
            )  # fmt: skip
        found = _kept(connection, sender)
    for load in before:
        spool.remove(load)
    return found


def _kept(connection: Connection, sender: str) -> list[AnswerTold]:
    rows = connection.execute(
        select(RELAY_ANSWER).where(RELAY_ANSWER.c.device == sender).order_by(RELAY_ANSWER.c.part)
    ).all()
    return [
        AnswerTold(
            bytes.fromhex(sender), bytes.fromhex(row.load), row.size, len(rows), bytes.fromhex(row.parcel)
        )
        for row in rows
    ]
