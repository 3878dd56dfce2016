"""Records of other communes for the node that asks: those that its lists name, whole, as far as the answer has room.

They go along with the very runs that bring their list, so that a stick or one round is enough; whatever did not fit, or
was lost, the node asks for by id. Only what was listed for the unit is given, and where the list is closed, without body.
After a re-organisation a node asks the same way for the content of records that it holds (of dossiers that its unit keeps
by now, of keys of units before it); it is given what it may hold, and nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection, bindparam, select

from central_hub.projection.foreign import listed_for
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import FOREIGN, STANDING
from sync_protocol import limits, reasons
from sync_protocol.admission import Outcome
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.rounds import MayHold, loose_run, side_by_side

LISTED = "foreign.listed"
_ANYTHING = select(FOREIGN.c.record).where(FOREIGN.c.unit.in_(bindparam("units", expanding=True))).limit(1)


class ForeignPart(msgspec.Struct, frozen=True):
    """Frames of foreign records, and whether some had no room."""

    frames: Sequence[bytes]
    more: bool


_PENDING = (
    select(STANDING.c.record)
    .join(FOREIGN, FOREIGN.c.record == STANDING.c.record)
    .where(
        FOREIGN.c.unit == bindparam("of"),
        STANDING.c.outcome == Outcome.PENDING.value,
        STANDING.c.code != reasons.RECORD_VERSION.code,
    )
    .limit(1)
)
NOTHING = ForeignPart((), False)


def foreign_part(
    connection: Connection,
    store: HubLogStore,
    units: Iterable[str],
    runs: Sequence[bytes],
    wanted: Iterable[bytes],
    *,
    room: int,
    may_have: MayHold | None = None,
) -> ForeignPart:
    """What the lists among `runs` name, and what was asked for by id; one frame at least, where there is any.

    Args:
        may_have: whether the node may have the content of a record now; None where nothing was ever re-organised, and all
            was sent with the logs.
    """
    asked = [each.hex() for each in wanted]
    listing = frozenset(units)
    anything = connection.execute(_ANYTHING, {"units": sorted(listing)}).first()
    if anything is None and (may_have is None or not asked):
        return NOTHING
    ids = dict.fromkeys((*asked, *_named_in(runs, listing)))
    closed: dict[str, bool] = {}
    for unit in sorted(listing):
        for each, is_closed in listed_for(connection, ids, unit=unit).items():
            closed[each] = is_closed and closed.get(each, True)
    held = [record for each in ids if (record := store.record(each)) is not None]
    if may_have is not None:
        late = [record.id for record in held if record.id in asked and may_have(record)]
        closed |= dict.fromkeys(late, False)
    found = [record for record in held if record.id in closed]
    frames: list[bytes] = []
    for group in side_by_side(found):
        frame = encode_run(loose_run(group, lambda record: not closed[record.id]))
        if frames and (len(frame) > room or len(frames) >= limits.ROUND_RUNS_MAX):
            return ForeignPart(frames, True)
        frames.append(frame)
        room -= len(frame)
    return ForeignPart(frames, False)


def has_pending(connection: Connection, unit: str) -> bool:
    """Whether a foreign record that the unit holds waits for a decision."""
    return connection.execute(_PENDING, {"of": unit}).first() is not None


def _named_in(runs: Sequence[bytes], units: AbstractSet[str]) -> Iterator[str]:
    for frame in runs:
        for record in decode_run(frame).records:
            if record.header.kind == LISTED and record.header.commune in units:
                yield from record.header.facts.get("records", ())
