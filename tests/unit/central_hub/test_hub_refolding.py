"""After an update the judge folds every dossier anew by itself: beside what comes in, in steps that a kill cannot spoil."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select

import central_hub.judge.refolding as steps
from central_hub.config import HubConfig
from central_hub.doctor import Health, examine
from central_hub.judge.refolding import Refolder
from central_hub.judge.service import Judge
from central_hub.projection import projector, refolding
from central_hub.projection.rebuild import rebuild
from central_hub.services import open_services
from central_hub.statistics.lists import Figure, count_by_scan, value_of
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Statistics
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DERIVED, DOSSIER, FOREIGN, LEG, LOG, REFOLDING, SCOPE
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.merge import fold_in_order
from sync_protocol.digest import from_bytes
from sync_protocol.digest import replace as exchanged
from tests.support.device_log import DeviceLog
from tests.support.hub import Clock, Desk, ProvinceHub, found_province, populate
from tests.unit.central_hub.test_hub_routes import OTHER, receive

STEP = 16


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Desk]]:
    """A small province as the version before left it: folded otherwise, and no legs were kept."""
    folder = tmp_path_factory.mktemp("before")
    hub = found_province(folder)
    row_of = projector.row_of
    with pytest.MonkeyPatch.context() as older:
        for module in (projector, refolding):
            older.setattr(module, "FOLD_VERSION", 0)
        older.setattr(projector, "row_of", lambda *a, **k: row_of(*a, **k)._replace(conflicts=7))
        with writing(hub.services.engine) as connection:
            refolding.mark_current(connection)
        populate(hub, communes=2, a_day=0.4)
        receive(hub.desks[0], OTHER)
        hub.deliver(hub.desks[0])
        hub.judge()
    with writing(hub.services.engine) as connection:
        connection.execute(delete(LEG))
        connection.execute(delete(FOREIGN))
        assert (connection.scalar(select(func.count()).select_from(DOSSIER)) or 0) > 5 * STEP
    hub.services.engine.dispose()
    return folder / "hub", hub.desks


@pytest.fixture
def hub(grown: tuple[Path, list[Desk]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProvinceHub:
    """The same, under the program of today."""
    monkeypatch.setattr(steps, "STEP_DOSSIERS", STEP)
    data = copytree(grown[0], tmp_path / "hub")
    clock = Clock()
    config = HubConfig(data=data, tls=False, verify_threads=1)
    services = replace(open_services(config), clock=clock)
    return ProvinceHub(services=services, clock=clock, desks=grown[1])


def tables(hub: ProvinceHub) -> dict[str, list[tuple[Any, ...]]]:
    with reading(hub.services.engine) as connection:
        found = {table.name: list(map(tuple, connection.execute(select(table)))) for table in DERIVED}
    return {name: sorted(rows) for name, rows in found.items()}


def left(hub: ProvinceHub) -> int:
    with reading(hub.services.engine) as connection:
        return connection.scalar(select(func.count()).select_from(REFOLDING)) or 0


def lengths(hub: ProvinceHub) -> dict[str, int]:
    with reading(hub.services.engine) as connection:
        return {row.id: row.length for row in connection.execute(select(LOG.c.id, LOG.c.length))}


def check_consistent(hub: ProvinceHub) -> None:
    """Figures are the rows counted, and sums of digests those of the rows, whoever folded which row."""
    today = to_yyyymmdd(local_date(hub.clock()))
    with reading(hub.services.engine) as connection:
        figures = Statistics(
            connection, catalogue=hub.services.catalogue, units=hub.services.units, today=today
        )
        period = Period(first=20260101, last=today)
        row = figures.report(period, Group.COMMUNE).total
        for figure in Figure:
            counted = count_by_scan(connection, figures, period, figure, Filter(), today=today)
            assert counted == value_of(row, figure), figure
        assert sums(connection) == {
            row.commune: from_bytes(row.digest) for row in connection.execute(select(SCOPE))
        }


def sums(connection: Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in connection.execute(select(DOSSIER.c.keeper, DOSSIER.c.digest)):
        found[row.keeper] = exchanged(found.get(row.keeper, 0), old=0, new=from_bytes(row.digest))
    return found


def finding(hub: ProvinceHub) -> tuple[Health, str]:
    (found,) = [each for each in examine(hub.services) if each.check == "refolding"]
    return found.health, found.vi


def test_the_judge_makes_what_a_rebuild_makes(hub: ProvinceHub) -> None:
    before = tables(hub)
    hub.judge()
    folded = tables(hub)
    assert folded["dossier"] != before["dossier"] and folded["leg"] and folded["foreign_record"]
    assert left(hub) == 0 and finding(hub)[0] is Health.OK
    rebuild(hub.services)
    again = tables(hub)
    assert {name for name in again if again[name] != folded[name]} == set()


def test_it_happens_once_and_signs_nothing_twice(hub: ProvinceHub) -> None:
    hub.judge()
    held = lengths(hub)
    assert hub.judge() == 0
    with writing(hub.services.engine) as connection:
        refolding.put_setting(connection, "folded_by", "0.0")
    hub.judge()
    assert lengths(hub) == held, "a dossier folded anew produces no record that was there already"


def test_every_step_leaves_figures_and_sums_consistent(hub: ProvinceHub) -> None:
    refolder = Refolder(hub.services)
    check_consistent(hub)
    waiting = None
    while refolder.step():
        check_consistent(hub)
        assert waiting is None or left(hub) < waiting, "each step brings it on"
        waiting = left(hub)
    assert waiting == 0


def test_rounds_are_acknowledged_and_judged_meanwhile(hub: ProvinceHub) -> None:
    judge = Judge(hub.services)
    judge.judge_pending(batches_max=1)
    assert left(hub) > 0
    home = hub.enrol("20209", officer="Phạm Thu Hằng")
    dossier, _ = receive(home, "20209")
    hub.deliver(home)
    judge.judge_pending(batches_max=1)
    assert left(hub) > 0
    with reading(hub.services.engine) as connection:
        assert connection.scalar(select(DOSSIER.c.id).where(DOSSIER.c.id == bytes.fromhex(dossier)))
        assert refolding.is_due(connection)
    while judge.judge_pending(batches_max=1):
        pass
    judge.close()
    check_consistent(hub)
    with reading(hub.services.engine) as connection:
        assert not refolding.is_due(connection)


_KILLED = """
import os, signal, sys
from pathlib import Path
import central_hub.judge.refolding as steps
from central_hub.config import HubConfig
from central_hub.projection import refolding
from central_hub.services import open_services

