"""The decision as typed: which version stands, or another value, and on what ground."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from dossiers.conflicts import ConflictKind
from edge_node.conflicts.reading import Question
from edge_node.entry import Entry, Rejected

THIRD: Final = "third"
BOTH: Final = "both"
GROUND_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`choose` is a side's record; None where `fields` and `values` bring another value, or both sides stand."""

    choose: str | None
    fields: dict[str, str]
    values: dict[str, int]
    ground: str


def read_decision(form: Mapping[str, str], question: Question) -> Decision | Rejected:
    entry = Entry(form)
    offered = choices_of(question)
    chosen = entry.choice("choose", offered, needed=_("Hãy chọn nội dung được giữ."))
    fields: dict[str, str] = {}
    values: dict[str, int] = {}
    if chosen == THIRD:
        fields, values = _read_third(entry, question)
    ground = entry.text(
        "ground", needed=_("Hãy ghi căn cứ: đã đối chiếu với giấy tờ nào, ai xác nhận."), most=GROUND_MAX
    )
    choose = None if chosen in (THIRD, BOTH, "") else chosen
    return entry.rejected or Decision(choose=choose, fields=fields, values=values, ground=ground)


def choices_of(question: Question) -> list[str]:
    """What may be chosen: what legally happened cannot be undone here, so a review offers that side alone."""
    sides = [
        version.record for version in question.versions if version.is_provisional or not question.is_review
    ]
    if question.kind is ConflictKind.DUPLICATE_PAYMENT:
        return [*sides, BOTH]
    return [*sides, THIRD] if question.third else sides


def _read_third(entry: Entry, question: Question) -> tuple[dict[str, str], dict[str, int]]:
    fields: dict[str, str] = {}
    values: dict[str, int] = {}
    for third in question.third:
        name = f"third.{third.code}"
        if third.is_number:
            values[third.code] = entry.money(name) if third.code == "fee_due" else entry.whole(name, least=1)
            continue
        read = {"id_number": entry.id_number, "phone": entry.phone, "email": entry.email}.get(
            third.code.rpartition(".")[2], entry.line
        )
        fields[third.code] = read(name)
        if not fields[third.code]:
            entry.fail(name, _("Hãy nhập %(label)s.", label=third.label))
    return fields, values
