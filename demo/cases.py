"""What people come to the desk with: a procedure, the fields of its form, a summary in the office's words, fee, papers.

The frequent procedures of a commune (certified copies first) are described one by one; any other procedure of the
catalogue gets its required fields filled by their kind, so that a catalogue with more procedures can be used as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from demo.people import Person, make_address, make_child_name, make_name, make_person, make_person_born
from dossiers.components import FeeUnit, FieldKind, FormField
from dossiers.procedures import Procedure
from dossiers.units import Unit

COPY_OF_ORIGINAL: Final = "2.000815"
SIGNATURE: Final = "2.000884"
REGISTER_COPY: Final = "2.000908"
EXTRACT: Final = "2.000635"
BIRTH: Final = "1.001193"
BIRTH_LINKED: Final = "2.000986"
BIRTH_AGAIN: Final = "1.004884"
DEATH: Final = "1.000656"
DEATH_LINKED: Final = "2.002913"
MARRIAGE: Final = "1.000894"
MARITAL_STATUS: Final = "1.004873"
CHANGE: Final = "1.004859"
BUSINESS: Final = "1.001612"
POOR_HOUSEHOLD: Final = "1.011607"
DISABILITY: Final = "1.001699"

_DOCUMENTS: Final = (
    "bằng tốt nghiệp đại học", "bằng tốt nghiệp trung học phổ thông", "giấy khai sinh", "học bạ", "sổ hộ khẩu cũ",
    "giấy chứng nhận quyền sử dụng đất", "giấy phép lái xe", "hợp đồng lao động", "giấy chứng nhận kết hôn",
    "chứng chỉ ngoại ngữ", "quyết định nghỉ hưu", "giấy đăng ký xe", "thẻ bảo hiểm y tế", "căn cước công dân",
)  # fmt: skip
_SIGNED: Final = (
    "giấy ủy quyền nhận lương hưu", "sơ yếu lý lịch", "giấy cam kết thừa nhận tài sản", "giấy ủy quyền nộp hồ sơ",
    "giấy bán xe máy", "đơn xin xác nhận thu nhập",
)  # fmt: skip
_TRADES: Final = (
    "bán lẻ tạp hóa", "cà phê, giải khát", "sửa chữa xe máy", "may mặc", "ăn uống", "cắt tóc, gội đầu",
    "bán lẻ vật liệu xây dựng", "gia công cơ khí",
)  # fmt: skip
_HOSPITALS: Final = ("Bệnh viện Phụ sản - Nhi Đà Nẵng", "Bệnh viện Đà Nẵng", "Trung tâm Y tế khu vực")
_PARENTS: Final = (21, 43)
_AGES: Final = {
    BIRTH: _PARENTS,
    BIRTH_LINKED: _PARENTS,
    MARRIAGE: (20, 41),
    BUSINESS: (22, 60),
    BIRTH_AGAIN: (25, 70),
}
_CHILD_YEARS: Final = 20
_COUNCIL_FEES: Final = {BUSINESS: 100_000, BIRTH_AGAIN: 8_000, CHANGE: 28_000}
"""What the desk fills in where the catalogue leaves the amount to the province's council; invented for the demo."""

