"""The receiving form: what was typed becomes a `Reception`, or messages for the fields that are wrong.

Field names are those of the record (`applicant.name`, `form.child_name`), so drafts, errors and values speak of the same
thing. The fee is worked out from the procedure's own prices; only prices that the catalogue does not know are typed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from dossiers.axes import Channel, PaymentMethod
from dossiers.calendar import WorkingCalendar
from dossiers.components import Fee, FeeUnit
from dossiers.procedures import Procedure
from dossiers.units import Units
from edge_node.casework.labels import spoken
from edge_node.casework.questions import PAPER_FORMS, RETURN_METHODS, iso_day, read_answer
from edge_node.entry import Entry, Rejected, read_day

PERSON_FIELDS: Final = (
    "applicant.id_number",
    "applicant.name",
    "applicant.birth_date",
    "applicant.phone",
    "applicant.email",
    "applicant.address",
)
_COUNT_MAX: Final = 999
_UNITS_MAX: Final = 9_999
_END_OF_DAY: Final = 17 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A fee taken at the counter."""

    fee: str
    amount: int
    method: int
    receipt_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The result of a dossier that is settled while the person waits."""

    result: dict[str, Any]
    received_by: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Everything the counter gives for one dossier.

    Attributes:
        is_accepted: False keeps it as only registered, to be asked for papers or refused.
        is_repeated: the officer has seen that the same person handed in the same today, and means another dossier.
    """

    procedure: Procedure
    is_accepted: bool
    channel: int
    competent: str
    sets: int
    fee_due: int
    fields: dict[str, str]
    papers: tuple[dict[str, Any], ...]
    verification: bool
    agreed_ms: int | None
    payment: Payment | None
    settlement: Settlement | None
    is_repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What the form shows while it is being filled in."""

    fee_due: int
    verification: bool
    agreed_ms: int | None
    person: str


def parse_reception(
    form: Mapping[str, str], procedure: Procedure, *, unit: str, units: Units, then: str
) -> Reception | Rejected:
    """Read the form. `units`: those that may settle it; `then`: receive, register (not accepted yet) or settle (at once)."""
    entry, is_accepted = Entry(with_id_card(form)), then != "register"
    fields = _person(entry) | _owner(entry) | _questions(entry, procedure, is_needed=is_accepted)
    summary = entry.text("summary", most=1_000)
    channel = int(entry.choice("channel", [str(int(c)) for c in Channel], default="1") or 1)
    fields |= {
        "summary": summary,
        "return_method": entry.choice("return_method", RETURN_METHODS, default="desk"),
    }
    papers = _papers(entry, procedure, is_needed=is_accepted)
    known = {unit, *(each.code for each in units.offices), units.province.code}
    competent = entry.choice("competent", known, default=unit)
    sets = entry.whole("sets", least=1, most=_COUNT_MAX, default=procedure.sets)
    fee_due = _fee_due(entry, procedure, online=channel == Channel.ONLINE)
    payment = _payment(entry, procedure, fee_due)
    settlement = _settlement(entry, fields.get("applicant.name", "")) if then == "settle" else None
    agreed = _agreed(entry, procedure)
    if rejected := entry.rejected:
        return rejected
    return Reception(
        procedure=procedure,
        is_accepted=is_accepted,
        channel=channel,
        competent=competent,
        sets=sets,
        fee_due=fee_due,
        fields={code: text for code, text in fields.items() if text},
        papers=papers,
        verification=entry.flag("verification"),
        agreed_ms=agreed,
        payment=payment if is_accepted else None,
        settlement=settlement,
        is_repeated=entry.flag("repeated"),
    )


def parse_reckoning(form: Mapping[str, str], procedure: Procedure) -> Reckoning:
    """As much of an unfinished form as the due date and the fee need; what is wrong in it counts as absent."""
    entry = Entry(with_id_card(form))
    return Reckoning(
        fee_due=_fee_due(entry, procedure, online=form.get("channel") == str(int(Channel.ONLINE))),
        verification=entry.flag("verification"),
        agreed_ms=_agreed(entry, procedure),
        person=entry.id_number("applicant.id_number") if "applicant.id_number" not in entry.errors else "",
    )


def fee_units(form: Mapping[str, str], fee: Fee) -> str:
    """How many units of a fee the form shows: what was typed, else one where the fee always applies."""
    return form.get(f"fee.{fee.code}.units", "1" if fee.always else "")


def with_id_card(form: Mapping[str, str]) -> dict[str, str]:
    """The form with an identity card's QR text, scanned into the id field, spread over the fields it fills."""
    values = dict(form)
    card = read_id_card(values.get("applicant.id_number", ""))
    return values | card if card else values


