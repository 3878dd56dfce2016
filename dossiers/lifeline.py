"""One line of steps through a life cycle that several officers may have written at once.

Steps are added in the dossier's one order. Where a step's author had seen several branches, and at the end, the pair
table says which branch prevails; the others are superseded, or go along where they contradict nothing. What a branch
is judged by is its stance: its last step, its last yes or no to a draft result, and whatever in it has legally
happened; a pause that was resumed in the same branch is nobody's quarrel any more. A clash that the table leaves to a
person stays open until a settlement whose author had seen both sides names it, whatever anybody did meanwhile.
"""

import msgspec

from dossiers.causality import Order, bits, clock_key
from dossiers.conflicts import ConflictKind, conflict_id
from dossiers.pairs import DECISIONS, LEGAL, PRECEDENCE, Outcome, Step, outcome_of


class Move(msgspec.Struct, frozen=True):
    """A step taken by the record at `index`."""

    index: int
    step: Step


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """Two steps that contradict each other; `provisional` is the position of the one that stands for now."""

    sides: tuple[int, int]
    provisional: int
    is_review: bool


class _Meeting(msgspec.Struct, frozen=True):
    winner: int
    outcome: Outcome
    clash: Clash | None


class Lifeline:
    """The steps of a branched history, resolved as they are added."""

    def __init__(self, order: Order) -> None:
        self.clashes: dict[str, Clash] = {}
        self.settled: dict[str, int] = {}
        self._order = order
        self._moves: dict[int, Move] = {}
        self._mask = 0
        self._effective: dict[int, int] = {}
        self._superseded: dict[int, int] = {}

    def add(self, move: Move) -> None:
        """Add the next step in order."""
        base = self._resolve(self._front(move.index), move.index)
        self._put(move, 0 if base is None else self._effective[base])

    def settle(self, index: int, conflict: str, choose: str | None) -> bool:
        """Let the record at `index` settle a clash it had seen; False where there is no such clash or side."""
        front = self._front(index)
        base = self._resolve(front, index)
        clash = self.clashes.get(conflict)
        if base is None or clash is None or not self._had_seen(index, clash):
            return False
        if choose is not None and choose not in {self._order.records[side].id for side in clash.sides}:
            return False
        chosen = self._branch(base, front, clash, choose)
        self._supersede(base, chosen, index)
        self._put(Move(index, self._moves[chosen].step), self._effective[chosen])
        self.settled[conflict] = index
        return True

    def close(self) -> tuple[int, int]:
        """Resolve what is still open: the mask of steps in effect and the mask of superseded ones."""
        return self._state(self._mask, len(self._order.records))

    def superseded_before(self, index: int) -> int:
        """The mask of superseded steps as the author of the record at `index` saw them."""
        return self._state(self._order.before(index) & self._mask, index)[1]

    def _state(self, seen: int, at: int) -> tuple[int, int]:
        base = self._resolve(self._order.maximal(seen), at)
        effective = 0 if base is None else self._effective[base]
        superseded = self._superseded.get(at, 0)
        for index in bits(seen):
            superseded |= self._superseded.get(index, 0)
        return effective, superseded & ~effective

    def _front(self, index: int) -> int:
        return self._order.maximal(self._order.before(index) & self._mask)

    def _put(self, move: Move, before: int) -> None:
        self._moves[move.index] = move
        self._mask |= 1 << move.index
        self._effective[move.index] = before | 1 << move.index

    def _had_seen(self, index: int, clash: Clash) -> bool:
        seen = self._order.before(index)
        return all(seen >> side & 1 for side in clash.sides)

    def _branch(self, base: int, front: int, clash: Clash, choose: str | None) -> int:
        """The step after which the dossier goes on: the base, unless the settlement takes the other side."""
        if choose is None:
            return base
        chosen = next(side for side in clash.sides if self._order.records[side].id == choose)
        if self._effective[base] >> chosen & 1:
            return base
        tip = next((tip for tip in bits(front) if self._effective[tip] >> chosen & 1), chosen)
        undone = self._effective[base] & ~self._effective[tip]
        if any(self._moves[index].step in LEGAL for index in bits(undone)):
            return base  # what has legally happened is never undone, by a settlement neither
        return tip

    def _resolve(self, front: int, at: int) -> int | None:
        """The prevailing one of several branches' last steps; notes clashes and what is superseded from `at` on."""
        tips = sorted(bits(front), key=lambda index: clock_key(self._order.records[index]))
        if not tips:
            return None
        winner = tips[0]
        for tip in tips[1:]:
            winner = self._meet(winner, tip).winner
        for tip in tips:
            if tip != winner:
                self._note(winner, tip, at)
        return winner

    def _supersede(self, loser: int, winner: int, at: int) -> None:
        lost = self._effective[loser] & ~self._effective[winner]
        self._superseded[at] = self._superseded.get(at, 0) | lost

    def _note(self, winner: int, loser: int, at: int) -> None:
        meeting = self._meet(winner, loser)
        if meeting.outcome is not Outcome.COMMUTE:
            self._supersede(loser, winner, at)
        if meeting.clash is not None:
            ids = (self._order.records[side].id for side in meeting.clash.sides)
            self.clashes.setdefault(conflict_id(ConflictKind.STATUS, None, ids), meeting.clash)

    def _meet(self, one: int, other: int) -> _Meeting:
        stances = (self._stance(one, other), self._stance(other, one))
        pairs = [(a, b) for a in stances[0] for b in stances[1]]
        outcomes = [outcome_of(self._moves[a].step, self._moves[b].step) for a, b in pairs]
        for outcome in (Outcome.REVIEW, Outcome.DOMINATE, Outcome.CONFLICT):
            legal_only = outcome is not Outcome.CONFLICT
            for (a, b), found in zip(pairs, outcomes, strict=True):
                if found is outcome and (not legal_only or self._is_legal(a) or self._is_legal(b)):
                    return self._decided(one, other, a, b, outcome)
        for (a, b), found in zip(pairs, outcomes, strict=True):
            if found is Outcome.DOMINATE:
                return self._decided(one, other, a, b, found)
        return _Meeting(self._further(one, other, one, other), Outcome.COMMUTE, None)

    def _decided(self, one: int, other: int, a: int, b: int, outcome: Outcome) -> _Meeting:
        winner = self._further(one, other, a, b)
        if outcome is Outcome.DOMINATE:
            return _Meeting(winner, outcome, None)
        provisional = a if winner == one else b
        clash = Clash(sides=(a, b), provisional=provisional, is_review=outcome is Outcome.REVIEW)
        return _Meeting(winner, outcome, clash)

    def _further(self, one: int, other: int, a: int, b: int) -> int:
        """The branch whose step ranks higher; of equal steps the earlier one, which may be on paper already."""
        ranks = PRECEDENCE[self._moves[a].step], PRECEDENCE[self._moves[b].step]
        if ranks[0] != ranks[1]:
            return one if ranks[0] > ranks[1] else other
        keys = clock_key(self._order.records[a]), clock_key(self._order.records[b])
        return one if keys[0] < keys[1] else other

    def _is_legal(self, index: int) -> bool:
        return self._moves[index].step in LEGAL

    def _stance(self, tip: int, other: int) -> list[int]:
        """What the branch of `tip` says beyond what the author of `other` had seen."""
        own = self._effective[tip] & ~(self._order.before(other) | 1 << other)
        steps = list(bits(own))
        decisions = [index for index in steps if self._moves[index].step in DECISIONS]
        kept = {tip, *decisions[-1:], *(index for index in steps if self._is_legal(index))}
        return sorted(kept, key=lambda index: clock_key(self._order.records[index]))
