"""Two dossiers that look like one: found when the other PC's arrives, shown on list and dossier, settled by signature."""

from pathlib import Path

import pytest

from edge_node.journal import Draft, write
from edge_node.projection.duplicates import find_duplicates, open_duplicates
from edge_node.projection.service import rebuild
from edge_node.projection.service import view as view_of
from tests.support.node import HOUR, PEOPLE, Cast, browse, exchange, hire, receive, step
from tests.support.office import TestOffice, make_office


class Scene:
    """Two PCs of one office; the same person hands in the same thing at both before they have met."""

    def __init__(self, folder: Path) -> None:
        self.office = make_office(folder / "PC1")
        self.other = make_office(folder / "PC2", name="PC2", province=self.office.province)
        self.cast: Cast = hire(self.office)
        self.first = receive(self.office, 0, "1.004873")
        self.other.clock.now = self.office.clock.now
        self.other.clock.advance(60_000)
        self.second = receive(self.other, 0, "1.004873")

    def meet(self) -> None:
        exchange(self.office, self.other)
        self.office.clock.now = self.other.clock.now


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def ids(office: TestOffice) -> list[str]:
    return [one.id for one in open_duplicates(office.db)]


def test_it_is_found_on_arrival_and_is_the_same_on_both_pcs(scene: Scene) -> None:
    assert ids(scene.office) == ids(scene.other) == []
    scene.meet()
    (found,) = ids(scene.office)
    assert ids(scene.other) == [found]
    rebuild(scene.office.db)
    assert ids(scene.office) == [found]
    assert open_duplicates(scene.office.db, dossier=scene.first)
    receive(scene.office, 1, "1.004873")
    assert len(ids(scene.office)) == 1


def test_two_at_one_desk_are_asked_about_there_and_nowhere_else(scene: Scene) -> None:
    receive(scene.office, 0, "1.004873")
    assert ids(scene.office) == []


def test_it_stands_on_the_list_and_on_both_dossiers(scene: Scene) -> None:
    scene.meet()
    browser = browse(scene.office, scene.cast.hung)
    (found,) = ids(scene.office)
    for path in ("/conflicts", f"/dossiers/{scene.first}", f"/dossiers/{scene.second}"):
        page = browser.get(path)
        assert "Hai hồ sơ cùng người nộp, cùng thủ tục, cùng ngày tiếp nhận." in page
        assert f"/conflicts/duplicates/{found}" in page
    assert "Nên xong trước" in browser.get("/conflicts")
    assert browser.get(f"/conflicts/duplicates/{found}").count("mc-version") >= 2


@pytest.mark.parametrize("choice", ["first", "both"])
def test_a_leader_settles_it_and_every_dossier_tells_it(scene: Scene, choice: str) -> None:
    scene.meet()
    (conflict,) = open_duplicates(scene.office.db)
    record = next(side.record for side in conflict.sides if side.dossier == scene.first)
    browser = browse(scene.office, scene.cast.hung)
    browser.get(f"/conflicts/duplicates/{conflict.id}")
    address = f"/conflicts/duplicates/{conflict.id}"
    refused = browser.post(address, {"choose": ""})
    assert refused.status_code == 422
    assert "Hãy ghi căn cứ" in refused.text
    chosen = record if choice == "first" else "both"
    assert browser.post(address, {"choose": chosen, "ground": "Đã hỏi người nộp."}).status_code == 302
    assert "Đã hỏi người nộp." in browser.get(address)
    scene.meet()
    for office in (scene.office, scene.other):
        assert ids(office) == []
        (settled,) = find_duplicates(office.db)
        assert settled.settled_by is not None
        for dossier in (scene.first, scene.second):
            view = view_of(office.db, dossier)
            assert view is not None
            (said,) = view.settlements
            assert (said.conflict, said.choose) == (conflict.id, record if choice == "first" else None)
            assert "Đã hỏi người nộp." in browser.get(f"/dossiers/{dossier}")
    assert browser.post(address, {"choose": "both", "ground": "Lần nữa."}).status_code == 302
    assert "Chưa ghi gì" in browser.get("/conflicts")


def test_who_may_not_settle_is_told_who_may(scene: Scene) -> None:
    scene.meet()
    (found,) = ids(scene.office)
    browser = browse(scene.office)
    assert "Lãnh đạo" in browser.get(f"/conflicts/duplicates/{found}")
    browser.post(f"/conflicts/duplicates/{found}", {"choose": "both", "ground": "Không được phép."})
    assert ids(scene.office) == [found]


def test_a_withdrawn_dossier_is_no_duplicate_any_more(scene: Scene) -> None:
    scene.meet()
    step(scene.office, scene.cast.hung, scene.second, "withdraw", ground="Người nộp rút.")
    assert ids(scene.office) == []


def test_one_number_on_two_dossiers_is_found_too(scene: Scene) -> None:
    third = receive(scene.office, 2, "1.004873")
    view = view_of(scene.office.db, third)
    assert view is not None
    code = view.display_code
    scene.meet()
    receive(scene.other, 3, "2.000815", provisional=code)
    scene.meet()
    kinds = {one.kind.value for one in open_duplicates(scene.office.db)}
    assert kinds == {"duplicate_dossier", "duplicate_code"}


