"""Dossiers that look like one, across communes: found when judged, named without names, gone when settled or erased."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central_hub.projection.rebuild import rebuild
from central_hub.projection.twins import open_duplicates, twins_of
from central_hub.store.engine import reading
from central_hub.store.tables import TWIN_KEY, TWIN_SETTLED
from dossiers.conflicts import Conflict, ConflictKind
from sync_protocol.erasure import ERASURE_KIND
from tests.support.histories import received_facts
from tests.support.hub import Desk, ProvinceHub, found_province

HAI_CHAU, HOA_CUONG = "20242", "20257"
NUMBER = "048200998877"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desks(hub: ProvinceHub) -> list[Desk]:
    second = hub.enrol(HAI_CHAU, "PC quầy 2", officer="Trần Văn Bình")
    return [hub.enrol(HAI_CHAU), second, hub.enrol(HOA_CUONG)]


def receive(desk: Desk, number: str = NUMBER, *, code: str | None = None, **more: Any) -> str:
    dossier = desk.log.new_dossier()
    code = code or f"H17.{desk.unit}-261123-{len(desk.log.records):04d}"
    facts = received_facts(
        code=code,
        receiving=desk.unit,
        competent=desk.unit,
        received=1_795_401_000_000,
        fields=["applicant.id_number"],
        papers=[],
    )
    desk.log.write("dossier.received", dossier, facts | more, {"fields": {"applicant.id_number": number}})
    return dossier


def found(hub: ProvinceHub, *desks: Desk) -> list[Conflict]:
    for desk in desks:
        hub.deliver(desk)
    hub.judge()
    with reading(hub.services.engine) as connection:
        return open_duplicates(connection)


def test_the_same_person_at_two_pcs_and_two_communes_is_found_on_arrival(
    hub: ProvinceHub, desks: list[Desk]
) -> None:
    dossiers = [receive(desk, code=f"H17.2-{n}") for n, desk in enumerate(desks)]
    receive(desks[2], "048200000001")
    assert found(hub, desks[0]) == []
    (two,) = found(hub, desks[1])
    (three,) = found(hub, desks[2])
    assert len(two.sides) == 2
    assert {side.dossier for side in three.sides} == set(dossiers)
    assert (three.kind, three.unit) == (ConflictKind.DUPLICATE_DOSSIER, HAI_CHAU)
    with reading(hub.services.engine) as connection:
        (twins,) = twins_of(connection, [three])
    assert {twin.unit for twin in twins} == {HAI_CHAU, HOA_CUONG}


def test_other_procedure_day_person_or_one_desk_is_none(hub: ProvinceHub, desks: list[Desk]) -> None:
    receive(desks[0], code="A-0001")
    receive(desks[0], code="A-0002")
    receive(desks[1], code="A-0003", procedure="2.000815")
    receive(desks[1], code="A-0004", received=1_795_401_000_000 + 86_400_000)
    receive(desks[1], "048200000001", code="A-0005")
    receive(desks[1], "201234567", code="A-0006")
    assert found(hub, *desks) == []


def test_one_number_on_two_dossiers(hub: ProvinceHub, desks: list[Desk]) -> None:
    for number, desk in enumerate(desks[:2]):
        receive(desk, f"04820000000{number}", code="H17.20242-261123-0001")
    (conflict,) = found(hub, *desks)
    assert conflict.kind is ConflictKind.DUPLICATE_CODE


def test_a_signed_settlement_closes_it_and_another_twin_opens_it_again(
    hub: ProvinceHub, desks: list[Desk]
) -> None:
    dossiers = [receive(desk, code=f"B-000{n}") for n, desk in enumerate(desks[:2])]
    (conflict,) = found(hub, *desks)
    facts = {"conflict": conflict.id, "choose": None}
    desks[0].log.write("dossier.settled", dossiers[0], facts, {"ground": "Hai việc khác nhau."})
    assert found(hub, desks[0]) == []
    receive(desks[2], code="B-0009")
    assert len(found(hub, desks[2])) == 1


def test_rebuilding_finds_the_same(hub: ProvinceHub, desks: list[Desk]) -> None:
    for number, desk in enumerate(desks):
        receive(desk, code=f"C-000{number}")
    before = found(hub, *desks)

    def rows() -> list[Any]:
        with reading(hub.services.engine) as connection:
            return [
                sorted(map(tuple, connection.execute(select(table)).all()))
                for table in (TWIN_KEY, TWIN_SETTLED)
            ]

    grown = rows()
    rebuild(hub.services)
    assert rows() == grown
    assert found(hub) == before


def test_the_table_names_nobody_and_forgets_who_was_erased(hub: ProvinceHub, desks: list[Desk]) -> None:
    dossiers = [receive(desk, code=f"D-000{n}") for n, desk in enumerate(desks[:2])]
    assert len(found(hub, *desks)) == 1
    with reading(hub.services.engine) as connection:
        kept = repr(connection.execute(select(TWIN_KEY)).all())
    assert NUMBER not in kept
    order = {"dossier": dossiers[0], "records": [], "ground": "subject_request"}
    desks[0].log.write(ERASURE_KIND, None, order, {"number": "15/QĐ-UBND", "date": 20261122})
    assert found(hub, desks[0]) == []
    with reading(hub.services.engine) as connection:
        persons = connection.execute(select(TWIN_KEY.c.dossier).where(TWIN_KEY.c.is_person == 1)).all()
    assert [row.dossier.hex() for row in persons] == [dossiers[1]]


def test_the_page_lists_them_with_owner_and_day(hub: ProvinceHub, desks: list[Desk]) -> None:
    for desk, code in ((desks[0], "E-0001"), (desks[2], "E-0002")):
        receive(desk, code=code)
    found(hub, *desks)
    page = hub.browser("kiemtra").page("/quarantine?show=duplicates")
    for text in ("E-0001", "E-0002", "Hai hồ sơ cùng người nộp", "Nên xong trước", "Phường Hải Châu"):
        assert text in page, text
    assert NUMBER not in page


@pytest.fixture
def three_questions(hub: ProvinceHub, desks: list[Desk]) -> ProvinceHub:
    """F3 and F2 within Hải Châu, F1 between Hải Châu and Hòa Cường, received in the order F3, F1, F2."""
    for number, (name, other) in enumerate((("F3", desks[1]), ("F1", desks[2]), ("F2", desks[1]))):
        receive(desks[0], f"04820000000{number}", code=f"{name}-0001")
        receive(other, f"04820000000{number}", code=f"{name}-0002")
    assert len(found(hub, *desks)) == 3
    return hub


def shown(page: str) -> list[str]:
    """The question of each line, in the order of the page."""
    return re.findall(
        r"<td data-label=\"Hồ sơ\"><span><span class=\"mc-leg\"><a class=\"mc-row-link mc-code\"[^>]*>(\w+)-",
        page,
    )


def test_the_duplicates_of_the_province_are_sorted_by_what_is_clicked(three_questions: ProvinceHub) -> None:
    visitor = three_questions.browser("kiemtra")
    assert shown(visitor.page("/quarantine?show=duplicates")) == ["F3", "F1", "F2"]
    assert shown(visitor.page("/quarantine?show=duplicates&sort=code")) == ["F1", "F2", "F3"]
    assert shown(visitor.page("/quarantine?show=duplicates&sort=code&dir=desc")) == ["F3", "F2", "F1"]
    assert len(shown(visitor.page("/quarantine?show=duplicates&sort=nonsense&page=999999999"))) == 3


def test_the_duplicates_that_concern_one_unit_are_found_by_it(three_questions: ProvinceHub) -> None:
    visitor = three_questions.browser("kiemtra")
    page = visitor.page(f"/quarantine?show=duplicates&commune={HOA_CUONG}")
    assert shown(page) == ["F1"] and "1 việc" in page
    assert f'<option value="{HOA_CUONG}" selected>' in page
    nobody = visitor.page("/quarantine?show=duplicates&commune=20195")
    assert "Đơn vị này không có hồ sơ nào có thể trùng" in nobody and "Bỏ lọc" in nobody


def test_the_duplicates_are_a_file_too(three_questions: ProvinceHub) -> None:
    visitor = three_questions.browser("kiemtra")
    address = "/quarantine?show=duplicates&sort=code"
    lines = list(csv.DictReader(io.StringIO(visitor.page(f"{address}&format=csv").removeprefix("\ufeff"))))
    assert [line["Mã hồ sơ"][:2] for line in lines] == ["F1", "F2", "F3"]
    assert set(lines[0]["Mã hồ sơ"].split("; ")) == {"F1-0001", "F1-0002"}
    assert set(lines[0]["Đơn vị giữ hồ sơ"].split("; ")) == {"Phường Hải Châu", "Phường Hòa Cường"}
    assert {line["Ai thống nhất"] for line in lines} == {"Lãnh đạo"}
    assert visitor.page(f"{address}&commune={HOA_CUONG}&format=csv").count("-000") == 2
    assert visitor.get(f"{address}&format=xlsx").data.startswith(b"PK")


def test_a_page_of_duplicates_has_fifty_and_the_rest_is_on_the_next(
    hub: ProvinceHub, desks: list[Desk]
) -> None:
    for number in range(52):
        for desk in desks[:2]:
            receive(desk, f"{48_200_000_000 + number:012}", code=f"F{number}-{desks.index(desk):04}")
    assert len(found(hub, *desks)) == 52
    visitor = hub.browser("kiemtra")
    first = visitor.page("/quarantine?show=duplicates")
    assert "52 việc" in first and len(shown(first)) == 50
    assert len(shown(visitor.page("/quarantine?show=duplicates&page=2"))) == 2
