"""The derived tables: dropped and made anew by a rebuild, never migrated.

`dossier.number` is the number of the dossier's first record here, so that a rebuild gives the same numbers, and the
newest dossiers are the highest. `due_order` is the due date with "none" last, so that an index can give the order. The search index keeps no text of its own and no positions: it reads `dossier.search`,
and its prefix indexes answer the first characters typed without collecting all their matches.
"""

from typing import Final

from sqlite_utils import Database

from dossiers.state_hash import FOLD_VERSION
from edge_node.store import write_transaction
from edge_node.store.local import read_local, write_local

VERSION: Final = "7"
_VERSION_NAME: Final = "projection.version"

_TABLES: Final = (
    """CREATE TABLE dossier (
        number INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        commune TEXT NOT NULL,
        keeper TEXT NOT NULL,
        code TEXT,
        provisional TEXT,
        status INTEGER,
        procedure TEXT,
        procedure_version INTEGER,
        applicant TEXT,
        owner TEXT,
        id_number TEXT,
        summary TEXT,
        channel INTEGER,
        receiving TEXT,
        competent TEXT,
        received INTEGER,
        due INTEGER,
        due_order INTEGER NOT NULL,
        original_due INTEGER,
        deadline INTEGER,
        is_paused INTEGER NOT NULL,
        finished INTEGER,
        ended_as TEXT,
        timeliness TEXT,
        handed_over INTEGER,
        finance TEXT NOT NULL,
        delivery TEXT NOT NULL,
        assigned TEXT,
        conflicts INTEGER NOT NULL,
        refused INTEGER NOT NULL,
        records INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        own_log TEXT,
        own_seq INTEGER,
        digest BLOB NOT NULL,
        counted TEXT NOT NULL,
        search TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX dossier_code ON dossier (code) WHERE code IS NOT NULL",
    "CREATE INDEX dossier_provisional ON dossier (provisional) WHERE provisional IS NOT NULL",
    "CREATE INDEX dossier_status ON dossier (status, number)",
    "CREATE INDEX dossier_open ON dossier (due_order, number) WHERE finished IS NULL",
    "CREATE INDEX dossier_finished ON dossier (finished, number) WHERE finished IS NOT NULL",
    "CREATE INDEX dossier_received ON dossier (received, number)",
    "CREATE INDEX dossier_procedure ON dossier (procedure, number)",
    "CREATE INDEX dossier_id_number ON dossier (id_number, number) WHERE id_number IS NOT NULL",
    "CREATE INDEX dossier_assigned ON dossier (assigned, number) WHERE finished IS NULL",
    "CREATE INDEX dossier_attention ON dossier (number) WHERE conflicts > 0 OR refused > 0",
    """CREATE VIRTUAL TABLE dossier_search USING fts5 (
        search, content = 'dossier', content_rowid = 'number', detail = 'none', columnsize = 0,
        prefix = '1 2 3 4 5 6', tokenize = 'ascii'
    )""",
    """CREATE TABLE verdict (
        record BLOB PRIMARY KEY,
        outcome TEXT NOT NULL,
        code TEXT,
        retryable INTEGER NOT NULL,
        at INTEGER NOT NULL,
        rank TEXT NOT NULL,
        log TEXT NOT NULL,
        seq INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX verdict_standing ON verdict (outcome) WHERE outcome <> 'applied'",
    # Who holds which key of this unit, as stated (or only requested yet): officers, and PCs with officer NULL.
    """CREATE TABLE key_holder (
        key TEXT NOT NULL,
        is_stated INTEGER NOT NULL,
        officer TEXT,
        name TEXT,
        title TEXT,
        device TEXT,
        roles TEXT NOT NULL,
        is_delegated INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (key, is_stated)
    ) STRICT, WITHOUT ROWID""",
    # What the province said of its units: re-organisations, and dossiers allotted to a successor.
    """CREATE TABLE unit_event (
        record BLOB PRIMARY KEY,
        kind TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        at_counter INTEGER NOT NULL,
        facts TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE day_counter (
        commune TEXT NOT NULL,
        procedure TEXT NOT NULL,
        day INTEGER NOT NULL,
        metric TEXT NOT NULL,
        amount INTEGER NOT NULL,
        PRIMARY KEY (commune, procedure, day, metric)
    ) STRICT, WITHOUT ROWID""",
    # What the province lists of other communes' records; `number` is that of the list's record, `is_wanted` until it is here.
    """CREATE TABLE foreign_listed (
        record BLOB PRIMARY KEY,
        dossier BLOB,
        number INTEGER NOT NULL,
        is_closed INTEGER NOT NULL,
        is_wanted INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX foreign_listed_wanted ON foreign_listed (number) WHERE is_wanted = 1",
    "CREATE INDEX foreign_listed_dossier ON foreign_listed (dossier) WHERE dossier IS NOT NULL",
    # The legs of dossiers between units: where each waits.
    """CREATE TABLE leg (
        record BLOB PRIMARY KEY,
        dossier BLOB NOT NULL,
        sender TEXT NOT NULL,
        unit TEXT NOT NULL,
        is_referral INTEGER NOT NULL,
        state TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        at INTEGER NOT NULL,
        deadline INTEGER,
        ended INTEGER
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX leg_dossier ON leg (dossier)",
    "CREATE INDEX leg_unit ON leg (unit, is_open, at)",
    """CREATE TABLE handed (
        record BLOB PRIMARY KEY,
        slip TEXT NOT NULL,
        dossier BLOB NOT NULL,
        sender TEXT NOT NULL,
        unit TEXT NOT NULL,
        at INTEGER NOT NULL,
        taken INTEGER,
        missing INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX handed_slip ON handed (slip)",
    "CREATE INDEX handed_dossier ON handed (dossier)",
    """CREATE TABLE given_code (
        code TEXT NOT NULL,
        dossier BLOB NOT NULL,
        PRIMARY KEY (code, dossier)
    ) STRICT, WITHOUT ROWID""",
    # How far a dossier reaches into each log of this office's PCs: what the hub's receipt is compared with.
    """CREATE TABLE dossier_reach (
        dossier INTEGER NOT NULL,
        log TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (dossier, log)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX dossier_reach_log ON dossier_reach (log, seq)",
    # Every file that a record states; `is_open` says that its key is here, so that it can be read.
    """CREATE TABLE file (
        file BLOB NOT NULL,
        record BLOB NOT NULL,
        dossier BLOB NOT NULL,
        size INTEGER NOT NULL,
        at INTEGER NOT NULL,
        is_result INTEGER NOT NULL,
        is_standing INTEGER NOT NULL,
        is_open INTEGER NOT NULL,
        PRIMARY KEY (file, record)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX file_dossier ON file (dossier)",
    "CREATE TABLE digest_total (one INTEGER PRIMARY KEY CHECK (one = 1), total BLOB NOT NULL) STRICT",
)
_NAMES: Final = (
    "dossier_search",
    "dossier",
    "verdict",
    "key_holder",
    "unit_event",
    "day_counter",
    "given_code",
    "dossier_reach",
    "foreign_listed",
    "leg",
    "handed",
    "file",
    "digest_total",
)


def is_current(db: Database) -> bool:
    """Whether the derived tables are those that this version keeps."""
    return read_local(db, _VERSION_NAME) == _version()


def recreate(db: Database) -> None:
    """Drop and make the derived tables, empty; inside the rebuild's transaction."""
    with write_transaction(db):
        for name in _NAMES:
            db.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _TABLES:
            db.execute(statement)
        db.execute("INSERT INTO digest_total (one, total) VALUES (1, zeroblob(32))")
        write_local(db, _VERSION_NAME, _version())


def _version() -> str:
    """What the tables are made by: their own form, and the fold whose results they keep."""
    return f"{VERSION}.{FOLD_VERSION}"
