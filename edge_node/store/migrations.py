"""The shape of the truth: logs, records, bodies and seals, and the guards that keep them append-only.

Migrations are only ever added at the end. The guards cover every unique key of a table: a trigger against DELETE and
UPDATE alone is passed by `INSERT OR REPLACE` through a key that it does not look at (style.md 18). Rebuilding a table
drops its triggers, so `ensure_guards` compares what is there with what must be, at every start.
"""

from typing import Final

from sqlite_utils import Database, Migrations

store_migrations = Migrations("store")


@store_migrations()
def m001_logs_records_bodies_seals(db: Database) -> None:
    """`record.number` is the order of arrival on this PC; ids and links are raw bytes."""
    for statement in (
        """CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            commune TEXT NOT NULL,
            device TEXT
        ) STRICT""",
        """CREATE TABLE record (
            number INTEGER PRIMARY KEY,
            log INTEGER NOT NULL REFERENCES log (number),
            seq INTEGER NOT NULL,
            id BLOB NOT NULL UNIQUE,
            link BLOB NOT NULL,
            kind TEXT NOT NULL,
            dossier BLOB,
            header BLOB NOT NULL,
            signature BLOB NOT NULL,
            UNIQUE (log, seq)
        ) STRICT""",
        "CREATE INDEX record_dossier ON record (dossier, number) WHERE dossier IS NOT NULL",
        "CREATE INDEX record_kind ON record (kind, number) WHERE dossier IS NULL",
        """CREATE TABLE body (
            record INTEGER PRIMARY KEY REFERENCES record (number),
            state TEXT NOT NULL CHECK (state IN ('present', 'erased', 'withheld', 'lost')),
            salt BLOB,
            content BLOB,
            CHECK ((state = 'present') = (salt IS NOT NULL AND content IS NOT NULL))
        ) STRICT""",
        """CREATE TABLE seal (
            log INTEGER NOT NULL REFERENCES log (number),
            length INTEGER NOT NULL,
            head BLOB NOT NULL,
            signature BLOB NOT NULL,
            PRIMARY KEY (log, length)
        ) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)


@store_migrations()
def m002_erasures(db: Database) -> None:
    """Erasure orders that were carried out: what they cover must not be held, whenever it arrives."""
    db.execute(
        """CREATE TABLE erasure (
            order_id BLOB PRIMARY KEY,
            commune TEXT NOT NULL,
            dossier BLOB NOT NULL,
            records BLOB NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX erasure_dossier ON erasure (dossier)")


@store_migrations()
def m003_bases(db: Database) -> None:
    """Logs that are held from a base on; below it some records lie loose, known by the snapshot that is named."""
    db.execute(
        """CREATE TABLE snapshot (
            number INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            maker TEXT NOT NULL,
            head BLOB NOT NULL,
            taken INTEGER NOT NULL,
            is_whole INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE log_base (
            log INTEGER PRIMARY KEY REFERENCES log (number),
            base INTEGER NOT NULL CHECK (base > 0),
            head BLOB NOT NULL,
            snapshot INTEGER NOT NULL REFERENCES snapshot (number)
        ) STRICT"""
    )


@store_migrations()
def m004_foreign_records(db: Database) -> None:
    """Records of other communes that concern this one: held by themselves, in no log and no frontier of this PC."""
    db.execute(
        """CREATE TABLE foreign_record (
            number INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            link BLOB NOT NULL,
            commune TEXT NOT NULL,
            kind TEXT NOT NULL,
            dossier BLOB,
            header BLOB NOT NULL,
            signature BLOB NOT NULL,
            state TEXT CHECK (state IN ('present', 'erased', 'withheld', 'lost')),
            salt BLOB,
            content BLOB,
            CHECK ((state IS 'present') = (salt IS NOT NULL AND content IS NOT NULL))
        ) STRICT"""
    )
    db.execute("CREATE INDEX foreign_record_dossier ON foreign_record (dossier) WHERE dossier IS NOT NULL")
    db.execute("CREATE INDEX foreign_record_kind ON foreign_record (kind) WHERE dossier IS NULL")


@store_migrations()
def m005_branches(db: Database) -> None:
    """The log of which a log is a branch: the one that its records name."""
    db.execute("ALTER TABLE log ADD COLUMN origin TEXT")


@store_migrations()
def m006_withheld_bodies(db: Database) -> None:
    """What was withheld is looked for when dossiers come to this unit later; there are few, among very many."""
    db.execute("CREATE INDEX body_withheld ON body (record) WHERE state = 'withheld'")


@store_migrations()
def m007_links_follow_from_their_records(db: Database) -> None:
    """New records keep the beginning of `link` alone: it is the hash of two other columns. The column stays, because to drop it would write
    every record of the PC anew; what stands in it since before may be longer. The index of dossiers no longer holds
    each number twice: SQLite puts it at the end of every entry by itself."""
    db.execute("DROP INDEX record_dossier")
    db.execute("CREATE INDEX record_dossier ON record (dossier) WHERE dossier IS NOT NULL")


def _forbid(table: str, action: str, when: str = "") -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _forbid_again(table: str, *keys: str) -> str:
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)  # noqa: S608
    return _forbid(table, "INSERT", taken)


_INTO_BRANCH: Final = (
    "EXISTS (SELECT 1 FROM log AS branch JOIN log AS before ON before.number = OLD.log "
    "WHERE branch.number = NEW.log AND branch.origin = ifnull(before.origin, before.id))"
)
"""What another copy of this disk continued otherwise is kept as a branch: the same rows under another log."""

GUARDS: Final = {
    guard.split()[2]: guard
    for guard in (
        _forbid_again("log", "number = NEW.number", "id = NEW.id"),
        _forbid(
            "log",
            "UPDATE",
            "OLD.id <> NEW.id OR OLD.number <> NEW.number OR OLD.origin IS NOT NEW.origin OR OLD.device IS NOT NULL",
        ),
        _forbid("log", "DELETE"),
        _forbid_again("record", "number = NEW.number", "id = NEW.id", "log = NEW.log AND seq = NEW.seq"),
        _forbid(
            "record",
            "UPDATE",
            "OLD.number <> NEW.number OR OLD.seq <> NEW.seq OR OLD.id <> NEW.id OR OLD.link <> NEW.link "
            "OR OLD.kind <> NEW.kind OR OLD.dossier IS NOT NEW.dossier OR OLD.header <> NEW.header "
            f"OR OLD.signature <> NEW.signature OR NOT {_INTO_BRANCH}",
        ),
        _forbid("record", "DELETE"),
        _forbid_again("body", "record = NEW.record"),
        # A body that came late may still be filled in, and one that is here may only be erased, by an order about its dossier.
        _forbid(
            "body",
            "UPDATE",
            "OLD.record <> NEW.record OR OLD.state = 'erased' OR (OLD.state = 'present' AND NEW.state <> 'erased') "
            "OR (NEW.state = 'erased' AND NOT EXISTS (SELECT 1 FROM erasure JOIN record ON record.dossier = erasure.dossier "
            "WHERE record.number = NEW.record))",
        ),
        _forbid("body", "DELETE"),
        _forbid_again("foreign_record", "number = NEW.number", "id = NEW.id"),
        # As for a body of an own record: it may come late, and go by an order alone.
        _forbid(
            "foreign_record",
            "UPDATE",
            "OLD.number <> NEW.number OR OLD.id <> NEW.id OR OLD.link <> NEW.link OR OLD.commune <> NEW.commune "
            "OR OLD.kind <> NEW.kind OR OLD.dossier IS NOT NEW.dossier OR OLD.header <> NEW.header "
            "OR OLD.signature <> NEW.signature OR OLD.state = 'erased' OR (OLD.state IS NULL) <> (NEW.state IS NULL) "
            "OR (OLD.state = 'present' AND NEW.state <> 'erased') "
            "OR (NEW.state = 'erased' AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.dossier = NEW.dossier))",
        ),
        _forbid("foreign_record", "DELETE"),
        _forbid_again("erasure", "order_id = NEW.order_id"),
        _forbid("erasure", "UPDATE"),
        _forbid("erasure", "DELETE"),
        _forbid_again("seal", "log = NEW.log AND length = NEW.length"),
        _forbid(
            "seal",
            "UPDATE",
            "OLD.length <> NEW.length OR OLD.head <> NEW.head OR OLD.signature <> NEW.signature "
            f"OR NOT {_INTO_BRANCH}",
        ),
        _forbid("seal", "DELETE"),
    )
}


def missing_guards(db: Database) -> list[str]:
    """Names of guards that are absent or not what they must be."""
    held = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    return [name for name, sql in GUARDS.items() if held.get(name) != sql]


def ensure_guards(db: Database) -> list[str]:
    """Put missing guards back; returns their names, because their absence is worth telling."""
    missing = missing_guards(db)
    for name in missing:
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
        db.execute(GUARDS[name])
    return missing
