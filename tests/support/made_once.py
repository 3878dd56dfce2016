"""What nearly every test needs anew, made once in a process: compiled templates, compiled statements, a migrated database.

An application, an engine and a database of its own for each test stay; only what would come out the same every time is kept.
Nothing that a test looks at is here: migrations themselves are tested on databases that older versions left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.config import Config
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Dialect, Engine, Pool
from sqlalchemy.util import LRUCache

from central_hub.store import schema

_STATEMENTS_KEPT = 4_000


@contextmanager
def made_once() -> Iterator[None]:
    """Keep all of it until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates()})
        patch.setattr(Engine, "__init__", _with_known_statements(Engine.__init__))
        patch.setattr(schema.command, "upgrade", _from_remembered_steps(schema.command.upgrade))
        yield


class _Templates(BytecodeCache):
    """Templates that some app of this process has compiled."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._code.get(f"{bucket.key} {bucket.checksum}")
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


def _with_known_statements(make: Callable[..., None]) -> Callable[..., None]:
    """Engines of SQLite compile a statement once for all of them; the compiled form belongs to a dialect, so they share it."""
    compiled: LRUCache[Any, Any] = LRUCache(_STATEMENTS_KEPT)
    known: list[Dialect] = []

    def make_knowing(engine: Engine, pool: Pool, dialect: Dialect, *rest: Any, **options: Any) -> None:
        is_sqlite = dialect.name == "sqlite"
        # A dialect learns from its first connection what it writes for: before that it is nobody else's.
        if is_sqlite and not (known and getattr(known[0], "server_version_info", None)):
            known[:] = [dialect]
        make(engine, pool, known[0] if is_sqlite else dialect, *rest, **options)
        if is_sqlite:
            engine._compiled_cache = compiled

    return make_knowing


def _from_remembered_steps(upgrade: Callable[[Config, str], None]) -> Callable[[Config, str], None]:
    """The first empty SQLite database runs all steps of the hub's schema; later ones get at once what came out of them."""
    statements: list[str] = []

    def upgrade_remembering(config: Config, revision: str) -> None:
        connection: Connection = config.attributes["connection"]
        if connection.dialect.name != "sqlite" or _has_tables(connection):
            upgrade(config, revision)
            return
        if not statements:
            upgrade(config, revision)
            raw: Any = connection.connection.driver_connection
            statements.extend(
                line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")
            )
            return
        for statement in statements:
            connection.exec_driver_sql(statement)

    return upgrade_remembering


def _has_tables(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first() is not None
