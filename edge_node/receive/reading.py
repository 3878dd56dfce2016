"""The receiving form's page: the procedure in words, what stands in the fields, the reckoning in the foot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.deadlines import describe_rule, due
from dossiers.lifecycle import Status, same_day_path
from dossiers.local_time import local_date
from dossiers.presentation import fmt_date
from dossiers.procedures import Procedure, Unverified
from dossiers.time_rules import Condition, RuleType
from dossiers.units import Units
from edge_node.casework.labels import is_english, spoken
from edge_node.casework.situation import Situation, survey
from edge_node.drafts.service import KeptDraft, list_drafts
from edge_node.journal import may_sign
from edge_node.keyring import Actor
from edge_node.projection.lists import DossierRow
from edge_node.receive.forms import parse_reckoning, with_id_card
from edge_node.receive.queries import EarlierPerson, frequent_procedures, same_today
from edge_node.services import Services

DRAFT_PREFIX: Final = "receive."
_NATION: Final = "Việt Nam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A procedure to choose from."""

    code: str
    name: str
    sector: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDraft:
    """A form somebody began and did not save."""

    code: str
    procedure: str
    person: str
    saved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """The first page: what is usually received, what was found, what waits unfinished."""

    text: str
    found: tuple[Choice, ...]
    frequent: tuple[Choice, ...]
    drafts: tuple[WaitingDraft, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """What the form's foot says at this moment; `repeated` are dossiers that look like this one."""

    due: int | None
    fee: int
    repeated: tuple[DossierRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveForm:
    """Everything the receiving form shows."""

    procedure: Procedure
    name: str
    sector: str
    rule: str
    values: Mapping[str, str]
    foot: Foot
    may_settle: bool
    may_take_fee: bool
    condition: str
    draft_saved: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    refusal: tuple[str, str] | None = None
    earlier: EarlierPerson | None = None
    repeated: tuple[DossierRow, ...] = ()
    takes_focus: bool = False

    @property
    def draft(self) -> str:
        return f"{DRAFT_PREFIX}{self.procedure.code}"

    @property
    def is_unverified(self) -> bool:
        return bool(self.procedure.unverified & {Unverified.TIME, Unverified.FEE, Unverified.PAPERS})


def read_counter(db: Database, services: Services, actor: Actor, text: str) -> Counter:
    """What can be received today."""
    situation = survey(db, services)
    catalogue = situation.catalogue.at(local_date(situation.now))
    by_code = {procedure.code: procedure for procedure in catalogue.procedures}
    frequent = [by_code[code] for code in frequent_procedures(db) if code in by_code]
    if len(frequent) < 6:
        frequent += [p for p in catalogue.procedures if p not in frequent][: 6 - len(frequent)]
    return Counter(
        text=text,
        found=tuple(_choice(situation, p) for p in catalogue.search(text)) if text.strip() else (),
        frequent=tuple(_choice(situation, p) for p in frequent),
        drafts=tuple(waiting_drafts(db, services, actor)),
        total=len(catalogue.procedures),
    )


def waiting_drafts(db: Database, services: Services, actor: Actor) -> list[WaitingDraft]:
    """Receiving forms that the officer began."""
    situation = survey(db, services)
    return [_waiting(situation, draft) for draft in list_drafts(db, actor, prefix=DRAFT_PREFIX)]


def find_choices(db: Database, services: Services, text: str) -> list[Choice]:
    """Procedures in force that hold every word typed."""
    situation = survey(db, services)
    found = situation.catalogue.at(local_date(situation.now)).search(text)
    return [_choice(situation, procedure) for procedure in found]


def _choice(situation: Situation, procedure: Procedure) -> Choice:
    return Choice(
        code=procedure.code,
        name=spoken(procedure.name),
        sector=spoken(situation.catalogue.sector_name(procedure.field)),
        rule=describe_rule(procedure.rule, english=is_english()),
    )


def _waiting(situation: Situation, draft: KeptDraft) -> WaitingDraft:
    code = draft.form.removeprefix(DRAFT_PREFIX)
    found = situation.catalogue.current(code, local_date(situation.now))
    return WaitingDraft(
        code=code,
        procedure=spoken(found.name) if found else code,
        person=draft.content.get("applicant.name", ""),
        saved=draft.saved,
    )


def find_procedure(db: Database, services: Services, code: str) -> Procedure | None:
    """The version in force today."""
    situation = survey(db, services)
    return situation.catalogue.current(code, local_date(situation.now))


def read_foot(db: Database, services: Services, procedure: Procedure, values: Mapping[str, str]) -> Foot:
    """Due date, fee and look-alikes for what is typed so far."""
    situation, reckoning = survey(db, services), parse_reckoning(values, procedure)
    agreed = reckoning.agreed_ms if (reckoning.agreed_ms or 0) > situation.now else None
    return Foot(
        due=due(
            situation.now,
            procedure.rule,
            situation.calendar,
            verification=reckoning.verification,
            agreed_ms=agreed,
        ),
        fee=reckoning.fee_due,
        repeated=tuple(
            same_today(db, id_number=reckoning.person, procedure=procedure.code, now=situation.now)
        ),
    )


def read_form(
    db: Database, services: Services, actor: Actor, procedure: Procedure, values: Mapping[str, str]
) -> ReceiveForm:
    """The form with these values in its fields."""
    situation = survey(db, services)
    filled = with_id_card(values)
    return ReceiveForm(
        procedure=procedure,
        name=spoken(procedure.name),
        sector=spoken(situation.catalogue.sector_name(procedure.field)),
        rule=describe_rule(procedure.rule, english=is_english()),
        values=filled,
        foot=read_foot(db, services, procedure, filled),
        may_settle=bool(same_day_path(Status.RECEIVED, actor.roles)),
        may_take_fee=may_sign(actor, "dossier.paid", {}),
        condition=_condition(procedure),
    )


def _condition(procedure: Procedure) -> str:
    """The question behind a conditional time limit, as the officer answers it."""
    if procedure.rule.type is not RuleType.CONDITIONAL_EXTENSION:
        return ""
    if procedure.rule.condition is Condition.MANY_PAGES:
        return _("Hồ sơ nhiều trang, nội dung phức tạp")
    return _("Phải xác minh")


def units_to_choose(units: Units) -> list[tuple[str, str]]:
    """Units that may settle a dossier received here."""
    return [(unit.code, unit.name) for unit in (*units.offices, units.province)]


def defaults(procedure: Procedure, today: date, signer: str) -> dict[str, str]:
    """What stands in a new form: nearly everybody who comes to a commune is Vietnamese."""
    nations = {q.record_code: _NATION for q in procedure.form_fields if q.code.endswith("nationality")}
    return nations | {
        "channel": "1",
        "return_method": "desk",
        "result.date": fmt_date(today),
        "result.signer": signer,
    }


def merged(values: Mapping[str, str], person: EarlierPerson) -> dict[str, str]:
    """What is typed, and from the earlier dossier whatever is still empty."""
    return {**values, **{name: text for name, text in person.values.items() if not values.get(name)}}