Fields = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One visit: everything the desk types."""

    procedure: Procedure
    applicant: Person
    fields: Fields
    summary: str
    fee_code: str
    fee_units: int
    fee_due: int
    papers: tuple[dict[str, Any], ...]

    @property
    def form_fields(self) -> Fields:
        """Answers to the procedure's own form."""
        return {code: value for code, value in self.fields.items() if code.startswith("form.")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a visit is about, before it is written down: `units` is what its fee is charged for."""

    summary: str
    answers: Fields
    units: int = 1


_Teller = Callable[[Random, Unit, Person, date], _Told]


def make_case(rng: Random, procedure: Procedure, unit: Unit, *, today: date) -> Case:
    """Somebody of this commune comes with this procedure."""
    applicant = make_person(rng, unit, today=today, ages=_AGES.get(procedure.code, (18, 82)))
    teller = _TELLERS.get(procedure.code)
    told = teller(rng, unit, applicant, today) if teller else _plain(procedure)
    answers = {f"form.{code}": value for code, value in told.answers.items()}
    for field in procedure.form_fields:
        if field.is_required and field.record_code not in answers:
            answers[field.record_code] = _fill(rng, field, unit, applicant, today)
    known = {field.record_code for field in procedure.form_fields}
    fields = _applicant_fields(applicant) | {"summary": told.summary}
    fields |= {code: value for code, value in sorted(answers.items()) if code in known and value}
    fee_code, fee_units, fee_due = _fee(procedure, told.units)
    return Case(
        procedure=procedure,
        applicant=applicant,
        fields=fields,
        summary=told.summary,
        fee_code=fee_code,
        fee_units=fee_units,
        fee_due=fee_due,
        papers=_papers(rng, procedure),
    )


def written_day(day: date) -> str:
    """A date as a dossier's field holds it."""
    return day.isoformat()


def _applicant_fields(applicant: Person) -> Fields:
    return {
        "applicant.name": applicant.name,
        "applicant.id_number": applicant.id_number,
        "applicant.birth_date": written_day(applicant.birth),
        "applicant.address": applicant.address,
        "applicant.phone": applicant.phone,
    }


def _fee(procedure: Procedure, units: int) -> tuple[str, int, int]:
    for fee in procedure.fees:
        if fee.always:
            charged = 1 if fee.unit is FeeUnit.CASE else units
            amount = fee.total(charged)
            return fee.code, charged, _COUNCIL_FEES.get(procedure.code, 0) if amount is None else amount
    return "", 0, 0


def _papers(rng: Random, procedure: Procedure) -> tuple[dict[str, Any], ...]:
    handed_in = [p for p in procedure.papers if p.is_required or (p.code == "id_card" and rng.random() < 0.4)]
    return tuple(
        {
            "paper": paper.code,
            "form": int(paper.form),
            "count": paper.count,
            "digitised": rng.random() < 0.7,
            "reused": False,
        }
        for paper in handed_in
    )


# What each visit is about


def _copies(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    document, copies, pages = (
        rng.choice(_DOCUMENTS),
        rng.choice((1, 2, 2, 3, 3, 5)),
        rng.choice((1, 1, 2, 2, 4)),
    )
    return _Told(
        summary=f"Chứng thực {copies:02d} bản sao {document}",
        answers={"document_name": document.capitalize(), "pages": str(pages), "copies": str(copies)},
        units=pages * copies,
    )


def _signature(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    document = rng.choice(_SIGNED)
    answers = {"document_name": document.capitalize(), "signers": applicant.name, "copies": "1"}
    return _Told(summary=f"Chứng thực chữ ký trong {document}", answers=answers)


def _register_copy(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    document, copies = rng.choice(_DOCUMENTS[:4]), rng.choice((1, 2, 2))
    answers = {"document_name": document.capitalize(), "holder_name": applicant.name, "copies": str(copies)}
    return _Told(summary=f"Cấp {copies:02d} bản sao {document} từ sổ gốc", answers=answers, units=copies)


def _extract(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    event, words = rng.choice(
        (("birth", "khai sinh"), ("birth", "khai sinh"), ("marriage", "kết hôn"), ("death", "khai tử"))
    )
    copies = rng.choice((1, 1, 2, 2, 3))
    answers = {
        "event": event,
        "registered_name": applicant.name,
        "registered_birth_date": written_day(applicant.birth),
        "register_number": f"{rng.randrange(1, 400):03d}/{rng.randrange(1990, today.year)}",
        "copies": str(copies),
    }
    return _Told(summary=f"Cấp {copies:02d} bản sao trích lục {words}", answers=answers, units=copies)


def _birth(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    girl = rng.random() < 0.48
    child = make_child_name(rng, is_girl=girl, surname=applicant.surname)
    answers = {
        "child_name": child,
        "birth_date": written_day(today - timedelta(days=rng.randrange(4, 55))),
        "birth_place": rng.choice(_HOSPITALS),
        "sex": "female" if girl else "male",
        "ethnic_group": "Kinh",
        "nationality": "Việt Nam",
        "home_town": f"{unit.name}, Đà Nẵng",
        ("mother_name" if applicant.is_woman else "father_name"): applicant.name,
        ("mother_id_number" if applicant.is_woman else "father_id_number"): applicant.id_number,
        "relationship": "Mẹ" if applicant.is_woman else "Cha",
    }
    return _Told(summary=f"Đăng ký khai sinh cho cháu {child}", answers=answers)


def _birth_again(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    answers = {
        "child_name": applicant.name,
        "birth_date": written_day(applicant.birth),
        "sex": "female" if applicant.is_woman else "male",
        "ethnic_group": "Kinh",
        "nationality": "Việt Nam",
        "relationship": "Bản thân",
    }
    return _Told(summary=f"Đăng ký lại khai sinh cho {applicant.name}", answers=answers)


def _death(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    birth = today - timedelta(days=365 * rng.randrange(62, 97) + rng.randrange(365))
    deceased = make_person_born(rng, unit, birth=birth)
    answers = {
        "deceased_name": deceased.name,
        "deceased_birth_date": written_day(deceased.birth),
        "deceased_id_number": deceased.id_number,
        "death_date": written_day(today - timedelta(days=rng.randrange(1, 14))),
        "death_place": "Tại nhà",
        "last_residence": deceased.address,
        "relationship": _relationship(applicant, deceased),
    }
    title = "bà" if deceased.is_woman else "ông"
    return _Told(summary=f"Đăng ký khai tử cho {title} {deceased.name}", answers=answers)


def _relationship(applicant: Person, deceased: Person) -> str:
    """What the applicant is to the deceased, by their ages."""
    years = applicant.birth.year - deceased.birth.year
    if years >= 2 * _CHILD_YEARS + 5:
        return "Cháu"
    if years >= _CHILD_YEARS:
        return "Con"
    if applicant.is_woman != deceased.is_woman:
        return "Vợ" if applicant.is_woman else "Chồng"
    return "Em" if years > 0 else "Chị" if applicant.is_woman else "Anh"


def _marriage(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    birth = applicant.birth + timedelta(days=rng.randrange(-1500, 1500))
    birth = min(birth, today - timedelta(days=7000))
    other = make_person_born(rng, unit, birth=birth, is_woman=not applicant.is_woman)
    wife, husband = (applicant, other) if applicant.is_woman else (other, applicant)
    answers: Fields = {}
    for side, person in (("wife", wife), ("husband", husband)):
        answers |= {
            f"{side}_name": person.name,
            f"{side}_birth_date": written_day(person.birth),
            f"{side}_id_number": person.id_number,
            f"{side}_ethnic_group": "Kinh",
            f"{side}_residence": person.address,
        }
    return _Told(summary=f"Đăng ký kết hôn giữa {husband.name} và {wife.name}", answers=answers)


def _marital_status(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    purpose = rng.choice(
        ("đăng ký kết hôn", "vay vốn ngân hàng", "chuyển nhượng đất", "đi lao động nước ngoài")
    )
    answers = {
        "person_name": applicant.name,
        "person_birth_date": written_day(applicant.birth),
        "person_id_number": applicant.id_number,
        "residence": applicant.address,
        "marital_status": rng.choice(("single", "single", "married", "divorced")),
        "residence_period": f"Từ năm {rng.randrange(1996, today.year)} đến nay",
        "purpose": purpose.capitalize(),
    }
    return _Told(summary=f"Xác nhận tình trạng hôn nhân để {purpose}", answers=answers)


def _change(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    wrong = applicant.birth.replace(year=applicant.birth.year - 1, day=1)
    answers = {
        "person_name": applicant.name,
        "person_birth_date": written_day(applicant.birth),
        "person_id_number": applicant.id_number,
        "change": "correct",
        "old_value": f"Ngày sinh {wrong:%d/%m/%Y}",
        "new_value": f"Ngày sinh {applicant.birth:%d/%m/%Y}",
        "reason": "Sổ hộ tịch ghi không khớp giấy chứng sinh",
    }
    return _Told(summary=f"Cải chính ngày sinh trong giấy khai sinh của {applicant.name}", answers=answers)


def _business(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    trade = rng.choice(_TRADES)
    answers = {
        "business_name": f"Hộ kinh doanh {applicant.name}",
        "business_address": make_address(rng, unit),
        "business_lines": trade.capitalize(),
        "capital": str(rng.choice((30, 50, 80, 100, 200)) * 1_000_000),
        "head_name": applicant.name,
        "head_id_number": applicant.id_number,
    }
    return _Told(summary=f"Thành lập hộ kinh doanh {trade}", answers=answers)


def _poor_household(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    answers = {
        "household_head": applicant.name,
        "address": applicant.address,
        "members": str(rng.randrange(1, 7)),
        "request": rng.choice(("poor", "near_poor")),
    }
    return _Told(summary="Đề nghị công nhận hộ nghèo, hộ cận nghèo", answers=answers)


def _disability(rng: Random, unit: Unit, applicant: Person, today: date) -> _Told:
    answers = {
        "person_name": applicant.name,
        "person_birth_date": written_day(applicant.birth),
        "address": applicant.address,
        "request": rng.choice(("first", "first", "again")),
        "disability": rng.choice(("mobility", "sight", "hearing", "mental")),
    }
    return _Told(summary="Xác định mức độ khuyết tật", answers=answers)


def _plain(procedure: Procedure) -> _Told:
    return _Told(summary=procedure.name.vi, answers={})


def _fill(rng: Random, field: FormField, unit: Unit, applicant: Person, today: date) -> str:
    """A fitting answer to a question nobody described."""
    match field.kind:
        case FieldKind.CHOICE:
            return rng.choice(field.options).code
        case FieldKind.DATE:
            return written_day(today - timedelta(days=rng.randrange(3, 3000)))
        case FieldKind.TIME:
            return f"{rng.randrange(7, 17):02d}:{rng.randrange(60):02d}"
        case FieldKind.NUMBER:
            return str(rng.randrange(1, 6))
        case FieldKind.ID_NUMBER:
            return applicant.id_number
        case _:
            return _fill_text(rng, field.code, unit, applicant)


def _fill_text(rng: Random, code: str, unit: Unit, applicant: Person) -> str:
    if code.endswith("name"):
        return make_name(rng, is_woman=rng.random() < 0.5, surname=applicant.surname)
    if "address" in code or "residence" in code or "place" in code:
        return make_address(rng, unit)
    return "Theo tờ khai kèm theo"


_TELLERS: Final[dict[str, _Teller]] = {
    COPY_OF_ORIGINAL: _copies,
    SIGNATURE: _signature,
    REGISTER_COPY: _register_copy,
    EXTRACT: _extract,
    BIRTH: _birth,
    BIRTH_LINKED: _birth,
    BIRTH_AGAIN: _birth_again,
    DEATH: _death,
    DEATH_LINKED: _death,
    MARRIAGE: _marriage,
    MARITAL_STATUS: _marital_status,
    CHANGE: _change,
    BUSINESS: _business,
    POOR_HOUSEHOLD: _poor_household,
    DISABILITY: _disability,
}
