"""Several dossiers decided with one signature each and one act: what a leader does ten times a day.

Every dossier is its own transaction and its own record. One that somebody changed meanwhile is left alone and named; the
others go through: whoever looks at the answer knows exactly which are done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.lifecycle import Move, allowed
from dossiers.views import DossierView
from edge_node.casework.labels import reason_words
from edge_node.casework.service import DossierChanged, DossierUnknown, Step, Target, move
from edge_node.entry import Entry, Rejected
from edge_node.journal import JournalReadOnly, WriteRefused
from edge_node.keyring import Actor
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.projection.service import view as view_of
from edge_node.services import Services

BATCH_MAX: Final = 100
# Steps that ask for something of each single dossier (missing papers, a recipient) are taken on its own page.
_OWN_PAGE: Final = frozenset({"items", "received_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A dossier chosen for deciding, with its heads as it is shown."""

    row: DossierRow
    view: DossierView

    @property
    def heads(self) -> str:
        return " ".join(self.view.heads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one dossier; `problem` is empty where it was signed."""

    row: DossierRow
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step for several dossiers; a result's number differs from one to the next."""

    step: Step
    numbers: Mapping[str, str]


def choose(db: Database, dossiers: Sequence[str]) -> list[Chosen]:
    """The dossiers that were ticked and are here."""
    chosen = []
    for dossier in dict.fromkeys(dossiers[:BATCH_MAX]):
        row, view = dossier_row(db, dossier), view_of(db, dossier)
        if row is not None and view is not None:
            chosen.append(Chosen(row=row, view=view))
    return chosen


def common_moves(chosen: Sequence[Chosen], actor: Actor) -> list[Move]:
    """Steps the officer may take in every one of them."""
    offered: list[dict[str, Move]] = []
    for each in chosen:
        moves = allowed(each.view.status, actor.roles) if each.view.status is not None else ()
        offered.append({m.action: m for m in moves if not m.is_correction and not _OWN_PAGE & set(m.needs)})
    if not offered:
        return []
    return [found for action, found in offered[0].items() if all(action in each for each in offered)]


def parse_decision(form: Mapping[str, str], found: Move, chosen: Sequence[Chosen]) -> Decision | Rejected:
    """What all the dossiers share, and the number of each result."""
    entry = Entry(form)
    content: dict[str, Any] = {}
    if ground := entry.text("ground", needed=_("Nhập lý do, căn cứ.") if "ground" in found.needs else ""):
        content["ground"] = ground
    if note := entry.text("note"):
        content["note"] = note
    numbers: dict[str, str] = {}
    if "result" in found.needs:
        day = entry.day("result.date", needed=_("Nhập ngày ký kết quả."))
        signer = entry.line("result.signer", needed=_("Nhập người ký kết quả."), most=200)
        content["result"] = {"date": day, "signer": signer}
        numbers = {each.row.id: entry.line(f"number.{each.row.id}", most=100) for each in chosen}
    return entry.rejected or Decision(step=Step(action=found.action, content=content), numbers=numbers)


def decide(
    db: Database,
    services: Services,
    actor: Actor,
    chosen: Sequence[Chosen],
    decision: Decision,
    seen: Mapping[str, tuple[str, ...]],
) -> list[Outcome]:
    """Sign the step for each; raises JournalReadOnly when nothing can be written at all."""
    outcomes = []
    for each in chosen:
        target = Target(dossier=each.row.id, seen=seen.get(each.row.id, ()))
        try:
            move(db, services, actor, target, _step_for(decision, each.row.id))
            outcomes.append(Outcome(row=each.row))
        except (DossierChanged, DossierUnknown):
            outcomes.append(
                Outcome(row=each.row, problem=_("Có người vừa ghi vào hồ sơ này; hãy mở ra xem."))
            )
        except JournalReadOnly:
            raise
        except WriteRefused as refused:
            outcomes.append(Outcome(row=each.row, problem=reason_words(refused.reason)[0]))
    return outcomes


def _step_for(decision: Decision, dossier: str) -> Step:
    step, number = decision.step, decision.numbers.get(dossier, "")
    if not number or "result" not in step.content:
        return step
    content = {**step.content, "result": {**step.content["result"], "number": number}}
    return Step(action=step.action, content=content)
