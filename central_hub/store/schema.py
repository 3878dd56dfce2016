"""Bring a database to the present shape, and hold the guards that keep the logs append-only.

The guards are triggers, made anew at every start because rebuilding a table drops them: stored runs, seals and late
bodies are never changed, and a run is never removed once it was acknowledged. The one exception is a run's frame, which
is written anew without its erased bodies while an erasure order of its commune is being carried out. On PostgreSQL the same rule is the
owner's REVOKE (docs/operations.md); the code never tries.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from central_hub.store.engine import reading, writing

_HERE = Path(__file__).parent / "migrations"

_GUARDS = {
    "run_no_update": (
        "BEFORE UPDATE ON run WHEN NEW.no <> OLD.no OR NEW.log_no <> OLD.log_no OR NEW.first <> OLD.first "
        "OR NEW.stop <> OLD.stop OR NEW.head <> OLD.head OR NEW.arrived_ms <> OLD.arrived_ms OR NOT EXISTS "
        "(SELECT 1 FROM erasure JOIN log ON log.commune = erasure.commune WHERE log.no = OLD.log_no AND erasure.is_done = 0) "
        "BEGIN SELECT RAISE(ABORT, 'runs are append-only'); END"
    ),
    "erasure_no_delete": "BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure orders stay'); END",
    "erasure_no_update": (
        "BEFORE UPDATE ON erasure WHEN NEW.order_id <> OLD.order_id OR NEW.commune <> OLD.commune OR "
        "NEW.dossier <> OLD.dossier OR NEW.records <> OLD.records OR NEW.is_done < OLD.is_done "
        "BEGIN SELECT RAISE(ABORT, 'erasure orders stay'); END"
    ),
    "run_no_delete": (
        "BEFORE DELETE ON run WHEN OLD.stop <= (SELECT acknowledged FROM log WHERE no = OLD.log_no) "
        "BEGIN SELECT RAISE(ABORT, 'acknowledged runs stay'); END"
    ),
    "seal_no_update": "BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END",
    "seal_no_delete": "BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END",
    "log_no_delete": "BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'logs stay'); END",
    "log_no_shrinking": (
        "BEFORE UPDATE ON log WHEN NEW.acknowledged < OLD.acknowledged OR NEW.length < OLD.acknowledged "
        "OR NEW.id <> OLD.id OR NEW.commune <> OLD.commune OR NEW.device <> OLD.device "
        "BEGIN SELECT RAISE(ABORT, 'a log only grows'); END"
    ),
    "late_body_no_update": "BEFORE UPDATE ON late_body BEGIN SELECT RAISE(ABORT, 'bodies do not change'); END",
}


class GuardMissing(RuntimeError):
    """A trigger that keeps the logs append-only is not there."""


def upgrade(engine: Engine) -> None:
    """Run the steps that are missing, then make sure of the guards."""
    with writing(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _ensure_guards(connection)


def is_current(engine: Engine) -> bool:
    """Whether the database has the shape that this program needs."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    with reading(engine) as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(config).get_current_head()


def check_guards(connection: Connection) -> None:
    """Raise GuardMissing unless every guard is in place."""
    if connection.dialect.name != "sqlite":
        return
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    missing = sorted(set(_GUARDS) - {row[0] for row in rows})
    if missing:
        raise GuardMissing(", ".join(missing))


def _ensure_guards(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    for name, rule in _GUARDS.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {rule}")
