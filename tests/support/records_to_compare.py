"""One record of every kind, filled from its shapes: what a reader of findings may come across, and none of it random."""

from collections.abc import Iterator, Mapping
from typing import Any

from dossiers.components import FieldKind
from dossiers.kinds import KINDS
from dossiers.procedures import load_default_catalogue
from dossiers.schemas import (
    Anything,
    Choice,
    Code,
    Date,
    Either,
    Flag,
    Hex,
    ListOf,
    Members,
    Shape,
    Table,
    Text,
    Whole,
)
from signing.report import Document

_CODES = {
    "procedure": "1.004222", "code": "H17.20242-261120-0001", "provisional": "T.20242-0007", "receiving": "20242",
    "competent": "20257", "unit": "20242", "paper": "birth_certificate", "fee": "copy", "reason": "restore", "rule": "n_working_days",
    "action": "finish", "from": "20242", "to": "20257",
}  # fmt: skip
_INSTANTS = frozenset({"received", "deadline", "previous", "due"})


def documents() -> Iterator[Document]:
    """A document of each kind."""
    for kind in KINDS.values():
        body = kind.body
        yield Document(
            id="0" * 64,
            kind=kind.code,
            unit="20242",
            dossier=None,
            facts=_value("", kind.facts),
            content=_value("", body) if isinstance(body, Members) else None,
        )


def form_fields() -> Mapping[str, str]:
    """A value for every question of the catalogue: a choice's every option stands under a procedure of its own somewhere."""
    found = {}
    for procedure in load_default_catalogue().procedures:
        for question in procedure.form_fields:
            day = question.kind is FieldKind.DATE
            found[question.record_code] = (
                question.options[0].code if question.options else "1987-03-12" if day else "Lời khai"
            )
    return found


def _value(name: str, shape: Shape) -> Any:
    match shape:
        case Members(always=always, perhaps=perhaps):
            return {each: _value(each, one) for each, one in {**always, **perhaps}.items()}
        case ListOf(item=Either(shapes=shapes)):
            return [_value(name, each) for each in shapes]
        case ListOf(item=item):
            return [_value(name, item)]
        case Either(shapes=shapes):
            return _value(name, shapes[0])
        case Table(name=Code(), value=value):
            return dict(form_fields()) if name == "fields" else {"20242": _value("", value)}
        case Choice(words=words):
            return min(words)
        case Code():
            return _CODES.get(name, "a")
        case Hex(digits=digits):
            return "0" * digits
        case Whole(least=least):
            return 1_795_000_000_000 if name in _INSTANTS else max(least, 1)
        case Date():
            return 20261120
        case Flag():
            return True
        case Text() | Anything():
            return f"lời của {name}"
