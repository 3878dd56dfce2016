"""What is shown to be compared with a paper is in words, whatever kind of record it is."""

import re
from collections.abc import Mapping

import pytest

from dossiers.axes import CHANNEL_WORDS, DELIVERY_WORDS, PAYMENT_WORDS
from dossiers.erasures import GROUNDS
from dossiers.lifecycle import MOVES
from dossiers.procedures import load_default_catalogue
from signing.compared import Known, compared
from signing.form_names import CHOICE_NAMES, FEE_NAMES, FORM_NAMES, PAPER_NAMES
from signing.names import FIELD_NAMES, VALUE_NAMES
from signing.report import Document
from tests.support.records_to_compare import documents

BY_KIND = {each.kind: each for each in documents()}
PROCEDURES = list(load_default_catalogue().procedures)


def shown(kind: str, *, is_english: bool = False) -> dict[str, str]:
    document = BY_KIND[kind]
    return dict(compared(document, is_english=is_english, known=Known(unit=lambda code: f"đơn vị {code}")))


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_a_reader_meets_no_code_of_a_field_nor_an_id(kind: str) -> None:
    for is_english in (False, True):
        for name, value in shown(kind, is_english=is_english).items():
            assert not re.search(r"\b[a-z]+[._][a-z]+|^[a-z_]+$", name), (name, value)
            assert not re.search(r"0{32}|[{}\[\]]", value), (name, value)


def test_a_unit_is_never_shown_as_a_state_nor_a_way_of_paying_as_a_way_of_handing_over() -> None:
    assert shown("dossier.referred")["Chuyển đến đơn vị"] == "đơn vị 20257"
    assert "Chuyển sang trạng thái" not in shown("dossier.papers_given")
    assert shown("dossier.paid")["Cách nộp tiền"] == "Tiền mặt"
    assert shown("dossier.moved")["Cách trả kết quả"] == "Trả trực tiếp tại Bộ phận Một cửa"
    assert shown("dossier.moved")["Chuyển sang trạng thái"] == "Mới đăng ký"


def test_a_reception_is_shown_as_on_the_slip() -> None:
    said = shown("dossier.received")
    assert list(said)[:3] == ["Mã hồ sơ", "Thủ tục", "Ngày hẹn trả"]
    assert said["Hình thức nộp"] == "Trực tiếp"
    assert said["Thành phần hồ sơ"] == "Giấy tờ: Giấy chứng sinh; Hình thức: bản chính; Số lượng: 1"
    assert said["Ngày hẹn trả"] == "18/11/2026 18:06 (UTC+07:00)"
    assert said["Ngày chết"] == "12/03/1987"
    assert said["Giới tính"] in ("Nam", "Nữ")


def test_a_question_published_since_is_called_as_the_hub_knows_it_and_every_answer_of_a_form_is_shown() -> (
    None
):
    document = Document(
        id="0" * 64, kind="dossier.amended", unit="20242", dossier=None, facts={"fields": ["form.new", "log", "other.x"]},
        content={"fields": {"form.new": "một", "log": "hai", "other.x": "ba"}},
    )  # fmt: skip
    known = Known(question=lambda code: "Câu hỏi mới" if code == "form.new" else None)
    assert dict(compared(document, is_english=False, known=known)) == {
        "Câu hỏi mới": "một",
        "log": "hai",
        "other.x": "ba",
    }


def test_every_question_answer_paper_and_fee_of_the_catalogue_has_its_words() -> None:
    questions: dict[str, set[tuple[str, str]]] = {}
    answers: dict[str, dict[str, set[tuple[str, str]]]] = {}
    papers: dict[str, set[tuple[str, str]]] = {}
    fees: dict[str, set[tuple[str, str]]] = {}
    for procedure in PROCEDURES:
        for question in procedure.form_fields:
            asked = question.label
            questions.setdefault(question.record_code, set()).add((asked.vi, asked.en))
            for option in question.options:
                chosen = answers.setdefault(question.record_code, {}).setdefault(option.code, set())
                chosen.add((option.name.vi, option.name.en))
        for paper in procedure.papers:
            papers.setdefault(paper.code, set()).add((paper.name.vi, paper.name.en))
        for fee in procedure.fees:
            fees.setdefault(fee.code, set()).add((fee.name.vi, fee.name.en))
    assert_same(FORM_NAMES, questions)
    assert_same(PAPER_NAMES, papers)
    assert_same(FEE_NAMES, fees)
    assert CHOICE_NAMES.keys() == answers.keys()
    for code, chosen in answers.items():
        assert_same(CHOICE_NAMES[code], chosen)


def assert_same(names: Mapping[str, tuple[str, str]], words: Mapping[str, set[tuple[str, str]]]) -> None:
    """Every code has a name, and where the catalogue has one wording, that one."""
    assert names.keys() == words.keys()
    for code, wordings in words.items():
        if len(wordings) == 1:
            ((vi, en),) = wordings
            assert names[code] == (vi, en.replace("'", "’"))


def test_coded_values_are_called_as_on_the_other_screens() -> None:
    for member, words in (
        ("channel", CHANNEL_WORDS),
        ("method", DELIVERY_WORDS),
        ("dossier.paid method", PAYMENT_WORDS),
    ):
        assert VALUE_NAMES[member] == {str(int(code)): said for code, said in words.items()}
    assert VALUE_NAMES["action"] == {move.action: (move.vi, move.en) for move in MOVES}
    assert VALUE_NAMES["erasure.ordered ground"] == {
        each.code: (each.vi, each.en) for each in GROUNDS.values()
    }
    assert {name.rpartition(" ")[2] for name in VALUE_NAMES} <= {
        each.rpartition(" ")[2] for each in FIELD_NAMES
    }
