"""What a program is told: plain JSON values. Instants are RFC 3339 at +07:00; identity numbers are masked in lists."""

from typing import Any

from dossiers.lifecycle import MOVES, Status
from dossiers.local_time import local
from dossiers.presentation import mask_id
from dossiers.procedures import Procedure
from dossiers.views import DossierView
from edge_node.casework import labels
from edge_node.projection.lists import DossierRow
from edge_node.sync.status import SyncStatus

Json = dict[str, Any]


def moment(ms: int | None) -> str | None:
    return None if ms is None else local(ms).isoformat(timespec="seconds")


def summary(row: DossierRow) -> Json:
    """A dossier in a list."""
    return {
        "id": row.id,
        "code": row.code,
        "provisional_code": row.provisional,
        "status": row.status,
        "status_name": None if row.status is None else labels.status_word(row.status),
        "procedure": row.procedure,
        "procedure_version": row.procedure_version,
        "applicant": row.applicant,
        "id_number": mask_id(row.id_number) if row.id_number else None,
        "received": moment(row.received),
        "due": moment(row.due),
        "finished": moment(row.finished),
        "ended_as": row.ended_as,
        "timeliness": row.timeliness,
        "assigned": row.assigned,
        "conflicts": row.conflicts,
        "refused": row.refused,
        "trail": row.trail.value,
    }


def dossier(row: DossierRow, view: DossierView, names: dict[str, tuple[str, str]]) -> Json:
    """One dossier whole."""
    handed, result = view.handed_over, view.result
    return {
        **summary(row),
        "heads": list(view.heads),
        "competent": view.competent,
        "receiving": view.receiving,
        "channel": view.channel,
        "sets": view.sets,
        "fee_due": view.fee_due,
        "paid": view.paid,
        "finance": view.finance.value,
        "delivery": view.delivery.value,
        "original_due": moment(view.original_due),
        "deadline": moment(view.deadline),
        "is_paused": view.frozen is not None,
        "fields": {
            code: {"value": state.value, "state": state.state.value} for code, state in view.fields.items()
        },
        "papers": [{"paper": held.paper, "form": held.form, "count": held.count} for held in view.papers],
        "result": None
        if result is None
        else {"number": result.number, "date": result.date, "signer": result.signer, "kind": result.kind},
        "handed_over": None
        if handed is None
        else {"at": moment(handed.at_ms), "method": handed.method, "name": handed.name},
        "differences": [
            {"id": one.id, "kind": one.kind.value, "field": one.field, "page": f"/conflicts/{one.id}"}
            for one in view.conflicts
        ],
        "history": [
            {
                "record": entry.record,
                "kind": entry.kind,
                "action": entry.action,
                "at": moment(entry.at_ms),
                "by": names.get(entry.by, ("", ""))[0] or entry.by,
                "standing": entry.standing.value,
                "to": entry.target,
            }
            for entry in view.timeline
        ],
        "transitions": transitions(view.status),
    }


def transitions(status: Status | None) -> list[Json]:
    """The steps that lead on from a state, and whose roles may take them."""
    return [
        {
            "action": move.action,
            "name": labels.move_word(move),
            "to": int(move.target),
            "roles": sorted(move.roles),
            "needs": [*move.needs, *move.needs_facts],
        }
        for move in MOVES
        if move.source == status
    ]


def procedure(found: Procedure) -> Json:
    """What can be received, and what its form asks."""
    return {
        "code": found.code,
        "version": found.version,
        "name": labels.spoken(found.name),
        "field": found.field,
        "fee_due": found.fee_due(),
        "papers": [
            {"code": p.code, "name": labels.spoken(p.name), "count": p.count, "is_required": p.is_required}
            for p in found.papers
        ],
        "questions": [
            {
                "field": q.record_code,
                "label": labels.spoken(q.label),
                "kind": q.kind.value,
                "is_required": q.is_required,
                "options": [option.code for option in q.options],
            }
            for q in found.form_fields
        ],
        "is_verified": not found.unverified,
    }


def status(found: SyncStatus, *, unit: str, unit_name: str, is_writable: bool, codes_left: int) -> Json:
    """How far this PC's records have travelled."""
    return {
        "unit": unit,
        "unit_name": unit_name,
        "waiting": found.waiting,
        "oldest_seconds": found.oldest_ms // 1000,
        "unjudged": found.unjudged,
        "refused": found.refused,
        "undecided": found.undecided,
        "last_full": moment(found.last),
        "is_full": found.is_full,
        "is_writable": is_writable,
        "codes_left": codes_left,
    }