def read_id_card(text: str) -> dict[str, str] | None:
    """`id|old id|name|ddmmyyyy|sex|address|issued` as the chip card's QR code holds it."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) < 6 or not re.fullmatch(r"[0-9]{12}", parts[0]):
        return None
    born = read_day(parts[3])
    return {
        "applicant.id_number": parts[0],
        "applicant.name": parts[2],
        "applicant.birth_date": f"{born:%d/%m/%Y}" if born else "",
        "applicant.address": parts[5],
    }


def _person(entry: Entry) -> dict[str, str]:
    born = entry.day("applicant.birth_date")
    return {
        "applicant.id_number": entry.id_number("applicant.id_number"),
        "applicant.name": entry.line("applicant.name", needed=_("Nhập họ và tên người nộp hồ sơ."), most=200),
        "applicant.birth_date": "" if born is None else iso_day(born),
        "applicant.address": entry.line("applicant.address"),
        "applicant.phone": entry.phone("applicant.phone"),
        "applicant.email": entry.email("applicant.email"),
    }


def _owner(entry: Entry) -> dict[str, str]:
    if not entry.flag("has_owner"):
        return {}
    return {
        "owner.name": entry.line(
            "owner.name", needed=_("Nhập họ và tên hoặc tên tổ chức chủ hồ sơ."), most=200
        ),
        "owner.id_number": entry.id_number("owner.id_number"),
        "owner.address": entry.line("owner.address"),
    }


def _questions(entry: Entry, procedure: Procedure, *, is_needed: bool) -> dict[str, str]:
    return {
        question.record_code: read_answer(entry, question, is_needed=is_needed)
        for question in procedure.form_fields
    }


def _papers(entry: Entry, procedure: Procedure, *, is_needed: bool) -> tuple[dict[str, Any], ...]:
    held: list[dict[str, Any]] = []
    missing: list[str] = []
    is_complete = entry.flag("papers_complete")
    for paper in procedure.papers:
        counts = {
            form: entry.whole(f"papers.{paper.code}.{name}", most=_COUNT_MAX)
            for name, form in PAPER_FORMS.items()
        }
        if not any(counts.values()) and paper.is_required:
            if is_complete:
                counts[paper.form] = paper.count
            else:
                missing.append(spoken(paper.name))
        marks = {
            "digitised": entry.flag(f"papers.{paper.code}.digitised"),
            "reused": entry.flag(f"papers.{paper.code}.reused"),
        }
        held.extend(
            {"paper": paper.code, "form": int(form), "count": count, **marks}
            for form, count in counts.items()
            if count
        )
    if missing and is_needed and not entry.flag("papers_missing_ok"):
        entry.fail("papers_complete", _("Chưa ghi đã nhận: %(papers)s.", papers="; ".join(missing)))
    return tuple(held)


def _fee_due(entry: Entry, procedure: Procedure, *, online: bool) -> int:
    total = 0
    for fee in procedure.fees:
        name = f"fee.{fee.code}"
        units = entry.whole(f"{name}.units", most=_UNITS_MAX, default=0)
        if f"{name}.units" not in entry.form and fee.always:
            units = 1
        cost = fee.total(units, online=online)
        if cost is not None and fee.unit is FeeUnit.PAGE:
            # Prices by page, and their ceiling, hold for each copy.
            cost *= entry.whole(f"{name}.copies", least=1, most=_COUNT_MAX, default=1)
        total += cost if cost is not None else entry.money(f"{name}.amount") if units else 0
    if not procedure.fees:
        total = entry.money("fee.other.amount")
    return total


def _payment(entry: Entry, procedure: Procedure, fee_due: int) -> Payment | None:
    if not entry.flag("paid") or not fee_due:
        return None
    methods = [str(int(method)) for method in PaymentMethod]
    method = entry.choice("paid.method", methods, default="1")
    owed = [fee.code for fee in procedure.fees if fee_units(entry.form, fee) not in ("", "0")]
    return Payment(
        fee=owed[0] if owed else "fee",
        amount=fee_due,
        method=int(method or 1),
        receipt_number=entry.line("paid.receipt_number", most=60),
    )


def _agreed(entry: Entry, procedure: Procedure) -> int | None:
    """The time agreed in writing, only where the procedure's rule leaves room for one."""
    if not procedure.rule.allows_agreement:
        return None
    return entry.moment("agreed", default_minutes=_END_OF_DAY)


def _settlement(entry: Entry, applicant: str) -> Settlement:
    day = entry.day("result.date")
    result: dict[str, Any] = {
        "number": entry.line("result.number", most=100),
        "signer": entry.line("result.signer", needed=_("Nhập người ký kết quả."), most=200),
    }
    if day is not None:
        result["date"] = day
    taker = entry.line("received_by.name", most=200) or applicant
    return Settlement(
        result={name: value for name, value in result.items() if value}, received_by={"name": taker}
    )


def check_agreed(reception: Reception, calendar: WorkingCalendar, now: int) -> Rejected | None:
    """An agreed time lies ahead, within the calendar that is known."""
    if reception.agreed_ms is not None and reception.agreed_ms <= now:
        return Rejected({"agreed": _("Thời gian thỏa thuận phải sau lúc tiếp nhận.")})
    return None
