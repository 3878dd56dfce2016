"""A difference between two officers: shown with both versions, settled by one signed record, both kept."""

from pathlib import Path
from typing import Any

import pytest

from dossiers.conflicts import ConflictKind
from dossiers.presentation import fmt_datetime
from edge_node.casework.service import Amendment, Target, amend, extend, pay
from edge_node.conflicts.reading import Question, open_questions
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from signing.roles import Role
from tests.support.node import HOUR, Browser, Cast, browse, disagree, exchange, hire, receive, step
from tests.support.office import make_office


class Scene:
    """Two PCs of one office and a dossier that both know."""

    def __init__(self, folder: Path) -> None:
        self.office = make_office(folder / "PC1")
        self.other = make_office(folder / "PC2", name="PC2", province=self.office.province)
        self.cast: Cast = hire(self.office)
        self.dossier = receive(self.office, 0, "1.004873")
        exchange(self.office, self.other)
        self.other.clock.now = self.office.clock.now

    def question(self) -> Question:
        with browse(self.office).client.application.test_request_context():
            (found,) = open_questions(self.office.db, self.office.services)
        return found

    def view(self) -> Any:
        return view_of(self.office.db, self.dossier)

    def target(self) -> Target:
        return Target(dossier=self.dossier)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def clash(scene: Scene) -> Scene:
    disagree(scene.office, scene.other, scene.cast, scene.dossier)
    return scene


def test_both_versions_stand_side_by_side_with_their_authors(clash: Scene) -> None:
    page = browse(clash.office).get(f"/conflicts/{clash.question().id}")
    for text in ("15 Lê Duẩn", "51 Lê Duẩn", "Nguyễn Thị Lan", "Lê Văn Minh", "PC1", "PC2", "Đang tạm dùng",
                 "Hai cán bộ sửa cùng một mục khi chưa thấy bản của nhau."):  # fmt: skip
        assert text in page, text
    assert page.count("mc-differs-word") == 4, "two fields on two cards"
    assert page.index("Đang tạm dùng") > page.index("mc-version-provisional")


def test_what_one_side_alone_changed_is_no_difference(scene: Scene) -> None:
    for here, who, fields in (
        (scene.office, scene.cast.lan, {"applicant.phone": "0900000001", "summary": "Vay vốn"}),
        (scene.other, scene.cast.minh, {"applicant.phone": "0900000002"}),
    ):
        amend(here.db, here.services, who, scene.target(), Amendment(fields=fields, values={}))
    exchange(scene.office, scene.other)
    question = scene.question()
    assert {row.code: row.is_different for row in question.rows} == {
        "applicant.name": False, "summary": False, "applicant.phone": True,
    }  # fmt: skip
    assert {row.code: set(row.texts) for row in question.rows}["summary"] == {
        "Vay vốn", "Cấp Giấy xác nhận tình trạng hôn nhân",
    }  # fmt: skip


def test_one_decision_settles_all_fields_of_the_same_two_records(clash: Scene) -> None:
    question = clash.question()
    lan = next(version for version in question.versions if version.name == "Nguyễn Thị Lan")
    browser = browse(clash.office)
    browser.get(f"/conflicts/{question.id}")
    answer = browser.post(
        f"/conflicts/{question.id}", {"choose": lan.record, "ground": "Đã đối chiếu CCCD bản chính."}
    )
    assert answer.status_code == 302 and answer.location == f"/dossiers/{clash.dossier}", answer.text
    view = clash.view()
    assert view.conflicts == () and len(view.settled_conflicts) == 2
    assert view.text("applicant.address") == "15 Lê Duẩn, phường Hải Châu"
    kept = {write.value for write in view.fields["applicant.address"].history}
    assert "51 Lê Duẩn, phường Hải Châu" in kept, "the other version stays in the history"
    exchange(clash.office, clash.other)
    assert view_of(clash.other.db, clash.dossier).conflicts == ()


def test_a_settled_difference_still_shows_both(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office)
    browser.get("/conflicts")
    given = {"choose": question.versions[0].record, "ground": "Theo bản chính."}
    browser.post(f"/conflicts/{question.id}", given)
    page = browser.get(f"/conflicts/{question.id}?dossier={clash.dossier}")
    assert "Khác biệt đã thống nhất" in page and "Theo bản chính." in page
    assert "15 Lê Duẩn" in page and "51 Lê Duẩn" in page and 'name="choose"' not in page
    assert "Không có khác biệt nào" in browser.get("/conflicts")


def test_a_third_value_may_be_typed(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office)
    browser.get("/conflicts")
    given = {
        "choose": "third", "ground": "Người nộp xác nhận.",
        "third.applicant.address": "5 Lê Duẩn, phường Hải Châu", "third.applicant.phone": "0905 118 200",
    }  # fmt: skip
    assert browser.post(f"/conflicts/{question.id}", given).status_code == 302
    view = clash.view()
    assert view.text("applicant.address") == "5 Lê Duẩn, phường Hải Châu"
    assert view.text("applicant.phone") == "0905118200" and view.conflicts == ()


