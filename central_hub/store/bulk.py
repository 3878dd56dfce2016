"""Many rows in one statement, as tuples: what the judge writes thousands of.

SQLAlchemy compiles the statement for the database in use; the rows go to the driver as they are, without a dictionary
per row. Columns here hold whole numbers, text and bytes only, which every driver takes unprocessed.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

Row = tuple[Any, ...]


def insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    if rows:
        _run(connection, ("insert", table, columns, ()), rows)


def update_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], keys: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Update rows found by `keys`; each row holds the values of `columns`, then those of `keys`."""
    if rows:
        _run(connection, ("update", table, columns, keys), rows)


def add_to_rows(
    connection: Connection, table: Table, keys: tuple[str, ...], amounts: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Add `amounts` to the row with these `keys`, making it where it is missing."""
    if rows:
        _run(connection, ("add", table, amounts, keys), rows)


def chunks(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Parts of a long list of bound values: databases bound how many one statement takes."""
    part: list[Any] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


_Form = tuple[str, Table, tuple[str, ...], tuple[str, ...]]


def _run(connection: Connection, form: _Form, rows: Sequence[Row]) -> None:
    text, names, positional = _compiled(form, connection.dialect)
    given = form[2] + form[3] if form[0] == "update" else form[3] + form[2] if form[0] == "add" else form[2]
    if positional and names == given:
        connection.exec_driver_sql(text, list(rows))
    elif positional:
        order = [given.index(name) for name in names]
        connection.exec_driver_sql(text, [tuple(row[i] for i in order) for row in rows])
    else:
        bound = [*form[2], *(f"key_{key}" for key in form[3])] if form[0] == "update" else given
        connection.exec_driver_sql(text, [dict(zip(bound, row, strict=True)) for row in rows])


@lru_cache(maxsize=128)
def _compiled(form: _Form, dialect: Dialect) -> tuple[str, tuple[str, ...], bool]:
    compiled = _statement(form, dialect).compile(dialect=dialect)
    names = tuple(compiled.positiontup or ())
    return str(compiled), tuple(name.removeprefix("key_") for name in names), compiled.positional


def _statement(form: _Form, dialect: Dialect) -> UpdateBase:
    verb, table, columns, keys = form
    if verb == "insert":
        return insert(table).values({name: bindparam(name) for name in columns})
    if verb == "update":
        found = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in keys))
        return found.values({name: bindparam(name) for name in columns})
    dialects: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect.name]
    adding = dialects(table).values({name: bindparam(name) for name in (*keys, *columns)})
    sums = {name: table.c[name] + adding.excluded[name] for name in columns}
    statement: UpdateBase = adding.on_conflict_do_update(index_elements=[table.c[k] for k in keys], set_=sums)
    return statement
