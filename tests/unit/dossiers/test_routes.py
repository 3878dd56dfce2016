"""The way of a dossier between units: legs and their ends, who may act, who may read, and papers with two signatures."""

from itertools import permutations, product
from typing import Any

import pytest

from dossiers.causality import arrange
from dossiers.legs import ENDS, LEG_ROLES, HandedPaper, LegState, LegStep, prevails
from dossiers.merge import fold, gather
from dossiers.routes import Route, is_routed
from dossiers.views import DossierView, Standing
from sync_protocol.record import Record
from tests.support.histories import COMMUNE, History, at

OTHER, SCHOOL, THIRD = "20257", "4801", "20200"
PAPERS = [{"paper": "giay_to", "form": 1, "count": 1}]
SLIP = "5a" * 16


class Way(History):
    """Steps of routed dossiers, as their units write them."""

    def refer(self, to: str = SCHOOL, **how: Any) -> Record:
        facts = {"to": to, **how.pop("options", {})}
        return self.write("referred", facts, content={"ground": "Xin ý kiến chuyên môn"}, **how)

    def step(self, leg: Record, step: LegStep, *, unit: str, **how: Any) -> Record:
        facts, content = {"leg": leg.id, "step": step.value}, {"note": f"lời của {unit}"}
        return self.write("routed", facts, content=content, commune=unit, desk=f"desk {unit}", **how)

    def give(self, to: str, *, unit: str = COMMUNE, **how: Any) -> Record:
        facts = {"slip": SLIP, "to": to, "papers": PAPERS}
        return self.write("papers_given", facts, commune=unit, desk=f"desk {unit}", **how)

    def take(self, given: Record, *, unit: str, missing: Any = (), **how: Any) -> Record:
        facts = {"given": given.id, "missing": list(missing)}
        return self.write("papers_taken", facts, commune=unit, desk=f"desk {unit}", **how)

    def route(self) -> Route:
        return Route(gather(arrange(self.records))[0])

    def may_act(self, record: Record) -> bool:
        order = arrange(self.records)
        return Route(gather(order)[0]).may_act(order.records.index(record))

    def view(self) -> DossierView:
        return fold(self.records)


def states(way: Way) -> list[LegState]:
    return [leg.state for leg in way.view().legs]


