"""One dossier for its page: what stands, what may be done now and by whom, what is disputed, who looked.

Only what the officer's roles permit is offered; the journal checks again when it is signed. Nothing here writes: noting
that the page was opened is the route's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.components import PaperForm
from dossiers.conflicts import Conflict, what_happened
from dossiers.files import Arrival, Completeness
from dossiers.procedures import Procedure
from dossiers.views import DossierView
from edge_node.accounts.openings import openings_of
from edge_node.accounts.service import Officer, list_officers, officer_names, signer_names
from edge_node.casework.file_page import file_arrival, file_completeness, files_untaken
from edge_node.casework.history import Event, events_of, paper_name
from edge_node.casework.labels import (
    PAPER_FORM_LABELS,
    field_label,
    field_text,
    pick,
    roles_word,
)
from edge_node.casework.offers import Offer, next_roles, offered_moves, other_offers
from edge_node.casework.papers import Printable, printables
from edge_node.casework.situation import Situation, survey
from edge_node.casework.whereabouts import Whereabouts, where_is_dossier
from edge_node.keyring import Actor
from edge_node.keyring.units import stands_for
from edge_node.projection.duplicates import decisions_about, open_duplicates
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from edge_node.store.bodies import is_wholly_erased
from sync_protocol.record import BodyState

_APPLICANT: Final = ("applicant.name", "applicant.id_number", "applicant.birth_date", "applicant.phone",
                     "applicant.email", "applicant.address", "owner.name", "owner.id_number", "owner.address")  # fmt: skip
_MASKED: Final = frozenset({"applicant.id_number", "owner.id_number"})
_OPENINGS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field as the page shows it; a masked one shows its number only on request."""

    code: str
    label: str
    text: str | None
    is_masked: bool
    is_disputed: bool
    state: BodyState


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPaper:
    """A paper held, with the record that brought it."""

    name: str
    text: str
    record: str
    code: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSide:
    """One side of a difference."""

    name: str
    at: int
    value: str
    is_provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConflict:
    """A difference to settle."""

    id: str
    label: str
    sentence: str
    sides: tuple[ShownSide, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOpening:
    at: int
    name: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierPage:
    """Everything the page of a dossier shows."""

    view: DossierView
    row: DossierRow
    procedure: Procedure | None
    situation: Situation
    where: Whereabouts
    main: Offer | None
    moves: tuple[Offer, ...]
    others: tuple[Offer, ...]
    next_roles: str
    people: tuple[ShownField, ...]
    answers: tuple[ShownField, ...]
    papers: tuple[ShownPaper, ...]
    files: Completeness
    arrival: Arrival
    untaken: int
    printables: tuple[Printable, ...]
    events: tuple[Event, ...]
    conflicts: tuple[ShownConflict, ...]
    duplicates: tuple[ShownConflict, ...]
    goes_on_in: DossierRow | None
    openings: tuple[ShownOpening, ...]
    assigned: str
    competent: str
    is_erased: bool

    @property
    def heads(self) -> str:
        return " ".join(self.view.heads)


def read_page(db: Database, services: Services, actor: Actor, dossier: str) -> DossierPage | None:
    """The dossier's page, or None where this PC does not hold it."""
    view, row = view_of(db, dossier), dossier_row(db, dossier)
    if view is None or row is None:
        return None
    situation = survey(db, services)
    procedure = situation.procedure_of(view)
    officers = officer_names(db)
    unit = stands_for(db, view, situation.office.unit)
    main, moves = offered_moves(view, actor.roles, unit)
    is_erased = is_wholly_erased(db, dossier, unit=situation.office.unit)
    return DossierPage(
        view=view,
        row=row,
        procedure=procedure,
        situation=situation,
        where=where_is_dossier(row),
        main=main,
        moves=moves,
        others=other_offers(view, actor.roles, unit, is_erased=is_erased),
        is_erased=is_erased,
        next_roles=next_roles(view),
        people=tuple(_shown(view, procedure, [code for code in _APPLICANT if code in view.fields])),
        answers=tuple(_shown(view, procedure, _answer_codes(view, procedure))),
        papers=tuple(_papers(view, procedure)),
        files=file_completeness(view),
        arrival=file_arrival(db, services, view),
        untaken=files_untaken(db, services, view),
        printables=tuple(printables(view)),
        events=tuple(_with_links(events_of(db, services, view, procedure), dossier)),
        conflicts=tuple(shown_conflict(db, conflict, procedure) for conflict in view.conflicts),
        duplicates=tuple(
            shown_conflict(db, conflict, procedure) for conflict in open_duplicates(db, dossier=view.dossier)
        ),
        goes_on_in=_goes_on_in(db, view),
        openings=tuple(_openings(db, dossier, officers)),
        assigned=officers.get((view.assigned.officer if view.assigned else None) or "", ""),
        competent=situation.units.name(view.competent or ""),
    )


def _goes_on_in(db: Database, view: DossierView) -> DossierRow | None:
    """The dossier that is gone on with in place of this one, while this one is still open."""
    decided = {} if view.finished is not None else decisions_about(db, view)
    decisions = [each for each in decided.values() if not each.is_about_code]
    if not decisions or decisions[-1].goes_on in (None, view.dossier):
        return None
    return dossier_row(db, decisions[-1].goes_on or "")


def _answer_codes(view: DossierView, procedure: Procedure | None) -> list[str]:
    asked = [q.record_code for q in procedure.form_fields] if procedure else []
    present = [code for code in asked if code in view.fields]
    further = sorted(code for code in view.fields if code.startswith("form.") and code not in asked)
    return [*present, *further, *(code for code in ("summary", "return_method") if code in view.fields)]


def _shown(view: DossierView, procedure: Procedure | None, codes: Sequence[str]) -> list[ShownField]:
    disputed = {conflict.field for conflict in view.conflicts}
    fields = []
    for code in codes:
        state = view.fields[code]
        is_masked = code in _MASKED or code.endswith("_id_number")
        fields.append(
            ShownField(
                code=code,
                label=field_label(code, procedure),
                text=str(state.value)
                if is_masked and state.value
                else field_text(code, state.value, procedure),
                is_masked=is_masked,
                is_disputed=code in disputed,
                state=state.state,
            )
        )
    return fields


def _papers(view: DossierView, procedure: Procedure | None) -> list[ShownPaper]:
    words = {form: _(PAPER_FORM_LABELS[form]) for form in PaperForm}
    return [
        ShownPaper(
            name=paper_name(paper.paper, procedure),
            text=f"{paper.count} {words[PaperForm(paper.form)]}",
            record=paper.record,
            code=paper.paper,
            marks=tuple(
                word
                for is_marked, word in (
                    (paper.digitised, _("đã số hóa")),
                    (paper.reused, _("dùng lại dữ liệu")),
                )
                if is_marked
            ),
        )
        for paper in view.papers
    ]


def shown_conflict(db: Database, conflict: Conflict, procedure: Procedure | None) -> ShownConflict:
    """A difference with who said what on each side."""
    signers, sentence = signer_names(db), what_happened(conflict)
    return ShownConflict(
        id=conflict.id,
        label=field_label(conflict.field, procedure) if conflict.field else "",
        sentence=pick((sentence.vi, sentence.en)),
        sides=tuple(
            ShownSide(
                name=signers.get(side.by, ("", ""))[0],
                at=side.at_ms,
                value=field_text(conflict.field or "", side.value, procedure) or "",
                is_provisional=side.record == conflict.provisional,
            )
            for side in conflict.sides
        ),
    )


def _with_links(events: Sequence[Event], dossier: str) -> list[Event]:
    return [
        replace(
            event,
            raw_url=f"/dossiers/{dossier}/records/{event.record}",
            proof_url=f"/dossiers/{dossier}/proof?record={event.record}",
        )
        for event in events
    ]


def _openings(db: Database, dossier: str, officers: dict[str, str]) -> list[ShownOpening]:
    words = {
        "page": _("mở hồ sơ"),
        "id_number": _("xem số định danh"),
        "print": _("in giấy tờ"),
        "record": _("xem bản ghi gốc"),
        "export": _("tải bản ghi"),
        "file": _("xem tệp đính kèm"),
        "prefill": _("điền lại thông tin người nộp"),
        "api": _("qua giao diện lập trình"),
    }
    return [
        ShownOpening(
            at=o.at, name=officers.get(o.officer, o.officer[:8]), purpose=words.get(o.purpose, o.purpose)
        )
        for o in openings_of(db, dossier, limit=_OPENINGS_SHOWN)
    ]


def officer_choices(db: Database, services: Services) -> list[tuple[str, str]]:
    """(officer id, name and roles) of this unit, for assigning."""
    return [(o.officer, _choice_text(o)) for o in list_officers(db, services) if o.roles]


def _choice_text(officer: Officer) -> str:
    return f"{officer.name} · {officer.title or roles_word(officer.roles)}"
