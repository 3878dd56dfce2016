"""The desk's news costs what is new, not what is held: no question walks all records of all dossiers."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from edge_node.desk import queries
from tests.support.office import make_office


def _steps(db: Database, sql: str, values: tuple[int, ...]) -> list[str]:
    return [row[3] for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize(
    ("sql", "values", "start"),
    [
        (queries._WITH_VERDICT, (5,), "SCAN verdict USING INDEX verdict_standing"),
        (queries._FROM_ELSEWHERE, (2_000, 20), "SEARCH record USING INTEGER PRIMARY KEY (rowid>?)"),
    ],
)
def test_questions_start_from_what_is_new(
    tmp_path: Path, sql: str, values: tuple[int, ...], start: str
) -> None:
    steps = _steps(make_office(tmp_path).db, sql, values)
    assert steps[0] == start
    assert not any("record_dossier" in step for step in steps)
