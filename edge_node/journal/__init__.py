"""The one way in which this PC writes signed records."""

from edge_node.journal.service import (
    Draft,
    JournalReadOnly,
    NotEnrolled,
    WriteRefused,
    may_sign,
    new_dossier_id,
    require_office,
    write,
    write_opening,
    write_with,
)

__all__ = [
    "Draft",
    "JournalReadOnly",
    "NotEnrolled",
    "WriteRefused",
    "may_sign",
    "new_dossier_id",
    "require_office",
    "write",
    "write_opening",
    "write_with",
]
