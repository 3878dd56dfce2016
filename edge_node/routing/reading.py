"""What the screens show of dossiers on their way: legs with the steps open to this officer, lists, slips."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.components import PaperForm
from dossiers.legs import HandedPaper, Leg, LegState, LegStep, PapersHanded
from dossiers.units import Units
from dossiers.views import DossierView
from edge_node.casework.history import paper_name
from edge_node.casework.labels import PAPER_FORM_LABELS, leg_step_word, spoken
from edge_node.casework.situation import survey
from edge_node.journal import may_sign, require_office
from edge_node.keyring import Actor
from edge_node.keyring.units import scope_of, stands_for, units_at
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.projection.service import view as view_of
from edge_node.routing import queries
from edge_node.routing.service import PAPER_ROLES, other_ends, roles_of, steps_of
from edge_node.services import Services

PAGE_ROWS: Final = 50
SLIPS_SHOWN: Final = 200
_TONES: Final[Mapping[LegState, str]] = {
    LegState.WAITING: "soon",
    LegState.ACCEPTED: "work",
    LegState.ANSWERED: "fact",
    LegState.RETURNED: "refused",
    LegState.RECALLED: "plain",
    LegState.REPLACED: "plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLeg:
    """A leg in words; `steps` are those this officer may take now."""

    leg: Leg
    sender: str
    unit: str
    purpose: str
    state: str
    tone: str
    steps: tuple[tuple[LegStep, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWay:
    """The way of one dossier, as its page shows it."""

    legs: tuple[ShownLeg, ...]
    slips: tuple["ShownHanded", ...]
    is_guest: bool
    home: str
    may_refer: bool
    may_give: bool
    ends: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHanded:
    """The papers of one dossier on a slip."""

    handed: PapersHanded
    sender: str
    unit: str
    papers: tuple[str, ...]
    missing: tuple[str, ...]
    may_take: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A leg in a list, with its dossier."""

    leg: queries.LegRow
    row: DossierRow
    sender: str
    unit: str
    purpose: str
    state: str
    tone: str
    procedure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """One page of legs, or the slips."""

    side: str
    is_open: bool
    lines: tuple[Line, ...]
    slips: tuple[queries.SlipRow, ...]
    counts: Mapping[str, int]
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPage:
    """One slip with its dossiers."""

    slip: str
    sender: str
    unit: str
    at: int
    lines: tuple[tuple[DossierView, str, ShownHanded], ...]

    @property
    def to_take(self) -> int:
        return sum(shown.may_take for _view, _name, shown in self.lines)


def state_word(state: LegState) -> str:
    return {
        LegState.WAITING: _("Chờ tiếp nhận"),
        LegState.ACCEPTED: _("Đang xử lý"),
        LegState.ANSWERED: _("Đã trả lời"),
        LegState.RETURNED: _("Đã trả lại"),
        LegState.RECALLED: _("Đã thu hồi"),
        LegState.REPLACED: _("Đã đổi nơi giải quyết"),
    }[state]


def step_word(step: LegStep) -> str:
    return leg_step_word(step.value)


def purpose_word(*, is_referral: bool) -> str:
    return _("Phối hợp, lấy ý kiến") if is_referral else _("Giải quyết (không theo địa giới)")


def shown_way(db: Database, services: Services, actor: Actor, view: DossierView) -> ShownWay:
    """What the dossier's page shows of its way."""
    unit, units = stands_for(db, view, require_office(db).unit), units_at(db, services.clock())
    is_home = view.commune == unit
    is_competent = any(leg.unit == unit and leg.is_open and not leg.is_referral for leg in view.legs)
    return ShownWay(
        legs=tuple(_shown(leg, view, unit, actor, units) for leg in view.legs),
        slips=tuple(_handed(db, services, view, each, unit, actor) for each in view.slips),
        is_guest=not is_home,
        home=units.name(view.commune),
        ends=tuple((end, units.name(end)) for end in other_ends(view, unit)),
        may_refer=may_sign(actor, "dossier.referred", {})
        and (is_home or is_competent)
        and view.finished is None
        and view.status is not None,
        may_give=bool(other_ends(view, unit)) and bool(view.legs) and bool(set(PAPER_ROLES) & actor.roles),
    )