def test_mistakes_are_named_and_what_was_typed_stays(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office)
    browser.get("/conflicts")
    nothing = browser.post(f"/conflicts/{question.id}", {})
    assert nothing.status_code == 422
    assert "Hãy chọn nội dung được giữ." in nothing.text and "Hãy ghi căn cứ" in nothing.text
    typed = {
        "choose": "third",
        "third.applicant.address": "",
        "third.applicant.phone": "abc",
        "ground": "Gọi điện hỏi lại",
    }
    wrong = browser.post(f"/conflicts/{question.id}", typed)
    assert wrong.status_code == 422 and "Số điện thoại có từ 9 đến 13 chữ số." in wrong.text
    assert "Gọi điện hỏi lại" in wrong.text and 'value="abc"' in wrong.text
    forged = browser.post(f"/conflicts/{question.id}", {"choose": "f" * 64, "ground": "x"})
    assert forged.status_code == 422
    assert len(clash.view().conflicts) == 2, "nothing was written"


def test_half_a_decision_is_found_again(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office)
    page = browser.get(f"/conflicts/{question.id}")
    url = page.split('data-draft-url="')[1].split('"')[0]
    assert browser.post(url, {"ground": "Đang chờ người nộp mang giấy tờ"}).status_code in (200, 204)
    assert "Đang chờ người nộp mang giấy tờ" in browser.get(f"/conflicts/{question.id}")


def test_a_colleague_who_was_faster_is_seen_first(clash: Scene) -> None:
    question = clash.question()
    first, second = browse(clash.office), browse(clash.office)
    for browser in (first, second):
        browser.get(f"/conflicts/{question.id}")
    given = {"choose": question.versions[0].record, "ground": "Theo bản chính."}
    assert first.post(f"/conflicts/{question.id}", given).location == f"/dossiers/{clash.dossier}"
    late = second.post(
        f"/conflicts/{question.id}?dossier={clash.dossier}", {**given, "choose": question.versions[1].record}
    )
    assert late.location == f"/conflicts/{question.id}?dossier={clash.dossier}"
    assert "Chưa ghi gì" in second.get(late.location)
    assert len(clash.view().settlements) == 2, "one for each field, by the first officer alone"


def test_who_may_not_settle_is_told_who_may(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office, clash.cast.ha)
    page = browser.get(f"/conflicts/{question.id}")
    assert 'name="choose"' not in page and "Lãnh đạo" in page
    given = {"choose": question.versions[0].record, "ground": "x"}
    assert browser.post(f"/conflicts/{question.id}", given).status_code == 403
    assert len(clash.view().conflicts) == 2


def test_two_steps_are_settled_by_the_leader(scene: Scene) -> None:
    step(scene.office, scene.cast.lan, scene.dossier, "forward")
    ask = {"ground": "Thiếu giấy tờ", "items": ["Giấy chứng sinh"]}
    step(scene.other, scene.cast.minh, scene.dossier, "request_supplement", **ask)
    exchange(scene.office, scene.other)
    question = scene.question()
    assert (
        question.kind is ConflictKind.STATUS and question.settlers == {Role.LEADER} and question.third == ()
    )
    page = browse(scene.office, scene.cast.hung).get(f"/conflicts/{question.id}")
    assert "Chuyển giải quyết" in page and "Yêu cầu bổ sung" in page and "Thiếu giấy tờ" in page
    assert "Nội dung khác" not in page
    receptionist = browse(scene.office)
    receptionist.get("/conflicts")
    given = {"choose": question.versions[0].record, "ground": "x"}
    assert receptionist.post(f"/conflicts/{question.id}", given).status_code == 403
    assert len(scene.view().conflicts) == 1
    browser = browse(scene.office, scene.cast.hung)
    browser.get("/conflicts")
    asked = next(v for v in question.versions if v.name == "Lê Văn Minh")
    assert (
        browser.post(
            f"/conflicts/{question.id}", {"choose": asked.record, "ground": "Hồ sơ thiếu."}
        ).status_code
        == 302
    )
    assert int(scene.view().status) == 5


def test_two_due_dates_keep_the_earlier_for_now(scene: Scene) -> None:
    due = scene.view().due
    for here, days in ((scene.office, 3), (scene.other, 5)):
        extend(
            here.db,
            here.services,
            scene.cast.hung,
            scene.target(),
            until=due + days * 24 * HOUR,
            ground="Xác minh",
        )
    exchange(scene.office, scene.other)
    question = scene.question()
    page = browse(scene.office, scene.cast.hung).get(f"/conflicts/{question.id}")
    assert "tạm giữ ngày sớm hơn" in page and "Ngày hẹn trả kết quả" in page
    assert scene.view().due == due + 3 * 24 * HOUR


