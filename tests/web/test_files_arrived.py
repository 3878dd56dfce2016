"""How many of a dossier's files have arrived: told on the PC and at the province, and never "complete" while one is missing."""

import re

import pytest

from central_hub.accounts.service import make_account
from central_hub.app import create_app
from central_hub.files.service import vault_of as hub_vault
from central_hub.store.engine import writing
from edge_node.erasure.service import Wish, order_erasure
from edge_node.files.service import vault_of
from edge_node.sync.files import LOOK_EVERY_MS
from signing.roles import Role
from tests.support.hub import PASSWORD, Visitor
from tests.support.node import browse
from tests.support.pair import Commune, Pc
from tests.web.test_files_sync import KIB, add, scan

SAID = re.compile(r"(ít nhất )?\d+/\d+ tệp đã ở tỉnh.*?</p>", re.DOTALL)


@pytest.fixture
def province(commune: Commune) -> Visitor:
    with writing(commune.hub.engine) as connection:
        make_account(
            connection, commune.hub, login="thongke", name="Lê Thị Hoa", roles=(Role.STATISTICIAN,), password=PASSWORD,
        )  # fmt: skip
    visitor = Visitor(create_app(commune.hub.config, commune.hub).test_client())
    assert visitor.post("/login", login="thongke", password=PASSWORD).status_code == 302
    return visitor


def at_the_desk(pc: Pc, dossier: str) -> str:
    """What the dossier's page and that of its files say alike."""
    browser = browse(pc)
    page, files = (browser.get(f"/dossiers/{dossier}{more}") for more in ("", "/files"))
    said, told = (SAID.search(text) for text in (page, files))
    assert said and told and said[0] == told[0]
    return re.sub(r"<.*?>", "", said[0])


def test_one_lost_file_makes_the_dossier_incomplete_on_both_sides(
    commune: Commune, pc: Pc, province: Visitor
) -> None:
    dossier = pc.receive()
    files = add(pc, dossier, *(scan(20 * KIB, number) for number in range(4)))
    assert pc.sync().is_done
    assert "0/4 tệp đã ở tỉnh" in province.page(f"/statistics/dossiers/{dossier}")
    assert at_the_desk(pc, dossier).startswith("0/4") and "4 tệp chờ gửi từ máy này." in at_the_desk(
        pc, dossier
    )
    assert pc.files().sent == 4
    told = province.page(f"/statistics/dossiers/{dossier}")
    assert "4/4 tệp đã ở tỉnh" in told and "Còn thiếu" not in told
    assert at_the_desk(pc, dossier).startswith("4/4")
    for vault in (hub_vault(commune.hub), vault_of(pc.services)):
        vault.remove(files[2])
    told = province.page(f"/statistics/dossiers/{dossier}")
    assert "3/4 tệp đã ở tỉnh" in told and "Còn thiếu 1 tệp" in told
    assert "1 tệp không có ở máy này." in at_the_desk(pc, dossier)
    commune.clock.advance(LOOK_EVERY_MS + 1)
    pc.sync()
    pc.files()
    said = at_the_desk(pc, dossier)
    assert said.startswith("ít nhất 3/4") and "1 tệp không có ở máy này." in said


def test_a_file_that_the_province_lost_alone_goes_again(commune: Commune, pc: Pc, province: Visitor) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(20 * KIB))
    assert pc.sync().is_done and pc.files().sent == 1
    hub_vault(commune.hub).remove(file)
    assert "0/1 tệp đã ở tỉnh" in province.page(f"/statistics/dossiers/{dossier}")
    commune.clock.advance(LOOK_EVERY_MS + 1)
    pc.sync()
    pc.files()
    assert at_the_desk(pc, dossier).startswith("1/1")
    province.post("/login", login="thongke", password=PASSWORD)
    assert "1/1 tệp đã ở tỉnh" in province.page(f"/statistics/dossiers/{dossier}")


def test_a_pc_that_has_not_been_told_says_so_and_what_is_lost_here_can_be_asked_for(
    commune: Commune, pc: Pc
) -> None:
    other, dossier = commune.add(), pc.receive()
    [file] = add(pc, dossier, scan(20 * KIB))
    assert pc.sync().is_done and pc.files().sent == 1 and other.sync().is_done
    said = at_the_desk(other, dossier)
    assert said.startswith("ít nhất 0/1") and "1 tệp máy này chưa biết đã về tỉnh chưa." in said
    vault_of(pc.services).remove(file)
    browser = browse(pc)
    assert "Tải về máy này" in browser.get(f"/dossiers/{dossier}/files")
    assert browser.post(f"/dossiers/{dossier}/files/{file}/fetch").status_code == 303
    assert pc.files().fetched == 1
    assert "không có ở máy này." not in at_the_desk(pc, dossier)


def test_what_was_erased_is_missing_nowhere(pc: Pc, province: Visitor) -> None:
    dossier = pc.receive()
    add(pc, dossier, scan(20 * KIB))
    assert pc.sync().is_done
    wish = Wish(dossier=dossier, ground="subject_request", number="15/QĐ-UBND", date=20261118)
    order_erasure(pc.db, pc.services, pc.chief, wish)
    assert pc.sync().is_done
    assert "tệp đã ở tỉnh" not in browse(pc).get(f"/dossiers/{dossier}")
    assert "tệp đã ở tỉnh" not in province.page(f"/statistics/dossiers/{dossier}")