steps.STEP_DOSSIERS, steps_left = {step}, {after}
mark_folded = refolding.mark_folded

def killed(connection, dossiers):
    global steps_left
    mark_folded(connection, dossiers)
    steps_left -= 1
    if steps_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

refolding.mark_folded = killed
refolder = steps.Refolder(open_services(HubConfig(data=Path({data!r}), tls=False)))
while refolder.step():
    pass
"""


@pytest.mark.process
def test_a_kill_in_the_midst_leaves_what_the_last_step_left(hub: ProvinceHub) -> None:
    """Killed before the second step of its life is committed, twice; the judge that comes after finishes the work."""
    total = len(tables(hub)["dossier"])
    for life in (1, 2):
        script = _KILLED.format(step=STEP, after=2, data=str(hub.services.config.data))
        ended = subprocess.run(
            [sys.executable, "-c", script], check=False, capture_output=True, text=True, encoding="utf-8"
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert left(hub) == total - life * STEP
        check_consistent(hub)
        health, words = finding(hub)
        assert health is Health.UNDECIDED and f"{life * STEP}/{total}" in words
    hub.judge()
    folded = tables(hub)
    rebuild(hub.services)
    assert tables(hub) == folded


def test_a_dossier_on_which_the_fold_fails_stops_nobody(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(hub.services.engine) as connection:
        poisonous = connection.scalars(select(DOSSIER.c.id).order_by(DOSSIER.c.id)).first()
    assert poisonous is not None

    def failing(order: Any, refused: Any, **more: Any) -> Any:
        view = fold_in_order(order, refused, **more)
        assert view.dossier != poisonous.hex()
        return view

    with monkeypatch.context() as broken:
        broken.setattr(projector, "fold_in_order", failing)
        hub.judge()
        assert left(hub) == 1 and finding(hub) == (
            Health.FAILED,
            "1 hồ sơ không tính lại được, còn như trước khi nâng cấp; gửi nhật ký máy chủ cho nhóm phát triển",
        )
        check_consistent(hub)
        assert "1 hồ sơ không tính lại được" in hub.browser("quantri").page("/")
    hub.judge()  # a judge that starts anew tries again
    assert left(hub) == 0 and finding(hub)[0] is Health.OK


def test_people_see_how_far_it_has_come(hub: ProvinceHub) -> None:
    total = len(tables(hub)["dossier"])
    visitor = hub.browser("quantri")
    assert "Đang tính lại hồ sơ sau khi nâng cấp" in visitor.page("/")
    assert visitor.client.get("/health").get_json()["refolding"] == total
    refolder = Refolder(hub.services)
    refolder.step()
    assert f'<progress id="refolding" value="{STEP}" max="{total}">' in visitor.page("/")
    assert f"motcua_hub_dossiers_refolding {float(total - STEP)}" in visitor.client.get("/metrics").text
    while refolder.step():
        pass
    assert "Đang tính lại hồ sơ" not in visitor.page("/")
    assert visitor.client.get("/health").get_json()["refolding"] == 0


def test_a_new_hub_has_nothing_to_fold_anew(tmp_path: Path) -> None:
    hub = found_province(tmp_path)
    with reading(hub.services.engine) as connection:
        assert refolding.refolding(connection) is None and not refolding.is_due(connection)
    assert isinstance(hub.enrol(OTHER).log, DeviceLog) and finding(hub)[0] is Health.OK