def test_a_fee_taken_twice_may_be_right_twice(scene: Scene) -> None:
    for here, receipt in ((scene.office, "0012"), (scene.other, "0451")):
        pay(
            here.db, here.services, scene.cast.lan, scene.target(),
            amount=8_000, method=1, fee="le_phi", receipt_number=receipt,
        )  # fmt: skip
    exchange(scene.office, scene.other)
    question = scene.question()
    page = browse(scene.office).get(f"/conflicts/{question.id}")
    assert "0012" in page and "0451" in page and "Cả hai đều đúng" in page
    browser: Browser = browse(scene.office)
    browser.get("/conflicts")
    assert (
        browser.post(f"/conflicts/{question.id}", {"choose": "both", "ground": "Hai loại phí."}).status_code
        == 302
    )
    assert scene.view().paid == 16_000 and scene.view().conflicts == ()


def test_an_unknown_difference_is_not_found(clash: Scene) -> None:
    browser = browse(clash.office)
    for path in (
        f"/conflicts/{'0' * 64}",
        "/conflicts/x",
        f"/conflicts/x?dossier={clash.dossier}",
        "/conflicts/x?dossier=zz",
    ):
        browser.get(path, status=404)


def test_opening_the_page_is_noted(clash: Scene) -> None:
    browse(clash.office).get(f"/conflicts/{clash.question().id}")
    noted = clash.office.db.conn.execute("SELECT officer, purpose FROM opening").fetchall()
    assert (clash.cast.lan.officer, "page") in noted
    assert SqliteLogStore(clash.office.db).dossier_records(clash.dossier)


def test_until_when_it_should_be_settled_stands_with_it(clash: Scene) -> None:
    question = clash.question()
    assert question.settle_by_ms == question.since_ms + 72 * HOUR
    browser = browse(clash.office)
    pages = ("/conflicts", f"/conflicts/{question.id}")
    for page in pages:
        shown = browser.get(page)
        assert "Nên xong trước" in shown and fmt_datetime(question.settle_by_ms) in shown
        assert "quá hạn" not in shown
    clash.office.clock.now = question.settle_by_ms + HOUR
    later = browse(clash.office)
    assert all("quá hạn" in later.get(page) for page in pages)
    later.post(pages[1], {"choose": question.versions[0].record, "ground": "Theo bản chính."})
    settled = later.get(f"{pages[1]}?dossier={clash.dossier}")
    assert "Nên xong trước" not in settled and "quá hạn" not in settled


def test_a_settled_difference_says_who_decided_and_which_version_was_kept(clash: Scene) -> None:
    """Both cards looked alike afterwards, and only one of the two fields was still marked."""
    question = clash.question()
    kept = question.versions[0]
    browser = browse(clash.office, clash.cast.hung)
    browser.get("/conflicts")
    browser.post(f"/conflicts/{question.id}", {"choose": kept.record, "ground": "Theo bản chính."})
    page = browser.get(f"/conflicts/{question.id}?dossier={clash.dossier}")
    assert f"{clash.cast.hung.name} đã thống nhất" in page and "Căn cứ: Theo bản chính." in page
    assert page.count("Được giữ") == 1
    assert page.index("Bản bên trái") < page.index("Được giữ") < page.index("Bản bên phải")
    assert page.count("mc-differs-word") == 4, "both fields on both cards"


def test_a_value_of_neither_side_is_told_after_settling(clash: Scene) -> None:
    question = clash.question()
    browser = browse(clash.office)
    browser.get("/conflicts")
    typed = {"third.applicant.address": "5 Lê Duẩn", "third.applicant.phone": "0905118200"}
    browser.post(f"/conflicts/{question.id}", {"choose": "third", "ground": "Người nộp xác nhận.", **typed})
    page = browser.get(f"/conflicts/{question.id}?dossier={clash.dossier}")
    assert "Nội dung khác được ghi" in page and "5 Lê Duẩn" in page and "0905118200" in page
    assert "Được giữ" not in page and page.count("mc-differs-word") == 4


def test_other_values_are_typed_in_the_order_in_which_they_are_shown(clash: Scene) -> None:
    question = clash.question()
    shown = [row.code for row in question.rows if row.is_different]
    assert [third.code for third in question.third] == shown


def test_a_result_that_stands_is_not_called_provisional(scene: Scene) -> None:
    step(scene.office, scene.cast.lan, scene.dossier, "forward")
    exchange(scene.office, scene.other)
    for here, number in ((scene.office, "131/UBND-XN"), (scene.other, "140/UBND-XN")):
        result = {"number": number, "date": 20261209, "signer": scene.cast.hung.name, "kind": "Văn bản"}
        step(here, scene.cast.hung, scene.dossier, "finish", result=result)
    exchange(scene.office, scene.other)
    question = scene.question()
    assert question.is_review
    for officer in (scene.cast.hung, scene.cast.lan):
        page = browse(scene.office, officer).get(f"/conflicts/{question.id}")
        assert page.count("Đang có hiệu lực") == 1 and "tạm dùng" not in page
