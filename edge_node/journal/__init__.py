"""The one way in which this PC writes signed records."""

from edge_node.journal.service import (
    CONTENT_ALONE,
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
    "CONTENT_ALONE",
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
