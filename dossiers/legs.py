"""The way of a dossier between units: legs, whose turn each is, and what two ends that had not seen each other make.

A *leg* begins with the record that names another unit: as the one competent to settle the dossier (received here for
another commune, không phụ thuộc địa giới), or as one that is asked (liên thông). The unit named accepts it, and then
answers or sends it back with a reason; whoever asked may recall it. A leg never moves the due date: the time is the
competent unit's, and it stops only by a step of the life cycle with a ground (domain.md §5.1). Its own deadline is the
time within the house.

Tables and values only; `routes` reads them off a dossier's records.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from signing.roles import Role


class LegStep(StrEnum):
    """What the record `dossier.routed` does to a leg."""

    ACCEPT = "accepted"
    ANSWER = "answered"
    RETURN = "returned"
    RECALL = "recalled"


class LegState(StrEnum):
    """Where a leg stands. `REPLACED`: another unit was named competent since."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    RETURNED = "returned"
    RECALLED = "recalled"
    REPLACED = "replaced"


OPEN: Final = frozenset({LegState.WAITING, LegState.ACCEPTED})
"""States in which somebody still has something to do."""

_ANYBODY: Final = frozenset({Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK})
LEG_ROLES: Final[Mapping[LegStep, frozenset[Role]]] = {
    LegStep.ACCEPT: _ANYBODY,
    LegStep.ANSWER: frozenset({Role.LEADER, Role.CLERK}),
    LegStep.RETURN: _ANYBODY - {Role.CLERK},
    LegStep.RECALL: _ANYBODY - {Role.CLERK},
}
"""Whose roles may sign which step: an answer is the word of the unit, so its head or its clerk gives it."""

ENDS: Final = (LegStep.ANSWER, LegStep.RETURN, LegStep.RECALL)
"""Steps that end a leg, the one that prevails first: an answer has been given whatever the other side did meanwhile, and
what was sent back does not wait for a recall. Two of the same kind: the earlier one stands."""


def prevails(one: LegStep, other: LegStep) -> bool:
    """Whether `one` stands before `other` where neither had seen the other; of two alike the earlier does."""
    return ENDS.index(one) < ENDS.index(other)


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of a dossier's way.

    Attributes:
        record: the record that begins it, which is its name.
        sender, unit: from which unit to which.
        is_referral: the unit is asked; otherwise it is competent to settle the dossier.
        asked: what it is asked for, where the body is here; `said`: its last word, or the reason of a return.
        overruled: ends that did not prevail.
    """

    record: str
    sender: str
    unit: str
    is_referral: bool
    state: LegState
    at_ms: int
    by: str
    deadline: int | None = None
    asked: str | None = None
    accepted_ms: int | None = None
    ended: str | None = None
    ended_ms: int | None = None
    said: str | None = None
    overruled: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class HandedPaper(msgspec.Struct, frozen=True):
    """So many copies of a paper, in one form (1 original, 2 certified copy, 3 photocopy)."""

    paper: str
    form: int
    count: int


class PapersHanded(msgspec.Struct, frozen=True, kw_only=True):
    """The papers of one dossier, handed from one unit to another with a slip; taken once the other side has signed.

    Attributes:
        slip: number of the slip, which may list many dossiers.
        missing: what the other side did not find.
        taken: the record that signs for them; `overruled`: later ones that had not seen it.
    """

    record: str
    slip: str
    sender: str
    unit: str
    papers: tuple[HandedPaper, ...]
    at_ms: int
    by: str
    note: str | None = None
    taken: str | None = None
    taken_ms: int | None = None
    taken_by: str | None = None
    missing: tuple[HandedPaper, ...] = ()
    taken_note: str | None = None
    overruled: tuple[str, ...] = ()
