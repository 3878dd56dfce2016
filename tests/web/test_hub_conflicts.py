"""What offices have yet to settle: listed at the province with owner and deadline, until a signed record settles it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select

from central_hub.judge.service import Judge
from central_hub.projection.rebuild import rebuild
from central_hub.quarantine.conflicts import ConflictLine, conflicts_of, count_conflicts, list_conflicts
from central_hub.store import migrations
from central_hub.store.engine import reading, writing
from central_hub.store.schema import upgrade
from central_hub.store.tables import DOSSIER, OPEN_CONFLICT, REFOLDING
from dossiers.conflicts import ConflictKind, conflict_id
from tests.support.histories import received_facts
from tests.support.hub import DAY_MS, MINUTE_MS, NOW_MS, Desk, ProvinceHub, found_province, reorganise

HAI_CHAU, HOA_CUONG = "20242", "20257"
HEADING = "Khác biệt đơn vị chưa thống nhất"
FIELDS = ["applicant.name", "applicant.phone"]


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desks(hub: ProvinceHub) -> tuple[Desk, Desk]:
    return hub.enrol(HAI_CHAU), hub.enrol(HAI_CHAU, "PC quầy 2", officer="Trần Văn Bình")


def received(desk: Desk, days_ago: float = 5) -> tuple[str, str]:
    """A dossier and the record that opened it."""
    dossier, at_ms = desk.log.new_dossier(), int(NOW_MS - days_ago * DAY_MS)
    code = f"H17.{desk.unit}-261118-{len(desk.log.records):04d}"
    facts = received_facts(
        code=code, receiving=desk.unit, competent=desk.unit, received=at_ms, fields=FIELDS, papers=[]
    )
    content = {"fields": {"applicant.name": "Trần Văn Bình", "applicant.phone": "0905000001"}}
    return dossier, desk.write_at(at_ms, "dossier.received", dossier, facts, content=content).id


def amended(desk: Desk, dossier: str, seen: str, phone: str, name: str = "", ago_ms: int = 4 * DAY_MS) -> str:
    values = {"applicant.phone": phone} | ({"applicant.name": name} if name else {})
    written = desk.write_at(
        NOW_MS - ago_ms, "dossier.amended", dossier, {"fields": sorted(values), "set": {}},
        content={"fields": values}, parents=(seen,),
    )  # fmt: skip
    return str(written.id)


def paid(desk: Desk, dossier: str, seen: str) -> None:
    facts = {"amount": 8_000, "method": 1, "fee": "le_phi"}
    desk.write_at(NOW_MS - MINUTE_MS, "dossier.paid", dossier, facts, parents=(seen,))


def disagree(desks: tuple[Desk, Desk]) -> tuple[str, str, str]:
    """Two officers correct the name and the telephone number, neither seeing the other; the dossier and both records."""
    dossier, opening = received(desks[0])
    here = amended(desks[0], dossier, opening, "0905000002", "Trần Văn Bình A")
    return (
        dossier,
        here,
        amended(desks[1], dossier, opening, "0905000003", "Trần Văn Bính", 4 * DAY_MS - 60_000),
    )


def send(hub: ProvinceHub, desks: Iterable[Desk]) -> None:
    for desk in desks:
        hub.deliver(desk)
    hub.judge()


def listed(hub: ProvinceHub) -> list[ConflictLine]:
    with reading(hub.services.engine) as connection:
        found = list_conflicts(connection)
        assert count_conflicts(connection) == len(found)
    return found


def rows(connection: Connection) -> list[Any]:
    return sorted(map(tuple, connection.execute(select(OPEN_CONFLICT)).all()))


def put_back_to(connection: Connection, revision: str) -> None:
    """The database in the shape that an older program left."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def test_a_conflict_stands_at_the_province_with_owner_and_deadline(
    hub: ProvinceHub, desks: tuple[Desk, Desk]
) -> None:
    dossier, *_records = disagree(desks)
    send(hub, desks)
    (line,) = listed(hub)
    assert (line.dossier, line.kind, line.fields, line.unit) == (dossier, ConflictKind.FIELD, 2, HAI_CHAU)
    assert line.settle_by_ms == line.since_ms + 3 * DAY_MS
    visitor = hub.browser("kiemtra")
    for page in (visitor.page("/quarantine?show=conflicts"), visitor.page(f"/statistics/dossiers/{dossier}")):
        for text in ("2 mục thông tin", "Hai cán bộ sửa cùng một mục", "Cán bộ một cửa", "quá hạn"):
            assert text in page, text
        for personal in ("Trần Văn Bính", "0905000002", "0905000003"):
            assert personal not in page
    assert HEADING in visitor.page("/")


