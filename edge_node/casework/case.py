"""A dossier for the form of one action, and what a step would do to its time limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from dossiers.lifecycle import Move
from dossiers.procedures import Procedure
from dossiers.time_rules import RuleType
from dossiers.views import DossierView
from edge_node.casework.service import clock_facts
from edge_node.casework.situation import Situation, survey
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.projection.service import view as view_of
from edge_node.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A dossier for the form of one action."""

    view: DossierView
    row: DossierRow
    procedure: Procedure | None
    situation: Situation

    @property
    def heads(self) -> str:
        return " ".join(self.view.heads)


def read_case(db: Database, services: Services, dossier: str) -> Case | None:
    """The dossier, or None where this PC does not hold it."""
    view, row = view_of(db, dossier), dossier_row(db, dossier)
    if view is None or row is None:
        return None
    situation = survey(db, services)
    return Case(view=view, row=row, procedure=situation.procedure_of(view), situation=situation)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePreview:
    """What a step would do to the time limit: shown before it is signed."""

    due: int | None = None
    due_longer: int | None = None
    frozen: Mapping[str, Any] | None = None
    changes: bool = False


def preview_time(case: Case, move: Move) -> TimePreview:
    """The new due date, also under the longer limb of a conditional rule, or the time that is frozen."""
    facts = clock_facts(move, case.view, case.situation)
    if "frozen" in facts:
        return TimePreview(frozen=facts["frozen"], changes=True)
    if "due" not in facts:
        return TimePreview()
    starts = case.view.accepted is None
    is_conditional = case.procedure is not None and case.procedure.rule.type is RuleType.CONDITIONAL_EXTENSION
    longer = (
        clock_facts(move, case.view, case.situation, verification=True) if starts and is_conditional else {}
    )
    return TimePreview(due=facts["due"], due_longer=longer.get("due"), changes=True)
