"""An erasure order as replicas keep it: which bodies must not be held any more, and on whose word.

The order is a record of its own (`ERASURE_KIND`) about a dossier of its own unit: it names records, or none and means
every record of the dossier, whenever it arrives. Headers, signatures, chains and figures are untouched; only bodies go. A
body counts as erased because an order says so, never because a sender does: a body told as erased without an order held
here is kept as lost, so nobody can pass off a withheld body as erased. Hence the state depends on the set of records
alone, not on the order in which they came.

Whether an order stands (signature, role, unit) is decided above; here it is only what it covers.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from sync_protocol.record import BodyState, Header, UnverifiedRecord

ERASURE_KIND: Final = "erasure.ordered"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What one order covers.

    Attributes:
        order: id of the record that orders it.
        commune: the unit that orders it; it reaches no record of another unit.
        records: ids of the records whose bodies go; empty for every record of the dossier.
    """

    order: str
    commune: str
    dossier: str
    records: frozenset[str] = frozenset()

    @classmethod
    def of(cls, order: str, header: Header) -> "Erasure":
        """Read an order whose facts follow their schema; `order` is its record's id."""
        return cls(
            order=order,
            commune=header.commune,
            dossier=header.facts["dossier"],
            records=frozenset(header.facts["records"]),
        )

    def covers(self, record_id: str, header: Header) -> bool:
        """Whether the body of this record must not be held."""
        if header.dossier != self.dossier or header.commune != self.commune:
            return False
        return not self.records or record_id in self.records


def as_ordered(record: UnverifiedRecord, erasures: Iterable[Erasure]) -> UnverifiedRecord:
    """The record as a replica that holds these orders may keep it."""
    if record.body_state is BodyState.ABSENT:
        return record
    if any(erasure.covers(record.id, record.header) for erasure in erasures):
        state = BodyState.ERASED
    elif record.body_state is BodyState.ERASED:
        state = BodyState.LOST
    else:
        return record
    return record if record.body_state is state else without_body(record, state)


def without_body(record: UnverifiedRecord, state: BodyState) -> UnverifiedRecord:
    """The same record, its body not here for the reason `state`."""
    return UnverifiedRecord(
        record.header, record.header_bytes, record.signature, record.id, record.link, None, state
    )