def read_lists(
    db: Database, services: Services, *, side: str, is_open: bool, page: int, rows: int = PAGE_ROWS
) -> Lists:
    """The queue of one side."""
    units = scope_of(db, require_office(db).unit)
    counts = {name: queries.count_legs(db, units, side=name, is_open=True) for name in ("in", "out")}
    if side == "papers":
        found = tuple(queries.slips(db, limit=SLIPS_SHOWN))
        return Lists(side=side, is_open=True, lines=(), slips=found, counts=counts, page=1, pages=1)
    count = queries.count_legs(db, units, side=side, is_open=is_open)
    page = max(1, page)
    legs = queries.legs(db, units, side=side, is_open=is_open, limit=rows, offset=(page - 1) * rows)
    return Lists(
        side=side,
        is_open=is_open,
        lines=tuple(_lines(db, services, legs)),
        slips=(),
        counts=counts,
        page=page,
        pages=max(1, -(-count // rows)),
    )


def other_ends_of(lists: Lists, unit: str, units: Units) -> tuple[tuple[str, str], ...]:
    """The units to which papers of the dossiers on this page may go, with their names; the busiest first."""
    counts = Counter(end for line in lists.lines for end in {line.leg.sender, line.leg.unit} if end != unit)
    return tuple((code, units.name(code)) for code, _count in counts.most_common())


def read_slip(db: Database, services: Services, actor: Actor, slip: str) -> SlipPage | None:
    """A slip, or None where this PC holds nothing of it."""
    unit = require_office(db).unit
    lines = []
    for dossier in queries.dossiers_of_slip(db, slip):
        view = view_of(db, dossier)
        for each in view.slips if view is not None else ():
            if view is not None and each.slip == slip:
                shown = _handed(db, services, view, each, unit, actor)
                lines.append((view, _procedure(db, services, view), shown))
    if not lines:
        return None
    first = lines[0][2].handed
    at = min(shown.handed.at_ms for _view, _name, shown in lines)
    units = units_at(db, at)  # the paper keeps the names of its day
    return SlipPage(
        slip=slip,
        sender=units.name(first.sender),
        unit=units.name(first.unit),
        at=at,
        lines=tuple(lines),
    )


def unit_choices(db: Database, view: DossierView, units: Units) -> list[tuple[str, str]]:
    """The units that may be asked about a dossier: departments first."""
    own, taken = require_office(db).unit, {leg.unit for leg in view.open_legs}
    found = (*units.departments, *units.communes)
    return [(unit.code, unit.name) for unit in found if unit.code != own and unit.code not in taken]


def _shown(leg: Leg, view: DossierView, unit: str, actor: Actor, units: Units) -> ShownLeg:
    possible = steps_of(leg, unit, view.commune) if leg in view.open_legs else ()
    return ShownLeg(
        leg=leg,
        sender=units.name(leg.sender),
        unit=units.name(leg.unit),
        purpose=purpose_word(is_referral=leg.is_referral),
        state=state_word(leg.state),
        tone=_TONES[leg.state],
        steps=tuple((step, step_word(step)) for step in possible if roles_of(step) & actor.roles),
    )


def _handed(
    db: Database, services: Services, view: DossierView, handed: PapersHanded, unit: str, actor: Actor
) -> ShownHanded:
    situation = survey(db, services)
    procedure, units = situation.procedure_of(view), situation.units

    def words(papers: Sequence[HandedPaper]) -> tuple[str, ...]:
        return tuple(
            f"{paper_name(each.paper, procedure)}: {each.count} {_(PAPER_FORM_LABELS[PaperForm(each.form)])}"
            for each in papers
        )

    return ShownHanded(
        handed=handed,
        sender=units.name(handed.sender),
        unit=units.name(handed.unit),
        papers=words(handed.papers),
        missing=words(handed.missing),
        may_take=handed.unit == unit and handed.taken is None and bool(set(PAPER_ROLES) & actor.roles),
    )


def _lines(db: Database, services: Services, legs: Sequence[queries.LegRow]) -> Sequence[Line]:
    catalogue, units = services.references.catalogue(db), units_at(db, services.clock())
    found = []
    for leg in legs:
        row = dossier_row(db, leg.dossier)
        if row is None:
            continue
        procedure = catalogue.find(row.procedure or "", row.procedure_version or 0)
        state = LegState(leg.state)
        found.append(
            Line(
                leg=leg,
                row=row,
                sender=units.name(leg.sender),
                unit=units.name(leg.unit),
                purpose=purpose_word(is_referral=leg.is_referral),
                state=state_word(state),
                tone=_TONES[state],
                procedure=spoken(procedure.name) if procedure else row.procedure or "",
            )
        )
    return found


def _procedure(db: Database, services: Services, view: DossierView) -> str:
    found = survey(db, services).procedure_of(view)
    return spoken(found.name) if found else view.procedure or ""
