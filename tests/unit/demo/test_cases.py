"""What people come with answers the procedure's own form, and costs what the catalogue says."""

from datetime import date
from random import Random

import pytest

from demo.cases import COPY_OF_ORIGINAL, DEATH, EXTRACT, make_case
from dossiers.components import FieldKind
from dossiers.kinds import check_body, check_facts
from dossiers.procedures import Procedure, load_default_catalogue
from dossiers.units import load_default_units

TODAY = date(2025, 2, 10)
CATALOGUE = load_default_catalogue()
UNIT = load_default_units().communes[5]
PROCEDURES = {procedure.code: procedure for procedure in CATALOGUE.procedures}


@pytest.mark.parametrize("procedure", CATALOGUE.procedures, ids=lambda procedure: str(procedure.code))
def test_every_required_question_is_answered_in_its_kind(procedure: Procedure) -> None:
    for seed in range(5):
        case = make_case(Random(seed), procedure, UNIT, today=TODAY)
        for question in procedure.form_fields:
            answer = case.fields.get(question.record_code)
            assert answer or not question.is_required, question.code
            if answer and question.kind is FieldKind.DATE:
                date.fromisoformat(answer)
            if answer and question.kind is FieldKind.CHOICE:
                assert answer in {option.code for option in question.options}
            if answer and question.kind is FieldKind.NUMBER:
                assert answer.isdigit()
        assert case.fields.keys() <= {f.record_code for f in procedure.form_fields} | {
            "summary", "applicant.name", "applicant.id_number", "applicant.birth_date", "applicant.address", "applicant.phone",
        }  # fmt: skip


def test_a_case_fits_into_a_record() -> None:
    for procedure in CATALOGUE.procedures:
        case = make_case(Random(4), procedure, UNIT, today=TODAY)
        facts = {"fields": sorted(case.fields), "set": {}}
        assert check_facts("dossier.amended", facts) is None
        assert check_body("dossier.amended", facts, {"fields": case.fields}) is None


def test_copies_are_charged_by_the_page() -> None:
    for seed in range(20):
        case = make_case(Random(seed), PROCEDURES[COPY_OF_ORIGINAL], UNIT, today=TODAY)
        pages = int(case.fields["form.pages"]) * int(case.fields["form.copies"])
        assert case.fee_due == 2_000 * min(pages, 2) + 1_000 * max(0, pages - 2)
        assert case.fee_code == "page"


def test_an_extract_costs_8000_a_copy() -> None:
    case = make_case(Random(1), PROCEDURES[EXTRACT], UNIT, today=TODAY)
    assert case.fee_due == 8_000 * int(case.fields["form.copies"])


def test_a_child_is_younger_than_the_parent_it_buries() -> None:
    for seed in range(60):
        case = make_case(Random(seed), PROCEDURES[DEATH], UNIT, today=TODAY)
        if case.fields["form.relationship"] in {"Con", "Cháu"}:
            born = date.fromisoformat(case.fields["form.deceased_birth_date"])
            assert case.applicant.birth.year - born.year >= 20
