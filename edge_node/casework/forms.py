"""The forms of a dossier: steps of the life cycle, amendment, extension, payment, papers, note.

Each parser turns what was typed into the value its service takes, or into messages per field. Which fields a step asks for
is read from the table of moves, not written again here.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from dossiers.calendar import WorkingCalendar
from dossiers.deadlines import chosen_due
from dossiers.lifecycle import DeliveryMethod, Move, PaymentMethod
from dossiers.procedures import Procedure
from dossiers.units import Units
from dossiers.views import DossierView
from edge_node.casework.questions import PAPER_FORMS, RETURN_METHODS, iso_day, read_answer
from edge_node.casework.service import Amendment, Step
from edge_node.entry import Entry, Rejected
from sync_protocol.record import BodyState

CLOSING: Final = 17 * 60
_HEADS: Final = re.compile(r"[0-9a-f]{64}")
_HEADS_MAX: Final = 64
_ITEMS_MAX: Final = 30


def parse_heads(form: Mapping[str, str]) -> tuple[str, ...]:
    """The heads a form was shown with; a form without them was not made by us and never matches."""
    heads = form.get("heads", "").split()[:_HEADS_MAX]
    return tuple(head for head in heads if _HEADS.fullmatch(head))


def parse_step(
    form: Mapping[str, str],
    move: Move,
    *,
    procedure: Procedure | None,
    calendar: WorkingCalendar,
    now: int,
    officers: Collection[str],
) -> Step | Rejected:
    """What the officer gave for a step of the life cycle."""
    entry = Entry(form)
    content: dict[str, Any] = {}
    ground = entry.text("ground", needed=_ground_needed(move))
    if ground:
        content["ground"] = ground
    if note := entry.text("note"):
        content["note"] = note
    method = int(entry.choice("method", [str(int(m)) for m in DeliveryMethod], default="1") or 1)
    if "items" in move.needs:
        content["items"] = _items(entry, procedure)
    if "result" in move.needs:
        content["result"] = parse_result(entry)
    if "received_by" in move.needs and method != DeliveryMethod.ONLINE:
        content["received_by"] = _taker(entry)
    deadline = entry.moment("deadline", default_minutes=CLOSING)
    if deadline is not None and deadline <= now:
        entry.fail("deadline", _("Hạn bổ sung phải sau hôm nay."))
    chosen = entry.form.get("officer", "")
    if chosen and chosen not in officers:
        entry.fail("officer", _("Chọn một cán bộ trong danh sách."))
    agreed = _agreed(entry, procedure, now)
    if rejected := entry.rejected:
        return rejected
    return Step(
        action=move.action,
        content=content,
        deadline=None if deadline is None else chosen_due(deadline, calendar),
        officer=chosen or None,
        method=method if "method" in move.needs_facts else None,
        verification=entry.flag("verification"),
        agreed_ms=agreed,
    )


def _ground_needed(move: Move) -> str:
    return _("Nhập lý do, căn cứ.") if "ground" in move.needs else ""


def parse_result(entry: Entry) -> dict[str, Any]:
    """Number, date, signer and kind of a result; a result without number (a copy at once) still has its signer."""
    day = entry.day("result.date", needed=_("Nhập ngày ký kết quả."))
    texts = {
        "number": entry.line("result.number", most=100),
        "signer": entry.line("result.signer", needed=_("Nhập người ký kết quả."), most=200),
        "kind": entry.line("result.kind", most=200),
    }
    result: dict[str, Any] = {name: text for name, text in texts.items() if text}
    if day is not None:
        result["date"] = day
    return result


def _taker(entry: Entry) -> dict[str, str]:
    name = entry.line("received_by.name", needed=_("Nhập họ tên người nhận kết quả."), most=200)
    number = entry.id_number("received_by.id_number")
    return {"name": name} | ({"id_number": number} if number else {})


def _items(entry: Entry, procedure: Procedure | None) -> list[Any]:
    """What is missing: papers of the procedure that were ticked, and free lines."""
    items: list[Any] = [
        {"name": paper.name.vi, "paper": paper.code, "form": int(paper.form), "count": paper.count}
        for paper in (procedure.papers if procedure else ())
        if entry.flag(f"item.{paper.code}")
    ]
    for line in entry.text("further").split("\n"):
        if line.strip():
            items.append(line.strip()[:500])
    if not items:
        entry.fail("further", _("Chọn hoặc ghi ít nhất một giấy tờ cần bổ sung."))
    return items[:_ITEMS_MAX]


def _agreed(entry: Entry, procedure: Procedure | None, now: int) -> int | None:
    if procedure is None or not procedure.rule.allows_agreement:
        return None
    agreed = entry.moment("agreed", default_minutes=CLOSING)
    if agreed is not None and agreed <= now:
        entry.fail("agreed", _("Thời gian thỏa thuận phải sau lúc tiếp nhận."))
    return agreed


def amendable_fields(view: DossierView, procedure: Procedure | None) -> tuple[str, ...]:
    """Field codes that the amendment form shows: what the dossier has, and what its procedure asks."""
    codes = ["applicant.id_number", "applicant.name", "applicant.birth_date", "applicant.phone", "applicant.email",
             "applicant.address", "owner.name", "owner.id_number", "owner.address"]  # fmt: skip
    codes += [question.record_code for question in procedure.form_fields] if procedure else []
    codes += ["summary", "return_method"]
    codes += sorted(code for code in view.fields if code not in codes and "." in code)
    return tuple(
        code for code in codes if code not in view.fields or view.fields[code].state is BodyState.PRESENT
    )


def parse_amendment(
    form: Mapping[str, str], view: DossierView, procedure: Procedure | None, *, units: Units
) -> Amendment | Rejected:
    """Only what differs from the present values; an unchanged form is a mistake, not an empty record."""
    entry = Entry(form)
    typed = {
        code: _amended(entry, code, procedure, is_given=bool(view.text(code)))
        for code in amendable_fields(view, procedure)
        if code in form
    }
    fields = {code: text for code, text in typed.items() if text != (view.text(code) or "")}
    values = _amended_values(entry, view, units)
    ground = entry.text("ground")
    if not entry.errors and not fields and not values:
        entry.fail("ground", _("Chưa có nội dung nào thay đổi so với hồ sơ."))
    return entry.rejected or Amendment(fields=fields, values=values, ground=ground)


def _amended(entry: Entry, code: str, procedure: Procedure | None, *, is_given: bool) -> str:
    """One field anew; an answer that was given cannot be emptied, one that never was need not be."""
    question = None
    if procedure is not None:
        question = next((q for q in procedure.form_fields if q.record_code == code), None)
    if question is not None:
        return read_answer(entry, question, is_needed=is_given)
    if code.endswith(".birth_date"):
        day = entry.day(code)
        return "" if day is None else iso_day(day)
    if code.endswith(".id_number"):
        return entry.id_number(code)
    match code:
        case "applicant.name":
            return entry.line(code, needed=_("Nhập họ và tên người nộp hồ sơ."), most=200)
        case "applicant.phone":
            return entry.phone(code)
        case "applicant.email":
            return entry.email(code)
        case "summary":
            return entry.text(code, most=1_000)
        case "return_method":
            return entry.choice(code, RETURN_METHODS, default="desk")
        case _:
            return entry.line(code)


def _amended_values(entry: Entry, view: DossierView, units: Units) -> dict[str, int | str]:
    known = {unit.code for unit in (units.province, *units.offices)} | {view.competent or ""}
    typed: dict[str, int | str] = {
        "channel": int(entry.choice("channel", ("1", "2", "3"), default=str(view.channel or 1)) or 1),
        "competent": entry.choice("competent", known, default=view.competent or ""),
        "sets": entry.whole("sets", least=1, default=view.sets or 1),
        "fee_due": entry.whole("fee_due", most=10**12, default=view.fee_due),
    }
    return {name: value for name, value in typed.items() if value != getattr(view, name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A later due date with its reason."""

    until: int
    ground: str


