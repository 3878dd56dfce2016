"""The printed forms of one dossier: which there are, and each one's content from the signed records behind it.

A paper is always made anew from the records, never stored. It names the record that it prints, and says so while that
record has not reached the province. The room `printing` knows how a form looks; the wording on paper is Vietnamese.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlite_utils import Database

from dossiers.axes import CHANNEL_WORDS, DELIVERY_WORDS, Channel, DeliveryMethod
from dossiers.components import PaperForm
from dossiers.deadlines import describe_rule
from dossiers.lifecycle import STATES, Status
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.procedures import Procedure
from dossiers.units import Units
from dossiers.views import DossierView, Standing
from edge_node.accounts.service import officer_names, signer_names
from edge_node.casework.holder import holder_birth_year
from edge_node.casework.paper_code import paper_code
from edge_node.casework.situation import survey
from edge_node.casework.whereabouts import where_are_records
from edge_node.keyring.units import office_at, units_at
from edge_node.printing import forms
from edge_node.printing.letterhead import letterhead
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from signing.qr import PaperKind
from sync_protocol.record import Record


class PaperName(StrEnum):
    """The papers of a dossier, by the word in their address."""

    SLIP = "mau01"
    SUPPLEMENT = "mau02"
    REFUSAL = "mau03"
    APOLOGY = "mau04"
    STOP = "mau05"
    CONTROL = "mau06"
    HAND_OVER = "bien-nhan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printable:
    """A paper that can be printed now, about one record."""

    name: PaperName
    record: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A dossier with everything its papers need."""

    view: DossierView
    procedure: Procedure | None
    record: Record
    office: forms.Office
    officers: Mapping[str, str]
    signers: Mapping[str, tuple[str, str]]
    is_waiting: bool
    superior_capacity: str
    units: Units
    sign_paper: Callable[..., str]

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.record.header.facts

    @property
    def content(self) -> Mapping[str, Any]:
        return self.record.content or {}

    @property
    def at(self) -> int:
        return self.record.header.corrected_ms

    def text(self, field: str) -> str:
        return self.view.text(field) or ""

    def signer(self) -> str:
        return self.signers.get(self.record.header.by, ("", ""))[0]

    def procedure_name(self) -> str:
        return self.procedure.name.vi if self.procedure else self.view.procedure or ""

    def paper_code(self, kind: PaperKind, *, issued_ms: int, result: str = "") -> str:
        """What a stranger can check of this paper; empty where this PC cannot sign it."""
        return self.sign_paper(
            kind=kind,
            record=self.record.id,
            code=self.view.display_code or "",
            procedure=self.view.procedure or "",
            issued_ms=issued_ms,
            due_ms=self.view.due if kind is PaperKind.SLIP else None,
            holder=self.text("owner.name") or self.text("applicant.name"),
            birth_year=holder_birth_year(kind, self.procedure, self.text),
            result=result,
        )

    def frame(self) -> dict[str, Any]:
        return {
            "office": self.office,
            "day": to_yyyymmdd(local_date(self.at)),
            "record": self.record.id,
            "waiting_for_province": self.is_waiting,
        }


_BY_ACTION: Final = {
    "request_supplement": PaperName.SUPPLEMENT,
    "refuse": PaperName.REFUSAL,
    "refuse_expired": PaperName.REFUSAL,
    "withdraw": PaperName.STOP,
    "pause": PaperName.STOP,
    "return_result": PaperName.HAND_OVER,
}


def printables(view: DossierView) -> list[Printable]:
    """What can be printed of a dossier, each paper once, about the newest record that asks for it."""
    newest = {each.name: each for each in all_printables(view)}
    return [newest[name] for name in PaperName if name in newest]


def all_printables(view: DossierView) -> list[Printable]:
    """Every record with the paper it asks for, oldest first. Refused records are no ground for a paper."""
    found = []
    for entry in view.timeline:
        name = PaperName.APOLOGY if entry.kind == "dossier.extended" else _BY_ACTION.get(entry.action or "")
        if name is not None and entry.standing not in (Standing.QUARANTINED, Standing.HELD):
            found.append(Printable(name=name, record=entry.record, at=entry.at_ms))
    opening = next((e for e in view.timeline if e.kind == "dossier.received"), None)
    if opening is not None and view.accepted is not None:
        found += [
            Printable(name=name, record=opening.record, at=view.accepted)
            for name in (PaperName.SLIP, PaperName.CONTROL)
        ]
    return found


