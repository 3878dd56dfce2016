"""A folded dossier as one row of the list table. Pure: a view in, values out."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from dossiers.merge import FOLD_VERSION, state_hash
from dossiers.text import fold_text
from dossiers.views import DossierView, Standing
from sync_protocol.digest import dossier_digest, record_set_hash
from sync_protocol.record import Record

APPLICANT: Final = "applicant.name"
APPLICANT_ID: Final = "applicant.id_number"
OWNER: Final = "owner.name"
SUMMARY: Final = "summary"
SEARCHED_FIELDS: Final = (
    APPLICANT,
    APPLICANT_ID,
    "applicant.phone",
    OWNER,
    "owner.id_number",
    SUMMARY,
)
SUMMARY_SEARCHED_CHARS: Final = 200
NO_DUE: Final = 2**53 - 1
"""Where a dossier without a due date stands in the order of due dates: last."""


def row_of(
    view: DossierView,
    records: Sequence[Record],
    *,
    own_logs: Collection[str],
    keeper: str,
    log_of: Callable[[Record], str] = lambda record: record.header.log,
) -> dict[str, Any]:
    """The columns that depend on the records alone (all but `number`, `digest` and `counted`).

    `log_of` tells where a record is kept: in the log that it names, or in a branch of it.
    """
    newest_own = max(
        (r for r in records if r.header.log in own_logs),
        key=lambda record: (record.header.at, record.header.seq),
        default=None,
    )
    return {
        "id": bytes.fromhex(view.dossier),
        "commune": view.commune,
        "keeper": keeper,
        "code": view.code,
        "provisional": view.provisional,
        "status": None if view.status is None else int(view.status),
        "procedure": view.procedure,
        "procedure_version": view.procedure_version,
        "applicant": view.text(APPLICANT),
        "owner": view.text(OWNER),
        "id_number": view.text(APPLICANT_ID),
        "summary": view.text(SUMMARY),
        "channel": view.channel,
        "receiving": view.receiving,
        "competent": view.competent,
        "received": view.received,
        "due": view.due,
        "due_order": NO_DUE if view.due is None else view.due,
        "original_due": view.original_due,
        "deadline": view.deadline,
        "is_paused": int(view.frozen is not None),
        "finished": view.finished,
        "ended_as": view.ended_as.value if view.ended_as else None,
        "timeliness": view.timeliness.value if view.timeliness else None,
        "handed_over": view.handed_over.at_ms if view.handed_over else None,
        "finance": view.finance.value,
        "delivery": view.delivery.value,
        "assigned": view.assigned.officer if view.assigned else None,
        "conflicts": len(view.conflicts),
        "refused": sum(entry.standing is Standing.QUARANTINED for entry in view.timeline),
        "records": len(view.timeline),
        "changed": max(r.header.corrected_ms for r in records),
        "own_log": log_of(newest_own) if newest_own else None,
        "own_seq": newest_own.header.seq if newest_own else None,
        "search": search_text(view),
    }


def search_text(view: DossierView) -> str:
    """Everything the dossier can be found by, folded."""
    texts = [view.code, view.provisional, *view.aliases, *(view.text(field) for field in SEARCHED_FIELDS)]
    return fold_text(" ".join(text[:SUMMARY_SEARCHED_CHARS] for text in texts if text))


def digest_of(view: DossierView, records: Sequence[Record], quarantined: Collection[str]) -> int:
    """The dossier's number in the sum that node and hub compare; 0 where nothing of it stands: the hub does not list it."""
    if all(record.id in quarantined for record in records):
        return 0
    set_hash = record_set_hash((r.id for r in records), quarantined)
    return dossier_digest(view.dossier, set_hash, FOLD_VERSION, state_hash(view))