class TestLegs:
    def test_a_dossier_of_its_own_commune_has_no_way(self) -> None:
        way = Way()
        way.receive()
        assert not is_routed(gather(arrange(way.records))[0]) and way.view().legs == ()

    def test_received_for_another_commune(self) -> None:
        way = Way()
        received = way.receive(competent=OTHER)
        (leg,) = way.view().legs
        assert (leg.record, leg.sender, leg.unit, leg.state) == (
            received.id,
            COMMUNE,
            OTHER,
            LegState.WAITING,
        )
        assert not leg.is_referral and way.view().open_legs
        way.step(received, LegStep.ACCEPT, unit=OTHER)
        assert states(way) == [LegState.ACCEPTED]

    def test_the_province_itself_is_no_leg(self) -> None:
        way = Way()
        way.receive(competent="48")
        assert way.view().legs == ()

    def test_sent_back_with_a_reason_and_named_again(self) -> None:
        way = Way()
        received = way.receive(competent=OTHER)
        way.step(received, LegStep.RETURN, unit=OTHER)
        (leg,) = way.view().legs
        assert (leg.state, leg.said, leg.is_open) == (LegState.RETURNED, f"lời của {OTHER}", False)
        way.amend(options={"competent": OTHER})
        assert states(way) == [LegState.RETURNED, LegState.WAITING]

    def test_saying_the_same_unit_again_begins_nothing(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        way.amend({"summary": "Khác"}, options={"competent": OTHER})
        assert states(way) == [LegState.WAITING]

    def test_another_unit_is_competent(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        way.amend(options={"competent": THIRD})
        assert states(way) == [LegState.REPLACED, LegState.WAITING]
        way.amend(options={"competent": COMMUNE})
        assert states(way) == [LegState.REPLACED, LegState.REPLACED]

    def test_a_referral_has_its_own_deadline_and_never_moves_the_due_date(self) -> None:
        way = Way()
        way.receive()
        before = way.view()
        asked = way.refer(options={"deadline": at(2)})
        way.step(asked, LegStep.ACCEPT, unit=SCHOOL)
        way.step(asked, LegStep.ANSWER, unit=SCHOOL)
        after = way.view()
        assert (after.due, after.clock, after.status, after.frozen) == (
            before.due, before.clock, before.status, before.frozen,
        )  # fmt: skip
        (leg,) = after.legs
        assert (leg.deadline, leg.state, leg.said) == (at(2), LegState.ANSWERED, f"lời của {SCHOOL}")

    def test_a_step_from_the_wrong_side_or_after_the_end_has_no_effect(self) -> None:
        way = Way()
        way.receive()
        asked = way.refer()
        wrong = [
            way.step(asked, LegStep.ANSWER, unit=COMMUNE),
            way.step(asked, LegStep.RECALL, unit=SCHOOL),
        ]
        way.step(asked, LegStep.RECALL, unit=COMMUNE)
        wrong.append(way.step(asked, LegStep.ANSWER, unit=SCHOOL))
        standings = {entry.record: entry.standing for entry in way.view().timeline}
        assert states(way) == [LegState.RECALLED]
        assert {standings[record.id] for record in wrong} == {Standing.WITHOUT_EFFECT}


@pytest.mark.parametrize(("one", "other"), list(product(ENDS, repeat=2)))
def test_two_ends_that_had_not_seen_each_other_have_one_outcome(one: LegStep, other: LegStep) -> None:
    way = Way()
    received = way.receive()
    asked = way.refer()
    sides = {LegStep.RECALL: COMMUNE}
    first = way.step(asked, one, unit=sides.get(one, SCHOOL), after=[asked], at_ms=at(1))
    second = way.step(asked, other, unit=sides.get(other, SCHOOL), after=[asked], at_ms=at(2))
    winner = second if one is not other and prevails(other, one) else first
    loser = first if winner is second else second
    for records in permutations([received, asked, first, second]):
        (leg,) = fold(records).legs
        assert (leg.ended, leg.overruled) == (winner.id, (loser.id,))


def test_every_step_has_roles_and_every_end_a_rank() -> None:
    assert set(LEG_ROLES) == set(LegStep) and all(LEG_ROLES.values())
    assert set(ENDS) == set(LegStep) - {LegStep.ACCEPT}


class TestWhoMayAct:
    def test_nobody_without_a_leg(self) -> None:
        way = Way()
        way.receive()
        assert not way.may_act(way.write("noted", content={"note": "x"}, commune=OTHER))

    def test_the_competent_unit_takes_every_step_and_the_home_commune_too(self) -> None:
        way = Way()
        received = way.receive(competent=OTHER)
        moved = way.move(2, 4, "forward", commune=OTHER, desk="other")
        assert way.may_act(moved) and way.may_act(received)
        assert way.may_act(way.write("noted", content={"note": "x"}))

    def test_not_without_having_seen_the_leg(self) -> None:
        way = Way()
        received = way.receive()
        way.amend(options={"competent": OTHER})
        unseen = way.write("noted", content={"note": "x"}, commune=OTHER, after=[received])
        assert not way.may_act(unseen)

    def test_not_once_the_leg_is_known_to_be_over_but_what_was_done_meanwhile_stands(self) -> None:
        way = Way()
        received = way.receive(competent=OTHER)
        meanwhile = way.move(2, 4, "forward", commune=OTHER, desk="other", after=[received])
        replaced = way.amend(options={"competent": COMMUNE}, after=[received])
        late = way.move(4, 4, "submit", commune=OTHER, desk="other", after=[meanwhile, replaced])
        assert way.may_act(meanwhile) and not way.may_act(late)

    def test_who_is_asked_says_and_attaches_and_decides_nothing(self) -> None:
        way = Way()
        way.receive()
        asked = way.refer()
        assert way.may_act(way.write("noted", content={"note": "x"}, commune=SCHOOL))
        assert not way.may_act(way.move(2, 4, "forward", commune=SCHOOL, after=[asked]))
        assert not way.may_act(way.amend({"summary": "x"}, commune=SCHOOL, after=[asked]))

    def test_papers_go_back_after_the_leg_is_over(self) -> None:
        way = Way()
        way.receive()
        asked = way.refer()
        way.step(asked, LegStep.ANSWER, unit=SCHOOL)
        given = way.give(COMMUNE, unit=SCHOOL)
        assert way.may_act(given)
        assert not way.may_act(way.write("noted", content={"note": "x"}, commune=SCHOOL))
        assert not way.may_act(way.take(given, unit=SCHOOL))


class TestWhoMayRead:
    def test_home_everything_and_strangers_nothing(self) -> None:
        way = Way()
        way.receive()
        way.refer()
        route = way.route()
        assert route.readable(COMMUNE) == {record.id for record in way.records}
        assert route.readable(THIRD) == frozenset() and route.units == {SCHOOL}

    def test_what_came_before_and_during_the_leg_and_nothing_that_follows_its_end(self) -> None:
        way = Way()
        received = way.receive()
        asked = way.refer()
        said = way.write("noted", content={"note": "x"})
        end = way.step(asked, LegStep.ANSWER, unit=SCHOOL)
        after = way.write("noted", content={"note": "y"})
        assert way.route().readable(SCHOOL) == {received.id, asked.id, said.id, end.id}
        again = way.refer()
        assert {after.id, again.id} <= way.route().readable(SCHOOL)

    def test_the_recall_itself_is_told(self) -> None:
        way = Way()
        way.receive()
        asked = way.refer()
        recall = way.step(asked, LegStep.RECALL, unit=COMMUNE)
        after = way.write("noted", content={"note": "y"})
        readable = way.route().readable(SCHOOL)
        assert recall.id in readable and after.id not in readable

    def test_more_records_never_take_back_what_could_be_read(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        before: dict[str, frozenset[str]] = {}
        for write in (
            lambda: way.write("noted", content={"note": "x"}),
            lambda: way.refer(),
            lambda: way.amend(options={"competent": THIRD}),
            lambda: way.write("noted", content={"note": "y"}),
            lambda: way.refer(OTHER),
        ):
            write()
            for unit in (OTHER, SCHOOL, THIRD):
                now = way.route().readable(unit)
                assert before.get(unit, frozenset()) <= now
                before[unit] = now


class TestPapers:
    def test_two_signatures_and_what_was_missing(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        given = way.give(OTHER)
        (slip,) = way.view().slips
        assert (slip.slip, slip.sender, slip.unit, slip.taken) == (SLIP, COMMUNE, OTHER, None)
        taken = way.take(given, unit=OTHER, missing=PAPERS)
        (slip,) = way.view().slips
        assert (slip.taken, slip.missing) == (taken.id, (HandedPaper("giay_to", 1, 1),))

    def test_taken_twice_the_first_stands(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        given = way.give(OTHER)
        second = way.take(given, unit=OTHER, after=[given], at_ms=at(2))
        first = way.take(given, unit=OTHER, after=[given], at_ms=at(1))
        (slip,) = way.view().slips
        assert (slip.taken, slip.overruled) == (first.id, (second.id,))

    def test_somebody_else_takes_nothing(self) -> None:
        way = Way()
        way.receive(competent=OTHER)
        given = way.give(OTHER)
        way.take(given, unit=COMMUNE)
        assert way.view().slips[0].taken is None
