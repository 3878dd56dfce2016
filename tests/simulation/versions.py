"""Worlds in which programs of several versions meet: older PCs, newer PCs, and a hub that is brought up to date, or back.

The program of today is the older one. The newer one knows a kind of record more (`UNKNOWN_KIND`), writes it, and
folds under a later version. Everything runs in one process, so a machine's program is put in place for as long as that
machine's code runs (`running`): a PC that asks and the hub that answers may differ within one exchange.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import central_hub.projection.projector as hub_projector
import central_hub.projection.refolding as hub_refolding
import central_hub.sync.parcels as hub_parcels
import central_hub.sync.service as hub_rounds
import central_hub.sync.snapshots as hub_snapshots
import dossiers.kinds as kinds
import dossiers.merge as merge
import dossiers.rules as rules
import dossiers.state_hash as state_hash
import edge_node.projection.rows as rows
import edge_node.projection.schema as schema
import edge_node.projection.service as projection
import edge_node.projection.unread as unread
import edge_node.sync.beacon as beacon
import edge_node.sync.snapshots as snapshots
from dossiers.schemas import Text, Whole, members
from edge_node.journal import Draft, WriteRefused, write
from edge_node.keyring import Actor

if TYPE_CHECKING:
    from tests.simulation.node import SimNode

UNKNOWN_KIND = "dossier.foretold"
"""A kind of a later version: admitted and forwarded untouched."""


class Program(StrEnum):
    """Which program a machine runs."""

    OLDER = "older"
    NEWER = "newer"


_FORETOLD = kinds._kind(
    UNKNOWN_KIND,
    "Dự báo",
    "Foretold",
    facts=members({"number": Whole(least=0, most=9)}),
    body=members({"words": Text(least=1, most=200)}),
    body_needed=True,
    roles=kinds.AUTHORITY["dossier.noted"],
)
_FOLDS: tuple[Any, ...] = (
    state_hash, merge, rows, schema, beacon, snapshots, hub_projector, hub_refolding, hub_parcels, hub_rounds,
    hub_snapshots,
)  # fmt: skip
_NEWER: tuple[tuple[Any, str, Any], ...] = (
    *(
        (module, "KINDS", {**kinds.KINDS, UNKNOWN_KIND: _FORETOLD})
        for module in (kinds, rules, merge, projection, unread)
    ),
    (kinds, "AUTHORITY", {**kinds.AUTHORITY, UNKNOWN_KIND: _FORETOLD.roles}),
    (kinds, "_FACTS_CHECKS", {**kinds._FACTS_CHECKS, UNKNOWN_KIND: _FORETOLD.facts_ok}),
    *((module, "FOLD_VERSION", state_hash.FOLD_VERSION + 1) for module in _FOLDS),
)
_OLDER = tuple((module, name, getattr(module, name)) for module, name, _ in _NEWER)
_running = [Program.OLDER]


@contextmanager
def running(program: Program) -> Iterator[None]:
    """The program of one machine, for as long as its code runs."""
    before = _running[-1]
    _running.append(program)
    _put(program, before)
    try:
        yield
    finally:
        _running.pop()
        _put(before, program)


def _put(program: Program, before: Program) -> None:
    if program is not before:
        for module, name, value in _NEWER if program is Program.NEWER else _OLDER:
            setattr(module, name, value)


def foretell(node: "SimNode", actor: Actor, dossier: str) -> str:
    """An officer writes a record that only the newer program knows."""
    draft = Draft(kind=UNKNOWN_KIND, dossier=dossier, facts={"number": 3}, content={"words": "sẽ cấp"})
    try:
        (record,) = write(node.db, node.services, actor, [draft])
    except WriteRefused as refusal:
        return f"nothing: {refusal}"
    return record.id
