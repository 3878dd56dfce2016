"""The newest status snapshot that came to this PC: what a proof written here says of keys and documents.

Nothing is believed for being here: a snapshot is kept only under the trust bundle held, and used only under that of the
moment. It can be lost; the province gives another. What counts for the desk's own work is not this but the records themselves.

A snapshot names the tree that it was taken of. One of another tree than the log that this PC follows is not kept: it would say of keys
and documents what another history says. Both signed words are written down as evidence, and a person is told.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import alerts, write_transaction
from edge_node.store.local import forget_local, read_local, write_local
from edge_node.witness.state import keep_status_evidence, read_seen
from signing.bundles import TrustBundle
from signing.errors import LogInvalid, TrustInvalid
from signing.snapshot import Snapshot, open_snapshot, outline_of
from signing.tlog import merkle
from sync_protocol.status_mark import STATUS_WANTED, StatusMark, is_status_due
from sync_protocol.wire import tree_mark

_LOG: Final = logging.getLogger(__name__)
_HELD: Final = "witness.status"
_MARK: Final = "witness.status_mark"
"""Version of the trust bundle under which the snapshot was kept, and its mark."""
_WANTED: Final = "witness.status_wanted"
_REFUSED: Final = "witness.status_refused"
REFUSED_MS: Final = 24 * 60 * 60 * 1000


def held_status(db: Database, bundle: TrustBundle) -> bytes | None:
    """The snapshot for a proof; None where there is none that this bundle vouches for."""
    held = read_local(db, _HELD)
    if held is None:
        return None
    try:
        open_snapshot(held.encode(), bundle)
    except TrustInvalid:
        return None
    return held.encode()


def mark_to_say(db: Database, services: Services) -> bytes:
    """Which one is held, as the next request says it; b"" for a day after one was refused, so that it does not come for ever."""
    refused = read_local(db, _REFUSED)
    if refused is not None and 0 <= services.clock() - int(refused) < REFUSED_MS:
        return b""
    mark = _mark(db, services.trust.trust(db).bundle)
    return STATUS_WANTED if mark is None or read_local(db, _WANTED) else mark.encode()


def take_status(
    db: Database, services: Services, data: bytes, proof: Sequence[bytes] = (), *, told_of: bytes = b""
) -> bool:
    """Keep a snapshot that came, if the bundle vouches for it, it is of the log that this PC follows, and not older than the one
    held; whether it was kept.

    Args:
        proof: that its tree and the checkpoint of which `told_of` is the mark (`tree_mark`) are one log.
    """
    if not data:
        return False
    bundle = services.trust.trust(db).bundle
    try:
        snapshot = open_snapshot(data, bundle)
    except TrustInvalid as error:
        _LOG.warning("a status snapshot that the bundle does not vouch for: %s", error)
        write_local(db, _REFUSED, str(services.clock()))
        return False
    problem = _contradiction(services, snapshot, proof, told_of)
    if problem is not None:
        _tell_conflict(db, services, data, proof, problem)
        write_local(db, _REFUSED, str(services.clock()))
        return False
    held = held_status(db, bundle)
    # Older: late from a stick, or from a hub that was put back.
    is_older = held is not None and _reach(data) < _reach(held)
    kept = held if held is not None and is_older else data
    with write_transaction(db):
        write_local(db, _HELD, kept.decode())
        write_local(db, _MARK, f"{bundle.version} {StatusMark.of(outline_of(kept)).encode().hex()}")
        for name in (_WANTED, _REFUSED):
            forget_local(db, name)
    return not is_older


def status_for(db: Database, services: Services, mark: bytes, *, room: int) -> bytes:
    """What a colleague's PC that says `mark` gets over the office network; b"" where that is nothing."""
    bundle = services.trust.trust(db).bundle
    own = _mark(db, bundle)
    held = None if own is None or mark == own.encode() else held_status(db, bundle)
    if held is None or own is None or len(held) > room:
        return b""
    return held if is_status_due(mark, own, size_bytes=len(held), is_alone=False) else b""


def want_status(db: Database, bundle: TrustBundle, *, reach: int) -> None:
    """Ask for a newer one where the one held does not cover the first `reach` leaves of the province's log."""
    mark = _mark(db, bundle)
    if mark is not None and mark.size < reach and not read_local(db, _WANTED):
        write_local(db, _WANTED, "1")


def forget_status(db: Database) -> None:
    """Another log goes on from the one that it was taken of: its sizes are compared no more."""
    with write_transaction(db):
        for name in (_HELD, _MARK, _WANTED, _REFUSED):
            forget_local(db, name)


def _contradiction(
    services: Services, snapshot: Snapshot, proof: Sequence[bytes], told_of: bytes
) -> str | None:
    """What is wrong between the snapshot's tree and the newest checkpoint checked here; None where nothing shows.

    Without a proof that begins or ends at that very checkpoint only two roots for one size contradict each other.
    """
    seen = read_seen(services.config.keys)
    if seen is None or snapshot.root is None:
        return None
    head, root, size = seen[0], bytes.fromhex(snapshot.root), snapshot.status.size
    if size == head.size:
        return None if root == head.root else f"another root of {size} leaves"
    if not proof or told_of != tree_mark(head.size, head.root):
        return None
    (first, first_root), (last, last_root) = sorted([(size, root), (head.size, head.root)])
    try:
        merkle.verify_consistency(first, first_root, last, last_root, proof)
    except LogInvalid as error:
        return f"a status of {size} leaves beside a checkpoint of {head.size}: {error.detail}"
    return None


def _tell_conflict(
    db: Database, services: Services, data: bytes, proof: Sequence[bytes], problem: str
) -> None:
    now, seen = services.clock(), read_seen(services.config.keys)
    path = keep_status_evidence(
        services.config.keys, checkpoint=seen[1] if seen else b"", status=data, proof=proof, now=now
    )
    alerts.raise_alert(db, alerts.STATUS_SPLIT, now=now, detail=f"{problem}; evidence: {path.name}")
    _LOG.critical("a status snapshot of another log than this PC follows; evidence: %s", path.name)


def _mark(db: Database, bundle: TrustBundle) -> StatusMark | None:
    """The mark of what is held; None where it was kept under another version of the bundle, so a new one comes."""
    version, _, mark = (read_local(db, _MARK) or "").partition(" ")
    return StatusMark.decode(bytes.fromhex(mark)) if version == str(bundle.version) else None


def _reach(data: bytes) -> tuple[int, int]:
    outline = outline_of(data)
    return outline.size, outline.issued or 0
