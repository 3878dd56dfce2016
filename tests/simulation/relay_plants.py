"""Bugs to plant where PCs carry for others: who is believed, and who can read.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found. A relay that only loses,
delays or doubles is no bug: the worlds play that all the time, and it must change nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlite_utils import Database

import central_hub.relay.answers as answers
import central_hub.sync.parcels as hub_parcels
import edge_node.sync.parcels as parcels
from central_hub.store.engine import reading
from central_hub.store.tables import DEVICE
from edge_node.store import SqliteLogStore
from edge_node.sync.status import own_logs
from sync_protocol.parcel import enclose

Plant = Callable[[pytest.MonkeyPatch], None]


def count_as_arrived_what_was_handed_over(patch: pytest.MonkeyPatch) -> None:
    """What lies on a stick for somebody to carry is shown as being at the province."""
    note = parcels._note

    def early(db: Database, carried: parcels.Carried) -> None:
        note(db, carried)
        frontier = SqliteLogStore(db).frontier()
        for own in own_logs(db) if carried.direction == "out" else ():
            values = (own.log, own.length, frontier[own.log].head, own.judged)
            db.conn.execute(
                "INSERT OR REPLACE INTO receipt_log (log, held, head, judged) VALUES (?, ?, ?, ?)", values
            )

    patch.setattr(parcels, "_note", early)


def enclose_answers_for_every_pc(patch: pytest.MonkeyPatch) -> None:
    """The answer for one PC can be opened by whoever carries it."""
    write, make = answers.write_answer, hub_parcels.Label

    def generous(services: Any, *values: Any, **more: Any) -> Any:
        with reading(services.engine) as connection:
            devices = list(connection.scalars(select(DEVICE.c.id)))
        others = [enclose(bytes(32), device, services.keys.box.hex) for device in devices]

        def shared(**fields: Any) -> Any:
            return make(**{**fields, "recipients": [*fields["recipients"], *others]})

        hub_parcels.Label = shared  # type: ignore[assignment, misc]
        try:
            return write(services, *values, **more)
        finally:
            hub_parcels.Label = make  # type: ignore[misc]

    patch.setattr(answers, "write_answer", generous)


WITH_RELAYS: Sequence[Plant] = (count_as_arrived_what_was_handed_over, enclose_answers_for_every_pc)
