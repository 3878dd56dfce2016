"""Which papers of a dossier are not simply in force any more: results and hand-over receipts that were corrected, replaced,
withdrawn or refused.

A document is the record that made it: the one that issued a result, or the one that handed it over. A correction opens
the dossier again: what was issued is *corrected* from then on, *superseded* once another result is issued, *withdrawn* when the
dossier ends without one. A result that the province refused, or that rests on a refused record, is withdrawn; one that
another officer's result prevailed over is superseded by it. Results in an open conflict stay as they are until a person has settled it.
Every change is told, with the record that made it; the last one counts.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from dossiers.views import DossierView, Standing, TimelineEntry
from signing.status import DocumentState
from sync_protocol.record import Record

_ISSUE: Final = "finish"
_HAND_OVER: Final = "return_result"
_CORRECT: Final = "correct"
_ENDS: Final = frozenset({"withdraw", "refuse_expired"})
_MAKING: Final = (_ISSUE, _HAND_OVER)
"""No set: what is asked for stands in facts that nobody may have checked, and may be anything."""
_REFUSED: Final = frozenset({Standing.QUARANTINED, Standing.HELD})
_COUNTS: Final = frozenset({Standing.APPLIED, Standing.DISPUTED})


class DocumentChange(NamedTuple):
    """What the record `by` made of the document `document`; both are ids of records."""

    document: str
    state: DocumentState
    by: str


def makes_documents(history: Iterable[Record]) -> bool:
    """Whether any record of a dossier, effective or not, issued or handed over a result."""
    for record in history:  # noqa: SIM110 — asked of every dossier; `any` over a generator costs twice as much
        if record.header.facts.get("action") in _MAKING:
            return True
    return False


def document_changes(view: DossierView) -> tuple[DocumentChange, ...]:
    """Every change of every document of a dossier, in the order of its history."""
    changes: list[DocumentChange] = []
    current: list[str] = []
    is_contested = False
    for entry in view.timeline:
        if entry.action in _MAKING and entry.standing in _REFUSED:
            changes.append(DocumentChange(entry.record, DocumentState.WITHDRAWN, entry.record))
        if entry.standing not in _COUNTS:
            continue
        if entry.action == _ISSUE:
            is_second = entry.standing is Standing.DISPUTED and is_contested
            if not is_second:
                changes += _changed(current, DocumentState.SUPERSEDED, entry)
                current = []
            current.append(entry.record)
            is_contested = entry.standing is Standing.DISPUTED
        elif entry.action == _HAND_OVER:
            current.append(entry.record)
        elif entry.action == _CORRECT:
            changes += _changed(current, DocumentState.CORRECTED, entry)
        elif entry.action in _ENDS:
            changes += _changed(current, DocumentState.WITHDRAWN, entry)
            current = []
    return (*changes, *_outdone(view, current))


def _changed(documents: list[str], state: DocumentState, entry: TimelineEntry) -> list[DocumentChange]:
    return [DocumentChange(document, state, entry.record) for document in documents]


def _outdone(view: DossierView, current: list[str]) -> list[DocumentChange]:
    """Documents of steps that did not prevail: what prevailed over them made them void."""
    if not current:
        return []
    return [
        DocumentChange(entry.record, DocumentState.SUPERSEDED, current[0])
        for entry in view.timeline
        if entry.standing is Standing.SUPERSEDED and entry.action in _MAKING
    ]
