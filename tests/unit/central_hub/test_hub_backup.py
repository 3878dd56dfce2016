"""A back-up of a hub at work."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from central_hub.backup.service import take_backup
from central_hub.settings import put_setting
from central_hub.store import engine as engine_module
from central_hub.store.engine import open_engine, writing
from tests.support.hub import NOW_MS, found_province, receive

PAGES_AT_ONCE = 20


def test_a_back_up_is_not_begun_anew_by_every_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy hub somebody writes between any two steps: the back-up never came to its end."""
    hub = found_province(tmp_path)
    desk = hub.enrol("20242")
    for number in range(40):
        receive(desk, NOW_MS + number, number)
    hub.deliver(desk)
    steps: list[int] = []

    def write_between_steps(source: sqlite3.Connection, target: sqlite3.Connection, **more: Any) -> None:
        def contact(_status: int, left: int, _total: int) -> None:
            steps.append(left)
            assert len(steps) < 100, "it begins anew with every step"
            with writing(hub.services.engine) as connection:
                put_setting(connection, "a contact", str(len(steps)))

        backup(source, target, **more | {"pages": PAGES_AT_ONCE, "progress": contact})

    def watched(url: str, **options: Any) -> Engine:
        options["connect_args"]["factory"] = type("_", (sqlite3.Connection,), {"backup": write_between_steps})
        return create_engine(url, **options)

    backup = sqlite3.Connection.backup
    monkeypatch.setattr(engine_module, "create_engine", watched)
    made = take_backup(replace(hub.services, engine=open_engine(hub.services.config.database_url)))
    assert len(steps) > 2 and sorted(steps, reverse=True) == steps
    assert made.size_bytes == made.path.stat().st_size
