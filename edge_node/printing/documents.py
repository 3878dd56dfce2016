"""From a form to what the typesetter needs: the name of a template and the finished wording, all texts and lists.

Every text that reaches a template passes `printable` here, once, and travels as JSON data: templates show it as text
and never evaluate it. One function per form; nothing else decides what a form says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import singledispatch
from typing import Any

from dossiers.presentation import fmt_date, fmt_datetime, fmt_number

from . import forms
from .qr import paper_symbol, plain_symbol
from .wording import (
    FORM_TEXTS,
    count,
    count_or_blank,
    day_in_words,
    instant_in_words,
    money,
    printable,
    short_id,
    upper,
)

# Measured: 2,000 register rows (a quarter of an ordinary commune) take 4 s and 410 MB in the child, 650 (a month) 167 MB.
ROWS_MAX = 2_000
# Structure tags make a long table six times as big a file and a fifth more memory; short papers keep them for screen readers.
TAGGED_ROWS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000

Values = dict[str, Any]  # texts, numbers, lists and further such dictionaries: what JSON can hold

STOP_WORDS = {
    forms.StopKind.WITHDRAWN: "dừng giải quyết hồ sơ nêu trên theo đề nghị rút hồ sơ của người nộp",
    forms.StopKind.STOPPED: "dừng giải quyết hồ sơ nêu trên",
    forms.StopKind.PAUSED: "tạm dừng giải quyết hồ sơ nêu trên",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    template: str
    values: Values
    tagged: bool = True


class FormTooLarge(ValueError):
    """More rows or longer text than one paper may hold; print a shorter period or shorten the text."""


def document(form: forms.Form) -> Document:
    template, particular = _particular(form)
    values = _clean({**_common(form, template), **particular})
    return Document(template=template, values=values, tagged=len(values.get("rows", ())) <= TAGGED_ROWS_MAX)


def _common(form: forms.Form, template: str) -> Values:
    text, office = FORM_TEXTS[template], form.office
    return {
        "superior": upper(office.superior),
        "agency": upper(office.name),
        "agency_name": office.name,
        "dateline": f"{office.place}, {day_in_words(form.day)}",
        "address": office.address,
        "phone": office.phone,
        "lookup": office.lookup,
        "verify": office.verify,
        "number": form.number,
        "title": upper(text.title),
        "name": text.title,
        "label": f"{text.label} ({text.source})" if text.label else "",
        "verified": text.verified,
        "record": short_id(form.record),
        "waiting": form.waiting_for_province,
    }


@singledispatch
def _particular(form: forms.Form) -> tuple[str, Values]:
    raise TypeError(f"no paper for {type(form).__name__}")


@_particular.register
def _slip(form: forms.Slip) -> tuple[str, Values]:
    return "slip", {
        **_code(form.code),
        **_symbol(form),
        "procedure": form.procedure,
        "summary": form.summary,
        "submitter": _person(form.submitter),
        "owner": _person(form.owner) if form.owner else None,
        "channel": form.channel,
        "papers": _papers(form.papers),
        "sets": count(form.sets),
        "time_limit": form.time_limit,
        "received": instant_in_words(form.received),
        "due": _due(form.due),
        "result_place": form.result_place,
        "fee": _fee(form.fee_due, form.fee_paid),
        "book": form.book,
        "book_number": form.book_number,
        "officer": form.officer,
        "copies": _copies(form.copies, "người nộp"),
    }


@_particular.register
def _supplement_request(form: forms.SupplementRequest) -> tuple[str, Values]:
    return "supplement_request", {
        **_code(form.code),
        "procedure": form.procedure,
        "submitter": _person(form.submitter),
        "papers": _papers(form.papers),
        "reason": form.reason,
        "deadline": "" if form.deadline is None else instant_in_words(form.deadline),
        "officer": form.officer,
        "officer_phone": form.officer_phone or form.office.phone,
    }


@_particular.register
def _refusal(form: forms.Refusal) -> tuple[str, Values]:
    return "refusal", {
        **_code(form.code),
        "procedure": form.procedure,
        "submitter": _person(form.submitter),
        "submitted": "" if form.submitted is None else instant_in_words(form.submitted),
        "reason": form.reason,
        "guidance": form.guidance,
        "officer": form.officer,
    }


@_particular.register
def _apology(form: forms.Apology) -> tuple[str, Values]:
    return "apology", {
        **_code(form.code),
        "procedure": form.procedure,
        "addressee": _person(form.addressee),
        "received": instant_in_words(form.received),
        "due": instant_in_words(form.due),
        "new_due": instant_in_words(form.new_due),
        "ordinal": count(form.ordinal),
        "reason": form.reason,
        **_signatory(form.signatory),
    }


@_particular.register
def _stop_notice(form: forms.StopNotice) -> tuple[str, Values]:
    return "stop_notice", {
        **_code(form.code),
        "action": STOP_WORDS[form.kind],
        "procedure": form.procedure,
        "addressee": _person(form.addressee),
        "received": instant_in_words(form.received),
        "stage": form.stage.strip().rstrip("."),
        "ground": form.ground,
        "stopped": instant_in_words(form.stopped),
        "fee_handling": form.fee_handling,
        "papers_handling": form.papers_handling,
        "paused": form.kind is forms.StopKind.PAUSED,
        **_signatory(form.signatory),
    }


@_particular.register
def _control_slip(form: forms.ControlSlip) -> tuple[str, Values]:
    return "control_slip", {
        **_code(form.code),
        "procedure": form.procedure,
        "owner": _person(form.owner),
        "received": instant_in_words(form.received),
        "due": _due(form.due),
        "settling": form.agency,
        "coordinating": form.coordinating,
        "steps": [_step(step) for step in _bounded(form.steps)],
        "blank_rows": max(0, form.rows_at_least - len(form.steps)),
    }


def _step(step: forms.ControlStep) -> Values:
    return {
        "giver": step.giver,
        "receiver": step.receiver,
        "giver_name": step.giver_name,
        "receiver_name": step.receiver_name,
        "at": "" if step.at is None else instant_in_words(step.at),
        "timeliness": step.timeliness.value if step.timeliness else "",
        "note": step.note,
    }


@_particular.register
def _register(form: forms.Register) -> tuple[str, Values]:
    rows = enumerate(_bounded(form.rows), start=form.first_ordinal)
    return "register", {
        "period": f"Từ ngày {fmt_date(form.first)} đến ngày {fmt_date(form.last)}",
        "book": form.book,
        "total": fmt_number(len(form.rows)),
        "rows": [[str(ordinal), *_register_row(row)] for ordinal, row in rows],
    }


def _register_row(row: forms.RegisterRow) -> list[str]:
    return [
        row.code.text + (" (tạm)" if row.code.provisional else ""),
        row.procedure,
        str(row.sets),
        row.name,
        "\n".join(text for text in (row.address, row.phone) if text),
        row.agency,
        fmt_datetime(row.received),
        "" if row.due is None else fmt_datetime(row.due),
        "" if row.returned is None else fmt_datetime(row.returned),
        row.manner,
        "",  # ký nhận: signed by hand
        row.note,
    ]


@_particular.register
def _result_hand_over(form: forms.ResultHandOver) -> tuple[str, Values]:
    return "result_hand_over", {
        **_code(form.code),
        **(_symbol(form) if form.paper_code else {"qr": ""}),
        "procedure": form.procedure,
        "owner": _person(form.owner),
        "receiver": _person(form.receiver),
        "receiver_capacity": form.receiver_capacity,
        "result_kind": form.result_kind,
        "result_number": form.result_number,
        "result_day": "" if form.result_day is None else day_in_words(form.result_day),
        "result_signer": form.result_signer,
        "abstract": form.abstract,
        "result_copies": count(form.result_copies),
        "due": "" if form.due is None else instant_in_words(form.due),
        "returned": instant_in_words(form.returned),
        "manner": form.manner,
        "fee": money(form.fee_paid) if form.fee_paid else "Không",
        "officer": form.officer,
        "copies": _copies(form.copies, "người nhận kết quả"),
    }


@_particular.register
def _dossier_hand_over(form: forms.DossierHandOver) -> tuple[str, Values]:
    rows = enumerate(_bounded(form.rows), start=1)
    return "dossier_hand_over", {
        "giver": form.giver,
        "receiver": form.receiver,
        "giver_name": form.giver_name,
        "receiver_name": form.receiver_name,
        "handed": instant_in_words(form.handed),
        "total": count(len(form.rows)),
        "sets": count(sum(row.sets for row in form.rows)),
        "rows": [[str(ordinal), *_hand_over_row(row)] for ordinal, row in rows],
    }


def _hand_over_row(row: forms.HandOverRow) -> list[str]:
    return [
        row.code.text + (" (tạm)" if row.code.provisional else ""),
        row.procedure,
        row.owner,
        str(row.sets),
        "" if row.due is None else fmt_datetime(row.due),
        row.note,
    ]


@_particular.register
def _report_06a(form: forms.Report06a) -> tuple[str, Values]:
    rows = _bounded(form.rows)
    figures = [_report_figures(row) for row in rows]
    totals = [sum(column) for column in zip(*figures, strict=True)] or [0] * 11
    return "report_06a", {
        "period": form.period,
        "span": f"Từ ngày {fmt_date(form.first)} đến ngày {fmt_date(form.last)}",
        "recipient": form.recipient,
        "rows": [
            [str(ordinal), row.name, *map(fmt_number, row_figures)]
            for ordinal, (row, row_figures) in enumerate(zip(rows, figures, strict=True), start=1)
        ],
        "totals": [fmt_number(total) for total in totals],
        "preparer": form.preparer,
        "definitions": form.definitions,
        **_signatory(form.signatory),
    }


def _report_figures(row: forms.Report06aRow) -> tuple[int, ...]:
    received = (row.online, row.direct_or_postal, row.carried_over)
    solved = (row.solved_early, row.solved_on_time, row.solved_late)
    still_open = (row.open_in_term, row.open_overdue)
    return (sum(received), *received, sum(solved), *solved, sum(still_open), *still_open)


def _copies(copies: Sequence[forms.Copy], recipient: str) -> list[str]:
    labels = {forms.Copy.KEPT: "Liên 1: Lưu", forms.Copy.GIVEN: f"Liên 2: Giao {recipient}"}
    return [labels[copy] for copy in copies] or [""]


def _code(code: forms.DossierCode | None) -> Values:
    return {"code": code.text if code else "", "provisional": bool(code and code.provisional)}


def _symbol(form: forms.Slip | forms.ResultHandOver) -> Values:
    """The paper code where there is one, else the dossier code for the desk's scanner."""
    symbol = paper_symbol(form.paper_code) if form.paper_code else plain_symbol(form.code.text)
    return {"qr": symbol.svg, "qr_width": round(symbol.width_mm, 3), "qr_checks": bool(form.paper_code)}


