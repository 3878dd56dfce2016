"""Small random worlds: PCs go on under their old units while communes are merged, split and moved; then all is counted.

And the worlds are tested, too: with a bug planted in production code they must not come out.
"""

import random

import pytest
from sqlalchemy import select

import central_hub.projection.tallies as tallies
from central_hub.accounts.service import make_account
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Group, Statistics
from central_hub.store.engine import reading, writing
from central_hub.store.tables import STANDING
from dossiers.genealogy import Genealogy
from edge_node.journal import require_office
from edge_node.projection.service import view as view_of
from edge_node.store import alerts
from signing.roles import Role
from tests.simulation.clock import DAY_MS
from tests.support.pair import Commune, Pc
from tests.web.test_reorganisation import A, B, N, T, hub_dossiers, note, say, today


def a_world(province: Commune, seed: int) -> None:
    chance = random.Random(f"units {seed}")
    with writing(province.hub.engine) as connection:
        make_account(
            connection, province.hub, login="sapxep", name="Phạm Thu Hà",
            roles=frozenset({Role.ADMINISTRATOR}), password="mot-cua-2026",
        )  # fmt: skip
    pcs = [province.add(A), province.add(A), province.add(B)]
    first, codes = today(province), dict[str, str]()
    for _ in range(2):
        _work(pcs, chance, codes)
        _sync(pcs)
    second = require_office(pcs[1].db).device
    form = chance.choice(("merge", "split"))
    devices = [{"device": second, "to": T}] if form == "split" else []
    changes = [{"from": A, "to": N, "devices": devices}, *([{"from": B, "to": N}] if form == "merge" else [])]
    province.clock.now += DAY_MS
    say(province, {"form": form, "effective": today(province, chance.choice((0, 3))), "changes": changes})
    for _ in range(3):
        province.clock.now += 10 * DAY_MS
        _work(pcs, chance, codes)  # away for a month
        _sync(chance.sample(pcs, k=1))
    for _ in range(4):
        _sync(pcs)
    _check(province, pcs, first, codes)


def _work(pcs: list[Pc], chance: random.Random, codes: dict[str, str]) -> None:
    for pc in pcs:
        office = require_office(pc.db)
        given = pc.services.references.allocate_code(pc.db, office, received_ms=pc.clock())
        dossier = pc.receive(code=given.code, provisional=given.provisional)
        codes[dossier] = given.code or given.provisional or ""
        if chance.random() < 0.5:
            note(pc, dossier)


def _sync(pcs: list[Pc]) -> None:
    for pc in pcs:
        assert pc.sync().problem is None


def _check(province: Commune, pcs: list[Pc], first: int, codes: dict[str, str]) -> None:
    for pc in pcs:
        assert {alert.code for alert in alerts.list_alerts(pc.db)} <= {alerts.UNIT_CHANGED}  # equal digests
    rows = hub_dossiers(province)
    assert {dossier: row.code for dossier, row in rows.items()} == codes
    for pc in pcs:
        seat = require_office(pc.db).unit
        for dossier, row in rows.items():
            view = view_of(pc.db, dossier)
            if row.keeper == seat:
                assert view is not None
                assert view.text("applicant.name") == "Nguyễn Thị Hoa"
    with reading(province.hub.engine) as connection:
        assert list(connection.execute(select(STANDING))) == []  # nothing honest is refused
        statistics = Statistics(
            connection, catalogue=province.hub.catalogue, units=province.hub.units, today=today(province)
        )
        report = statistics.report(Period(first=first, last=today(province)), Group.COMMUNE)
    moved = sum(row.row.carried_over for row in report.rows)
    assert sum(row.row.other for row in report.rows) == report.total.other == len(codes)
    assert sum(row.row.processing for row in report.rows) - moved == report.total.processing == len(codes)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_that_is_reorganised_counts_everything_once(province: Commune, seed: int) -> None:
    a_world(province, seed)


def test_refusing_work_under_the_old_unit_would_be_noticed(
    province: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Genealogy, "is_of_one_line", lambda self, one, other: one == other)
    monkeypatch.setattr(Genealogy, "scope", lambda self, unit: frozenset({unit}))
    with pytest.raises(AssertionError):
        a_world(province, 1)


def test_counting_under_both_units_would_be_noticed(
    province: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "_STAYING", len(tallies.MEASURES))
    with pytest.raises((AssertionError, ValueError)):
        a_world(province, 1)
