"""Pages cost what they show, not what is held: no question of the desk or the register walks everything there is."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from edge_node.desk import queries
from edge_node.register import queries as register
from tests.support.office import make_office


def _steps(db: Database, sql: str, values: tuple[int | str, ...]) -> list[str]:
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


def test_the_register_finds_its_months_at_the_ends_of_an_index(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    first = office.clock()
    office.receive()
    office.clock.advance(60_000)
    office.receive("Trần Văn Nam")
    assert register.months(office.db, office.office.unit) == (first, first + 60_000)
    assert register.months(office.db, "99999") is None
    steps = _steps(office.db, register._MONTHS, (office.office.unit,))
    read = [step for step in steps if "dossier" in step]
    assert len(read) == 2
    assert all("USING INDEX dossier_received" in step for step in read)
