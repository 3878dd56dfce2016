"""What became of the documents of dossiers, for the status snapshot: a row for every change of a result or receipt."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection, delete, select

from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.tables import DOCUMENT, LEAF
from dossiers.documents import document_changes
from dossiers.views import DossierView
from signing.status import DocumentChanged, DocumentState
from sync_protocol.record import Record

_COLUMNS: Final = ("document", "changed_by", "dossier", "state", "log", "seq", "unit")
DocumentRow = tuple[bytes, bytes, bytes, str, str, int, str]


def document_rows(view: DossierView, history: Iterable[Record]) -> list[DocumentRow]:
    """The rows of a folded dossier; each change stands where the record that made it stands."""
    changes = document_changes(view)
    if not changes:
        return []
    headers = {record.id: record.header for record in history}
    # Of several words of one record about one document the last counts, as in the fold.
    rows = {
        (each.document, each.by): (
            bytes.fromhex(each.document),
            bytes.fromhex(each.by),
            bytes.fromhex(view.dossier),
            each.state.value,
            headers[each.by].log,
            headers[each.by].seq,
            headers[each.document].commune,
        )
        for each in changes
    }
    return list(rows.values())


def write_document_rows(connection: Connection, rows: dict[str, list[DocumentRow]]) -> None:
    """Replace the rows of these dossiers."""
    for part in chunks([bytes.fromhex(dossier) for dossier in rows]):
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.dossier.in_(part)))
    insert_rows(connection, DOCUMENT, _COLUMNS, [row for each in rows.values() for row in each])


def changed_documents(connection: Connection, units: Collection[str] | None = None) -> list[DocumentChanged]:
    """Every change whose record has its leaf, with that leaf's number; of documents that these units made, or of all."""
    index = LEAF.c.position + DOCUMENT.c.seq - LEAF.c.first
    query = select(DOCUMENT.c.document, DOCUMENT.c.changed_by, DOCUMENT.c.state, index.label("leaf")).join(
        LEAF,
        (LEAF.c.log == DOCUMENT.c.log)
        & (LEAF.c.first <= DOCUMENT.c.seq)
        & (DOCUMENT.c.seq < LEAF.c.first + LEAF.c.count),
    )
    if units is not None:
        query = query.where(DOCUMENT.c.unit.in_(["", *sorted(units)]))
    return [
        DocumentChanged(
            index=row.leaf,
            record=row.changed_by.hex(),
            document=row.document.hex(),
            state=DocumentState(row.state),
        )
        for row in connection.execute(query)
    ]
