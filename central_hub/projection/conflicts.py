"""Rows of the conflicts that officers have yet to settle: what the province's list of them and its count are read from.

A row says what kind of thing is in dispute, whose it is to settle and since when; what the two versions say stays in the
records. Conflicts between dossiers are `twins`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete

from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.tables import OPEN_CONFLICT
from dossiers.conflicts import ConflictKind, as_questions
from dossiers.genealogy import Genealogy
from dossiers.views import DossierView


class ConflictRow(NamedTuple):
    """The columns of `open_conflict`, in their order."""

    dossier: bytes
    conflict: str
    kind: str
    field: str | None
    fields: int
    is_review: int
    unit: str
    since_ms: int


def conflict_rows(view: DossierView, *, genealogy: Genealogy, device: str | None) -> list[ConflictRow]:
    """The rows of one dossier, one per question; `device` is the PC that received it."""
    rows = []
    for question in as_questions(view.conflicts):
        first = question[0]
        unit = first.unit or view.competent or view.commune
        rows.append(
            ConflictRow(
                bytes.fromhex(view.dossier),
                first.id,
                first.kind.value,
                first.field if len(question) == 1 else None,
                len(question) if first.kind is ConflictKind.FIELD else 0,
                int(first.is_review),
                genealogy.last_unit(unit, device=device, dossier=view.dossier),
                max(conflict.since_ms for conflict in question),
            )
        )
    return rows


def write_conflict_rows(connection: Connection, conflicts: Mapping[str, Iterable[ConflictRow]]) -> None:
    """Replace the rows of these dossiers."""
    for part in chunks(bytes.fromhex(dossier) for dossier in conflicts):
        connection.execute(delete(OPEN_CONFLICT).where(OPEN_CONFLICT.c.dossier.in_(part)))
    rows = [row for found in conflicts.values() for row in found]
    insert_rows(connection, OPEN_CONFLICT, ConflictRow._fields, rows)
