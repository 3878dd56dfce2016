"""The province's log among an office's PCs: how it went on, where records lie in it, and the newest status of keys and documents.

Each PC keeps the steps that it was shown, from checkpoint to checkpoint with the proof; a colleague that stands at the beginning of
one can check it by itself. Where a colleague stands at a checkpoint from which nobody here has a step, the next sync asks the
province for it. Everything is checked here as if it had come from the province, and late; two roots for one size are two histories,
whoever brings them: the log's own signature is under both.
"""

import logging
from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store.local import Office
from edge_node.witness.places import wish_place
from edge_node.witness.service import (
    own_unproven,
    take_places,
    take_step,
)
from edge_node.witness.state import read_seen
from edge_node.witness.steps import next_step, own_mark, want_step
from signing.tlog.merkle import HASH_BYTES
from sync_protocol.lan import PLACES_MAX, STEPS_MAX, PlacesTold, TreeStep
from sync_protocol.wire import Inclusion, Unproven

_LOG: Final = logging.getLogger(__name__)


def steps_for(db: Database, services: Services, mark: bytes) -> list[TreeStep]:
    """What a colleague that stands at `mark` lacks of the log's way to the checkpoint held here, as far as it is known."""
    seen = read_seen(services.config.keys)
    if seen is None or mark == own_mark(services):
        return []
    head, note = seen
    size = int.from_bytes(mark[:8], "big")
    if not mark or size == head.size:
        return [
            TreeStep(note=note, proof=[])
        ]  # its first one; or another root of the same size, which is for it to see
    steps: list[TreeStep] = []
    while len(steps) < STEPS_MAX and (step := next_step(db, mark)) is not None:
        mark, told = step
        steps.append(told)
    if not steps and 0 < size < head.size:
        want_step(db, mark)
    return steps


def places_for(db: Database, asked: Sequence[Unproven]) -> list[PlacesTold]:
    """Where records that a colleague asks for lie, as far as it is known here; what is not known is wished for."""
    found: dict[int, tuple[bytes, list[Inclusion]]] = {}
    for each in asked[:PLACES_MAX]:
        log = each.log.hex()
        row = db.conn.execute(
            "SELECT p.first, p.size, p.count, p.position, p.proof, c.note FROM log_place p "
            "JOIN log_checkpoint c ON c.size = p.size WHERE p.log = ?1 AND p.first <= ?2 AND p.first + p.count > ?2 "
            "ORDER BY p.size DESC LIMIT 1",
            (log, each.first),
        ).fetchone()
        if row is None:
            wish_place(db, log, each.first)
            continue
        first, size, count, position, proof, note = row
        hashes = [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
        inclusion = Inclusion(log=each.log, first=first, count=count, position=position, proof=hashes)
        found.setdefault(size, (note, []))[1].append(inclusion)
    return [PlacesTold(note=note, inclusions=inclusions) for note, inclusions in found.values()]


def asked_places(db: Database, services: Services, office: Office) -> list[Unproven]:
    """Own records, and others wanted for proofs, whose place a colleague may know."""
    return own_unproven(db, services, office)[:PLACES_MAX]


def take_shared(
    db: Database, services: Services, office: Office, steps: Sequence[TreeStep], places: Sequence[PlacesTold]
) -> None:
    """Check what a colleague told of the log, and keep what holds."""
    try:
        for step in steps[:STEPS_MAX]:
            take_step(db, services, office, step.note, step.proof)
        for told in places[:PLACES_MAX]:
            take_places(db, services, told.note, told.inclusions)
    except OSError as error:
        _LOG.error("what a colleague told of the province's log could not be kept: %s", error)
