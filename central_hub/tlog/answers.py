"""The log's part of a round: the newest checkpoint with its proofs down, a cosignature and perhaps evidence up.

A node that already has the newest checkpoint gets nothing, so an idle round stays small. What a node claims is proof only
where it is signed: a checkpoint under our own key that this tree contradicts stops the log and raises the alarm here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from central_hub.events import note_event
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.tlog.places import spans_of
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import add_cosignature, keep_shown, last_witnessed, note_quorum
from signing.errors import LogInvalid
from signing.signatures import PublicKey
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note, NoteSignature
from sync_protocol import limits
from sync_protocol.wire import Inclusion, RoundRequest, Unproven, tree_mark
from sync_protocol.witness import witness_key

_LOG = logging.getLogger(__name__)
SPLIT_EVENT = "log_split"


COSIGNATURE_BYTES_MAX: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePart:
    """What an answer says of the province's log."""

    checkpoint: bytes = b""
    consistency: tuple[bytes, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    witnessed: bytes = b""
    witnessed_inclusions: tuple[Inclusion, ...] = ()


_NOTHING = TreePart()


def tree_part(services: Services, device: PublicKey, request: RoundRequest) -> TreePart:
    """Take what the node says as a witness, and answer with what it lacks. Never fails a round."""
    tree = services.tree
    if tree is None or not tree.exists():
        return _NOTHING
    try:
        _take_evidence(services, tree, device, request.evidence)
        take_cosignature(services, device, request.tree, request.cosignature)
        return _answer(services, tree, request)
    except (LogInvalid, TreeUnusable, OSError) as error:
        _LOG.warning("nothing of the log in a round with %s: %s", device.id, error)
        return _NOTHING


def _answer(services: Services, tree: Tree, request: RoundRequest) -> TreePart:
    note, head = tree.signed()
    if head.size == 0:
        return _NOTHING
    is_new = request.tree != tree_mark(head.size, head.root)
    seen = int.from_bytes(request.tree[:8], "big")
    proof = tree.consistency(seen, head.size) if is_new and 0 < seen < head.size else []
    held = {entry.log: entry.length for entry in request.frontier}
    with reading(services.engine) as connection:
        inclusions = _inclusions(connection, tree, head.size, request.unproven, held)
        witnessed, proven = _under_the_quorum(connection, services, tree, request, held)
    return TreePart(
        checkpoint=note if is_new else b"",
        consistency=tuple(proof),
        inclusions=tuple(inclusions),
        witnessed=witnessed,
        witnessed_inclusions=tuple(proven),
    )


def _under_the_quorum(
    connection: Connection, services: Services, tree: Tree, request: RoundRequest, held: Mapping[bytes, int]
) -> tuple[bytes, list[Inclusion]]:
    """The newest checkpoint with the quorum, where it holds something that the node asks for; else nothing."""
    policy = services.keys.bundle.policy
    note = None if policy is None or not request.unwitnessed else last_witnessed(connection, policy)
    if note is None:
        return b"", []
    size = Checkpoint.parse(note.text).size
    found = _inclusions(connection, tree, size, request.unwitnessed, held)
    return (note.encode(), found) if found else (b"", [])


def _inclusions(
    connection: Connection, tree: Tree, size: int, asked: Sequence[Unproven], held: Mapping[bytes, int]
) -> list[Inclusion]:
    """Where records stand in the tree of this size; no further than the node holds them, or it could not check it."""
    found: list[Inclusion] = []
    for wanted in asked:
        room = limits.INCLUSIONS_MAX - len(found)
        if room <= 0:
            break
        for span in spans_of(connection, wanted.log.hex(), wanted.first, limit=room):
            here = held.get(wanted.log, 0) - span.first
            count = min(span.count, limits.INCLUSION_RECORDS_MAX, size - span.position, here)
            if count <= 0:
                break
            proof = tree.range_proof(span.position, span.position + count, size)
            found.append(
                Inclusion(log=wanted.log, first=span.first, count=count, position=span.position, proof=proof)
            )
    return found


def take_cosignature(services: Services, device: PublicKey, mark: bytes, cosignature: bytes) -> None:
    """Keep what a device says as a witness of the checkpoint at `mark` (a request's `tree`), by whatever way it came.

    One that does not hold may be of the origin that this one continues; it keeps nothing else from its device.
    """
    tree = services.tree
    if tree is None or not cosignature or not mark or len(cosignature) > COSIGNATURE_BYTES_MAX:
        return
    size = int.from_bytes(mark[:8], "big")
    try:
        (line,) = Note.parse(b"a cosignature\n\n" + cosignature).signatures[:1]
        with writing(services.engine) as connection:
            keep_shown(connection, tree, size, now_ms=services.clock())
            if _adds(connection, services, device, size, line):
                note_quorum(connection, services.keys.bundle.policy, size)
    except (LogInvalid, TreeUnusable, OSError) as error:
        _LOG.warning("a cosignature of %s that is not kept: %s", device.id, error)


def _adds(
    connection: Connection, services: Services, device: PublicKey, size: int, line: NoteSignature
) -> bool:
    """Whether the line was new; what was shown is kept whether it holds or not."""
    try:
        policy = services.keys.bundle.policy
        named = () if policy is None else policy.witnesses.values()
        witness = witness_key(services.province, device)
        return add_cosignature(connection, size, line, witness, named=named)
    except LogInvalid as error:
        _LOG.warning("a cosignature of %s that does not hold: %s", device.id, error)
        return False


def _take_evidence(services: Services, tree: Tree, device: PublicKey, evidence: bytes) -> None:
    """A checkpoint that we signed, and that is no part of the tree we show: two histories, or files that were put back."""
    if not evidence or len(evidence) > limits.CHECKPOINT_SIZE_BYTES_MAX or tree.stopped() is not None:
        return
    try:
        shown = tree.opened(evidence)
    except TreeUnusable:
        return  # of another origin, which this one continues, or of nobody
    head = tree.head()
    if shown.size <= head.size and (shown.size == 0 or tree.root_at(shown.size) == shown.root):
        return
    tree.keep_evidence(evidence)
    tree.stop(
        f"node {device.id} holds a signed checkpoint of {shown.size} leaves that this tree of {head.size} contradicts"
    )
    _LOG.critical("the province's log shows two histories: %s", tree.stopped())
    with writing(services.engine) as connection:
        note_event(
            connection, at_ms=services.clock(), actor=device.id, action=SPLIT_EVENT, subject=str(shown.size)
        )
