"""The fold is a function of the set: order, repetition, the road taken and absent bodies change nothing they must not.

Random histories are written by three desks that see each other's records only when a random exchange says so.
"""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers.causality import arrange_branched, clock_key
from dossiers.merge import fold, fold_in_order, state_hash
from dossiers.states import Status
from sync_protocol.record import BodyState, Record
from tests.support.histories import RECEIVED_CONTENT, at, make_record, received_facts
from tests.support.offices import Office, office

GONE = (BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST)


histories = st.builds(office, st.integers(0, 2**32), st.integers(1, 30))


@settings(max_examples=150, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(made: Office, chance: random.Random) -> None:
    records = list(made.records.values())
    expected = fold(records)
    doubled = records + chance.sample(records, len(records) // 2)
    chance.shuffle(doubled)
    assert fold(doubled) == expected
    assert state_hash(fold(doubled)) == state_hash(expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 10))
def test_the_short_road_of_an_unbranched_history_leads_to_the_same_view(seed: int, acts: int) -> None:
    made = Office(random.Random(seed))
    made.write("north", "received", received_facts(), RECEIVED_CONTENT)
    clock = at()
    for _ in range(acts):
        made.seen["north"] = set(made.records)
        getattr(made, made.chance.choice(["_move", "_amend", "_pay", "_paper", "_extend", "_assign"]))(
            "north", made.view("north")
        )
    records: list[Record] = []
    parents: tuple[str, ...] = ()
    for number, record in enumerate(made.records.values()):
        clock += 3_600_000
        facts = dict(record.header.facts)
        if "record" in facts:
            facts["record"] = records[0].id
        again = make_record(
            record.header.kind, facts, content=record.content, parents=parents, at_ms=clock, seq=number
        )
        records.append(again)
        parents = (again.id,)
    view = fold(records)
    assert view == fold_in_order(arrange_branched(sorted(records, key=clock_key)))
    assert view.conflicts == ()


@settings(max_examples=80, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_state_hash_does_not_know_which_bodies_are_here(made: Office, chance: random.Random) -> None:
    records = list(made.records.values())
    bare = [_perhaps_bare(record, chance) for record in records]
    view, bare_view = fold(records), fold(bare)
    assert state_hash(view) == state_hash(bare_view)
    assert {code: state.record for code, state in view.fields.items()} == {
        code: state.record for code, state in bare_view.fields.items()
    }


def _perhaps_bare(record: Record, chance: random.Random) -> Record:
    if record.body is None or chance.random() < 0.4:
        return record
    state = chance.choice(GONE)
    return Record(record.header, record.header_bytes, record.signature, record.id, record.link, None, state)


@settings(max_examples=80, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_any_part_of_a_history_folds_and_so_does_any_quarantine(made: Office, chance: random.Random) -> None:
    records = list(made.records.values())
    part = chance.sample(records, chance.randint(1, len(records)))
    refused = {record.id for record in chance.sample(records, chance.randint(0, 3) % len(records))}
    view = fold(part, quarantined=refused)
    assert {entry.record for entry in view.timeline} == {record.id for record in part}
    assert not refused & set(view.heads)
    assert fold(reversed(part), quarantined=refused) == view


@settings(max_examples=150, deadline=None)
@given(histories)
def test_what_has_legally_happened_is_not_undone(made: Office) -> None:
    facts = [record.header.facts for record in made.records.values() if record.header.kind == "dossier.moved"]
    issued = [fact for fact in facts if fact["to"] in (9, 10)]
    corrected = [fact for fact in facts if fact["action"] == "correct"]
    if issued and not corrected:
        assert fold(made.records.values()).status in (Status.SOLVED, Status.RETURNED)
        assert fold(made.records.values()).finished is not None


@settings(max_examples=100, deadline=None)
@given(histories)
def test_no_value_that_somebody_signed_is_lost(made: Office) -> None:
    view = fold(made.records.values())
    for record in made.records.values():
        for code in record.header.facts.get("fields", ()):
            content = record.content or {}
            written = {write.record: write.value for write in view.fields[code].history}
            assert written[record.id] == content["fields"][code]
    for conflict in view.conflicts:
        if conflict.field is not None and conflict.field in view.fields:
            state = view.fields[conflict.field]
            assert {state.record, *(loser.record for loser in state.losers)} >= set(conflict.side_ids)


@settings(max_examples=100, deadline=None)
@given(histories)
def test_a_person_who_has_seen_everything_can_settle_everything(made: Office) -> None:
    made.seen["north"] = set(made.records)
    view = made.view("north")
    for _ in range(60):
        if not view.conflicts:
            break
        made.settle("north", view)
        view = made.view("north")
    assert view.conflicts == ()


@settings(max_examples=60, deadline=None)
@given(histories)
def test_cause_stands_before_effect(made: Office) -> None:
    places = {entry.record: place for place, entry in enumerate(fold(made.records.values()).timeline)}
    for record in made.records.values():
        assert all(places[parent] < places[record.id] for parent in record.header.parents)