def paper_form(
    db: Database, services: Services, view: DossierView, name: PaperName, *, record: str | None = None
) -> forms.Form | None:
    """The content of a paper about `record` (the newest that asks for it, if none is named)."""
    asking = [each.record for each in all_printables(view) if each.name is name]
    about = record or (asking[-1] if asking else None)
    found = SqliteLogStore(db).record(about) if about in asking and about else None
    if found is None:
        return None
    situation = survey(db, services)
    where = where_are_records(db, view.dossier).get(found.id)
    case = _Case(
        view=view,
        procedure=situation.procedure_of(view),
        record=found,
        office=letterhead(
            office_at(db, situation.office, found.header.commune, found.header.corrected_ms), services.config
        ),
        officers=officer_names(db),
        signers=signer_names(db),
        is_waiting=where is None or not where.province,
        superior_capacity="CHỦ TỊCH",
        units=units_at(db, found.header.corrected_ms),
        sign_paper=partial(paper_code, db, services),
    )
    return _MAKERS[name](case)


def _code(view: DossierView) -> forms.DossierCode:
    return forms.DossierCode(text=view.display_code or "", provisional=view.code is None)


def _applicant(case: _Case) -> forms.Person:
    return forms.Person(
        name=case.text("applicant.name"),
        address=case.text("applicant.address"),
        phone=case.text("applicant.phone"),
        email=case.text("applicant.email"),
        id_number=case.text("applicant.id_number"),
    )


def _owner(case: _Case) -> forms.Person | None:
    if not case.text("owner.name"):
        return None
    return forms.Person(
        name=case.text("owner.name"),
        address=case.text("owner.address"),
        id_number=case.text("owner.id_number"),
    )


def _slip(case: _Case) -> forms.Form:
    view = case.view
    received = next(ms for ms in (view.accepted, view.received, case.at) if ms is not None)
    return forms.Slip(
        **case.frame(),
        code=_code(view),
        paper_code=case.paper_code(PaperKind.SLIP, issued_ms=received),
        procedure=case.procedure_name(),
        submitter=_applicant(case),
        owner=_owner(case),
        channel=CHANNEL_WORDS[Channel(view.channel or 1)][0].lower(),
        summary=case.text("summary"),
        papers=_held_papers(case),
        sets=view.sets or 1,
        time_limit=describe_rule(case.procedure.rule) if case.procedure else "",
        received=received,
        due=view.due,
        result_place=_return_place(case),
        fee_due=view.fee_due,
        fee_paid=view.paid,
        officer=case.signer(),
    )


def _return_place(case: _Case) -> str:
    method = {"desk": DeliveryMethod.DIRECT, "post": DeliveryMethod.POSTAL, "online": DeliveryMethod.ONLINE}
    return DELIVERY_WORDS[method.get(case.text("return_method"), DeliveryMethod.DIRECT)][0]


def _held_papers(case: _Case) -> tuple[forms.Paper, ...]:
    counts: dict[str, dict[int, int]] = {}
    for paper in case.view.papers:
        forms_of = counts.setdefault(paper.paper, {})
        forms_of[paper.form] = forms_of.get(paper.form, 0) + paper.count
    order = [paper.code for paper in case.procedure.papers] if case.procedure else []
    codes = sorted(counts, key=lambda code: order.index(code) if code in order else len(order))
    return tuple(_paper_line(case, code, counts[code]) for code in codes)


def _paper_line(case: _Case, code: str, counts: Mapping[int, int]) -> forms.Paper:
    found = case.procedure.paper(code) if case.procedure else None
    return forms.Paper(
        name=found.name.vi if found else code,
        originals=counts.get(PaperForm.ORIGINAL, 0),
        certified_copies=counts.get(PaperForm.CERTIFIED_COPY, 0),
        plain_copies=counts.get(PaperForm.PLAIN_COPY, 0),
    )


def _supplement(case: _Case) -> forms.Form:
    return forms.SupplementRequest(
        **case.frame(),
        code=_code(case.view) if case.view.display_code else None,
        procedure=case.procedure_name(),
        submitter=_applicant(case),
        papers=tuple(_asked_paper(item) for item in case.content.get("items", ())),
        reason=str(case.content.get("ground", "")),
        deadline=case.facts.get("deadline"),
        officer=case.signer(),
    )


def _asked_paper(item: str | Mapping[str, Any]) -> forms.Paper:
    if isinstance(item, str):
        return forms.Paper(name=item)
    count, form = int(item.get("count", 1)), int(item.get("form", 1))
    return forms.Paper(
        name=str(item["name"]),
        originals=count if form == PaperForm.ORIGINAL else 0,
        certified_copies=count if form == PaperForm.CERTIFIED_COPY else 0,
        plain_copies=count if form == PaperForm.PLAIN_COPY else 0,
    )


