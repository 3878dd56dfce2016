"""The printed forms: wording, golden text, hostile text, the QR code, and the child process."""

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import psutil
import pytest
import typst
import zxingcpp

from dossiers.deadlines import Timeliness
from edge_node.printing import PrintingFailed, forms, render, render_pdf, typeset
from edge_node.printing.documents import FormTooLarge, document
from edge_node.printing.qr import plain_symbol
from edge_node.printing.wording import (
    FORM_TEXTS,
    day_in_words,
    instant_in_words,
    printable,
    upper,
)

LOCAL = timezone(timedelta(hours=7))


def at(day: int, hour: int, minute: int = 0) -> int:
    local = datetime(day // 10000, day // 100 % 100, day % 100, hour, minute, tzinfo=LOCAL)
    return int(local.astimezone(UTC).timestamp() * 1000)


OFFICE = forms.Office(
    superior="Ủy ban nhân dân phường Hải Châu",
    name="Trung tâm Phục vụ hành chính công phường Hải Châu",
    place="Hải Châu",
    address="76 Bạch Đằng, phường Hải Châu, thành phố Đà Nẵng",
    phone="0236 3 550 000",
    lookup="https://dichvucong.gov.vn",
)
CODE = forms.DossierCode(text="H17.20242-261120-0007")
APPLICANT = forms.Person(
    name="Nguyễn Thị Ngọc Ánh",
    address="Tổ 12, phường Hải Châu, thành phố Đà Nẵng",
    phone="0905 123 456",
    email="ngocanh.nguyen@example.vn",
    id_number="048190001234",
)
OWNER = forms.Person(name="Trần Quốc Đạt", address="K15/4 Hoàng Diệu, phường Hải Châu, thành phố Đà Nẵng")
PROCEDURE = "Đăng ký khai sinh (1.001193)"
LEADER = forms.Signatory(capacity="KT. Chủ tịch\nPhó Chủ tịch", name="Phạm Hữu Nghĩa")
PAPERS = (
    forms.Paper(name="Tờ khai đăng ký khai sinh theo mẫu", originals=1),
    forms.Paper(name="Giấy chứng sinh", originals=1),
    forms.Paper(
        name="Giấy chứng nhận kết hôn của cha, mẹ", certified_copies=1, plain_copies=1, note="đã số hóa"
    ),
)
COMMON = {"office": OFFICE, "day": 20261120, "record": "3f2a9c017b5de86410aa55ee92c4b7d1" * 2}
RECEIVED, DUE = at(20261120, 10, 5), at(20261126, 10, 5)


def slip(**changes) -> forms.Slip:
    values = {
        "number": "0007/TNHS", "code": CODE, "procedure": PROCEDURE, "submitter": APPLICANT, "owner": OWNER, "channel": "trực tiếp",
        "summary": "Đăng ký khai sinh cho cháu Trần Ngọc Bảo Hân", "papers": PAPERS, "time_limit": "03 ngày làm việc",
        "received": RECEIVED, "due": DUE, "result_place": "Trực tiếp tại Trung tâm Phục vụ hành chính công phường Hải Châu",
        "fee_due": 8000, "fee_paid": 8000, "book": "02/2026", "book_number": "1.204", "officer": "Lê Thị Minh Tâm",
    }  # fmt: skip
    return forms.Slip(**{**COMMON, **values, **changes})


def supplement_request(**changes) -> forms.SupplementRequest:
    values = {
        "number": "15/HDHS", "code": CODE, "procedure": PROCEDURE, "submitter": APPLICANT, "papers": PAPERS[1:],
        "reason": "Giấy chứng sinh nộp kèm bị rách, không đọc được ngày sinh.", "deadline": at(20261127, 17),
        "officer": "Lê Thị Minh Tâm",
    }  # fmt: skip
    return forms.SupplementRequest(**{**COMMON, **values, **changes})


def refusal(**changes) -> forms.Refusal:
    values = {
        "number": "03/TCTN", "procedure": "Cấp giấy phép xây dựng nhà ở riêng lẻ (1.009122)", "submitter": APPLICANT,
        "reason": "Công trình nằm ngoài phạm vi thẩm quyền giải quyết của Ủy ban nhân dân phường.",
        "guidance": "Nộp hồ sơ tại Trung tâm Phục vụ hành chính công thành phố Đà Nẵng.", "submitted": RECEIVED,
        "officer": "Lê Thị Minh Tâm",
    }  # fmt: skip
    return forms.Refusal(**{**COMMON, **values, **changes})


def apology(**changes) -> forms.Apology:
    values = {
        "number": "21/VBXL", "code": CODE, "procedure": PROCEDURE, "addressee": APPLICANT, "received": RECEIVED, "due": DUE,
        "new_due": at(20261130, 16, 30), "reason": "Cần xác minh thông tin cư trú của cha, mẹ tại nơi cư trú cũ.", "signatory": LEADER,
    }  # fmt: skip
    return forms.Apology(**{**COMMON, **values, **changes})


def stop_notice(**changes) -> forms.StopNotice:
    values = {
        "number": "05/TB-TTPVHCC", "kind": forms.StopKind.WITHDRAWN, "code": CODE, "procedure": PROCEDURE, "addressee": APPLICANT,
        "received": RECEIVED, "stage": "đang thẩm tra, chưa có quyết định giải quyết",
        "ground": "Đơn đề nghị rút hồ sơ ngày 23/11/2026 của bà Nguyễn Thị Ngọc Ánh.", "stopped": at(20261123, 9, 15),
        "fee_handling": "Hoàn trả 8.000 đồng lệ phí đã nộp.", "papers_handling": "Trả lại 03 giấy tờ bản chính.", "signatory": LEADER,
    }  # fmt: skip
    return forms.StopNotice(**{**COMMON, **values, **changes})


def control_slip(**changes) -> forms.ControlSlip:
    step = forms.ControlStep
    values = {
        "number": "0007/KSGQ", "code": CODE, "procedure": PROCEDURE, "owner": OWNER, "received": RECEIVED, "due": DUE,
        "agency": "Ủy ban nhân dân phường Hải Châu", "coordinating": "Công an phường Hải Châu",
        "steps": (
            step(giver="Bộ phận Một cửa", receiver="Công chức tư pháp - hộ tịch", giver_name="Lê Thị Minh Tâm",
                 receiver_name="Võ Đình Khôi", at=at(20261120, 10, 20), timeliness=Timeliness.EARLY),
            step(giver="Công chức tư pháp - hộ tịch", receiver="Lãnh đạo UBND phường", giver_name="Võ Đình Khôi",
                 receiver_name="Phạm Hữu Nghĩa", at=at(20261125, 16), timeliness=Timeliness.ON_TIME, note="Kèm dự thảo"),
        ),
    }  # fmt: skip
    return forms.ControlSlip(**{**COMMON, **values, **changes})


def register_rows(count: int) -> tuple[forms.RegisterRow, ...]:
    names = (
        "Nguyễn Thị Ngọc Ánh",
        "Trần Quốc Đạt",
        "Công ty TNHH Một thành viên Thương mại và Dịch vụ Sông Hàn",
        "Hồ Văn Ửng",
    )
    procedures = (
        PROCEDURE,
        "Chứng thực bản sao từ bản chính (2.000815)",
        "Đăng ký thành lập hộ kinh doanh (1.001612)",
    )
    return tuple(
        forms.RegisterRow(
            code=forms.DossierCode(text=f"H17.20242-261120-{ordinal:04}", provisional=ordinal % 17 == 5),
            procedure=procedures[ordinal % 3], name=names[ordinal % 4], address="Tổ 12, phường Hải Châu, thành phố Đà Nẵng",
            phone="0905 123 456", agency="UBND phường Hải Châu", received=RECEIVED, due=DUE,
            returned=DUE if ordinal % 2 else None, manner="Trực tiếp",
        )
        for ordinal in range(1, count + 1)
    )  # fmt: skip


def register(**changes) -> forms.Register:
    values = {"first": 20261101, "last": 20261130, "book": "02/2026", "rows": register_rows(40)}
    return forms.Register(**{**COMMON, **values, **changes})


def result_hand_over(**changes) -> forms.ResultHandOver:
    values = {
        "number": "0007/TKQ", "code": CODE, "procedure": PROCEDURE, "owner": OWNER, "receiver": APPLICANT,
        "receiver_capacity": "người được ủy quyền", "result_kind": "Giấy khai sinh (bản chính)", "result_number": "412/2026",
        "result_day": 20261125, "result_signer": "Phạm Hữu Nghĩa", "abstract": "Giấy khai sinh của Trần Ngọc Bảo Hân",
        "result_copies": 2, "due": DUE, "returned": at(20261126, 9, 10), "manner": "Trực tiếp tại quầy", "fee_paid": 8000,
        "officer": "Lê Thị Minh Tâm",
    }  # fmt: skip
    return forms.ResultHandOver(**{**COMMON, **values, **changes})


def dossier_hand_over(**changes) -> forms.DossierHandOver:
    rows = tuple(
        forms.HandOverRow(
            code=forms.DossierCode(text=f"H17.20242-261120-{ordinal:04}"),
            procedure=PROCEDURE,
            owner="Trần Quốc Đạt",
            due=DUE,
        )
        for ordinal in range(1, 7)
    )
    values = {
        "number": "12/BG", "giver": "Trung tâm Phục vụ hành chính công phường Hải Châu", "receiver": "Phòng Kinh tế, Hạ tầng và Đô thị",
        "giver_name": "Lê Thị Minh Tâm", "receiver_name": "Đặng Công Thành", "handed": at(20261120, 16, 45), "rows": rows,
    }  # fmt: skip
    return forms.DossierHandOver(**{**COMMON, **values, **changes})


def report_06a(**changes) -> forms.Report06a:
    row = forms.Report06aRow
    values = {
        "period": "Quý IV năm 2026", "first": 20261001, "last": 20261231, "recipient": "Văn phòng UBND thành phố Đà Nẵng",
        "rows": (
            row(name="Hộ tịch", online=412, direct_or_postal=1603, carried_over=12, solved_early=1804, solved_on_time=190, solved_late=9,
                open_in_term=22, open_overdue=2),
            row(name="Chứng thực", online=35, direct_or_postal=2911, solved_early=2900, solved_on_time=46),
            row(name="Thành lập và hoạt động của hộ kinh doanh", online=210, direct_or_postal=18, carried_over=4, solved_early=199,
                solved_on_time=21, solved_late=3, open_in_term=8, open_overdue=1),
        ),
        "preparer": "Lê Thị Minh Tâm", "signatory": LEADER,
        "definitions": "bản 1 (so theo ngày; kết thúc là ngày có kết quả)",
    }  # fmt: skip
    return forms.Report06a(**{**COMMON, **values, **changes})


EXAMPLES = {
    make.__name__: make
    for make in (
        slip, supplement_request, refusal, apology, stop_notice, control_slip, register, result_hand_over, dossier_hand_over, report_06a,
    )
}  # fmt: skip


# --- what came out -------------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).parents[2] / "golden" / "printing"
needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="poppler (pdftotext, pdftoppm) is not installed"
)


