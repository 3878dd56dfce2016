"""An office of three desks that write one dossier at once: random histories in which every act was allowed where it was made.

A desk sees what it wrote and what an exchange brought it; it does what its own view of the dossier allows.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from dossiers.lifecycle import MOVES
from dossiers.merge import fold
from dossiers.states import Status
from dossiers.views import DossierView
from sync_protocol.record import Record
from tests.support.histories import RECEIVED_CONTENT, at, make_record, random_id, received_facts

DESKS = ("north", "south", "west")
FIELDS = ("applicant.name", "applicant.phone", "summary")


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
