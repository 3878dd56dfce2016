"""The log's part of a round: the newest checkpoint with its proofs down, a cosignature and perhaps evidence up.

A node that already has the newest checkpoint gets nothing, so an idle round stays small. What a node claims is proof only
where it is signed: a checkpoint under our own key that this tree contradicts stops the log and raises the alarm here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection

from central_hub.events import note_event
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.tlog.places import spans_of
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import add_cosignature
from signing.errors import LogInvalid
from signing.signatures import PublicKey
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from sync_protocol import limits
from sync_protocol.wire import Inclusion, RoundRequest, tree_mark
from sync_protocol.witness import witness_key

_LOG = logging.getLogger(__name__)
SPLIT_EVENT = "log_split"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePart:
    """What an answer says of the province's log."""

    checkpoint: bytes = b""
    consistency: tuple[bytes, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()


_NOTHING = TreePart()


def tree_part(services: Services, device: PublicKey, request: RoundRequest) -> TreePart:
    """Take what the node says as a witness, and answer with what it lacks. Never fails a round."""
    tree = services.tree
    if tree is None or not tree.exists():
        return _NOTHING
    try:
        _take_evidence(services, tree, device, request.evidence)
        _take_cosignature(services, device, request)
        return _answer(services, tree, request)
    except (LogInvalid, TreeUnusable, OSError) as error:
        _LOG.warning("nothing of the log in a round with %s: %s", device.id, error)
        return _NOTHING


def _answer(services: Services, tree: Tree, request: RoundRequest) -> TreePart:
    note = tree.note()
    head = tree.head()
    if head.size == 0:
        return _NOTHING
    is_new = request.tree != tree_mark(head.size, head.root)
    seen = int.from_bytes(request.tree[:8], "big")
    proof = tree.consistency(seen, head.size) if is_new and 0 < seen < head.size else []
    with reading(services.engine) as connection:
        inclusions = _inclusions(connection, tree, head, request)
    return TreePart(
        checkpoint=note if is_new else b"", consistency=tuple(proof), inclusions=tuple(inclusions)
    )


def _inclusions(
    connection: Connection, tree: Tree, head: Checkpoint, request: RoundRequest
) -> list[Inclusion]:
    found: list[Inclusion] = []
    for wanted in request.unproven:
        room = limits.INCLUSIONS_MAX - len(found)
        if room <= 0:
            break
        for span in spans_of(connection, wanted.log.hex(), wanted.first, limit=room):
            count = min(span.count, limits.INCLUSION_RECORDS_MAX, head.size - span.position)
            if count <= 0:
                break
            proof = tree.range_proof(span.position, span.position + count, head.size)
            found.append(
                Inclusion(log=wanted.log, first=span.first, count=count, position=span.position, proof=proof)
            )
    return found


def _take_cosignature(services: Services, device: PublicKey, request: RoundRequest) -> None:
    if not request.cosignature or not request.tree or len(request.cosignature) > 1024:
        return
    (line,) = Note.parse(b"a cosignature\n\n" + request.cosignature).signatures[:1]
    with writing(services.engine) as connection:
        size = int.from_bytes(request.tree[:8], "big")
        add_cosignature(connection, size, line, witness_key(services.province, device))


def _take_evidence(services: Services, tree: Tree, device: PublicKey, evidence: bytes) -> None:
    """A checkpoint that we signed, and that is no part of the tree we show: two histories, or files that were put back."""
    if not evidence or len(evidence) > limits.CHECKPOINT_SIZE_BYTES_MAX or tree.stopped() is not None:
        return
    shown = tree.opened(evidence)
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