@cache
def pdf_of(form: forms.Form) -> bytes:
    return render_pdf(form)


def poppler(program: str, *arguments: str, pdf: bytes) -> bytes:
    return subprocess.run(
        [program, *arguments], input=pdf, capture_output=True, check=True, timeout=60
    ).stdout


def text_of(form: forms.Form) -> str:
    return text_in(pdf_of(form))


def text_in(pdf: bytes) -> str:
    """The text of the paper as a reader gets it: pages joined, runs of blanks single, break hints removed."""
    text = (
        poppler("pdftotext", "-layout", "-enc", "UTF-8", "-", "-", pdf=pdf)
        .decode("utf-8")
        .replace("\u200b", "")
    )
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def squeezed(text: str) -> str:
    return "".join(text.split())


def pages_of(form: forms.Form) -> int:
    shown = poppler("pdfinfo", "-", pdf=pdf_of(form)).decode("utf-8")
    return int(re.search(r"Pages:\s+(\d+)", shown)[1])


def word_boxes(form: forms.Form) -> list[tuple[float, float, float]]:
    """(left, right, page width) of every word, in points."""
    shown = poppler("pdftotext", "-bbox", "-", "-", pdf=pdf_of(form)).decode("utf-8")
    width = float(re.search(r'<page width="([\d.]+)"', shown)[1])
    return [
        (float(a), float(b), width)
        for a, b in re.findall(r'xMin="(-?[\d.]+)" yMin="[^"]*" xMax="([\d.]+)"', shown)
    ]