def parse_extension(
    form: Mapping[str, str], *, calendar: WorkingCalendar, due: int | None
) -> Extension | Rejected:
    entry = Entry(form)
    until = entry.moment("until", default_minutes=CLOSING, needed=_("Nhập ngày hẹn trả mới."))
    ground = entry.text("ground", needed=_("Nhập lý do chậm trả kết quả."))
    if until is not None:
        until = chosen_due(until, calendar)
        if due is not None and until <= due:
            entry.fail("until", _("Ngày hẹn mới phải sau ngày hẹn đang có."))
    if rejected := entry.rejected:
        return rejected
    return Extension(until=until or 0, ground=ground)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTaken:
    amount: int
    method: int
    fee: str
    receipt_number: str
    payer: str


def parse_payment(form: Mapping[str, str], procedure: Procedure | None) -> PaymentTaken | Rejected:
    entry = Entry(form)
    codes = [fee.code for fee in procedure.fees] if procedure and procedure.fees else ["fee"]
    amount = entry.money("amount")
    if not amount:
        entry.fail("amount", _("Nhập số tiền đã thu."))
    found = PaymentTaken(
        amount=amount,
        method=int(entry.choice("method", [str(int(m)) for m in PaymentMethod], default="1") or 1),
        fee=entry.choice("fee", codes, default=codes[0]),
        receipt_number=entry.line("receipt_number", most=60),
        payer=entry.line("payer", most=200),
    )
    return entry.rejected or found


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersAdded:
    papers: tuple[dict[str, Any], ...]
    note: str


def parse_papers(form: Mapping[str, str], procedure: Procedure | None) -> PapersAdded | Rejected:
    """Papers handed in later, counted by form."""
    entry = Entry(form)
    papers = [
        {
            "paper": paper.code,
            "form": int(kind),
            "count": count,
            "digitised": entry.flag(f"papers.{paper.code}.digitised"),
            "reused": entry.flag(f"papers.{paper.code}.reused"),
        }
        for paper in (procedure.papers if procedure else ())
        for name, kind in PAPER_FORMS.items()
        if (count := entry.whole(f"papers.{paper.code}.{name}"))
    ]
    note = entry.text("note")
    if not papers:
        entry.fail("papers", _("Ghi số bản của ít nhất một giấy tờ."))
    return entry.rejected or PapersAdded(papers=tuple(papers), note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTaken:
    record: str
    paper: str
    ground: str


def parse_paper_taken(form: Mapping[str, str]) -> PaperTaken | Rejected:
    entry = Entry(form)
    record, paper = form.get("record", ""), form.get("paper", "")
    if not _HEADS.fullmatch(record) or not re.fullmatch(r"[0-9A-Za-z._-]{1,40}", paper):
        entry.fail("paper", _("Chọn giấy tờ cần bỏ."))
    ground = entry.text("ground", needed=_("Nhập lý do bỏ giấy tờ."))
    return entry.rejected or PaperTaken(record=record, paper=paper, ground=ground)


def parse_note(form: Mapping[str, str]) -> str | Rejected:
    entry = Entry(form)
    text = entry.text("note", needed=_("Nhập nội dung ghi chú."))
    return entry.rejected or text


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    officer: str
    note: str


def parse_assignment(form: Mapping[str, str], officers: Collection[str]) -> Assigned | Rejected:
    entry = Entry(form)
    officer = entry.choice("officer", officers, needed=_("Chọn cán bộ nhận xử lý."))
    note = entry.text("note")
    return entry.rejected or Assigned(officer=officer, note=note)
