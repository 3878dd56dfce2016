"""One hash of everything in a folded dossier that does not depend on which bodies are here.

Two replicas that hold the same records and verdicts must compute the same hash though one of them holds no personal
content at all; a difference is an alert. Of a field it covers which record won, not the value. Whether two personal
values differ is not covered either: which versions stand side by side is.
"""

import hashlib
from typing import Any, Final

import orjson

from dossiers.conflicts import ConflictKind
from dossiers.kinds import FACT_FIELDS
from dossiers.views import DossierView, Standing

FOLD_VERSION: Final = 1
"""Raised with every change to what the fold makes of the same records."""

_PLAIN_STANDINGS: Final = frozenset({Standing.QUARANTINED, Standing.HELD, Standing.WITHOUT_EFFECT})


def state_hash(view: DossierView) -> bytes:
    """SHA-256 over the parts of the view that headers alone decide."""
    return hashlib.sha256(orjson.dumps(_state(view))).digest()


def _state(view: DossierView) -> list[Any]:
    frozen, assigned = view.frozen, view.assigned
    return [
        FOLD_VERSION,
        [view.dossier, view.commune, view.heads, view.missing],
        [view.status, view.procedure, view.procedure_version, view.rule],
        [view.code, view.provisional, view.aliases],
        [view.channel, view.receiving, view.competent, view.sets, view.fee_due],
        [
            view.received,
            view.accepted,
            view.due,
            view.original_due,
            view.deadline,
            view.finished,
            view.ended_as,
        ],
        [(change.record, change.due, change.cause) for change in view.due_history],
        [(span.start_ms, span.due, span.runs) for span in view.clock],
        None if frozen is None else [frozen.unit, frozen.amount],
        sorted((code, state.record) for code, state in view.fields.items()),
        view.contested,
        [(paper.record, paper.paper, paper.form, paper.count) for paper in view.papers],
        [(paper.record, paper.paper, paper.removed_by) for paper in view.papers_removed],
        [(payment.record, payment.amount, payment.set_aside_by) for payment in view.payments],
        [note.record for note in view.notes],
        None if assigned is None else [assigned.record, assigned.officer, assigned.unit, assigned.others],
        [view.result and view.result.record, view.handed_over and view.handed_over.record],
        [conflict.id for conflict in view.conflicts if _is_plain(conflict.kind, conflict.field)],
        [(settlement.record, settlement.is_matched) for settlement in view.settlements],
        # Whether a record is disputed may hang on two personal values being different: not for everybody to see.
        [
            (entry.record, entry.standing if entry.standing in _PLAIN_STANDINGS else "")
            for entry in view.timeline
        ],
        *_files(view),
        *_way(view),
    ]


def _files(view: DossierView) -> list[Any]:
    """Nothing for a dossier that never had a file: what was stored of it before files were known stays true."""
    if not (view.files or view.files_removed):
        return []
    return [
        [(held.record, held.file) for held in view.files],
        [(held.record, held.file, held.removed_by) for held in view.files_removed],
    ]


def _way(view: DossierView) -> list[Any]:
    """Nothing for a dossier that never left its commune. What the words of a leg are, only bodies say."""
    if not (view.legs or view.slips):
        return []
    return [
        "way",
        [(leg.record, leg.unit, leg.state, leg.accepted_ms, leg.ended, leg.overruled) for leg in view.legs],
        [(each.record, each.unit, each.taken, each.overruled) for each in view.slips],
    ]


def _is_plain(kind: ConflictKind, field: str | None) -> bool:
    return kind is not ConflictKind.FIELD or field == "due" or field in FACT_FIELDS