def test_an_unknown_duplicate_is_not_found(scene: Scene) -> None:
    browse(scene.office).get(f"/conflicts/duplicates/{'0' * 64}", 404)


def test_a_settlement_that_names_another_question_settles_nothing(scene: Scene) -> None:
    scene.meet()
    facts = {"conflict": "0" * 64, "choose": None}
    draft = Draft(kind="dossier.settled", dossier=scene.first, facts=facts, content={"ground": "Nhầm."})
    write(scene.office.db, scene.office.services, scene.office.lan, [draft])
    assert len(ids(scene.office)) == 1


def test_until_when_it_should_be_settled_stands_on_its_page(scene: Scene) -> None:
    scene.meet()
    (found,) = ids(scene.office)
    assert "Nên xong trước" in browse(scene.office).get(f"/conflicts/duplicates/{found}")
    scene.office.clock.now += 4 * 24 * HOUR
    assert "quá hạn" in browse(scene.office).get(f"/conflicts/duplicates/{found}")


def settled(scene: Scene, choice: str) -> str:
    """The leader goes on with the first dossier, or with both; the page of the question afterwards."""
    scene.meet()
    (conflict,) = open_duplicates(scene.office.db)
    record = next(side.record for side in conflict.sides if side.dossier == scene.first)
    browser = browse(scene.office, scene.cast.hung)
    address = f"/conflicts/duplicates/{conflict.id}"
    browser.get(address)
    browser.post(address, {"choose": record if choice == "first" else "both", "ground": "Đã hỏi người nộp."})
    return browser.get(address)


def test_after_settling_the_page_says_which_dossier_goes_on_and_what_is_left_to_do(scene: Scene) -> None:
    """It named neither, and the other dossier stayed open with nobody told."""
    page = settled(scene, "first")
    assert f"{scene.cast.hung.name} đã thống nhất" in page and page.count("Được tiếp tục") == 1
    assert "Việc còn lại" in page and f'btn btn-primary" href="/dossiers/{scene.second}"' in page
    browser = browse(scene.office, scene.cast.hung)
    other = browser.get(f"/dossiers/{scene.second}")
    assert "Hãy làm bước cho rút hồ sơ này" in other and f'href="/dossiers/{scene.first}"' in other
    assert "Hãy làm bước cho rút hồ sơ này" not in browser.get(f"/dossiers/{scene.first}")
    step(scene.office, scene.cast.hung, scene.second, "withdraw", ground="Trùng hồ sơ.")
    assert "Hãy làm bước cho rút hồ sơ này" not in browser.get(f"/dossiers/{scene.second}")


def test_both_dossiers_stand_and_nothing_is_left_to_do(scene: Scene) -> None:
    page = settled(scene, "both")
    assert "những việc khác nhau, giải quyết riêng" in page
    assert "Được tiếp tục" not in page and "Việc còn lại" not in page


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_a_decision_about_duplicates_is_not_told_as_without_effect(scene: Scene, is_withdrawn: bool) -> None:
    """The history said «không có hiệu lực» of the leader's decision."""
    settled(scene, "first")
    if is_withdrawn:
        step(scene.office, scene.cast.hung, scene.second, "withdraw", ground="Trùng hồ sơ.")
    view = view_of(scene.office.db, scene.first)
    assert view is not None and view.display_code
    for dossier in (scene.first, scene.second):
        page = browse(scene.office).get(f"/dossiers/{dossier}")
        assert "Thống nhất về hồ sơ có thể trùng" in page and "không có hiệu lực" not in page
        assert f"<ins>{view.display_code}</ins>" in page.partition("Hồ sơ được tiếp tục")[2]


@pytest.mark.parametrize("choice", ["first", "both"])
def test_one_code_on_two_dossiers_asks_who_keeps_it_and_nobody_has_to_withdraw(
    scene: Scene, choice: str
) -> None:
    """Both choices read the same code, and the page asked which of two people's dossiers to go on with."""
    code = "H17.20242-261118-0077"
    mine, theirs = (
        receive(office, who, "2.000815", code=code) for office, who in ((scene.office, 1), (scene.other, 2))
    )
    scene.meet()
    step(scene.office, scene.cast.hung, scene.second, "withdraw", ground="Trùng hồ sơ.")
    (conflict,) = open_duplicates(scene.office.db)
    names = (PEOPLE[1][0], PEOPLE[2][0])
    browser = browse(scene.office, scene.cast.hung)
    assert all(name in browser.get("/conflicts") for name in names)
    address = f"/conflicts/duplicates/{conflict.id}"
    page = browser.get(address)
    assert "Hồ sơ nào giữ mã này?" in page and "rút hồ sơ" not in page
    assert all(f"<strong>{name}</strong>" in page for name in names)
    kept = next(side.record for side in conflict.sides if side.dossier == mine)
    browser.post(address, {"choose": kept if choice == "first" else "both", "ground": "Giao giấy trước."})
    page = browser.get(address)
    assert ("Giữ mã này" in page) is (choice == "first") and "Việc còn lại" not in page
    for dossier in (mine, theirs):
        page = browser.get(f"/dossiers/{dossier}")
        assert "Thống nhất về mã hồ sơ trùng" in page and "Hãy làm bước cho rút" not in page
        assert ("nhường mã cho hồ sơ khác" in page) is (choice == "first" and dossier == theirs)
