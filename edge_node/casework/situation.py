"""What a decision stands on: this office, the province's time as far as it is known here, calendar and catalogue in force."""

from dataclasses import dataclass

from sqlite_utils import Database

from dossiers.calendar import WorkingCalendar
from dossiers.deadlines import Frozen, due, freeze, resume
from dossiers.procedures import Catalogue, Procedure
from dossiers.time_rules import RuleType, TimeRule
from dossiers.units import Units
from dossiers.views import DossierView
from edge_node.journal import require_office
from edge_node.journal.stamp import offset_now
from edge_node.keyring.units import units_at
from edge_node.services import Services
from edge_node.store.local import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`now` is this PC's clock put right by the last measured difference from the province's: legal times use it."""

    office: Office
    now: int
    calendar: WorkingCalendar
    catalogue: Catalogue
    units: Units

    def procedure_of(self, view: DossierView) -> Procedure | None:
        """The version that the dossier pinned when it was received."""
        if view.procedure is None or view.procedure_version is None:
            return None
        return self.catalogue.find(view.procedure, view.procedure_version)

    def due_for(
        self, rule: TimeRule, *, verification: bool = False, agreed_ms: int | None = None
    ) -> int | None:
        return due(self.now, rule, self.calendar, verification=verification, agreed_ms=agreed_ms)

    def frozen_of(self, view: DossierView) -> Frozen | None:
        """What is left of the time if the clock stops now; None where there is no due date to stop."""
        procedure = self.procedure_of(view)
        if view.due is None or procedure is None:
            return None
        longer = is_longer_limb(procedure.rule, view.rule)
        return freeze(self.now, view.due, procedure.rule, self.calendar, verification=longer)

    def resumed_due(self, view: DossierView) -> int | None:
        """The due date if the clock goes on now."""
        if view.frozen is None:
            return view.due
        return resume(self.now, view.frozen, self.calendar, not_before=view.due)


def survey(db: Database, services: Services) -> Situation:
    """The situation at this moment; raises NotEnrolled before the PC belongs to a unit."""
    wall = services.clock()
    offset = offset_now(db, wall)
    return Situation(
        office=require_office(db),
        now=wall + (offset[0] if offset else 0),
        calendar=services.references.calendar(db),
        catalogue=services.references.catalogue(db),
        units=units_at(db, wall),
    )


def rule_word(rule: TimeRule, *, verification: bool, is_agreed: bool) -> str:
    """The kind of time that counts for a dossier, as its record states it: the limb that applies, not the whole rule."""
    if is_agreed:
        return RuleType.BY_AGREEMENT.value
    return rule.applied(verification=verification).type.value


def is_longer_limb(rule: TimeRule, word: str | None) -> bool:
    """Whether a dossier under a conditional rule runs by its longer limb."""
    if rule.type is not RuleType.CONDITIONAL_EXTENSION:
        return False
    base, extended = rule.limbs
    return base.type != extended.type and word == extended.type.value
