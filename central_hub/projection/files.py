"""Which encrypted files the judged records of a dossier state: what the hub may take from a PC, and hand to one."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete

from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.tables import FILE
from dossiers.views import DossierView
from sync_protocol.record import Record

_COLUMNS: Final = ("file", "record", "dossier", "commune", "size", "is_result", "is_standing")
_ADDING: Final = "dossier.file_added"
FileRow = tuple[bytes, bytes, bytes, str, int, int, int]


def states_files(history: Iterable[Record]) -> bool:
    """Whether any record of a dossier, effective or not, states a file: most dossiers' rows need no second look."""
    for record in history:  # noqa: SIM110 — asked of every dossier; `any` over a generator costs twice as much
        if record.header.kind == _ADDING:
            return True
    return False


def file_rows(view: DossierView) -> list[FileRow]:
    """The rows of a dossier; a file that one record names twice counts once."""
    rows: dict[tuple[str, str], FileRow] = {}
    for held, is_standing in ((view.files_removed, 0), (view.files, 1)):
        for each in held:
            rows[each.file, each.record] = (
                bytes.fromhex(each.file),
                bytes.fromhex(each.record),
                bytes.fromhex(view.dossier),
                each.commune,
                each.size,
                int(each.is_result),
                is_standing,
            )
    return list(rows.values())


def write_file_rows(connection: Connection, rows: dict[str, list[FileRow]]) -> None:
    """Replace the rows of these dossiers."""
    for part in chunks([bytes.fromhex(dossier) for dossier in rows]):
        connection.execute(delete(FILE).where(FILE.c.dossier.in_(part)))
    insert_rows(connection, FILE, _COLUMNS, [row for each in rows.values() for row in each])
