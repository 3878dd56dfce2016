"""Bugs to plant around re-organised units; `test_planted_bugs` plants them and wants each found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

import central_hub.projection.protocol as protocol
import central_hub.projection.tallies as tallies
import central_hub.sync.service as rounds_at_hub
import edge_node.sync.foreign as foreign
import edge_node.sync.runner as runner
from central_hub.projection.projector import Projector
from central_hub.projection.rows import DossierRow

Plant = Callable[[pytest.MonkeyPatch], None]


def recode_on_rehoming(patch: pytest.MonkeyPatch) -> None:
    """A dossier that goes to another unit gets a code with that unit's number."""
    note = Projector._note

    def recoded(self: Projector, old: DossierRow | None, new: DossierRow) -> None:
        if new.keeper != new.home and new.code:
            new = new._replace(code=new.code.replace(new.home, new.keeper))
        note(self, old, new)

    patch.setattr(Projector, "_note", recoded)


def count_under_both_units(patch: pytest.MonkeyPatch) -> None:
    """What one unit handed on and another took over adds to the province's total."""
    patch.setattr(tallies, "_STAYING", len(tallies.MEASURES))


def leave_dossiers_with_the_old_unit(patch: pytest.MonkeyPatch) -> None:
    """The judge folds nothing anew when units are re-organised."""
    patch.setattr(protocol, "put_before_judge", lambda connection, event: None)


def give_everything_to_both_parts(patch: pytest.MonkeyPatch) -> None:
    """After a split each part reads what the other receives."""
    may = rounds_at_hub.may_hold

    def anything(connection: Connection, place: Any) -> Any:
        return may(connection, replace(place, keeps=place.keeps | place.scope, is_plain=True))

    patch.setattr(rounds_at_hub, "may_hold", anything)


def never_follow(patch: pytest.MonkeyPatch) -> None:
    """A PC goes on under the old unit for ever."""
    patch.setattr(runner, "follow", lambda db, services: None)


def leave_late_contents_out(patch: pytest.MonkeyPatch) -> None:
    """A unit to which a dossier came later never gets what had been withheld from it."""
    patch.setattr(foreign, "wanted_bodies", lambda *values, **more: [])


def serve_the_newest_log_of_the_key(patch: pytest.MonkeyPatch) -> None:
    """Of two PCs from one disk the one that has not heard yet is answered as if it had followed."""
    place_of = rounds_at_hub.place_of
    patch.setattr(
        rounds_at_hub,
        "place_of",
        lambda connection, services, asker: place_of(connection, services, replace(asker, writing="")),
    )


OF_UNITS: Sequence[Plant] = (
    recode_on_rehoming,
    count_under_both_units,
    leave_dossiers_with_the_old_unit,
    give_everything_to_both_parts,
    never_follow,
    leave_late_contents_out,
    serve_the_newest_log_of_the_key,
)

FIRST_OF_UNITS: Mapping[Plant, int] = {
    **dict.fromkeys(OF_UNITS, 8),
    give_everything_to_both_parts: 26,
    leave_late_contents_out: 17,
    serve_the_newest_log_of_the_key: 89,
}
"""Seeds of re-organised worlds (every ninth) known to notice."""
