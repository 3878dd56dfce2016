"""The screens of dossiers on their way: send, accept, send back, hand papers over with two signatures, print."""

import re

from dossiers.legs import LegState
from dossiers.views import DossierView
from edge_node.casework.service import Target, note
from edge_node.projection.service import view
from tests.support.node import Browser, browse
from tests.support.pair import Commune, Pc

HOME, OTHER, JUSTICE = "20242", "20257", "48003"


def exchange(*pcs: Pc) -> None:
    for _ in range(2):
        for pc in pcs:
            assert pc.sync().is_done


def seen(pc: Pc, dossier: str) -> DossierView:
    found = view(pc.db, dossier)
    assert found is not None
    return found


def post(browser: Browser, pc: Pc, path: str, dossier: str, **form: str) -> str:
    browser.get(path)
    answer = browser.post(path, {"heads": " ".join(seen(pc, dossier).heads), **form})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_a_dossier_for_another_commune_from_queue_to_queue(province: Commune) -> None:
    home, other = province.add(HOME), province.add(OTHER)
    dossier = home.receive(competent=OTHER)
    at_home = browse(home, home.chief)
    page = at_home.get(f"/dossiers/{dossier}")
    assert "Đường đi của hồ sơ" in page and "Chờ tiếp nhận" in page
    assert "Phường Hòa Cường" in at_home.get("/routing?side=out")
    exchange(home, other)
    there = browse(other, other.chief)
    queue = there.get("/routing")
    assert "Nguyễn Thị Hoa" in queue and "Phường Hải Châu" in queue
    assert '<span class="mc-menu-count">1</span>' in queue
    leg = seen(other, dossier).legs[0].record
    post(there, other, f"/routing/{dossier}/leg/{leg}/accepted", dossier)
    page = there.get(f"/dossiers/{dossier}")
    assert "nơi đó trả kết quả" in page and f"/dossiers/{dossier}/act/forward" in page
    exchange(other, home)
    assert "Đang xử lý" in at_home.get("/routing?side=out")
    assert seen(home, dossier).legs[0].state is LegState.ACCEPTED
    lines = at_home.client.get("/routing?side=out&format=csv").text.splitlines()
    assert len(lines) == 2 and "Phường Hòa Cường" in lines[1]


def test_a_department_is_asked_and_sends_back_with_a_reason(province: Commune) -> None:
    home, justice = province.add(HOME), province.add(JUSTICE)
    dossier = home.receive()
    at_home = browse(home, home.chief)
    path = f"/routing/{dossier}/refer"
    at_home.get(path)
    wrong = at_home.post(path, {"heads": " ".join(seen(home, dossier).heads), "to": JUSTICE})
    assert wrong.status_code == 422 and "Nêu nội dung" in wrong.text
    post(at_home, home, path, dossier, to=JUSTICE, ground="Xác minh giúp", deadline="30/12/2026")
    exchange(home, justice)
    there = browse(justice, justice.chief)
    page = there.get(f"/dossiers/{dossier}")
    assert "Xác minh giúp" in page and "/act/forward" not in page and "/amend" not in page
    leg = seen(justice, dossier).legs[0].record
    step = f"/routing/{dossier}/leg/{leg}/returned"
    there.get(step)
    answer = there.post(step, {"heads": " ".join(seen(justice, dossier).heads), "note": ""})
    assert answer.status_code == 422
    post(there, justice, step, dossier, note="Không thuộc thẩm quyền")
    exchange(justice, home)
    assert "Không thuộc thẩm quyền" in at_home.get(f"/dossiers/{dossier}")
    assert "Đã trả lại" in at_home.get("/routing?side=out&state=ended")


def test_a_step_of_the_wrong_side_or_role_is_refused(province: Commune) -> None:
    home = province.add(HOME)
    dossier = home.receive(competent=OTHER)
    leg = seen(home, dossier).legs[0].record
    desk = browse(home, home.chief)
    form = {"heads": " ".join(seen(home, dossier).heads), "note": "x"}
    desk.get(f"/routing/{dossier}/leg/{leg}/returned")
    assert desk.post(f"/routing/{dossier}/leg/{leg}/returned", form).status_code == 409
    lan = browse(home)
    assert lan.client.get(f"/routing/{dossier}/leg/{leg}/answered").status_code == 403
    assert desk.client.get(f"/routing/{dossier}/leg/{'0' * 64}/accepted").status_code == 404
    assert desk.client.get("/routing/slips/xyz").status_code == 404