def test_a_signed_record_settles_it_everywhere(hub: ProvinceHub, desks: tuple[Desk, Desk]) -> None:
    dossier, here, there = disagree(desks)
    send(hub, desks)
    for code in FIELDS:
        conflict = conflict_id(ConflictKind.FIELD, code, (here, there))
        desks[0].write_at(
            NOW_MS, "dossier.settled", dossier, {"conflict": conflict, "choose": here},
            content={"ground": "Theo bản chính."}, parents=(here, there),
        )  # fmt: skip
    send(hub, desks)
    assert listed(hub) == []
    visitor = hub.browser("kiemtra")
    assert HEADING not in visitor.page("/") and HEADING not in visitor.page(f"/statistics/dossiers/{dossier}")
    assert "Không có khác biệt nào" in visitor.page("/quarantine?show=conflicts")


def test_each_kind_says_who_settles_it_and_the_oldest_stands_first(
    hub: ProvinceHub, desks: tuple[Desk, Desk]
) -> None:
    charged, opening = received(desks[0], 6)
    fields, *_records = disagree(desks)
    for desk in desks:
        paid(desk, charged, opening)
    send(hub, desks)
    first, second = listed(hub)
    assert (first.dossier, second.dossier) == (fields, charged)
    assert (second.kind, second.fields) == (ConflictKind.DUPLICATE_PAYMENT, 0)
    page = hub.browser("kiemtra").page("/quarantine?show=conflicts&sort=until&dir=desc")
    assert "Một khoản phí thu hai lần" in page
    assert page.index(charged) < page.index(fields)
    assert page.count("quá hạn") == 1, "the one of a minute ago has its time yet"


def test_the_list_is_a_file_too(hub: ProvinceHub, desks: tuple[Desk, Desk]) -> None:
    disagree(desks)
    send(hub, desks)
    visitor = hub.browser("kiemtra")
    header, line = visitor.page("/quarantine?show=conflicts&format=csv").strip().splitlines()
    assert header.removeprefix("\ufeff").startswith("Mã hồ sơ,") and "Nên xong trước" in header
    assert "2 mục thông tin" in line and "quá hạn" in line and "Bính" not in line
    assert visitor.get("/quarantine?show=conflicts&format=xlsx").data.startswith(b"PK")


def test_the_list_is_narrowed_to_one_unit(hub: ProvinceHub, desks: tuple[Desk, Desk]) -> None:
    disagree(desks)
    send(hub, desks)
    visitor = hub.browser("kiemtra")
    own, other = (
        visitor.page(f"/quarantine?show=conflicts&commune={unit}") for unit in (HAI_CHAU, HOA_CUONG)
    )
    assert f'<option value="{HAI_CHAU}" selected>' in own and "2 mục thông tin" in own
    assert "2 mục thông tin" not in other and "Đơn vị này không có khác biệt nào" in other
    assert 'Khác biệt<span class="mc-chip-count">1<' in other, "the tab counts all of them"


def test_rebuilding_lists_the_same(hub: ProvinceHub, desks: tuple[Desk, Desk]) -> None:
    dossier, *_records = disagree(desks)
    send(hub, desks)
    with reading(hub.services.engine) as connection:
        grown = rows(connection)
    rebuild(hub.services)
    with reading(hub.services.engine) as connection:
        assert rows(connection) == grown and len(conflicts_of(connection, dossier)) == 1


def test_after_units_were_merged_the_successor_owns_it(hub: ProvinceHub, desks: tuple[Desk, Desk]) -> None:
    disagree(desks)
    send(hub, desks)
    reorganise(hub, HAI_CHAU, HOA_CUONG)
    hub.judge()
    (line,) = listed(hub)
    assert line.unit == "20991"


def test_an_update_lists_what_stood_before_by_folding_those_dossiers_alone(
    hub: ProvinceHub, desks: tuple[Desk, Desk]
) -> None:
    disagree(desks)
    received(desks[1])
    send(hub, desks)
    judge = Judge(hub.services)
    with writing(hub.services.engine) as connection:
        grown = rows(connection)
        assert connection.scalar(select(func.count()).select_from(DOSSIER)) == 2
        put_back_to(connection, "0016")
    upgrade(hub.services.engine)
    with reading(hub.services.engine) as connection:
        assert rows(connection) == []
        assert connection.scalar(select(func.count()).select_from(REFOLDING)) == 1
    while judge.judge_pending():
        pass
    judge.close()
    with reading(hub.services.engine) as connection:
        assert rows(connection) == grown
        assert connection.scalar(select(func.count()).select_from(REFOLDING)) == 0