def _refusal(case: _Case) -> forms.Form:
    return forms.Refusal(
        **case.frame(),
        code=_code(case.view) if case.view.display_code else None,
        procedure=case.procedure_name(),
        submitter=_applicant(case),
        submitted=case.view.received,
        reason=str(case.content.get("ground", "")),
        guidance=str(case.content.get("note", "")),
        officer=case.signer(),
    )


def _apology(case: _Case) -> forms.Form:
    return forms.Apology(
        **case.frame(),
        code=_code(case.view),
        procedure=case.procedure_name(),
        addressee=_applicant(case),
        received=case.view.accepted or case.view.received or case.at,
        due=int(case.facts["previous"]),
        new_due=int(case.facts["due"]),
        ordinal=int(case.facts["ordinal"]),
        reason=str(case.content.get("ground", "")),
        signatory=_signatory(case),
    )


def _signatory(case: _Case) -> forms.Signatory:
    name, title = case.signers.get(case.record.header.by, ("", ""))
    return forms.Signatory(capacity=title or case.superior_capacity, name=name)


def _stop(case: _Case) -> forms.Form:
    is_pause = case.facts["action"] == "pause"
    source = Status(int(case.facts["from"]))
    return forms.StopNotice(
        **case.frame(),
        kind=forms.StopKind.PAUSED if is_pause else forms.StopKind.WITHDRAWN,
        code=_code(case.view),
        procedure=case.procedure_name(),
        addressee=_applicant(case),
        received=case.view.accepted or case.view.received or case.at,
        stage=STATES[source].vi,
        ground=str(case.content.get("ground", "")),
        stopped=case.at,
        signatory=_signatory(case),
    )


def _control(case: _Case) -> forms.Form:
    view = case.view
    return forms.ControlSlip(
        **case.frame(),
        code=_code(view),
        procedure=case.procedure_name(),
        owner=_owner(case) or _applicant(case),
        received=view.accepted or view.received or case.at,
        due=view.due,
        agency=case.units.name(view.competent or ""),
        steps=_control_steps(case),
    )


def _control_steps(case: _Case) -> tuple[forms.ControlStep, ...]:
    """Every hand-over from one person's hands to another's."""
    steps = []
    for entry in case.view.timeline:
        if entry.action not in ("forward", "transfer", "submit", "send_back", "finish", "return_result"):
            continue
        giver = case.signers.get(entry.by, ("", ""))[0]
        steps.append(
            forms.ControlStep(
                giver=case.office.name,
                receiver=case.office.name,
                giver_name=giver,
                at=entry.at_ms,
                timeliness=case.view.timeliness if entry.action == "finish" else None,
                note=entry.words or "",
            )
        )
    return tuple(steps)


def _hand_over(case: _Case) -> forms.Form:
    view, result, taken = case.view, case.view.result, case.view.handed_over
    taker = taken.name if taken else None
    day = result.date if result and isinstance(result.date, int) else None
    kind = (result.kind if result else "") or case.procedure_name()
    number = (result.number if result else "") or ""
    return forms.ResultHandOver(
        **case.frame(),
        code=_code(view),
        paper_code=case.paper_code(
            PaperKind.RESULT, issued_ms=case.at, result=f"{number} – {kind}" if number else kind
        ),
        procedure=case.procedure_name(),
        owner=_owner(case) or _applicant(case),
        receiver=forms.Person(
            name=taker or case.text("applicant.name"), id_number=(taken.id_number if taken else "") or ""
        ),
        result_kind=kind,
        result_number=number,
        result_day=day,
        result_signer=(result.signer if result else "") or "",
        abstract=case.text("summary"),
        due=view.due,
        returned=case.at,
        manner=DELIVERY_WORDS[DeliveryMethod(case.facts.get("method") or 1)][0],
        fee_paid=view.paid,
        officer=case.signer(),
    )


_MAKERS: Final[Mapping[PaperName, Callable[[_Case], forms.Form]]] = {
    PaperName.SLIP: _slip,
    PaperName.SUPPLEMENT: _supplement,
    PaperName.REFUSAL: _refusal,
    PaperName.APOLOGY: _apology,
    PaperName.STOP: _stop,
    PaperName.CONTROL: _control,
    PaperName.HAND_OVER: _hand_over,
}
