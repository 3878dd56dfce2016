"""The node's store: one SQLite file that holds the signed logs, which are the truth of this office.

`connection` opens the file in the one allowed way, `migrations` keeps its shape and its guards, `bodies` is the only
door to personal content, `record_log` is the store of logs that `sync_protocol.log_store` describes, `local` keeps
what this PC knows of itself, and `space` watches the disk. What the records mean is not known here: tables derived from
them belong to `projection`.
"""

from edge_node.store.connection import StorageFull, open_database, write_transaction
from edge_node.store.record_log import SqliteLogStore

__all__ = ["SqliteLogStore", "StorageFull", "open_database", "write_transaction"]
