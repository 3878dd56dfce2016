"""The status snapshot in an answer: what nodes put into the proofs that they write. Never fails a round."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, select, union

from central_hub.registry.snapshot import take_snapshot
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.store.tables import LEG
from central_hub.sync.workplaces import Workplace
from central_hub.tlog.places import matched_size
from central_hub.tlog.tree import TreeUnusable
from signing.errors import LogInvalid
from signing.snapshot import UNITS_MAX
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from sync_protocol import limits
from sync_protocol.status_mark import STATUS_WANTED, is_status_due
from sync_protocol.wire import RoundAnswer, RoundRequest

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StatusPart:
    """What an answer says of status: a snapshot, and the proof that it is of the log that the node follows."""

    data: bytes = b""
    proof: tuple[bytes, ...] = ()


NOTHING: Final = StatusPart()
_OWN: BindParameter[str] = bindparam("own", expanding=True)
_OTHER_ENDS: Final = union(
    select(LEG.c.unit).where(LEG.c.sender.in_(_OWN)), select(LEG.c.sender).where(LEG.c.unit.in_(_OWN))
)


def status_part(
    services: Services,
    place: Callable[[Connection], Workplace],
    request: RoundRequest,
    answer: RoundAnswer,
) -> StatusPart:
    """The newest slice for the asker's place where it is due and fits beside what the answer carries already; else b""."""
    if not request.status:
        return NOTHING
    has_places = bool(answer.inclusions or answer.witnessed_inclusions)
    try:
        with reading(services.engine) as connection:
            units = _units_of(connection, services, place(connection))
            newest = services.snapshots.current(
                lambda: take_snapshot(connection, services, units),
                size=matched_size(connection),
                now_ms=services.clock(),
                scope=units,
                at_once=has_places or request.status == STATUS_WANTED,
            )
    except (TreeUnusable, OSError) as error:
        _LOG.warning("no status snapshot: %s", error)
        return NOTHING
    if newest is None:
        return NOTHING
    carried = sum(
        map(len, (*answer.runs, *answer.foreign, *answer.bundles, answer.receipt, answer.checkpoint))
    )
    room = (
        min(max(request.bytes_max, limits.ROUND_SIZE_BYTES_MIN), limits.ROUND_SIZE_BYTES_MAX // 2) - carried
    )
    is_due = is_status_due(
        request.status,
        newest.mark,
        size_bytes=len(newest.data),
        is_alone=not (carried or answer.inclusions),
        has_places=has_places,
    )
    if not is_due or len(newest.data) > room:
        return NOTHING
    return StatusPart(newest.data, _proof(services, request, answer, newest.mark.size))


def _proof(services: Services, request: RoundRequest, answer: RoundAnswer, size: int) -> tuple[bytes, ...]:
    """That the snapshot's tree and the checkpoint that the node holds after this answer are one; nothing where they are equal."""
    tree = services.tree
    if tree is None:
        return ()
    try:
        # Never the newest of now: another one may have been signed since the answer got its own.
        shown = Checkpoint.parse(Note.parse(answer.checkpoint).text).size if answer.checkpoint else None
        held = int.from_bytes(request.tree[:8], "big") if shown is None else shown
        first, last = sorted((held, size))
        return tuple(tree.consistency(first, last)) if 0 < first < last <= tree.head().size else ()
    except (TreeUnusable, LogInvalid, OSError) as error:
        _LOG.warning("a status snapshot without its proof: %s", error)
        return ()


def _units_of(connection: Connection, services: Services, place: Workplace) -> tuple[str, ...]:
    """Whose keys and documents a PC of this place meets: its own units', the province's, and those it exchanges dossiers with."""
    own = {*place.scope, *place.keeps, place.unit, services.province}
    others = sorted({*connection.scalars(_OTHER_ENDS, {"own": sorted(own)})} - own)
    return tuple(sorted([*own, *others[: UNITS_MAX - len(own)]]))
