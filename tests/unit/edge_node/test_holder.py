"""Whose year of birth stands in the code on a paper: the holder's, or nobody's."""

import pytest

from dossiers.procedures import load_default_catalogue
from edge_node.casework.holder import holder_birth_year
from signing.qr import PaperKind

HOA = {
    "applicant.name": "Nguyễn Thị Hoa",
    "applicant.birth_date": "1987-05-01",
    "applicant.id_number": "048187001234",
}
PROCEDURES = {each.code: each for each in load_default_catalogue().procedures}
BIRTH, DEATH, MARRIAGE, STATUS, COPY, WILL, BUSINESS, POOR = (
    "1.001193", "1.000656", "1.000894", "1.004873", "2.000815", "2.001019", "1.001612", "1.011606",
)  # fmt: skip
CHILD = {"form.child_name": "Lê An", "form.birth_date": "2026-11-01", "form.mother_name": "Nguyễn Thị Hoa"}
WIFE = {
    "form.wife_name": "Nguyễn  thị HOA",
    "form.wife_birth_date": "1987-05-01",
    "form.husband_name": "Lê Ba",
}
OTHER_OWNER = {"owner.name": "Công ty An Bình", "owner.id_number": "0401234567"}
SAME_OWNER = {"owner.name": "Nguyễn Thị Hoa", "owner.id_number": "048187001234"}


def year(kind: PaperKind, procedure: str, more: dict[str, str]) -> int | None:
    fields = HOA | more
    return holder_birth_year(kind, PROCEDURES.get(procedure), lambda code: fields.get(code, ""))


@pytest.mark.parametrize(
    ("procedure", "more", "on_slip", "on_result"),
    [
        (COPY, {}, True, True),
        (COPY, {"form.document_name": "Bằng đại học"}, True, True),
        (COPY, OTHER_OWNER, False, False),
        (COPY, {"owner.name": "Nguyễn Thị Hoa"}, False, False),  # another of the same name, for all that is known
        (COPY, SAME_OWNER, True, True),
        (BIRTH, CHILD, True, False),
        (DEATH, {"form.deceased_name": "Lê Tư"}, True, False),
        (MARRIAGE, WIFE, True, True),
        (MARRIAGE, {"form.wife_name": "Trần Thị Mai", "form.husband_name": "Lê Ba"}, True, False),
        (STATUS, {"form.person_name": "Nguyễn Thị Hoa", "form.person_birth_date": "1987-05-01"}, True, True),
        (STATUS, {"form.person_name": "Nguyễn Thị Hoa", "form.person_birth_date": "2009-02-02"}, True, False),
        (STATUS, {"form.person_name": "Nguyễn Thị Hoa", "form.person_id_number": "048187009999"}, True, False),
        (STATUS, {}, True, False),
        (WILL, {"form.testator_name": "Nguyễn Thị Hoa"}, True, True),
        (BUSINESS, {"form.business_name": "Quán Hoa", "form.head_name": "Nguyễn Thị Hoa"}, True, True),
        (POOR, {"form.household_head": "Lê Văn Sáu"}, True, False),
        ("not in this catalogue", {}, True, False),
        (COPY, {"applicant.birth_date": ""}, False, False),
        (COPY, {"applicant.birth_date": "0087-05-01"}, False, False),
        (COPY, {"applicant.birth_date": "không rõ"}, False, False),
    ],
)  # fmt: skip
def test_the_year_is_the_holders_or_is_not_there(
    procedure: str, more: dict[str, str], on_slip: bool, on_result: bool
) -> None:
    assert year(PaperKind.SLIP, procedure, more) == (1987 if on_slip else None)
    assert year(PaperKind.RESULT, procedure, more) == (1987 if on_result else None)


def test_every_question_after_a_person_in_the_catalogue_is_known() -> None:
    """Who adds a procedure decides here whether its question names whom the result is about."""
    named = {
        each.code
        for procedure in PROCEDURES.values()
        for each in procedure.form_fields
        if each.code.endswith(("_name", "_head"))
    }
    assert named == {
        "beneficiary_name", "business_name", "child_name", "deceased_name", "document_name", "father_name", "guardian_name",
        "head_name", "holder_name", "household_head", "householder_name", "husband_name", "mother_name", "organiser_name",
        "parent_name", "person_name", "registered_name", "testator_name", "ward_name", "wife_name",
    }  # fmt: skip
