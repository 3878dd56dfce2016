"""An exported record in, a finding out: three different answers, and what was not checked."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import render_template
from sqlalchemy import select

from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, STANDING
from central_hub.verify.finding import finding_of
from dossiers.presentation import fmt_datetime
from signing.bundles import open_bundle, open_unpinned_bundle
from signing.exported import ExportedRecord, encode_export
from signing.snapshot import open_snapshot
from signing.verification import verify
from sync_protocol.record import Record
from tests.support.corpus.cases import stored
from tests.support.hub import ProvinceHub, Visitor, found_province, shared_province
from tests.support.paper import paper_bundle, paper_code


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("thongke")


def exported(record: Record) -> ExportedRecord:
    body = record.body
    return ExportedRecord(
        header=record.header_bytes,
        signature=record.signature,
        salt=body.salt if body else None,
        content=body.content if body else None,
    )


def received(hub: ProvinceHub) -> tuple[Record, list[Record]]:
    """A record of a reception, and the statements that lead to its signer."""
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        dossier = connection.scalar(
            select(DOSSIER.c.id).where(DOSSIER.c.commune == "20195", DOSSIER.c.records > 3)
        )
        assert dossier is not None
        record = store.dossier_records(dossier.hex())[0]
        province = store.held_logs(commune="48")[0]
        statements = [r for r in store.span(province.id, 0) if r.header.kind == "key.stated"]
    return record, statements


def check(visitor: Visitor, data: bytes) -> Any:
    return visitor.post("/verify", file=(io.BytesIO(data), "ban-ghi.json"))


def test_a_whole_file_is_valid_and_shows_what_to_compare(hub: ProvinceHub, visitor: Visitor) -> None:
    record, statements = received(hub)
    mine = [s for s in statements if s.header.facts["unit"] == "20195"]
    page = check(visitor, encode_export(exported(record), [exported(s) for s in mine])).text
    assert 'class="mc-finding mc-finding-passed"' in page
    for text in ("Hợp lệ", "Nguyễn Thị Lan", str(record.header.facts["code"]), "Nguyễn Văn An", "Phường Hải Vân",
                 "Chưa kiểm tra", "Chữ ký đúng."):  # fmt: skip
        assert text in page
    assert "(UTC+07:00)" not in page  # instants as everywhere else on the hub's pages
    assert f"<dd>{fmt_datetime(record.header.facts['received'])}</dd>" in page


def test_an_altered_file_is_not_valid_and_shows_no_content(hub: ProvinceHub, visitor: Visitor) -> None:
    record, statements = received(hub)
    mine = [exported(s) for s in statements if s.header.facts["unit"] == "20195"]
    whole = exported(record)
    forged = ExportedRecord(
        header=whole.header.replace(b'"channel":', b'"channel": '.strip()[:-1] + b":", 1).replace(b'"sets":1', b'"sets":2'),
        signature=whole.signature, salt=whole.salt, content=whole.content,
    )  # fmt: skip
    assert forged.header != whole.header
    page = check(visitor, encode_export(forged, mine)).text
    assert 'class="mc-finding mc-finding-failed"' in page
    assert "Không hợp lệ" in page
    assert "Đối chiếu với bản giấy" not in page


def test_a_signer_without_the_role_makes_it_not_valid_and_shows_no_content(
    hub: ProvinceHub, visitor: Visitor
) -> None:
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        refused = connection.scalar(select(STANDING.c.record).where(STANDING.c.code == "RECORD_ROLE"))
        record = store.record(str(refused))
    assert record is not None
    _record, statements = received(hub)
    mine = [exported(s) for s in statements if s.header.facts["unit"] == "20195"]
    page = check(visitor, encode_export(exported(record), mine)).text
    assert 'class="mc-finding mc-finding-failed"' in page
    assert "Chữ ký đúng." in page
    assert "Đối chiếu với bản giấy" not in page


def test_a_file_without_its_statements_is_undecided_and_never_green(
    hub: ProvinceHub, visitor: Visitor
) -> None:
    record, _statements = received(hub)
    page = check(visitor, encode_export(exported(record), [])).text
    assert 'class="mc-finding mc-finding-indeterminate"' in page
    assert "Chưa kết luận được" in page
    assert "mc-finding-passed" not in page


@pytest.mark.parametrize("data", [b"{}", b"quatsch", b"\xff\xfe", b'{"format":"motcua-record/2"}'])
def test_what_is_no_record_is_said_to_be_none(visitor: Visitor, data: bytes) -> None:
    answer = check(visitor, data)
    assert answer.status_code == 200
    assert "Tệp này không đọc được như một bản ghi." in answer.text
    assert "mc-finding-passed" not in answer.text


def test_no_file_is_a_mistake_in_the_form(visitor: Visitor) -> None:
    answer = visitor.post("/verify")
    assert answer.status_code == 422
    assert "Chọn một tệp hoặc dán nội dung mã." in answer.text


def test_a_file_of_another_province_is_undecided(hub: ProvinceHub, tmp_path: Path) -> None:
    record, statements = received(hub)
    elsewhere = found_province(tmp_path, anew=True).browser("thongke")
    page = check(elsewhere, encode_export(exported(record), [exported(s) for s in statements[:4]])).text
    assert "mc-finding-indeterminate" in page


def test_another_agency_gets_the_trust_bundle_without_a_log_in(hub: ProvinceHub) -> None:
    answer = hub.app.test_client().get("/verify/trust.json")
    bundle = open_bundle(answer.get_data(), roots=hub.services.keys.bundle.fingerprint)
    assert bundle.province == "48"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_code_on_paper_shows_every_field_that_the_paper_has(hub: ProvinceHub) -> None:
    report = verify(paper_code(result="Giấy khai sinh").encode(), open_unpinned_bundle(paper_bundle()))
    with hub.app.test_request_context("/verify"), reading(hub.services.engine) as connection:
        found = finding_of(report, hub.services, hub.services.catalogue.current(connection))
    assert (
        found["what"] == "Giấy tiếp nhận hồ sơ và hẹn trả kết quả của Phường Hải Châu, do máy của đơn vị ký"
    )
    ((heading, _state, lines),) = found["compare"]
    assert heading == ""
    shown = {value for _label, value in lines}
    assert shown >= {
        "H17.20242-261120-0001", "Phường Hải Châu", "20/11/2026", "25/11/2026", "Nguyễn Thị Minh Nguyệt", "1987",
        "Giấy khai sinh",
    }  # fmt: skip
    assert found["force"] == "Chưa biết văn bản còn hiệu lực hay không."


def test_what_is_not_readable_lists_nothing_as_checked_or_open(visitor: Visitor) -> None:
    page = check(visitor, b"quatsch").text
    assert "Chưa kiểm tra được gì, vì không đọc được." in page
    assert "<li>Đây là chữ ký điện tử" not in page


def test_the_button_of_the_english_page_verifies(hub: ProvinceHub) -> None:
    visitor = hub.browser()
    visitor.post("/language", language="en", next="/verify")
    page = visitor.page("/verify")
    assert "Verify</button>" in page and "Auditor</button>" not in page
    assert "/verify/status.json" in page


def test_a_file_of_several_records_shows_each_and_says_which_is_out_of_force(hub: ProvinceHub) -> None:
    """In either order: the result is found withdrawn, and its number and signer stand where a person reads them."""
    cases = {each["name"]: each for each in stored()}
    for where, number in (("first", 1), ("second", 2)):
        case = cases[f"document-withdrawn-in-the-{where}-record"]
        bundle = open_unpinned_bundle(case["trust_bytes"])
        report = verify(case["data"], bundle, status=open_snapshot(case["status_bytes"], bundle))
        with hub.app.test_request_context("/verify"), reading(hub.services.engine) as connection:
            found = finding_of(report, hub.services, hub.services.catalogue.current(connection))
            page = render_template("verify/finding.html", found=found, name="a", now=0)
        assert (found["outcome"], found["force"]) == (
            "out_of_force",
            f"Chữ ký đúng, nhưng văn bản đã bị thu hồi. Xem bản ghi {number}.",
        )
        assert found["what"].startswith("Tệp có 2 bản ghi của Phường Hải Châu")
        headings = [heading for heading, _state, _lines in found["compare"]]
        assert headings[number - 1] == f"Bản ghi {number}: Ghi chú – đã bị thu hồi"
        assert headings[2 - number].endswith("Tiếp nhận hồ sơ – còn hiệu lực")
        assert found["groups"][number][0] == f"Bản ghi {number}: Ghi chú – Không còn hiệu lực"
        signed = dict(found["compare"][number - 1][2])
        assert (signed["Số kết quả"], signed["Người ký kết quả"]) == ("117/GXN-UBND", "Phạm Thị Bình")
        assert signed["Người ký"] == "Trần Minh Lan (Cán bộ một cửa)"
        assert all(text in page for text in (*headings, "117/GXN-UBND", "Phạm Thị Bình"))


def test_a_file_larger_than_the_hub_reads_is_not_called_changed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its beginning was read: no digest of it is shown, and the page that reads more is named."""
    for room in ("routes", "finding"):
        monkeypatch.setattr(f"central_hub.verify.{room}.INPUT_BYTES_MAX", 1_000)
    page = check(visitor, b"%PDF-1.7" + bytes(1_000)).text
    assert "Tệp lớn hơn 3 MB" in page and "đọc được đến 40 MB" in page
    assert "đã bị sửa" not in page and "SHA-256" not in page
    assert 'class="mc-finding mc-finding-indeterminate"' in page


def test_a_pdf_without_a_proof_inside_is_not_said_to_be_wrong(visitor: Visitor) -> None:
    assert (
        "Tệp PDF không kèm chứng minh thì không kiểm tra được ở đây, và chưa phải là sai"
        in check(visitor, b"%PDF-1.7 of somebody else").text
    )


def test_content_that_is_not_there_is_said_where_it_would_stand_and_in_which_record(hub: ProvinceHub) -> None:
    cases = {each["name"]: each for each in stored()}
    for name, why in (
        (
            "three-records-one-withheld",
            "Nội dung không kèm theo tệp (đã xóa theo quy định hoặc không được chia sẻ).",
        ),
        ("content-erased-by-order", "Nội dung đã được xóa theo quyết định kèm trong tệp."),
    ):
        report = verify(cases[name]["data"], open_unpinned_bundle(cases[name]["trust_bytes"]))
        with hub.app.test_request_context("/verify"), reading(hub.services.engine) as connection:
            found = finding_of(report, hub.services, hub.services.catalogue.current(connection))
        (number,) = [
            place for place, (_h, _s, lines) in enumerate(found["compare"], 1) if ("Nội dung", why) in lines
        ]
        assert found["why"] == f"{why} Xem bản ghi {number}."
