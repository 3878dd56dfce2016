"""The fold is a function of the set: order, repetition, the road taken and absent bodies change nothing they must not.

Random histories are written by three desks that see each other's records only when a random exchange says so; every
desk does what its own view of the dossier allows.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers.causality import arrange_branched, clock_key
from dossiers.lifecycle import MOVES
from dossiers.merge import fold, fold_in_order, state_hash
from dossiers.states import Status
from dossiers.views import DossierView
from sync_protocol.record import BodyState, Record
from tests.support.histories import RECEIVED_CONTENT, at, make_record, random_id, received_facts

DESKS = ("north", "south", "west")
FIELDS = ("applicant.name", "applicant.phone", "summary")
GONE = (BodyState.ERASED, BodyState.WITHHELD, BodyState.LOST)


@dataclass
class Office:
    """Desks of one office, each with what it has seen of one dossier."""

    chance: random.Random
    records: dict[str, Record] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=lambda: {desk: set() for desk in DESKS})

    def view(self, desk: str) -> DossierView:
        return fold([self.records[one] for one in self.seen[desk]])

    def write(
        self, desk: str, kind: str, facts: dict[str, Any], content: dict[str, Any] | None = None
    ) -> Record:
        seq = len(self.records)
        heads = self.view(desk).heads if self.seen[desk] else ()
        record = make_record(
            f"dossier.{kind}",
            facts,
            content=content,
            parents=heads,
            at_ms=at() + self.chance.randrange(0, 40) * 3_600_000,
            desk=desk,
            seq=seq,
            by=desk,
        )
        self.records[record.id] = record
        self.seen[desk].add(record.id)
        return record

    def exchange(self) -> None:
        one, other = self.chance.sample(DESKS, 2)
        both = self.seen[one] | self.seen[other]
        self.seen[one] |= both
        self.seen[other] |= both

    def act(self) -> None:
        desk = self.chance.choice(DESKS)
        if not self.seen[desk]:
            return self.exchange()
        view = self.view(desk)
        acts = (self._move, self._move, self._amend, self._amend, self._pay, self._note, self._paper, self._settle,
                self._extend, self._assign, self._number)  # fmt: skip
        return self.chance.choice(acts)(desk, view)

    def _move(self, desk: str, view: DossierView) -> None:
        moves = [move for move in MOVES if move.source == view.status]
        if moves:
            move = self.chance.choice(moves)
            facts: dict[str, Any] = {"from": move.source, "to": move.target, "action": move.action}
            if move.target in (5, 6, 8):
                facts["frozen"] = {"unit": "minutes", "amount": self.chance.randrange(900)}
            elif move.target == 4 and move.source in (5, 6, 8):
                facts["due"] = at(self.chance.randrange(2, 6), 17)
            self.write(desk, "moved", {key: _plain(value) for key, value in facts.items()})

    def _amend(self, desk: str, view: DossierView) -> None:
        if self.chance.random() < 0.3:
            self.write(desk, "amended", {"fields": [], "set": {"channel": self.chance.randint(1, 3)}})
            return
        codes = sorted(self.chance.sample(FIELDS, self.chance.randint(1, 2)))
        values = {code: self.chance.choice("ab") for code in codes}
        self.write(desk, "amended", {"fields": codes, "set": {}}, {"fields": values})

    def _pay(self, desk: str, view: DossierView) -> None:
        self.write(desk, "paid", {"amount": 4_000, "method": 1, "fee": self.chance.choice(["le_phi", "phi"])})

    def _note(self, desk: str, view: DossierView) -> None:
        self.write(desk, "noted", {}, {"note": "Đã gọi điện"})

    def _paper(self, desk: str, view: DossierView) -> None:
        if view.papers and self.chance.random() < 0.5:
            paper = self.chance.choice(view.papers)
            self.write(desk, "paper_removed", {"record": paper.record, "paper": paper.paper})
        else:
            papers = [{"paper": "anh", "form": 3, "count": 2, "digitised": True, "reused": False}]
            self.write(desk, "paper_added", {"papers": papers})

    def _extend(self, desk: str, view: DossierView) -> None:
        due = at(self.chance.randrange(4, 9), 17)
        self.write(
            desk, "extended", {"due": due, "previous": view.due or 0, "ordinal": 1}, {"ground": "Xác minh"}
        )

    def _assign(self, desk: str, view: DossierView) -> None:
        self.write(desk, "assigned", {"officer": random_id(self.chance.choice(DESKS)), "unit": "20242"})

    def _number(self, desk: str, view: DossierView) -> None:
        code = f"H17.20242-261120-{self.chance.randrange(10):04}"
        self.write(desk, "numbered", {"code": code, "provisional": None})

    def _settle(self, desk: str, view: DossierView) -> None:
        if view.conflicts:
            self.settle(desk, view, self.chance.randrange(len(view.conflicts)))

    def settle(self, desk: str, view: DossierView, which: int = 0) -> None:
        conflict = view.conflicts[which]
        choose = self.chance.choice(conflict.side_ids)
        self.write(desk, "settled", {"conflict": conflict.id, "choose": choose}, {"ground": "Theo bản chính"})


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, Status) else value


def office(seed: int, acts: int) -> Office:
    made = Office(random.Random(seed))
    made.write("north", "received", received_facts(), RECEIVED_CONTENT)
    for _ in range(acts):
        if made.chance.random() < 0.25:
            made.exchange()
        else:
            made.act()
    return made


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
    records = []
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
        if conflict.field in view.fields:
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
