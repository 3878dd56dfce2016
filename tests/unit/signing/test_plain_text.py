"""A report as a person reads it in a terminal."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import signing
from dossiers.kinds import KINDS
from dossiers.states import STATES
from signing.bundles import open_unpinned_bundle
from signing.exported import encode_export
from signing.names import KIND_NAMES, ROLE_NAMES, STATE_NAMES
from signing.plain_text import Language, render
from signing.report import Report
from signing.snapshot import open_snapshot
from signing.trust import Role
from signing.verification import verify
from tests.support.corpus.cases import stored
from tests.support.paper import paper_bundle, paper_code


@pytest.fixture
def report(cast: Any) -> Report:
    stated = cast.stated(cast.statement("lan", [Role.RECEPTIONIST]), content={"name": "Trần Minh Lan"})
    return verify(encode_export(cast.record("lan"), [stated]), cast.bundle(), 1_700_200_000_000)


def test_vietnamese(report: Report) -> None:
    lines = render(report, Language.VI).splitlines()
    assert lines[0] == "Hợp lệ: chữ ký đúng và người ký có thẩm quyền."
    assert any(
        line.startswith("  Người ký: Trần Minh Lan · cán bộ một cửa (receptionist) · 20242 · khóa: ")
        for line in lines
    )
    assert "  Thời điểm ký (khai báo): 15/11/2023 05:13:25 (UTC+07:00)" in lines
    assert "    ✓ Chữ ký đúng." in lines
    assert "  Gói tin cậy: phiên bản 1, 2 ngày tuổi" in lines
    assert f"    dấu vân tay khóa gốc: {report.trust.root_fingerprint}" in lines


def test_english(report: Report) -> None:
    lines = render(report, Language.EN).splitlines()
    assert lines[0] == "Valid: the signature is right and the signer was entitled."
    assert "    ✓ The signature is right." in lines
    assert "  Trust bundle: version 1, 2 days old" in lines


def test_kinds_and_roles_have_names_with_their_codes(report: Report) -> None:
    assert ROLE_NAMES.keys() == set(Role)
    assert {int(code): (state.vi, state.en) for code, state in STATES.items()} == STATE_NAMES
    assert {code: (kind.vi, kind.en) for code, kind in KINDS.items()} == KIND_NAMES
    document = report.subject.document
    assert document is not None
    for language, name in ((Language.VI, "Tiếp nhận hồ sơ"), (Language.EN, "Dossier received")):
        named = replace(report.subject, document=replace(document, kind="dossier.received"))
        assert f": {name} (dossier.received) · " in render(replace(report, records=(named,)), language)
        unknown = replace(report.subject, document=replace(document, kind="dossier.foretold"))
        assert ": dossier.foretold · " in render(replace(report, records=(unknown,)), language)


def test_the_page_calls_every_role_as_the_command_does() -> None:
    texts = (Path(signing.__file__).parent / "web" / "texts.js").read_text(encoding="utf-8")
    vietnamese, english = re.findall(r"roles: \{(.*?)\n    \}", texts, re.DOTALL)
    for language, said in enumerate((vietnamese, english)):
        assert dict(re.findall(r'(\w+): "([^"]*)"', said)) == {
            role.value: names[language] for role, names in ROLE_NAMES.items()
        }


def test_every_check_and_every_gap_has_its_line(report: Report) -> None:
    for language in Language:
        assert len(render(report, language).splitlines()) == 11 + len(report.checks) + len(report.not_checked)


@pytest.mark.parametrize("ms", [2**53 - 1, -(2**53) + 1, 253_402_300_799_999])
def test_an_instant_outside_the_calendar_is_a_number(report: Report, ms: int) -> None:
    assert f"{ms} ms" in render(
        replace(report, records=(replace(report.subject, claimed_ms=ms),)), Language.VI
    )


def test_a_report_about_nothing(cast: Any) -> None:
    lines = render(verify(b"", cast.bundle()), Language.VI).splitlines()
    assert lines[0].startswith("Không hợp lệ: đây không phải tệp chứng minh")
    assert lines[1].startswith("  Việc cần làm: Chọn lại đúng tệp")
    assert lines[2] == "  Đã kiểm tra:"
    assert "  Gói tin cậy: phiên bản 1" in lines


def test_a_code_on_paper_lists_what_to_compare() -> None:
    report = verify(paper_code(result="Giấy khai sinh").encode(), open_unpinned_bundle(paper_bundle()))
    lines = render(report, Language.VI).splitlines()
    start = lines.index("  So với tờ giấy, từng mục:")
    assert lines[start + 1 : start + 9] == [
        "    Mã hồ sơ: H17.20242-261120-0001",
        "    Thủ tục: 1.004222",
        "    Ngày cấp: 20/11/2026",
        "    Ngày hẹn trả: 25/11/2026",
        "    Cơ quan cấp: Phường Hải Châu",
        "    Chủ hồ sơ: Nguyễn Thị Minh Nguyệt",
        "    Năm sinh: 1987",
        "    Kết quả: Giấy khai sinh",
    ]
    assert "giấy tiếp nhận hồ sơ và hẹn trả kết quả" in "".join(lines)


def test_a_field_of_a_form_does_not_stand_in_the_place_of_a_fact_of_its_name(report: Report) -> None:
    record = report.records[0]
    assert record.document is not None
    document = replace(record.document, facts={"code": "H17"}, content={"fields": {"code": "ABC"}})
    lines = render(replace(report, records=(replace(record, document=document),)), Language.VI).splitlines()
    assert [line for line in lines if "Mã hồ sơ" in line] == ["    Mã hồ sơ: H17", "    Mã hồ sơ: ABC"]


def test_a_file_of_several_records_says_which_is_out_of_force_and_shows_each() -> None:
    case = next(each for each in stored() if each["name"] == "document-withdrawn-in-the-second-record")
    bundle = open_unpinned_bundle(case["trust_bytes"])
    report = verify(case["data"], bundle, status=open_snapshot(case["status_bytes"], bundle))
    lines = render(report, Language.VI).splitlines()
    assert lines[0] == "Không còn hiệu lực: chữ ký đúng, nhưng văn bản đã bị thu hồi (bản ghi 2)."
    assert lines[1].startswith("  Việc cần làm: Không dùng văn bản này nữa.")
    first, second = (
        next(number for number, line in enumerate(lines) if line.startswith(f"  Bản ghi {each}: "))
        for each in (1, 2)
    )
    assert "    Hiệu lực văn bản: còn hiệu lực" in lines[first:second]
    assert "    Mã hồ sơ: H17.20242-261122-0001" in lines[first:second]
    for line in (
        "    Hiệu lực văn bản: đã bị thu hồi",
        "    Chuyển sang trạng thái: Đã có kết quả",
        "    Số kết quả: 117/GXN-UBND",
        "    Ngày kết quả: 21/11/2026",
        "    Người ký kết quả: Phạm Thị Bình",
    ):
        assert line in lines[second:]
    assert "the document was withdrawn (record 2)." in render(report, Language.EN).splitlines()[0]
