"""Figures of old and new units reconcile exactly, however communes are re-organised and dossiers fall."""

from collections import Counter
from dataclasses import dataclass

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers.genealogy import Allotment, Change, Event, Genealogy, Reorganisation
from dossiers.statistics import (
    MOVING,
    DossierSummary,
    Metric,
    ReportRow,
    contributions,
    row_from_summaries,
    row_from_sums,
    unit_on,
)
from tests.properties.test_statistics import counted, day, periods, summaries

UNITS = ("20194", "20195", "20196", "20197", "20198")
DEVICES = ("1" * 32, "2" * 32)


@dataclass(frozen=True)
class Crowd:
    genealogy: Genealogy
    dossiers: list[DossierSummary]


@st.composite
def reorganisations(draw: st.DrawFn) -> list[Event]:
    """Every unit takes over from an earlier one in the list, so none comes back to where it was."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 3))):
        old = draw(st.sampled_from(UNITS[:-1]))
        later = UNITS[UNITS.index(old) + 1 :]
        new, other = draw(st.sampled_from(later)), draw(st.sampled_from(later))
        devices = {DEVICES[0]: other} if draw(st.booleans()) else {}
        is_part = draw(st.booleans())
        events.append(
            Reorganisation(
                record=f"{number:064x}",
                form="split",
                effective=day(draw(st.integers(0, 40))),
                at=(number, 0),
                changes=(Change(old=old, new=old if is_part else new, devices=devices),),
                names={},
            )
        )
    return events


@st.composite
def crowds(draw: st.DrawFn) -> Crowd:
    events = draw(reorganisations())
    found = draw(st.lists(summaries(), max_size=10))
    last = UNITS[-1]
    is_one_allotted = draw(st.booleans())
    if found and is_one_allotted:
        one = draw(st.sampled_from(found))
        events.append(
            Allotment(
                record="f" * 64,
                effective=day(draw(st.integers(0, 40))),
                at=(99, 0),
                old=UNITS[0],
                new=last,
                dossiers=frozenset({one.dossier}),
            )
        )
    genealogy = Genealogy(events)
    dossiers = []
    for one in found:
        unit, device = draw(st.sampled_from(UNITS[:-1])), draw(st.sampled_from(DEVICES))
        tenures = genealogy.tenures(unit, device=device, dossier=one.dossier)
        moved = msgspec.structs.replace(
            one, commune=tenures[-1].unit, tenures=tenures if len(tenures) > 1 else ()
        )
        if len({tenure.unit for tenure in tenures}) == len(tenures):
            dossiers.append(moved)
    return Crowd(genealogy, dossiers)


def of_unit(crowd: Crowd, unit: str | None, first: int, last: int) -> ReportRow:
    before: Counter[Metric] = Counter()
    within: Counter[Metric] = Counter()
    for one in crowd.dossiers:
        for when, metric, amount in contributions(one):
            is_wanted = metric not in MOVING if unit is None else unit_on(one.held, when, metric) == unit
            if when <= last and is_wanted:
                (before if when < first else within)[metric] += amount
    return row_from_sums(before, within)


@settings(max_examples=150, deadline=None)
@given(crowds(), periods)
def test_old_and_new_units_add_up_to_all_of_them(crowd: Crowd, period: tuple[int, int]) -> None:
    first, last = period
    whole = of_unit(crowd, None, first, last)
    assert whole == counted(crowd.dossiers, first, last)
    rows = {unit: of_unit(crowd, unit, first, last) for unit in UNITS}
    for name in ("online", "other", "early", "on_time", "late", "withdrawn", "refused"):
        assert sum(getattr(row, name) for row in rows.values()) == getattr(whole, name)
    moves = sum(
        amount
        for one in crowd.dossiers
        for when, metric, amount in contributions(one)
        if metric is Metric.HANDED_ON and first <= when <= last
    )
    assert sum(row.carried_over for row in rows.values()) == whole.carried_over + moves
    assert sum(row.processing for row in rows.values()) == whole.processing + moves


@settings(max_examples=150, deadline=None)
@given(crowds(), periods)
def test_a_units_report_from_counters_is_the_one_from_dossiers(crowd: Crowd, period: tuple[int, int]) -> None:
    first, last = period
    for unit in UNITS:
        found = row_from_summaries(crowd.dossiers, first=first, last=last, unit=unit)
        assert of_unit(crowd, unit, first, last) == found


@settings(max_examples=100, deadline=None)
@given(crowds(), st.integers(0, 60).map(day))
def test_every_dossier_counts_for_exactly_one_unit_on_every_day(crowd: Crowd, when: int) -> None:
    rows = [row_from_summaries(crowd.dossiers, first=when, last=when, unit=unit) for unit in UNITS]
    moved = sum(
        amount
        for one in crowd.dossiers
        for on, metric, amount in contributions(one)
        if on == when and metric is Metric.HANDED_ON
    )
    whole = counted(crowd.dossiers, when, when)
    assert sum(row.received for row in rows) - moved == whole.received
    assert sum(row.processing for row in rows) - moved == whole.processing