def test_papers_go_with_a_slip_and_two_signatures(province: Commune) -> None:
    home, other = province.add(HOME), province.add(OTHER)
    first, second = home.receive(competent=OTHER), home.receive(competent=OTHER)
    at_home = browse(home, home.chief)
    at_home.get("/routing?side=out")
    answer = at_home.post("/routing/slips", {"dossier": [first, second], "to": OTHER})
    assert answer.status_code == 303
    slip = str(answer.location)
    page = at_home.get(slip)
    assert page.count("chờ bên nhận ký") == 2 and "Ký nhận" not in page
    pdf = at_home.client.get(f"{slip}/paper")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")
    exchange(home, other)
    there = browse(other, other.chief)
    page = there.get(slip)
    name = re.search(rf'name="(missing\.{seen(other, second).slips[0].record}\.[^"]+)"', page)
    assert name is not None
    assert there.post(f"{slip}/take", {name[1]: "1", "note": "thiếu một tờ"}).status_code == 303
    assert "đã nhận, thiếu giấy tờ" in there.get("/routing?side=papers")
    exchange(other, home)
    kept = seen(home, second).slips[0]
    assert kept.taken and kept.taken_note == "thiếu một tờ" and [each.count for each in kept.missing] == [1]
    assert not seen(home, first).slips[0].missing
    assert "thiếu" in at_home.get(slip)
    assert at_home.post("/routing/slips", {"dossier": [first], "to": JUSTICE}).status_code == 303
    assert len(seen(home, first).slips) == 1, "nobody on the way, nothing handed over"


def test_what_the_others_signed_is_told_in_the_history(province: Commune) -> None:
    home, other = province.add(HOME), province.add(OTHER)
    dossier = home.receive(competent=OTHER)
    exchange(home, other)
    note(other.db, other.services, other.lan, Target(dossier=dossier), text="đã xem hồ sơ")
    exchange(other, home)
    page = browse(home, home.chief).get(f"/dossiers/{dossier}")
    assert "đã xem hồ sơ" in page and "Phường Hòa Cường" in page[page.index('id="history"') :]


def test_what_another_unit_signed_has_a_page_and_is_shown_as_held_by_the_province(province: Commune) -> None:
    home, other = province.add(HOME), province.add(OTHER)
    dossier = home.receive(competent=OTHER)
    exchange(home, other)
    there, received = browse(other, other.chief), seen(other, dossier).legs[0].record
    assert "Đã ghi nhận vào nhật ký tỉnh" in there.get(f"/dossiers/{dossier}")
    assert "dossier.received" in there.get(f"/dossiers/{dossier}/records/{received}")


def test_one_slip_for_several_dossiers_from_the_list_and_both_sides_sign(province: Commune) -> None:
    home, other = province.add(HOME), province.add(OTHER)
    first, second = home.receive(competent=OTHER), home.receive(competent=OTHER)
    elsewhere = home.receive(competent="20293")
    at_home = browse(home, home.chief)
    page = at_home.get("/routing?side=out")
    assert page.count('name="dossier"') == 3 and '<option value="20257">Phường Hòa Cường</option>' in page
    mixed = at_home.post("/routing/slips", {"dossier": [first, elsewhere], "to": OTHER, "side": "out"})
    assert mixed.status_code == 303 and "cùng đi tới một nơi" in at_home.get("/routing?side=out")
    nothing = at_home.post("/routing/slips", {"to": OTHER, "side": "out"})
    assert nothing.status_code == 303 and "Chưa chọn hồ sơ nào" in at_home.get("/routing?side=out")
    made = at_home.post("/routing/slips", {"dossier": [first, second], "to": OTHER, "side": "out"})
    slip = str(made.location)
    assert slip.startswith("/routing/slips/")
    assert {len(seen(home, each).slips) for each in (first, second)} == {1} and not seen(
        home, elsewhere
    ).slips
    assert at_home.client.get(f"{slip}/paper").data.startswith(b"%PDF")
    exchange(home, other)
    there = browse(other, other.chief)
    assert "Ký nhận 2 hồ sơ" in there.get(slip)
    assert there.post(f"{slip}/take", {"note": ""}).status_code == 303
    exchange(other, home)
    assert all(seen(home, each).slips[0].taken for each in (first, second))
    assert "đã nhận đủ" in at_home.get("/routing?side=papers")


def test_the_list_of_dossiers_is_narrowed_to_those_on_their_way(province: Commune) -> None:
    home, other, justice = province.add(HOME), province.add(OTHER), province.add(JUSTICE)
    mine, sent, asked = home.receive(), home.receive(competent=OTHER), home.receive()
    at_home = browse(home, home.chief)
    post(
        at_home,
        home,
        f"/routing/{asked}/refer",
        asked,
        to=JUSTICE,
        ground="Xác minh",
        deadline="",
        deadline_time="",
    )
    exchange(home, other, justice)

    def shown(browser: Browser, way: str) -> set[str]:
        page = browser.get(f"/dossiers?way={way}&sort=due&dir=desc")
        rows = {each for each in (mine, sent, asked) if f"/dossiers/{each}" in page}
        lines = browser.client.get(f"/dossiers?way={way}&format=csv").text.splitlines()
        assert len(lines) == 1 + len(rows), "the file has what the page has"
        return rows

    assert shown(at_home, "out") == {sent, asked} and shown(at_home, "department") == {asked}
    assert shown(at_home, "in") == set() == shown(at_home, "back") and shown(at_home, "x") == {
        mine,
        sent,
        asked,
    }
    assert shown(browse(other, other.chief), "in") == {sent} and shown(
        browse(justice, justice.chief), "in"
    ) == {asked}
    leg = seen(justice, asked).legs[0].record
    post(
        browse(justice, justice.chief), justice, f"/routing/{asked}/leg/{leg}/answered", asked, note="Đồng ý"
    )
    exchange(justice, home)
    assert shown(at_home, "back") == {asked} and shown(at_home, "out") == {sent}
