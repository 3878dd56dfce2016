"""A dossier's page, every step of its life, its history and papers, as officers meet them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from dossiers.deadlines import is_overdue
from dossiers.local_time import instant, local_date
from dossiers.states import Status
from edge_node.accounts.openings import openings_of
from edge_node.casework.service import Target, note
from edge_node.cli import cli
from edge_node.drafts.service import read_draft
from edge_node.keyring.trust import newest_bundle
from edge_node.projection.lists import DossierFilter, count_dossiers, find_dossiers
from signing.exported import decode_export
from signing.proof_file import decode_proof
from signing.report import Indication
from signing.verification import verify
from tests.support.counter import TODAY, heads, open_office, seen
from tests.support.node import Browser, Cast, browse, make_week, receive, settle_dossier, step
from tests.support.office import TestOffice

HOUR = 3_600_000


@pytest.fixture
def opened(tmp_path: Path) -> tuple[TestOffice, Cast]:
    return open_office(tmp_path)


@pytest.fixture
def office(opened: tuple[TestOffice, Cast]) -> TestOffice:
    return opened[0]


@pytest.fixture
def cast(opened: tuple[TestOffice, Cast]) -> Cast:
    return opened[1]


@pytest.fixture
def lan(office: TestOffice) -> Browser:
    return browse(office)


def act(browser: Browser, dossier: str, action: str, **form: str) -> str:
    """Take a step through its form; returns where it leads."""
    browser.get(f"/dossiers/{dossier}/act/{action}")
    fields = {name.replace("__", "."): text for name, text in form.items()}
    answer = browser.post(f"/dossiers/{dossier}/act/{action}", {**heads(browser.office, dossier), **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


# The page


def test_the_page_masks_numbers_and_shows_them_on_request(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    page = lan.get(f"/dossiers/{dossier}")
    assert "048192007735" not in page and "0481••••7735" in page
    assert lan.post(f"/dossiers/{dossier}/reveal/applicant.id_number").text == "048192007735"
    assert lan.post(f"/dossiers/{dossier}/reveal/applicant.name").status_code == 404
    assert [o.purpose for o in openings_of(office.db, dossier)] == ["id_number", "page"]


def test_every_opening_is_noted_and_shown(office: TestOffice, cast: Cast) -> None:
    dossier = receive(office, 1, "2.000815")
    browse(office, cast.minh).get(f"/dossiers/{dossier}")
    page = browse(office, cast.ha).get(f"/dossiers/{dossier}")
    assert "Lê Văn Minh" in page[page.index('id="openings"') :]


@pytest.mark.parametrize("address", ["0" * 32, "xyz", "0" * 31, "../etc"])
def test_an_unknown_dossier_is_not_found(lan: Browser, address: str) -> None:
    assert lan.client.get(f"/dossiers/{address}").status_code == 404


def test_history_says_who_changed_what_from_what_to_what(
    office: TestOffice, cast: Cast, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    step(office, cast.lan, dossier, "forward")
    page = lan.get(f"/dossiers/{dossier}")
    history = page[page.index('id="history"') :]
    assert re.search(r"<del>Đã tiếp nhận</del>.*<ins>Đang xử lý</ins>", history)
    assert "Nguyễn Thị Lan" in history and "Đang ở máy này" in history and "Chữ ký bản ghi hợp lệ" in history
    assert history.index("Chuyển giải quyết") < history.index("Tiếp nhận hồ sơ"), "newest on top"


def test_both_sides_of_a_difference_stand_on_the_page(tmp_path: Path) -> None:
    office, _cast, dossiers = make_week(tmp_path)
    page = browse(office).get(f"/dossiers/{dossiers[7]}")
    for text in ("15 Lê Duẩn", "51 Lê Duẩn", "Lê Văn Minh", "đang tạm dùng", "Hai cán bộ sửa cùng một mục"):
        assert text in page, text
    conflict = seen(office, dossiers[7]).conflicts[0]
    assert f"/conflicts/{conflict.id}" in page


def test_the_raw_record_and_its_file_are_one_click_away(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    record = seen(office, dossier).timeline[0].record
    page = lan.get(f"/dossiers/{dossier}/records/{record}")
    assert "dossier.received" in page and record in page
    answer = lan.client.get(f"/dossiers/{dossier}/records/{record}/export")
    exported = decode_export(answer.data)
    assert json.loads(exported.record.header)["dossier"] == dossier and exported.record.body_hash
    assert [json.loads(each.header)["kind"] for each in exported.statements] == ["key.stated"]
    other = receive(office, 2, "2.000815")
    assert lan.client.get(f"/dossiers/{other}/records/{record}").status_code == 404


def test_the_steps_of_a_dossier_have_their_own_names_on_the_proof_page(
    office: TestOffice, cast: Cast, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    step(office, cast.lan, dossier, "forward")
    page = lan.get(f"/dossiers/{dossier}/proof")
    assert "Chuyển giải quyết" in page and "Chuyển bước xử lý" not in page
    # A step without words has no content anywhere, so none is missing here.
    assert page.count("bản ghi này không có phần nội dung") == 1 and "không có nội dung ở máy này" not in page


def test_a_proof_holds_what_was_chosen_and_convinces(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    record = seen(office, dossier).timeline[0].record
    page = lan.get(f"/dossiers/{dossier}/proof")
    assert record in page and "kèm nội dung" in page and "Tiếp nhận hồ sơ" in page
    assert f"/dossiers/{dossier}/proof" in lan.get(f"/dossiers/{dossier}/records/{record}")
    assert f'href="/dossiers/{dossier}/proof"' in lan.get(f"/dossiers/{dossier}")
    bundle = newest_bundle(office.db)
    address = f"/dossiers/{dossier}/proof/file?record={record}"
    bare = lan.client.get(address)
    assert decode_proof(bare.data).records[0].record.content is None
    assert verify(bare.data, bundle).sub_indications == ("SIGNED_DATA_NOT_FOUND",)
    whole = verify(lan.client.get(f"{address}&disclose={record}").data, bundle)
    assert whole.indication is Indication.PASSED, whole.vi
    assert whole.signers[0].name == "Nguyễn Thị Lan"
    other = receive(office, 2, "2.000815")
    assert lan.client.get(f"/dossiers/{other}/proof/file?record={record}").status_code == 404
    assert [each.purpose for each in openings_of(office.db, dossier)].count("export") >= 3


def test_the_command_writes_a_proof(office: TestOffice, tmp_path: Path) -> None:
    dossier = receive(office, 1, "2.000815")
    target = tmp_path / "x.motcua-proof.json"
    data = ["--data", str(office.services.config.data), "--json"]
    done = CliRunner().invoke(cli, ["proof", dossier, *data, "--out", str(target)])
    assert done.exit_code == 0, done.output
    assert verify(target.read_bytes(), newest_bundle(office.db)).sub_indications == ("SIGNED_DATA_NOT_FOUND",)
    assert CliRunner().invoke(cli, ["proof", "0" * 32, *data]).exit_code == 3
    nowhere = CliRunner().invoke(cli, ["proof", dossier, *data, "--out", str(tmp_path / "no folder" / "x")])
    assert nowhere.exit_code == 3 and json.loads(nowhere.output)["code"] == "NODE_INPUT"


# Steps


def test_only_steps_of_the_officers_roles_are_offered_and_taken(
    office: TestOffice, cast: Cast, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    step(office, cast.lan, dossier, "forward")
    assert "Ban hành kết quả" not in lan.get(f"/dossiers/{dossier}")
    assert lan.client.get(f"/dossiers/{dossier}/act/finish").status_code == 403
    lan.get(f"/dossiers/{dossier}")
    forged = {"result.date": "23/11/2026", "result.signer": "Lan", **heads(office, dossier)}
    assert lan.post(f"/dossiers/{dossier}/act/finish", forged).status_code == 403
    assert "Ban hành kết quả" in browse(office, cast.hung).get(f"/dossiers/{dossier}")


def test_a_supplement_request_stops_the_clock_and_its_completion_gives_the_rest_back(
    office: TestOffice,
) -> None:
    dossier = receive(office, 1, "2.001019")  # two working days
    due = seen(office, dossier).due
    office.clock.advance(2 * HOUR)
    form = {
        "item.will_draft": "1",
        "further": "Ảnh chân dung\nGiấy xác nhận cư trú",
        "deadline": "27/11/2026",
    }
    place = act(browse(office), dossier, "request_supplement", ground="Dự thảo chưa ký từng trang.", **form)
    assert place.endswith("printed=mau02")
    view = seen(office, dossier)
    assert (
        view.status == Status.SUPPLEMENT and view.frozen and view.frozen.amount == 14 * 60 and view.due == due
    )
    assert view.deadline == instant(TODAY.replace(day=27), 17 * 60)
    office.clock.now = instant(TODAY.replace(day=27), 9 * 60)
    later = browse(office)
    assert "Ngày hẹn sau khi ký" in later.get(f"/dossiers/{dossier}/act/complete_supplement")
    act(later, dossier, "complete_supplement")
    view = seen(office, dossier)
    # Fourteen working hours from Friday 09:00: six of Friday and eight of Monday.
    assert view.status == Status.PROCESSING and view.due == instant(TODAY.replace(day=30), 17 * 60)
    assert [change.cause for change in view.due_history] == ["received", "moved"]


def test_a_step_without_its_ground_is_named_and_keeps_what_was_typed(
    office: TestOffice, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    lan.get(f"/dossiers/{dossier}/act/request_supplement")
    form = {**heads(office, dossier), "further": "Ảnh chân dung", "deadline": "01/01/2020"}
    answer = lan.post(f"/dossiers/{dossier}/act/request_supplement", form)
    assert answer.status_code == 422 and "Ảnh chân dung" in answer.text
    assert 'id="error-ground"' in answer.text and 'id="error-deadline"' in answer.text
    empty = lan.post(
        f"/dossiers/{dossier}/act/request_supplement", {**heads(office, dossier), "ground": "Thiếu"}
    )
    assert empty.status_code == 422 and 'id="error-further"' in empty.text


def test_a_leader_pauses_resumes_and_allows_withdrawal(office: TestOffice, cast: Cast) -> None:
    dossier, hung = receive(office, 1, "2.001019"), browse(office, cast.hung)
    act(hung, dossier, "forward")
    assert act(hung, dossier, "pause", ground="Chờ kết quả giám định.").endswith(dossier)
    assert seen(office, dossier).frozen is not None
    act(hung, dossier, "resume")
    assert seen(office, dossier).status == Status.PROCESSING
    assert act(hung, dossier, "withdraw", ground="Công dân đề nghị rút.").endswith("printed=mau05")
    view = seen(office, dossier)
    assert view.status == Status.WITHDRAWN and view.ended_as == "withdrawn"


def test_a_result_is_issued_and_handed_over(office: TestOffice, cast: Cast, lan: Browser) -> None:
    dossier, hung = receive(office, 1, "2.000815"), browse(office, cast.hung)
    act(hung, dossier, "forward")
    form = hung.get(f"/dossiers/{dossier}/act/finish")
    assert 'value="23/11/2026"' in form and 'value="Trần Quốc Hưng"' in form, (
        "signed today by whoever sits here"
    )
    act(
        hung,
        dossier,
        "finish",
        result__number="88/CT",
        result__date="23/11/2026",
        result__signer="Trần Quốc Hưng",
    )
    assert 'value="Trần Thị Mỹ Duyên"' in lan.get(f"/dossiers/{dossier}/act/return_result")
    place = act(lan, dossier, "return_result", method="1", received_by__name="Trần Thị Mỹ Duyên")
    assert place.endswith("printed=bien-nhan")
    view = seen(office, dossier)
    assert view.result and (view.result.number, view.result.date) == ("88/CT", 20261123)
    assert view.status == Status.RETURNED and view.timeliness == "on_time"
    link = f"/dossiers/{dossier}/proof?record={view.result.record}"
    assert lan.get(f"/dossiers/{dossier}").count(f'href="{link}"') == 2, (
        "beside the result, and in its line of the history"
    )
    ticked = re.findall(r'name="record" value="(\w+)" checked', lan.get(link))
    assert ticked == [view.result.record], "that one record; the others are for whoever ticks them"
    assert lan.client.get(f"/dossiers/{dossier}/proof?record={'0' * 64}").status_code == 404


def test_a_registered_dossier_gets_code_and_due_date_when_it_is_received(office: TestOffice) -> None:
    dossier = receive(office, 1, "2.001019", status=1, code=None, provisional=None, due=None)
    office.clock.advance(HOUR)
    assert act(browse(office), dossier, "receive").endswith("printed=mau01")
    view = seen(office, dossier)
    assert view.status == Status.RECEIVED and view.code == "H17.20242-261123-0001"
    assert view.due == instant(TODAY.replace(day=26), 10 * 60) and view.accepted == office.clock.now


def test_refusing_prints_its_form(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.001019", status=1, code=None, provisional=None, due=None)
    assert act(lan, dossier, "refuse", ground="Không thuộc thẩm quyền.").endswith("printed=mau03")
    assert seen(office, dossier).ended_as == "refused"


# Beside the steps


def test_an_extension_apologises_and_keeps_the_first_due_date(office: TestOffice, cast: Cast) -> None:
    dossier, hung = receive(office, 1, "2.001019"), browse(office, cast.hung)
    first = seen(office, dossier).due
    hung.get(f"/dossiers/{dossier}/extend")
    form = {**heads(office, dossier), "until": "28/11/2026", "ground": "Chờ xác minh nơi có tài sản."}
    assert hung.post(f"/dossiers/{dossier}/extend", form).location.endswith("printed=mau04")
    view = seen(office, dossier)
    assert view.original_due == first and view.due == instant(TODAY.replace(day=30), 17 * 60), (
        "Saturday rolls on"
    )
    early = {**heads(office, dossier), "until": "24/11/2026", "ground": "x"}
    assert hung.post(f"/dossiers/{dossier}/extend", early).status_code == 422
    assert browse(office).client.get(f"/dossiers/{dossier}/extend").status_code == 403


def test_an_amendment_writes_only_what_changed(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    lan.get(f"/dossiers/{dossier}/amend")
    same = {
        "applicant.name": "Trần Thị Mỹ Duyên", "applicant.id_number": "048192007735",
        "applicant.address": "42 Trần Phú, phường Hải Châu", "applicant.phone": "0914220981", "channel": "1",
        "competent": "20242", "sets": "1", "fee_due": "0", **heads(office, dossier),
    }  # fmt: skip
    unchanged = lan.post(f"/dossiers/{dossier}/amend", same)
    assert unchanged.status_code == 422 and "Chưa có nội dung nào thay đổi" in unchanged.text
    changed = same | {"applicant.phone": "0914 220 999", "sets": "2", "ground": "Ghi nhầm số"}
    assert lan.post(f"/dossiers/{dossier}/amend", changed).status_code == 303
    view = seen(office, dossier)
    assert view.text("applicant.phone") == "0914220999" and view.sets == 2
    assert view.timeline[-1].fields == ("applicant.phone",)
    assert "<del>0914220981</del>" in lan.get(f"/dossiers/{dossier}")


def test_fees_papers_notes_and_assignments_are_records(office: TestOffice, cast: Cast, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815", fee_due=10_000)

    def post(action: str, **form: str) -> None:
        lan.get(f"/dossiers/{dossier}/{action}")
        answer = lan.post(f"/dossiers/{dossier}/{action}", {**heads(office, dossier), **form})
        assert answer.status_code == 303, answer.text

    assert 'value="10000"' in lan.get(f"/dossiers/{dossier}/pay"), "what is owed stands there"
    post("pay", amount="10.000", method="1", receipt_number="77")
    post("papers-held", **{"papers.original.original": "1", "papers.original.digitised": "1"})
    post("note", note="Gọi lại buổi chiều.")
    post("assign", officer=cast.minh.officer)
    view = seen(office, dossier)
    assert view.paid == 10_000 and view.finance == "paid"
    assert [(p.paper, p.digitised) for p in view.papers] == [("original", True)]
    assert [n.text for n in view.notes] == ["Gọi lại buổi chiều."]
    assert view.assigned and view.assigned.officer == cast.minh.officer
    post("paper-taken", record=view.papers[0].record, paper="original", ground="Trả lại bản chính")
    assert seen(office, dossier).papers == ()
    forged = lan.post(f"/dossiers/{dossier}/assign", {**heads(office, dossier), "officer": "f" * 32})
    assert forged.status_code == 422


def test_a_colleagues_change_is_shown_before_anything_is_signed(
    office: TestOffice, cast: Cast, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    shown = heads(office, dossier)
    step(office, cast.lan, dossier, "forward")
    records = len(seen(office, dossier).timeline)
    lan.get(f"/dossiers/{dossier}/amend")
    form = {"applicant.phone": "0914 220 999", "applicant.name": "Trần Thị Mỹ Duyên", **shown}
    answer = lan.post(f"/dossiers/{dossier}/amend", form)
    assert (
        answer.status_code == 409
        and "Chuyển giải quyết" in answer.text
        and 'value="0914 220 999"' in answer.text
    )
    assert len(seen(office, dossier).timeline) == records, "nothing was written"
    again = re.search(r'name="heads" value="([0-9a-f ]+)"', answer.text)
    assert again and again[1] == heads(office, dossier)["heads"]
    assert lan.post(f"/dossiers/{dossier}/amend", {**form, "heads": again[1]}).status_code == 303


def test_a_draft_tells_what_colleagues_wrote_since(office: TestOffice, cast: Cast, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    lan.get(f"/dossiers/{dossier}/amend")
    typed = {"applicant.phone": "0914 220 999", **heads(office, dossier)}
    assert lan.post(f"/drafts/dossier.{dossier}.amend", typed).status_code == 204
    again = lan.get(f"/dossiers/{dossier}/amend")
    assert 'value="0914 220 999"' in again and "thay đổi từ người khác" not in again
    step(office, cast.lan, dossier, "forward")
    later = lan.get(f"/dossiers/{dossier}/amend")
    assert (
        'value="0914 220 999"' in later and "thay đổi từ người khác" in later and "Chuyển giải quyết" in later
    )


def test_answers_that_were_never_given_do_not_stop_an_amendment(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 1, "2.001019")
    lan.get(f"/dossiers/{dossier}/amend")
    form = {"applicant.name": "Trần Thị Mỹ Duyên", "applicant.phone": "0911222333", "form.property": ""}
    assert lan.post(f"/dossiers/{dossier}/amend", {**form, **heads(office, dossier)}).status_code == 303
    given = {"applicant.name": "Trần Thị Mỹ Duyên", "form.property": "Nhà ở"}
    lan.post(f"/dossiers/{dossier}/amend", {**given, **heads(office, dossier)})
    emptied = lan.post(f"/dossiers/{dossier}/amend", {**given, "form.property": "", **heads(office, dossier)})
    assert emptied.status_code == 422 and 'id="error-form.property"' in emptied.text


def test_a_note_never_collides(office: TestOffice, cast: Cast, lan: Browser) -> None:
    dossier = receive(office, 1, "2.000815")
    note(office.db, office.services, cast.minh, Target(dossier=dossier), text="Minh")
    lan.get(f"/dossiers/{dossier}/note")
    assert lan.post(f"/dossiers/{dossier}/note", {"heads": "", "note": "Lan"}).status_code == 303
    assert len(seen(office, dossier).notes) == 2


def test_a_step_that_came_too_late_keeps_its_words_as_a_draft(
    office: TestOffice, cast: Cast, lan: Browser
) -> None:
    dossier = receive(office, 1, "2.000815")
    lan.get(f"/dossiers/{dossier}/act/request_supplement")
    step(office, cast.lan, dossier, "forward")
    step(office, cast.hung, dossier, "withdraw", ground="Đề nghị rút")
    answer = lan.post(
        f"/dossiers/{dossier}/act/request_supplement", {"ground": "Thiếu chữ ký", "further": "Ảnh"}
    )
    assert answer.status_code == 303 and "trạng thái khác" in lan.get(answer.location)
    draft = read_draft(office.db, office.lan, f"dossier.{dossier}.request_supplement")
    assert draft is not None and draft.content["ground"] == "Thiếu chữ ký"


# Papers


def test_every_step_with_a_form_has_its_paper(office: TestOffice, cast: Cast, lan: Browser) -> None:
    dossier, hung = receive(office, 1, "2.001019"), browse(office, cast.hung)
    act(lan, dossier, "request_supplement", ground="Thiếu", further="Ảnh")
    act(lan, dossier, "complete_supplement")
    extension = {**heads(office, dossier), "until": "28/11/2026", "ground": "Xác minh"}
    assert hung.post(f"/dossiers/{dossier}/extend", extension).status_code == 303
    act(hung, dossier, "withdraw", ground="Đề nghị rút")
    settled = receive(office, 2, "2.000815")
    settle_dossier(office, cast, settled, "1/CT")
    lan = browse(office)
    papers = {
        dossier: ("mau01", "mau02", "mau04", "mau05", "mau06"),
        settled: ("mau01", "mau06", "bien-nhan"),
    }
    for each, names in papers.items():
        page = lan.get(f"/dossiers/{each}")
        for name in names:
            assert f"/papers/{name}" in page, name
            answer = lan.client.get(f"/dossiers/{each}/papers/{name}")
            assert answer.data.startswith(b"%PDF-") and answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert lan.client.get(f"/dossiers/{dossier}/papers/mau03").status_code == 404
    assert lan.client.get(f"/dossiers/{dossier}/papers/mau99").status_code == 404
    opening = seen(office, dossier).timeline[0].record
    other = lan.client.get(f"/dossiers/{dossier}/papers/mau04?record={opening}")
    assert other.status_code == 404, "a record that asks for no such paper"
    assert "print" in [o.purpose for o in openings_of(office.db, dossier)]


# Lists


def test_the_list_filters_counts_and_keeps_its_state_in_the_address(tmp_path: Path) -> None:
    office, _cast, dossiers = make_week(tmp_path)
    browser, rows, now = (
        browse(office),
        find_dossiers(office.db, DossierFilter(), limit=500),
        office.clock.now,
    )
    assert f"{len(dossiers)} hồ sơ" in browser.get("/dossiers")
    late = [r for r in rows if r.finished is None and not r.is_paused and r.due and is_overdue(now, r.due)]
    overdue = browser.get("/dossiers?state=overdue")
    assert late and f"{len(late)} hồ sơ" in overdue and all(row.id in overdue for row in late)
    found = browser.get("/dossiers?q=tran+thi&state=open")
    assert "Trần Thị Mỹ Duyên" in found and "Lê Hoàng Nam</" not in found
    assert "state=open" in found and "q=tran" in found
    sector = browser.get("/dossiers?sector=construction")
    assert "Gia hạn giấy phép xây dựng" in sector and "khai sinh" not in sector[sector.index("<tbody") :]
    first = local_date(min(row.received or now for row in rows))
    that_day = [row for row in rows if local_date(row.received or 0) == first]
    day = browser.get(f"/dossiers?from={first:%d/%m/%Y}&until={first:%d/%m/%Y}")
    assert f"{len(that_day)} hồ sơ" in day and len(that_day) < len(rows)
    strange = browser.get("/dossiers?page=1&sort=nothing&state=nothing&from=32/13/2026")
    assert f"{len(dossiers)} hồ sơ" in strange
    assert browser.client.get("/dossiers?page=99999999").status_code == 200


def test_the_export_has_every_row_and_no_identity_numbers(tmp_path: Path) -> None:
    office, _cast, _dossiers = make_week(tmp_path)
    answer = browse(office).client.get("/dossiers?state=open&format=csv")
    lines = answer.data.decode("utf-8-sig").splitlines()
    open_rows = count_dossiers(office.db, DossierFilter(is_open=True))
    assert len(lines) == 1 + open_rows and lines[0].startswith("Mã hồ sơ,Thủ tục")
    assert "0480" not in answer.text and "0481" not in answer.text


def test_a_leader_decides_several_at_once(office: TestOffice, cast: Cast) -> None:
    dossiers = [receive(office, who, "2.000815") for who in range(3)]
    for dossier in dossiers:
        step(office, cast.lan, dossier, "forward")
    hung = browse(office, cast.hung)
    query = "&".join(f"id={dossier}" for dossier in dossiers)
    page = hung.get(f"/dossiers/decide?{query}&action=finish")
    assert "Ban hành kết quả" in page and "3 hồ sơ" in page
    form = {
        "action": "finish",
        "result.date": "23/11/2026",
        "result.signer": "Trần Quốc Hưng",
        "id": dossiers,
    }
    for index, dossier in enumerate(dossiers):
        form[f"heads.{dossier}"] = heads(office, dossier)["heads"]
        form[f"number.{dossier}"] = f"{index + 1}/CT"
    note(office.db, office.services, cast.minh, Target(dossier=dossiers[2]), text="Xin chờ")
    answer = hung.post("/dossiers/decide", form)
    assert answer.status_code == 303
    told = hung.get(answer.location)
    assert "Đã ký 2 hồ sơ" in told and "Có người vừa ghi vào hồ sơ này" in told
    views = [seen(office, dossier) for dossier in dossiers]
    assert [v.status for v in views] == [Status.SOLVED, Status.SOLVED, Status.PROCESSING]
    assert [v.result.number for v in views if v.result] == ["1/CT", "2/CT"]


def test_deciding_several_asks_for_a_common_step_and_its_ground(office: TestOffice, cast: Cast) -> None:
    one, two = receive(office, 0, "2.000815"), receive(office, 1, "2.000815")
    step(office, cast.lan, one, "forward")
    hung = browse(office, cast.hung)
    assert "withdraw" in hung.get(f"/dossiers/decide?id={one}&id={two}"), "common to both states"
    answer = hung.post("/dossiers/decide", {"id": [one, two], "action": "withdraw"})
    assert answer.status_code == 422 and 'id="error-ground"' in answer.text
    nothing = browse(office, cast.ha).get(f"/dossiers/decide?id={one}&id={two}")
    assert "Không có thao tác chung" in nothing
    assert hung.client.get("/dossiers/decide").status_code == 303


@pytest.mark.parametrize("sort", ["received", "due", "procedure", "status"])
def test_a_column_sorts_both_ways(office: TestOffice, lan: Browser, sort: str) -> None:
    """The arrow of a column promised a toggle that did nothing."""
    for number in range(3):
        office.clock.now += 60_000 * (number + 1)
        office.receive()
    pages = [lan.get(f"/dossiers?sort={sort}&dir={way}") for way in ("asc", "desc")]
    rows = [re.findall(r'href="/dossiers/([0-9a-f]{32})"', page) for page in pages]
    assert len(set(rows[0])) >= 3
    assert list(dict.fromkeys(rows[0])) == list(reversed(dict.fromkeys(rows[1])))
