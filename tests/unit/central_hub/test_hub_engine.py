"""The database as the hub opens it."""

from contextlib import closing
from pathlib import Path

from central_hub.store.engine import Writes, open_engine, sqlite_url, writing


def test_an_idle_judge_sees_what_others_commit(tmp_path: Path) -> None:
    mine, others = (open_engine(sqlite_url(tmp_path / "hub.db")) for _ in range(2))
    with writing(others) as connection:
        connection.exec_driver_sql("CREATE TABLE thing (no INTEGER) STRICT")
    with closing(Writes(mine)) as writes:
        assert not writes.happened()
        with writing(others) as connection:
            connection.exec_driver_sql("INSERT INTO thing VALUES (1)")
            assert not writes.happened(), "not before it is committed"
        assert writes.happened()
        assert not writes.happened()
        with writing(mine) as connection:
            connection.exec_driver_sql("INSERT INTO thing VALUES (2)")
        assert writes.happened(), "another thread of this process"
