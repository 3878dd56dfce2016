"""Tables of this installation that are neither signed nor derived: they survive a rebuild and never travel.

Derived tables are not migrated but dropped and rebuilt (`projection.schema`). Migrations are only ever added at the end.
`prepare` brings a database file up to date; every entry (server, command, test) calls it once.
"""

import logging

from sqlite_utils import Database, Migrations

from edge_node.store.migrations import ensure_guards, store_migrations

node_migrations = Migrations("node")
_LOG = logging.getLogger(__name__)


def prepare(db: Database) -> None:
    """Create what is missing and check the guards of the truth."""
    is_new = not store_migrations.applied(db)
    store_migrations.apply(db)
    node_migrations.apply(db)
    for name in ensure_guards(db):
        if not is_new:
            _LOG.warning("guard %s was missing or changed and has been put back", name)


@node_migrations()
def m001_local_tables(db: Database) -> None:
    """What the office keeps beside the logs."""
    for statement in (
        "CREATE TABLE local (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE trust_bundle (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL) STRICT",
        # The hub's newest receipt as it was signed, and the same per log for joining.
        "CREATE TABLE receipt (one INTEGER PRIMARY KEY CHECK (one = 1), signed BLOB NOT NULL) STRICT",
        """CREATE TABLE receipt_log (
            log TEXT PRIMARY KEY, held INTEGER NOT NULL, head TEXT NOT NULL, judged INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE sync_attempt (
            number INTEGER PRIMARY KEY,
            began INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            rounds INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            received INTEGER NOT NULL,
            bytes_up INTEGER NOT NULL,
            bytes_down INTEGER NOT NULL,
            detail TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE login_failure (
            subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, last INTEGER NOT NULL, until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE draft (
            officer TEXT NOT NULL,
            form TEXT NOT NULL,
            saved INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (officer, form)
        ) STRICT""",
        """CREATE TABLE opening (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            officer TEXT NOT NULL,
            dossier BLOB NOT NULL,
            purpose TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX opening_dossier ON opening (dossier, number)",
        "CREATE TABLE alert (code TEXT PRIMARY KEY, at INTEGER NOT NULL, detail TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ):
        db.execute(statement)


@node_migrations()
def m002_api_tokens(db: Database) -> None:
    """Programs that may use the local API; the secret is kept as a hash."""
    db.execute(
        """CREATE TABLE api_token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
            secret_hash BLOB NOT NULL,
            created INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            used INTEGER,
            revoked INTEGER
        ) STRICT, WITHOUT ROWID"""
    )


@node_migrations()
def m003_parcels(db: Database) -> None:
    """Parcels written to a stick and taken from one: what the sync page tells; nothing depends on it."""
    db.execute(
        """CREATE TABLE parcel (
            number INTEGER PRIMARY KEY,
            parcel TEXT NOT NULL,
            direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
            at INTEGER NOT NULL,
            folder TEXT NOT NULL,
            answers TEXT,
            records INTEGER NOT NULL,
            parts INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT"""
    )


@node_migrations()
def m004_file_copies(db: Database) -> None:
    """What is known of encrypted files: whole on this PC, held by the hub in which of its lives, asked for, in trouble."""
    db.execute(
        """CREATE TABLE file_copy (
            file BLOB PRIMARY KEY,
            is_here INTEGER NOT NULL DEFAULT 0,
            hub_epoch TEXT,
            is_wanted INTEGER NOT NULL DEFAULT 0,
            problem TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID"""
    )


@node_migrations()
def m005_places_in_the_log(db: Database) -> None:
    """Where records lie in the province's log, for proofs written here; what was proven before is asked for once more."""
    for statement in (
        "CREATE TABLE log_checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
        """CREATE TABLE log_place (
            log TEXT NOT NULL,
            first INTEGER NOT NULL,
            size INTEGER NOT NULL,
            count INTEGER NOT NULL,
            position INTEGER NOT NULL,
            proof BLOB NOT NULL,
            PRIMARY KEY (log, first, size)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE log_wish (
            log TEXT NOT NULL,
            seq INTEGER NOT NULL,
            asked INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (log, seq)
        ) STRICT, WITHOUT ROWID""",
        "DELETE FROM local WHERE name LIKE 'witness.proven.%'",
    ):
        db.execute(statement)


@node_migrations()
def m006_office_network(db: Database) -> None:
    """The office's other PCs: where they answer, how the last exchange went, and what they said of themselves."""
    for statement in (
        """CREATE TABLE lan_peer (
            address TEXT PRIMARY KEY,
            is_found INTEGER NOT NULL,
            device TEXT,
            challenge BLOB,
            tried INTEGER,
            met INTEGER,
            outcome TEXT NOT NULL DEFAULT '',
            sent INTEGER NOT NULL DEFAULT 0,
            received INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE lan_beacon (
            device TEXT PRIMARY KEY,
            log TEXT NOT NULL,
            count INTEGER NOT NULL,
            leases_seen INTEGER NOT NULL,
            signed BLOB NOT NULL,
            at INTEGER NOT NULL,
            passed_on INTEGER NOT NULL DEFAULT 0,
            passed_at INTEGER
        ) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)


@node_migrations()
def m007_receipted_places(db: Database) -> None:
    """Where the province's receipts say that records stand in its log; what it shows there later is held to it."""
    db.execute(
        """CREATE TABLE receipt_place (
            log TEXT NOT NULL,
            first INTEGER NOT NULL,
            count INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (log, first)
        ) STRICT, WITHOUT ROWID"""
    )


@node_migrations()
def m008_runs_for_the_province(db: Database) -> None:
    """Sealed runs of the office's other PCs that cannot be taken here before the province has judged them."""
    db.execute(
        """CREATE TABLE lan_aside (
            log TEXT NOT NULL,
            first INTEGER NOT NULL,
            stop INTEGER NOT NULL,
            device TEXT NOT NULL,
            frame BLOB NOT NULL,
            PRIMARY KEY (log, first, stop)
        ) STRICT"""
    )


@node_migrations()
def m009_files_in_parcels(db: Database) -> None:
    """How many files of those that waited went along on a stick, or came with one."""
    for column in ("files", "files_total"):
        db.execute(f"ALTER TABLE parcel ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")


@node_migrations()
def m010_found_on_the_office_network(db: Database) -> None:
    """PCs that announced themselves and that nobody has accepted: nothing is believed of them."""
    db.execute(
        """CREATE TABLE lan_found (
            address TEXT PRIMARY KEY,
            short TEXT NOT NULL,
            seen INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


@node_migrations()
def m011_loads_of_others(db: Database) -> None:
    """Parts of other PCs' parcels that this one carries: to the province (up) and back (down). Their bytes are files."""
    db.execute(
        """CREATE TABLE relay_load (
            load TEXT PRIMARY KEY,
            direction TEXT NOT NULL CHECK (direction IN ('up', 'down')),
            device TEXT NOT NULL,
            unit TEXT NOT NULL,
            size INTEGER NOT NULL,
            came INTEGER NOT NULL,
            outcome TEXT NOT NULL DEFAULT '',
            settled INTEGER,
            is_answered INTEGER NOT NULL DEFAULT 0,
            is_here INTEGER NOT NULL DEFAULT 1
        ) STRICT, WITHOUT ROWID"""
    )


@node_migrations()
def m012_words_of_files(db: Database) -> None:
    """The hub's signed words of files that it holds, to be passed on to the office's other PCs."""
    for statement in (
        "CREATE TABLE file_word (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, signed BLOB NOT NULL UNIQUE) STRICT",
        "CREATE TABLE file_word_of (file BLOB PRIMARY KEY, word INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE INDEX file_word_of_word ON file_word_of (word)",
    ):
        db.execute(statement)


@node_migrations()
def m013_steps_of_the_log(db: Database) -> None:
    """How the province's log went on from one checkpoint to a later one, for colleagues; and whose checkpoint nobody here can continue."""
    for statement in (
        """CREATE TABLE log_step (
            number INTEGER PRIMARY KEY,
            start BLOB NOT NULL,
            stop BLOB NOT NULL,
            note BLOB NOT NULL,
            proof BLOB NOT NULL,
            UNIQUE (start, stop)
        ) STRICT""",
        "CREATE TABLE log_step_wanted (start BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
    ):
        db.execute(statement)


@node_migrations()
def m014_loads_over_the_office_network(db: Database) -> None:
    """Loads that are this PC's own parcels, handed to a PC next door; of how many parts an answer is."""
    for column in ("is_own", "parts"):
        db.execute(f"ALTER TABLE relay_load ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
