"""What a program may send: typed once here, then put into the words of the forms, so that both meet the same checks.

Dates are ISO 8601 (`2026-11-30`), members that are not known are refused. The forms' own messages come back per field.
"""

import re
from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

from dossiers.procedures import Procedure
from edge_node.entry import Rejected
from edge_node.receive.forms import PERSON_FIELDS

BODY_SIZE_BYTES_MAX: Final = 256 * 1024
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_OWNER_FIELDS: Final = ("owner.name", "owner.id_number", "owner.address")
_FREE_FIELDS: Final = ("summary", "return_method")


class PaperIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many of a component were handed in, by form."""

    paper: str
    original: int = 0
    certified: int = 0
    plain: int = 0


class FeeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fee of the procedure: how many units, and its amount where the catalogue knows none."""

    units: int = 1
    amount: int | None = None


class PaidIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: int = 1
    receipt_number: str = ""


class NewDossier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/dossiers."""

    procedure: str
    fields: dict[str, str]
    channel: int = 1
    accept: bool = True
    competent: str | None = None
    sets: int | None = None
    papers: list[PaperIn] = []
    papers_complete: bool = False
    papers_missing_ok: bool = False
    fees: dict[str, FeeIn] = {}
    paid: PaidIn | None = None
    verification: bool = False
    agreed: str | None = None
    repeated: bool = False


class ResultIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signer: str
    date: str
    number: str = ""
    kind: str = ""


class TakerIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    id_number: str = ""


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/dossiers/{id}/transitions. `heads`: the heads of the dossier as the program saw it."""

    action: str
    heads: list[str] | None = None
    ground: str = ""
    note: str = ""
    items: list[str] = []
    result: ResultIn | None = None
    received_by: TakerIn | None = None
    method: int | None = None
    deadline: str | None = None
    officer: str | None = None
    verification: bool = False
    agreed: str | None = None


Payload = TypeVar("Payload", NewDossier, Transition)


class PayloadInvalid(ValueError):
    """Not JSON, or not of the shape that the document states."""


def decode(data: bytes, kind: type[Payload]) -> Payload:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadInvalid(str(error)) from error


def reception_form(given: NewDossier, procedure: Procedure) -> dict[str, str] | Rejected:
    """The receiving form that this payload means."""
    known = {*PERSON_FIELDS, *_OWNER_FIELDS, *_FREE_FIELDS, *(q.record_code for q in procedure.form_fields)}
    papers = {paper.code for paper in procedure.papers}
    unknown = {f"fields.{name}": "?" for name in given.fields if name not in known}
    unknown |= {f"papers.{each.paper}": "?" for each in given.papers if each.paper not in papers}
    if unknown:
        return Rejected(dict.fromkeys(unknown, _UNKNOWN))
    return dict(_reception_items(given))


_UNKNOWN: Final = "Thủ tục này không có mục như vậy. / The procedure has no such item."


def _reception_items(given: NewDossier) -> Iterator[tuple[str, str]]:
    for name, text in given.fields.items():
        yield name, local_day(text)
    if any(name in given.fields for name in _OWNER_FIELDS):
        yield "has_owner", "1"
    yield "channel", str(given.channel)
    if given.competent is not None:
        yield "competent", given.competent
    if given.sets is not None:
        yield "sets", str(given.sets)
    for paper in given.papers:
        for form in ("original", "certified", "plain"):
            yield f"papers.{paper.paper}.{form}", str(getattr(paper, form))
    for code, fee in given.fees.items():
        yield f"fee.{code}.units", str(fee.units)
        if fee.amount is not None:
            yield f"fee.{code}.amount", str(fee.amount)
    if given.paid is not None:
        yield "paid", "1"
        yield "paid.method", str(given.paid.method)
        yield "paid.receipt_number", given.paid.receipt_number
    if given.agreed is not None:
        yield "agreed", local_day(given.agreed)
    for flag in ("papers_complete", "papers_missing_ok", "verification", "repeated"):
        if getattr(given, flag):
            yield flag, "1"


def step_form(given: Transition) -> dict[str, str]:
    """The form of a step that this payload means."""
    return dict(_step_items(given))


def _step_items(given: Transition) -> Iterator[tuple[str, str]]:
    yield "ground", given.ground
    yield "note", given.note
    yield "further", "\n".join(given.items)
    if given.result is not None:
        yield "result.number", given.result.number
        yield "result.date", local_day(given.result.date)
        yield "result.signer", given.result.signer
        yield "result.kind", given.result.kind
    if given.received_by is not None:
        yield "received_by.name", given.received_by.name
        yield "received_by.id_number", given.received_by.id_number
    if given.method is not None:
        yield "method", str(given.method)
    for name, day in (("deadline", given.deadline), ("agreed", given.agreed)):
        if day is not None:
            yield name, local_day(day)
    if given.officer is not None:
        yield "officer", given.officer
    if given.verification:
        yield "verification", "1"


def local_day(text: str) -> str:
    """2026-11-30 as the forms take it, 30/11/2026; anything else as it is."""
    found = _ISO_DAY.fullmatch(text)
    return f"{found[3]}/{found[2]}/{found[1]}" if found else text