def _person(person: forms.Person) -> Values:
    return {field.name: getattr(person, field.name) for field in fields(person)}


def _signatory(signatory: forms.Signatory) -> Values:
    return {"capacity": upper(signatory.capacity), "signer": signatory.name}


def _papers(papers: Sequence[forms.Paper]) -> list[list[str]]:
    return [
        [
            str(ordinal),
            paper.name + (f" ({paper.note})" if paper.note else ""),
            count_or_blank(paper.originals),
            count_or_blank(paper.certified_copies),
            count_or_blank(paper.plain_copies),
        ]
        for ordinal, paper in enumerate(_bounded(papers), start=1)
    ]


def _due(due: int | None) -> str:
    return "Thủ tục không quy định thời hạn" if due is None else instant_in_words(due)


def _fee(fee_due: int, fee_paid: int) -> str:
    if not fee_due:
        return "Không"
    return f"{money(fee_due)} ({f'đã nộp {money(fee_paid)}' if fee_paid else 'chưa nộp'})"


def _bounded(rows: Sequence[Any]) -> Sequence[Any]:
    if len(rows) > ROWS_MAX:
        raise FormTooLarge(f"{len(rows)} rows; one paper holds {ROWS_MAX}")
    return rows


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, dict):
        return {key: item if key == "qr" else _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _clean_text(text: str) -> str:
    if len(text) > TEXT_CHARACTERS_MAX:
        raise FormTooLarge(f"a text of {len(text)} characters; one field holds {TEXT_CHARACTERS_MAX}")
    return printable(text)
