"""The status snapshot in an answer: what nodes put into the proofs that they write. Never fails a round."""

import logging

from central_hub.registry.snapshot import take_snapshot
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.tlog.places import matched_size
from central_hub.tlog.tree import TreeUnusable
from sync_protocol import limits
from sync_protocol.status_mark import is_status_due
from sync_protocol.wire import RoundAnswer, RoundRequest

_LOG = logging.getLogger(__name__)


def status_part(services: Services, request: RoundRequest, answer: RoundAnswer) -> bytes:
    """The newest snapshot where it is due and fits beside what the answer carries already; else b""."""
    if not request.status:
        return b""
    try:
        with reading(services.engine) as connection:
            newest = services.snapshots.current(
                lambda: take_snapshot(connection, services),
                size=matched_size(connection),
                now_ms=services.clock(),
            )
    except (TreeUnusable, OSError) as error:
        _LOG.warning("no status snapshot: %s", error)
        return b""
    if newest is None:
        return b""
    carried = sum(
        map(len, (*answer.runs, *answer.foreign, *answer.bundles, answer.receipt, answer.checkpoint))
    )
    room = (
        min(max(request.bytes_max, limits.ROUND_SIZE_BYTES_MIN), limits.ROUND_SIZE_BYTES_MAX // 2) - carried
    )
    is_due = is_status_due(
        request.status, newest.mark, size_bytes=len(newest.data), is_alone=not (carried or answer.inclusions)
    )
    return newest.data if is_due and len(newest.data) <= room else b""