@needs_poppler
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_text_of_every_form_is_the_golden_text(name: str):
    golden = GOLDEN / f"{name}.txt"
    paper = document(EXAMPLES[name]())
    # Set in the face that comes with typst: the line breaks are then the same on every machine.
    text = text_in(typeset.typeset(paper.template, json.dumps(paper.values), system_fonts=False))
    if os.environ.get("MOTCUA_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


@needs_poppler
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_form_has_its_title_and_marks_its_field_text_as_unverified_in_the_file_only(name: str):
    form = EXAMPLES[name]()
    text, shown = text_of(form), poppler("pdfinfo", "-", pdf=pdf_of(form)).decode("utf-8")
    assert "field-text-unverified" in shown
    assert "unverified" not in text
    assert FORM_TEXTS[name].title in shown
    assert squeezed("không thay chữ ký của người có thẩm quyền") in squeezed(text)
    assert "Đang chờ về tỉnh" not in text


def test_every_form_has_an_example_a_template_and_a_name():
    kinds = [kind for kind in vars(forms).values() if isinstance(kind, type) and issubclass(kind, forms.Form)]
    assert {type(make()) for make in EXAMPLES.values()} == set(kinds) - {forms.Form}
    assert set(EXAMPLES) == set(FORM_TEXTS)
    assert {document(make()).template for make in EXAMPLES.values()} == set(EXAMPLES)


def test_the_same_form_gives_the_same_bytes():
    assert render_pdf(refusal()) == render_pdf(refusal())


# --- the slip ------------------------------------------------------------------------------------------------------


@needs_poppler
def test_the_slip_is_one_page_a_copy():
    assert pages_of(slip()) == 2
    assert pages_of(slip(copies=(forms.Copy.GIVEN,))) == 1
    text = text_of(slip())
    assert not re.search("^[0-9]$", text, re.M)  # no page numbers: each copy is one page
    assert text.index("(Liên 1: Lưu)") < text.index("(Liên 2: Giao người nộp)")


@needs_poppler
@pytest.mark.parametrize("code", ["H17.20242-261120-0007", "TAM.20242-261120-K7QX2M9P-001"])
def test_the_qr_code_read_from_the_printed_page_is_the_dossier_code(code: str):
    form = slip(code=forms.DossierCode(text=code, provisional=code.startswith("TAM")))
    picture = poppler("pdftoppm", "-r", "300", "-gray", "-f", "1", "-l", "1", "-", pdf=pdf_of(form))
    header, width, height = (
        re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", picture),
        *map(int, re.findall(rb"\d+", picture[2:20])[:2]),
    )
    pixels = memoryview(picture)[header.end() :].cast("B", (height, width))
    found = zxingcpp.read_barcodes(pixels)
    assert [(barcode.format.name, barcode.text) for barcode in found] == [("QRCode", code)]


@needs_poppler
@pytest.mark.parametrize("papers", range(0, 10, 3))
def test_a_slip_with_many_papers_is_still_one_page(papers: int):
    many = tuple(
        forms.Paper(name=f"Giấy tờ thứ {ordinal} theo quy định", originals=1) for ordinal in range(papers)
    )
    assert pages_of(slip(papers=many, copies=(forms.Copy.GIVEN,))) == 1


@needs_poppler
@pytest.mark.parametrize("name", EXAMPLES)
def test_all_letters_of_a_form_come_from_one_typeface(name: str):
    shown = poppler("pdffonts", "-", pdf=pdf_of(EXAMPLES[name]())).decode("utf-8")
    faces = set(re.findall(r"^[A-Z]{6}\+(\w+?)(?:PS|MT|-|\s)", shown, re.M))
    assert len(faces) == 1, shown


@needs_poppler
def test_a_provisional_code_is_named_so_and_only_then():
    provisional = text_of(
        slip(code=forms.DossierCode(text="TAM.20242-261120-K7QX2M9P-001", provisional=True))
    )
    assert "Mã hồ sơ tạm thời: TAM.20242-261120-K7QX2M9P-001" in provisional
    assert "Mã hồ sơ chính thức được cấp khi" in provisional
    assert "tạm thời" not in text_of(slip())


@needs_poppler
def test_waiting_for_the_province_is_printed_where_asked():
    assert text_of(slip(waiting_for_province=True)).count("Đang chờ về tỉnh") == 2  # on each copy


@needs_poppler
def test_unknown_values_leave_dotted_lines_and_no_empty_labels():
    text = text_of(
        slip(
            submitter=forms.Person(name="Hồ Văn Ửng"),
            owner=None,
            due=None,
            papers=(),
            book="",
            office=replace(OFFICE, lookup="", phone=""),
        )
    )
    assert re.search(r"Địachỉ:\.{20,}", squeezed(text).replace("…", "..."))
    assert "Chủ hồ sơ" not in text
    assert "Tra cứu" not in text
    assert "Thủ tục không quy định thời hạn" in text


@pytest.mark.parametrize(("due", "paid", "words"), [(0, 0, "Không"), (8000, 0, "8.000 đồng (chưa nộp)"), (1500000, 8000, "1.500.000 đồng (đã nộp 8.000 đồng)")])  # fmt: skip
def test_the_fee_line(due: int, paid: int, words: str):
    assert document(slip(fee_due=due, fee_paid=paid)).values["fee"] == words


def test_a_qr_code_refuses_text_a_slip_cannot_hold():
    for text in ("", "9" * 65):
        with pytest.raises(ValueError, match="QR"):
            plain_symbol(text)


# --- tables --------------------------------------------------------------------------------------------------------


@needs_poppler
def test_the_register_repeats_its_headings_and_numbers_its_pages():
    form = register(rows=register_rows(120), first_ordinal=301)
    pages, text = pages_of(form), text_of(form)
    assert pages > 8
    assert text.count("(1) (2) (3)") == pages
    assert text.count("Sổ theo dõi hồ sơ. Từ ngày 01/11/2026 đến ngày 30/11/2026") == pages - 1
    assert "Tổng số: 120 hồ sơ" in text
    assert re.search("^301 H17", text, re.M)
    assert re.search("^420 H17", text, re.M)


def test_the_control_slip_ticks_each_timeliness_there_is():
    template = (typeset.TEMPLATES / "control_slip.typ").read_text(encoding="utf-8")
    assert all(f'"{timeliness}"' in template for timeliness in Timeliness)
    assert [step["timeliness"] for step in document(control_slip()).values["steps"]] == ["early", "on_time"]


@pytest.mark.parametrize("kind", forms.StopKind)
def test_a_stop_notice_says_how_it_stops(kind: forms.StopKind):
    values = document(stop_notice(kind=kind, stage="đang thẩm tra.")).values
    assert values["paused"] == values["action"].startswith("tạm dừng")
    assert values["stage"] == "đang thẩm tra"


@needs_poppler
def test_an_empty_register_says_so():
    assert "Không có hồ sơ trong kỳ này." in text_of(register(rows=()))


def test_the_report_adds_up():
    values = document(report_06a()).values
    assert values["totals"] == ["5.205", "657", "4.532", "16", "5.172", "4.903", "257", "12", "33", "30", "3"]
    assert document(report_06a(rows=())).values["totals"] == ["0"] * 11


def test_the_control_slip_leaves_rows_to_be_filled_in_by_hand():
    assert document(control_slip()).values["blank_rows"] == 2
    assert document(control_slip(rows_at_least=1)).values["blank_rows"] == 0


def test_long_tables_go_without_structure_tags():
    assert document(register(rows=register_rows(200))).tagged
    assert not document(register(rows=register_rows(201))).tagged
    assert b"/StructTreeRoot" in pdf_of(refusal())
    assert b"/StructTreeRoot" not in pdf_of(register(rows=register_rows(201)))


def test_more_rows_or_text_than_a_paper_holds_is_refused():
    rows = register_rows(1) * 2001
    with pytest.raises(FormTooLarge, match="2001 rows"):
        render_pdf(register(rows=rows))
    with pytest.raises(FormTooLarge, match="4001 characters"):
        render_pdf(refusal(reason="a" * 4001))


# --- hostile text --------------------------------------------------------------------------------------------------

HOSTILE = (
    '#read("/etc/passwd")', "*đậm* _nghiêng_ `mã`", '#import "@preview/x:1.0.0"', "#{panic()}", "$x^2$ <nhãn> @tham-chiếu",
    "= Tiêu đề", "- dòng", "1. mục", "// chú thích", "\\u{41} \\ ~ -- ---", '"], #eval("1+1") #[', "{{7*7}} %s ${x}", "https://a.b/c?d=#e",
)  # fmt: skip


@needs_poppler
@pytest.mark.parametrize("name", ["slip", "stop_notice", "result_hand_over"])
def test_markup_in_user_text_is_printed_and_never_run(name: str):
    joined = " | ".join(HOSTILE)
    person = replace(APPLICANT, name=joined, address=joined)
    changed = {
        "slip": {
            "submitter": person,
            "procedure": joined,
            "papers": (forms.Paper(name=joined, note=joined),),
            "copies": (),
        },
        "stop_notice": {
            "addressee": person,
            "ground": joined,
            "procedure": joined,
            "signatory": forms.Signatory(capacity=joined),
        },
        "result_hand_over": {"receiver": person, "abstract": joined, "officer": joined},
    }
    text = squeezed(text_of(EXAMPLES[name](**changed[name])))
    for hostile in HOSTILE:
        assert squeezed(hostile) in text
    assert "root:" not in text


@needs_poppler
@pytest.mark.parametrize("name", ["slip", "register", "dossier_hand_over", "control_slip", "report_06a"])
def test_very_long_words_stay_on_the_paper(name: str):
    word = "Nguyễn" * 60
    person = forms.Person(
        name=word, address=word, phone="9" * 80, email="a" * 80 + "@example.vn", id_number="0" * 60
    )
    changed = {
        "slip": {"submitter": person, "owner": person, "procedure": word, "papers": (forms.Paper(name=word),), "office": replace(OFFICE, name=word)},
        "register": {"rows": tuple(replace(row, name=word, address=word, procedure=word, note=word) for row in register_rows(3))},
        "dossier_hand_over": {"giver": word, "rows": (forms.HandOverRow(code=CODE, procedure=word, owner=word, note=word),)},
        "control_slip": {"steps": (forms.ControlStep(giver=word, receiver=word, giver_name=word, receiver_name=word, note=word),)},
        "report_06a": {"recipient": word, "preparer": word, "rows": (forms.Report06aRow(name=word, online=10**9),)},
    }  # fmt: skip
    boxes = word_boxes(EXAMPLES[name](**changed[name]))
    assert boxes
    assert all(left >= 0 and right <= width - 20 for left, right, width in boxes)


@needs_poppler
def test_lines_emoji_and_decomposed_text():
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Ngọc Ánh")
    name = (
        f"{decomposed}\nCông ty TNHH Một thành viên\nThương mại và Dịch vụ 👩‍👩‍👧 Sông Hàn\nChi nhánh Đà Nẵng"
    )
    text = text_of(supplement_request(submitter=forms.Person(name=name), officer=decomposed))
    assert "Nguyễn Thị Ngọc Ánh" in text
    assert decomposed not in text
    for line in ("Công ty TNHH Một thành viên", "Chi nhánh Đà Nẵng"):
        assert re.search(f"^{line}$", text, re.M)


def test_controls_turned_text_and_broken_characters_do_not_reach_the_paper():
    assert printable("a\x00b\x1b[31m\u202ec\u200f\ufeff\xad") == "ab[31mc"
    assert printable("tên\ud800") == "tên\ufffd"
    assert printable("một\thai\r\nba\rbốn\u2028năm ") == "một hai\nba\nbốn\nnăm"
    assert render_pdf(refusal(reason="x\ud800\x00\u202ey")).startswith(b"%PDF-")


# --- the typesetter ------------------------------------------------------------------------------------------------


def test_templates_neither_evaluate_nor_read_nor_fetch():
    for template in typeset.TEMPLATES.glob("*.typ"):
        code = template.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|\bread\(|@preview|@local|plugin\(", code), template.name


def test_the_typesetter_sees_its_templates_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "secret.txt").write_text("bí mật", encoding="utf-8")
    templates = tmp_path / "templates"
    templates.mkdir()
    monkeypatch.setattr(typeset, "TEMPLATES", templates)
    for name, path in {
        "absolute": "/etc/passwd",
        "above": "../secret.txt",
        "full": (tmp_path / "secret.txt").as_posix(),
    }.items():
        (templates / f"{name}.typ").write_text(f'#read("{path}")', encoding="utf-8")
        with pytest.raises(typst.TypstError, match=r"not found|escape"):
            typeset.typeset(name, "{}")


@pytest.mark.parametrize("name", ["../slip", "/etc/passwd", "slip.typ", ""])
def test_only_names_of_templates_are_taken(name: str):
    with pytest.raises(ValueError, match="template"):
        typeset.typeset(name, "{}")


def test_a_failing_or_silent_or_missing_typesetter_is_an_error(monkeypatch: pytest.MonkeyPatch):
    for command, said in {
        (sys.executable, "-c", "import sys; sys.stderr.buffer.write('hỏng'.encode()); sys.exit(1)"): "hỏng",
        (sys.executable, "-c", "pass"): "exit code 0",
        ("no-such-program-here",): "could not start",
    }.items():
        monkeypatch.setattr(render, "_COMMAND", command)
        with pytest.raises(PrintingFailed, match=said):
            render_pdf(refusal())


def test_a_typesetter_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(render, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(render, "TYPESET_SECONDS_MAX", 0.2)
    with pytest.raises(PrintingFailed, match="not finished"):
        render_pdf(refusal())


def test_a_broken_template_is_reported_with_its_place(monkeypatch: pytest.MonkeyPatch):
    paper = document(refusal())
    monkeypatch.setattr(render, "document", lambda form: replace(paper, values={}))
    with pytest.raises(PrintingFailed, match=r"common\.typ|refusal\.typ"):
        render_pdf(refusal())


@pytest.mark.slow
def test_twenty_papers_leave_the_memory_of_the_node_as_it_was():
    node = psutil.Process()
    before_all = set(node.children())
    render_pdf(slip())
    before = node.memory_info().rss
    for _ in range(20):
        render_pdf(slip())
    assert node.memory_info().rss - before < 8 * 2**20
    assert set(node.children()) <= before_all


def test_the_node_itself_never_loads_what_its_children_work_with():
    code = "import sys, edge_node.printing; sys.exit(bool({'typst', 'pypdf'} & sys.modules.keys()))"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode
        == 0
    )


# --- wording -------------------------------------------------------------------------------------------------------


def test_days_and_instants_in_words():
    assert day_in_words(20260205) == "ngày 05 tháng 02 năm 2026"
    assert day_in_words(20261103) == "ngày 03 tháng 11 năm 2026"
    assert day_in_words(20260309) == "ngày 09 tháng 3 năm 2026"
    assert instant_in_words(0) == "07 giờ 00 phút, ngày 01 tháng 01 năm 1970"
    assert instant_in_words(at(20261120, 10, 5)) == "10 giờ 05 phút, ngày 20 tháng 11 năm 2026"
    assert upper(unicodedata.normalize("NFD", "ủy ban xã Đắk Ơ")) == "ỦY BAN XÃ ĐẮK Ơ"
