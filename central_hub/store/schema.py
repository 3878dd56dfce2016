"""Bring a database to the present shape, and hold the guards that keep the logs append-only.

The guards are triggers, made anew at every start because rebuilding a table drops them: stored runs, seals and late
bodies are never changed, and a run is never removed once it was acknowledged. The one exception is a run's frame, which
is written anew without its erased bodies while an erasure order of its commune is being carried out.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from central_hub.store.engine import reading, writing

_HERE = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class _Guard:
    """A trigger that refuses a change: of which table, when, and in which words."""

    event: str
    table: str
    refusal: str
    when: str = ""


_GUARDS = {
    "run_no_update": _Guard(
        "UPDATE",
        "run",
        "runs are append-only",
        "NEW.no <> OLD.no OR NEW.log_no <> OLD.log_no OR NEW.first <> OLD.first OR NEW.stop <> OLD.stop "
        "OR NEW.head <> OLD.head OR NEW.arrived_ms <> OLD.arrived_ms OR NOT EXISTS (SELECT 1 FROM erasure "
        "JOIN log ON log.commune = erasure.commune WHERE log.no = OLD.log_no AND erasure.is_done = 0)",
    ),
    "erasure_no_delete": _Guard("DELETE", "erasure", "erasure orders stay"),
    "erasure_no_update": _Guard(
        "UPDATE",
        "erasure",
        "erasure orders stay",
        "NEW.order_id <> OLD.order_id OR NEW.commune <> OLD.commune OR NEW.dossier <> OLD.dossier "
        "OR NEW.records <> OLD.records OR NEW.is_done < OLD.is_done",
    ),
    "run_no_delete": _Guard(
        "DELETE",
        "run",
        "acknowledged runs stay",
        "OLD.stop <= (SELECT acknowledged FROM log WHERE no = OLD.log_no)",
    ),
    "seal_no_update": _Guard("UPDATE", "seal", "seals are append-only"),
    "seal_no_delete": _Guard("DELETE", "seal", "seals are append-only"),
    "log_no_delete": _Guard("DELETE", "log", "logs stay"),
    "log_no_shrinking": _Guard(
        "UPDATE",
        "log",
        "a log only grows",
        "NEW.acknowledged < OLD.acknowledged OR NEW.length < OLD.acknowledged OR NEW.id <> OLD.id "
        "OR NEW.commune <> OLD.commune OR NEW.device <> OLD.device",
    ),
    "late_body_no_update": _Guard("UPDATE", "late_body", "bodies do not change"),
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
    is_sqlite = connection.dialect.name == "sqlite"
    rows = connection.exec_driver_sql(_TRIGGERS_OF_SQLITE if is_sqlite else _TRIGGERS_OF_POSTGRES)
    missing = sorted(set(_GUARDS) - {row[0] for row in rows})
    if missing:
        raise GuardMissing(", ".join(missing))


_TRIGGERS_OF_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_TRIGGERS_OF_POSTGRES = (
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE relnamespace = current_schema()::regnamespace AND tgenabled <> 'D'"
)


def _ensure_guards(connection: Connection) -> None:
    statements = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgres
    for name, guard in _GUARDS.items():
        for statement in statements(name, guard):
            connection.exec_driver_sql(statement)


def _on_sqlite(name: str, guard: _Guard) -> tuple[str, ...]:
    when = f"WHEN {guard.when} " if guard.when else ""
    return (
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{guard.refusal}'); END",
    )


def _on_postgres(name: str, guard: _Guard) -> tuple[str, ...]:
    """A condition may ask other tables within a function only."""
    row = "OLD" if guard.event == "DELETE" else "NEW"
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {guard.when or 'TRUE'} THEN RAISE EXCEPTION '{guard.refusal}' USING ERRCODE = 'raise_exception'; "
        f"END IF; RETURN {row}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {guard.table}",
        f"CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    )
